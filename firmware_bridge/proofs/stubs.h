/* Stand-ins for the parts with proofs of their own (frame, report, air, speed): they return anything that those
 * proofs allow. Openings are witnessed where the core asks its valve to open. */
#ifndef BB_STUBS_H
#define BB_STUBS_H

#include "invariant.h"
#include "report.h"

/* Of the drive, commands are taken by the code itself. */
#define bb_speed_take speed_take_itself
#define bb_speed_lead speed_lead_itself
#define bb_motor_step motor_step_itself
#include "drive.c"
#undef bb_speed_take
#undef bb_speed_lead
#undef bb_motor_step

static ghosts ghost;
static bb_core core;
static bool in_step;
static bb_frame frame_in;
static uint8_t answer, receipt_result;
static bool answered, receipted, welcomed;
static int32_t lead[NOZZLES];
static uint32_t stale_reports;

bool bb_deframer_take(bb_deframer *deframer, uint8_t byte, bb_frame *frame)
{
    (void)deframer;
    (void)byte;
    *frame = frame_in;
    return true;
}

uint32_t bb_crc32(const uint8_t *bytes, size_t size)
{
    (void)bytes;
    (void)size;
    return any_u32();
}

void bb_report_send(bb_core *c, uint8_t type, uint16_t seq, const uint8_t *payload, uint8_t size)
{
    (void)c;
    (void)seq;
    (void)size;
    if (type == BB_MSG_PULSE_RECEIPT) {
        receipted = true;
        receipt_result = payload[4];
        CLAIM(bb_get(payload, 4) == bb_get(frame_in.payload, 4), "e: the receipt names the pulse");
    }
}

void bb_report_ack(bb_core *c, uint16_t seq, uint8_t command, uint8_t result, uint8_t cap)
{
    (void)c;
    (void)seq;
    (void)cap;
    CLAIM(command == frame_in.type, "e: the answer names the command");
    answered = true;
    answer = result;
}

void bb_report_welcome(bb_core *c, uint16_t seq, uint32_t nonce)
{
    (void)c;
    (void)seq;
    (void)nonce;
    welcomed = true;
}

void bb_report_limits(bb_core *c, uint16_t seq)
{
    (void)c;
    (void)seq;
}

void bb_report_pulse(bb_core *c, uint16_t seq, uint32_t id)
{
    (void)c;
    (void)seq;
    (void)id;
}

void bb_report_done(bb_core *c, uint16_t index)
{
    c->pulses.slots[index].told_us = any_u32();
    stale_reports += c->pulses.slots[index].state != BB_SLOT_UNACKED;
}

void bb_report_step(bb_core *c)
{
    c->told_us = any_u32();
}

void bb_air_step(bb_air *air, const bb_config *config, uint16_t kpa, uint32_t age_us, bool closed, uint32_t now_us)
{
    (void)config;
    (void)kpa;
    (void)age_us;
    (void)now_us;
    bool none = true;
    for (unsigned n = 0; n < NOZZLES; n++)
        none = none && !ghost.open[n];
    CLAIM(closed == none, "c: the air is judged with the valves as they are");
    air->ok = any_bool();
    air->leaking = air->leaking || any_bool();
    ghost.air_ok = air->ok;
    ghost.estop = ghost.estop || air->leaking;
}

void bb_air_init(bb_air *air)
{
    *air = (bb_air){.implausible = true};
}

void bb_air_opened(bb_air *air)
{
    (void)air;
}

void bb_air_forgive(bb_air *air)
{
    air->leaking = false;
}

/* As prove_motor shows: the command expires, the velocity moves towards its target and not beyond. */
void bb_motor_step(bb_motor *motor, const bb_config *config, uint32_t now_us)
{
    (void)config;
    if (motor->active && now_us - motor->set_us >= motor->valid_us)
        bb_motor_release(motor);
    int32_t from = motor->velocity_um_s;
    int32_t goal = motor->target_mm_s * 1000;
    motor->stepped_us = now_us;
    motor->velocity_um_s = any_i32();
    ASSUME(from < goal ? motor->velocity_um_s >= from && motor->velocity_um_s <= goal
                       : motor->velocity_um_s <= from && motor->velocity_um_s >= goal);
}

void bb_speed_take(bb_speed *speed, uint32_t ticks, uint32_t now_us)
{
    (void)ticks;
    (void)now_us;
    speed->ticks_s = any_i32();
    ASSUME(speed->ticks_s <= 10000000 && speed->ticks_s >= -10000000);
}

/* One lead for each nozzle in a transition: the function of speed and lag is proved elsewhere. */
int32_t bb_speed_lead(const bb_speed *speed, uint32_t time_us)
{
    (void)speed;
    for (unsigned n = 0; n + 1 < NOZZLES; n++)
        if (time_us == core.config.lag_us[n])
            return lead[n];
    return lead[NOZZLES - 1u];
}

#endif
