/* The safety core: all that must hold against the host, in plain C without I/O, clock, heap or globals. */
#ifndef BB_CORE_H
#define BB_CORE_H

#include <stddef.h>

#include "air.h"
#include "drive.h"
#include "frame.h"
#include "pulses.h"
#include "valve.h"

#define BB_FIRMWARE_VERSION 0x000101u /* major << 16 | minor << 8 | patch */
#define BB_OUTBOX_SIZE 4096u

typedef struct {
    uint32_t encoder_ticks;
    uint32_t pressure_age_us; /* since the sensor was read */
    uint16_t pressure_kpa;
    uint16_t battery_mv;
    bool button, bumper;
    bool end_switch; /* the row's end: told to the host, the core does nothing with it */
} bb_inputs;

typedef struct {
    uint8_t bytes[BB_OUTBOX_SIZE];
    uint16_t head, held;
} bb_outbox;

typedef struct {
    bb_config config;
    uint32_t config_crc;
    bool config_bad;
    uint32_t boot_id;
    uint8_t reset_cause;

    uint32_t now_us;
    bb_inputs inputs;

    bool session_open; /* a HELLO was accepted since the start */
    bool same_protocol;
    bool armed;
    bool estop;
    bool heartbeat_lost;
    uint32_t session;
    uint32_t heartbeat_us, told_us;

    bb_deframer deframer;
    bb_outbox outbox;
    bb_pulses pulses;
    bb_valve valves[BB_MAX_NOZZLES];
    bb_motor motor;
    bb_air air;
    bb_speed speed;
    uint16_t seq, report_cursor;
    uint32_t openings;
    uint16_t refused, deadman_trips;
} bb_core;

/* Starts with everything closed and disarmed; a configuration outside the hard limits never arms. */
void bb_core_init(bb_core *core, const bb_config *config, uint32_t boot_id, uint8_t reset_cause);

/* Takes received bytes, in pieces of any size; answers go to the outbox. */
void bb_core_receive(bb_core *core, const uint8_t *bytes, size_t size, uint32_t now_us);

/* Takes the sensors and moves everything on; to be called every millisecond. */
void bb_core_step(bb_core *core, const bb_inputs *inputs, uint32_t now_us);

/* Bit n: nozzle n is to be open. Ask after every receive and step. */
uint64_t bb_core_valves(const bb_core *core);

/* Velocity to command to the motor, mm/s. */
int16_t bb_core_motor(const bb_core *core);

/* Whether the compressor may run: not after a leak was found, until a person clears the stop. */
bool bb_core_compressor(const bb_core *core);

/* Moves up to `room` bytes to send into `out`; returns how many. */
size_t bb_core_take_output(bb_core *core, uint8_t *out, size_t room);

#endif
