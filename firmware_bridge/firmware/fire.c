#include "fire.h"

#include "admit.h"
#include "report.h"
#include "ticks.h"

static void finish(bb_core *core, uint16_t index, uint8_t outcome, uint8_t cause)
{
    bb_slot *slot = &core->pulses.slots[index];
    uint32_t unused = (uint32_t)(slot->wanted - slot->openings) * slot->on_us;
    bb_valve_refund(&core->valves[slot->nozzle], unused);
    bb_pulses_finish(&core->pulses, index, outcome, cause);
    bb_report_done(core, index);
}

static void end_early(bb_core *core, uint16_t index, uint8_t cause)
{
    uint8_t outcome = core->pulses.slots[index].openings > 0 ? BB_OUTCOME_CUT_SHORT : BB_OUTCOME_NOT_FIRED;
    finish(core, index, outcome, cause);
}

/* Books an opening that just ended. */
static void book_closing(bb_core *core, unsigned nozzle)
{
    const bb_valve *valve = &core->valves[nozzle];
    uint16_t index = core->pulses.lanes[nozzle].running;
    if (index == BB_NO_SLOT)
        return;
    bb_slot *slot = &core->pulses.slots[index];
    slot->closed_us = valve->closed_us;
    slot->on_time_us += bb_since(valve->closed_us, valve->opened_us);
}

static unsigned open_valves(const bb_core *core)
{
    unsigned count = 0;
    for (unsigned n = 0; n < core->config.nozzles; n++)
        count += core->valves[n].open;
    return count;
}

/* Opens for the slot when the valve has rested and enough others are closed; false means: not now. */
static bool open_for(bb_core *core, uint16_t index)
{
    bb_slot *slot = &core->pulses.slots[index];
    if (open_valves(core) >= core->config.max_open)
        return false;
    if (!bb_valve_open(&core->valves[slot->nozzle], &core->config, core->now_us, slot->on_us))
        return false;
    if (slot->openings == 0) {
        slot->opened_us = core->now_us;
        slot->position_at_open = core->inputs.encoder_ticks;
    }
    slot->openings++;
    core->openings++;
    bb_air_opened(&core->air);
    return true;
}

static void continue_train(bb_core *core, uint16_t index)
{
    const bb_slot *slot = &core->pulses.slots[index];
    uint32_t due_us = slot->opened_us + slot->openings * slot->period_us;
    int32_t late_us = bb_difference(core->now_us, due_us);
    if (core->valves[slot->nozzle].open)
        return;
    if (slot->openings >= slot->wanted)
        finish(core, index, BB_OUTCOME_FIRED, BB_RESULT_OK);
    else if (late_us > (int32_t)core->config.late_us)
        end_early(core, index, BB_RESULT_LATE);
    else if (late_us >= 0 && !core->air.ok)
        end_early(core, index, BB_RESULT_LOW_PRESSURE);
    else if (late_us >= 0)
        (void)open_for(core, index);
}

/* Looks at one waiting pulse: it starts, is dropped with the reason, or waits on. */
static void try_start(bb_core *core, uint16_t index)
{
    bb_slot *slot = &core->pulses.slots[index];
    bool due = false;
    uint8_t missed = bb_admit_trigger(core, slot->nozzle, slot->trigger, slot->trigger_at, &due);
    if (missed != BB_RESULT_OK) {
        end_early(core, index, missed);
    } else if (bb_since(core->now_us, slot->queued_us) >= core->config.max_wait_ms * 1000u) {
        end_early(core, index, BB_RESULT_EXPIRED);
    } else if (due && !core->air.ok) {
        end_early(core, index, BB_RESULT_LOW_PRESSURE);
    } else if (due && core->pulses.lanes[slot->nozzle].running == BB_NO_SLOT && open_for(core, index)) {
        bb_pulses_start(&core->pulses, index);
    }
}

static void step_nozzle(bb_core *core, unsigned nozzle)
{
    const bb_lane *lane = &core->pulses.lanes[nozzle];
    bb_valve *valve = &core->valves[nozzle];
    bool was_open = valve->open;
    bb_valve_step(valve, &core->config, core->now_us);
    if (was_open && !valve->open)
        book_closing(core, nozzle);
    if (lane->running != BB_NO_SLOT)
        continue_train(core, lane->running);
    uint16_t index = lane->first;
    while (index != BB_NO_SLOT) {
        uint16_t next = core->pulses.slots[index].next;
        try_start(core, index);
        index = next;
    }
}

