/* What ties the core's state to the ghosts between two transitions: assumed before, proved after each. */
#ifndef BB_INVARIANT_H
#define BB_INVARIANT_H

#include "ghost.h"

static bool is_bool(const bool *b)
{
    return *(const uint8_t *)b <= 1;
}

static bool config_tied(const bb_core *c, const ghosts *g)
{
    bool ok = bb_config_valid(&c->config);
    const uint32_t *a = &c->config.nozzles;
    const uint32_t *b = &g->config.nozzles;
    for (unsigned i = 0; i < offsetof(bb_config, lag_us) / 4u; i++)
        ok = ok && a[i] == b[i];
    return ok && is_bool(&c->config_bad);
}

static bool machine_tied(const bb_core *c, const ghosts *g)
{
    bool ok = is_bool(&c->session_open) && is_bool(&c->same_protocol) && is_bool(&c->armed);
    ok = ok && is_bool(&c->estop) && is_bool(&c->heartbeat_lost) && is_bool(&c->inputs.button);
    ok = ok && is_bool(&c->inputs.bumper) && is_bool(&c->inputs.end_switch);
    ok = ok && is_bool(&c->air.ok) && is_bool(&c->air.leaking);
    ok = ok && c->session_open == g->session_open && c->same_protocol == g->same_protocol;
    ok = ok && c->armed == g->armed && c->estop == g->estop && c->heartbeat_lost == g->lost;
    ok = ok && c->boot_id == g->boot_id && c->session == g->session;
    ok = ok && (c->inputs.button || c->inputs.bumper) == g->pressed;
    ok = ok && c->pulses.last_id == g->last_id;
    ok = ok && !(g->armed && (g->estop || g->lost || c->config_bad || !g->session_open || !g->same_protocol));
    ok = ok && (!g->pressed || g->estop);
    if (g->session_open)
        ok = ok && c->heartbeat_us == (uint32_t)g->beat && g->beat <= g->now;
    if (g->session_open && !g->lost)
        ok = ok && ghost_after(g->stepped, g->beat) < (int64_t)g->config.heartbeat_ms * 1000;
    return ok;
}

static bool motor_tied(const bb_core *c, const ghosts *g)
{
    const bb_motor *m = &c->motor;
    int32_t fastest = (int32_t)g->config.max_velocity_mm_s;
    bool ok = is_bool(&m->active) && m->active == g->driving && m->target_mm_s == g->target_mm_s;
    ok = ok && g->target_mm_s <= fastest && g->target_mm_s >= -fastest;
    ok = ok && m->velocity_um_s <= fastest * 1000 && m->velocity_um_s >= -fastest * 1000;
    ok = ok && (g->driving || g->target_mm_s == 0) && !(g->estop && (g->driving || m->velocity_um_s != 0));
    ok = ok && (g->armed || g->target_mm_s == 0);
    if (g->driving) {
        ok = ok && m->set_us == (uint32_t)g->drive_set && m->valid_us == (uint32_t)g->drive_us;
        ok = ok && g->drive_us <= g->config.max_drive_ms * 1000ull && g->drive_set <= g->now;
        ok = ok && (g->stepped <= g->drive_set || g->stepped - g->drive_set < g->drive_us);
    }
    return ok;
}

static bool valve_tied(const bb_core *c, const ghosts *g, unsigned n)
{
    const bb_valve *v = &c->valves[n];
    bool ok = is_bool(&v->open) && is_bool(&v->resting) && v->open == g->open[n];
    if (n >= g->config.nozzles)
        return ok && !v->open;
    if (g->open[n]) {
        ok = ok && g->since[n] <= g->looked[n] && g->looked[n] - g->since[n] < g->config.max_on_us;
        ok = ok && v->opened_us == (uint32_t)g->since[n] && c->pulses.lanes[n].running != BB_NO_SLOT;
        return ok && g->armed;
    }
    ok = ok && (v->resting || g->rested[n]);
    if (v->resting) {
        ok = ok && g->closed[n] <= g->now && v->closed_us == (uint32_t)g->closed[n] && !g->rested[n];
        ok = ok && ghost_after(g->looked[n], g->closed[n]) < (int64_t)g->config.min_gap_us;
    }
    return ok;
}

