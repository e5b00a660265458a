/* Corrupts sound frames, hands them to the deframer and counts what it takes: `corrupt COUNT SEED`.
 * A corrupted frame that is accepted with a content that nobody sent is a failure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"

#define ROOM (3u * BB_WIRE_MAX)

enum { FLIPS, SWAP, DELETION, INSERTION, TRUNCATION, SPLICE, KINDS };
static const char *const names[KINDS] = {"bit flips", "byte swaps", "deletions", "insertions", "truncations", "splices"};

typedef struct {
    uint64_t state;
} dice;

/* xorshift64*: fast, and the same on every machine. */
static uint32_t roll(dice *d, uint32_t sides)
{
    d->state ^= d->state >> 12;
    d->state ^= d->state << 25;
    d->state ^= d->state >> 27;
    return (uint32_t)(((d->state * 2685821657736338717ull) >> 32) % sides);
}

static size_t any_frame(dice *d, bb_frame *frame, uint8_t *wire)
{
    frame->type = (uint8_t)roll(d, 256);
    frame->seq = (uint16_t)roll(d, 65536);
    frame->session = roll(d, 2) ? roll(d, 0xffffffffu) : roll(d, 256);
    frame->size = (uint8_t)roll(d, BB_MAX_PAYLOAD + 1u);
    for (unsigned i = 0; i < frame->size; i++)
        frame->payload[i] = (uint8_t)(roll(d, 3) ? roll(d, 256) : 0);
    return bb_frame_encode(wire, frame);
}

static size_t remove_at(uint8_t *wire, size_t size, size_t at, size_t count)
{
    count = count < size - at ? count : size - at;
    memmove(wire + at, wire + at + count, size - at - count);
    return size - count;
}

static size_t insert_at(dice *d, uint8_t *wire, size_t size, size_t at, size_t count)
{
    memmove(wire + at + count, wire + at, size - at);
    for (size_t i = 0; i < count; i++)
        wire[at + i] = (uint8_t)roll(d, 256);
    return size + count;
}

/* Changes `wire` in place, `other` being a second frame for splices; returns the new size. */
static size_t corrupt(dice *d, unsigned kind, uint8_t *wire, size_t size, const uint8_t *other, size_t other_size)
{
    size_t at = roll(d, (uint32_t)size);
    switch (kind) {
    case FLIPS:
        for (uint32_t n = roll(d, 8) + 1; n > 0; n--)
            wire[roll(d, (uint32_t)size)] ^= (uint8_t)(1u << roll(d, 8));
        return size;
    case SWAP: {
        size_t with = roll(d, (uint32_t)size);
        uint8_t kept = wire[at];
        wire[at] = wire[with];
        wire[with] = kept;
        return size;
    }
    case DELETION:
        return remove_at(wire, size, at, roll(d, 8) + 1u);
    case INSERTION:
        return insert_at(d, wire, size, at, roll(d, 8) + 1u);
    case TRUNCATION:
        return at;
    default: {
        size_t from = roll(d, (uint32_t)other_size);
        memcpy(wire + at, other + from, other_size - from);
        return at + other_size - from;
    }
    }
}

static bool same(const bb_frame *a, const bb_frame *b)
{
    return a->type == b->type && a->seq == b->seq && a->session == b->session && a->size == b->size &&
           memcmp(a->payload, b->payload, a->size) == 0;
}

/* Returns whether any frame came out that neither sender meant. */
static bool accepted(const uint8_t *wire, size_t size, const bb_frame *sent, const bb_frame *other)
{
    bb_deframer deframer = {.size = 0};
    bb_frame got;
    for (size_t i = 0; i <= size; i++) /* and the 0x00 of whatever follows */
        if (bb_deframer_take(&deframer, i < size ? wire[i] : 0, &got) && !same(&got, sent) && !same(&got, other))
            return true;
    return false;
}

/* The deframer does take sound frames, else the count below would mean nothing. */
static bool takes_sound_frames(dice *d)
{
    bb_deframer deframer = {.size = 0};
    bb_frame sent, got;
    uint8_t wire[BB_WIRE_MAX];
    for (unsigned n = 0; n < 10000; n++) {
        size_t size = any_frame(d, &sent, wire);
        bool whole = false;
        for (size_t i = 0; i < size; i++)
            whole = bb_deframer_take(&deframer, wire[i], &got);
        if (!whole || !same(&got, &sent))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 0) : 10000000u;
    dice d = {argc > 2 ? strtoull(argv[2], NULL, 0) | 1u : 0x9e3779b97f4a7c15ull};
    uint64_t tried[KINDS] = {0}, wrong[KINDS] = {0}, all = 0, all_wrong = 0;
    if (!takes_sound_frames(&d)) {
        printf("a sound frame was not taken\n");
        return 1;
    }
    while (all < wanted) {
        uint8_t wire[ROOM], before[BB_WIRE_MAX], other_wire[BB_WIRE_MAX];
        bb_frame sent, other;
        size_t size = any_frame(&d, &sent, wire);
        size_t other_size = any_frame(&d, &other, other_wire);
        unsigned kind = (unsigned)(all % KINDS);
        memcpy(before, wire, size);
        size_t now = corrupt(&d, kind, wire, size, other_wire, other_size);
        if (now >= size - 1u && memcmp(wire, before, size - 1u) == 0)
            continue; /* flips that undid each other, equal bytes swapped: the frame is as it was */
        tried[kind]++;
        all++;
        wrong[kind] += accepted(wire, now, &sent, &other);
    }
    for (unsigned kind = 0; kind < KINDS; kind++) {
        printf("%-12s %10llu corrupted %10llu accepted\n", names[kind], (unsigned long long)tried[kind],
               (unsigned long long)wrong[kind]);
        all_wrong += wrong[kind];
    }
    printf("%-12s %10llu corrupted %10llu accepted\n", "all", (unsigned long long)all, (unsigned long long)all_wrong);
    return all_wrong != 0;
}
