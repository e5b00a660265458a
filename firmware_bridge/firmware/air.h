/* The air supply: whether the pressure reading may be believed, suffices, and falls with every valve closed. */
#ifndef BB_AIR_H
#define BB_AIR_H

#include "protocol.h"

typedef struct {
    bool ok, implausible;
    bool leaking; /* stays until bb_air_forgive */
    uint16_t last_kpa;
    uint32_t steady_openings; /* since the reading last changed */

    bool quiet, settled; /* every valve closed; and that long enough to measure */
    uint32_t quiet_since_us, looked_us;
    uint32_t measured_us; /* quiet time in the present window, in pieces */
    int32_t fallen_kpa;   /* in that time */
} bb_air;

/* Starts without belief: nothing opens before the first good reading. */
void bb_air_init(bb_air *air);

/* Takes one reading and its age; `closed`: no valve has been open since the last step. */
void bb_air_step(bb_air *air, const bb_config *config, uint16_t kpa, uint32_t age_us, bool closed, uint32_t now_us);

/* Counts an opening, after which a live sensor moves sooner or later. */
void bb_air_opened(bb_air *air);

/* Takes the supply for mended: the search for a leak begins anew. */
void bb_air_forgive(bb_air *air);

#endif