static bool slot_sound(const bb_core *c, const ghosts *g, unsigned i)
{
    const bb_slot *s = &c->pulses.slots[i];
    bool live = s->state == BB_SLOT_QUEUED || s->state == BB_SLOT_RUNNING;
    bool ok = s->state <= BB_SLOT_KEPT && (s->state == BB_SLOT_FREE || s->id <= g->last_id);
    for (unsigned k = 0; k < i; k++) {
        const bb_slot *other = &c->pulses.slots[k];
        ok = ok && (s->state == BB_SLOT_FREE || other->state == BB_SLOT_FREE || s->id != other->id);
    }
    if (!live)
        return ok;
    ok = ok && g->armed && s->nozzle < g->config.nozzles && s->trigger <= BB_TRIGGER_BACKWARD;
    ok = ok && s->on_us > 0 && s->on_us <= g->config.max_on_us;
    ok = ok && s->wanted > 0 && s->wanted <= g->config.max_count;
    ok = ok && (s->wanted == 1 || s->period_us <= g->config.max_train_us);
    if (s->state == BB_SLOT_QUEUED)
        return ok && s->openings == 0;
    return ok && s->openings > 0 && s->openings <= s->wanted && s->nozzle < NOZZLES &&
           c->pulses.lanes[s->nozzle].running == i;
}

/* The lists: every queued slot is on its nozzle's list once, and all counts are right. */
static bool lists_sound(const bb_core *c)
{
    const bb_pulses *p = &c->pulses;
    bool ok = p->cursor < BB_POOL;
    unsigned listed = 0, queued = 0, live = 0, unacked = 0;
    for (unsigned n = 0; n < NOZZLES; n++) {
        unsigned held = 0;
        uint16_t at = p->lanes[n].first;
        for (unsigned k = 0; k < BB_POOL && ok && at != BB_NO_SLOT; k++) {
            ok = at < BB_POOL && p->slots[at].state == BB_SLOT_QUEUED && p->slots[at].nozzle == n;
            at = ok ? p->slots[at].next : at;
            held++;
        }
        ok = ok && at == BB_NO_SLOT;
        listed += held;
        uint16_t running = p->lanes[n].running;
        if (running != BB_NO_SLOT) {
            ok = ok && running < BB_POOL && p->slots[running].state == BB_SLOT_RUNNING &&
                 p->slots[running].nozzle == n;
            held++;
        }
        ok = ok && p->lanes[n].held == held;
    }
    for (unsigned i = 0; i < BB_POOL; i++) {
        uint8_t state = p->slots[i].state;
        queued += state == BB_SLOT_QUEUED;
        live += state == BB_SLOT_QUEUED || state == BB_SLOT_RUNNING;
        unacked += state == BB_SLOT_UNACKED;
    }
    return ok && listed == queued && p->queued == live && p->unacked == unacked;
}

