/* The registers of the MPS2 board with the AN385 image (Cortex-M3 at 25 MHz) that the firmware uses. */
#ifndef BB_MPS2_REGISTERS_H
#define BB_MPS2_REGISTERS_H

#include <stdint.h>

#define CLOCK_MHZ 25u

#define REGISTER(address) (*(volatile uint32_t *)(address))

/* Four GPIO ports of 16 pins: valve n is pin n % 16 of port n / 16. Inputs at reset. */
#define GPIO_PORTS 4u
#define GPIO_PINS 16u
#define GPIO_BASE 0x40010000u
#define GPIO_DATAOUT(port) REGISTER(GPIO_BASE + (port) * 0x1000u + 0x04u)
#define GPIO_OUTENSET(port) REGISTER(GPIO_BASE + (port) * 0x1000u + 0x10u)

/* UART 0 is the host, UART 1 the sensor head. */
#define UART_DATA(n) REGISTER(0x40004000u + (n) * 0x1000u + 0x00u)
#define UART_STATE(n) REGISTER(0x40004000u + (n) * 0x1000u + 0x04u)
#define UART_CTRL(n) REGISTER(0x40004000u + (n) * 0x1000u + 0x08u)
#define UART_INTCLEAR(n) REGISTER(0x40004000u + (n) * 0x1000u + 0x0cu)
#define UART_BAUDDIV(n) REGISTER(0x40004000u + (n) * 0x1000u + 0x10u)
#define UART_STATE_TX_FULL 1u
#define UART_STATE_RX_FULL 2u
#define UART_CTRL_TX_RX_AND_RX_INTERRUPT 0x0bu
#define UART_INT_RX 2u
#define IRQ_UART0_RX 0u
#define IRQ_UART1_RX 2u

/* Dual timer, first half: the one-shot of the valves' cap. */
#define ONESHOT_LOAD REGISTER(0x40002000u)
#define ONESHOT_CONTROL REGISTER(0x40002008u)
#define ONESHOT_INTCLR REGISTER(0x4000200cu)
#define ONESHOT_RUN 0xa3u /* enabled, interrupt, 32 bits, one shot */
#define IRQ_ONESHOT 10u

#define WATCHDOG_LOAD REGISTER(0x40008000u)
#define WATCHDOG_CONTROL REGISTER(0x40008008u)
#define WATCHDOG_INTCLR REGISTER(0x4000800cu)
#define WATCHDOG_LOCK REGISTER(0x40008c00u)
#define WATCHDOG_KEY 0x1acce551u
#define WATCHDOG_INTERRUPT_AND_RESET 3u

/* SPI 0: the motor driver takes a signed 16-bit word, mm/s. */
#define SPI_CR0 REGISTER(0x40020000u)
#define SPI_CR1 REGISTER(0x40020004u)
#define SPI_DATA REGISTER(0x40020008u)
#define SPI_STATUS REGISTER(0x4002000cu)
#define SPI_CR0_16_BITS 0x0fu
#define SPI_CR1_ENABLE 2u
#define SPI_STATUS_RX_HOLDS 4u

/* The FPGA's own: LED 0 is the compressor's enable; the counter runs freely, here at 1 MHz. */
#define FPGA_LEDS REGISTER(0x40028000u)
#define FPGA_COUNTER REGISTER(0x40028018u)
#define FPGA_PRESCALE REGISTER(0x4002801cu)

/* Why the chip was reset; emulation reads zero. */
#define RESET_INFO REGISTER(0x4001f010u)
#define RESET_INFO_SOFTWARE 1u
#define RESET_INFO_WATCHDOG 2u

/* Cortex-M3. */
#define SYSTICK_CTRL REGISTER(0xe000e010u)
#define SYSTICK_LOAD REGISTER(0xe000e014u)
#define SYSTICK_VALUE REGISTER(0xe000e018u)
#define SYSTICK_RUN 5u
#define SYSTICK_RUN_WITH_INTERRUPT 7u
#define NVIC_ENABLE REGISTER(0xe000e100u)
#define NVIC_PRIORITY(irq) (*(volatile uint8_t *)(0xe000e400u + (irq)))
#define SYSTICK_PRIORITY (*(volatile uint8_t *)0xe000ed23u)

/* Closes every valve and cuts the compressor; needs no memory to be set up. */
static inline void mps2_pins_off(void)
{
    for (unsigned port = 0; port < GPIO_PORTS; port++)
        GPIO_DATAOUT(port) = 0;
    FPGA_LEDS = 0;
}

#endif
