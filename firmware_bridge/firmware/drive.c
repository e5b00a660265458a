#include "drive.h"

#include "ticks.h"

#define RAMP_STEP_MAX_US 100000u
#define FASTEST_TICKS_S 10000000

uint8_t bb_motor_command(bb_motor *motor, const bb_config *config, const bb_drive *request, uint32_t now_us)
{
    int32_t fastest = (int32_t)config->max_velocity_mm_s;
    if (request->velocity_mm_s > fastest || request->velocity_mm_s < -fastest)
        return BB_CAP_VELOCITY;
    if (request->valid_ms > config->max_drive_ms)
        return BB_CAP_VALID_TIME;
    motor->active = true;
    motor->target_mm_s = request->velocity_mm_s;
    motor->set_us = now_us;
    motor->valid_us = request->valid_ms * 1000u;
    return BB_CAP_NONE;
}

void bb_motor_release(bb_motor *motor)
{
    motor->active = false;
    motor->target_mm_s = 0;
}

void bb_motor_stop(bb_motor *motor)
{
    bb_motor_release(motor);
    motor->velocity_um_s = 0;
}

void bb_motor_step(bb_motor *motor, const bb_config *config, uint32_t now_us)
{
    uint32_t elapsed = bb_since(now_us, motor->stepped_us);
    if (motor->active && bb_since(now_us, motor->set_us) >= motor->valid_us)
        bb_motor_release(motor);
    motor->stepped_us = now_us;
    elapsed = elapsed > RAMP_STEP_MAX_US ? RAMP_STEP_MAX_US : elapsed;
    int32_t change = (int32_t)(config->ramp_mm_s2 * elapsed / 1000u);
    int32_t wanted = motor->target_mm_s * 1000;
    int32_t gap = wanted - motor->velocity_um_s;
    if (gap > change)
        gap = change;
    if (gap < -change)
        gap = -change;
    motor->velocity_um_s += gap;
}

void bb_speed_take(bb_speed *speed, uint32_t ticks, uint32_t now_us)
{
    uint8_t last = (uint8_t)((speed->next + BB_SPEED_SAMPLES - 1) % BB_SPEED_SAMPLES);
    if (speed->held > 0 && bb_since(now_us, speed->at_us[last]) < BB_SPEED_SPACING_US)
        return;
    uint8_t oldest = speed->held < BB_SPEED_SAMPLES ? 0 : speed->next;
    uint32_t span_us = bb_since(now_us, speed->at_us[oldest]);
    if (speed->held > 0 && span_us > 0) {
        int64_t rate = (int64_t)bb_difference(ticks, speed->ticks[oldest]) * 1000000 / span_us;
        rate = rate > FASTEST_TICKS_S ? FASTEST_TICKS_S : rate;
        speed->ticks_s = (int32_t)(rate < -FASTEST_TICKS_S ? -FASTEST_TICKS_S : rate);
    }
    speed->at_us[speed->next] = now_us;
    speed->ticks[speed->next] = ticks;
    speed->next = (uint8_t)((speed->next + 1) % BB_SPEED_SAMPLES);
    speed->held = speed->held < BB_SPEED_SAMPLES ? (uint8_t)(speed->held + 1) : speed->held;
}

int32_t bb_speed_lead(const bb_speed *speed, uint32_t time_us)
{
    return (int32_t)((int64_t)speed->ticks_s * time_us / 1000000);
}
