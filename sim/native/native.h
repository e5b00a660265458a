/* The simulator's inner loops: plants that sway, leaves in the way, the machine's milliseconds.
   The same operations in the same order as the numpy they stand for, so that nothing changes to the bit. */
#ifndef BOMBUS_SIM_NATIVE_H
#define BOMBUS_SIM_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* sim.plants.SWAY: how one group swings, a second swing of SECOND_HZ and SECOND_SHARE laid over the first. */
typedef struct {
    double reach[3], hz, phase;
} native_sway;

/* One side's flowers at rest, arrays of N. */
typedef struct {
    const double *rest, *weight; /* (N, 3), (N) */
    const int32_t *group;        /* (N) */
    const native_sway *sway;     /* of every group */
} native_flowers;

/* One side's leaf blades, arrays of B. */
typedef struct {
    const double *normal, *along, *centre, *weight, *half; /* (B, 3), (B, 3), (B, 3), (B), (B, 2) */
    const int32_t *group;                                  /* (B) */
    const int64_t *begin;                                  /* (plants + 1): each plant's first blade */
    const double *spans;                                   /* (plants, 2): least and most s */
} native_blades;

/* The cart: settings, then what `native_cart_step` moves. `normals` are used up one by one. */
typedef struct {
    double time_constant_s, slip_mean, slip_std, slip_length_m, speed_ripple, circumference_m;
    double ticks_per_m, noise_ticks;
    double s, velocity, wheel_m, slip;
    bool blocked, spinning;
    const double *normals;
    size_t used;
} native_cart;

/* The tank: settings, then what `native_air_step` moves. */
typedef struct {
    double tank_l, cut_in_kpa, cut_out_kpa, compressor_nl_min, nozzle_nl_min;
    double pressure_kpa, used_nl, leak_nl_min, delivery;
    bool running;
} native_air;

/* The controller in virtual time: firmware_bridge/firmware/board_virtual.h, and where its functions are. */
typedef struct {
    void *board;
    uintptr_t step, valves, motor, compressor;
} native_board;

/* What stays as it is during `native_glide`. */
typedef struct {
    double blowing;               /* open nozzles */
    double ends_below, ends_from; /* s at which the row-end switch is worked */
    int64_t ticks_at_reset;
    uint16_t battery_mv;
    bool button, bumper;
} native_still;

void native_swayed(const native_sway *sway, size_t count, double t, double *out);

void native_places(const native_flowers *flowers, const int64_t *index, size_t count, double t, double *out);

void native_blocked(const native_blades *leaves, const double *swayed, int32_t first_group, int64_t first_plant,
                    int64_t last_plant, const double *start, const double *ends, size_t ways, double *centres,
                    bool *blocked);

void native_cart_step(native_cart *cart, double commanded_m_s, double dt, double wet_slip);
int64_t native_cart_ticks(native_cart *cart);
void native_air_step(native_air *air, double open_nozzles, double dt, bool compressor_on);

size_t native_glide(native_cart *cart, native_air *air, const native_board *board, const native_still *still,
                    double now, uint64_t now_us, size_t steps, double *times, double *places);

#endif
