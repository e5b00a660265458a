#include "triangle.h"

/* A value that is linear over the screen; stepped along a row in 1/256. */
typedef struct {
    int64_t value, step_x;
    double origin, dx, dy;
} gradient;

enum { NEARNESS, RED, GREEN, BLUE, TEXTURE_U, TEXTURE_V, GRADIENTS };

/* Twice the signed area to the left of an edge, and what one pixel to the right adds to it. */
typedef struct {
    const screen_vertex *from, *to;
    int64_t value, step_x;
} side;

typedef struct {
    gradient gradients[GRADIENTS];
    int32_t used; /* how many of them: without a texture the last two are not */
    side sides[3];
    int32_t x0, y0, x1, y1;
    const uint8_t *texture;
} fill;

static int64_t area_left(const screen_vertex *a, const screen_vertex *b, int64_t x, int64_t y) {
    return (int64_t)(b->x - a->x) * (y - a->y) - (int64_t)(b->y - a->y) * (x - a->x);
}

static gradient plane(const double at[3], const screen_vertex *p, const screen_vertex *q, const screen_vertex *r,
                      double inverse_area) {
    double qx = q->x - p->x, qy = q->y - p->y, rx = r->x - p->x, ry = r->y - p->y;
    double to_q = at[1] - at[0], to_r = at[2] - at[0];
    gradient g;
    g.dx = (to_q * ry - to_r * qy) * inverse_area * SUBPIXEL;
    g.dy = (to_r * qx - to_q * rx) * inverse_area * SUBPIXEL;
    g.origin = at[0] - (g.dx * p->x + g.dy * p->y) / SUBPIXEL;
    g.step_x = (int64_t)(clamp(g.dx, -1e9, 1e9) * 256.0);
    g.value = 0;
    return g;
}

static int32_t least3(int32_t a, int32_t b, int32_t c) { return a < b ? (a < c ? a : c) : (b < c ? b : c); }

static int32_t most3(int32_t a, int32_t b, int32_t c) { return a > b ? (a > c ? a : c) : (b > c ? b : c); }

/* The whole pixels that may lie inside, within the frame; returns 0 when there are none. */
static int bound(fill *f, const raster_camera *camera, const screen_vertex *a, const screen_vertex *b,
                 const screen_vertex *c) {
    f->x0 = (least3(a->x, b->x, c->x) + SUBPIXEL - 1) >> 4;
    f->x1 = most3(a->x, b->x, c->x) >> 4;
    f->y0 = (least3(a->y, b->y, c->y) + SUBPIXEL - 1) >> 4;
    f->y1 = most3(a->y, b->y, c->y) >> 4;
    if (f->x0 < 0) f->x0 = 0;
    if (f->y0 < 0) f->y0 = 0;
    if (f->x1 >= camera->width) f->x1 = camera->width - 1;
    if (f->y1 >= camera->height) f->y1 = camera->height - 1;
    return f->x0 <= f->x1 && f->y0 <= f->y1;
}

static void set_gradients(fill *f, const screen_vertex *a, const screen_vertex *b, const screen_vertex *c,
                          double inverse_area) {
    double at[GRADIENTS][3] = {
        {a->inverse_depth, b->inverse_depth, c->inverse_depth},
        {a->colour[0], b->colour[0], c->colour[0]},
        {a->colour[1], b->colour[1], c->colour[1]},
        {a->colour[2], b->colour[2], c->colour[2]},
        {a->u, b->u, c->u},
        {a->v, b->v, c->v},
    };
    f->used = f->texture ? GRADIENTS : TEXTURE_U;
    for (int i = 0; i < f->used; i++) f->gradients[i] = plane(at[i], a, b, c, inverse_area);
}

static void grow_box(raster_box *box, int32_t x, int32_t y) {
    box->area++;
    if (x < box->x0) box->x0 = x;
    if (x > box->x1) box->x1 = x;
    if (y < box->y0) box->y0 = y;
    if (y > box->y1) box->y1 = y;
}

static uint16_t light_level(const gradient *channel, uint32_t texel) {
    int64_t v = (channel->value >> 8) * (int64_t)texel >> 7;
    return (uint16_t)(v < 0 ? 0 : (v > 65535 ? 65535 : v));
}

static void put(const fill *f, raster_target *target, int64_t pixel, int32_t id) {
    const gradient *g = f->gradients;
    uint32_t nearness = (uint32_t)(g[NEARNESS].value >> 8);
    if (nearness <= target->depth[pixel]) return;
    uint32_t texel = 128;
    if (f->texture)
        texel = f->texture[((g[TEXTURE_V].value >> 8) & 63) * RASTER_TEXTURE_SIZE + ((g[TEXTURE_U].value >> 8) & 63)];
    uint16_t *out = target->colour + pixel * 4;
    target->depth[pixel] = nearness;
    target->label[pixel] = id;
    out[0] = light_level(g + BLUE, texel);
    out[1] = light_level(g + GREEN, texel);
    out[2] = light_level(g + RED, texel);
}

/* Fill the inside of row y: one run of pixels, as a triangle is convex. */
static void fill_row(fill *f, int32_t y, int32_t width, raster_target *target, int32_t id, raster_box *box) {
    side *s = f->sides;
    int32_t x = f->x0;
    for (int i = 0; i < 3; i++)
        s[i].value = area_left(s[i].from, s[i].to, (int64_t)x * SUBPIXEL, (int64_t)y * SUBPIXEL);
    for (; x <= f->x1 && (s[0].value | s[1].value | s[2].value) < 0; x++)
        for (int i = 0; i < 3; i++) s[i].value += s[i].step_x;
    if (x > f->x1) return;
    for (int i = 0; i < f->used; i++) {
        gradient *g = f->gradients + i;
        g->value = (int64_t)(clamp(g->origin + g->dx * x + g->dy * y, -1e12, 1e12) * 256.0);
    }
    for (; x <= f->x1 && (s[0].value | s[1].value | s[2].value) >= 0; x++) {
        int64_t pixel = (int64_t)y * width + x;
        if (box && target->stamp[pixel] != id) {
            target->stamp[pixel] = id;
            grow_box(box, x, y);
        }
        put(f, target, pixel, id);
        for (int i = 0; i < 3; i++) s[i].value += s[i].step_x;
        for (int i = 0; i < f->used; i++) f->gradients[i].value += f->gradients[i].step_x;
    }
}

void raster_triangle(const raster_camera *camera, const screen_vertex *a, const screen_vertex *b,
                     const screen_vertex *c, const uint8_t *texture, raster_target *target, int32_t id,
                     raster_box *box) {
    if (!(a->drawable && b->drawable && c->drawable)) return;
    int64_t area = area_left(a, b, c->x, c->y);
    if (area < 0) {
        const screen_vertex *swap = b;
        b = c;
        c = swap;
        area = -area;
    }
    fill f = {.texture = texture};
    if (area < 8 || !bound(&f, camera, a, b, c)) return;
    set_gradients(&f, a, b, c, 1.0 / (double)area);
    const screen_vertex *corners[4] = {a, b, c, a};
    for (int i = 0; i < 3; i++) {
        f.sides[i].from = corners[i];
        f.sides[i].to = corners[i + 1];
        f.sides[i].step_x = -(int64_t)(corners[i + 1]->y - corners[i]->y) * SUBPIXEL;
    }
    for (int32_t y = f.y0; y <= f.y1; y++) fill_row(&f, y, camera->width, target, id, box);
}
