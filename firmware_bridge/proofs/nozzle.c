/* What bb_fire_step does: its walk over nozzles and queues (visits), and at each place the opening and closing of a
 * valve (valve) and the start of a waiting pulse (trigger). There the nozzle is number 1 of 2 and the pulse in slot 0
 * of 2: to the code one number is like another. */
#include "witness.h"

#define N 1u

void bb_fire_step(bb_core *c)
{
    (void)c;
}

/* Any state in the middle of a step's work on the nozzles. */
static void any_state_in_step(void)
{
    any_state();
    ASSUME(core.config.nozzles == NOZZLES && nozzles_tied(&core, &ghost));
    ASSUME(ghost.stepped == ghost.now && core.now_us == (uint32_t)ghost.now);
    in_step = true;
}

static bool same_machine(const bb_core *a, const bb_core *b)
{
    bool same = a->armed == b->armed && a->estop == b->estop && a->heartbeat_lost == b->heartbeat_lost;
    same = same && a->session_open == b->session_open && a->session == b->session && a->now_us == b->now_us;
    same = same && a->heartbeat_us == b->heartbeat_us && a->same_protocol == b->same_protocol;
    same = same && a->motor.active == b->motor.active && a->motor.target_mm_s == b->motor.target_mm_s;
    same = same && a->motor.velocity_um_s == b->motor.velocity_um_s && a->motor.set_us == b->motor.set_us;
    same = same && a->motor.valid_us == b->motor.valid_us && a->air.ok == b->air.ok;
    return same && a->air.leaking == b->air.leaking && a->pulses.last_id == b->pulses.last_id &&
           a->pulses.cursor == b->pulses.cursor;
}

static void judge_part(const bb_core *before)
{
    observe();
    ghosts *g = &ghost;
    g->rested[N] = g->rested[N] || (!g->open[N] && g->now - g->closed[N] >= g->config.min_gap_us);
    CLAIM(stale_reports == 0, "h: only finished pulses are reported");
    CLAIM(same_machine(before, &core), "invariant: work on a nozzle changes nothing else");
    claim_nozzles_tied(&core, g);
}

/* The valve's own step and its running train, after any stall and with any length of opening. */
void prove_valve(void)
{
    static bb_core before;
    any_state_in_step();
    ghosts *g = &ghost;
    ASSUME(core.pulses.lanes[N].running == 0 || core.pulses.lanes[N].running == BB_NO_SLOT);
    core.pulses.lanes[N].running = core.pulses.lanes[N].running == 0 ? 0 : BB_NO_SLOT;
    core.valves[N].on_us = any_u32(); /* corrupted in memory */
    for (unsigned i = 0; i < BB_POOL; i++)
        product_lemmas(core.pulses.slots[i].openings, core.pulses.slots[i].period_us);
    bool was_open = g->open[N];
    uint32_t on_us = core.valves[N].on_us;
    before = core;
    step_nozzle(&core, N);
    g->looked[N] = g->now;
    judge_part(&before);
    CLAIM(!g->open[N] || g->now - g->since[N] < g->config.max_on_us, "a: a step leaves no valve open beyond the cap");
    CLAIM(!g->open[N] || !was_open || g->now - g->since[N] < on_us, "a: a step leaves no valve open beyond its time");
    REACH(was_open && !g->open[N] && on_us > g->config.max_on_us, "the cap closes a valve");
    REACH(was_open && g->open[N], "a valve stays open");
    REACH(seen_third, "a train opens a third time");
    REACH(core.pulses.queued < before.pulses.queued && g->open[0], "a train ends while the other nozzle is open");
}

/* Any waiting pulse of the nozzle: it starts, waits, or is dropped. */
void prove_trigger(void)
{
    static bb_core before;
    any_state_in_step();
    bb_slot *slot = &core.pulses.slots[0];
    ASSUME(slot->state == BB_SLOT_QUEUED && slot->nozzle == N && ghost.looked[N] == ghost.now);
    slot->state = BB_SLOT_QUEUED;
    slot->nozzle = N;
    for (unsigned i = 0; i < BB_POOL; i++)
        product_lemmas(core.pulses.slots[i].openings, core.pulses.slots[i].period_us);
    before = core;
    bool followed = slot->id == ghost.id;
    try_start(&core, 0);
    ghost.judged = followed ? ghost.now : ghost.judged;
    judge_part(&before);
    REACH(seen_stall, "a train starts right after a long stall");
    REACH(seen_place, "a train starts at a place");
    REACH(core.pulses.unacked > before.pulses.unacked, "a pulse is dropped");
    REACH(core.pulses.unacked == before.pulses.unacked && !ghost.open[N], "a pulse waits");
}

static unsigned ran[NOZZLES], tried[BB_POOL];

static void visit_running(bb_core *c, unsigned nozzle, uint16_t index)
{
    CLAIM(index < BB_POOL && c->pulses.slots[index].state == BB_SLOT_RUNNING, "b: a train that runs");
    CLAIM(c->pulses.slots[index].nozzle == nozzle, "b: a train of this nozzle");
    ran[nozzle]++;
    if (any_bool())
        model_finish(&c->pulses, index, any_u8(), any_u8());
}

static void visit_queued(bb_core *c, unsigned nozzle, uint16_t index)
{
    CLAIM(index < BB_POOL && c->pulses.slots[index].state == BB_SLOT_QUEUED, "b: a pulse that waits");
    CLAIM(c->pulses.slots[index].nozzle == nozzle, "b: a pulse of this nozzle");
    tried[index]++;
    if (any_bool())
        model_finish(&c->pulses, index, any_u8(), any_u8());
    else if (c->pulses.lanes[nozzle].running == BB_NO_SLOT && any_bool())
        model_start(&c->pulses, index);
}

/* Whatever becomes of a pulse when it is visited, each is visited once. */
void prove_visits(void)
{
    bool waits[BB_POOL], runs[NOZZLES];
    any_state();
    ASSUME(config_tied(&core, &ghost) && lists_sound(&core));
    walking = true;
    for (unsigned i = 0; i < BB_POOL; i++)
        waits[i] = core.pulses.slots[i].state == BB_SLOT_QUEUED && core.pulses.slots[i].nozzle < core.config.nozzles;
    for (unsigned n = 0; n < NOZZLES; n++)
        runs[n] = core.pulses.lanes[n].running != BB_NO_SLOT && n < core.config.nozzles;
    real_fire_step(&core);
    for (unsigned i = 0; i < BB_POOL; i++)
        CLAIM(tried[i] == waits[i], "f: a step judges every waiting pulse once");
    for (unsigned n = 0; n < NOZZLES; n++)
        CLAIM(ran[n] == runs[n], "f: a step goes on with every train once");
    CLAIM(lists_sound(&core), "invariant: queues");
    REACH(waits[0] && waits[1] && waits[2] && core.pulses.queued == 0, "three waiting pulses end in one step");
    REACH(runs[0] && runs[1], "two trains");
}
