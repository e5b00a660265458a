"""Fits pictures into a graph's input and takes boxes back out to the picture's own pixels."""

from __future__ import annotations

from typing import Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Image = NDArray[np.uint8]
Way = Literal["corner", "centre", "stretch"]


class Fit(NamedTuple):
    """Input pixels per picture pixel each way, and where the picture's top left corner lies in the input."""

    scale_x: float
    scale_y: float
    left: int = 0
    top: int = 0

    def region(self, width: int, height: int) -> tuple[float, float, float, float]:
        """Return x0 y0 x1 y1 of what a picture (width, height) covers of the input."""
        right, bottom = self.left + width * self.scale_x, self.top + height * self.scale_y
        return float(self.left), float(self.top), right, bottom


WHOLE = Fit(1.0, 1.0)


def fit_into(image: Image, target: Image, way: Way, padding: int) -> Fit:
    """Copy or resize `image` (h, w, 3) into `target` (H, W, 3); what it leaves free becomes `padding`."""
    if target.shape == image.shape:
        np.copyto(target, image)
        return WHOLE
    (most_h, most_w), (height, width) = target.shape[:2], image.shape[:2]
    if way == "stretch":
        fit = Fit(most_w / width, most_h / height)
        cv2.resize(image, (most_w, most_h), dst=target, interpolation=_method(min(fit[:2])))
        return fit
    scale: float = min(most_w / width, most_h / height)
    fit_w, fit_h = min(most_w, round(width * scale)), min(most_h, round(height * scale))
    left, top = ((most_w - fit_w) // 2, (most_h - fit_h) // 2) if way == "centre" else (0, 0)
    right, bottom = left + fit_w, top + fit_h
    cv2.resize(image, (fit_w, fit_h), dst=target[top:bottom, left:right], interpolation=_method(scale))
    target[:top], target[bottom:] = padding, padding
    target[:, :left], target[:, right:] = padding, padding
    return Fit(scale, scale, left, top)


def taken_back(boxes: Floats, fit: Fit, width: int, height: int) -> Floats:
    """Return boxes (N, 4) of the input in pixels of a picture (width, height), ended at its border."""
    moved = boxes
    if fit.left or fit.top:
        moved = boxes - np.array([fit.left, fit.top, fit.left, fit.top], np.float32)
    back = moved / np.array([fit.scale_x, fit.scale_y, fit.scale_x, fit.scale_y], np.float32)
    limit = np.array([width, height, width, height], np.float32) - np.float32(0.5)
    return np.asarray(np.minimum(np.maximum(back, np.float32(0.0)), limit), np.float32)


def _method(scale: float) -> int:
    return cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
