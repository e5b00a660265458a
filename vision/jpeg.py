"""The one JPEG decoder of the robot: camera, ring, replay and bench must see the very same pixels."""

from __future__ import annotations

import numpy as np
import simplejpeg
from numpy.typing import NDArray


def decode(jpeg: bytes) -> NDArray[np.uint8]:
    """Return the picture (H, W, 3) BGR; raises ValueError for what is no JPEG.

    The exact DCT is used, never the fast one, whose rounding differs between processors: a replay elsewhere
    would see other pixels.
    """
    image: NDArray[np.uint8] = simplejpeg.decode_jpeg(
        jpeg, colorspace="BGR", fastdct=False, fastupsample=False
    )
    return image
