/* The core on an RP2040 (Raspberry Pi Pico) with eight 74HC595. README.md holds the wiring.
 *
 * Three things close a valve, none of which needs the others: the core's step; the cap's alarm, which is more
 * urgent than the step and knows nothing of the core (caps.c); and the PIO state machine, which switches all
 * outputs off when it gets no words for 5 ms (rp2040/valves.pio). The watchdog then starts the board anew.
 *
 * Who interrupts whom, most urgent first: the cap; bytes and encoder; the 1 kHz step; the main loop. The main
 * loop masks the step while it works on the core, and nothing else. */
#include "board.h"
#include "caps.h"
#include "hal.h"

#include "hardware/adc.h"
#include "hardware/gpio.h"
#include "hardware/irq.h"
#include "hardware/pio.h"
#include "hardware/pwm.h"
#include "hardware/structs/vreg_and_chip_reset.h"
#include "hardware/sync.h"
#include "hardware/timer.h"
#include "hardware/uart.h"
#include "hardware/watchdog.h"
#include "pico/rand.h"
#include "pico/stdlib.h"
#include "valves.pio.h"

enum {
    PIN_HOST_TX = 0,
    PIN_HOST_RX = 1,
    PIN_VALVE_DATA = 2,
    PIN_VALVE_CLOCK = 3, /* the latch is the next pin: side-set */
    PIN_VALVE_LATCH = 4,
    PIN_VALVE_OE_N = 5,
    PIN_ENCODER_A = 6,
    PIN_ENCODER_B = 7,
    PIN_STOP = 8, /* both are normally closed contacts to ground: pressed or torn off reads high */
    PIN_BUMPER = 9,
    PIN_COMPRESSOR = 10,
    PIN_END_SWITCH = 11, /* normally closed to ground as well; where none is fitted it reads high */
    PIN_MOTOR_PWM = 12,
    PIN_MOTOR_REVERSE = 13,
    PIN_PRESSURE = 26,
    PIN_BATTERY = 27,
};

#define HOST_BAUD 1000000u
#define RING_SIZE 2048u
#define ALARM_STEP 0u
#define ALARM_CAPS 1u
#define STEP_US 1000u
#define WATCHDOG_MS 100u
#define PIO_CLOCK_DIVIDER 12.5f /* 125 MHz to 10 MHz: the registers are clocked at 5 MHz */
#define PIO_WAIT_TURNS 16667u   /* of three clocks: 5 ms */
#define PWM_TOP 6249u           /* 20 kHz */

/* Pressure: 0.5 to 4.5 V for 0 to 1000 kPa, through 10k over 20k. Battery: through 100k over 10k. */
#define ADC_MV(raw) ((uint32_t)(raw) * 3300u / 4095u)
#define SENSOR_MV(pin_mv) ((pin_mv) * 3u / 2u)
#define BATTERY_MV(pin_mv) ((pin_mv) * 11u)
#define SENSOR_ABSENT_MV 300u
#define SENSOR_ZERO_MV 500u
#define SENSOR_MV_PER_KPA 4u

static struct {
    bb_board board;
    volatile uint8_t ring[RING_SIZE];
    volatile uint16_t head, tail; /* the interrupt moves head, the reader tail */
    volatile uint32_t encoder_ticks;
    uint8_t encoder_state;
    bb_caps caps;
    absolute_time_t next_step;
    uint valves_sm;
} machine;

static const bb_config config = BB_CONFIG_DEFAULT;

uint32_t bb_hal_now_us(void)
{
    return time_us_32();
}

uint32_t bb_hal_boot_id(void)
{
    return get_rand_32();
}

uint8_t bb_hal_reset_cause(void)
{
    uint32_t had = vreg_and_chip_reset_hw->chip_reset;
    if (watchdog_enable_caused_reboot())
        return BB_RESET_CAUSE_WATCHDOG;
    if (watchdog_caused_reboot())
        return BB_RESET_CAUSE_SOFTWARE;
    if (had & VREG_AND_CHIP_RESET_CHIP_RESET_HAD_RUN_BITS)
        return BB_RESET_CAUSE_PIN;
    return had & VREG_AND_CHIP_RESET_CHIP_RESET_HAD_POR_BITS ? BB_RESET_CAUSE_POWER_ON : BB_RESET_CAUSE_UNKNOWN;
}

const bb_config *bb_hal_config(void)
{
    return &config;
}

static uint32_t sample_mv(uint input)
{
    adc_select_input(input);
    return ADC_MV(adc_read());
}

