/* What the proofs remember themselves: true time in 64 bits and a model of the machine that is fed by messages,
 * sensors and pins only. A claim is made about these ghosts; the core's own state is only tied to them. */
#ifndef BB_GHOST_H
#define BB_GHOST_H

#include "core.h"

#define NOZZLES 2u
/* Times only count by their differences: this holds every wrap of the 32-bit clock. */
#define TIME_BEGIN (1ull << 32)
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

/* A count times a time: to the model checker any function of the two, of which only what `product_lemmas` says is
 * known. Whatever holds for every such function holds for the product; multiplying two unknowns it can hardly follow. */
uint32_t __CPROVER_uninterpreted_product(uint32_t count, uint32_t time_us);
#define PRODUCT(count, time_us) __CPROVER_uninterpreted_product((count), (time_us))

/* Milliseconds as microseconds, where only the limit of a wait is meant. */
uint32_t __CPROVER_uninterpreted_milli(uint32_t time_ms);
#define MILLI(time_ms) __CPROVER_uninterpreted_milli(time_ms)
#define LONGEST_WAIT_US 600000000u

uint32_t __CPROVER_uninterpreted_ramp(uint32_t ramp_mm_s2, uint32_t time_us);
#define RAMP(ramp_mm_s2, time_us) __CPROVER_uninterpreted_ramp((ramp_mm_s2), (time_us))
int64_t __CPROVER_uninterpreted_rate(int32_t ticks, uint32_t time_us);
#define RATE(ticks, time_us) __CPROVER_uninterpreted_rate((ticks), (time_us))

static inline void product_lemmas(uint32_t count, uint32_t time_us)
{
    ASSUME(PRODUCT(count + 1u, time_us) == PRODUCT(count, time_us) + time_us);
    ASSUME(PRODUCT(1u, time_us) == time_us);
}

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
    uint64_t looked[NOZZLES]; /* when a step last saw to this nozzle's valve */
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
    uint64_t judged;           /* when its trigger was last compared with the clock */
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
