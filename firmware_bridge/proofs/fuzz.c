/* libFuzzer target over the whole core: the input is a script of messages, raw bytes, sensors and pauses. Times and
 * places are given relative to the present ones: absolute ones hardly ever hit. The ghosts read only the pins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "ticks.h"

#define DEMAND(condition, text)                                      \
    do {                                                             \
        if (!(condition)) {                                          \
            fprintf(stderr, "promise broken: %s\n", text);           \
            abort();                                                 \
        }                                                            \
    } while (0)

#define BOOT_ID 0xb0b00001u

typedef struct {
    const uint8_t *at, *end;
} script;

typedef struct {
    bb_core core;
    bb_inputs inputs;
    uint64_t now, beat;
    uint64_t since[BB_MAX_NOZZLES];
    uint64_t pins;
    uint32_t session, highest_id;
    uint32_t granted, spent; /* openings: asked by taken pulses, and seen */
    bool session_open, armed, estop;
    bool pressed; /* at the last step: the core knows no more */
} machine;

static uint8_t byte(script *s)
{
    return s->at < s->end ? *s->at++ : 0;
}

static uint16_t word(script *s)
{
    uint16_t low = byte(s);
    return (uint16_t)(low | byte(s) << 8);
}

/* Every pin edge must be allowed by what the host and the sensors said. */
static void observe(machine *m, bool stepping)
{
    uint64_t pins = bb_core_valves(&m->core);
    const bb_config *config = &m->core.config;
    unsigned open = 0;
    for (unsigned n = 0; n < BB_MAX_NOZZLES; n++) {
        bool now_open = (pins >> n & 1u) != 0;
        bool was_open = (m->pins >> n & 1u) != 0;
        open += now_open;
        if (now_open && !was_open) {
            m->since[n] = m->now;
            m->spent++;
            DEMAND(stepping && m->armed && !m->estop, "nothing opens unless armed and not stopped");
            DEMAND(m->now - m->beat < config->heartbeat_ms * 1000ull, "nothing opens without a heartbeat");
            DEMAND(n < config->nozzles, "no pin beyond the nozzles");
        }
        DEMAND(!now_open || !stepping || m->now - m->since[n] < config->max_on_us, "open for longer than the cap");
        DEMAND(!now_open || (m->armed && !m->estop), "closed when disarmed or stopped");
    }
    DEMAND(open <= config->max_open, "no more valves open than allowed");
    DEMAND(m->spent <= m->granted, "no opening that no pulse asked for");
    int16_t motor = bb_core_motor(&m->core);
    int32_t fastest = (int32_t)config->max_velocity_mm_s;
    DEMAND(motor <= fastest && motor >= -fastest, "the motor stays within its limit");
    DEMAND(!m->estop || motor == 0, "the motor stands in an e-stop");
    m->pins = pins;
}

/* Reads the answer to the last message: the result byte, BB_RESULT_OK for what has none. */
static uint8_t result_of(machine *m, uint8_t type)
{
    uint8_t out[BB_OUTBOX_SIZE];
    bb_deframer deframer = {.size = 0};
    bb_frame frame;
    uint8_t result = 0xff;
    size_t size = bb_core_take_output(&m->core, out, sizeof out);
    for (size_t i = 0; i < size; i++) {
        if (!bb_deframer_take(&deframer, out[i], &frame))
            continue;
        if (frame.type == BB_MSG_ACK && frame.payload[0] == type)
            result = frame.payload[1];
        if (frame.type == BB_MSG_PULSE_RECEIPT && type == BB_MSG_PULSE)
            result = frame.payload[4];
    }
    DEMAND(deframer.bad == 0, "the core sends sound frames");
    return result;
}

