/* The words of the core change nothing but the words: outbox, sequence number, and when something was last told. */
#include "ghost.h"
#include "report.h"

/* Any frame of any length that the encoder may give (prove_round_trip). */
size_t bb_frame_encode(uint8_t *out, const bb_frame *frame)
{
    size_t size = any_u8();
    CLAIM(frame->size <= BB_MAX_PAYLOAD, "h: no payload is longer than its room");
    out[BB_WIRE_MAX - 1u] = 0;
    ASSUME(size <= BB_WIRE_MAX);
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

static bool same_words_apart(const bb_core *before, bb_core *after)
{
    after->outbox = before->outbox;
    after->seq = before->seq;
    after->told_us = before->told_us;
    after->report_cursor = before->report_cursor;
    for (unsigned i = 0; i < BB_POOL; i++)
        after->pulses.slots[i].told_us = before->pulses.slots[i].told_us;
    bool same = true;
    for (size_t i = 0; i < sizeof *before; i++)
        same = same && ((const uint8_t *)before)[i] == ((const uint8_t *)after)[i];
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
