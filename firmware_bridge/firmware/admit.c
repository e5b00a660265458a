#include "admit.h"

#include "ticks.h"

static uint8_t train_cap(const bb_config *config, const bb_pulse *pulse)
{
    if (pulse->on_us == 0 || pulse->on_us > config->max_on_us)
        return BB_CAP_ON_TIME;
    if (pulse->openings == 0 || pulse->openings > config->max_count)
        return BB_CAP_COUNT;
    if (pulse->openings == 1)
        return pulse->on_us > config->max_train_us ? BB_CAP_TRAIN_TIME : BB_CAP_NONE;
    if (pulse->period_us < config->min_period_us)
        return BB_CAP_PERIOD;
    if (pulse->period_us > config->max_train_us)
        return BB_CAP_TRAIN_TIME;
    if (pulse->period_us < pulse->on_us + config->min_gap_us)
        return BB_CAP_GAP;
    uint32_t train_us = pulse->period_us * (pulse->openings - 1u) + pulse->on_us;
    return train_us > config->max_train_us ? BB_CAP_TRAIN_TIME : BB_CAP_NONE;
}

/* Positive: past the trigger, in travel direction, counting the lead for the valve's lag. */
static int32_t overshoot_ticks(const bb_core *core, uint8_t nozzle, uint8_t trigger, uint32_t trigger_at)
{
    int32_t lead = bb_speed_lead(&core->speed, core->config.lag_us[nozzle]);
    uint32_t expected = core->inputs.encoder_ticks + (uint32_t)lead;
    return trigger == BB_TRIGGER_FORWARD ? bb_difference(expected, trigger_at)
                                         : bb_difference(trigger_at, expected);
}

uint8_t bb_admit_trigger(const bb_core *core, uint8_t nozzle, uint8_t trigger, uint32_t trigger_at, bool *due)
{
    *due = false;
    if (trigger == BB_TRIGGER_AT_TIME) {
        int32_t late_us = bb_difference(core->now_us, trigger_at);
        *due = late_us >= 0;
        return late_us > (int32_t)core->config.late_us ? BB_RESULT_LATE : BB_RESULT_OK;
    }
    int32_t past = overshoot_ticks(core, nozzle, trigger, trigger_at);
    int32_t along = trigger == BB_TRIGGER_FORWARD ? core->speed.ticks_s : -core->speed.ticks_s;
    *due = past >= 0 && along >= 0;
    return past > (int32_t)core->config.pass_ticks ? BB_RESULT_PASSED : BB_RESULT_OK;
}

static uint8_t trigger_result(const bb_core *core, const bb_pulse *pulse, uint8_t *cap)
{
    bool due;
    uint32_t ahead;
    uint32_t limit = core->config.max_ahead_ticks;
    if (pulse->trigger > BB_TRIGGER_BACKWARD)
        return BB_RESULT_BAD_REQUEST;
    uint8_t result = bb_admit_trigger(core, pulse->nozzle, pulse->trigger, pulse->trigger_at, &due);
    if (pulse->trigger == BB_TRIGGER_AT_TIME) {
        ahead = pulse->trigger_at - core->now_us;
        limit = core->config.max_wait_ms * 1000u;
    } else if (pulse->trigger == BB_TRIGGER_FORWARD) {
        ahead = pulse->trigger_at - core->inputs.encoder_ticks;
    } else {
        ahead = core->inputs.encoder_ticks - pulse->trigger_at;
    }
    uint32_t behind = 0u - ahead; /* a little, for a cart that moves against the direction */
    if (result == BB_RESULT_OK && !due && ahead > limit && behind > limit) {
        *cap = BB_CAP_AHEAD;
        return BB_RESULT_OVER_CAP;
    }
    return result;
}

static uint8_t machine_result(const bb_core *core)
{
    if (core->config_bad)
        return BB_RESULT_BAD_CONFIG;
    if (core->estop)
        return BB_RESULT_ESTOP;
    if (!core->armed)
        return BB_RESULT_NOT_ARMED;
    return core->air.ok ? BB_RESULT_OK : BB_RESULT_LOW_PRESSURE;
}

uint8_t bb_admit_pulse(bb_core *core, const bb_pulse *pulse, uint8_t *cap)
{
    uint8_t result = machine_result(core);
    if (result != BB_RESULT_OK)
        return result;
    if (pulse->nozzle >= core->config.nozzles)
        return BB_RESULT_NO_NOZZLE;
    *cap = train_cap(&core->config, pulse);
    if (*cap != BB_CAP_NONE)
        return BB_RESULT_OVER_CAP;
    result = trigger_result(core, pulse, cap);
    if (result != BB_RESULT_OK)
        return result;
    if (core->pulses.lanes[pulse->nozzle].held >= core->config.queue_per_nozzle)
        return BB_RESULT_QUEUE_FULL;
    if (!bb_valve_reserve(&core->valves[pulse->nozzle], &core->config, pulse->openings * pulse->on_us)) {
        *cap = BB_CAP_DUTY;
        return BB_RESULT_OVER_CAP;
    }
    return BB_RESULT_OK;
}
