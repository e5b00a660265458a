/* Inside the rasteriser: vectors, projection and lighting. */
#ifndef BOMBUS_SHADE_H
#define BOMBUS_SHADE_H

#include "raster.h"

#include <math.h>

#define SUBPIXEL 16

typedef struct {
    int32_t x, y; /* in 1/16 pixel */
    int32_t drawable;
    double inverse_depth, colour[3], u, v;
} screen_vertex;

static inline double dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static inline void cross(const double a[3], const double b[3], double out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static inline void normalise(double v[3]) {
    double length = sqrt(dot(v, v));
    double scale = length > 1e-12 ? 1.0 / length : 0.0;
    for (int i = 0; i < 3; i++) v[i] *= scale;
}

static inline double clamp(double x, double low, double high) { return x < low ? low : (x > high ? high : x); }

/* Project a point; Brown distortion as in vision/calibration.py. Fills all but the colour and texture place. */
void raster_project(const raster_camera *camera, const double point[3], screen_vertex *out);

/* How much of the sun reaches what is at `p`, 0..1. */
double raster_sunlit(const raster_light *light, const double p[3]);

/* Linear light (4096 is one) from a surface; `normal` is turned to the eye where both faces are seen. */
void raster_shade(const raster_light *light, double normal[3], const double point[3], const double to_eye[3],
                  int flags, double sun_share, const double albedo[3], double out[3]);

#endif
