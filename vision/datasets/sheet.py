"""Contact sheets: every picture small, with its boxes, so that wrong labels catch the eye."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.datasets.labels import DataSet, Picture
from vision.stills import read_picture

CELL: Final = (400, 300)
CAPTION: Final = 22
GAP: Final = 6
PAPER, INK = (250, 250, 250), (40, 40, 40)
COLOURS: Final = {"bud": (60, 200, 60), "open": (0, 215, 255), "spent": (60, 90, 235)}
"""As blue, green, red. Other classes are white, undecided regions grey and thin."""

OTHER, UNDECIDED = (255, 255, 255), (190, 190, 190)


def contact_sheet(
    data: DataSet, columns: int = 4, progress: Callable[[int, int], None] = lambda done, total: None
) -> NDArray[np.uint8]:
    """Return the sheet (H, W, 3) BGR: a legend, then the pictures row by row; raises PictureError."""
    columns = max(1, min(columns, len(data.pictures)))
    rows = -(-len(data.pictures) // columns)
    wide, high = CELL[0] + GAP, CELL[1] + CAPTION + GAP
    sheet = np.full((rows * high + GAP + CAPTION, columns * wide + GAP, 3), PAPER, np.uint8)
    _legend(sheet, data)
    for number, picture in enumerate(data.pictures):
        y, x = CAPTION + GAP + number // columns * high, GAP + number % columns * wide
        sheet[y : y + CELL[1], x : x + CELL[0]] = _cell(picture)
        _write(sheet, _caption(picture), (x, y + CELL[1] + 15))
        progress(number + 1, len(data.pictures))
    return sheet


def encode_sheet(sheet: NDArray[np.uint8], path: Path) -> None:
    """Write a sheet as JPEG."""
    _, data = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, 88])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())


def _cell(picture: Picture) -> NDArray[np.uint8]:
    image = read_picture(picture.path)
    scale = min(CELL[0] / image.shape[1], CELL[1] / image.shape[0])
    size = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    cell = np.full((CELL[1], CELL[0], 3), 225, np.uint8)
    left, top = (CELL[0] - size[0]) // 2, (CELL[1] - size[1]) // 2
    inner = np.ascontiguousarray(cv2.resize(image, size, interpolation=way))
    # Undecided first: judged boxes are drawn over them.
    for mark in sorted(picture.marks, key=lambda mark: not mark.ignore):
        corner = round(mark.x * scale), round(mark.y * scale)
        end = round((mark.x + mark.width) * scale), round((mark.y + mark.height) * scale)
        if mark.ignore:
            cv2.rectangle(inner, corner, end, UNDECIDED, 1)
        else:
            cv2.rectangle(inner, corner, end, COLOURS.get(mark.name, OTHER), 2)
    cell[top : top + size[1], left : left + size[0]] = inner
    return cell


def _legend(sheet: NDArray[np.uint8], data: DataSet) -> None:
    x = GAP
    for name, count in data.counts().items():
        if x + 120 > sheet.shape[1]:
            return
        cv2.rectangle(sheet, (x, 6), (x + 14, 18), (0, 0, 0), 3)
        colour = UNDECIDED if name == "undecided" else COLOURS.get(name, OTHER)
        cv2.rectangle(sheet, (x, 6), (x + 14, 18), colour, -1)
        _write(sheet, f"{name} {count}", (x + 20, 17))
        x += 130


def _caption(picture: Picture) -> str:
    judged = sum(not mark.ignore for mark in picture.marks)
    text = f"{picture.name}  {judged} boxes" + (f"  {picture.group}" if picture.group else "")
    return text if len(text) <= 54 else "..." + text[-51:]


def _write(sheet: NDArray[np.uint8], text: str, place: tuple[int, int]) -> None:
    cv2.putText(sheet, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.42, INK, 1, cv2.LINE_AA)


def spread(data: DataSet, count: int) -> DataSet:
    """Return the data set with at most `count` of its pictures, evenly spread."""
    chosen = data.pictures
    if count < len(chosen):
        chosen = tuple(chosen[int(k)] for k in np.linspace(0, len(chosen) - 1, count))
    return DataSet(data.source, data.classes, chosen)
