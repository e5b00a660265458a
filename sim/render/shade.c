#include "shade.h"

#define DEPTH_SCALE 4194304.0 /* 2^22 over metres: 0.05 m is 83.9 million, inside 31 bits */
#define NEAR_M 0.05
#define WIDEST_RAY 2.2
#define SHEEN 0.018 /* what a waxy surface mirrors in the light's own colour (assumed) */

void raster_project(const raster_camera *camera, const double point[3], screen_vertex *out) {
    double offset[3] = {point[0] - camera->position[0], point[1] - camera->position[1],
                        point[2] - camera->position[2]};
    double z = dot(camera->rotation + 6, offset);
    out->drawable = 0;
    if (!(z >= NEAR_M)) return;
    double x = dot(camera->rotation, offset) / z, y = dot(camera->rotation + 3, offset) / z;
    if (!(x >= -WIDEST_RAY && x <= WIDEST_RAY && y >= -WIDEST_RAY && y <= WIDEST_RAY)) return;
    if (camera->shutter_m != 0.0) {
        double late = camera->fy * y / (double)camera->height;
        x -= camera->rotation[0] * camera->shutter_m * late / z;
    }
    double r2 = x * x + y * y;
    double radial = 1.0 + r2 * (camera->k1 + r2 * (camera->k2 + r2 * camera->k3));
    double xd = x * radial + 2.0 * camera->p1 * x * y + camera->p2 * (r2 + 2.0 * x * x);
    double yd = y * radial + camera->p1 * (r2 + 2.0 * y * y) + 2.0 * camera->p2 * x * y;
    double u = clamp(camera->fx * xd + camera->cx, -8000.0, 8000.0);
    double v = clamp(camera->fy * yd + camera->cy, -8000.0, 8000.0);
    out->x = (int32_t)floor(u * SUBPIXEL + 0.5);
    out->y = (int32_t)floor(v * SUBPIXEL + 0.5);
    out->inverse_depth = DEPTH_SCALE / z;
    out->drawable = 1;
}

static uint32_t hash32(uint32_t x) {
    x ^= x >> 16;
    x *= 0x7feb352dU;
    x ^= x >> 15;
    x *= 0x846ca68bU;
    return x ^ (x >> 16);
}

static double lattice(int32_t i, int32_t j, int32_t k) {
    return (double)(hash32((uint32_t)i * 73856093U ^ (uint32_t)j * 19349663U ^ (uint32_t)k * 83492791U) & 0xffffU) /
           65535.0;
}

/* Smooth noise in 0..1 over 6 cm cells: the shadows that leaves overhead throw. */
static double dapple_noise(const double p[3]) {
    double q[3], f[3];
    int32_t c[3];
    for (int i = 0; i < 3; i++) {
        q[i] = p[i] * 16.0;
        double base = floor(q[i]);
        c[i] = (int32_t)base;
        f[i] = q[i] - base;
        f[i] = f[i] * f[i] * (3.0 - 2.0 * f[i]);
    }
    double total = 0.0;
    for (int corner = 0; corner < 8; corner++) {
        int a = corner & 1, b = (corner >> 1) & 1, e = corner >> 2;
        double w = (a ? f[0] : 1.0 - f[0]) * (b ? f[1] : 1.0 - f[1]) * (e ? f[2] : 1.0 - f[2]);
        total += w * lattice(c[0] + a, c[1] + b, c[2] + e);
    }
    return total;
}

double raster_sunlit(const raster_light *light, const double p[3]) {
    if (light->dapple <= 0.0) return 1.0;
    double open = clamp((dapple_noise(p) - 0.38) * 5.0, 0.0, 1.0);
    return 1.0 - light->dapple * (1.0 - open);
}

/* Blinn's half-vector highlight to the 32nd power. */
static double highlight(const raster_light *light, const double normal[3], const double to_eye[3]) {
    double half[3];
    for (int i = 0; i < 3; i++) half[i] = light->sun_direction[i] + to_eye[i];
    normalise(half);
    double g = clamp(dot(normal, half), 0.0, 1.0);
    for (int i = 0; i < 4; i++) g = g * g;
    return 0.5 * g * g;
}

void raster_shade(const raster_light *light, double normal[3], const double point[3], const double to_eye[3],
                  int flags, double sun_share, const double albedo[3], double out[3]) {
    double facing = dot(normal, to_eye);
    if ((flags & RASTER_THIN) && facing < 0.0) {
        for (int i = 0; i < 3; i++) normal[i] = -normal[i];
        facing = -facing;
    }
    double sun_cos = dot(normal, light->sun_direction);
    double through = (flags & RASTER_THIN) && sun_cos < 0.0 ? -0.45 * sun_cos : 0.0;
    double direct = sun_cos > 0.0 ? sun_cos : 0.0;
    double up = 0.5 + 0.5 * normal[1];
    double depth_shade = clamp(1.0 - light->shade_rate * (point[2] - light->shade_from), 0.22, 1.0);
    double gloss = (flags & RASTER_GLOSSY) ? highlight(light, normal, to_eye) : 0.0;
    double rim = (flags & RASTER_FUZZY) ? 0.35 * (1.0 - clamp(facing, 0.0, 1.0)) : 0.0;
    for (int i = 0; i < 3; i++) {
        double diffuse = light->ground[i] + (light->sky[i] - light->ground[i]) * up + light->fill * facing * light->sky[i];
        double glow = through * (i == 2 ? 0.6 : 1.0);
        double level = (albedo[i] + SHEEN) * diffuse + light->sun[i] * sun_share * (albedo[i] * (direct + glow) + SHEEN * direct);
        level += (gloss * light->sun[i] + rim * 0.25 * light->sky[i]) * (0.3 + 0.7 * sun_share);
        out[i] = clamp(level * depth_shade, 0.0, 15.0) * 4096.0;
    }
}