static uint8_t put_pulse(machine *m, script *s, uint8_t *p)
{
    uint8_t nozzle = byte(s);
    uint8_t trigger = byte(s) % 4u;
    uint32_t here = trigger == BB_TRIGGER_AT_TIME ? (uint32_t)m->now : m->inputs.encoder_ticks;
    int32_t ahead = (int16_t)word(s) * (trigger == BB_TRIGGER_AT_TIME ? 64 : 1);
    bb_put(p, 4, m->highest_id + (uint32_t)(int8_t)byte(s));
    p[4] = nozzle < 240 ? nozzle % 4u : nozzle;
    p[5] = trigger;
    bb_put(p + 6, 4, here + (uint32_t)ahead);
    bb_put(p + 10, 4, word(s) * 2u);
    bb_put(p + 14, 4, word(s) * 8u);
    p[18] = byte(s) % 32u;
    return BB_PULSE_SIZE;
}

static uint8_t put_payload(machine *m, script *s, uint8_t type, uint8_t *p)
{
    switch (type) {
    case BB_MSG_HELLO:
        bb_put(p, 4, byte(s) == 255 ? BOOT_ID : byte(s));
        bb_put(p + 4, 4, byte(s) == 255 ? 1u : BB_PROTOCOL_HASH);
        return BB_HELLO_SIZE;
    case BB_MSG_PULSE:
        return put_pulse(m, s, p);
    case BB_MSG_PULSE_ACK:
    case BB_MSG_PULSE_QUERY:
        bb_put(p, 4, m->highest_id - byte(s) % 16u);
        return BB_PULSE_ACK_SIZE;
    case BB_MSG_DRIVE:
        bb_put(p, 4, word(s) | (uint32_t)word(s) << 16);
        return BB_DRIVE_SIZE;
    case BB_MSG_SET_LAG:
        p[0] = byte(s) % 8u;
        bb_put(p + 1, 4, word(s));
        return BB_SET_LAG_SIZE;
    default:
        return byte(s) == 255 ? byte(s) % (BB_MAX_PAYLOAD + 1u) : 0; /* mostly the right size */
    }
}

/* What the message means to the ghosts, given its answer. */
static void follow(machine *m, const bb_frame *f, uint8_t result)
{
    uint32_t id = bb_get(f->payload, 4);
    bool ours = m->session_open && f->session == m->session;
    if (f->type == BB_MSG_ESTOP && f->size == 0)
        m->estop = true;
    if (f->type == BB_MSG_HELLO && (id ^ BOOT_ID) != 0 && (!m->session_open || (id ^ BOOT_ID) != m->session)) {
        m->session_open = true;
        m->session = id ^ BOOT_ID;
        m->armed = false;
        m->beat = m->now;
    }
    if (!ours || (result != BB_RESULT_OK && f->type != BB_MSG_HEARTBEAT)) {
        DEMAND(ours || result != BB_RESULT_OK || f->type == BB_MSG_ESTOP, "a foreign message does nothing");
        return;
    }
    if (f->type == BB_MSG_PULSE) {
        bb_pulse p;
        bb_pulse_read(&p, f->payload);
        DEMAND(p.on_us > 0 && p.on_us <= m->core.config.max_on_us, "an opening over the cap is refused");
        DEMAND(p.openings > 0 && p.openings <= m->core.config.max_count, "a count over the cap is refused");
        DEMAND((p.openings - 1ull) * p.period_us + p.on_us <= m->core.config.max_train_us || p.openings == 1,
               "a train over the cap is refused");
        DEMAND(id > m->highest_id, "taken ids rise");
        DEMAND(m->armed && !m->estop, "pulses are taken only when armed");
        m->highest_id = id;
        m->granted += f->payload[18];
    } else if (f->type == BB_MSG_HEARTBEAT && f->size == 0) {
        m->beat = m->now;
    } else if (f->type == BB_MSG_ARM) {
        DEMAND(!m->estop, "an e-stop keeps it disarmed");
        m->armed = true;
    } else if (f->type == BB_MSG_DISARM) {
        m->armed = false;
    } else if (f->type == BB_MSG_CLEAR) {
        DEMAND(!m->pressed && m->pins == 0 && bb_core_motor(&m->core) == 0, "clear needs release and everything closed");
        m->estop = false;
    }
}

