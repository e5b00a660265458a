/* Proof by induction over the whole core: from the start (base), and over any step or any message from any state
 * that the invariant allows. Configuration, clock, stall, sensors and message are arbitrary. */
#include "models.h"
#include "stubs.h"

#define bb_pulses_enqueue real_enqueue
#define bb_pulses_start real_start
#define bb_pulses_finish real_finish
#include "pulses.c"
#undef bb_pulses_enqueue
#undef bb_pulses_start
#undef bb_pulses_finish
#define bb_pulses_enqueue model_enqueue
#define bb_pulses_start model_start
#define bb_pulses_finish model_finish

#include "admit.c"
#include "valve.c"

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
        REACH(g->now > g->stepped + 40000000u, "a train starts right after a long stall");
    } else {
        bool forward = g->pulse.trigger == BB_TRIGGER_FORWARD;
        uint32_t mouth = core.inputs.encoder_ticks + (uint32_t)bb_speed_lead(NULL, core.config.lag_us[slot->nozzle]);
        uint32_t past = forward ? mouth - g->pulse.trigger_at : g->pulse.trigger_at - mouth;
        CLAIM(past <= g->config.pass_ticks, "f: no place is missed");
        CLAIM(forward ? core.speed.ticks_s >= 0 : core.speed.ticks_s <= 0, "f: nothing opens on the way back");
        REACH(past > 0, "a train starts at a place");
    }
    g->due_at = (g->openings == 0 ? g->now : g->due_at) + g->pulse.period_us;
    g->openings++;
    REACH(g->openings == 3, "a train opens a third time");
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
/* Does `act` for the slot that `wanted` names, as `at`; it is of the nozzle that is being stepped. */
#define AT_SLOT(wanted, act)                                                            \
    do {                                                                                \
        uint16_t named = (wanted);                                                      \
        CLAIM(named < BB_POOL, "h: a slot that exists");                                \
        for (uint16_t at = 0; at < BB_POOL; at++)                                       \
            if (at == named) {                                                          \
                CLAIM(core->pulses.slots[at].nozzle == nozzle, "b: a slot of this nozzle"); \
                core->pulses.slots[at].nozzle = (uint8_t)nozzle;                        \
                act;                                                                    \
            }                                                                           \
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
#include "fire.c"
#undef bb_fire_drop_all
#undef bb_valve_open

void bb_fire_drop_all(bb_core *c, uint8_t cause)
{
    (void)cause;
    model_drop_all(c);
}

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

static void any_state(void)
{
    bb_core c;
    ghosts g;
    core = c;
    ghost = g;
    for (unsigned n = 0; n < NOZZLES; n++) {
        lead[n] = any_i32();
        ghost.hooked[n] = false;
        ghost.open[n] = any_bool();
        ghost.rested[n] = any_bool();
    }
    ghost.session_open = any_bool();
    ghost.same_protocol = any_bool();
    ghost.armed = any_bool();
    ghost.estop = any_bool();
    ghost.lost = any_bool();
    ghost.air_ok = core.air.ok;
    ghost.pressed = any_bool();
    ghost.driving = any_bool();
    ghost.taken = any_bool();
    ASSUME(core.config.nozzles <= NOZZLES);
    if (NOZZLES > 1)
        ASSUME(core.config.lag_us[0] != core.config.lag_us[1] || lead[0] == lead[1]);
    ASSUME(tied(&core, &ghost));
    uint64_t now = any_u64();
    ASSUME(now >= ghost.now && now - ghost.stepped <= STALL_US && now < TIME_END);
    ghost.now = now;
}

/* The duties of the machine that do not hang on a message. */
static void judge_duties(void)
{
    ghosts *g = &ghost;
    bool dead = !ghost_fresh(g);
    for (unsigned n = 0; n < NOZZLES; n++) {
        CLAIM(!g->open[n] || g->now - g->since[n] < g->config.max_on_us, "a: no valve is open for longer than the cap");
        CLAIM(!(g->open[n] && dead), "d: without heartbeat every valve is closed");
        CLAIM(!(g->open[n] && g->estop), "c: in an e-stop every valve is closed");
    }
    CLAIM(!dead || core.motor.target_mm_s == 0, "d: without heartbeat the motor's target is zero");
    CLAIM(!g->estop || bb_core_motor(&core) == 0, "d: in an e-stop the motor is at zero");
    CLAIM(!g->driving || g->now - g->drive_set < g->drive_us || core.motor.target_mm_s == 0,
          "d: a drive command expires");
    int16_t motor = bb_core_motor(&core);
    int32_t fastest = (int32_t)g->config.max_velocity_mm_s;
    CLAIM(motor <= fastest && motor >= -fastest, "d: the motor stays within its limit");
}

void prove_base(void)
{
    bb_config config;
    bb_core c;
    ghosts g = {0};
    core = c;
    bb_core_init(&core, &config, any_u32(), any_u8());
    g.config = core.config;
    g.boot_id = core.boot_id;
    g.now = g.stepped = any_u64();
    g.rested[0] = g.rested[1] = true;
    g.id = any_u32();
    ASSUME(g.now < TIME_END);
    ghost = g;
    CLAIM(bb_core_valves(&core) == 0, "a: everything is closed at the start");
    CLAIM(bb_core_motor(&core) == 0 && core.motor.target_mm_s == 0, "d: the motor is at zero at the start");
    CLAIM(!bb_config_valid(&config) == core.config_bad, "e: a configuration beyond the hard limits is refused");
    CLAIM(core.deframer.size == 0 && core.outbox.held == 0, "h: the buffers are empty at the start");
    CLAIM(core.speed.next < BB_SPEED_SAMPLES && core.report_cursor < BB_POOL, "h: the cursors are inside");
    claim_tied(&core, &ghost);
    REACH(core.config_bad, "a bad configuration");
    REACH(!core.config_bad && config.nozzles == 1, "a good configuration");
}

void prove_step(void)
{
    bb_inputs inputs;
    any_state();
    ghosts *g = &ghost;
    inputs.button = any_bool();
    inputs.bumper = any_bool();
    int16_t before = bb_core_motor(&core);
    g->pressed = inputs.button || inputs.bumper;
    g->estop = g->estop || g->pressed;
    in_step = true;
    bool any_open = g->open[0] || g->open[1];
    for (unsigned n = 0; n < NOZZLES; n++) /* a duration that was corrupted in memory */
        core.valves[n].on_us = any_u32();
    bool trips = g->session_open && !g->lost && !ghost_fresh(g);
    g->lost = g->lost || trips;
    g->armed = g->armed && !trips;
    if (g->pressed)
        g->armed = false;
    bb_core_step(&core, &inputs, (uint32_t)g->now);
    in_step = false;
    g->armed = g->armed && !g->estop;
    g->stepped = g->now;
    if (trips || g->estop || (g->driving && g->now - g->drive_set >= g->drive_us)) {
        g->driving = false;
        g->target_mm_s = 0;
    }
    observe();
    for (unsigned n = 0; n < NOZZLES; n++)
        g->rested[n] = g->rested[n] || (!g->open[n] && g->now - g->closed[n] >= g->config.min_gap_us);
    judge_duties();
    int16_t after = bb_core_motor(&core);
    CLAIM(ghost_fresh(g) || (after <= (before > 0 ? before : 0) && after >= (before < 0 ? before : 0)),
          "d: without heartbeat the motor only slows down");
    CLAIM(stale_reports == 0, "h: only finished pulses are reported");
    claim_tied(&core, g);
    REACH(g->open[0] && g->open[1], "two valves open");
    REACH(any_open && !g->open[0] && !g->open[1], "a valve closes");
    REACH(any_open && g->lost && !g->estop, "the dead-man closes a valve");
    REACH(any_open && g->pressed, "the button closes a valve");
    REACH(g->armed && after > before, "the cart speeds up");
}
