"""How `bombus train --cross-validate` shows its folds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.table import Table

from bombus.output import people, print_json

if TYPE_CHECKING:
    from vision.training.folds import CrossValidation

STAGES = ("bud", "open", "spent", "mean")


def show_folds(result: CrossValidation, out: Path, json: bool) -> None:
    """Print the folds as a table, or as one JSON object."""
    if json:
        print_json({"out": str(out), **msgspec.to_builtins(result)})
        return
    table = Table(
        title=f"AP50 on {result.photographs} photographs, each judged by a model that saw no picture of its group",
        title_justify="left",
    )
    table.add_column("fold", style="bold")
    for name in ("pictures", "boxes", *STAGES):
        table.add_column(name, justify="right")
    table.add_column("groups held out")
    for fold in result.folds:
        figures = [shown(fold.ap50[name]) for name in STAGES]
        boxes = "/".join(str(count) for count in fold.boxes.values())
        table.add_row(str(fold.fold), str(fold.pictures), boxes, *figures, ", ".join(fold.groups))
    table.add_section()
    for title, over in (("mean", result.mean), ("std", result.std)):
        table.add_row(title, "", "", *(shown(over[name]) for name in STAGES), "")
    people.print(table)
    people.print(_looks(result))


def _looks(result: CrossValidation) -> Table:
    table = Table(title="the same models, by the scales that a photograph is looked at", title_justify="left")
    table.add_column("scales", style="bold")
    for name in (*STAGES, "ms a photograph"):
        table.add_column(name, justify="right")
    for scales, look in result.looks.items():
        table.add_row(scales, *(shown(look.ap50[name]) for name in STAGES), f"{look.ms:.0f}")
    return table


def shown(value: float | None) -> str:
    """Return a figure as the tables show it."""
    return "-" if value is None else f"{value:.3f}"
