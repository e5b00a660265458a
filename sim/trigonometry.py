"""Sine and cosine from exactly rounded operations, so that a world is the same to the bit on every machine.

The C library's and numpy's own differ in the last bit between processors.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

TURN = 6.283185307179586


def sin_turns(turns: ArrayLike) -> NDArray[np.float64]:
    """Return sin(2 pi turns); the error of the odd polynomial (Taylor, degree 15) is under 1e-11."""
    x = np.asarray(turns, dtype=np.float64)
    x = x - np.floor(x + 0.5)
    x = np.where(x > 0.25, 0.5 - x, np.where(x < -0.25, -0.5 - x, x)) * TURN
    square = x * x
    total = 1.0 - square / 210.0
    for divisor in (156.0, 110.0, 72.0, 42.0, 20.0, 6.0):
        total *= square
        total /= divisor
        total = 1.0 - total
    result: NDArray[np.float64] = x * total
    return result


def cos_turns(turns: ArrayLike) -> NDArray[np.float64]:
    """Return cos(2 pi turns)."""
    return sin_turns(np.asarray(turns, dtype=np.float64) + 0.25)


def row_to_camera(sign: float, yaw: float, pitch: float, roll: float) -> NDArray[np.float64]:
    """Return the rotation (3, 3) from (s, h, d) to (right, down, ahead) of vision's CameraModel.

    `sign` is +1 on the left side, -1 on the right; angles in rad.
    """
    cy, cp, cr = (float(cos_turns(angle / TURN)) for angle in (yaw, pitch, roll))
    sy, sp, sr = (float(sin_turns(angle / TURN)) for angle in (yaw, pitch, roll))
    right = (cr * cy + sr * sy * sp, sr * cp, sr * cy * sp - cr * sy)
    down = (cr * sy * sp - sr * cy, cr * cp, cr * cy * sp + sr * sy)
    ahead = (sy * cp, -sp, cy * cp)
    return np.array([[sign * a, -b, c] for a, b, c in (right, down, ahead)])


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return vectors (..., 3) scaled to length one; a zero vector stays zero."""
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    length = np.sqrt(x * x + y * y + z * z)
    scale: NDArray[np.float64] = 1.0 / np.where(length > 1e-12, length, 1.0)
    result: NDArray[np.float64] = vectors * scale[..., None]
    return result


def cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the cross product of (..., 3) vectors, element by element."""
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    return np.stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx], axis=-1)
