#include "raster.h"

#include <string.h>

/* Whole numbers only in this file, so a version for wider registers gives the same bytes. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__)
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif
#define ALWAYS __attribute__((always_inline))

typedef int32_t lanes __attribute__((vector_size(16)));
typedef uint16_t texel4 __attribute__((vector_size(8)));

static inline ALWAYS lanes load(const uint16_t *texel) {
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
static inline ALWAYS int sample(const hanging *layer, const int32_t ray[2], lanes *out) {
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

/* Fill what no part covers: layers nearest first over the sky. `rays_q16` holds (s, h) per metre of d. */
WIDE void raster_background(const raster_camera *camera, const int32_t *rays_q16, const raster_backdrop *layers,
                       int32_t layer_count, const uint16_t *sky, int32_t sky_rows, raster_target *target) {
    hanging hung[RASTER_MAX_LAYERS];
    if (layer_count > RASTER_MAX_LAYERS) layer_count = RASTER_MAX_LAYERS;
    for (int32_t k = 0; k < layer_count; k++) hung[k] = hang(camera, layers + k);
    int64_t pixels = (int64_t)camera->width * camera->height;
    for (int64_t i = 0; i < pixels; i++) {
        if (target->depth[i]) continue;
        const int32_t *ray = rays_q16 + 2 * i;
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
        for (int c = 0; c < 3; c++) {
            int32_t v = total[c] + (int32_t)((uint32_t)sky[3 * row + c] * (uint32_t)left >> 15);
            target->colour[4 * i + c] = (uint16_t)(v > 65535 ? 65535 : v);
        }
    }
}

/* out += in * weight over n values; sums of all taps stay under 2^24. */
static inline ALWAYS void accumulate(uint32_t *restrict out, const uint16_t *restrict in, uint16_t weight, int32_t n) {
    for (int32_t i = 0; i < n; i++) out[i] += (uint32_t)in[i] * weight;
}

static inline ALWAYS void settle(uint16_t *restrict out, const uint32_t *restrict sums, int32_t n) {
    for (int32_t i = 0; i < n; i++) out[i] = (uint16_t)(sums[i] >> 8);
}

static int32_t within(int32_t at, int32_t size) { return at < 0 ? 0 : (at >= size ? size - 1 : at); }

/* Blur along x: `padded` holds a row with its ends repeated, `sums` a row of sums. */
static inline ALWAYS void blur_row(int32_t width, const uint16_t *in, uint16_t *out, const raster_effects *effects,
                     uint16_t *padded, uint32_t *sums) {
    int32_t reach = effects->taps_x / 2;
    for (int32_t x = -reach; x < 0; x++) memcpy(padded + 4 * (x + reach), in, 4 * sizeof *in);
    memcpy(padded + 4 * reach, in, 4 * (size_t)width * sizeof *in);
    for (int32_t x = 0; x < reach; x++)
        memcpy(padded + 4 * (width + reach + x), in + 4 * (width - 1), 4 * sizeof *in);
    memset(sums, 0, 4 * (size_t)width * sizeof *sums);
    for (int32_t k = 0; k < effects->taps_x; k++)
        accumulate(sums, padded + 4 * k, (uint16_t)effects->kernel_x[k], 4 * width);
    settle(out, sums, 4 * width);
}

static inline ALWAYS void blur_column_row(int32_t width, int32_t height, int32_t y, const uint16_t *in, uint16_t *out,
                            const raster_effects *effects, uint32_t *sums) {
    int32_t reach = effects->taps_y / 2;
    memset(sums, 0, 4 * (size_t)width * sizeof *sums);
    for (int32_t k = 0; k < effects->taps_y; k++)
        accumulate(sums, in + (int64_t)within(y + k - reach, height) * width * 4, (uint16_t)effects->kernel_y[k],
                   4 * width);
    settle(out, sums, 4 * width);
}

static inline ALWAYS uint64_t mix(uint64_t x) {
    x *= 0x9e3779b97f4a7c15ULL;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    return x ^ (x >> 29);
}

/* Gain and vignette, the tone curve `tone` (4096 entries), and noise that depends on pixel and seed only. */
static inline ALWAYS void quantise_row(int32_t width, int32_t height, int32_t y, const uint16_t *colour,
                         const raster_effects *effects, const uint8_t *tone, uint8_t *out) {
    int64_t corner = (int64_t)width * width + (int64_t)height * height, dy = 2 * y - height;
    int64_t fall_q32 = ((int64_t)effects->vignette << 32) / corner;
    uint64_t seed = mix(((uint64_t)effects->seed << 32) ^ (uint64_t)y);
    for (int32_t x = 0; x < width; x++) {
        int64_t dx = 2 * x - width;
        uint32_t lit = (uint32_t)(256 - (fall_q32 * (dx * dx + dy * dy) >> 32));
        uint64_t bits = mix(seed + (uint64_t)x);
        for (int c = 0; c < 3; c++) {
            uint64_t linear = ((uint64_t)colour[4 * x + c] * (uint32_t)effects->gain[c] * lit) >> 18;
            int32_t value = tone[linear > 4095 ? 4095 : linear];
            int32_t grain = (int32_t)(bits & 127) + (int32_t)((bits >> 7) & 127) + (int32_t)((bits >> 14) & 127);
            int32_t strength = effects->noise_floor + (effects->noise_shot * value >> 8);
            value = ((value << 16) + (2 * grain - 381) * strength + 32768) >> 16;
            out[3 * x + c] = (uint8_t)(value < 0 ? 0 : (value > 255 ? 255 : value));
            bits >>= 21;
        }
    }
}

/* `scratch` holds width * 4 * (height + 2) + 4 * RASTER_MAX_TAPS values, `sums` width * 4. */
WIDE void raster_develop(int32_t width, int32_t height, const uint16_t *colour, uint16_t *scratch, uint32_t *sums,
                    const raster_effects *effects, const uint8_t *tone, uint8_t *out) {
    size_t stride = 4 * (size_t)width;
    uint16_t *padded = scratch + stride * (size_t)height, *row = padded + stride + 4 * RASTER_MAX_TAPS;
    for (int32_t y = 0; y < height; y++)
        blur_row(width, colour + stride * (size_t)y, scratch + stride * (size_t)y, effects, padded, sums);
    for (int32_t y = 0; y < height; y++) {
        blur_column_row(width, height, y, scratch, row, effects, sums);
        quantise_row(width, height, y, row, effects, tone, out + 3 * (size_t)width * (size_t)y);
    }
}
