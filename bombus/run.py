"""Run the robot: cameras, detector, planner, valves and drive, until stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from bombus.output import people, print_json, print_table


def run(
    config: Annotated[Path, typer.Option(help="machine file (TOML)")],
    alone: Annotated[
        bool,
        typer.Option("--alone", help="start neither the page nor the alerts' sender: units of their own do"),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object at the end")] = False,
) -> None:
    """Run the control process (and, when the machine file says so, its dashboard)."""
    from robot.daemon import run_daemon

    summary = run_daemon(config, lambda line: people.print(line, markup=False), alone=alone)
    if json:
        print_json(summary)
    else:
        print_table("run ended", msgspec.structs.asdict(summary))
