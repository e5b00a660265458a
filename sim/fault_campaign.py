"""Random faults against the whole stack in lock-step; a failing script is shrunk. `bombus sim --campaign`."""

from __future__ import annotations

import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from statistics import median

import msgspec

from robot.types import Mode
from sim.faults import KINDS, TimedFault, parse_fault
from sim.invariants import Invariants
from sim.lockstep import LockstepRow, machine_for
from sim.scenario import ScenarioConfig
from sim.score import score
from sim.troubles import SimLedger

DRAWN = tuple(KINDS)
WORLDS = 4
"""Crops of a campaign: each is driven once without a fault, to know what faults cost."""
MOST_FAULTS = 3
SETTLE_S = 2.0
"""Driven on after the robot has stopped, so that everything that must follow has."""
PATIENCE_S = 12.0
"""A robot that holds for so long is left: longer than any trouble that ends by itself."""
PROGRAM_ERRORS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""A loop that raises these is a finding, not the end of the campaign."""
FAST_FOLDER = Path("/dev/shm")
"""In memory, where there is one: ledgers that live for a second need no disk."""


class FaultRun(msgspec.Struct, frozen=True):
    """One run: its script, what was told when (s after the strike), how it went on, and every broken promise."""

    world: int
    script: tuple[str, ...]
    told: dict[str, float | None]
    reaction: str
    flowers: int
    problems: list[str]


class FaultRow(msgspec.Struct, frozen=True):
    """One fault over the runs that had it."""

    fault: str
    runs: int
    told_s: tuple[float, float] | None
    """Median and longest, where it was told at all."""
    untold: int
    """Runs that ended, or told the same of another fault, before it was told."""
    reactions: dict[str, int]
    flowers_lost: float | None
    """Mean over the runs that had it alone."""
    unsafe: int


class CampaignResult(msgspec.Struct, frozen=True):
    """What `bombus sim --campaign --json` prints."""

    runs: int
    seed: int
    simulated_s: float
    rows: list[FaultRow]
    unsafe: list[FaultRun]
    smallest: list[FaultRun]
    """For each unsafe run the smallest script that still fails."""


def run_script(scenario: ScenarioConfig, world: int, script: Sequence[TimedFault]) -> tuple[FaultRun, float]:
    """Drive one short row under a script; returns what came of it and the simulated seconds."""
    plan = scenario.model_copy(update={"faults": tuple(map(str, script))})
    base = FAST_FOLDER if FAST_FOLDER.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="bombus-", dir=base) as folder:
        config = machine_for(plan, None, Path(folder) / "ledger.sqlite")
        row = LockstepRow(plan, world, config, "truth", SimLedger(config.ledger.path))
        watch = Invariants(row)
        told: dict[str, float | None] = {}
        try:
            reaction = _drive(row, watch, script, told)
            if not row.killed:
                row.loop.close()
            watch.finish()
        except PROGRAM_ERRORS as error:
            watch.problems.append(f"the program made an error: {error!r}")
            reaction = "error"
        done = score(row.plant.jets.trains, row.truths, plan.jets.treated_dose).treated
        run = FaultRun(world, plan.faults, told, reaction, done, watch.problems)
        return run, row.clock.now()


def _drive(
    row: LockstepRow, watch: Invariants, script: Sequence[TimedFault], told: dict[str, float | None]
) -> str:
    """Drive to the end or to a lasting stop; fills `told`; returns the reaction in words."""
    held_s = longest_hold_s = 0.0
    stopped_t: float | None = None
    while row.loop.mode is not Mode.DONE and held_s < PATIENCE_S:
        before = row.clock.now()
        row.step()
        watch.look()
        _note_told(row, script, told)
        spent = row.clock.now() - before
        held = row.killed or (row.loop.pilot.running and bool(row.loop.pilot.hold))
        held_s = held_s + spent if held else 0.0
        longest_hold_s = max(longest_hold_s, held_s)
        stopped = not row.killed and row.loop.mode in {Mode.STOPPED, Mode.FAULT}
        stopped_t = (stopped_t or row.clock.now()) if stopped else None
        if stopped_t is not None and row.clock.now() - stopped_t > SETTLE_S:
            return "stops"
    if row.killed:
        return "stays down"
    if row.loop.mode is not Mode.DONE:
        return "holds"
    return "holds, goes on" if longest_hold_s > 0.0 else "goes on"


def _note_told(row: LockstepRow, script: Sequence[TimedFault], told: dict[str, float | None]) -> None:
    now, view = row.clock.now(), row.watcher.view
    if view is None:
        return
    shown = {fault.code for fault in view.faults if fault.present}
    for fault in script:
        if fault.t > now or told.get(str(fault)) is not None:
            continue
        seen = any(code in shown for code in fault.kind.told)
        seen = seen or (fault.kind.name == "estop" and row.loop.mode is Mode.STOPPED)
        told[str(fault)] = round(now - fault.t, 3) if seen else None


def draw(rng: Random, until_s: float) -> tuple[TimedFault, ...]:
    """Return one to three different faults at random moments, in order."""
    names = rng.sample(sorted(DRAWN), rng.randint(1, MOST_FAULTS))
    drawn = (parse_fault(f"{name}@{rng.uniform(0.5, until_s):.1f}") for name in names)
    return tuple(sorted(drawn, key=lambda fault: (fault.t, fault.kind.name)))


def shrunk(
    script: Sequence[TimedFault], fails: Callable[[Sequence[TimedFault]], bool]
) -> tuple[TimedFault, ...]:
    """Return the smallest script found that still fails: without what is not needed, at the roundest times."""
    smallest = tuple(script)
    for fault in script:
        without = tuple(each for each in smallest if each is not fault)
        if without and len(without) < len(smallest) and fails(without):
            smallest = without
    for i, fault in enumerate(smallest):
        rounder = TimedFault(float(round(fault.t)), fault.kind)
        candidate = (*smallest[:i], rounder, *smallest[i + 1 :])
        if rounder.t != fault.t and fails(candidate):
            smallest = candidate
    return smallest


def _fails_in(scenario: ScenarioConfig, world: int) -> Callable[[Sequence[TimedFault]], bool]:
    return lambda script: bool(run_script(scenario, world, script)[0].problems)


def scripts(count: int, seed: int, until_s: float) -> Iterator[tuple[TimedFault, ...]]:
    """Return every fault alone in the middle of a row, then random combinations: `count` in all."""
    rng = Random(seed)
    alone = [(parse_fault(f"{name}@{until_s / 2:.1f}"),) for name in DRAWN]
    yield from alone[:count]
    for _ in range(count - len(alone)):
        yield draw(rng, until_s)


def run_campaign(
    scenario: ScenarioConfig,
    count: int,
    seed: int,
    progress: Callable[[FaultRun], None] = lambda run: None,
    given: Sequence[Sequence[TimedFault]] | None = None,
) -> CampaignResult:
    """Run `count` scripts, or the `given` ones; same arguments, same result."""
    until_s = (scenario.world.row_length_m - scenario.vehicle.start_s) / scenario.speed_m_s
    healthy: dict[int, int] = {}
    runs: list[FaultRun] = []
    smallest: list[FaultRun] = []
    simulated_s = 0.0
    for number, script in enumerate(given or scripts(count, seed, until_s)):
        world = seed + number % WORLDS
        if world not in healthy:
            healthy[world] = run_script(scenario, world, ())[0].flowers
        run, seconds = run_script(scenario, world, script)
        simulated_s += seconds
        runs.append(run)
        progress(run)
        if run.problems:
            least = shrunk(script, _fails_in(scenario, world))
            smallest.append(run_script(scenario, world, least)[0])
    rows = table(runs, healthy)
    return CampaignResult(
        len(runs), seed, round(simulated_s, 1), rows, [run for run in runs if run.problems], smallest
    )


def table(runs: Sequence[FaultRun], healthy: dict[int, int]) -> list[FaultRow]:
    """Return a line for each fault of the catalogue that occurred, in its order."""
    by_fault: defaultdict[str, list[FaultRun]] = defaultdict(list)
    for run in runs:
        for fault in run.script:
            by_fault[parse_fault(fault).kind.name].append(run)
    return [_row(name, by_fault[name], healthy) for name in KINDS if name in by_fault]


def _row(name: str, runs: Sequence[FaultRun], healthy: dict[int, int]) -> FaultRow:
    times = [
        seconds
        for run in runs
        for fault, seconds in run.told.items()
        if parse_fault(fault).kind.name == name and seconds is not None
    ]
    alone = [healthy[run.world] - run.flowers for run in runs if len(run.script) == 1]
    return FaultRow(
        name,
        len(runs),
        (round(median(times), 2), max(times)) if times else None,
        len(runs) - len(times) if KINDS[name].within_s is not None else 0,
        dict(Counter(run.reaction for run in runs).most_common()),
        round(sum(alone) / len(alone), 1) if alone else None,
        sum(bool(run.problems) for run in runs),
    )
