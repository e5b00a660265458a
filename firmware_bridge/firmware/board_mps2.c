/* The core on an MPS2 board with the AN385 image, a Cortex-M3; emulated by `qemu-system-arm -machine mps2-an385`.
 *
 * Who interrupts whom, most urgent first: the watchdog's warning (cannot be masked), the valves' cap, the bytes
 * of host and sensor head, the 1 kHz step, the main loop. The main loop masks the step while it works on the
 * core, and nothing else; bytes go on arriving and the cap goes on acting. What the more urgent ones share with
 * the rest (the rings' ends, the newest sample, the caps) is touched with all interrupts masked, briefly. */
#include "board.h"
#include "caps.h"
#include "hal.h"
#include "mps2/registers.h"

#define STEP_CYCLES (CLOCK_MHZ * 1000u)
/* To the warning, and as long again to the reset. Long, because a busy host stalls the emulator. */
#define WATCHDOG_CYCLES (CLOCK_MHZ * 2000000u)
#define PRIORITY_CAPS 0x00u
#define PRIORITY_BYTES 0x40u
#define PRIORITY_STEP 0x80u
#define HOST 0u
#define SENSORS 1u
#define RING_SIZE 2048u
#define KEPT_MAGIC 0xb0b05afeu
#define BOOT_ID_SAMPLES 64u
#define FRESH_US 1000000u

/* A sample of the sensor head: sync, encoder u32, kPa u16, mV u16, buttons u8, sum of the bytes between. */
#define SAMPLE_SYNC 0xa5u
#define SAMPLE_SIZE 11u
#define BUTTON_STOP 1u
#define BUTTON_BUMPER 2u
#define BUTTON_END 4u

typedef struct {
    volatile uint8_t bytes[RING_SIZE];
    volatile uint16_t head, tail; /* the interrupt moves head, the reader tail */
} ring;

typedef struct {
    uint8_t bytes[SAMPLE_SIZE];
    uint8_t size;
    bb_inputs inputs;
    uint32_t at_us;
    bool fresh;
} sensor_head;

static struct {
    bb_board board;
    ring host;
    sensor_head sensors;
    bb_caps caps;
    uint64_t pins;
    int16_t motor_mm_s;
    bool compressor;
} machine;

/* Memory that start-up leaves alone; the linker script says where. */
extern struct {
    uint32_t magic, starts, watchdog_bit;
} mps2_kept;

static const bb_config config = BB_CONFIG_DEFAULT;

void mps2_step(void);
void mps2_host_byte(void);
void mps2_sensor_byte(void);
void mps2_caps(void);
void mps2_watchdog_bites(void);

static inline uint32_t mask_all(void)
{
    uint32_t was;
    __asm volatile("mrs %0, primask\n cpsid i" : "=r"(was)::"memory");
    return was;
}

static inline void unmask(uint32_t was)
{
    __asm volatile("msr primask, %0" ::"r"(was) : "memory");
}

static inline void mask_step(uint32_t level)
{
    __asm volatile("msr basepri, %0\n isb" ::"r"(level) : "memory");
}

uint32_t bb_hal_now_us(void)
{
    return FPGA_COUNTER;
}

/* No random source on this board: the count of starts, which survives a reset but not a power cut, stirred with
 * the jitter between bus and core. Under emulation that jitter is the host's; on silicon it is unproven. */
uint32_t bb_hal_boot_id(void)
{
    uint32_t seeds[BOOT_ID_SAMPLES + 1u] = {mps2_kept.starts};
    for (uint32_t n = 1; n <= BOOT_ID_SAMPLES; n++) {
        uint32_t until_us = FPGA_COUNTER + 10u, turns = 0;
        while (FPGA_COUNTER != until_us && turns < 10000u)
            turns++;
        seeds[n] = SYSTICK_VALUE << 16 ^ turns;
    }
    uint32_t id = bb_crc32((const uint8_t *)seeds, sizeof seeds);
    return id != 0 ? id : 1u;
}

uint8_t bb_hal_reset_cause(void)
{
    uint32_t info = RESET_INFO;
    if (mps2_kept.magic != KEPT_MAGIC)
        return BB_RESET_CAUSE_POWER_ON;
    if ((info & RESET_INFO_WATCHDOG) != 0 || mps2_kept.watchdog_bit != 0)
        return BB_RESET_CAUSE_WATCHDOG;
    return (info & RESET_INFO_SOFTWARE) != 0 ? BB_RESET_CAUSE_SOFTWARE : BB_RESET_CAUSE_PIN;
}

