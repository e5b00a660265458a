/* Frames: no byte sequence leads outside a buffer, what is encoded is decoded again, zero only ends a frame. The CRC is
 * any value. */
#include "ghost.h"

static uint32_t crc_value;

static uint32_t any_crc(const uint8_t *bytes, size_t size)
{
    CLAIM(size >= BB_HEADER_SIZE && size <= BB_RAW_MAX - 4u, "h: the CRC is taken over a header at least");
    CLAIM(__CPROVER_r_ok(bytes, size + 4u), "h: the CRC and its place lie inside the buffer");
    return crc_value;
}

#include "frame.c" /* a copy in which the calls of bb_crc32 go to any_crc */

void prove_deframer(void)
{
    bb_deframer deframer;
    bb_frame frame;
    uint8_t byte = any_u8();
    crc_value = any_u32();
    ASSUME(deframer.size <= BB_WIRE_MAX && *(uint8_t *)&deframer.overrun <= 1);
    for (unsigned i = 0; i < BB_WIRE_MAX; i++)
        ASSUME(deframer.bytes[i] != 0 || i >= deframer.size);
    ASSUME(!deframer.overrun || deframer.size == BB_WIRE_MAX);
    bool overrun = deframer.overrun;
    uint32_t counted = deframer.good + deframer.bad;
    bool had = deframer.size > 0;
    bool whole = bb_deframer_take(&deframer, byte, &frame);
    CLAIM(deframer.size <= BB_WIRE_MAX, "h: the deframer stays inside its buffer");
    CLAIM(!deframer.overrun || deframer.size == BB_WIRE_MAX, "h: only a full buffer is overrun");
    for (unsigned i = 0; i < BB_WIRE_MAX; i++)
        CLAIM(deframer.bytes[i] != 0 || i >= deframer.size, "h: no zero is kept");
    CLAIM(!whole || (byte == 0 && !overrun && had), "h: only a zero ends a frame, and an overlong one is dropped");
    CLAIM(!whole || frame.size <= BB_MAX_PAYLOAD, "h: a payload is never longer than its room");
    CLAIM(deframer.good + deframer.bad == counted + (byte == 0 && had), "h: every frame is counted once");
    CLAIM(byte != 0 || (deframer.size == 0 && !deframer.overrun), "h: a zero always starts anew");
    REACH(whole && frame.size == BB_MAX_PAYLOAD, "a longest frame is taken");
    REACH(!whole && byte == 0 && had, "a bad frame is dropped");
}

void prove_round_trip(void)
{
    bb_frame sent, got;
    bb_deframer deframer = {.size = 0};
    uint8_t wire[BB_WIRE_MAX];
    crc_value = any_u32();
    size_t size = bb_frame_encode(wire, &sent);
    CLAIM((size == 0) == (sent.size > BB_MAX_PAYLOAD), "h: a payload that is too long is refused");
    if (size == 0)
        return;
    CLAIM(size <= BB_WIRE_MAX, "h: an encoded frame fits its buffer");
    bool whole = false;
    for (size_t i = 0; i < size; i++) {
        CLAIM((wire[i] == 0) == (i + 1u == size), "h: zero ends a frame and stands nowhere else");
        whole = bb_deframer_take(&deframer, wire[i], &got);
    }
    CLAIM(whole && got.type == sent.type && got.seq == sent.seq && got.session == sent.session, "h: a header returns");
    CLAIM(got.size == sent.size, "h: a size returns");
    for (unsigned i = 0; i < BB_MAX_PAYLOAD; i++)
        CLAIM(i >= sent.size || got.payload[i] == sent.payload[i], "h: a payload returns");
    REACH(sent.size == BB_MAX_PAYLOAD && sent.payload[0] == 0, "a longest frame with a zero");
}

void prove_crc(void)
{
    uint8_t bytes[BB_RAW_MAX];
    size_t size = any_u8();
    ASSUME(size <= BB_RAW_MAX);
    uint32_t crc = bb_crc32(bytes, size);
    CLAIM(size > 0 || crc == 0, "h: the CRC of nothing is zero");
    REACH(size == 2 && crc == 0x41d912ffu, "the CRC of two zero bytes is zlib's");
}
