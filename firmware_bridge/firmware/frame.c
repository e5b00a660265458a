#include "frame.h"

#include "crc_table.h"

uint32_t bb_crc32(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++)
        crc = bb_crc_table[(crc ^ bytes[i]) & 0xffu] ^ (crc >> 8);
    return ~crc;
}

/* COBS without its 255-byte case: a frame is far shorter. From the end, so that each code is known where it stands. */
static size_t cobs_encode(uint8_t *out, const uint8_t *raw, size_t size)
{
    uint8_t code = 1;
    for (size_t i = size; i > 0; i--) {
        out[i] = raw[i - 1] == 0 ? code : raw[i - 1];
        code = raw[i - 1] == 0 ? 1 : (uint8_t)(code + 1u);
    }
    out[0] = code;
    return size + 1;
}

/* Returns the decoded size, or 0 when a block runs past the end. `out` may be `in`. */
static size_t cobs_decode(uint8_t *out, const uint8_t *in, size_t size)
{
    unsigned left = in[0] - 1u; /* until the next code, which stands for a zero */
    for (size_t i = 1; i < size; i++) {
        uint8_t byte = in[i];
        out[i - 1] = left == 0 ? 0 : byte;
        left = left == 0 ? byte - 1u : left - 1u;
    }
    return left == 0 ? size - 1 : 0;
}

size_t bb_frame_encode(uint8_t *out, const bb_frame *frame)
{
    uint8_t raw[BB_RAW_MAX];
    size_t size = BB_HEADER_SIZE + frame->size;
    if (frame->size > BB_MAX_PAYLOAD)
        return 0;
    raw[0] = BB_PROTOCOL_VERSION;
    raw[1] = frame->type;
    bb_put(raw + 2, 2, frame->seq);
    bb_put(raw + 4, 4, frame->session);
    for (size_t i = 0; i < frame->size; i++)
        raw[BB_HEADER_SIZE + i] = frame->payload[i];
    bb_put(raw + size, 4, bb_crc32(raw, size));
    size = cobs_encode(out, raw, size + 4);
    out[size] = 0;
    return size + 1;
}

static bool parse(uint8_t *bytes, size_t size, bb_frame *frame)
{
    size = cobs_decode(bytes, bytes, size);
    if (size < BB_HEADER_SIZE + 4 || size > BB_RAW_MAX)
        return false;
    size -= 4;
    if (bb_crc32(bytes, size) != bb_get(bytes + size, 4) || bytes[0] != BB_PROTOCOL_VERSION)
        return false;
    frame->type = bytes[1];
    frame->seq = (uint16_t)bb_get(bytes + 2, 2);
    frame->session = bb_get(bytes + 4, 4);
    frame->size = (uint8_t)(size - BB_HEADER_SIZE);
    for (size_t i = 0; i < frame->size; i++)
        frame->payload[i] = bytes[BB_HEADER_SIZE + i];
    return true;
}

bool bb_deframer_take(bb_deframer *deframer, uint8_t byte, bb_frame *frame)
{
    if (byte != 0) {
        if (deframer->size < BB_WIRE_MAX)
            deframer->bytes[deframer->size++] = byte;
        else
            deframer->overrun = true;
        return false;
    }
    if (deframer->size == 0)
        return false;
    bool good = !deframer->overrun && parse(deframer->bytes, deframer->size, frame);
    deframer->good += good;
    deframer->bad += !good;
    deframer->size = 0;
    deframer->overrun = false;
    return good;
}