const bb_config *bb_hal_config(void)
{
    return &config;
}

/* A head that was silent for a second stays old until it speaks again, however often the clock wraps. */
void bb_hal_sense(bb_inputs *inputs)
{
    uint32_t was = mask_all();
    uint32_t age_us = FPGA_COUNTER - machine.sensors.at_us;
    machine.sensors.fresh = machine.sensors.fresh && age_us < FRESH_US;
    *inputs = machine.sensors.inputs;
    inputs->pressure_age_us = machine.sensors.fresh ? age_us : UINT32_MAX;
    unmask(was);
}

size_t bb_hal_read(uint8_t *bytes, size_t room)
{
    ring *from = &machine.host;
    size_t size = 0;
    while (size < room && from->tail != from->head) {
        bytes[size++] = from->bytes[from->tail];
        from->tail = (uint16_t)((from->tail + 1u) % RING_SIZE);
    }
    return size;
}

size_t bb_hal_write(const uint8_t *bytes, size_t size)
{
    size_t sent = 0;
    while (sent < size && !(UART_STATE(HOST) & UART_STATE_TX_FULL))
        UART_DATA(HOST) = bytes[sent++];
    return sent;
}

/* Sets the pins that may be open and the one-shot to when the next of them must close. */
static void drive_valves(void)
{
    uint32_t now_us = FPGA_COUNTER;
    uint64_t pins = bb_caps_pins(&machine.caps, now_us);
    uint64_t changed = pins ^ machine.pins;
    for (unsigned port = 0; port < GPIO_PORTS; port++)
        if (changed >> (port * GPIO_PINS) & 0xffffu)
            GPIO_DATAOUT(port) = (uint32_t)(pins >> (port * GPIO_PINS) & 0xffffu);
    machine.pins = pins;
    uint32_t wait_us = bb_caps_wait_us(&machine.caps, now_us);
    ONESHOT_CONTROL = 0;
    if (wait_us == BB_CAPS_IDLE)
        return;
    ONESHOT_LOAD = wait_us * CLOCK_MHZ;
    ONESHOT_CONTROL = ONESHOT_RUN;
}

void bb_hal_valves(uint64_t open, uint32_t cap_us)
{
    uint32_t was = mask_all();
    if (open != machine.caps.commanded) {
        bb_caps_command(&machine.caps, open, cap_us, FPGA_COUNTER);
        drive_valves();
    }
    unmask(was);
}

void bb_hal_motor(int16_t velocity_mm_s)
{
    if (velocity_mm_s == machine.motor_mm_s)
        return;
    machine.motor_mm_s = velocity_mm_s;
    SPI_DATA = (uint16_t)velocity_mm_s;
    while (SPI_STATUS & SPI_STATUS_RX_HOLDS)
        (void)SPI_DATA;
}

void bb_hal_compressor(bool on)
{
    if (on == machine.compressor)
        return;
    machine.compressor = on;
    FPGA_LEDS = on;
}

void bb_hal_watchdog_feed(void)
{
    WATCHDOG_LOCK = WATCHDOG_KEY;
    WATCHDOG_INTCLR = 1;
    WATCHDOG_LOCK = 0; /* a stray write cannot stop it */
}

void mps2_step(void)
{
    bb_board_step(&machine.board);
}

void mps2_caps(void)
{
    ONESHOT_INTCLR = 1;
    uint32_t was = mask_all();
    drive_valves();
    unmask(was);
}

/* The interrupt is cleared before its bytes are taken: one that arrives in between raises it anew. */
void mps2_host_byte(void)
{
    ring *into = &machine.host;
    UART_INTCLEAR(HOST) = UART_INT_RX;
    while (UART_STATE(HOST) & UART_STATE_RX_FULL) {
        uint8_t byte = (uint8_t)UART_DATA(HOST);
        uint16_t next = (uint16_t)((into->head + 1u) % RING_SIZE);
        if (next == into->tail)
            continue; /* full: the frame's CRC tells */
        into->bytes[into->head] = byte;
        into->head = next;
    }
}

