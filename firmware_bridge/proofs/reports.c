/* The words of the core change nothing but the words: outbox, sequence number, and when something was last told. */
#include "ghost.h"
#include "report.h"

#define LONGEST 4u /* a frame's bytes here; the code is the same for any length */

/* Any frame of any length up to that. */
size_t bb_frame_encode(uint8_t *out, const bb_frame *frame)
{
    size_t size = any_u8();
    CLAIM(frame->size <= BB_MAX_PAYLOAD, "h: no payload is longer than its room");
    out[LONGEST - 1u] = 0;
    ASSUME(size <= LONGEST);
    return size;
}

void bb_fire_describe(const bb_core *core, uint32_t id, bb_pulse_done *done)
{
    bb_pulse_done any;
    (void)core;
    (void)id;
    *done = any;
}

uint64_t bb_core_valves(const bb_core *core)
{
    (void)core;
    return any_u64();
}

int16_t bb_core_motor(const bb_core *core)
{
    (void)core;
    return any_i16();
}

bool bb_core_compressor(const bb_core *core)
{
    (void)core;
    return any_bool();
}

#include "report.c"

static void any_core(bb_core *core)
{
    bb_core any;
    *core = any;
    ASSUME(bb_config_valid(&core->config));
    ASSUME(core->outbox.head < BB_OUTBOX_SIZE && core->outbox.held <= BB_OUTBOX_SIZE);
    ASSUME(core->report_cursor < BB_POOL && core->pulses.unacked <= BB_POOL);
    ASSUME(core->speed.ticks_s <= 10000000 && core->speed.ticks_s >= -10000000);
}

static bool same_slot(const bb_slot *a, const bb_slot *b)
{
    bool same = a->state == b->state && a->id == b->id && a->nozzle == b->nozzle && a->trigger == b->trigger;
    same = same && a->wanted == b->wanted && a->openings == b->openings && a->trigger_at == b->trigger_at;
    same = same && a->on_us == b->on_us && a->period_us == b->period_us && a->opened_us == b->opened_us;
    same = same && a->outcome == b->outcome && a->cause == b->cause && a->first_result == b->first_result;
    return same && a->queued_us == b->queued_us && a->next == b->next && a->closed_us == b->closed_us;
}

/* All that the induction speaks of. */
static bool same_words_apart(const bb_core *a, const bb_core *b)
{
    bool same = a->armed == b->armed && a->estop == b->estop && a->heartbeat_lost == b->heartbeat_lost;
    same = same && a->session_open == b->session_open && a->session == b->session && a->now_us == b->now_us;
    same = same && a->heartbeat_us == b->heartbeat_us && a->same_protocol == b->same_protocol;
    same = same && a->motor.active == b->motor.active && a->motor.target_mm_s == b->motor.target_mm_s;
    same = same && a->motor.velocity_um_s == b->motor.velocity_um_s && a->air.ok == b->air.ok;
    same = same && a->air.leaking == b->air.leaking && a->pulses.last_id == b->pulses.last_id;
    same = same && a->pulses.cursor == b->pulses.cursor && a->pulses.queued == b->pulses.queued;
    same = same && a->pulses.unacked == b->pulses.unacked && a->config_bad == b->config_bad;
    for (unsigned n = 0; n < NOZZLES; n++) {
        same = same && a->valves[n].open == b->valves[n].open && a->valves[n].on_us == b->valves[n].on_us;
        same = same && a->valves[n].resting == b->valves[n].resting && a->valves[n].heat_us == b->valves[n].heat_us;
        same = same && a->pulses.lanes[n].first == b->pulses.lanes[n].first;
        same = same && a->pulses.lanes[n].running == b->pulses.lanes[n].running;
    }
    for (unsigned i = 0; i < BB_POOL; i++)
        same = same && same_slot(&a->pulses.slots[i], &b->pulses.slots[i]);
    return same;
}

void prove_report(void)
{
    static bb_core core, before;
    uint8_t payload[BB_MAX_PAYLOAD];
    uint16_t index = any_u16();
    any_core(&core);
    before = core;
    switch (any_u8()) {
    case 0: bb_report_ack(&core, any_u16(), any_u8(), any_u8(), any_u8()); break;
    case 1: bb_report_welcome(&core, any_u16(), any_u32()); break;
    case 2: bb_report_limits(&core, any_u16()); break;
    case 3: bb_report_pulse(&core, any_u16(), any_u32()); break;
    case 4: bb_report_send(&core, any_u8(), any_u16(), payload, BB_PULSE_RECEIPT_SIZE); break;
    case 5:
        ASSUME(index < BB_POOL);
        bb_report_done(&core, index);
        break;
    default: bb_report_step(&core); break;
    }
    CLAIM(core.outbox.head < BB_OUTBOX_SIZE && core.outbox.held <= BB_OUTBOX_SIZE, "h: the outbox never overflows");
    CLAIM(core.outbox.head == before.outbox.head && core.outbox.held >= before.outbox.held, "h: no word is lost");
    CLAIM(core.report_cursor < BB_POOL, "h: the cursor stays inside");
    REACH(core.outbox.held == BB_OUTBOX_SIZE, "a full outbox");
    REACH(core.told_us != before.told_us, "telemetry");
    CLAIM(same_words_apart(&before, &core), "h: words change nothing but words");
}
