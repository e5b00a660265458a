"""Measure our own parts in the simulator, for what rests on them. `robot`: a pass; `detector`: its errors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from bombus.output import WrongUseError, people, print_json, print_table

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def measure() -> None:
    """Measure our own parts in the simulator, for what rests on them."""


@app.command()
def robot(
    out: Annotated[Path | None, typer.Option(help="write the response to this JSON file")] = None,
    rows: Annotated[int, typer.Option(min=2, max=200, help="rows to drive, each twice")] = 8,
    length: Annotated[float, typer.Option(min=1.0, max=400, help="row length in m")] = 20.0,
    seed: Annotated[int, typer.Option(min=0, max=2**30, help="the first row's seed")] = 1,
    scenario: Annotated[str, typer.Option(help="scenario name, or a TOML file")] = "row",
    config: Annotated[Path | None, typer.Option(help="machine file (TOML)")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Drive rows in truth mode and write what `bombus season` draws each pass from."""
    from rich.progress import Progress

    from sim.scenario import load_scenario
    from sim.season.measure import measure_robot

    plan = load_scenario(scenario, length_m=length)
    machine = "the demo machine" if config is None else config.name
    told = f"bombus measure robot --rows {rows} --length {length:g} --seed {seed}, {plan.name}, {machine}"
    with Progress(console=people, transient=True, disable=not people.is_terminal) as progress:
        task = progress.add_task("driving rows", total=rows)
        found = measure_robot(plan, config, range(seed, seed + rows), told, lambda: progress.advance(task))
    _tell(msgspec.to_builtins(found), out, "what one pass does to a ready flower", json)


@app.command()
def detector(
    out: Annotated[Path | None, typer.Option(help="write the errors to this JSON file")] = None,
    rows: Annotated[int, typer.Option(min=1, max=200, help="rows to look along")] = 6,
    length: Annotated[float, typer.Option(min=1.0, max=400, help="row length in m")] = 4.0,
    seed: Annotated[int, typer.Option(min=0, max=2**30, help="the first row's seed")] = 501,
    scenario: Annotated[str, typer.Option(help="scenario name, or a TOML file")] = "row",
    config: Annotated[Path | None, typer.Option(help="machine file (TOML): cameras and model")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Show rendered rows to the detector and write the errors that truth mode draws from."""
    from rich.progress import Progress

    from robot.build import open_detector
    from robot.config import DEMO_MACHINE, load_config
    from sim.measure_detector import fit_errors, joined, view_rows
    from sim.scenario import load_scenario
    from vision.onnx_model import model_card

    plan, machine = load_scenario(scenario, length_m=length), load_config(config or DEMO_MACHINE)
    cameras = [camera.model() for camera in machine.cameras]
    told = (
        f"bombus measure detector --rows {rows} --length {length:g} --seed {seed}, {plan.name}, "
        f"{machine.detector.model.name} {model_card(machine.detector.model).sha256[:12]}"
    )
    with Progress(console=people, transient=True, disable=not people.is_terminal) as progress:
        task = progress.add_task("looking along rows", total=rows)
        seeds = range(seed, seed + rows)
        seen = view_rows(
            plan, cameras, open_detector(machine.detector), seeds, lambda: progress.advance(task)
        )
    errors = fit_errors(joined(seen), told)
    _tell(errors.model_dump(mode="json"), out, "how the detector errs, by stage: bud, open, spent", json)


def _tell(result: dict[str, Any], out: Path | None, title: str, json: bool) -> None:
    if out is not None:
        try:
            out.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
        except OSError as error:
            raise WrongUseError(f"--out {out}: cannot be written ({error.strerror}); name another") from error
    if json:
        print_json(result)
    else:
        print_table(title, result)
