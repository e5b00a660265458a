"""YOLO data sets: a text file a picture, `class cx cy w h` in shares of it; both directions.

YOLO knows neither undecided regions nor groups. Regions travel as further classes: "ignore" for any class,
"ignore NAME" for one; groups in `groups.csv` (file, group) beside `data.yaml`. Both are read back.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

import yaml

from vision.datasets.labels import DataSet, LabelError, Mark, Picture, checked_mark

IGNORE = "ignore"
NAME_FILES = ("data.yaml", "data.yml", "dataset.yaml", "classes.txt", "obj.names")
"""Where the classes' names may stand, best first: Ultralytics and Roboflow, Label Studio, CVAT."""

GROUPS = "groups.csv"
VALUES = 5


def names_file(folder: Path) -> Path | None:
    """Return the file that names the classes, or None where the folder is no YOLO data set."""
    return next((folder / name for name in NAME_FILES if (folder / name).is_file()), None)


def read_names(path: Path) -> tuple[str, ...]:
    """Return the classes in order; raises LabelError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: cannot be read ({error}); export it again") from error
    if path.suffix not in {".yaml", ".yml"}:
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    try:
        document = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise LabelError(f"{path}: not YAML ({' '.join(str(error).split())}); export it again") from error
    names = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, dict) and sorted(names, key=str) == sorted(range(len(names)), key=str):
        names = [names[number] for number in range(len(names))]
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise LabelError(f"{path}: names = {names!r}; it must list the classes in order; export it again")
    return tuple(names)


def label_path(picture: Path, folder: Path) -> Path:
    """Return where a picture's labels lie: `labels` instead of the last `images`, else beside it."""
    parts = list(picture.relative_to(folder).parts)
    for place in range(len(parts) - 2, -1, -1):
        if parts[place] == "images":
            parts[place] = "labels"
            break
    return folder.joinpath(*parts).with_suffix(".txt")


def from_yolo(
    folder: Path, pictures: Iterable[Path], size_of: Callable[[Path, int, int], tuple[int, int]]
) -> DataSet:
    """Return the data set of a folder whose `pictures` were found; one without labels shows no flower."""
    path = names_file(folder)
    if path is None:
        raise LabelError(f"{folder}: none of {', '.join(NAME_FILES)} names its classes; export it again")
    names = read_names(path)
    groups = _read_groups(folder / GROUPS)
    classes = tuple(name for name in names if name.split(" ")[0] != IGNORE)
    found, used = [], set()
    for picture in sorted(pictures):
        labels = label_path(picture, folder)
        used.add(labels)
        name = "/".join(part for part in picture.relative_to(folder).parts if part != "images")
        width, height = size_of(picture, 0, 0)
        marks = tuple(_read_marks(labels, names, classes, width, height)) if labels.is_file() else ()
        found.append(Picture(picture, name, width, height, groups.get(name, ""), marks))
    _check_orphans(folder, used)
    _check_names(path, found)
    return DataSet(path, classes, tuple(found))


def _read_marks(
    path: Path, names: tuple[str, ...], classes: tuple[str, ...], width: int, height: int
) -> Iterable[Mark]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise LabelError(f"{path}: cannot be read ({error}); export it again") from error
    for number, line in enumerate(lines, start=1):
        if not line.split():
            continue
        where = f"{path}: line {number}"
        which, cx, cy, w, h = _values(where, line)
        if not (0 <= which < len(names) and which == int(which)):
            raise LabelError(f"{where}: class {which:g} is not among the {len(names)} names; export it again")
        size = w * width, h * height
        box = (cx * width - size[0] / 2, cy * height - size[1] / 2, *size)
        kind, _, of = names[int(which)].partition(" ")
        ignore = kind == IGNORE
        for name in (of,) if of and ignore else classes if ignore else (names[int(which)],):
            yield checked_mark(where, Mark(name, *box, ignore=ignore), width, height)


def _values(where: str, line: str) -> tuple[float, float, float, float, float]:
    parts = line.split()
    if len(parts) != VALUES:
        raise LabelError(
            f"{where}: {len(parts)} values, a box has {VALUES} (class cx cy w h); export boxes, not outlines"
        )
    try:
        which, cx, cy, w, h = map(float, parts)
    except ValueError as error:
        raise LabelError(f"{where}: {line.strip()!r} is not five numbers; export it again") from error
    return which, cx, cy, w, h


def _check_orphans(folder: Path, used: set[Path]) -> None:
    """A label file without its picture is a picture that got lost."""
    texts = [*folder.rglob("labels/**/*.txt"), *folder.glob("obj_*_data/**/*.txt")]
    for path in sorted(texts):
        if path not in used and path.name not in NAME_FILES:
            raise LabelError(f"{path}: has labels, but its picture is missing; put the picture beside them")


def _check_names(path: Path, pictures: list[Picture]) -> None:
    seen: dict[str, Path] = {}
    for picture in pictures:
        if picture.name in seen:
            raise LabelError(
                f"{path.parent}: {picture.path} and {seen[picture.name]} have one name; rename one of them"
            )
        seen[picture.name] = picture.path


def _read_groups(path: Path) -> dict[str, str]:
    if not path.is_file():
        return {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.reader(file) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise LabelError(f"{path}: not a CSV file ({error}); export it again") from error
    wrong = next((row for row in rows if len(row) != 2), None)
    if wrong is not None:
        raise LabelError(f"{path}: {','.join(wrong)!r} is not file,group; mend the line")
    return dict(rows[1:])


def to_yolo(data: DataSet, folder: Path) -> None:
    """Write names, label files and groups of a data set into `folder`; the pictures go to its images/."""
    names = list(data.classes)
    written: dict[str, str] = {}
    for picture in data.pictures:
        labels = PurePosixPath(picture.name).with_suffix(".txt").as_posix()
        if labels in written:
            raise LabelError(
                f"{data.source}: {picture.name} and {written[labels]} would share labels/{labels}; rename one"
            )
        written[labels] = picture.name
        path = folder / "labels" / labels
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(_lines(picture, data.classes, names)), encoding="utf-8")
    document = {"path": ".", "train": "images", "val": "images", "names": dict(enumerate(names))}
    (folder / "data.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
    with (folder / GROUPS).open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["file", "group"])
        rows.writerows([picture.name, picture.group] for picture in data.pictures if picture.group)


def _lines(picture: Picture, classes: tuple[str, ...], names: list[str]) -> Iterable[str]:
    """Label lines of a picture; `names` grows by the kinds of undecided regions met."""
    regions: dict[tuple[float, float, float, float], list[str]] = {}
    for mark in picture.marks:
        box = (mark.x, mark.y, mark.width, mark.height)
        if mark.ignore:
            regions.setdefault(box, []).append(mark.name)
        else:
            yield _line(names.index(mark.name), box, picture)
    for box, of in regions.items():
        whole = set(of) == set(classes)
        for name in [IGNORE] if whole else [f"{IGNORE} {one}" for one in of]:
            if name not in names:
                names.append(name)
            yield _line(names.index(name), box, picture)


def _line(which: int, box: tuple[float, float, float, float], picture: Picture) -> str:
    x, y, width, height = box
    shares = (
        (x + width / 2) / picture.width,
        (y + height / 2) / picture.height,
        width / picture.width,
        height / picture.height,
    )
    return f"{which} {' '.join(repr(share) for share in shares)}\n"
