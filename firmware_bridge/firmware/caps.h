/* The cap of bb_hal_valves for boards with one one-shot timer: who may be open, and when to look again.
 * It knows nothing of the core: a core that never closes a valve again still loses the pin. */
#ifndef BB_CAPS_H
#define BB_CAPS_H

#include "protocol.h"

#define BB_CAPS_IDLE UINT32_MAX

typedef struct {
    uint64_t commanded; /* as last told */
    uint64_t expired;   /* were open for their cap: closed until they are commanded closed */
    uint32_t opened_us[BB_MAX_NOZZLES], cap_us[BB_MAX_NOZZLES];
} bb_caps;

/* Takes a command; a valve that opens gets `cap_us` from now. */
void bb_caps_command(bb_caps *caps, uint64_t open, uint32_t cap_us, uint32_t now_us);

/* Ends what is over and returns the pins that may be open now. */
uint64_t bb_caps_pins(bb_caps *caps, uint32_t now_us);

/* Microseconds until the next pin is to close, at least 1; BB_CAPS_IDLE when none is open. */
uint32_t bb_caps_wait_us(const bb_caps *caps, uint32_t now_us);

#endif
