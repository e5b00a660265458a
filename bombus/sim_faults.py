"""`bombus sim --list-faults` and `--campaign`: what may break on purpose, and what then must not happen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bombus.output import WorkFailedError, WrongUseError, people, print_columns, print_json

if TYPE_CHECKING:
    from sim.fault_campaign import CampaignResult, FaultRun

LENGTH_M, SPEED_M_S, START_S = 2.0, 0.3, -0.4
"""Of a campaign's row, where the command line says nothing: short, so that many fit in little time."""


def list_faults(json: bool) -> None:
    """Print the catalogue."""
    from sim.faults import KINDS

    if json:
        print_json({kind.name: kind.text for kind in KINDS.values()})
        return
    rows = [
        (kind.name, kind.text, " ".join(kind.told) or "-", "-" if kind.within_s is None else kind.within_s)
        for kind in KINDS.values()
    ]
    print_columns("faults", ("name", "what breaks", "told as", ">within s"), rows)


def check_machine_only(faults: Sequence[str], where: str) -> None:
    """Raise WrongUseError for a fault that only a row in lock-step can have."""
    from sim.faults import parse_fault

    for fault in faults:
        if parse_fault(fault).kind.lockstep_only:
            raise WrongUseError(
                f"--fault {fault}: only a row in lock-step can have it, not {where}; leave it out"
            )


def check_campaign(mode: str, record: Path | None, config: Path | None) -> None:
    """Raise WrongUseError for options that a campaign does not take."""
    if mode != "lockstep" or record is not None or config is not None:
        raise WrongUseError(
            "--campaign: it runs in lock-step on the demo machine; leave out --mode, --record, --config"
        )


def campaign(
    scenario: str,
    count: int,
    seed: int,
    length: float | None,
    speed: float | None,
    faults: Sequence[str],
    json: bool,
) -> None:
    """Run `count` short rows with faults, or the one script that `faults` names; raises WorkFailedError."""
    from rich.progress import Progress

    from sim.fault_campaign import run_campaign
    from sim.faults import FaultNameError, parse_fault
    from sim.scenario import load_scenario

    plan = load_scenario(scenario, length_m=length or LENGTH_M, speed_m_s=speed or SPEED_M_S)
    plan = plan.model_copy(update={"vehicle": plan.vehicle.model_copy(update={"start_s": START_S})})
    try:
        scripts = [tuple(map(parse_fault, faults))] if faults else None
    except FaultNameError as error:
        raise WrongUseError(f"--fault: {error}") from error
    with Progress(console=people, transient=True, disable=not people.is_terminal) as progress:
        task = progress.add_task("rows with faults", total=len(scripts) if scripts else count)
        result = run_campaign(plan, count, seed, lambda run: progress.advance(task), scripts)
    if json:
        print_json(result)
    else:
        _print(result)
    if result.unsafe:
        raise WorkFailedError(f"{len(result.unsafe)} of {result.runs} runs broke a promise: {_again(result)}")


def _print(result: CampaignResult) -> None:
    rows = [
        (
            row.fault,
            row.runs,
            "-" if row.told_s is None else f"{row.told_s[0]:.2f} / {row.told_s[1]:.2f}",
            ", ".join(f"{words} {times}" for words, times in row.reactions.items()),
            "-" if row.flowers_lost is None else f"{row.flowers_lost:g}",
            row.unsafe or "none",
        )
        for row in result.rows
    ]
    title = f"{result.runs} rows with faults, {result.simulated_s:.0f} simulated seconds, seed {result.seed}"
    names = ("fault", ">runs", ">told after s, p50 / most", "reaction", ">flowers lost", ">unsafe")
    print_columns(title, names, rows)
    for run in result.smallest:
        people.print(f"smallest script, crop {run.world}: {_words(run)}", markup=False)


def _words(run: FaultRun) -> str:
    return f"{' '.join(run.script)}: {'; '.join(run.problems)}"


def _again(result: CampaignResult) -> str:
    run = result.smallest[0]
    faults = " ".join(f"--fault {fault}" for fault in run.script)
    return f"{_words(run)}; again with bombus sim --campaign 1 --seed {run.world} {faults}"
