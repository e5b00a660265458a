/* Plants: how far they have swayed, and which straight ways their leaves block. */
#include <math.h>

#include "native.h"

#define TURN 6.283185307179586
#define SECOND_HZ 2.37    /* of the first swing's frequency (assumed) */
#define SECOND_SHARE 0.3 /* of the whole (assumed) */
#define EDGE_ON 1e-9

/* sim.trigonometry.sin_turns */
static double sin_turns(double turns)
{
    static const double divisors[] = {156.0, 110.0, 72.0, 42.0, 20.0, 6.0};
    double x = turns - floor(turns + 0.5);
    x = (x > 0.25 ? 0.5 - x : x < -0.25 ? -0.5 - x : x) * TURN;
    double square = x * x, total = 1.0 - square / 210.0;
    for (size_t i = 0; i < sizeof divisors / sizeof *divisors; i++)
        total = 1.0 - total * square / divisors[i];
    return x * total;
}

static double swing_of(const native_sway *sway, double t)
{
    double turns = sway->hz * t + sway->phase;
    double swing = (1.0 - SECOND_SHARE) * sin_turns(turns);
    return swing + SECOND_SHARE * sin_turns(SECOND_HZ * turns + sway->phase);
}

void native_swayed(const native_sway *sway, size_t count, double t, double *out)
{
    for (size_t i = 0; i < count; i++) {
        double swing = swing_of(sway + i, t);
        for (size_t k = 0; k < 3; k++)
            out[3 * i + k] = sway[i].reach[k] * swing;
    }
}

void native_places(const native_flowers *flowers, const int64_t *index, size_t count, double t, double *out)
{
    for (size_t i = 0; i < count; i++) {
        int64_t n = index[i];
        const native_sway *sway = flowers->sway + flowers->group[n];
        double swing = swing_of(sway, t);
        for (size_t k = 0; k < 3; k++)
            out[3 * i + k] = flowers->rest[3 * n + k] + flowers->weight[n] * (sway->reach[k] * swing);
    }
}

static bool crossed(const native_blades *leaves, int64_t blade, const double *centre, const double *start,
                    const double *way)
{
    const double *n = leaves->normal + 3 * blade;
    double slope = n[0] * way[0] + n[1] * way[1] + n[2] * way[2];
    if (!(fabs(slope) > EDGE_ON))
        return false;
    double rise = n[0] * (centre[0] - start[0]) + n[1] * (centre[1] - start[1]) + n[2] * (centre[2] - start[2]);
    double at = rise / slope;
    if (!(at > 0.0 && at < 1.0))
        return false;
    const double *a = leaves->along + 3 * blade, *half = leaves->half + 2 * blade;
    double x = start[0] + at * way[0] - centre[0];
    double y = start[1] + at * way[1] - centre[1];
    double z = start[2] + at * way[2] - centre[2];
    double u = x * a[0] + y * a[1] + z * a[2];
    double v2 = x * x + y * y + z * z - u * u;
    double share = u / half[0];
    return share * share + (v2 > 0.0 ? v2 : 0.0) / (half[1] * half[1]) <= 1.0;
}

/* From the first to one past the last plant that reaches into s in low..high; first == last for none. */
static void reaching(const double *spans, double low, double high, int64_t *first, int64_t *last)
{
    while (*first < *last && !(spans[2 * *first + 1] >= low && spans[2 * *first] <= high))
        ++*first;
    while (*last > *first && !(spans[2 * *last - 1] >= low && spans[2 * *last - 2] <= high))
        --*last;
}

void native_blocked(const native_blades *leaves, const double *swayed, int32_t first_group, int64_t first_plant,
                    int64_t last_plant, const double *start, const double *ends, size_t ways, double *centres,
                    bool *blocked)
{
    int64_t base = leaves->begin[first_plant];
    for (int64_t b = base; b < leaves->begin[last_plant]; b++) {
        const double *moved = swayed + 3 * (leaves->group[b] - first_group);
        for (int64_t k = 0; k < 3; k++)
            centres[3 * (b - base) + k] = leaves->centre[3 * b + k] + leaves->weight[b] * moved[k];
    }
    for (size_t i = 0; i < ways; i++) {
        const double *end = ends + 3 * i;
        double way[3] = {end[0] - start[0], end[1] - start[1], end[2] - start[2]};
        int64_t first = first_plant, last = last_plant;
        reaching(leaves->spans, fmin(end[0], start[0]), fmax(end[0], start[0]), &first, &last);
        blocked[i] = false;
        for (int64_t b = leaves->begin[first]; b < leaves->begin[last] && !blocked[i]; b++)
            blocked[i] = crossed(leaves, b, centres + 3 * (b - base), start, way);
    }
}
