/* From an accepted pulse to a closed valve: admission, triggers, trains, and what ends them early. */
#ifndef BB_FIRE_H
#define BB_FIRE_H

#include "core.h"

/* Judges and queues a pulse of the present session; fills the receipt. */
void bb_fire_request(bb_core *core, const bb_pulse *pulse, bb_pulse_receipt *receipt);

/* Closes what is over, goes on with trains, opens what is due. */
void bb_fire_step(bb_core *core);

/* Closes every valve and ends every queued and running pulse, giving `cause`. */
void bb_fire_drop_all(bb_core *core, uint8_t cause);

/* Measured record of a pulse, UNKNOWN when there is none. */
void bb_fire_describe(const bb_core *core, uint32_t id, bb_pulse_done *done);

#endif
