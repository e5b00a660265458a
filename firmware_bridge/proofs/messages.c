/* The other half of the induction: any message, of any session, with any content. One type to a proof (MESSAGE), and
 * one for all that may do nothing (foreign): of another session, of a wrong size, of no known type. */
#include "induction.c"

#ifndef MESSAGE
#define MESSAGE 0u /* none: to ask for the foreign ones */
#endif

static bool acted;

/* Payload size of a command, -1 for what is none; written down a second time on purpose. */
static int payload_of(uint8_t type)
{
    switch (type) {
    case BB_MSG_HELLO: return 8;
    case BB_MSG_PULSE: return 19;
    case BB_MSG_PULSE_ACK:
    case BB_MSG_PULSE_QUERY:
    case BB_MSG_DRIVE: return 4;
    case BB_MSG_SET_LAG: return 5;
    case BB_MSG_HEARTBEAT:
    case BB_MSG_PING:
    case BB_MSG_ESTOP:
    case BB_MSG_CLEAR:
    case BB_MSG_ARM:
    case BB_MSG_DISARM:
    case BB_MSG_LIMITS_QUERY: return 0;
    default: return -1;
    }
}

static void expect_closed(void)
{
    CLAIM(bb_core_valves(&core) == 0, "c: what takes the right to fire closes every valve");
    CLAIM(core.pulses.queued == 0, "c: what takes the right to fire drops the queue");
    ghost.armed = false;
    ghost.driving = false;
    ghost.target_mm_s = 0;
    acted = true;
}

static void expect_hello(void)
{
    ghosts *g = &ghost;
    uint32_t session = bb_get(frame_in.payload, 4) ^ g->boot_id;
    CLAIM(welcomed == (session != 0), "c: a session is opened unless it is zero");
    if (session == 0 || (g->session_open && session == g->session))
        return;
    g->session_open = true;
    g->session = session;
    g->same_protocol = bb_get(frame_in.payload + 4, 4) == BB_PROTOCOL_HASH;
    g->lost = false;
    g->beat = g->now;
    expect_closed();
}

/* Over any limit of the train. Nothing wraps: a count is at most 100, a period that is multiplied at most 5 s. */
static bool beyond_caps(const bb_pulse *p)
{
    const bb_config *c = &ghost.config;
    if (p->on_us == 0 || p->on_us > c->max_on_us || p->openings == 0 || p->openings > c->max_count)
        return true;
    if (p->openings == 1)
        return p->on_us > c->max_train_us;
    if (p->period_us < c->min_period_us || p->period_us > c->max_train_us)
        return true;
    uint32_t train = PRODUCT(p->openings - 1u, p->period_us) + p->on_us;
    return (uint64_t)p->on_us + c->min_gap_us > p->period_us || train > c->max_train_us;
}

static void expect_pulse(uint64_t heat_us)
{
    ghosts *g = &ghost;
    bb_pulse p;
    bb_pulse_read(&p, frame_in.payload);
    CLAIM(receipted, "b: a pulse is answered");
    bool taken = receipt_result == BB_RESULT_OK;
    CLAIM(!taken || p.pulse_id > g->last_id, "b: taken ids strictly rise");
    CLAIM(!taken || (g->armed && !g->estop && !core.config_bad), "c: pulses are taken only when armed");
    CLAIM(!taken || g->air_ok, "c: pulses are taken only with good air");
    CLAIM(!taken || p.nozzle < g->config.nozzles, "e: a nozzle that does not exist is refused");
    CLAIM(!taken || !beyond_caps(&p), "e: a train over a cap is refused");
    CLAIM(!taken || heat_us + PRODUCT(p.openings, p.on_us) <= g->config.duty_budget_us,
          "e: a train over the duty budget is refused");
    CLAIM(!taken || p.trigger <= BB_TRIGGER_BACKWARD, "e: an unknown trigger is refused");
    int32_t late = bb_difference((uint32_t)g->now, p.trigger_at);
    if (taken && p.trigger == BB_TRIGGER_AT_TIME)
        CLAIM(late <= (int32_t)g->config.late_us && late >= -(int32_t)MILLI(g->config.max_wait_ms),
              "f: a time that is missed or too far ahead is refused");
    bool fresh = p.pulse_id > g->last_id;
    g->last_id = fresh ? p.pulse_id : g->last_id;
    if (!taken || p.pulse_id != g->id)
        return;
    CLAIM(!g->taken, "b: an id is taken once");
    g->taken = true;
    g->pulse = p;
    g->openings = 0;
    g->taken_at = g->judged = g->now;
    g->due_at = (uint64_t)((int64_t)g->now - late);
    acted = true;
}

static void expect_drive(void)
{
    ghosts *g = &ghost;
    bb_drive d;
    bb_drive_read(&d, frame_in.payload);
    CLAIM(answered, "e: a drive command is answered");
    if (answer != BB_RESULT_OK)
        return;
    CLAIM(!g->estop && (g->armed || d.velocity_mm_s == 0), "c: no motion unless armed");
    CLAIM(d.velocity_mm_s <= (int32_t)g->config.max_velocity_mm_s &&
              d.velocity_mm_s >= -(int32_t)g->config.max_velocity_mm_s,
          "e: a velocity over the cap is refused");
    CLAIM(d.valid_ms <= g->config.max_drive_ms, "e: a validity over the cap is refused");
    CLAIM(core.motor.target_mm_s == d.velocity_mm_s, "e: a velocity is taken as asked, not clamped");
    g->driving = true;
    g->target_mm_s = d.velocity_mm_s;
    g->drive_set = g->now;
    g->drive_us = d.valid_ms * 1000ull;
    acted = d.velocity_mm_s < 0;
}

