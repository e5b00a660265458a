"""Finds what kind of data set lies in a folder, reads it, and writes one with its pictures."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import simplejpeg

from vision.datasets.coco import from_coco, to_coco
from vision.datasets.labels import DataSet, LabelError
from vision.datasets.yolo import from_yolo, names_file, to_yolo
from vision.stills import PICTURE_SUFFIXES, read_picture

Format = Literal["coco", "yolo"]

HEADER_BYTES = 1 << 18
"""A JPEG's size stands in its first part; where it does not, the picture is decoded."""

COCO_PATTERNS = (
    "labels.json",
    "annotations.json",
    "_annotations.coco.json",
    "result.json",
    "instances*.json",
    "annotations/*.json",
    "*/_annotations.coco.json",
)
"""Where COCO files lie, best first: ours, plain ones, Roboflow's, Label Studio's, CVAT's and COCO's own."""


def read_dataset(place: Path) -> DataSet:
    """Read a COCO file, or a folder that holds a COCO or a YOLO data set; raises LabelError or PictureError."""
    if place.is_file():
        return _read_coco(place)
    if not place.is_dir():
        raise LabelError(f"{place}: not there; name a folder with a COCO or YOLO data set, or a COCO file")
    for pattern in COCO_PATTERNS:
        found = sorted(place.glob(pattern))
        if len(found) > 1:
            shown = ", ".join(path.relative_to(place).as_posix() for path in found)
            raise LabelError(f"{place}: holds several COCO files ({shown}); name one of them instead")
        if found:
            return _read_coco(found[0])
    if names_file(place) is None:
        raise LabelError(
            f"{place}: neither a COCO data set (labels.json, annotations/*.json, result.json) nor a YOLO one "
            "(data.yaml, classes.txt, obj.names); name its folder"
        )
    pictures = [path for path in place.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES]
    if not pictures:
        raise LabelError(f"{place}: holds no picture; put the labelled pictures into {place / 'images'}")
    return from_yolo(place, pictures, picture_size)


def _read_coco(path: Path) -> DataSet:
    data = from_coco(path, _finder(path), picture_size)
    if not data.pictures:
        raise LabelError(f"{path}: names no picture; label some")
    return data


def _finder(path: Path) -> Callable[[str], Path]:
    """Return what finds a file_name: under images/, beside the file, or one folder up, then by its last part."""
    roots = [path.parent / "images", path.parent, path.parent.parent / "images", path.parent.parent]

    def find(name: str) -> Path:
        for wanted in (name, Path(name).name):
            for root in roots:
                if (root / wanted).is_file():
                    return root / wanted
        raise LabelError(f"{path}: {name} is missing; put the labelled pictures into {roots[0]}")

    return find


def picture_size(path: Path, width: int, height: int) -> tuple[int, int]:
    """Return width and height as the picture is decoded; raises LabelError where the labels' size is another."""
    true = _header_size(path)
    if true is None or (width and (width, height) != true):
        image = read_picture(path)
        true = image.shape[1], image.shape[0]
    if width and height and (width, height) != true:
        raise LabelError(
            f"{path}: is {true[0]}x{true[1]}, its labels were drawn on {width}x{height}; "
            "use the picture that was labelled, or label this one"
        )
    return true


def _header_size(path: Path) -> tuple[int, int] | None:
    """Return a plain JPEG's size without decoding it; None for others and for what a camera may have turned."""
    if path.suffix.lower() not in {".jpg", ".jpeg"}:
        return None
    try:
        with path.open("rb") as file:
            data = file.read(HEADER_BYTES)
        if b"Exif" in data[:4096]:
            return None
        height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    except (OSError, ValueError):
        return None
    return int(width), int(height)


def write_dataset(data: DataSet, folder: Path, kind: Format) -> None:
    """Write a data set with copies of its pictures into a new or empty folder; raises LabelError."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise LabelError(f"{folder}: is not empty; name a new folder, nothing is overwritten")
    for picture in data.pictures:
        target = folder / "images" / inside(picture.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture.path, target)
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "coco":
        write_labels(data, folder)
    else:
        to_yolo(data, folder)


def write_labels(data: DataSet, folder: Path) -> None:
    """Write labels.json beside the images/ that hold the data set's pictures already."""
    (folder / "labels.json").write_bytes(to_coco(data))


def inside(name: str) -> Path:
    """Return a data set's file name as a path below its folder; raises LabelError for one that leads out."""
    path = Path(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise LabelError(f"file_name {name!r}: leads out of the data set; rename the picture")
    return path
