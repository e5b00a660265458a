/* Everything the core says: replies, outcomes until acknowledged, telemetry. */
#ifndef BB_REPORT_H
#define BB_REPORT_H

#include "core.h"

/* Sends a payload under `seq`; dropped when the outbox is full. */
void bb_report_send(bb_core *core, uint8_t type, uint16_t seq, const uint8_t *payload, uint8_t size);

void bb_report_ack(bb_core *core, uint16_t seq, uint8_t command, uint8_t result, uint8_t cap);
void bb_report_welcome(bb_core *core, uint16_t seq, uint32_t nonce);
void bb_report_limits(bb_core *core, uint16_t seq);
void bb_report_pulse(bb_core *core, uint16_t seq, uint32_t id);

/* Says that the slot is finished, for the first time or again. */
void bb_report_done(bb_core *core, uint16_t index);

/* Telemetry when it is due, and outcomes that were not acknowledged. */
void bb_report_step(bb_core *core);

#endif
