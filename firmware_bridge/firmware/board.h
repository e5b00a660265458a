/* The core on a board: joins it to the eleven functions of hal.h. The same for every board. */
#ifndef BB_BOARD_H
#define BB_BOARD_H

#include "core.h"

typedef struct {
    bb_core core;
    uint8_t pending[BB_OUTBOX_SIZE];
    size_t pending_size;
    bool bytes_ran, step_ran;
} bb_board;

/* Starts the core and closes everything. */
void bb_board_start(bb_board *board);

/* Moves bytes both ways; call it whenever some may have arrived. */
void bb_board_bytes(bb_board *board);

/* The 1 kHz step. On a board where it interrupts bb_board_bytes, mask it there. */
void bb_board_step(bb_board *board);

#endif
