#include "raster.h"

#include <string.h>

#include "wide.h"

typedef int32_t lanes __attribute__((vector_size(16)));
typedef uint16_t texel4 __attribute__((vector_size(8)));

INLINE lanes load(const uint16_t *texel) {
    texel4 packed;
    memcpy(&packed, texel, sizeof packed);
    return __builtin_convertvector(packed, lanes);
}

typedef struct {
    const uint16_t *texels;
    int32_t width, height, s0, h0, reach, dim; /* s0 and h0 in texels / 65536, reach in texels / 256 */
} hanging;

static hanging hang(const raster_camera *camera, const raster_backdrop *layer) {
    hanging out = {layer->texels, layer->width, layer->height, 0, 0, 0, (int32_t)(layer->dim * 256.0)};
    int64_t wrap = (int64_t)layer->width << 16;
    int64_t s = (int64_t)(camera->position[0] * layer->texels_per_m * 65536.0) % wrap;
    out.s0 = (int32_t)(s < 0 ? s + wrap : s);
    out.h0 = (int32_t)((camera->position[1] - layer->bottom_h) * layer->texels_per_m * 65536.0);
    out.reach = (int32_t)((layer->depth - camera->position[2]) * layer->texels_per_m * 256.0);
    return out;
}

/* Bilinear texel of a backdrop that repeats along s; returns 0 above and below it. */
INLINE int sample(const hanging *layer, const int32_t ray[2], lanes *out) {
    int64_t s = layer->s0 + ((int64_t)ray[0] * layer->reach >> 8), h = layer->h0 + ((int64_t)ray[1] * layer->reach >> 8);
    int32_t row = (int32_t)(h >> 16), column = (int32_t)(s >> 16);
    if (row < 0 || row >= layer->height - 1) return 0;
    while (column < 0) column += layer->width;
    while (column >= layer->width) column -= layer->width;
    int32_t next = column + 1 == layer->width ? 0 : column + 1;
    int32_t fs = (int32_t)(s & 0xffff) >> 9, fh = (int32_t)(h & 0xffff) >> 9;
    const uint16_t *low = layer->texels + (int64_t)row * layer->width * 4, *high = low + (int64_t)layer->width * 4;
    lanes below = load(low + column * 4) * (128 - fs) + load(low + next * 4) * fs;
    lanes above = load(high + column * 4) * (128 - fs) + load(high + next * 4) * fs;
    *out = ((below >> 7) * (128 - fh) + (above >> 7) * fh) >> 7;
    return 1;
}

/* What a ray meets behind the near row: layers, nearest first, over the sky. */
INLINE texel4 meet(const hanging *hung, int32_t layer_count, const int32_t ray[2], const uint16_t *sky,
                   int32_t sky_rows) {
    lanes total = {0, 0, 0, 0}, texel;
    int32_t left = 32768;
    for (int32_t k = 0; k < layer_count && left > 600; k++) {
        if (!sample(hung + k, ray, &texel)) continue;
        int32_t share = (left >> 7) * hung[k].dim >> 8;
        total += (texel * share) >> 8;
        left = (left >> 1) * ((32768 - texel[3]) >> 1) >> 13;
    }
    int32_t row = (int32_t)((int64_t)(ray[1] + 65536) * sky_rows >> 17);
    if (row < 0) row = 0;
    if (row >= sky_rows) row = sky_rows - 1;
    texel4 out = {0, 0, 0, 0};
    for (int c = 0; c < 3; c++) {
        int32_t v = total[c] + (int32_t)((uint32_t)sky[3 * row + c] * (uint32_t)left >> 15);
        out[c] = (uint16_t)(v > 65535 ? 65535 : v);
    }
    return out;
}

INLINE int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

/* Whether any pixel that knot (column, row) of the coarse grid touches is still empty. */
INLINE int needed(const raster_target *target, int32_t width, int32_t height, int32_t column, int32_t row) {
    for (int32_t y = row ? 2 * row - 1 : 0; y <= least(2 * row + 1, height - 1); y++)
        for (int32_t x = column ? 2 * column - 1 : 0; x <= least(2 * column + 1, width - 1); x++)
            if (!target->depth[(int64_t)y * width + x]) return 1;
    return 0;
}

/* Pixels of one row between four knots; knots lie on even pixels, the rest is their mean. */
INLINE void spread(const raster_target *target, int32_t width, int32_t y, const uint16_t *above,
                   const uint16_t *below) {
    for (int32_t x = 0; x < width; x++) {
        int64_t pixel = (int64_t)y * width + x;
        if (target->depth[pixel]) continue;
        int32_t left = 4 * (x / 2), right = 4 * ((x + 1) / 2);
        texel4 mean = __builtin_convertvector(
            (load(above + left) + load(above + right) + load(below + left) + load(below + right)) >> 2, texel4);
        memcpy(target->colour + 4 * pixel, &mean, sizeof mean);
    }
}

/* Fill what no part covers. The backdrop is out of focus, so every second pixel each way is enough:
 * `rays_q16` holds (s, h) per metre of d of the knots (height / 2 + 1, width / 2 + 1), `knots` their light. */
WIDE void raster_background(const raster_camera *camera, const int32_t *rays_q16, const raster_backdrop *layers,
                            int32_t layer_count, const uint16_t *sky, int32_t sky_rows, uint16_t *knots,
                            raster_target *target) {
    hanging hung[RASTER_MAX_LAYERS];
    layer_count = least(layer_count, RASTER_MAX_LAYERS);
    for (int32_t k = 0; k < layer_count; k++) hung[k] = hang(camera, layers + k);
    int32_t columns = camera->width / 2 + 1, rows = camera->height / 2 + 1;
    for (int32_t row = 0; row < rows; row++)
        for (int32_t column = 0; column < columns; column++) {
            int64_t knot = (int64_t)row * columns + column;
            if (!needed(target, camera->width, camera->height, column, row)) continue;
            texel4 light = meet(hung, layer_count, rays_q16 + 2 * knot, sky, sky_rows);
            memcpy(knots + 4 * knot, &light, sizeof light);
        }
    for (int32_t y = 0; y < camera->height; y++)
        spread(target, camera->width, y, knots + 4 * (int64_t)(y / 2) * columns,
               knots + 4 * (int64_t)((y + 1) / 2) * columns);
}
