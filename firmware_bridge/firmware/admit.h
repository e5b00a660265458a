/* The rules a pulse must meet: limits of the train, state of the machine, and whether its trigger is still ahead. */
#ifndef BB_ADMIT_H
#define BB_ADMIT_H

#include "core.h"

/* Judges a new pulse without queueing it; reserves its open time when the answer is OK. */
uint8_t bb_admit_pulse(bb_core *core, const bb_pulse *pulse, uint8_t *cap);

/* Is a trigger missed (LATE, PASSED), still ahead (OK) or due (OK and *due)? */
uint8_t bb_admit_trigger(const bb_core *core, uint8_t nozzle, uint8_t trigger, uint32_t trigger_at, bool *due);

#endif
