"""How `bombus train --bodies` shows its bodies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from rich.table import Table

from bombus.output import people, print_json
from bombus.train_folds import STAGES, shown

if TYPE_CHECKING:
    from vision.training.bodies import Body


def show_bodies(bodies: list[Body], out: Path, json: bool) -> None:
    """Print the bodies as a table, or as one JSON object."""
    if json:
        print_json({"out": str(out), "bodies": msgspec.to_builtins(bodies)})
        return
    table = Table(title="AP50 on rendered scenes kept apart, the same batches for each", title_justify="left")
    table.add_column("body", style="bold")
    for name in ("million weights", *STAGES, "least ms a frame", "mean in floats", "ms", "minutes"):
        table.add_column(name, justify="right")
    for body in bodies:
        figures = (shown(body.ap50[name]) for name in STAGES)
        size = f"{body.parameters / 1e6:.2f}"
        float_ms = "-" if body.float_least_ms is None else f"{body.float_least_ms:.1f}"
        floats = shown((body.float_ap50 or {}).get("mean")), float_ms
        table.add_row(body.name, size, *figures, f"{body.least_ms:.1f}", *floats, f"{body.minutes:.1f}")
    people.print(table)
