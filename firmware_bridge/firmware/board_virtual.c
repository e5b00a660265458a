#include "board_virtual.h"

#include <string.h>

static void observe(bb_virtual *board, uint32_t now_us)
{
    uint64_t valves = bb_core_valves(&board->core);
    uint64_t changed = valves ^ board->valves;
    board->valves = valves;
    for (unsigned n = 0; changed != 0; n++, changed >>= 1) {
        if ((changed & 1u) == 0)
            continue;
        if (board->held < BB_EDGES)
            board->edges[board->held++] = (bb_edge){now_us, (uint8_t)n, ((valves >> n) & 1u) != 0};
    }
}

void bb_virtual_init(bb_virtual *board, const uint32_t *config, uint32_t boot_id, uint8_t reset_cause)
{
    bb_config parsed;
    memcpy(&parsed, config, sizeof parsed);
    board->valves = 0;
    board->held = 0;
    bb_core_init(&board->core, &parsed, boot_id, reset_cause);
}

void bb_virtual_receive(bb_virtual *board, const uint8_t *bytes, size_t size, uint32_t now_us)
{
    bb_core_receive(&board->core, bytes, size, now_us);
    observe(board, now_us);
}

void bb_virtual_step(bb_virtual *board, uint32_t now_us, uint32_t encoder_ticks, uint16_t pressure_kpa,
                     uint16_t battery_mv, bool button, bool bumper, bool end_switch,
                     uint32_t pressure_age_us)
{
    bb_inputs inputs = {.encoder_ticks = encoder_ticks,
                        .pressure_age_us = pressure_age_us,
                        .pressure_kpa = pressure_kpa,
                        .battery_mv = battery_mv,
                        .button = button,
                        .bumper = bumper,
                        .end_switch = end_switch};
    bb_core_step(&board->core, &inputs, now_us);
    observe(board, now_us);
}

uint64_t bb_virtual_valves(const bb_virtual *board)
{
    return board->valves;
}

int16_t bb_virtual_motor(const bb_virtual *board)
{
    return bb_core_motor(&board->core);
}

bool bb_virtual_compressor(const bb_virtual *board)
{
    return bb_core_compressor(&board->core);
}

size_t bb_virtual_take_output(bb_virtual *board, uint8_t *out, size_t room)
{
    return bb_core_take_output(&board->core, out, room);
}

size_t bb_virtual_take_edges(bb_virtual *board, uint32_t *rows)
{
    size_t held = board->held;
    for (size_t i = 0; i < held; i++) {
        rows[3 * i] = board->edges[i].nozzle;
        rows[3 * i + 1] = board->edges[i].open;
        rows[3 * i + 2] = board->edges[i].at_us;
    }
    board->held = 0;
    return held;
}
