/* Deterministic software rasteriser: doubles with + - * / and sqrt only, then fixed point. */
#ifndef BOMBUS_RASTER_H
#define BOMBUS_RASTER_H

#include <stdint.h>

enum { RASTER_THIN = 1, RASTER_GLOSSY = 2, RASTER_FUZZY = 4 };
enum { RASTER_TEXTURE_SIZE = 64, RASTER_MAX_MESH_VERTICES = 2048, RASTER_MAX_TAPS = 15, RASTER_MAX_LAYERS = 4, RASTER_TONE_LEVELS = 4096 };

typedef struct {
    double rotation[9], position[3];
    double fx, fy, cx, cy, k1, k2, p1, p2, k3;
    double shutter_m; /* metres of s that the camera moves from the first row to the last */
    int32_t width, height;
} raster_camera;

typedef struct {
    double sun_direction[3], sun[3], sky[3], ground[3];
    double dapple, shade_from, shade_rate, fill;
} raster_light;

typedef struct { double position[3], normal[3], colour[3], uv[2]; } raster_vertex;
typedef struct { int32_t vertex_begin, vertex_end, face_begin, face_end, flags, texture; } raster_mesh;

typedef struct {
    int32_t mesh, label, group, reserved;
    double weight, position[3], axes[9], tint[3];
} raster_part;

typedef struct {
    int32_t group, reserved;
    double from[3], to[3], radius_from, radius_to, weight_from, weight_to, colour[3];
} raster_twig;

/* One flower in the frame: pixels covered without and with occlusion, and the box of the former. */
typedef struct {
    int32_t label, area, visible, x0, y0, x1, y1, reserved;
    double inside, depth;
} raster_box;

typedef struct {
    const raster_vertex *vertices;
    const int32_t *faces;
    const raster_mesh *meshes;
    const uint8_t *textures;
} raster_library;

typedef struct {
    uint16_t *colour; /* height * width * 4, linear B G R and an unused one */
    uint32_t *depth;  /* nearer is larger, 0 is empty */
    int32_t *label;   /* 0 none, k + 1 for box k */
    int32_t *stamp;   /* the last box that covered the pixel, seen or not */
} raster_target;

typedef struct {
    const uint16_t *texels; /* height * width * 4, premultiplied linear B G R and coverage in 0..32768 */
    int32_t width, height;
    double texels_per_m, bottom_h, depth, dim;
} raster_backdrop;

typedef struct {
    int32_t taps_x, taps_y;
    int32_t kernel_x[RASTER_MAX_TAPS], kernel_y[RASTER_MAX_TAPS]; /* sum to 256 */
    int32_t gain[3];                                              /* B G R exposure, 256 is one */
    int32_t vignette;                                             /* darkening at the corner, 256 is black */
    int32_t noise_floor, noise_shot;                              /* 65536ths of a grey level per step of grain */
    uint32_t seed;
} raster_effects;

void raster_clear(const raster_camera *camera, raster_target *target);
int32_t raster_parts(const raster_camera *camera, const raster_light *light, const raster_library *library,
                     const raster_part *parts, int32_t part_count, const double *offsets,
                     raster_target *target, raster_box *boxes, int32_t box_capacity);
void raster_twigs(const raster_camera *camera, const raster_light *light, const raster_twig *twigs,
                  int32_t twig_count, const double *offsets, raster_target *target);
void raster_count_visible(const raster_camera *camera, const raster_target *target, raster_box *boxes,
                          int32_t box_count);
void raster_background(const raster_camera *camera, const int32_t *rays_q16, const raster_backdrop *layers,
                       int32_t layer_count, const uint16_t *sky, int32_t sky_rows, uint16_t *knots,
                       raster_target *target);
void raster_develop(int32_t width, int32_t height, const uint16_t *colour, uint16_t *scratch, uint32_t *sums,
                    const raster_effects *effects, const uint8_t *tone, uint8_t *out);

#endif
