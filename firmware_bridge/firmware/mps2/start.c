/* Start-up: the vector table, pins first, then memory, then main. Faults close everything and wait for the watchdog. */
#include "registers.h"

extern uint32_t mps2_stack_top[], mps2_data_load[], mps2_data_start[], mps2_data_end[], mps2_bss_start[],
    mps2_bss_end[];

int main(void);
void mps2_start(void);
void mps2_fault(void);
void mps2_watchdog_bites(void);
void mps2_step(void);
void mps2_host_byte(void);
void mps2_sensor_byte(void);
void mps2_caps(void);

typedef void (*vector)(void);

/* An unused vector is a fault: nothing enables it, so its coming is a fault in itself. */
__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    vector system[15], interrupt[32];
} vectors = {
    .stack = mps2_stack_top,
    .system = {[0] = mps2_start,
               [1] = mps2_watchdog_bites, /* the non-maskable interrupt */
               [2 ... 13] = mps2_fault,
               [14] = mps2_step},
    .interrupt = {[IRQ_UART0_RX] = mps2_host_byte,
                  [IRQ_UART0_RX + 1] = mps2_fault,
                  [IRQ_UART1_RX] = mps2_sensor_byte,
                  [IRQ_UART1_RX + 1 ... IRQ_ONESHOT - 1] = mps2_fault,
                  [IRQ_ONESHOT] = mps2_caps,
                  [IRQ_ONESHOT + 1 ... 31] = mps2_fault},
};

void mps2_start(void)
{
    mps2_pins_off();
    const uint32_t *from = mps2_data_load;
    for (uint32_t *to = mps2_data_start; to < mps2_data_end; to++)
        *to = *from++;
    for (uint32_t *to = mps2_bss_start; to < mps2_bss_end; to++)
        *to = 0;
    main();
    mps2_fault();
}

void mps2_fault(void)
{
    mps2_pins_off();
    for (;;)
        __asm volatile("nop");
}
