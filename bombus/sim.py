"""Drive a simulated row: lock-step for tests and tuning, real time with the dashboard for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bombus import sim_faults
from bombus.output import WorkFailedError, WrongUseError, people, print_json, print_table
from bombus.sim_preview import draw_preview

if TYPE_CHECKING:
    from sim.day_config import DayConfig
    from sim.scenario import ScenarioConfig

MODES = ("lockstep", "realtime")
DETECTORS = ("onnx", "truth")

Mode = Annotated[str, typer.Option(help="lockstep (simulated time) or realtime (daemon, pty, dashboard)")]
Detect = Annotated[str, typer.Option(help="onnx (rendered frames) or truth (labels with errors)")]
Faults = Annotated[
    list[str] | None, typer.Option(help="NAME@SECONDS: what breaks, and when; may be given often")
]
Campaign = Annotated[
    int | None,
    typer.Option(
        min=1, max=100_000, help="drive so many short rows with random faults (or the --fault given)"
    ),
]
Record = Annotated[
    Path | None, typer.Option(help="new recording: NAME.mcap, or a folder for a file a minute")
]
Port = Annotated[
    int, typer.Option(min=0, max=65535, help="dashboard port, realtime only; 0 takes a free one")
]
Stay = Annotated[
    bool,
    typer.Option(
        "--stay", help="realtime only: keep robot and page after STOP or the row's end, until Ctrl-C"
    ),
]
Preview = Annotated[
    Path | None, typer.Option(help="draw a contact sheet of the row to this new .png or .jpg, and end")
]
Look = Annotated[str | None, typer.Option(help="how plants are modelled: plain, or photo (slower)")]
Sweep = Annotated[
    str | None, typer.Option(help="KEY=FROM:TO:STEP or KEY=A,B,C of the machine file: drive with each value")
]
Seeds = Annotated[int, typer.Option(min=1, max=100, help="seeds from --seed on, for --sweep")]
Plot = Annotated[
    Path | None, typer.Option(help="draw the sweep's coverage against bud hits into this SVG file")
]


def sim(
    scenario: Annotated[str, typer.Option(help="scenario name, or a TOML file")] = "row",
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="seed of plants, cart and noise")] = 1,
    mode: Mode = "lockstep",
    detector: Detect = "onnx",
    length: Annotated[float | None, typer.Option(min=0.5, max=400, help="row length in m")] = None,
    speed: Annotated[float | None, typer.Option(min=0.02, max=0.5, help="cruise speed in m/s")] = None,
    config: Annotated[Path | None, typer.Option(help="machine file (TOML)")] = None,
    fault: Faults = None,
    list_faults: Annotated[
        bool, typer.Option("--list-faults", help="print the faults that can be named, and end")
    ] = False,
    campaign: Campaign = None,
    record: Record = None,
    port: Port = 8080,
    stay: Stay = False,
    preview: Preview = None,
    look: Look = None,
    sweep: Sweep = None,
    seeds: Seeds = 1,
    plot: Plot = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Drive one row and print its score."""
    if list_faults:
        sim_faults.list_faults(json)
        return
    _check(mode, detector, record, stay)
    _check_sweep(sweep, seeds, plot)
    if campaign is not None:
        sim_faults.check_campaign(mode, record, config)
        sim_faults.campaign(scenario, campaign, seed, length, speed, fault or (), json)
        return
    from sim.scenario import load_scenario

    plan = load_scenario(scenario, length_m=length, speed_m_s=speed, faults=fault or (), look=look)
    if preview is not None:
        draw_preview(preview, plan, seed, config, json)
        return
    if sweep is not None:
        _sweep(plan, range(seed, seed + seeds), mode, detector, sweep, config=config, plot=plot, json=json)
        return
    if plan.day is not None:
        _day(plan, plan.day, seed, mode, config, detector, record, json)
        return
    _row(plan, seed, mode, config, detector, record, port, stay, json)


def _row(
    plan: ScenarioConfig,
    seed: int,
    mode: str,
    config: Path | None,
    detector: str,
    record: Path | None,
    port: int,
    stay: bool,
    json: bool,
) -> None:
    if mode == "realtime":
        sim_faults.check_machine_only(plan.faults, "real time")
        from sim.realtime import run_realtime

        result = run_realtime(plan, seed, config, port, record, people, stay=stay)
    else:
        from sim.lockstep import run_lockstep

        result = run_lockstep(plan, seed, config, detector, record, people)
    print_json(result) if json else print_table(f"{plan.name}, seed {seed}, {mode}", result.for_people())
    if not result.finished and not stay:
        raise WorkFailedError(f"the row was not finished: {result.ended_because}")


def _day(
    plan: ScenarioConfig,
    day: DayConfig,
    seed: int,
    mode: str,
    config: Path | None,
    detector: str,
    record: Path | None,
    json: bool,
) -> None:
    if mode != "lockstep":
        raise WrongUseError(f"scenario '{plan.name}': a day runs in lock-step; leave --mode out")
    if record is not None and record.suffix == ".mcap":
        raise WrongUseError(f"--record {record}: a day records each start of its program; name a folder")
    sim_faults.check_machine_only(plan.faults, "a day")
    from sim.day import run_day

    result = run_day(plan, day, seed, config, detector, people, record)
    if json:
        print_json(result)
    else:
        print_table(f"{plan.name}, seed {seed}", result.for_people())
    if not result.finished or result.twice:
        raise WorkFailedError(f"the day failed: {result.ended_because}, {result.twice} flowers treated twice")


def _check(mode: str, detector: str, record: Path | None, stay: bool) -> None:
    if mode not in MODES:
        raise WrongUseError(f"--mode {mode}: unknown; choose from {', '.join(MODES)}")
    if detector not in DETECTORS:
        raise WrongUseError(f"--detector {detector}: unknown; choose from {', '.join(DETECTORS)}")
    if stay and mode != "realtime":
        raise WrongUseError("--stay: keeps the page of a row in real time; add --mode realtime")
    if record is not None and record.exists():
        raise WrongUseError(f"--record {record}: the file exists; name a new one")


def _check_sweep(sweep: str | None, seeds: int, plot: Path | None) -> None:
    if sweep is None and (plot is not None or seeds > 1):
        name = "plot" if plot is not None else "seeds"
        raise WrongUseError(f"--{name}: belongs to --sweep; add it, or leave this out")


def _sweep(
    plan: ScenarioConfig,
    seeds: Sequence[int],
    mode: str,
    detector: str,
    sweep: str,
    *,
    config: Path | None,
    plot: Path | None,
    json: bool,
) -> None:
    from rich.progress import Progress

    from bombus.sweep import sweep_rows

    if mode != "lockstep" or plan.day is not None:
        raise WrongUseError(
            f"--sweep {sweep}: drives one row in lockstep; leave --mode out, name another scenario"
        )
    with Progress(console=people, transient=True, disable=not people.is_terminal) as bar:
        task = bar.add_task("sweeping", total=1.0)
        told = sweep_rows(
            plan, seeds, config, detector, sweep, plot, lambda share: bar.update(task, completed=share)
        )
    print_json(told) if json else told.show()
