/* The core under proof: real code of fire.c, admit.c, valve.c and core.c, with a witness at every opening. The parts
 * with proofs of their own are stubs (stubs.h) or models (models.h). */
#ifndef BB_WITNESS_H
#define BB_WITNESS_H

#include "models.h"
#include "stubs.h"

#define bb_pulses_allocate real_allocate
#define bb_pulses_enqueue real_enqueue
#define bb_pulses_start real_start
#define bb_pulses_finish real_finish
#include "pulses.c"
#undef bb_pulses_allocate
#undef bb_pulses_enqueue
#undef bb_pulses_start
#undef bb_pulses_finish
#define bb_pulses_allocate model_allocate
#define bb_pulses_enqueue model_enqueue
#define bb_pulses_start model_start
#define bb_pulses_finish model_finish

#include "admit.c"
#include "valve.c"

static bool seen_third, seen_place, seen_stall;

static bool real_open(bb_valve *valve, const bb_config *config, uint32_t now_us, uint32_t on_us)
{
    return bb_valve_open(valve, config, now_us, on_us);
}

static void witness_followed(const bb_slot *slot, uint32_t on_us)
{
    ghosts *g = &ghost;
    CLAIM(g->taken, "b: only a pulse that was taken opens");
    CLAIM(g->openings < g->pulse.openings, "b: an id opens no more often than it asked");
    CLAIM(slot->nozzle == g->pulse.nozzle, "b: an id opens its own nozzle");
    CLAIM(on_us == g->pulse.on_us, "e: an opening lasts as asked, not clamped");
    if (g->openings > 0) {
        CLAIM(g->now >= g->due_at && g->now - g->due_at <= g->config.late_us, "f: no opening of a train is late");
    } else if (g->pulse.trigger == BB_TRIGGER_AT_TIME) {
        CLAIM(g->now >= g->due_at && g->now - g->due_at <= g->config.late_us, "f: no time is missed");
        seen_stall = seen_stall || g->now - g->judged > 40000000u;
    } else {
        bool forward = g->pulse.trigger == BB_TRIGGER_FORWARD;
        uint32_t mouth = core.inputs.encoder_ticks + (uint32_t)bb_speed_lead(NULL, core.config.lag_us[slot->nozzle]);
        uint32_t past = forward ? mouth - g->pulse.trigger_at : g->pulse.trigger_at - mouth;
        CLAIM(past <= g->config.pass_ticks, "f: no place is missed");
        CLAIM(forward ? core.speed.ticks_s >= 0 : core.speed.ticks_s <= 0, "f: nothing opens on the way back");
        seen_place = seen_place || past > 0;
    }
    g->due_at = (g->openings == 0 ? g->now : g->due_at) + g->pulse.period_us;
    g->openings++;
    seen_third = seen_third || g->openings == 3;
}

static bool witness(const bb_slot *slot, bb_valve *valve, const bb_config *config, uint32_t now_us, uint32_t on_us)
{
    ghosts *g = &ghost;
    if (!real_open(valve, config, now_us, on_us))
        return false;
    unsigned n = slot->nozzle & 1u;
    CLAIM(slot->nozzle < g->config.nozzles && valve == &core.valves[slot->nozzle], "c: a nozzle that exists");
    CLAIM(in_step, "c: only a step opens");
    CLAIM(g->armed, "c: nothing opens unless armed");
    CLAIM(!g->estop, "c: nothing opens in an e-stop");
    CLAIM(ghost_fresh(g), "c: nothing opens without a fresh heartbeat");
    CLAIM(g->air_ok, "c: nothing opens without good air");
    CLAIM(now_us == (uint32_t)g->now, "a: an opening is stamped with its time");
    CLAIM(g->rested[n] || g->now - g->closed[n] >= g->config.min_gap_us, "a: a valve rests between openings");
    CLAIM(!g->hooked[n], "a: a valve opens once in a step");
    CLAIM(on_us > 0 && on_us <= g->config.max_on_us, "e: no opening is asked beyond the cap");
    g->hooked[n] = true;
    if (slot->id == g->id)
        witness_followed(slot, on_us);
    return true;
}

#define bb_valve_open(valve, config, now_us, on_us) witness(slot, valve, config, now_us, on_us)
/* Does `act` for the slot that `wanted` names, as `at`; it is of the nozzle `n`. No access is through an unknown
 * index, which a model checker is slow with. */
