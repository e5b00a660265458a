#include "raster.h"

#include <string.h>

#include "triangle.h"

typedef struct { int32_t x0, y0, x1, y1; } extent;

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
    double sun_share = raster_sunlit(light, origin);
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
        raster_project(camera, point, screen);
        if (!screen->drawable) continue;
        normalise(normal);
        normalise(to_eye);
        raster_shade(light, normal, point, to_eye, mesh->flags, sun_share, albedo, screen->colour);
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
            raster_triangle(camera, scratch + corner[0], scratch + corner[1], scratch + corner[2], texture, target,
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
            double radius = end ? twig->radius_to : twig->radius_from, sun_share = raster_sunlit(light, ends[end]);
            for (int column = -1; column <= 1; column++) {
                double point[3], normal[3];
                screen_vertex *screen = corners + 3 * end + column + 1;
                for (int i = 0; i < 3; i++) {
                    point[i] = ends[end][i] + radius * column * across[i];
                    normal[i] = column ? 0.9 * column * across[i] + 0.44 * to_eye[i] : to_eye[i];
                }
                raster_project(camera, point, screen);
                if (screen->drawable)
                    raster_shade(light, normal, point, to_eye, RASTER_FUZZY, sun_share, twig->colour, screen->colour);
            }
        }
        for (int column = 0; column < 2; column++) {
            screen_vertex *q = corners + column;
            raster_triangle(camera, q, q + 1, q + 3, 0, target, 0, 0);
            raster_triangle(camera, q + 1, q + 4, q + 3, 0, target, 0, 0);
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
