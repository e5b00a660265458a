/* The machine in milliseconds: cart, tank, and both with the controller as long as nothing else happens. */
#include <math.h>

#include "board_virtual.h"
#include "native.h"

#define AMBIENT_KPA 101.3
#define FULL_KPA 600.0
#define STEP_US 1000u

static double normal(native_cart *cart)
{
    return cart->normals[cart->used++];
}

void native_cart_step(native_cart *cart, double commanded_m_s, double dt, double wet_slip)
{
    double wave = sin(2.0 * M_PI * cart->wheel_m / cart->circumference_m);
    double ripple = 1.0 + cart->speed_ripple * wave, gone = dt / cart->time_constant_s;
    double velocity = cart->velocity;
    velocity += (commanded_m_s * ripple - velocity) * (gone < 1.0 ? gone : 1.0);
    cart->velocity = cart->blocked ? 0.0 : velocity;
    double wheel = cart->velocity * dt;
    /* Ornstein-Uhlenbeck over distance: slip belongs to the place on the pipe, not to the time spent there. */
    double share = fabs(wheel) / cart->slip_length_m;
    cart->slip += (cart->slip_mean - cart->slip) * share;
    if (share > 0.0)
        cart->slip += cart->slip_std * sqrt(2.0 * share) * normal(cart);
    cart->wheel_m += wheel;
    if (!cart->spinning)
        cart->s += wheel * (1.0 - cart->slip - wet_slip);
}

int64_t native_cart_ticks(native_cart *cart)
{
    return (int64_t)rint(cart->wheel_m * cart->ticks_per_m + cart->noise_ticks * normal(cart));
}

void native_air_step(native_air *air, double open_nozzles, double dt, bool compressor_on)
{
    double flow = 0.0, made = 0.0;
    if (air->pressure_kpa > 0.0)
        flow = (open_nozzles * air->nozzle_nl_min + air->leak_nl_min) * (air->pressure_kpa + AMBIENT_KPA) /
               (FULL_KPA + AMBIENT_KPA);
    double used = flow * dt / 60.0;
    air->running =
        air->pressure_kpa < air->cut_in_kpa || (air->running && air->pressure_kpa < air->cut_out_kpa);
    if (air->running && compressor_on)
        made = air->delivery * air->compressor_nl_min * dt / 60.0;
    air->used_nl += used;
    /* Isothermal tank: one normal litre more or less moves the pressure by p0 / volume. */
    double pressure = air->pressure_kpa + (made - used) * AMBIENT_KPA / air->tank_l;
    air->pressure_kpa = pressure > 0.0 ? pressure : 0.0;
}

/* Runs up to `steps` milliseconds and stops after one in which a valve was switched; returns how many it ran.
   A cart without wet pipe and rail joints, valves that all have followed, pins and faults that do not change. */
size_t native_glide(native_cart *cart, native_air *air, const native_board *board, const native_still *still,
                    double now, uint64_t now_us, size_t steps, double *times, double *places)
{
    /* By the types of its header: a function that has changed since must not be called as it was. */
    __typeof__(&bb_virtual_step) step = (__typeof__(step))board->step;
    __typeof__(&bb_virtual_valves) valves_of = (__typeof__(valves_of))board->valves;
    __typeof__(&bb_virtual_motor) motor_of = (__typeof__(motor_of))board->motor;
    __typeof__(&bb_virtual_compressor) compressor_of = (__typeof__(compressor_of))board->compressor;
    uint64_t valves = valves_of(board->board);
    for (size_t i = 0; i < steps; i++) {
        now_us += STEP_US;
        double t = (double)now_us * 1e-6, dt = t - now;
        native_cart_step(cart, motor_of(board->board) * 1e-3, dt, 0.0);
        native_air_step(air, still->blowing * dt / dt, dt, compressor_of(board->board));
        now = times[i] = t;
        places[i] = cart->s;
        int64_t ticks = native_cart_ticks(cart) - still->ticks_at_reset;
        bool at_end = cart->s >= still->ends_from || cart->s <= still->ends_below;
        step(board->board, (uint32_t)now_us, (uint32_t)ticks, (uint16_t)rint(air->pressure_kpa), still->battery_mv,
             still->button, still->bumper, at_end, 0);
        if (valves_of(board->board) != valves)
            return i + 1;
    }
    return steps;
}
