/* The one place where wrapping MCU time (uint32 microseconds) and encoder ticks are compared. */
#ifndef BB_TICKS_H
#define BB_TICKS_H

#include <stdbool.h>
#include <stdint.h>

/* Time from `then` to `now`; right for as long as less than 71.6 minutes lie between. */
static inline uint32_t bb_since(uint32_t now, uint32_t then)
{
    return now - then;
}

/* `a` minus `b` as a signed distance, right within half the range (35.8 minutes, 2^31 ticks). */
static inline int32_t bb_difference(uint32_t a, uint32_t b)
{
    uint32_t d = a - b;
    return d < 0x80000000u ? (int32_t)d : -(int32_t)(~d) - 1;
}

#endif
