/* The memory that the host board shares with whatever plays the machine around it. plant_page.py mirrors it. */
#ifndef BB_PLANT_PAGE_H
#define BB_PLANT_PAGE_H

#include <stdatomic.h>
#include <stdint.h>

#define BB_PLANT_MAGIC 0x31544e4c50424242ull /* "BBBPLNT1" */
#define BB_PLANT_EDGES 4096u

typedef struct {
    uint64_t at_us; /* CLOCK_MONOTONIC */
    uint16_t nozzle, open;
    uint32_t step; /* `steps` at the time: tells a long opening from a board that was held up */
} bb_plant_edge;

/* Each word is read and written whole; the machine writes the first group, the board the second. */
typedef struct {
    uint64_t magic;
    _Atomic uint32_t encoder_ticks, pressure_kpa, battery_mv, buttons; /* bits: e-stop, bumper, row end */
    _Atomic uint32_t sampled_us;                                       /* CLOCK_MONOTONIC, low word */
    uint32_t spare;

    _Atomic uint32_t valves_low, valves_high;
    _Atomic int32_t motor_mm_s;
    _Atomic uint32_t steps;      /* turns of the 1 kHz loop: it stands still when the board is dead */
    _Atomic uint32_t edge_count; /* ever; edge n lies in slot n modulo BB_PLANT_EDGES */
    _Atomic uint32_t compressor;
    bb_plant_edge edges[BB_PLANT_EDGES];
} bb_plant_page;

#endif