void bb_fire_step(bb_core *core)
{
    for (unsigned n = 0; n < core->config.nozzles; n++)
        step_nozzle(core, n);
}

void bb_fire_drop_all(bb_core *core, uint8_t cause)
{
    for (unsigned n = 0; n < core->config.nozzles; n++) {
        const bb_lane *lane = &core->pulses.lanes[n];
        if (core->valves[n].open) {
            bb_valve_close(&core->valves[n], core->now_us);
            book_closing(core, n);
        }
        if (lane->running != BB_NO_SLOT)
            end_early(core, lane->running, cause);
        while (lane->first != BB_NO_SLOT)
            end_early(core, lane->first, cause);
    }
}

static void fill(bb_slot *slot, const bb_pulse *pulse, uint32_t now_us)
{
    *slot = (bb_slot){.nozzle = pulse->nozzle,
                      .trigger = pulse->trigger,
                      .wanted = pulse->openings,
                      .next = BB_NO_SLOT,
                      .id = pulse->pulse_id,
                      .trigger_at = pulse->trigger_at,
                      .on_us = pulse->on_us,
                      .period_us = pulse->period_us,
                      .queued_us = now_us};
}

static void answer_again(const bb_core *core, bb_pulse_receipt *receipt)
{
    uint16_t index = bb_pulses_find(&core->pulses, receipt->pulse_id);
    receipt->result = BB_RESULT_STALE;
    if (index == BB_NO_SLOT)
        return;
    receipt->result = BB_RESULT_DUP;
    receipt->first_result = core->pulses.slots[index].first_result;
    receipt->outcome = core->pulses.slots[index].outcome;
    receipt->cap = core->pulses.slots[index].cap;
}

void bb_fire_request(bb_core *core, const bb_pulse *pulse, bb_pulse_receipt *receipt)
{
    *receipt = (bb_pulse_receipt){.pulse_id = pulse->pulse_id, .outcome = BB_OUTCOME_UNKNOWN};
    if (pulse->pulse_id <= core->pulses.last_id) {
        answer_again(core, receipt);
        return;
    }
    core->pulses.last_id = pulse->pulse_id; /* recorded before anything else: the id is spent */
    receipt->result = bb_admit_pulse(core, pulse, &receipt->cap);
    uint16_t index = bb_pulses_allocate(&core->pulses);
    if (index == BB_NO_SLOT) {
        if (receipt->result == BB_RESULT_OK)
            bb_valve_refund(&core->valves[pulse->nozzle], pulse->openings * pulse->on_us);
        receipt->result = receipt->result == BB_RESULT_OK ? BB_RESULT_QUEUE_FULL : receipt->result;
    } else {
        bb_slot *slot = &core->pulses.slots[index];
        fill(slot, pulse, core->now_us);
        slot->first_result = receipt->result;
        slot->cap = receipt->cap;
        slot->state = BB_SLOT_KEPT;
        slot->outcome = BB_OUTCOME_REFUSED;
        slot->cause = receipt->result;
        if (receipt->result == BB_RESULT_OK)
            bb_pulses_enqueue(&core->pulses, index);
    }
    receipt->outcome = receipt->result == BB_RESULT_OK ? BB_OUTCOME_PENDING : BB_OUTCOME_REFUSED;
    core->refused = (uint16_t)(core->refused + (receipt->result != BB_RESULT_OK));
}

void bb_fire_describe(const bb_core *core, uint32_t id, bb_pulse_done *done)
{
    uint16_t index = bb_pulses_find(&core->pulses, id);
    *done = (bb_pulse_done){.pulse_id = id, .outcome = BB_OUTCOME_UNKNOWN};
    if (index == BB_NO_SLOT)
        return;
    const bb_slot *slot = &core->pulses.slots[index];
    *done = (bb_pulse_done){.pulse_id = id,
                            .nozzle = slot->nozzle,
                            .outcome = slot->outcome,
                            .cause = slot->cause,
                            .openings = slot->openings,
                            .opened_us = slot->opened_us,
                            .closed_us = slot->closed_us,
                            .position_at_open = bb_difference(slot->position_at_open, 0),
                            .on_time_us = slot->on_time_us};
}
