/* What a board gives to the core: these eleven functions, a 1 kHz interrupt, and pins that are closed at reset. */
#ifndef BB_HAL_H
#define BB_HAL_H

#include "core.h"

/* A free-running microsecond counter that wraps at 2^32. */
uint32_t bb_hal_now_us(void);

/* Differs at each start: from a random source or a counter in non-volatile memory. */
uint32_t bb_hal_boot_id(void);

uint8_t bb_hal_reset_cause(void);

/* The configuration that the board was built or flashed with. */
const bb_config *bb_hal_config(void);

/* Samples encoder, pressure (with its age), battery, e-stop button, bumper and row-end switch. */
void bb_hal_sense(bb_inputs *inputs);

/* Moves received bytes into `bytes`, without waiting; returns how many. */
size_t bb_hal_read(uint8_t *bytes, size_t room);

/* Hands bytes to the sender, without waiting; returns how many it took. */
size_t bb_hal_write(const uint8_t *bytes, size_t size);

/* Sets the valve pins. For each valve that opens, a hardware one-shot closes the pin after `cap_us` by
 * itself, whatever becomes of this program. */
void bb_hal_valves(uint64_t open, uint32_t cap_us);

/* Commands the motor. */
void bb_hal_motor(int16_t velocity_mm_s);

/* Lets the compressor run, or cuts its supply; off at reset. */
void bb_hal_compressor(bool on);

/* Feeds the independent watchdog; called only when both the step and the byte loop have run. */
void bb_hal_watchdog_feed(void);

#endif
