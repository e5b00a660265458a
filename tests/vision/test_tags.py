"""Tags are found with their middles, and a file of their places is checked."""

import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from vision.charuco import DICTIONARY
from vision.tags import TagFinder, TagPlaces

MARKER = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(DICTIONARY), 7, 140)


def picture(*quads: list[list[float]]) -> np.ndarray:
    """Markers number 7 with their corners at `quads`, on grey."""
    image = np.full((384, 640), 190, np.uint8)
    flat = np.array([[0, 0], [140, 0], [140, 140], [0, 140]], np.float32)
    for quad in quads:
        way = cv2.getPerspectiveTransform(flat, np.array(quad, np.float32))
        cv2.warpPerspective(np.asarray(MARKER), way, (640, 384), dst=image, borderMode=cv2.BORDER_TRANSPARENT)
    return np.repeat(image[..., None], 3, axis=2)


def test_middle_is_where_the_diagonals_cross_however_it_is_turned() -> None:
    quad = [[300.0, 100.0], [380.0, 120.0], [370.0, 190.0], [290.0, 200.0]]
    ((name, (x, y)),) = TagFinder().find(picture(quad))
    assert name == "tag 7"
    one, other = np.array(quad[2]) - quad[0], np.array(quad[3]) - quad[1]
    a, _ = np.linalg.solve(np.stack([one, -other], 1), np.array(quad[1]) - quad[0])
    assert (x, y) == pytest.approx(tuple(quad[0] + a * one), abs=0.7)


def test_number_seen_twice_names_no_place() -> None:
    quads = [[[x, 100.0], [x + 70, 100.0], [x + 70, 170.0], [x, 170.0]] for x in (60.0, 400.0)]
    assert len(TagFinder().find(picture(quads[0]))) == 1
    assert TagFinder().find(picture(*quads)) == ()


def test_wall_has_no_tags() -> None:
    assert TagFinder().find(np.full((384, 640, 3), 120, np.uint8)) == ()


@pytest.mark.parametrize(
    ("tags", "named"),
    [([{"id": 3}, {"id": 3}], "number 3 twice"), ([], "at least 1"), ([{"id": 100}], "less than 100")],
)
def test_file_of_tags_that_makes_no_sense_is_refused(tags: list[dict[str, float]], named: str) -> None:
    with pytest.raises(ValidationError, match=named):
        TagPlaces.model_validate({"tags": tags})
