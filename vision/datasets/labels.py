"""A data set in memory: pictures with their boxes, whatever files it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Final

from vision.types import STAGE_NAMES

BORDER_PX: Final = 1.0
"""A box may end this far outside its picture: tools round to whole pixels."""


class LabelError(Exception):
    """Labels cannot be used; the text names the file, the cause and the remedy in one line."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A box of a class: top left corner and size in px. `ignore`: undecided, neither learned nor punished.

    An undecided region that may be any class stands once in each (COCO's `iscrowd`, as the labels came).
    """

    name: str
    x: float
    y: float
    width: float
    height: float
    ignore: bool = False
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture: where its file lies, its name in the data set, its size in px, the plants it shows, its boxes."""

    path: Path
    name: str
    width: int
    height: int
    group: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class DataSet:
    """Pictures and the classes that their boxes may have; `source` is what messages name."""

    source: Path
    classes: tuple[str, ...]
    pictures: tuple[Picture, ...]

    def counts(self) -> dict[str, int]:
        """Return the judged boxes of each class, and the undecided regions, each counted once."""
        marks = [mark for picture in self.pictures for mark in picture.marks]
        judged = {name: sum(m.name == name and not m.ignore for m in marks) for name in self.classes}
        undecided = sum(
            len({(m.x, m.y, m.width, m.height) for m in picture.marks if m.ignore})
            for picture in self.pictures
        )
        return {**judged, "undecided": undecided}


def checked_mark(where: str, mark: Mark, width: int, height: int) -> Mark:
    """Return a box that is finite, has an area and lies in its picture; raises LabelError beginning with `where`."""
    box = (mark.x, mark.y, mark.width, mark.height)
    shown = f"[{', '.join(f'{value:g}' for value in box)}]"
    if not all(map(isfinite, box)):
        raise LabelError(f"{where}: box {shown} is not finite; redraw or delete it")
    if not (mark.width > 0 and mark.height > 0):
        raise LabelError(f"{where}: box {shown} has no area; redraw or delete it")
    over = max(-mark.x, -mark.y, mark.x + mark.width - width, mark.y + mark.height - height)
    if over > BORDER_PX:
        raise LabelError(
            f"{where}: box {shown} lies {over:.1f} px outside its {width}x{height} picture; redraw or delete it"
        )
    return mark


def renamed(data: DataSet, names: Mapping[str, str], dropped: Sequence[str] = ()) -> DataSet:
    """Return the data set with classes renamed or left out; raises LabelError for a class it has not."""
    for name in (*names, *dropped):
        if name not in data.classes:
            raise LabelError(
                f"{data.source}: has no class '{name}' to rename or drop; it has {', '.join(data.classes)}"
            )
    classes = tuple(dict.fromkeys(names.get(name, name) for name in data.classes if name not in dropped))
    pictures = tuple(
        replace(
            picture,
            marks=tuple(
                replace(mark, name=names.get(mark.name, mark.name))
                for mark in picture.marks
                if mark.name not in dropped
            ),
        )
        for picture in data.pictures
    )
    return DataSet(data.source, classes, pictures)


def of_stages(data: DataSet) -> DataSet:
    """Return the data set as one of bud, open and spent; raises LabelError where it is of other classes.

    Further classes may be declared (labelling tools do), as long as no box has them.
    """
    used = {mark.name for picture in data.pictures for mark in picture.marks}
    other = sorted(used - set(STAGE_NAMES))
    if other:
        raise LabelError(
            f"{data.source}: class '{other[0]}' is none of {', '.join(STAGE_NAMES)}; rename or drop it: "
            f"bombus data import ... --rename {other[0]}=open (or --drop {other[0]})"
        )
    lacking = [name for name in STAGE_NAMES if name not in data.classes]
    if lacking:
        raise LabelError(
            f"{data.source}: declares {', '.join(data.classes) or 'no class'}, not {', '.join(lacking)}; "
            f"all of {', '.join(STAGE_NAMES)} must be labelled: what is not counts as background"
        )
    return replace(data, classes=STAGE_NAMES)
