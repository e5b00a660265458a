"""What slowly goes wrong with one camera's usable pictures: a dirty lens, a light unlike that of training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vision.domain_shift import Domain, DomainConfig, DomainWatch
from vision.frame_checks import FrameCheckConfig
from vision.lens_dirt import LensDirt
from vision.types import Detections


class PictureWatch:
    """Both watches of one camera; neither stops anything."""

    def __init__(self, frames: FrameCheckConfig, domain: Domain, config: DomainConfig) -> None:
        self._dirt = LensDirt(frames.dirty_views, frames.dirty_share)
        self._domain = DomainWatch(domain, config)

    def see(self, image: NDArray[np.uint8], detections: Detections) -> None:
        """Take in a usable frame and what was detected in it."""
        self._dirt.see(image[:, :, 1])
        self._domain.see(image, detections)

    @property
    def dirty(self) -> str:
        """Where the lens is dirty; '' where it is clean."""
        return self._dirt.text

    @property
    def shifted(self) -> str:
        """How the pictures differ from those of training; '' where they do not."""
        return self._domain.text
