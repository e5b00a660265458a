/* What the proofs remember themselves: true time in 64 bits and a model of the machine that is fed by messages,
 * sensors and pins only. A claim is made about these ghosts; the core's own state is only tied to them. */
#ifndef BB_GHOST_H
#define BB_GHOST_H

#include "core.h"

#define NOZZLES 2u
/* Times only count by their differences: this holds every wrap of the 32-bit clock. */
#define TIME_END (1ull << 34)
/* Longest pause between two steps: below the clock's half range (35.8 min); a watchdog resets long before. */
#define STALL_US 1800000000ull

/* A REACH must FAIL: it shows that the harness gets there, so that no claim is true of nothing. Claims and reaches
 * are asked in two runs: the one question has the answer no, the other yes many times over. */
#ifdef BB_ASK_REACH
#define CLAIM(condition, text) ((void)(condition))
#define REACH(condition, text) __CPROVER_assert(!(condition), "reach: " text)
#else
#define CLAIM(condition, text) __CPROVER_assert((condition), text)
#define REACH(condition, text) ((void)(condition))
#endif
#define ASSUME(condition) __CPROVER_assume(condition)

/* To the model checker a local without a value has every value. */
#define ANY(type, name)             \
    static inline type name(void)   \
    {                               \
        type value;                 \
        return value;               \
    }
ANY(uint8_t, any_u8)
ANY(uint16_t, any_u16)
ANY(int16_t, any_i16)
ANY(uint32_t, any_u32)
ANY(int32_t, any_i32)
ANY(uint64_t, any_u64)

static inline bool any_bool(void)
{
    return (any_u8() & 1u) != 0;
}

typedef struct {
    uint64_t now, stepped; /* this transition's time, and that of the last step */
    bool session_open, same_protocol, armed, estop, lost;
    bool air_ok, pressed;
    uint32_t boot_id, session, last_id;
    uint64_t beat;
    bb_config config;

    bool open[NOZZLES];
    bool hooked[NOZZLES]; /* opened in this transition */
    bool rested[NOZZLES]; /* never opened, or closed for the minimum gap at the last step */
    uint64_t since[NOZZLES], closed[NOZZLES];

    bool driving;
    int32_t target_mm_s;
    uint64_t drive_set, drive_us;

    /* One pulse, any: followed from the frame that brings it to its last opening. */
    uint32_t id;
    bool taken;
    bb_pulse pulse;
    uint64_t taken_at, due_at; /* due_at: of a trigger at a time, then of the next opening */
    uint8_t openings;
} ghosts;

static inline bool ghost_fresh(const ghosts *g)
{
    return g->session_open && g->now - g->beat < g->config.heartbeat_ms * 1000ull;
}

/* Time by which `a` lies after `b`, negative when before. */
static inline int64_t ghost_after(uint64_t a, uint64_t b)
{
    return (int64_t)(a - b);
}

#endif
