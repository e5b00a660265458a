/* Proof by induction over the whole core: from the start (base), and over any step from any state that the invariant
 * allows. Configuration, clock, stall and sensors are arbitrary. Messages are in messages.c, what a step does for one
 * nozzle in nozzle.c. */
#include "witness.h"

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
    CLAIM(!g->estop || core.motor.velocity_um_s == 0, "d: in an e-stop the motor is at zero");
    CLAIM(!g->driving || g->now - g->drive_set < g->drive_us || core.motor.target_mm_s == 0,
          "d: a drive command expires");
    int32_t fastest_um_s = (int32_t)g->config.max_velocity_mm_s * 1000;
    CLAIM(core.motor.velocity_um_s <= fastest_um_s && core.motor.velocity_um_s >= -fastest_um_s,
          "d: the motor stays within its limit");
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
    g.looked[0] = g.looked[1] = g.judged = g.now;
    g.id = any_u32();
    ASSUME(g.now >= TIME_BEGIN && g.now < TIME_END);
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

/* What valve, trigger and visits prove of bb_fire_step: it finds the state that they assume, and leaves it so with
 * every nozzle seen to. */
void bb_fire_step(bb_core *c)
{
    ghosts *g = &ghost;
    bb_core any;
    g->armed = g->armed && !g->estop;
    observe(); /* what was dropped before */
    claim_nozzles_tied(c, g);
    for (unsigned i = 0; i < BB_POOL; i++)
        c->pulses.slots[i] = any.pulses.slots[i];
    for (unsigned n = 0; n < NOZZLES; n++) {
        c->pulses.lanes[n] = any.pulses.lanes[n];
        c->valves[n] = any.valves[n];
        g->looked[n] = g->now;
    }
    c->pulses.queued = any_u16();
    c->pulses.unacked = any_u16();
    c->openings = any_u32();
    any_ghost_pins(g);
    g->judged = g->now;
    g->due_at = any_u64();
    g->openings = any_u8();
    ASSUME(nozzles_tied(c, g));
}

/* One step, with any sensors after any stall. */
void prove_step(void)
{
    bb_inputs inputs;
    any_state_between();
    ghosts *g = &ghost;
    inputs.button = any_bool();
    inputs.bumper = any_bool();
    inputs.end_switch = any_bool();
    int32_t before = core.motor.velocity_um_s;
    bool any_open = g->open[0] || g->open[1];
    bool trips = g->session_open && !g->lost && !ghost_fresh(g);
    g->pressed = inputs.button || inputs.bumper;
    g->estop = g->estop || g->pressed;
    g->lost = g->lost || trips;
    g->armed = g->armed && !trips;
    g->stepped = g->now;
    if (trips || g->estop || (g->driving && g->now - g->drive_set >= g->drive_us)) {
        g->driving = false;
        g->target_mm_s = 0;
    }
    bb_core_step(&core, &inputs, (uint32_t)g->now);
    if (g->estop) { /* a leak, found on the way */
        g->driving = false;
        g->target_mm_s = 0;
    }
    judge_duties();
    int32_t after = core.motor.velocity_um_s;
    CLAIM(ghost_fresh(g) || (after <= (before > 0 ? before : 0) && after >= (before < 0 ? before : 0)),
          "d: without heartbeat the motor only slows down");
    CLAIM(stale_reports == 0, "h: only finished pulses are reported");
    claim_tied(&core, g);
    REACH(g->open[0] && g->open[1], "two valves open");
    REACH(any_open && !g->open[0] && !g->open[1], "a valve closes");
    REACH(any_open && trips && !g->estop, "the dead-man trips while a valve is open");
    REACH(any_open && g->pressed, "the button is pressed while a valve is open");
    REACH(any_open && g->estop && !g->pressed, "a leak stops the machine");
    REACH(g->armed && after > before, "the cart speeds up");
}
