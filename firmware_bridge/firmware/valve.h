/* One valve: how long it may stay open, how soon it may open again, how much of the time it may be open. */
#ifndef BB_VALVE_H
#define BB_VALVE_H

#include "protocol.h"

typedef struct {
    bool open;
    bool resting;       /* closed less than min_gap_us ago */
    uint32_t opened_us; /* start of the present or last opening */
    uint32_t on_us;     /* how long the present opening lasts */
    uint32_t closed_us; /* end of the last opening */
    uint32_t heat_us;   /* open time spent or promised; drains at duty_permille */
    uint32_t drained_us;
} bb_valve;

/* Opens for `on_us`. Refuses (false) an open or resting valve and an `on_us` of zero or beyond the cap. */
bool bb_valve_open(bb_valve *valve, const bb_config *config, uint32_t now_us, uint32_t on_us);

/* Closes at once; nothing happens to a closed valve. */
void bb_valve_close(bb_valve *valve, uint32_t now_us);

/* Closes an opening that is over, by its own length or by the cap, whichever is first; drains the heat. */
void bb_valve_step(bb_valve *valve, const bb_config *config, uint32_t now_us);

/* Promises `on_us` of open time, or refuses (false) when the duty budget does not hold it. */
bool bb_valve_reserve(bb_valve *valve, const bb_config *config, uint32_t on_us);

/* Gives back promised open time that was not used. */
void bb_valve_refund(bb_valve *valve, uint32_t on_us);

#endif
