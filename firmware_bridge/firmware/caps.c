#include "caps.h"

#include "ticks.h"

void bb_caps_command(bb_caps *caps, uint64_t open, uint32_t cap_us, uint32_t now_us)
{
    uint64_t opening = open & ~caps->commanded;
    for (unsigned n = 0; n < BB_MAX_NOZZLES; n++) {
        if (!(opening >> n & 1u))
            continue;
        caps->opened_us[n] = now_us;
        caps->cap_us[n] = cap_us;
    }
    caps->expired &= open;
    caps->commanded = open;
}

uint64_t bb_caps_pins(bb_caps *caps, uint32_t now_us)
{
    uint64_t open = caps->commanded & ~caps->expired;
    for (unsigned n = 0; n < BB_MAX_NOZZLES; n++)
        if ((open >> n & 1u) && bb_since(now_us, caps->opened_us[n]) >= caps->cap_us[n])
            caps->expired |= (uint64_t)1 << n;
    return caps->commanded & ~caps->expired;
}

uint32_t bb_caps_wait_us(const bb_caps *caps, uint32_t now_us)
{
    uint64_t open = caps->commanded & ~caps->expired;
    uint32_t wait_us = BB_CAPS_IDLE;
    for (unsigned n = 0; n < BB_MAX_NOZZLES; n++) {
        if (!(open >> n & 1u))
            continue;
        uint32_t spent_us = bb_since(now_us, caps->opened_us[n]);
        uint32_t left_us = spent_us < caps->cap_us[n] ? caps->cap_us[n] - spent_us : 1u;
        wait_us = left_us < wait_us ? left_us : wait_us;
    }
    return wait_us;
}