/* A sensor whose wire is off reads below its zero and counts as never read. */
void bb_hal_sense(bb_inputs *inputs)
{
    uint32_t sensor_mv = SENSOR_MV(sample_mv(PIN_PRESSURE - 26));
    uint32_t above_mv = sensor_mv > SENSOR_ZERO_MV ? sensor_mv - SENSOR_ZERO_MV : 0;
    inputs->encoder_ticks = machine.encoder_ticks;
    inputs->pressure_kpa = (uint16_t)(above_mv / SENSOR_MV_PER_KPA);
    inputs->pressure_age_us = sensor_mv < SENSOR_ABSENT_MV ? UINT32_MAX : 0;
    inputs->battery_mv = (uint16_t)BATTERY_MV(sample_mv(PIN_BATTERY - 26));
    inputs->button = gpio_get(PIN_STOP);
    inputs->bumper = gpio_get(PIN_BUMPER);
    inputs->end_switch = gpio_get(PIN_END_SWITCH);
}

size_t bb_hal_read(uint8_t *bytes, size_t room)
{
    size_t size = 0;
    while (size < room && machine.tail != machine.head) {
        bytes[size++] = machine.ring[machine.tail];
        machine.tail = (uint16_t)((machine.tail + 1u) % RING_SIZE);
    }
    return size;
}

size_t bb_hal_write(const uint8_t *bytes, size_t size)
{
    size_t sent = 0;
    while (sent < size && uart_is_writable(uart0))
        uart_get_hw(uart0)->dr = bytes[sent++];
    return sent;
}

/* Sends the pins' state, changed or not: the state machine waits for it. Call with interrupts masked. */
static void drive_valves(void)
{
    uint32_t now_us = time_us_32();
    uint64_t pins = bb_caps_pins(&machine.caps, now_us);
    uint32_t wait_us = bb_caps_wait_us(&machine.caps, now_us);
    pio_sm_put_blocking(pio0, machine.valves_sm, (uint32_t)(pins >> 32));
    pio_sm_put_blocking(pio0, machine.valves_sm, (uint32_t)pins);
    if (wait_us == BB_CAPS_IDLE)
        hardware_alarm_cancel(ALARM_CAPS);
    else if (hardware_alarm_set_target(ALARM_CAPS, make_timeout_time_us(wait_us)))
        hardware_alarm_force_irq(ALARM_CAPS); /* over while it was set */
}

void bb_hal_valves(uint64_t open, uint32_t cap_us)
{
    uint32_t was = save_and_disable_interrupts();
    bb_caps_command(&machine.caps, open, cap_us, time_us_32());
    drive_valves();
    restore_interrupts(was);
}

void bb_hal_motor(int16_t velocity_mm_s)
{
    uint32_t speed = (uint32_t)(velocity_mm_s < 0 ? -velocity_mm_s : velocity_mm_s);
    uint32_t level = speed * (PWM_TOP + 1u) / config.max_velocity_mm_s;
    gpio_put(PIN_MOTOR_REVERSE, velocity_mm_s < 0);
    pwm_set_gpio_level(PIN_MOTOR_PWM, (uint16_t)level);
}

void bb_hal_compressor(bool on)
{
    gpio_put(PIN_COMPRESSOR, on);
}

void bb_hal_watchdog_feed(void)
{
    watchdog_update();
}

static void on_caps(uint alarm)
{
    (void)alarm;
    uint32_t was = save_and_disable_interrupts();
    drive_valves();
    restore_interrupts(was);
}

/* After a stall one step is enough: the core is told the time, it does not count steps. */
static void on_step(uint alarm)
{
    bb_board_step(&machine.board);
    machine.next_step = delayed_by_us(machine.next_step, STEP_US);
    if (hardware_alarm_set_target(alarm, machine.next_step)) {
        machine.next_step = make_timeout_time_us(STEP_US);
        (void)hardware_alarm_set_target(alarm, machine.next_step);
    }
}

static void on_host_bytes(void)
{
    while (uart_is_readable(uart0)) {
        uint8_t byte = (uint8_t)uart_get_hw(uart0)->dr;
        uint16_t next = (uint16_t)((machine.head + 1u) % RING_SIZE);
        if (next == machine.tail)
            continue; /* full: the frame's CRC tells */
        machine.ring[machine.head] = byte;
        machine.head = next;
    }
}

/* Quadrature, four ticks a period; a jump by two lines at once counts nothing. */
static void on_encoder(uint pin, uint32_t events)
{
    static const int8_t ticks[16] = {0, 1, -1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 0, -1, 1, 0};
    uint8_t lines = (uint8_t)(gpio_get(PIN_ENCODER_A) << 1 | gpio_get(PIN_ENCODER_B));
    (void)pin;
    (void)events;
    machine.encoder_state = (uint8_t)((machine.encoder_state << 2 | lines) & 15u);
    machine.encoder_ticks += (uint32_t)(int32_t)ticks[machine.encoder_state];
}

