"""The picture function of a renderer, for a camera of the simulation."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sim.camera import Picture
from sim.render.renderer import Renderer

SPEED_SPAN_S = 0.03
"""The cart's speed at an exposure is taken over this time before it."""


def drawn_by(renderer: Renderer, place_at: Callable[[float], float] | None = None) -> Picture:
    """Return the picture function of a renderer; frames are numbered, so noise never depends on timing.

    With `place_at` the cart's speed skews the pictures of a rolling shutter.
    """

    def draw(cart_s: float, t: float, seq: int, /) -> NDArray[np.uint8]:
        velocity = 0.0 if place_at is None else (cart_s - place_at(t - SPEED_SPAN_S)) / SPEED_SPAN_S
        return renderer.render(cart_s, t, seq, velocity).image

    return draw
