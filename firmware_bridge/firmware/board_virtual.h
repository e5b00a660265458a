/* The board in virtual time: the core, and a trace of its valves that the core itself cannot falsify. */
#ifndef BB_BOARD_VIRTUAL_H
#define BB_BOARD_VIRTUAL_H

#include "core.h"

#define BB_EDGES 4096u

typedef struct {
    uint32_t at_us;
    uint8_t nozzle;
    bool open;
} bb_edge;

typedef struct {
    bb_core core;
    uint64_t valves; /* as last seen */
    bb_edge edges[BB_EDGES];
    uint32_t held; /* edges waiting to be taken; with no room left the newest are dropped */
} bb_virtual;

void bb_virtual_init(bb_virtual *board, const uint32_t *config, uint32_t boot_id, uint8_t reset_cause);
void bb_virtual_receive(bb_virtual *board, const uint8_t *bytes, size_t size, uint32_t now_us);
void bb_virtual_step(bb_virtual *board, uint32_t now_us, uint32_t encoder_ticks, uint16_t pressure_kpa,
                     uint16_t battery_mv, bool button, bool bumper, bool end_switch,
                     uint32_t pressure_age_us);
uint64_t bb_virtual_valves(const bb_virtual *board);
int16_t bb_virtual_motor(const bb_virtual *board);
bool bb_virtual_compressor(const bb_virtual *board);
size_t bb_virtual_take_output(bb_virtual *board, uint8_t *out, size_t room);

/* Copies the trace out as rows of (nozzle, open, at_us) and empties it; returns how many. */
size_t bb_virtual_take_edges(bb_virtual *board, uint32_t *rows);

#endif
