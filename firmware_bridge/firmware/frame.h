/* Frames: COBS( version | type | seq | session | payload | CRC-32 ) 0x00. No state but the deframer's. */
#ifndef BB_FRAME_H
#define BB_FRAME_H

#include <stddef.h>

#include "protocol.h"

#define BB_HEADER_SIZE 8u
#define BB_RAW_MAX (BB_HEADER_SIZE + BB_MAX_PAYLOAD + 4u)
#define BB_WIRE_MAX (BB_RAW_MAX + 2u) /* COBS adds one byte below 255, and the 0x00 */

typedef struct {
    uint8_t type;
    uint16_t seq;
    uint32_t session;
    uint8_t size;
    uint8_t payload[BB_MAX_PAYLOAD];
} bb_frame;

typedef struct {
    uint8_t bytes[BB_WIRE_MAX];
    uint8_t size;
    bool overrun;
    uint32_t good, bad;
} bb_deframer;

uint32_t bb_crc32(const uint8_t *bytes, size_t size);

/* Writes the frame's wire bytes, at most BB_WIRE_MAX, and returns how many; 0 when the payload is too long. */
size_t bb_frame_encode(uint8_t *out, const bb_frame *frame);

/* Takes one received byte; true when it completed a good frame. Bad frames are counted and dropped. */
bool bb_deframer_take(bb_deframer *deframer, uint8_t byte, bb_frame *frame);

#endif