/* The levels are set before the pins are handed to the PIO: OE_N never dips. */
static void start_valves(void)
{
    uint32_t pins = 1u << PIN_VALVE_DATA | 1u << PIN_VALVE_CLOCK | 1u << PIN_VALVE_LATCH | 1u << PIN_VALVE_OE_N;
    uint sm = (uint)pio_claim_unused_sm(pio0, true);
    uint offset = (uint)pio_add_program(pio0, &valves_program);
    pio_sm_config c = valves_program_get_default_config(offset);
    sm_config_set_out_pins(&c, PIN_VALVE_DATA, 1);
    sm_config_set_sideset_pins(&c, PIN_VALVE_CLOCK);
    sm_config_set_set_pins(&c, PIN_VALVE_OE_N, 1);
    sm_config_set_out_shift(&c, false, false, 32);
    sm_config_set_fifo_join(&c, PIO_FIFO_JOIN_TX);
    sm_config_set_mov_status(&c, STATUS_TX_LESSTHAN, 2);
    sm_config_set_clkdiv(&c, PIO_CLOCK_DIVIDER);
    pio_sm_set_pins_with_mask(pio0, sm, 1u << PIN_VALVE_OE_N, pins);
    pio_sm_set_pindirs_with_mask(pio0, sm, pins, pins);
    for (uint pin = PIN_VALVE_DATA; pin <= PIN_VALVE_OE_N; pin++)
        pio_gpio_init(pio0, pin);
    pio_sm_init(pio0, sm, offset, &c);
    pio_sm_put(pio0, sm, PIO_WAIT_TURNS);
    pio_sm_exec(pio0, sm, pio_encode_pull(false, true));
    pio_sm_exec(pio0, sm, pio_encode_mov(pio_isr, pio_osr));
    pio_sm_set_enabled(pio0, sm, true);
    machine.valves_sm = sm;
}

static void start_inputs(void)
{
    for (uint pin = PIN_ENCODER_A; pin <= PIN_BUMPER; pin++) {
        gpio_init(pin);
        gpio_pull_up(pin);
    }
    gpio_init(PIN_END_SWITCH);
    gpio_pull_up(PIN_END_SWITCH);
    adc_init();
    adc_gpio_init(PIN_PRESSURE);
    adc_gpio_init(PIN_BATTERY);
    machine.encoder_state = (uint8_t)(gpio_get(PIN_ENCODER_A) << 1 | gpio_get(PIN_ENCODER_B));
    gpio_set_irq_enabled_with_callback(PIN_ENCODER_A, GPIO_IRQ_EDGE_RISE | GPIO_IRQ_EDGE_FALL, true, on_encoder);
    gpio_set_irq_enabled(PIN_ENCODER_B, GPIO_IRQ_EDGE_RISE | GPIO_IRQ_EDGE_FALL, true);
}

static void start_outputs(void)
{
    gpio_init(PIN_COMPRESSOR);
    gpio_set_dir(PIN_COMPRESSOR, GPIO_OUT);
    gpio_init(PIN_MOTOR_REVERSE);
    gpio_set_dir(PIN_MOTOR_REVERSE, GPIO_OUT);
    uint slice = pwm_gpio_to_slice_num(PIN_MOTOR_PWM);
    pwm_set_wrap(slice, PWM_TOP);
    pwm_set_gpio_level(PIN_MOTOR_PWM, 0);
    gpio_set_function(PIN_MOTOR_PWM, GPIO_FUNC_PWM);
    pwm_set_enabled(slice, true);
}

static void start_host(void)
{
    uart_init(uart0, HOST_BAUD);
    gpio_set_function(PIN_HOST_TX, GPIO_FUNC_UART);
    gpio_set_function(PIN_HOST_RX, GPIO_FUNC_UART);
    irq_set_exclusive_handler(UART0_IRQ, on_host_bytes);
    irq_set_enabled(UART0_IRQ, true);
    uart_set_irq_enables(uart0, true, false);
}

static void start_alarms(void)
{
    hardware_alarm_claim(ALARM_STEP);
    hardware_alarm_claim(ALARM_CAPS);
    hardware_alarm_set_callback(ALARM_CAPS, on_caps);
    hardware_alarm_set_callback(ALARM_STEP, on_step);
    irq_set_priority(TIMER_IRQ_0 + ALARM_CAPS, PICO_HIGHEST_IRQ_PRIORITY);
    irq_set_priority(TIMER_IRQ_0 + ALARM_STEP, PICO_LOWEST_IRQ_PRIORITY);
}

int main(void)
{
    start_valves();
    start_outputs();
    start_inputs();
    start_alarms();
    bb_board_start(&machine.board); /* before any step */
    start_host();
    watchdog_enable(WATCHDOG_MS, false);
    machine.next_step = make_timeout_time_us(STEP_US);
    (void)hardware_alarm_set_target(ALARM_STEP, machine.next_step);
    for (;;) {
        irq_set_enabled(TIMER_IRQ_0 + ALARM_STEP, false);
        bb_board_bytes(&machine.board);
        irq_set_enabled(TIMER_IRQ_0 + ALARM_STEP, true);
    }
}