static void take_sample(sensor_head *head)
{
    const uint8_t *bytes = head->bytes;
    uint8_t sum = 0;
    head->size = 0;
    for (unsigned i = 1; i < SAMPLE_SIZE - 1u; i++)
        sum = (uint8_t)(sum + bytes[i]);
    if (sum != bytes[SAMPLE_SIZE - 1u])
        return;
    head->inputs = (bb_inputs){.encoder_ticks = bb_get(bytes + 1, 4),
                               .pressure_kpa = (uint16_t)bb_get(bytes + 5, 2),
                               .battery_mv = (uint16_t)bb_get(bytes + 7, 2),
                               .button = (bytes[9] & BUTTON_STOP) != 0,
                               .bumper = (bytes[9] & BUTTON_BUMPER) != 0,
                               .end_switch = (bytes[9] & BUTTON_END) != 0};
    head->at_us = FPGA_COUNTER;
    head->fresh = true;
}

void mps2_sensor_byte(void)
{
    sensor_head *head = &machine.sensors;
    UART_INTCLEAR(SENSORS) = UART_INT_RX;
    while (UART_STATE(SENSORS) & UART_STATE_RX_FULL) {
        uint8_t byte = (uint8_t)UART_DATA(SENSORS);
        if (head->size == 0 && byte != SAMPLE_SYNC)
            continue;
        head->bytes[head->size++] = byte;
        if (head->size == SAMPLE_SIZE)
            take_sample(head);
    }
}

/* The first expiry closes and marks; the second, which nothing can stop any more, resets. */
void mps2_watchdog_bites(void)
{
    mps2_pins_off();
    mps2_kept.watchdog_bit = 1;
    for (;;)
        __asm volatile("nop");
}

static void enable_interrupt(unsigned irq, uint8_t priority)
{
    NVIC_PRIORITY(irq) = priority;
    NVIC_ENABLE = 1u << irq;
}

static void open_uart(unsigned n)
{
    UART_BAUDDIV(n) = CLOCK_MHZ; /* 1 Mbaud */
    UART_CTRL(n) = UART_CTRL_TX_RX_AND_RX_INTERRUPT;
}

static void start_watchdog(void)
{
    WATCHDOG_LOCK = WATCHDOG_KEY;
    WATCHDOG_LOAD = WATCHDOG_CYCLES;
    WATCHDOG_CONTROL = WATCHDOG_INTERRUPT_AND_RESET;
    WATCHDOG_LOCK = 0;
}

static void start_machine(void)
{
    for (unsigned port = 0; port < GPIO_PORTS; port++)
        GPIO_OUTENSET(port) = 0xffffu;
    FPGA_PRESCALE = CLOCK_MHZ - 1u;
    SPI_CR0 = SPI_CR0_16_BITS;
    SPI_CR1 = SPI_CR1_ENABLE;
    open_uart(HOST);
    open_uart(SENSORS);
    SYSTICK_LOAD = STEP_CYCLES - 1u;
    SYSTICK_VALUE = 0;
    SYSTICK_PRIORITY = PRIORITY_STEP;
}

static void remember_start(void)
{
    mps2_kept.starts = mps2_kept.magic == KEPT_MAGIC ? mps2_kept.starts + 1u : 1u;
    mps2_kept.magic = KEPT_MAGIC;
    mps2_kept.watchdog_bit = 0;
}

int main(void)
{
    start_machine();
    SYSTICK_CTRL = SYSTICK_RUN;
    bb_board_start(&machine.board); /* before any interrupt */
    remember_start();
    enable_interrupt(IRQ_ONESHOT, PRIORITY_CAPS);
    enable_interrupt(IRQ_UART0_RX, PRIORITY_BYTES);
    enable_interrupt(IRQ_UART1_RX, PRIORITY_BYTES);
    start_watchdog();
    SYSTICK_CTRL = SYSTICK_RUN_WITH_INTERRUPT;
    for (;;) {
        mask_step(PRIORITY_STEP);
        bb_board_bytes(&machine.board);
        mask_step(0);
        /* Sleeps until the next interrupt; masked, so that a byte that comes just now still wakes it. */
        uint32_t was = mask_all();
        if (machine.host.head == machine.host.tail && machine.board.pending_size == 0)
            __asm volatile("wfi");
        unmask(was);
    }
}