/* The slot of the followed pulse says what the frame said, and how far it is. */
static bool followed_tied(const bb_core *c, const ghosts *g, unsigned i)
{
    const bb_slot *s = &c->pulses.slots[i];
    const bb_config *config = &g->config;
    if (s->id != g->id || (s->state != BB_SLOT_QUEUED && s->state != BB_SLOT_RUNNING))
        return true;
    bool ok = g->taken && s->nozzle == g->pulse.nozzle && s->trigger == g->pulse.trigger;
    ok = ok && s->trigger_at == g->pulse.trigger_at && s->on_us == g->pulse.on_us;
    ok = ok && s->period_us == g->pulse.period_us && s->wanted == g->pulse.openings;
    ok = ok && s->openings == g->openings && g->taken_at <= g->now;
    uint64_t looked = g->looked[s->nozzle & 1u];
    if (s->state == BB_SLOT_QUEUED) {
        if (s->trigger == BB_TRIGGER_AT_TIME)
            ok = ok && (uint32_t)g->due_at == s->trigger_at && g->due_at < 2u * TIME_END &&
                 ghost_after(g->due_at, g->taken_at) <= (int64_t)MILLI(config->max_wait_ms) &&
                 ghost_after(g->judged, g->due_at) <= (int64_t)config->late_us;
        return ok;
    }
    uint64_t last = g->since[s->nozzle & 1u];
    uint64_t last_due = g->due_at - s->period_us;
    ok = ok && (uint32_t)g->due_at == s->opened_us + PRODUCT(s->openings, s->period_us);
    ok = ok && g->due_at >= s->period_us && g->due_at < 2u * TIME_END && last_due <= last && last <= looked;
    ok = ok && last - last_due <= config->late_us;
    if (!g->open[s->nozzle & 1u])
        ok = ok && ghost_after(looked, g->due_at) <= (int64_t)config->late_us;
    return ok && (g->openings < s->wanted || g->open[s->nozzle & 1u]);
}

static bool pins_tied(const bb_core *c, const ghosts *g)
{
    bool ok = true;
    unsigned open = 0;
    for (unsigned n = 0; n < NOZZLES; n++) {
        ok = ok && valve_tied(c, g, n);
        open += g->open[n];
    }
    return ok && open <= g->config.max_open;
}

static bool slots_sound(const bb_core *c, const ghosts *g)
{
    bool ok = !g->taken || g->id <= g->last_id;
    for (unsigned i = 0; i < BB_POOL; i++)
        ok = ok && slot_sound(c, g, i);
    return ok;
}

static bool pulse_tied(const bb_core *c, const ghosts *g)
{
    bool ok = true;
    for (unsigned i = 0; i < BB_POOL; i++)
        ok = ok && followed_tied(c, g, i);
    return ok;
}

static bool times_tied(const ghosts *g)
{
    bool ok = g->now >= TIME_BEGIN && g->now < TIME_END && g->stepped <= g->now && g->judged <= g->now;
    ok = ok && g->now - g->stepped <= STALL_US && g->now - g->judged <= STALL_US;
    for (unsigned n = 0; n < NOZZLES; n++)
        ok = ok && g->looked[n] <= g->now && g->now - g->looked[n] <= STALL_US;
    return ok;
}

/* Between two transitions nothing of the last step is left to do. */
static bool step_done(const ghosts *g)
{
    bool ok = g->judged >= g->stepped;
    for (unsigned n = 0; n < NOZZLES; n++)
        ok = ok && g->looked[n] == g->stepped;
    return ok;
}

/* All that a step's own work on the nozzles relies on and leaves behind. */
static bool nozzles_tied(const bb_core *c, const ghosts *g)
{
    return config_tied(c, g) && machine_tied(c, g) && lists_sound(c) && pins_tied(c, g) && slots_sound(c, g) &&
           pulse_tied(c, g) && times_tied(g);
}

static bool tied(const bb_core *c, const ghosts *g)
{
    return nozzles_tied(c, g) && motor_tied(c, g) && step_done(g);
}

static void claim_nozzles_tied(const bb_core *c, const ghosts *g)
{
    CLAIM(config_tied(c, g), "invariant: the configuration stays");
    CLAIM(machine_tied(c, g), "invariant: sessions, arming, heartbeat, e-stop");
    CLAIM(lists_sound(c), "invariant: queues");
    CLAIM(pins_tied(c, g), "invariant: valves");
    CLAIM(slots_sound(c, g), "invariant: pulses");
    CLAIM(pulse_tied(c, g), "invariant: the followed pulse");
    CLAIM(times_tied(g), "invariant: time");
}

static void claim_tied(const bb_core *c, const ghosts *g)
{
    claim_nozzles_tied(c, g);
    CLAIM(motor_tied(c, g), "invariant: motor");
    CLAIM(step_done(g), "invariant: a step sees to every nozzle");
}

#endif
