"""Printed markers as landmarks: found in pictures, and where a person measured some of them to be."""

from __future__ import annotations

from typing import Any, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, model_validator

from vision.charuco import DICTIONARY, MARKERS
from vision.rig_problem import Known

Seen = tuple[tuple[str, tuple[float, float]], ...]
"""Landmarks of one picture: name and pixel of each."""


class TagPlace(BaseModel):
    """Where the middle of one tag is, in row coordinates; leave out what was not measured."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    id: int = Field(ge=0, lt=MARKERS, description="the marker's number")
    s: float | None = Field(None, ge=-20, le=520, description="along the row, m")
    h: float | None = Field(None, ge=-1, le=6, description="above the rail, m")
    d: float | None = Field(None, ge=-1, le=5, description="from the mast plane, m")


class TagPlaces(BaseModel):
    """A file of measured tags."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    error_mm: float = Field(3.0, gt=0, le=100, description="how well they were measured (assumed)")
    tags: tuple[TagPlace, ...] = Field(min_length=1, description="one `[[tags]]` each")

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        numbers = [tag.id for tag in self.tags]
        twice = sorted({number for number in numbers if numbers.count(number) > 1})
        if twice:
            raise ValueError(f"tags: number {twice[0]} twice; give each tag one place")
        return self

    @property
    def known(self) -> Known:
        """The places by landmark name."""
        return {tag_name(tag.id): (tag.s, tag.h, tag.d) for tag in self.tags}


class TagFinder:
    """Finds the markers of the calibration board's dictionary (5x5, 100 of them), the board's own included."""

    def __init__(self) -> None:
        parameters = cv2.aruco.DetectorParameters()
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        self._detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(DICTIONARY), parameters)

    def find(self, image: NDArray[np.uint8]) -> Seen:
        """Return the tags in a picture with their middles; a number seen twice names no place and is left out."""
        # The stubs leave out that there may be nothing.
        found: tuple[Any, ...] = self._detector.detectMarkers(image)
        corners, ids = found[:2]
        if ids is None:
            return ()
        numbers = [int(number) for number in np.asarray(ids).ravel()]
        return tuple(
            (tag_name(number), _crossing(np.asarray(four, np.float64).reshape(4, 2)))
            for number, four in zip(numbers, corners, strict=True)
            if numbers.count(number) == 1
        )


def tag_name(number: int) -> str:
    """Return the landmark's name."""
    return f"tag {number}"


def _crossing(corners: NDArray[np.float64]) -> tuple[float, float]:
    """Return where the diagonals cross: the middle of a square, seen from anywhere."""
    start, one, other = corners[0], corners[2] - corners[0], corners[3] - corners[1]
    between = corners[1] - start
    cross = one[0] * other[1] - one[1] * other[0]
    share = (between[0] * other[1] - between[1] * other[0]) / cross if abs(cross) > 1e-9 else 0.5
    x, y = (start + share * one).tolist()
    return x, y
