"""What a scripted fault does to the left camera, from the moment that it strikes; right cameras stay well."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sim.camera import Picture

Image = NDArray[np.uint8]
Struck = Mapping[str, tuple[float, float]]
"""Name of each camera fault that has struck: when (s), and where the cart was (m)."""

UNPLUGGED_S: Final = 4.0
"""How long the plug is out (assumed)."""

DARK: Final = 0.06
TORN_M: Final = 0.08
"""A torn picture goes on with what was seen so much earlier."""


def spoiled(picture: Picture, struck: Struck) -> Picture:
    """Return `picture` with the faults of `struck` laid over it; it depends on place and time alone, as before."""

    def draw(cart_s: float, t: float, seq: int, /) -> Image:
        def present(name: str) -> bool:
            return name in struck and t >= struck[name][0]

        if present("camera_frozen"):
            since, place = struck["camera_frozen"]
            return picture(place, since, 0)
        image = picture(cart_s, t, seq)
        if present("camera_torn"):
            image = torn(image, picture(cart_s - TORN_M, t, seq), seq)
        if present("camera_dark"):
            image = darkened(image)
        return image

    return draw


def darkened(image: Image) -> Image:
    """Return a picture of which hardly any light is left."""
    return np.asarray(image * DARK, np.uint8)


def cut_row(height: int, seq: int) -> int:
    """Return the row at which a torn picture goes on with the earlier one."""
    return height // 5 + (seq * 97) % (3 * height // 5)


def torn(image: Image, earlier: Image, seq: int) -> Image:
    """Return a picture whose lower part is of an earlier one; the row wanders with `seq`."""
    row = cut_row(image.shape[0], seq)
    return np.concatenate([image[:row], earlier[row:]])


def unplugged(struck: Struck, t: float) -> bool:
    """Return whether the plug is out at `t`."""
    since = struck["camera_unplugged"][0] if "camera_unplugged" in struck else np.inf
    return bool(since <= t < since + UNPLUGGED_S)
