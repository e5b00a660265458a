/* The record of pulses: a pool shared by all nozzles, from the id's arrival to its acknowledged outcome. */
#ifndef BB_PULSES_H
#define BB_PULSES_H

#include "protocol.h"

/* 64 nozzles x 8 queued, and 128 finished pulses that can still be asked for. */
#ifndef BB_POOL
#define BB_POOL 640u
#endif
#define BB_NO_SLOT 0xffffu

enum { BB_SLOT_FREE, BB_SLOT_QUEUED, BB_SLOT_RUNNING, BB_SLOT_UNACKED, BB_SLOT_KEPT };

typedef struct {
    uint8_t state;
    uint8_t nozzle, trigger, wanted; /* wanted: openings asked for */
    uint8_t openings;                /* openings made */
    uint8_t outcome, cause;          /* as in PULSE_DONE */
    uint8_t first_result;            /* the answer the id got */
    uint8_t cap;
    uint16_t next;        /* in the nozzle's queue */
    uint32_t id;
    uint32_t trigger_at, on_us, period_us;
    uint32_t queued_us, opened_us, closed_us, on_time_us, told_us;
    uint32_t position_at_open;
} bb_slot;

typedef struct {
    uint16_t first, running; /* queued pulses in order of arrival, and the one that fires */
    uint8_t held;            /* queued and running */
} bb_lane;

typedef struct {
    bb_slot slots[BB_POOL];
    bb_lane lanes[BB_MAX_NOZZLES];
    uint16_t cursor;           /* where the search for a slot begins: the oldest record goes first */
    uint16_t queued, unacked;  /* queued counts running ones too */
    uint32_t last_id;
} bb_pulses;

void bb_pulses_init(bb_pulses *pulses);

/* The slot that records `id`, or BB_NO_SLOT. */
uint16_t bb_pulses_find(const bb_pulses *pulses, uint32_t id);

/* A slot for a new record, or BB_NO_SLOT when every one is waiting, running or unacknowledged. */
uint16_t bb_pulses_allocate(bb_pulses *pulses);

/* Appends a filled slot to its nozzle's queue. */
void bb_pulses_enqueue(bb_pulses *pulses, uint16_t index);

/* Moves a queued slot to its nozzle's running place. */
void bb_pulses_start(bb_pulses *pulses, uint16_t index);

/* Takes a queued or running slot off its nozzle with its final outcome, to be acknowledged. */
void bb_pulses_finish(bb_pulses *pulses, uint16_t index, uint8_t outcome, uint8_t cause);

/* The host has the outcome; the record stays until its slot is needed. */
void bb_pulses_acknowledge(bb_pulses *pulses, uint32_t id);

#endif
