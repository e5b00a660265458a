#include "core.h"

#include <string.h>

#include "fire.h"
#include "report.h"
#include "ticks.h"

_Static_assert(sizeof(bb_config) == BB_CONFIG_SIZE, "padding would get into the CRC that the host compares");

static void stop(bb_core *core, uint8_t cause)
{
    core->estop = true;
    core->armed = false;
    bb_motor_stop(&core->motor);
    bb_fire_drop_all(core, cause);
}

static void disarm(bb_core *core, uint8_t cause)
{
    core->armed = false;
    bb_motor_release(&core->motor);
    bb_fire_drop_all(core, cause);
}

static void beat(bb_core *core)
{
    core->heartbeat_us = core->now_us;
    core->heartbeat_lost = false;
}

void bb_core_init(bb_core *core, const bb_config *config, uint32_t boot_id, uint8_t reset_cause)
{
    static const bb_config safe = BB_CONFIG_DEFAULT;
    memset(core, 0, sizeof *core);
    core->boot_id = boot_id;
    core->reset_cause = reset_cause;
    core->config_bad = !bb_config_valid(config);
    core->config = core->config_bad ? safe : *config;
    core->config_crc = bb_crc32((const uint8_t *)config, sizeof *config);
    bb_pulses_init(&core->pulses);
    bb_air_init(&core->air);
}

static void on_hello(bb_core *core, const bb_frame *frame)
{
    bb_hello hello;
    bb_hello_read(&hello, frame->payload);
    uint32_t session = hello.nonce ^ core->boot_id;
    if (session == 0) { /* would be the session of an MCU that has none */
        bb_report_ack(core, frame->seq, BB_MSG_HELLO, BB_RESULT_BAD_SESSION, BB_CAP_NONE);
        return;
    }
    if (!core->session_open || session != core->session) {
        core->session_open = true;
        core->session = session;
        core->same_protocol = hello.protocol_hash == BB_PROTOCOL_HASH;
        disarm(core, BB_RESULT_NEW_SESSION);
        beat(core);
    }
    bb_report_welcome(core, frame->seq, hello.nonce);
}

static uint8_t arm(bb_core *core)
{
    if (core->config_bad)
        return BB_RESULT_BAD_CONFIG;
    if (!core->same_protocol)
        return BB_RESULT_PROTOCOL_MISMATCH;
    if (core->estop)
        return BB_RESULT_ESTOP;
    if (core->heartbeat_lost)
        return BB_RESULT_DEADMAN;
    core->armed = true;
    return BB_RESULT_OK;
}

static uint8_t clear(bb_core *core)
{
    if (core->inputs.button || core->inputs.bumper)
        return BB_RESULT_STILL_PRESSED;
    if (bb_core_valves(core) != 0 || bb_core_motor(core) != 0)
        return BB_RESULT_STILL_OPEN;
    core->estop = false;
    bb_air_forgive(&core->air);
    return BB_RESULT_OK;
}

static uint8_t on_drive(bb_core *core, const bb_frame *frame, uint8_t *cap)
{
    bb_drive request;
    bb_drive_read(&request, frame->payload);
    if (core->estop)
        return BB_RESULT_ESTOP;
    if (request.velocity_mm_s != 0 && !core->armed)
        return BB_RESULT_NOT_ARMED;
    *cap = bb_motor_command(&core->motor, &core->config, &request, core->now_us);
    return *cap == BB_CAP_NONE ? BB_RESULT_OK : BB_RESULT_OVER_CAP;
}

static uint8_t on_set_lag(bb_core *core, const bb_frame *frame, uint8_t *cap)
{
    bb_set_lag request;
    bb_set_lag_read(&request, frame->payload);
    if (core->config_bad)
        return BB_RESULT_BAD_CONFIG;
    if (core->armed)
        return BB_RESULT_ARMED;
    if (request.nozzle >= core->config.nozzles)
        return BB_RESULT_NO_NOZZLE;
    if (request.lag_us > BB_MAX_LAG_US) {
        *cap = BB_CAP_LAG;
        return BB_RESULT_OVER_CAP;
    }
    core->config.lag_us[request.nozzle] = request.lag_us;
    core->config_crc = bb_crc32((const uint8_t *)&core->config, sizeof core->config);
    return BB_RESULT_OK;
}

/* Commands that are answered by ACK. */
static uint8_t on_command(bb_core *core, const bb_frame *frame, uint8_t *cap)
{
    switch (frame->type) {
    case BB_MSG_DRIVE:
        return on_drive(core, frame, cap);
    case BB_MSG_SET_LAG:
        return on_set_lag(core, frame, cap);
    case BB_MSG_ARM:
        return arm(core);
    case BB_MSG_CLEAR:
        return clear(core);
    case BB_MSG_DISARM:
        disarm(core, BB_RESULT_NOT_ARMED);
        return BB_RESULT_OK;
    default: /* ESTOP: the only one left of the known types, and the safe one */
        stop(core, BB_RESULT_ESTOP);
        return BB_RESULT_OK;
    }
}

static void on_pulse(bb_core *core, const bb_frame *frame)
{
    bb_pulse pulse;
    bb_pulse_receipt receipt;
    uint8_t payload[BB_PULSE_RECEIPT_SIZE];
    bb_pulse_read(&pulse, frame->payload);
    bb_fire_request(core, &pulse, &receipt);
    bb_pulse_receipt_write(payload, &receipt);
    bb_report_send(core, BB_MSG_PULSE_RECEIPT, frame->seq, payload, BB_PULSE_RECEIPT_SIZE);
}

