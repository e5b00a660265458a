/* Declares the names of the Pico SDK that board_rp2040.c uses, as SDK 2 declares them. For a syntax check only. */
#ifndef PICO_NAMES_H
#define PICO_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef unsigned int uint;
typedef uint64_t absolute_time_t;
typedef void (*hardware_alarm_callback_t)(uint alarm_num);
typedef void (*irq_handler_t)(void);
typedef void (*gpio_irq_callback_t)(uint gpio, uint32_t event_mask);
typedef struct {
    volatile uint32_t chip_reset;
} vreg_and_chip_reset_hw_t;
typedef struct {
    volatile uint32_t dr;
} uart_hw_t;
typedef struct uart_inst uart_inst_t;
typedef struct pio_hw *PIO;
typedef struct {
    uint32_t clkdiv, execctrl, shiftctrl, pinctrl;
} pio_sm_config;
typedef struct pio_program {
    const uint16_t *instructions;
    uint8_t length;
    int8_t origin;
} pio_program_t;

enum pio_src_dest { pio_pins, pio_x, pio_y, pio_null, pio_status = 5, pio_isr = 6, pio_osr = 7 };
enum pio_fifo_join { PIO_FIFO_JOIN_NONE, PIO_FIFO_JOIN_TX, PIO_FIFO_JOIN_RX };
enum pio_mov_status_type { STATUS_TX_LESSTHAN, STATUS_RX_LESSTHAN };
enum gpio_function { GPIO_FUNC_UART = 2, GPIO_FUNC_PWM = 4 };
enum { GPIO_IRQ_EDGE_FALL = 4, GPIO_IRQ_EDGE_RISE = 8, TIMER_IRQ_0 = 0, UART0_IRQ = 20 };

#define GPIO_OUT true
#define PICO_HIGHEST_IRQ_PRIORITY 0x00u
#define PICO_LOWEST_IRQ_PRIORITY 0xffu
#define VREG_AND_CHIP_RESET_CHIP_RESET_HAD_POR_BITS 0x00000100u
#define VREG_AND_CHIP_RESET_CHIP_RESET_HAD_RUN_BITS 0x00010000u

extern vreg_and_chip_reset_hw_t *const vreg_and_chip_reset_hw;
extern uart_inst_t *const uart0;
extern const PIO pio0;
extern const pio_program_t valves_program;

uint32_t time_us_32(void);
absolute_time_t make_timeout_time_us(uint64_t us);
absolute_time_t delayed_by_us(absolute_time_t t, uint64_t us);
void hardware_alarm_claim(uint alarm_num);
void hardware_alarm_set_callback(uint alarm_num, hardware_alarm_callback_t callback);
bool hardware_alarm_set_target(uint alarm_num, absolute_time_t t);
void hardware_alarm_cancel(uint alarm_num);
void hardware_alarm_force_irq(uint alarm_num);
void watchdog_enable(uint32_t delay_ms, bool pause_on_debug);
void watchdog_update(void);
bool watchdog_caused_reboot(void);
bool watchdog_enable_caused_reboot(void);
uint32_t get_rand_32(void);
uint32_t save_and_disable_interrupts(void);
void restore_interrupts(uint32_t status);
void irq_set_enabled(uint num, bool enabled);
void irq_set_priority(uint num, uint8_t hardware_priority);
void irq_set_exclusive_handler(uint num, irq_handler_t handler);
void adc_init(void);
void adc_gpio_init(uint gpio);
void adc_select_input(uint input);
uint16_t adc_read(void);
void gpio_init(uint gpio);
void gpio_set_dir(uint gpio, bool out);
void gpio_pull_up(uint gpio);
bool gpio_get(uint gpio);
void gpio_put(uint gpio, bool value);
void gpio_set_function(uint gpio, enum gpio_function fn);
void gpio_set_irq_enabled(uint gpio, uint32_t event_mask, bool enabled);
void gpio_set_irq_enabled_with_callback(uint gpio, uint32_t event_mask, bool enabled, gpio_irq_callback_t callback);
uint uart_init(uart_inst_t *uart, uint baudrate);
bool uart_is_readable(uart_inst_t *uart);
bool uart_is_writable(uart_inst_t *uart);
uart_hw_t *uart_get_hw(uart_inst_t *uart);
void uart_set_irq_enables(uart_inst_t *uart, bool rx_has_data, bool tx_needs_data);
uint pwm_gpio_to_slice_num(uint gpio);
void pwm_set_wrap(uint slice_num, uint16_t wrap);
void pwm_set_gpio_level(uint gpio, uint16_t level);
void pwm_set_enabled(uint slice_num, bool enabled);
int pio_claim_unused_sm(PIO pio, bool required);
int pio_add_program(PIO pio, const pio_program_t *program);
pio_sm_config valves_program_get_default_config(uint offset);
void sm_config_set_out_pins(pio_sm_config *c, uint out_base, uint out_count);
void sm_config_set_sideset_pins(pio_sm_config *c, uint sideset_base);
void sm_config_set_set_pins(pio_sm_config *c, uint set_base, uint set_count);
void sm_config_set_out_shift(pio_sm_config *c, bool shift_right, bool autopull, uint pull_threshold);
void sm_config_set_fifo_join(pio_sm_config *c, enum pio_fifo_join join);
void sm_config_set_mov_status(pio_sm_config *c, enum pio_mov_status_type status_sel, uint status_n);
void sm_config_set_clkdiv(pio_sm_config *c, float div);
void pio_gpio_init(PIO pio, uint pin);
void pio_sm_set_pins_with_mask(PIO pio, uint sm, uint32_t pin_values, uint32_t pin_mask);
void pio_sm_set_pindirs_with_mask(PIO pio, uint sm, uint32_t pin_dirs, uint32_t pin_mask);
int pio_sm_init(PIO pio, uint sm, uint initial_pc, const pio_sm_config *config);
void pio_sm_put(PIO pio, uint sm, uint32_t data);
void pio_sm_put_blocking(PIO pio, uint sm, uint32_t data);
void pio_sm_exec(PIO pio, uint sm, uint instr);
void pio_sm_set_enabled(PIO pio, uint sm, bool enabled);
uint pio_encode_pull(bool if_empty, bool block);
uint pio_encode_mov(enum pio_src_dest dest, enum pio_src_dest src);

#endif
