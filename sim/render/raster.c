#include "raster.h"

#include <math.h>
#include <string.h>

#define SUBPIXEL 16
#define DEPTH_SCALE 4194304.0 /* 2^22 over metres: 0.05 m is 83.9 million, inside 31 bits */
#define NEAR_M 0.05
#define WIDEST_RAY 2.2
#define SHEEN 0.018 /* what a waxy surface mirrors in the light's own colour (assumed) */

typedef struct {
    int32_t x, y; /* in 1/16 pixel */
    int32_t drawable;
    double inverse_depth, colour[3], u, v;
} screen_vertex;

typedef struct { int32_t x0, y0, x1, y1; } extent;

static double dot(const double a[3], const double b[3]) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

static void cross(const double a[3], const double b[3], double out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static void normalise(double v[3]) {
    double length = sqrt(dot(v, v));
    double scale = length > 1e-12 ? 1.0 / length : 0.0;
    for (int i = 0; i < 3; i++) v[i] *= scale;
}

static double clamp(double x, double low, double high) { return x < low ? low : (x > high ? high : x); }

/* Project a world point; Brown distortion as in vision/calibration.py. */
static void project(const raster_camera *camera, const double point[3], screen_vertex *out) {
    double offset[3] = {point[0] - camera->position[0], point[1] - camera->position[1],
                        point[2] - camera->position[2]};
    double z = dot(camera->rotation + 6, offset);
    out->drawable = 0;
    if (z < NEAR_M) return;
    double x = dot(camera->rotation, offset) / z, y = dot(camera->rotation + 3, offset) / z;
    if (x < -WIDEST_RAY || x > WIDEST_RAY || y < -WIDEST_RAY || y > WIDEST_RAY) return;
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

/* How much of the sun reaches a part whose middle is at `p`. */
static double sunlit(const raster_light *light, const double p[3]) {
    if (light->dapple <= 0.0) return 1.0;
    double open = clamp((dapple_noise(p) - 0.38) * 5.0, 0.0, 1.0);
    return 1.0 - light->dapple * (1.0 - open);
}

static void shade(const raster_light *light, double normal[3], const double point[3], const double to_eye[3],
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
    double gloss = 0.0;
    if (flags & RASTER_GLOSSY) {
        double half[3];
        for (int i = 0; i < 3; i++) half[i] = light->sun_direction[i] + to_eye[i];
        normalise(half);
        double g = clamp(dot(normal, half), 0.0, 1.0);
        g = g * g; g = g * g; g = g * g; g = g * g;
        gloss = 0.5 * g * g;
    }
    double rim = (flags & RASTER_FUZZY) ? 0.35 * (1.0 - clamp(facing, 0.0, 1.0)) : 0.0;
    for (int i = 0; i < 3; i++) {
        double diffuse = light->ground[i] + (light->sky[i] - light->ground[i]) * up + light->fill * facing * light->sky[i];
        double glow = through * (i == 2 ? 0.6 : 1.0);
        double level = (albedo[i] + SHEEN) * diffuse + light->sun[i] * sun_share * (albedo[i] * (direct + glow) + SHEEN * direct);
        level += (gloss * light->sun[i] + rim * 0.25 * light->sky[i]) * (0.3 + 0.7 * sun_share);
        out[i] = clamp(level * depth_shade, 0.0, 15.0) * 4096.0;
    }
}

static int64_t edge(const screen_vertex *a, const screen_vertex *b, int64_t x, int64_t y) {
    return (int64_t)(b->x - a->x) * (y - a->y) - (int64_t)(b->y - a->y) * (x - a->x);
}

typedef struct { int64_t value, step_x; double origin, dx, dy; } gradient;

static gradient plane(double a, double b, double c, const screen_vertex *p, const screen_vertex *q,
                      const screen_vertex *r, double inverse_area) {
    double qx = q->x - p->x, qy = q->y - p->y, rx = r->x - p->x, ry = r->y - p->y;
    gradient g;
    g.dx = ((b - a) * ry - (c - a) * qy) * inverse_area * SUBPIXEL;
    g.dy = ((c - a) * qx - (b - a) * rx) * inverse_area * SUBPIXEL;
    g.origin = a - (g.dx * p->x + g.dy * p->y) / SUBPIXEL;
    g.step_x = (int64_t)(clamp(g.dx, -1e9, 1e9) * 256.0);
    g.value = 0;
    return g;
}

static void start_row(gradient *g, int32_t x, int32_t y) {
    g->value = (int64_t)(clamp(g->origin + g->dx * x + g->dy * y, -1e12, 1e12) * 256.0);
}

static uint16_t level(int64_t q8, uint32_t texel) {
    int64_t v = (q8 >> 8) * (int64_t)texel >> 7;
    return (uint16_t)(v < 0 ? 0 : (v > 65535 ? 65535 : v));
}

static int32_t least3(int32_t a, int32_t b, int32_t c) { return a < b ? (a < c ? a : c) : (b < c ? b : c); }

static int32_t most3(int32_t a, int32_t b, int32_t c) { return a > b ? (a > c ? a : c) : (b > c ? b : c); }

/* Pixel centres lie at whole numbers; `box` is null for what carries no label. */
static void triangle(const raster_camera *camera, const screen_vertex *a, const screen_vertex *b,
                     const screen_vertex *c, const uint8_t *texture, raster_target *target, int32_t id,
                     raster_box *box) {
    if (!(a->drawable && b->drawable && c->drawable)) return;
    int64_t area = edge(a, b, c->x, c->y);
    if (area < 0) {
        const screen_vertex *swap = b;
        b = c;
        c = swap;
        area = -area;
    }
    if (area < 8) return;
    int32_t x0 = (least3(a->x, b->x, c->x) + SUBPIXEL - 1) >> 4, x1 = most3(a->x, b->x, c->x) >> 4;
    int32_t y0 = (least3(a->y, b->y, c->y) + SUBPIXEL - 1) >> 4, y1 = most3(a->y, b->y, c->y) >> 4;
    if (x0 < 0) x0 = 0;
    if (y0 < 0) y0 = 0;
    if (x1 >= camera->width) x1 = camera->width - 1;
    if (y1 >= camera->height) y1 = camera->height - 1;
    if (x0 > x1 || y0 > y1) return;
    double inverse_area = 1.0 / (double)area;
    gradient z = plane(a->inverse_depth, b->inverse_depth, c->inverse_depth, a, b, c, inverse_area);
    gradient channel[3], u = {0}, v = {0};
    for (int i = 0; i < 3; i++) channel[i] = plane(a->colour[i], b->colour[i], c->colour[i], a, b, c, inverse_area);
    if (texture) {
        u = plane(a->u, b->u, c->u, a, b, c, inverse_area);
        v = plane(a->v, b->v, c->v, a, b, c, inverse_area);
    }
    int64_t step_ab = -(int64_t)(b->y - a->y) * SUBPIXEL, step_bc = -(int64_t)(c->y - b->y) * SUBPIXEL,
            step_ca = -(int64_t)(a->y - c->y) * SUBPIXEL;
    for (int32_t y = y0; y <= y1; y++) {
        int64_t e_ab = edge(a, b, (int64_t)x0 * SUBPIXEL, (int64_t)y * SUBPIXEL),
                e_bc = edge(b, c, (int64_t)x0 * SUBPIXEL, (int64_t)y * SUBPIXEL),
                e_ca = edge(c, a, (int64_t)x0 * SUBPIXEL, (int64_t)y * SUBPIXEL);
        int32_t x = x0;
        while (x <= x1 && (e_ab | e_bc | e_ca) < 0) {
            e_ab += step_ab; e_bc += step_bc; e_ca += step_ca;
            x++;
        }
        if (x > x1) continue;
        start_row(&z, x, y);
        for (int i = 0; i < 3; i++) start_row(&channel[i], x, y);
        if (texture) {
            start_row(&u, x, y);
            start_row(&v, x, y);
        }
        for (; x <= x1 && (e_ab | e_bc | e_ca) >= 0; x++) {
            int64_t pixel = (int64_t)y * camera->width + x;
            if (box && target->stamp[pixel] != id) {
                target->stamp[pixel] = id;
                box->area++;
                if (x < box->x0) box->x0 = x;
                if (x > box->x1) box->x1 = x;
                if (y < box->y0) box->y0 = y;
                if (y > box->y1) box->y1 = y;
            }
            uint32_t nearness = (uint32_t)(z.value >> 8);
            if (nearness > target->depth[pixel]) {
                uint32_t texel = 128;
                if (texture) texel = texture[((v.value >> 8) & 63) * RASTER_TEXTURE_SIZE + ((u.value >> 8) & 63)];
                uint16_t *out = target->colour + pixel * 4;
                target->depth[pixel] = nearness;
                target->label[pixel] = id;
                out[0] = level(channel[2].value, texel);
                out[1] = level(channel[1].value, texel);
                out[2] = level(channel[0].value, texel);
            }
            e_ab += step_ab; e_bc += step_bc; e_ca += step_ca;
            z.value += z.step_x;
            for (int i = 0; i < 3; i++) channel[i].value += channel[i].step_x;
            u.value += u.step_x;
            v.value += v.step_x;
        }
    }
}

void raster_clear(const raster_camera *camera, raster_target *target) {
    size_t pixels = (size_t)camera->width * (size_t)camera->height;
    memset(target->depth, 0, pixels * sizeof *target->depth);
    memset(target->label, 0, pixels * sizeof *target->label);
    memset(target->stamp, 0, pixels * sizeof *target->stamp);
}

static void place(const raster_part *part, const double *offsets, double origin[3]) {
    for (int i = 0; i < 3; i++) origin[i] = part->position[i] + part->weight * offsets[3 * part->group + i];
}

/* Transform, light and project a mesh; returns its unclipped extent in pixels. */
static extent transform(const raster_camera *camera, const raster_light *light, const raster_library *library,
                        const raster_part *part, const double origin[3], screen_vertex *out) {
    const raster_mesh *mesh = library->meshes + part->mesh;
    double sun_share = sunlit(light, origin);
    extent all = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN};
    for (int32_t i = mesh->vertex_begin; i < mesh->vertex_end; i++) {
        const raster_vertex *vertex = library->vertices + i;
        screen_vertex *screen = out + (i - mesh->vertex_begin);
        double point[3], normal[3], albedo[3], to_eye[3];
        for (int k = 0; k < 3; k++) {
            point[k] = origin[k] + dot(part->axes + 3 * k, vertex->position);
            normal[k] = dot(part->axes + 3 * k, vertex->normal);
            albedo[k] = part->tint[k] * vertex->colour[k];
            to_eye[k] = camera->position[k] - point[k];
        }
        project(camera, point, screen);
        if (!screen->drawable) continue;
        normalise(normal);
        normalise(to_eye);
        shade(light, normal, point, to_eye, mesh->flags, sun_share, albedo, screen->colour);
        screen->u = vertex->uv[0] * (RASTER_TEXTURE_SIZE - 1);
        screen->v = vertex->uv[1] * (RASTER_TEXTURE_SIZE - 1);
        if (screen->x < all.x0) all.x0 = screen->x;
        if (screen->x > all.x1) all.x1 = screen->x;
        if (screen->y < all.y0) all.y0 = screen->y;
        if (screen->y > all.y1) all.y1 = screen->y;
    }
    return all;
}

/* The share of a part's extent that lies in the frame. */
static double inside_share(const raster_camera *camera, extent all) {
    double right = (camera->width - 1) * (double)SUBPIXEL, bottom = (camera->height - 1) * (double)SUBPIXEL;
    double w = clamp(all.x1, 0.0, right) - clamp(all.x0, 0.0, right);
    double h = clamp(all.y1, 0.0, bottom) - clamp(all.y0, 0.0, bottom);
    double whole = ((double)all.x1 - all.x0 + 1.0) * ((double)all.y1 - all.y0 + 1.0);
    return (w + 1.0) * (h + 1.0) / whole;
}

int32_t raster_parts(const raster_camera *camera, const raster_light *light, const raster_library *library,
                     const raster_part *parts, int32_t part_count, const double *offsets,
                     raster_target *target, raster_box *boxes, int32_t box_capacity) {
    screen_vertex scratch[RASTER_MAX_MESH_VERTICES];
    int32_t box_count = 0;
    for (int32_t p = 0; p < part_count; p++) {
        const raster_mesh *mesh = library->meshes + parts[p].mesh;
        double origin[3];
        place(parts + p, offsets, origin);
        extent all = transform(camera, light, library, parts + p, origin, scratch);
        if (all.x0 > all.x1 || all.x1 < 0 || all.y1 < 0) continue;
        if (all.x0 >= camera->width * SUBPIXEL || all.y0 >= camera->height * SUBPIXEL) continue;
        raster_box *box = 0;
        if (parts[p].label >= 0 && box_count < box_capacity) {
            box = boxes + box_count++;
            *box = (raster_box){parts[p].label, 0, 0, INT32_MAX, INT32_MAX, -1, -1, 0, 0.0, 0.0};
            box->inside = inside_share(camera, all);
            double offset[3];
            for (int i = 0; i < 3; i++) offset[i] = origin[i] - camera->position[i];
            box->depth = dot(camera->rotation + 6, offset);
        }
        const uint8_t *texture = mesh->texture < 0 ? 0
            : library->textures + (size_t)mesh->texture * RASTER_TEXTURE_SIZE * RASTER_TEXTURE_SIZE;
        for (int32_t f = mesh->face_begin; f < mesh->face_end; f++) {
            const int32_t *corner = library->faces + 3 * (size_t)f;
            triangle(camera, scratch + corner[0], scratch + corner[1], scratch + corner[2], texture, target,
                     box ? box_count : 0, box);
        }
    }
    return box_count;
}

/* A twig is a strip of four triangles facing the eye, lit as the round thing it stands for. */
void raster_twigs(const raster_camera *camera, const raster_light *light, const raster_twig *twigs,
                  int32_t twig_count, const double *offsets, raster_target *target) {
    for (int32_t t = 0; t < twig_count; t++) {
        const raster_twig *twig = twigs + t;
        double ends[2][3], along[3], to_eye[3], across[3];
        for (int i = 0; i < 3; i++) {
            ends[0][i] = twig->from[i] + twig->weight_from * offsets[3 * twig->group + i];
            ends[1][i] = twig->to[i] + twig->weight_to * offsets[3 * twig->group + i];
            along[i] = ends[1][i] - ends[0][i];
            to_eye[i] = camera->position[i] - 0.5 * (ends[0][i] + ends[1][i]);
        }
        normalise(to_eye);
        cross(along, to_eye, across);
        normalise(across);
        screen_vertex corners[6];
        for (int end = 0; end < 2; end++) {
            double radius = end ? twig->radius_to : twig->radius_from, sun_share = sunlit(light, ends[end]);
            for (int column = -1; column <= 1; column++) {
                double point[3], normal[3];
                screen_vertex *screen = corners + 3 * end + column + 1;
                for (int i = 0; i < 3; i++) {
                    point[i] = ends[end][i] + radius * column * across[i];
                    normal[i] = column ? 0.9 * column * across[i] + 0.44 * to_eye[i] : to_eye[i];
                }
                project(camera, point, screen);
                if (screen->drawable)
                    shade(light, normal, point, to_eye, RASTER_FUZZY, sun_share, twig->colour, screen->colour);
            }
        }
        for (int column = 0; column < 2; column++) {
            screen_vertex *q = corners + column;
            triangle(camera, q, q + 1, q + 3, 0, target, 0, 0);
            triangle(camera, q + 1, q + 4, q + 3, 0, target, 0, 0);
        }
    }
}

void raster_count_visible(const raster_camera *camera, const raster_target *target, raster_box *boxes,
                          int32_t box_count) {
    int64_t pixels = (int64_t)camera->width * camera->height;
    for (int64_t i = 0; i < pixels; i++) {
        int32_t id = target->label[i];
        if (id > 0 && id <= box_count) boxes[id - 1].visible++;
    }
}
