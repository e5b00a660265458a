#include "report.h"

#include "fire.h"
#include "ticks.h"

#define TELEMETRY_EVERY_US 20000u
#define REPEAT_EVERY_US 100000u
#define SLOTS_PER_STEP 32u
#define KEEP_FREE 512u /* room in the outbox that outcomes leave to replies and telemetry */

static uint16_t room(const bb_core *core)
{
    return (uint16_t)(BB_OUTBOX_SIZE - core->outbox.held);
}

void bb_report_send(bb_core *core, uint8_t type, uint16_t seq, const uint8_t *payload, uint8_t size)
{
    bb_frame frame = {.type = type, .seq = seq, .session = core->session, .size = size};
    uint8_t wire[BB_WIRE_MAX];
    bb_outbox *box = &core->outbox;
    for (unsigned i = 0; i < size; i++)
        frame.payload[i] = payload[i];
    size_t length = bb_frame_encode(wire, &frame);
    if (length > room(core))
        return;
    for (size_t i = 0; i < length; i++)
        box->bytes[(box->head + box->held + i) % BB_OUTBOX_SIZE] = wire[i];
    box->held = (uint16_t)(box->held + length);
}

void bb_report_ack(bb_core *core, uint16_t seq, uint8_t command, uint8_t result, uint8_t cap)
{
    uint8_t payload[BB_ACK_SIZE];
    bb_ack ack = {.command = command, .result = result, .cap = cap};
    bb_ack_write(payload, &ack);
    bb_report_send(core, BB_MSG_ACK, seq, payload, BB_ACK_SIZE);
}

void bb_report_welcome(bb_core *core, uint16_t seq, uint32_t nonce)
{
    uint8_t payload[BB_WELCOME_SIZE];
    bb_welcome welcome = {.nonce = nonce,
                          .boot_id = core->boot_id,
                          .protocol_hash = BB_PROTOCOL_HASH,
                          .config_crc = core->config_crc,
                          .last_pulse_id = core->pulses.last_id,
                          .tick_us = core->now_us,
                          .tick_rate_hz = BB_TICK_RATE_HZ,
                          .ticks_per_m = core->config.ticks_per_m,
                          .firmware_version = BB_FIRMWARE_VERSION,
                          .nozzles = (uint8_t)core->config.nozzles,
                          .reset_cause = core->reset_cause};
    bb_welcome_write(payload, &welcome);
    bb_report_send(core, BB_MSG_WELCOME, seq, payload, BB_WELCOME_SIZE);
}

void bb_report_limits(bb_core *core, uint16_t seq)
{
    const bb_config *config = &core->config;
    uint8_t payload[BB_LIMITS_SIZE];
    bb_limits limits = {.max_on_us = config->max_on_us,
                        .max_train_us = config->max_train_us,
                        .min_period_us = config->min_period_us,
                        .min_gap_us = config->min_gap_us,
                        .max_wait_ms = config->max_wait_ms,
                        .max_ahead_ticks = config->max_ahead_ticks,
                        .duty_budget_us = config->duty_budget_us,
                        .duty_permille = (uint16_t)config->duty_permille,
                        .min_pressure_kpa = (uint16_t)config->min_pressure_kpa,
                        .max_velocity_mm_s = (uint16_t)config->max_velocity_mm_s,
                        .max_drive_ms = (uint16_t)config->max_drive_ms,
                        .heartbeat_ms = (uint16_t)config->heartbeat_ms,
                        .max_count = (uint8_t)config->max_count,
                        .max_open = (uint8_t)config->max_open,
                        .queue_per_nozzle = (uint8_t)config->queue_per_nozzle};
    bb_limits_write(payload, &limits);
    bb_report_send(core, BB_MSG_LIMITS, seq, payload, BB_LIMITS_SIZE);
}

void bb_report_pulse(bb_core *core, uint16_t seq, uint32_t id)
{
    uint8_t payload[BB_PULSE_DONE_SIZE];
    bb_pulse_done done;
    bb_fire_describe(core, id, &done);
    bb_pulse_done_write(payload, &done);
    bb_report_send(core, BB_MSG_PULSE_DONE, seq, payload, BB_PULSE_DONE_SIZE);
}

