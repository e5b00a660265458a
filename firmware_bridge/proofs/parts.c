/* The parts that the induction stands in for, each by itself: air, speed, the motor's ramp, the outbox. */
#include "ghost.h"

#include "air.c"
#include "core.c"
#include "drive.c"

#define SHORTEST_STEP_US 100u /* a step is due each millisecond */
#define FASTEST 10000000

static bool air_sound(const bb_air *air, const bb_config *config)
{
    int32_t most = (int32_t)air->measured_us; /* at most 40 kPa in SHORTEST_STEP_US */
    bool ok = *(const uint8_t *)&air->leaking <= 1 && *(const uint8_t *)&air->implausible <= 1;
    ok = ok && *(const uint8_t *)&air->quiet <= 1 && *(const uint8_t *)&air->settled <= 1;
    ok = ok && air->measured_us < config->leak_window_ms * 1000u;
    return ok && air->fallen_kpa <= most && air->fallen_kpa >= -most;
}

void prove_air(void)
{
    bb_air air;
    bb_config config;
    uint16_t kpa = any_u16();
    uint32_t age_us = any_u32(), now_us = any_u32();
    ASSUME(bb_config_valid(&config) && air_sound(&air, &config));
    ASSUME(now_us - air.looked_us >= SHORTEST_STEP_US);
    bool leaked = air.leaking;
    bool stuck = config.stuck_openings > 0 && kpa == air.last_kpa && air.steady_openings >= config.stuck_openings;
    bb_air_step(&air, &config, kpa, age_us, any_bool(), now_us);
    CLAIM(air_sound(&air, &config), "c: the search for a leak stays within its numbers");
    CLAIM(!air.ok || (kpa >= config.min_pressure_kpa && kpa <= config.max_pressure_kpa), "c: good air has its pressure");
    CLAIM(!air.ok || age_us <= config.pressure_age_ms * 1000u, "c: an old reading is not believed");
    CLAIM(!air.ok || !stuck, "c: a sensor that never moves is not believed");
    CLAIM(air.leaking || !leaked, "c: a leak stays until it is forgiven");
    REACH(air.ok, "good air");
    REACH(air.leaking && !leaked, "a leak");
    bb_air_forgive(&air);
    CLAIM(!air.leaking && air_sound(&air, &config), "c: the search begins anew");
    bb_air_init(&air);
    CLAIM(!air.ok && !air.leaking && air_sound(&air, &config), "c: nothing is believed at the start");
}

void prove_speed(void)
{
    bb_speed speed;
    uint32_t now_us = any_u32();
    ASSUME(speed.next < BB_SPEED_SAMPLES && speed.held <= BB_SPEED_SAMPLES);
    ASSUME(speed.ticks_s <= FASTEST && speed.ticks_s >= -FASTEST);
    uint8_t next = speed.next;
    bb_speed_take(&speed, any_u32(), now_us);
    CLAIM(speed.next < BB_SPEED_SAMPLES && speed.held <= BB_SPEED_SAMPLES, "h: the samples stay inside");
    CLAIM(speed.ticks_s <= FASTEST && speed.ticks_s >= -FASTEST, "f: the speed stays within its limit");
    REACH(speed.next != next, "a sample is taken");
    REACH(speed.ticks_s == -FASTEST, "the fastest speed backwards");
}

void prove_motor(void)
{
    bb_motor motor;
    bb_config config;
    uint32_t now_us = any_u32();
    ASSUME(bb_config_valid(&config) && *(uint8_t *)&motor.active <= 1);
    int32_t fastest = (int32_t)config.max_velocity_mm_s;
    ASSUME(motor.target_mm_s <= fastest && motor.target_mm_s >= -fastest);
    ASSUME(motor.velocity_um_s <= fastest * 1000 && motor.velocity_um_s >= -fastest * 1000);
    int32_t before = motor.velocity_um_s, asked = motor.target_mm_s;
    bool was_active = motor.active;
    bool lasts = motor.active && now_us - motor.set_us < motor.valid_us;
    uint32_t elapsed_us = now_us - motor.stepped_us;
    elapsed_us = elapsed_us < 100000u ? elapsed_us : 100000u;
    ASSUME(RAMP(config.ramp_mm_s2, elapsed_us) <= 1000000u); /* at most 10 000 mm/s2 for 0.1 s */
    bb_motor_step(&motor, &config, now_us);
    int64_t change = (int64_t)motor.velocity_um_s - before;
    CLAIM(motor.active == lasts, "d: a command ends with its time");
    CLAIM(motor.target_mm_s == (lasts || !was_active ? asked : 0), "d: an ended command asks for zero");
    int32_t goal = motor.target_mm_s * 1000;
    int64_t steepest = RAMP(config.ramp_mm_s2, elapsed_us);
    CLAIM(change <= steepest && change >= -steepest, "d: the ramp is never steeper than configured");
    CLAIM(change == 0 || (change > 0) == (goal > before), "d: the ramp goes towards its target");
    CLAIM(change > 0 ? motor.velocity_um_s <= goal : change == 0 || motor.velocity_um_s >= goal,
          "d: the ramp never goes beyond its target");
    REACH(change > 0 && motor.active, "the cart speeds up");
    REACH(change < 0 && !motor.active, "the cart slows down");
}

void prove_output(void)
{
    static bb_core core;
    uint8_t out[8];
    bb_core any;
    core = any;
    size_t room = any_u8();
    ASSUME(core.outbox.head < BB_OUTBOX_SIZE && core.outbox.held <= BB_OUTBOX_SIZE && room <= sizeof out);
    uint16_t held = core.outbox.held;
    size_t taken = bb_core_take_output(&core, out, room);
    CLAIM(taken <= room && taken == (size_t)(held - core.outbox.held), "h: bytes leave the outbox once");
    CLAIM(core.outbox.head < BB_OUTBOX_SIZE && core.outbox.held <= BB_OUTBOX_SIZE, "h: the outbox stays sound");
    REACH(taken == sizeof out, "a full load of bytes");
}