#define AT_SLOT(n, wanted, act)                                                                \
    do {                                                                                       \
        uint16_t named = (wanted);                                                             \
        CLAIM(named < BB_POOL, "h: a slot that exists");                                       \
        for (uint16_t at = 0; at < BB_POOL; at++)                                              \
            if (at == named) {                                                                 \
                CLAIM(core->pulses.slots[at].nozzle == (n), "b: a slot of this nozzle");       \
                core->pulses.slots[at].nozzle = (uint8_t)(n);                                  \
                act;                                                                           \
            }                                                                                  \
    } while (0)

/* A step's walk over the nozzles and their queues is one proof (visits), what it does at each place are two more
 * (valve, trigger): true of one queued pulse in any state is true of a queue of any length. */
static bool walking;
static void visit_running(bb_core *c, unsigned nozzle, uint16_t index);
static void visit_queued(bb_core *c, unsigned nozzle, uint16_t index);
#define CONTINUE(core, n, index)                                  \
    do {                                                          \
        if (walking)                                              \
            visit_running(core, n, index);                        \
        else                                                      \
            AT_SLOT(n, index, continue_train(core, at));          \
    } while (0)
#define VISIT(core, n, index)               \
    do {                                    \
        if (walking)                        \
            visit_queued(core, n, index);   \
    } while (0)

/* Booked times are only told, never acted upon; prove_drop shows that booking changes nothing else. */
static void book_anything(bb_core *c, unsigned nozzle)
{
    for (unsigned i = 0; i < BB_POOL; i++)
        if (c->pulses.lanes[nozzle].running == i) {
            c->pulses.slots[i].closed_us = any_u32();
            c->pulses.slots[i].on_time_us = any_u32();
        }
}

#define bb_fire_drop_all real_drop_all
#define bb_fire_step real_fire_step
#include "fire.c"
#undef bb_fire_drop_all
#undef bb_fire_step
#undef bb_valve_open

void bb_fire_drop_all(bb_core *c, uint8_t cause)
{
    (void)cause;
    model_drop_all(c);
}

#ifdef NO_PULSE /* a smaller question, for all other messages */
#define bb_fire_request(core, pulse, receipt) ((void)(core), (void)(pulse), *(receipt) = (bb_pulse_receipt){0})
#endif
#include "core.c"

/* Pins against ghosts: every edge is explained, times are noted. */
static void observe(void)
{
    ghosts *g = &ghost;
    uint64_t pins = bb_core_valves(&core);
    CLAIM(pins >> NOZZLES == 0 && (g->config.nozzles == 2 || pins < 2), "c: no pin beyond the nozzles");
    for (unsigned n = 0; n < NOZZLES; n++) {
        bool open = (pins >> n & 1u) != 0;
        CLAIM(!g->hooked[n] || open, "a: what opened in a step is open after it");
        CLAIM(!open || g->open[n] || g->hooked[n], "c: no valve opens but for a pulse");
        CLAIM(!(g->open[n] && g->hooked[n]), "a: a valve does not reopen in the step that closes it");
        if (g->open[n] && !open) {
            g->closed[n] = g->now;
            g->rested[n] = false;
        }
        g->since[n] = g->hooked[n] ? g->now : g->since[n];
        g->open[n] = open;
        g->hooked[n] = false;
    }
}

static void any_ghost_pins(ghosts *g)
{
    ghosts any;
    for (unsigned n = 0; n < NOZZLES; n++) {
        g->hooked[n] = false;
        g->open[n] = any_bool();
        g->rested[n] = any_bool();
        g->since[n] = any.since[n];
        g->closed[n] = any.closed[n];
    }
}

/* Any state of core and ghosts; what may be assumed of it is the proof's to say. */
static void any_state(void)
{
    bb_core c;
    ghosts g;
    core = c;
    ghost = g;
    any_ghost_pins(&ghost);
    for (unsigned n = 0; n < NOZZLES; n++)
        lead[n] = any_i32();
    ghost.session_open = any_bool();
    ghost.same_protocol = any_bool();
    ghost.armed = any_bool();
    ghost.estop = any_bool();
    ghost.lost = any_bool();
    ghost.air_ok = core.air.ok;
    ghost.pressed = any_bool();
    ghost.driving = any_bool();
    ghost.taken = any_bool();
    ASSUME(core.config.nozzles <= NOZZLES && MILLI(core.config.max_wait_ms) <= LONGEST_WAIT_US);
    ASSUME(core.config.lag_us[0] != core.config.lag_us[1] || lead[0] == lead[1]);
}

/* Any state between two transitions, and any time at which the next one comes. */
static void any_state_between(void)
{
    any_state();
    ASSUME(tied(&core, &ghost));
    uint64_t now = any_u64();
    ASSUME(now >= ghost.now && now - ghost.stepped <= STALL_US && now < TIME_END);
    ghost.now = now;
}

#endif
