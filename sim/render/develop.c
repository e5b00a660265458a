#include "raster.h"

#include <string.h>

#include "wide.h"

/* out += in * weight over n values; sums of all taps stay under 2^24. */
INLINE void accumulate(uint32_t *restrict out, const uint16_t *restrict in, uint16_t weight, int32_t n) {
    for (int32_t i = 0; i < n; i++) out[i] += (uint32_t)in[i] * weight;
}

INLINE void settle(uint16_t *restrict out, const uint32_t *restrict sums, int32_t n) {
    for (int32_t i = 0; i < n; i++) out[i] = (uint16_t)(sums[i] >> 8);
}

INLINE int32_t within(int32_t at, int32_t size) { return at < 0 ? 0 : (at >= size ? size - 1 : at); }

/* Blur along x: `padded` holds a row with its ends repeated, `sums` a row of sums. */
INLINE void blur_row(int32_t width, const uint16_t *in, uint16_t *out, const raster_effects *effects,
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

INLINE void blur_column_row(int32_t width, int32_t height, int32_t y, const uint16_t *in, uint16_t *out,
                            const raster_effects *effects, uint32_t *sums) {
    int32_t reach = effects->taps_y / 2;
    memset(sums, 0, 4 * (size_t)width * sizeof *sums);
    for (int32_t k = 0; k < effects->taps_y; k++)
        accumulate(sums, in + (int64_t)within(y + k - reach, height) * width * 4, (uint16_t)effects->kernel_y[k],
                   4 * width);
    settle(out, sums, 4 * width);
}

INLINE uint64_t mix(uint64_t x) {
    x *= 0x9e3779b97f4a7c15ULL;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    return x ^ (x >> 29);
}

/* Grey level and strength of noise for one level of linear light. */
typedef struct {
    int32_t middle_q16, strength;
} grey;

INLINE void set_greys(grey out[RASTER_TONE_LEVELS], const raster_effects *effects, const uint8_t *tone) {
    for (int32_t i = 0; i < RASTER_TONE_LEVELS; i++) {
        out[i].strength = effects->noise_floor + (effects->noise_shot * tone[i] >> 8);
        out[i].middle_q16 = (tone[i] << 16) + 32768 - 381 * out[i].strength;
        out[i].strength *= 2;
    }
}

/* Gain, vignette, tone curve, and noise that depends on pixel and seed only: the sum of three 7-bit numbers. */
INLINE void quantise_row(int32_t width, int32_t height, int32_t y, const uint16_t *colour,
                         const raster_effects *effects, const grey *greys, uint8_t *out) {
    int64_t corner = (int64_t)width * width + (int64_t)height * height, dy = 2 * y - height;
    int64_t fall_q32 = ((int64_t)effects->vignette << 32) / corner;
    uint64_t seed = mix(((uint64_t)effects->seed << 32) ^ (uint64_t)y);
    for (int32_t x = 0; x < width; x++) {
        int64_t dx = 2 * x - width;
        uint32_t lit = (uint32_t)(256 - (fall_q32 * (dx * dx + dy * dy) >> 32));
        uint64_t bits = mix(seed + (uint64_t)x);
        for (int c = 0; c < 3; c++) {
            uint64_t linear = ((uint64_t)colour[4 * x + c] * ((uint32_t)effects->gain[c] * lit)) >> 18;
            const grey *level = greys + (linear < RASTER_TONE_LEVELS ? linear : RASTER_TONE_LEVELS - 1);
            int32_t grain = (int32_t)((bits & 127) + ((bits >> 7) & 127) + ((bits >> 14) & 127));
            int32_t value = (level->middle_q16 + grain * level->strength) >> 16;
            out[3 * x + c] = (uint8_t)(value < 0 ? 0 : (value > 255 ? 255 : value));
            bits >>= 21;
        }
    }
}

/* `scratch` holds width * 4 * (height + 2) + 4 * RASTER_MAX_TAPS values, `sums` width * 4. */
WIDE void raster_develop(int32_t width, int32_t height, const uint16_t *colour, uint16_t *scratch, uint32_t *sums,
                    const raster_effects *effects, const uint8_t *tone, uint8_t *out) {
    grey greys[RASTER_TONE_LEVELS];
    size_t stride = 4 * (size_t)width;
    uint16_t *padded = scratch + stride * (size_t)height, *row = padded + stride + 4 * RASTER_MAX_TAPS;
    set_greys(greys, effects, tone);
    for (int32_t y = 0; y < height; y++)
        blur_row(width, colour + stride * (size_t)y, scratch + stride * (size_t)y, effects, padded, sums);
    for (int32_t y = 0; y < height; y++) {
        blur_column_row(width, height, y, scratch, row, effects, sums);
        quantise_row(width, height, y, row, effects, greys, out + 3 * (size_t)width * (size_t)y);
    }
}