static void send(machine *m, script *s)
{
    bb_frame f = {.type = (uint8_t)(byte(s) % 15u), .seq = 1, .session = m->session};
    uint8_t wire[BB_WIRE_MAX];
    uint8_t odd = byte(s);
    f.session ^= odd > 250 ? odd : 0;
    f.size = put_payload(m, s, f.type, f.payload);
    size_t size = bb_frame_encode(wire, &f);
    (void)result_of(m, 0);
    bb_core_receive(&m->core, (const uint8_t[]){0}, 1, (uint32_t)m->now); /* ends what raw bytes began */
    (void)result_of(m, 0);
    bb_core_receive(&m->core, wire, size, (uint32_t)m->now);
    follow(m, &f, result_of(m, f.type));
    observe(m, false);
}

static void step(machine *m, uint32_t pause_us, int32_t ticks)
{
    m->now += pause_us;
    m->inputs.encoder_ticks += (uint32_t)ticks;
    m->pressed = m->inputs.button || m->inputs.bumper;
    m->estop = m->estop || m->pressed;
    if (m->session_open && m->now - m->beat >= m->core.config.heartbeat_ms * 1000ull)
        m->armed = false;
    bb_core_step(&m->core, &m->inputs, (uint32_t)m->now);
    m->estop = m->estop || !bb_core_compressor(&m->core);
    m->armed = m->armed && !m->estop;
    observe(m, true);
}

static void act(machine *m, script *s)
{
    uint8_t what = byte(s);
    if (what < 110) {
        send(m, s);
    } else if (what < 200) {
        unsigned times = byte(s) % 64u + 1u;
        int8_t ticks = (int8_t)byte(s);
        for (unsigned i = 0; i < times; i++)
            step(m, 1000, ticks / 8);
    } else if (what < 220) {
        step(m, word(s) * 64u, (int8_t)byte(s));
    } else if (what < 235) {
        uint8_t bits = byte(s);
        m->inputs.button = (bits & 3u) == 3u;
        m->inputs.bumper = (bits & 12u) == 12u;
        m->inputs.end_switch = (bits & 64u) != 0;
        m->inputs.pressure_kpa = bits & 16u ? word(s) % 1200u : 400;
        m->inputs.pressure_age_us = bits & 32u ? word(s) * 8u : 0;
    } else if (what < 240) {
        m->core.valves[byte(s) % 4u].on_us = word(s) * 65536u; /* a duration that was corrupted in memory */
    } else {
        size_t size = byte(s) % 80u;
        size = size < (size_t)(s->end - s->at) ? size : (size_t)(s->end - s->at);
        uint8_t raw[80];
        memcpy(raw, s->at, size);
        s->at += size;
        for (size_t i = 0; i < size; i++) /* junk only: a good frame by chance is not followed */
            raw[i] |= 1u;
        bb_core_receive(&m->core, raw, size, (uint32_t)m->now);
        observe(m, false);
    }
}

static void start(machine *m, script *s)
{
    bb_config config = BB_CONFIG_DEFAULT;
    uint8_t choice = byte(s);
    config.max_open = choice % 4u + 1u;
    config.nozzles = choice & 4u ? 3u : 64u;
    config.max_on_us = choice & 8u ? 20000u : 50000u;
    config.leak_drop_kpa = choice & 16u ? 12u : 0u;
    memset(m, 0, sizeof *m);
    m->now = choice & 32u ? 0xffff0000ull : 5u; /* across the wrap of the clock */
    m->inputs.pressure_kpa = 400;
    bb_core_init(&m->core, &config, BOOT_ID, BB_RESET_CAUSE_POWER_ON);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static machine m;
    script s = {data, data + size};
    start(&m, &s);
    while (s.at < s.end)
        act(&m, &s);
    return 0;
}
