"""What the network should say about a labelled picture: heat maps, box reaches and what to leave out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from vision.types import STAGE_NAMES

STRIDE: Final = 4
"""Pixels of the input that a cell of the maps stands for, each way."""

LEAST_SIGMA: Final = 0.55
"""Cells; the heat of a flower that spans two cells or fewer."""

SIGMA_SHARE: Final = 1 / 8
"""Standard deviation of the heat in box sides."""

BOX_HEAT: Final = 0.4
"""Cells at least this hot also learn the box."""

KEPT_HEAT: Final = 0.1
"""Cells at least this hot count even inside an ignored region."""

LEAST_SIDE_PX: Final = 5.0
"""A smaller flower spans about one cell: it is left out rather than learned or punished (assumed)."""


@dataclass(frozen=True, slots=True)
class Targets:
    """Of one picture, on its (h, w) cells: heat (3, h, w), reaches in px (4, h, w), their weights (h, w)
    and whether a cell counts (h, w); all float32."""

    heat: NDArray[np.float32]
    reaches: NDArray[np.float32]
    box_weight: NDArray[np.float32]
    counts: NDArray[np.float32]


def encode(
    boxes: NDArray[np.float32],
    stages: NDArray[np.int32],
    ignore: NDArray[np.bool_],
    size_px: tuple[int, int],
) -> Targets:
    """Return the targets of M boxes (M, 4) x0 y0 x1 y1 in a picture of (width, height) pixels.

    Every box's middle must lie in the picture, unless `ignore` marks it.
    """
    width, height = size_px[0] // STRIDE, size_px[1] // STRIDE
    heat = np.zeros((len(STAGE_NAMES), height, width), np.float32)
    reaches = np.zeros((4, height, width), np.float32)
    weight = np.zeros((height, width), np.float32)
    counts = np.ones((height, width), np.float32)
    small = (boxes[:, 2:] - boxes[:, :2]).min(axis=1, initial=np.inf) < LEAST_SIDE_PX
    for box in boxes[ignore | small]:
        x0, y0, x1, y1 = _cells(box, width, height)
        counts[y0:y1, x0:x1] = 0.0
    for box, stage in zip(boxes[~(ignore | small)], stages[~(ignore | small)], strict=True):
        _add(box, int(stage), heat, reaches, weight)
    counts[heat.max(axis=0) >= KEPT_HEAT] = 1.0
    return Targets(heat, reaches, weight, counts)


def _cells(box: NDArray[np.float32], width: int, height: int) -> tuple[int, int, int, int]:
    """The range of cells that a box touches."""
    x0, y0 = (max(0, int(np.floor(value / STRIDE))) for value in box[:2])
    return x0, y0, min(width, int(np.ceil(box[2] / STRIDE))), min(height, int(np.ceil(box[3] / STRIDE)))


def _add(
    box: NDArray[np.float32],
    stage: int,
    heat: NDArray[np.float32],
    reaches: NDArray[np.float32],
    weight: NDArray[np.float32],
) -> None:
    height, width = weight.shape
    side = (box[2:] - box[:2]) / STRIDE
    sigma = np.maximum(side * SIGMA_SHARE, LEAST_SIGMA)
    middle = np.clip(np.floor((box[:2] + box[2:]) / (2 * STRIDE)), 0, (width - 1, height - 1)).astype(int)
    reach = np.ceil(3 * sigma).astype(int)
    x0, y0 = np.maximum(middle - reach, 0)
    x1, y1 = np.minimum(middle + reach + 1, (width, height))
    x, y = np.arange(x0, x1), np.arange(y0, y1)
    bump = np.exp(
        -0.5 * (((x - middle[0]) / sigma[0]) ** 2)[None] - 0.5 * (((y - middle[1]) / sigma[1]) ** 2)[:, None]
    ).astype(np.float32)
    window = (slice(y0, y1), slice(x0, x1))
    np.maximum(heat[stage][window], bump, out=heat[stage][window])
    mine = (bump >= BOX_HEAT) & (bump > weight[window])
    weight[window] = np.where(mine, bump, weight[window])
    centre_x, centre_y = (x + 0.5) * STRIDE, (y + 0.5) * STRIDE
    edges = (
        (centre_x - box[0])[None] + 0 * y[:, None],
        (centre_y - box[1])[:, None] + 0 * x[None],
        (box[2] - centre_x)[None] + 0 * y[:, None],
        (box[3] - centre_y)[:, None] + 0 * x[None],
    )
    for channel, edge in enumerate(edges):
        reaches[channel][window] = np.where(mine, np.maximum(edge, 0.5), reaches[channel][window])


def decode(targets: Targets, floor: float = 0.999) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """Return the boxes (M, 4) and stages (M,) that targets hold: the inverse of `encode`, for tests and views."""
    stage, row, column = np.nonzero(targets.heat >= floor)
    left, top, right, bottom = targets.reaches[:, row, column]
    x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
    return np.stack([x - left, y - top, x + right, y + bottom], 1).astype(np.float32), stage.astype(np.int32)