void bb_report_done(bb_core *core, uint16_t index)
{
    bb_slot *slot = &core->pulses.slots[index];
    slot->told_us = core->now_us;
    if (room(core) > KEEP_FREE)
        bb_report_pulse(core, core->seq++, slot->id);
}

/* A slice of the pool each step, so that a full pool costs no more than an empty one. */
static void repeat_outcomes(bb_core *core)
{
    for (unsigned i = 0; i < SLOTS_PER_STEP && core->pulses.unacked > 0; i++) {
        const bb_slot *slot = &core->pulses.slots[core->report_cursor];
        if (slot->state == BB_SLOT_UNACKED && bb_since(core->now_us, slot->told_us) >= REPEAT_EVERY_US)
            bb_report_done(core, core->report_cursor);
        core->report_cursor = (uint16_t)((core->report_cursor + 1u) % BB_POOL);
    }
}

static uint16_t flags(const bb_core *core)
{
    unsigned flags = core->armed ? BB_FLAG_ARMED : 0u;
    flags |= core->estop ? BB_FLAG_ESTOP : 0u;
    flags |= core->inputs.button ? BB_FLAG_BUTTON : 0u;
    flags |= core->inputs.bumper ? BB_FLAG_BUMPER : 0u;
    flags |= core->heartbeat_lost ? BB_FLAG_HEARTBEAT_LOST : 0u;
    flags |= core->air.ok ? BB_FLAG_PRESSURE_OK : 0u;
    flags |= core->air.implausible ? BB_FLAG_PRESSURE_IMPLAUSIBLE : 0u;
    flags |= core->motor.active ? BB_FLAG_DRIVING : 0u;
    flags |= core->config_bad ? BB_FLAG_CONFIG_BAD : 0u;
    flags |= !core->same_protocol ? BB_FLAG_PROTOCOL_MISMATCH : 0u;
    flags |= core->air.leaking ? BB_FLAG_LEAK : 0u;
    flags |= bb_core_compressor(core) ? BB_FLAG_COMPRESSOR : 0u;
    flags |= core->inputs.end_switch ? BB_FLAG_END_SWITCH : 0u;
    return (uint16_t)flags;
}

static int16_t measured_mm_s(const bb_core *core)
{
    int64_t speed = (int64_t)core->speed.ticks_s * 1000 / (int32_t)core->config.ticks_per_m;
    speed = speed > INT16_MAX ? INT16_MAX : speed;
    return (int16_t)(speed < INT16_MIN ? INT16_MIN : speed);
}

static void tell_state(bb_core *core)
{
    uint8_t payload[BB_TELEMETRY_SIZE];
    bb_telemetry telemetry = {.tick_us = core->now_us,
                              .encoder_ticks = bb_difference(core->inputs.encoder_ticks, 0),
                              .velocity_mm_s = measured_mm_s(core),
                              .motor_mm_s = bb_core_motor(core),
                              .pressure_kpa = core->inputs.pressure_kpa,
                              .battery_mv = core->inputs.battery_mv,
                              .flags = flags(core),
                              .valves = bb_core_valves(core),
                              .openings = core->openings,
                              .bad_frames = core->deframer.bad,
                              .refused = core->refused,
                              .deadman_trips = core->deadman_trips,
                              .queued = core->pulses.queued,
                              .unreported = core->pulses.unacked};
    bb_telemetry_write(payload, &telemetry);
    bb_report_send(core, BB_MSG_TELEMETRY, core->seq++, payload, BB_TELEMETRY_SIZE);
}

void bb_report_step(bb_core *core)
{
    if (!core->session_open)
        return;
    repeat_outcomes(core);
    if (bb_since(core->now_us, core->told_us) >= TELEMETRY_EVERY_US) {
        core->told_us = core->now_us;
        tell_state(core);
    }
}
