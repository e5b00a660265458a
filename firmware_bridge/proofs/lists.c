/* The models of the induction do what pulses.c and bb_fire_drop_all do, from any state that it allows. */
#include "induction.c"

static bool same_slot(const bb_slot *a, const bb_slot *b)
{
    bool same = a->state == b->state && a->id == b->id && a->nozzle == b->nozzle && a->trigger == b->trigger;
    same = same && a->wanted == b->wanted && a->openings == b->openings && a->trigger_at == b->trigger_at;
    same = same && a->on_us == b->on_us && a->period_us == b->period_us && a->opened_us == b->opened_us;
    return same && a->queued_us == b->queued_us && (a->state != BB_SLOT_QUEUED || a->next == b->next);
}

static bool same_pulses(const bb_pulses *a, const bb_pulses *b)
{
    bool same = a->cursor == b->cursor && a->queued == b->queued && a->unacked == b->unacked;
    same = same && a->last_id == b->last_id;
    for (unsigned n = 0; n < NOZZLES; n++)
        same = same && a->lanes[n].first == b->lanes[n].first && a->lanes[n].running == b->lanes[n].running &&
               a->lanes[n].held == b->lanes[n].held;
    for (unsigned i = 0; i < BB_POOL; i++)
        same = same && same_slot(&a->slots[i], &b->slots[i]);
    return same;
}

/* One operation on any sound lists, by the code and by its model. */
void prove_lists(void)
{
    static bb_pulses real, model;
    bb_core c;
    uint16_t index = any_u16();
    uint8_t operation = any_u8();
    ASSUME(lists_sound(&c) && index < BB_POOL);
    bb_slot *slot = &c.pulses.slots[index];
    uint8_t state = slot->state;
    ASSUME(slot->nozzle < NOZZLES);
    if (operation == 0)
        ASSUME(state == BB_SLOT_FREE || state == BB_SLOT_KEPT);
    else if (operation == 1)
        ASSUME(state == BB_SLOT_QUEUED && c.pulses.lanes[slot->nozzle & 1u].running == BB_NO_SLOT);
    else
        ASSUME(state == BB_SLOT_QUEUED || c.pulses.lanes[slot->nozzle & 1u].running == index);
    real = model = c.pulses;
    if (operation == 0) {
        real_enqueue(&real, index);
        model_enqueue(&model, index);
        REACH(real.slots[0].next == 2 && real.slots[2].next == 1, "three in a queue");
    } else if (operation == 1) {
        real_start(&real, index);
        model_start(&model, index);
        REACH(real.lanes[1].first != BB_NO_SLOT, "one starts before another");
    } else {
        real_finish(&real, index, 3, 7);
        model_finish(&model, index, 3, 7);
        REACH(state == BB_SLOT_RUNNING, "a running one ends");
        REACH(state == BB_SLOT_QUEUED, "a queued one ends");
        CLAIM(real.slots[index].outcome == 3 && real.slots[index].cause == 7, "b: an outcome is kept");
    }
    CLAIM(same_pulses(&real, &model), "lists: the model does the same");
}

/* The search finds a spare slot, and none only where there is none. */
void prove_search(void)
{
    bb_core c;
    static bb_pulses before;
    bool any_spare = false;
    ASSUME(c.pulses.cursor < BB_POOL);
    before = c.pulses;
    for (unsigned i = 0; i < BB_POOL; i++)
        any_spare = any_spare || slot_spare(&before.slots[i]);
    uint16_t index = real_allocate(&c.pulses);
    CLAIM(c.pulses.cursor < BB_POOL, "h: the cursor stays inside");
    CLAIM((index == BB_NO_SLOT) == !any_spare, "b: a slot is found when there is one");
    CLAIM(index == BB_NO_SLOT || (index < BB_POOL && slot_spare(&before.slots[index])), "b: what is found is spare");
    c.pulses.cursor = before.cursor;
    CLAIM(same_pulses(&c.pulses, &before), "b: to look for a slot changes nothing");
    REACH(index == 2 && before.cursor == 1, "a slot behind one that is taken");
    REACH(index == BB_NO_SLOT, "no slot");
}

void prove_drop(void)
{
    static bb_core model;
    any_state_between();
    core.now_us = (uint32_t)ghost.now;
    model = core;
    bool any_live = core.pulses.queued > 1;
    real_drop_all(&core, any_u8());
    model_drop_all(&model);
    CLAIM(same_pulses(&core.pulses, &model.pulses), "drop: the model does the same to pulses");
    for (unsigned n = 0; n < NOZZLES; n++) {
        const bb_valve *a = &core.valves[n];
        const bb_valve *b = &model.valves[n];
        CLAIM(a->open == b->open && a->resting == b->resting && a->closed_us == b->closed_us &&
                  a->opened_us == b->opened_us,
              "drop: the model does the same to valves");
    }
    CLAIM(config_tied(&core, &ghost) && core.armed == model.armed && core.estop == model.estop &&
              core.motor.target_mm_s == model.motor.target_mm_s,
          "drop: nothing else changes");
    CLAIM(stale_reports == 0, "h: only finished pulses are reported");
    REACH(any_live, "more than one is dropped");
}
