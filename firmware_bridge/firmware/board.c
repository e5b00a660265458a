#include "board.h"

#include <string.h>

#include "hal.h"

#define TURN_BYTES 256u

static void drive_pins(const bb_board *board)
{
    bb_hal_valves(bb_core_valves(&board->core), board->core.config.max_on_us);
    bb_hal_motor(bb_core_motor(&board->core));
    bb_hal_compressor(bb_core_compressor(&board->core));
}

/* What the sender does not take now waits; a host that never reads costs telemetry, nothing else. */
static void send_output(bb_board *board)
{
    if (board->pending_size == 0)
        board->pending_size = bb_core_take_output(&board->core, board->pending, sizeof board->pending);
    size_t sent = board->pending_size == 0 ? 0 : bb_hal_write(board->pending, board->pending_size);
    board->pending_size -= sent;
    memmove(board->pending, board->pending + sent, board->pending_size);
}

static void feed_watchdog(bb_board *board)
{
    if (!board->bytes_ran || !board->step_ran)
        return;
    board->bytes_ran = board->step_ran = false;
    bb_hal_watchdog_feed();
}

void bb_board_start(bb_board *board)
{
    bb_core_init(&board->core, bb_hal_config(), bb_hal_boot_id(), bb_hal_reset_cause());
    board->pending_size = 0;
    board->bytes_ran = board->step_ran = false;
    drive_pins(board);
}

void bb_board_bytes(bb_board *board)
{
    uint8_t bytes[TURN_BYTES];
    size_t size = bb_hal_read(bytes, sizeof bytes);
    if (size > 0) {
        bb_core_receive(&board->core, bytes, size, bb_hal_now_us());
        drive_pins(board);
    }
    send_output(board);
    board->bytes_ran = true;
    feed_watchdog(board);
}

void bb_board_step(bb_board *board)
{
    bb_inputs inputs;
    bb_hal_sense(&inputs);
    bb_core_step(&board->core, &inputs, bb_hal_now_us());
    drive_pins(board);
    board->step_ran = true;
}
