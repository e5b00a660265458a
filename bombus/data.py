"""Labelled pictures: import, export, split, contact sheet, and the frames of a recording worth labelling."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bombus.data_pull import pull
from bombus.output import WrongUseError, people, print_json, print_table

if TYPE_CHECKING:
    from vision.datasets.labels import DataSet

app = typer.Typer(help=__doc__, no_args_is_help=True)

Source = Annotated[Path, typer.Argument(help="folder with a COCO or YOLO data set, or a COCO file")]
Out = Annotated[Path, typer.Option(help="new folder to write to")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]


@app.command("import")
def import_(
    source: Source,
    out: Out,
    rename: Annotated[
        list[str] | None, typer.Option(help="OLD=NEW, a class by another name; may be given often")
    ] = None,
    drop: Annotated[list[str] | None, typer.Option(help="class to leave out; may be given often")] = None,
    json: Json = False,
) -> None:
    """Check a data set and write it as labels.json (COCO) and images/, classes bud, open and spent."""
    from vision.datasets.folder import read_dataset, write_dataset
    from vision.datasets.labels import of_stages, renamed
    from vision.stills import read_picture

    names = dict(_pair(word) for word in rename or [])
    data = of_stages(renamed(read_dataset(source), names, drop or []))
    with _bar("checking") as progress:
        for number, picture in enumerate(data.pictures, start=1):
            read_picture(picture.path)  # a damaged file shows here, not after an hour of training
            progress(number, len(data.pictures))
    write_dataset(data, out, "coco")
    _tell("imported", data, out, json)


@app.command("export")
def export(
    source: Source,
    out: Out,
    format: Annotated[Literal["coco", "yolo"], typer.Option(help="coco or yolo")] = "yolo",
    json: Json = False,
) -> None:
    """Write a data set with its pictures in the other format, for labelling tools and other trainers."""
    from vision.datasets.folder import read_dataset, write_dataset

    data = read_dataset(source)
    write_dataset(data, out, format)
    _tell(f"exported as {format}", data, out, json)


@app.command("split")
def split(
    source: Source,
    out: Annotated[Path, typer.Option(help="new folder; gets train/ and held_out/")],
    held_out: Annotated[float, typer.Option(min=0.01, max=0.9, help="share of the pictures")] = 0.2,
    seed: Annotated[int, typer.Option(min=0, help="which groups are drawn")] = 1,
    json: Json = False,
) -> None:
    """Split by group (pictures of the same plants), never by picture; the seed alone decides."""
    from vision.datasets.folder import read_dataset, write_dataset
    from vision.datasets.labels import DataSet
    from vision.datasets.split import split_groups

    data = read_dataset(source)
    kept, apart = split_groups(data.pictures, lambda picture: picture.group or picture.name, held_out, seed)
    if not apart:
        raise WrongUseError(
            f"{source}: all pictures are of one group; give `group` in the labels to what shows other plants"
        )
    parts = {
        name: DataSet(data.source, data.classes, tuple(pictures))
        for name, pictures in (("train", kept), ("held_out", apart))
    }
    for name, part in parts.items():
        write_dataset(part, out / name, "coco")
    if json:
        print_json({name: {**_figures(part), "out": str(out / name)} for name, part in parts.items()})
        return
    for name, part in parts.items():
        _tell(name, part, out / name, False)


@app.command("sheet")
def sheet(
    source: Source,
    out: Annotated[Path, typer.Option(help="JPEG file to write")] = Path("sheet.jpg"),
    count: Annotated[int, typer.Option(min=1, max=400, help="pictures at most, evenly spread")] = 40,
    columns: Annotated[int, typer.Option(min=1, max=12, help="pictures side by side")] = 4,
    json: Json = False,
) -> None:
    """Draw a contact sheet with the boxes, so that wrong labels catch the eye."""
    from vision.datasets.folder import read_dataset
    from vision.datasets.sheet import contact_sheet, encode_sheet, spread

    if out.suffix.lower() not in {".jpg", ".jpeg"}:
        raise WrongUseError(f"--out {out}: the sheet is a JPEG; name a file that ends in .jpg")
    data = read_dataset(source)
    with _bar("drawing") as progress:
        picture = contact_sheet(spread(data, count), columns, progress)
    encode_sheet(picture, out)
    _tell("drawn", spread(data, count), out, json)


app.command("pull")(pull)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int], None]]:
    from rich.progress import Progress

    with Progress(console=people, transient=True, disable=not people.is_terminal) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _pair(word: str) -> tuple[str, str]:
    old, equals, new = word.partition("=")
    if not (old and equals and new):
        raise WrongUseError(f"--rename {word}: must be OLD=NEW, two class names")
    return old, new


def _figures(data: DataSet) -> dict[str, object]:
    groups = {picture.group or picture.name for picture in data.pictures}
    return {"pictures": len(data.pictures), "groups": len(groups), "boxes": data.counts()}


def _tell(what: str, data: DataSet, out: Path, json: bool) -> None:
    figures = _figures(data)
    if json:
        print_json({"out": str(out), **figures})
        return
    boxes = {f"{name} boxes": count for name, count in data.counts().items()}
    print_table(f"{what}: {out}", {"pictures": figures["pictures"], "groups": figures["groups"], **boxes})
