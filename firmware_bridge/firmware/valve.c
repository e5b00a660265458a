#include "valve.h"

#include "ticks.h"

#define DRAIN_EVERY_US 1000u

bool bb_valve_open(bb_valve *valve, const bb_config *config, uint32_t now_us, uint32_t on_us)
{
    if (valve->open || valve->resting || on_us == 0 || on_us > config->max_on_us)
        return false;
    valve->open = true;
    valve->opened_us = now_us;
    valve->on_us = on_us;
    return true;
}

void bb_valve_close(bb_valve *valve, uint32_t now_us)
{
    if (!valve->open)
        return;
    valve->open = false;
    valve->closed_us = now_us;
    valve->resting = true;
}

static void drain(bb_valve *valve, const bb_config *config, uint32_t now_us)
{
    uint32_t steps = bb_since(now_us, valve->drained_us) / DRAIN_EVERY_US;
    uint32_t per_step = config->duty_permille * DRAIN_EVERY_US / 1000u;
    uint32_t enough = valve->heat_us / per_step + 1;
    valve->drained_us += steps * DRAIN_EVERY_US;
    valve->heat_us = steps >= enough ? 0 : valve->heat_us - steps * per_step;
}

void bb_valve_step(bb_valve *valve, const bb_config *config, uint32_t now_us)
{
    if (valve->open) {
        uint32_t elapsed = bb_since(now_us, valve->opened_us);
        /* The cap does not trust on_us: it holds even when that was corrupted in memory. */
        if (elapsed >= valve->on_us || elapsed >= config->max_on_us)
            bb_valve_close(valve, now_us);
    } else if (valve->resting && bb_since(now_us, valve->closed_us) >= config->min_gap_us) {
        valve->resting = false;
    }
    drain(valve, config, now_us);
}

bool bb_valve_reserve(bb_valve *valve, const bb_config *config, uint32_t on_us)
{
    if (valve->heat_us > config->duty_budget_us || on_us > config->duty_budget_us - valve->heat_us)
        return false;
    valve->heat_us += on_us;
    return true;
}

void bb_valve_refund(bb_valve *valve, uint32_t on_us)
{
    valve->heat_us -= on_us < valve->heat_us ? on_us : valve->heat_us;
}
