#include "air.h"

#include "ticks.h"

#define SETTLE_US 200000u /* valve lag and the ringing of the line after a closing (assumed) */
#define LONGEST_LOOK_US 100000u
#define JUMP_KPA 40 /* between two looks: a sensor or a hand valve, no tank falls so fast (assumed) */

void bb_air_init(bb_air *air)
{
    *air = (bb_air){.implausible = true};
}

void bb_air_opened(bb_air *air)
{
    air->steady_openings += air->steady_openings < UINT32_MAX;
}

void bb_air_forgive(bb_air *air)
{
    air->leaking = false;
    air->quiet = false;
    air->measured_us = 0;
    air->fallen_kpa = 0;
}

static void judge_reading(bb_air *air, const bb_config *config, uint16_t kpa, uint32_t age_us)
{
    if (kpa != air->last_kpa)
        air->steady_openings = 0;
    bool stuck = config->stuck_openings > 0 && air->steady_openings >= config->stuck_openings;
    bool old = age_us > config->pressure_age_ms * 1000u;
    air->implausible = stuck || old || kpa > config->max_pressure_kpa;
    air->ok = !air->implausible && kpa >= config->min_pressure_kpa;
}

/* Adds the fall since the last look; windows are pieced together from the pauses between trains. */
static void measure_fall(bb_air *air, const bb_config *config, uint16_t kpa, uint32_t now_us)
{
    int32_t fall = (int32_t)air->last_kpa - (int32_t)kpa;
    uint32_t elapsed = bb_since(now_us, air->looked_us);
    if (elapsed > LONGEST_LOOK_US || fall > JUMP_KPA || fall < -JUMP_KPA)
        return;
    air->fallen_kpa += fall;
    air->measured_us += elapsed;
    if (air->measured_us < config->leak_window_ms * 1000u)
        return;
    air->leaking = air->leaking || air->fallen_kpa >= (int32_t)config->leak_drop_kpa;
    air->measured_us = 0;
    air->fallen_kpa = 0;
}

static void look_for_leak(bb_air *air, const bb_config *config, uint16_t kpa, bool closed, uint32_t now_us)
{
    if (!closed || air->implausible || config->leak_drop_kpa == 0) {
        air->quiet = false;
    } else if (!air->quiet) {
        air->quiet = true;
        air->settled = false;
        air->quiet_since_us = now_us;
    } else if (air->settled) {
        measure_fall(air, config, kpa, now_us);
    } else {
        air->settled = bb_since(now_us, air->quiet_since_us) >= SETTLE_US;
    }
}

void bb_air_step(bb_air *air, const bb_config *config, uint16_t kpa, uint32_t age_us, bool closed, uint32_t now_us)
{
    judge_reading(air, config, kpa, age_us);
    look_for_leak(air, config, kpa, closed, now_us);
    air->last_kpa = kpa;
    air->looked_us = now_us;
}
