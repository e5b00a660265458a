/* Inside the rasteriser: filling one triangle. */
#ifndef BOMBUS_TRIANGLE_H
#define BOMBUS_TRIANGLE_H

#include "shade.h"

/* Draw a triangle with an optional texture; `box`, or null, is the flower that it belongs to. */
void raster_triangle(const raster_camera *camera, const screen_vertex *a, const screen_vertex *b,
                     const screen_vertex *c, const uint8_t *texture, raster_target *target, int32_t id,
                     raster_box *box);

#endif
