/* The drive: a commanded velocity that expires, reached by a ramp; and the encoder's measured velocity. */
#ifndef BB_DRIVE_H
#define BB_DRIVE_H

#include "protocol.h"

typedef struct {
    bool active; /* a command is in force */
    int32_t target_mm_s;
    uint32_t set_us, valid_us;
    int32_t velocity_um_s; /* the motor's command now */
    uint32_t stepped_us;
} bb_motor;

#define BB_SPEED_SAMPLES 32u
#define BB_SPEED_SPACING_US 1000u

typedef struct {
    uint32_t at_us[BB_SPEED_SAMPLES];
    uint32_t ticks[BB_SPEED_SAMPLES];
    uint8_t next, held;
    int32_t ticks_s; /* encoder ticks per second, over the samples held */
} bb_speed;

/* Takes a command inside the caps; the caller has checked that motion is allowed. Returns the cap it breaks. */
uint8_t bb_motor_command(bb_motor *motor, const bb_config *config, const bb_drive *request, uint32_t now_us);

/* Ends the command: the ramp goes to zero. */
void bb_motor_release(bb_motor *motor);

/* Zero at once, without a ramp. */
void bb_motor_stop(bb_motor *motor);

/* Expires the command and moves the ramp on. */
void bb_motor_step(bb_motor *motor, const bb_config *config, uint32_t now_us);

/* Takes an encoder sample; samples closer than BB_SPEED_SPACING_US are ignored. */
void bb_speed_take(bb_speed *speed, uint32_t ticks, uint32_t now_us);

/* Distance in ticks that the cart covers in `time_us` at the present speed; signed. */
int32_t bb_speed_lead(const bb_speed *speed, uint32_t time_us);

#endif