/* Payload size of each request, or -1 for a type that is none. */
static int request_size(uint8_t type)
{
    static const int8_t sizes[] = {
        [0] = -1,
        [BB_MSG_HELLO] = BB_HELLO_SIZE,
        [BB_MSG_HEARTBEAT] = BB_HEARTBEAT_SIZE,
        [BB_MSG_PING] = BB_PING_SIZE,
        [BB_MSG_PULSE] = BB_PULSE_SIZE,
        [BB_MSG_PULSE_ACK] = BB_PULSE_ACK_SIZE,
        [BB_MSG_PULSE_QUERY] = BB_PULSE_QUERY_SIZE,
        [BB_MSG_DRIVE] = BB_DRIVE_SIZE,
        [BB_MSG_ESTOP] = BB_ESTOP_SIZE,
        [BB_MSG_CLEAR] = BB_CLEAR_SIZE,
        [BB_MSG_ARM] = BB_ARM_SIZE,
        [BB_MSG_DISARM] = BB_DISARM_SIZE,
        [BB_MSG_SET_LAG] = BB_SET_LAG_SIZE,
        [BB_MSG_LIMITS_QUERY] = BB_LIMITS_QUERY_SIZE,
    };
    return type < sizeof sizes ? sizes[type] : -1;
}

/* What keeps a frame from being acted upon; OK when nothing does. */
static uint8_t frame_result(const bb_core *core, const bb_frame *frame)
{
    if (request_size(frame->type) != (int)frame->size)
        return BB_RESULT_BAD_REQUEST;
    if (frame->type == BB_MSG_HELLO || frame->type == BB_MSG_ESTOP)
        return BB_RESULT_OK;
    return core->session_open && frame->session == core->session ? BB_RESULT_OK : BB_RESULT_BAD_SESSION;
}

static void on_ping(bb_core *core, const bb_frame *frame)
{
    uint8_t payload[BB_PONG_SIZE];
    bb_pong pong = {.tick_us = core->now_us};
    bb_pong_write(payload, &pong);
    bb_report_send(core, BB_MSG_PONG, frame->seq, payload, BB_PONG_SIZE);
}

static void dispatch(bb_core *core, const bb_frame *frame)
{
    uint8_t cap = BB_CAP_NONE;
    uint8_t result = frame_result(core, frame);
    if (frame->type & 0x80u) /* our own words come back: to answer an echo would never end */
        return;
    if (result != BB_RESULT_OK) {
        bb_report_ack(core, frame->seq, frame->type, result, cap);
        return;
    }
    switch (frame->type) {
    case BB_MSG_HELLO:
        on_hello(core, frame);
        break;
    case BB_MSG_HEARTBEAT:
        beat(core);
        break;
    case BB_MSG_PING:
        on_ping(core, frame);
        break;
    case BB_MSG_PULSE:
        on_pulse(core, frame);
        break;
    case BB_MSG_PULSE_ACK:
        bb_pulses_acknowledge(&core->pulses, bb_get(frame->payload, 4));
        break;
    case BB_MSG_PULSE_QUERY:
        bb_report_pulse(core, frame->seq, bb_get(frame->payload, 4));
        break;
    case BB_MSG_LIMITS_QUERY:
        bb_report_limits(core, frame->seq);
        break;
    default:
        result = on_command(core, frame, &cap);
        bb_report_ack(core, frame->seq, frame->type, result, cap);
        break;
    }
}

void bb_core_receive(bb_core *core, const uint8_t *bytes, size_t size, uint32_t now_us)
{
    bb_frame frame;
    core->now_us = now_us;
    for (size_t i = 0; i < size; i++)
        if (bb_deframer_take(&core->deframer, bytes[i], &frame))
            dispatch(core, &frame);
}

static void judge_heartbeat(bb_core *core)
{
    if (!core->session_open || core->heartbeat_lost)
        return;
    if (bb_since(core->now_us, core->heartbeat_us) < core->config.heartbeat_ms * 1000u)
        return;
    core->heartbeat_lost = true;
    core->deadman_trips++;
    disarm(core, BB_RESULT_DEADMAN);
}

void bb_core_step(bb_core *core, const bb_inputs *inputs, uint32_t now_us)
{
    core->now_us = now_us;
    core->inputs = *inputs;
    bb_speed_take(&core->speed, inputs->encoder_ticks, now_us);
    bb_air_step(&core->air, &core->config, inputs->pressure_kpa, inputs->pressure_age_us,
                bb_core_valves(core) == 0, now_us);
    judge_heartbeat(core);
    if ((inputs->button || inputs->bumper) && !core->estop)
        stop(core, BB_RESULT_ESTOP);
    if (core->air.leaking && !core->estop)
        stop(core, BB_RESULT_LEAK);
    bb_fire_step(core);
    bb_motor_step(&core->motor, &core->config, now_us);
    bb_report_step(core);
}

uint64_t bb_core_valves(const bb_core *core)
{
    uint64_t bitmap = 0;
    for (unsigned n = 0; n < BB_MAX_NOZZLES; n++)
        bitmap |= (uint64_t)core->valves[n].open << n;
    return bitmap;
}

int16_t bb_core_motor(const bb_core *core)
{
    return (int16_t)(core->motor.velocity_um_s / 1000);
}

bool bb_core_compressor(const bb_core *core)
{
    return !core->air.leaking;
}

size_t bb_core_take_output(bb_core *core, uint8_t *out, size_t room)
{
    bb_outbox *box = &core->outbox;
    size_t size = box->held < room ? box->held : room;
    for (size_t i = 0; i < size; i++)
        out[i] = box->bytes[(box->head + i) % BB_OUTBOX_SIZE];
    box->head = (uint16_t)((box->head + size) % BB_OUTBOX_SIZE);
    box->held = (uint16_t)(box->held - size);
    return size;
}