static void expect_arm(void)
{
    ghosts *g = &ghost;
    if (answer == BB_RESULT_OK)
        CLAIM(!g->estop && !g->lost && g->same_protocol && !core.config_bad, "c: arming needs a sound machine");
    g->armed = g->armed || answer == BB_RESULT_OK;
    acted = answer == BB_RESULT_OK;
}

static void expect_clear(int16_t motor)
{
    ghosts *g = &ghost;
    if (answer != BB_RESULT_OK)
        return;
    CLAIM(!g->pressed, "g: clear needs the button and the bumper released");
    CLAIM(!g->open[0] && !g->open[1] && motor == 0, "g: clear needs everything closed and at rest");
    acted = g->estop;
    g->estop = false;
}

/* Whether the message may do anything at all; if not, the machine must be as it was. */
static bool may_act(void)
{
    bool sized = payload_of(frame_in.type) == (int)frame_in.size;
    bool ours = ghost.session_open && frame_in.session == ghost.session;
    return sized && (ours || frame_in.type == BB_MSG_HELLO || frame_in.type == BB_MSG_ESTOP);
}

static void expect(uint64_t heat_us, int16_t motor)
{
    switch (frame_in.type) {
    case BB_MSG_HELLO: expect_hello(); break;
    case BB_MSG_HEARTBEAT:
        ghost.beat = ghost.now;
        ghost.lost = false;
        acted = true;
        break;
    case BB_MSG_PULSE: expect_pulse(heat_us); break;
    case BB_MSG_DRIVE: expect_drive(); break;
    case BB_MSG_ESTOP:
        ghost.estop = true;
        expect_closed();
        CLAIM(bb_core_motor(&core) == 0, "d: an e-stop stops the motor at once");
        break;
    case BB_MSG_DISARM: expect_closed(); break;
    case BB_MSG_ARM: expect_arm(); break;
    case BB_MSG_CLEAR: expect_clear(motor); break;
    default: acted = true; break; /* questions, and what is told about: nothing that moves */
    }
}

static void receive(void)
{
    uint8_t byte = 0;
    bb_core_receive(&core, &byte, 1, (uint32_t)ghost.now);
}

/* Any state and any frame. */
static void any_message(void)
{
    bb_frame f;
    any_state_between();
    frame_in = f;
    ASSUME(frame_in.size <= BB_MAX_PAYLOAD);
}

/* Whatever a message of type MESSAGE says, of our session or (HELLO, ESTOP) of any. */
static void judge_message(void)
{
    frame_in.type = MESSAGE;
    frame_in.size = (uint8_t)payload_of(MESSAGE);
    ASSUME(may_act());
    uint64_t heat_us = core.valves[frame_in.payload[4] & 1u].heat_us;
    int16_t motor = bb_core_motor(&core);
    receive();
    expect(heat_us, motor);
    observe();
    claim_tied(&core, &ghost);
}

void prove_message(void)
{
    any_message();
    judge_message();
    REACH(acted, "the message does what it is for");
}

/* A pulse whose id is not fresh. */
void prove_again(void)
{
    any_message();
    ASSUME(bb_get(frame_in.payload, 4) <= ghost.last_id);
    judge_message();
    REACH(receipt_result == BB_RESULT_DUP, "a pulse sent again");
    REACH(receipt_result == BB_RESULT_STALE, "an id that was passed");
}

/* A fresh one for nozzle 1 of 2, to be kept in slot FOUND of 2: to the code one number is like another. */
#ifndef FOUND
#define FOUND 0
#endif
void prove_fresh(void)
{
    any_message();
    ASSUME(bb_get(frame_in.payload, 4) > ghost.last_id && core.config.nozzles == 2);
    frame_in.payload[4] = 1;
#ifdef TRIGGER
    frame_in.payload[5] = TRIGGER;
#endif
    found_slot = FOUND;
    ghost.config = core.config; /* as the invariant has it: said once more, so that both have the very same values */
    judge_message();
    REACH(acted || FOUND == BB_NO_SLOT, "a pulse is taken");
    REACH(receipt_result == BB_RESULT_OVER_CAP, "a refusal over a cap");
}

/* A fresh one for a nozzle that does not exist. */
void prove_nowhere(void)
{
    any_message();
    ASSUME(bb_get(frame_in.payload, 4) > ghost.last_id && frame_in.payload[4] >= ghost.config.nozzles);
    judge_message();
    REACH(receipt_result == BB_RESULT_NO_NOZZLE, "a nozzle that does not exist");
}

/* A message that may do nothing does nothing, whatever else it says. */
void prove_foreign(void)
{
    any_message();
    ASSUME(!may_act());
    receive();
    CLAIM(!receipted && !welcomed && !(answered && answer == BB_RESULT_OK), "c: a foreign message does nothing");
    observe();
    claim_tied(&core, &ghost);
    REACH(answered && answer == BB_RESULT_BAD_SESSION, "a message of another session");
    REACH(answered && answer == BB_RESULT_BAD_REQUEST, "a message of a wrong size");
    REACH(frame_in.type > 0x80u, "our own words");
}
