"""COCO files: the structs, the checks that need no picture, and both directions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import msgspec

from vision.datasets.labels import DataSet, LabelError, Mark, Picture, checked_mark


class CocoImage(msgspec.Struct, omit_defaults=True):
    """One picture of a COCO file; `group` names the plants it shows."""

    id: int
    file_name: str
    width: int = 0
    height: int = 0
    group: str = ""


class CocoBox(msgspec.Struct, omit_defaults=True):
    """One box of a COCO file: x, y, width, height in px. `score` is that of a pre-label."""

    image_id: int
    category_id: int
    bbox: tuple[float, float, float, float]
    iscrowd: int = 0
    id: int | None = None
    area: float | None = None
    score: float | None = None


class CocoCategory(msgspec.Struct):
    """One class of a COCO file."""

    id: int
    name: str


class CocoLabels(msgspec.Struct):
    """What we read of a COCO file."""

    images: list[CocoImage]
    annotations: list[CocoBox]
    categories: list[CocoCategory]


def read_coco(path: Path) -> CocoLabels:
    """Read and check a COCO file, whatever its classes; raises LabelError."""
    try:
        labels = msgspec.json.decode(path.read_bytes(), type=CocoLabels)
    except OSError as error:
        raise LabelError(f"{path}: cannot be read ({error.strerror}); name an existing COCO file") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: not COCO labels ({error}); export it again") from error
    _once(path, "picture id", (image.id for image in labels.images))
    _once(path, "file_name", (image.file_name for image in labels.images))
    _once(path, "annotation id", (box.id for box in labels.annotations if box.id is not None))
    _once(path, "category id", (category.id for category in labels.categories))
    _once(path, "category name", (category.name for category in labels.categories))
    _check_boxes(path, labels)
    return labels


def _once(path: Path, what: str, values: Iterable[object]) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise LabelError(f"{path}: {what} {value!r} stands there twice; export it again")
        seen.add(value)


def _check_boxes(path: Path, labels: CocoLabels) -> None:
    pictures = {image.id for image in labels.images}
    classes = {category.id for category in labels.categories}
    for number, box in enumerate(labels.annotations):
        if box.image_id not in pictures:
            raise LabelError(
                f"{path}: annotation {number}: no picture has the id {box.image_id}; export it again"
            )
        if box.category_id not in classes:
            raise LabelError(
                f"{path}: annotation {number}: no category has the id {box.category_id}; export it again"
            )
        if not (box.bbox[2] > 0 and box.bbox[3] > 0):
            raise LabelError(
                f"{path}: annotation {number}: bbox {list(box.bbox)} has no area; redraw or delete it"
            )


def _plain(file_name: str) -> str:
    """Return a file_name as one below images/: some tools write it with that folder, or with where they ran."""
    path = PurePosixPath(file_name.replace("\\", "/"))
    outside = path.is_absolute() or ".." in path.parts
    return path.name if outside else path.as_posix().removeprefix("images/")


def from_coco(
    path: Path, find: Callable[[str], Path], size_of: Callable[[Path, int, int], tuple[int, int]]
) -> DataSet:
    """Return the data set of a COCO file; raises LabelError.

    `find` turns a file_name into the picture's path, `size_of` a path and the labels' size into the true one.
    """
    labels = read_coco(path)
    name_of = {category.id: category.name for category in labels.categories}
    marks: dict[int, list[tuple[int, Mark]]] = {}
    for number, box in enumerate(labels.annotations):
        mark = Mark(name_of[box.category_id], *box.bbox, ignore=bool(box.iscrowd), score=box.score)
        marks.setdefault(box.image_id, []).append((number, mark))
    names = [_plain(image.file_name) for image in labels.images]
    _once(path, "picture", names)
    pictures = []
    for image, name in zip(labels.images, names, strict=True):
        place = find(name)
        width, height = size_of(place, image.width, image.height)
        checked = tuple(
            checked_mark(f"{path}: annotation {number} ({image.file_name})", mark, width, height)
            for number, mark in marks.get(image.id, [])
        )
        pictures.append(Picture(place, name, width, height, image.group, checked))
    return DataSet(path, tuple(name_of.values()), tuple(pictures))


def to_coco(data: DataSet) -> bytes:
    """Return the data set as a COCO file; numbers keep every digit."""
    category = {name: number for number, name in enumerate(data.classes, start=1)}
    images: list[CocoImage] = []
    boxes: list[CocoBox] = []
    for number, picture in enumerate(data.pictures, start=1):
        images.append(CocoImage(number, picture.name, picture.width, picture.height, picture.group))
        for mark in picture.marks:
            boxes.append(
                CocoBox(
                    image_id=number,
                    category_id=category[mark.name],
                    bbox=(mark.x, mark.y, mark.width, mark.height),
                    iscrowd=int(mark.ignore),
                    id=len(boxes) + 1,
                    area=mark.width * mark.height,
                    score=mark.score,
                )
            )
    categories = [CocoCategory(number, name) for name, number in category.items()]
    encoded = msgspec.json.encode(CocoLabels(images, boxes, categories))
    return msgspec.json.format(encoded, indent=1) + b"\n"
