"""`--sweep KEY=...`: one setting with many values, over footage or simulated rows, as table, JSON and plot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from rich.console import Console

from bombus.output import WrongUseError, people, print_columns
from bombus.sweep_plot import Curve, Dot, chart

if TYPE_CHECKING:
    from sim.footage.sweep import FootagePoint, Value
    from sim.replay_setting import Setting
    from sim.scenario import ScenarioConfig

MOST_VALUES = 100
SHOWN_REASONS = 5
NO_TRUTH = "Recordings hold no truth: these are shots and refusals, not coverage and bud hits."


class FootageSweep(msgspec.Struct, frozen=True):
    """What `bombus replay --sweep --json` prints."""

    key: str
    sources: list[str]
    note: str
    points: list[FootagePoint]

    def show(self) -> None:
        """Print the table for people."""
        reasons = commonest(self.points)
        names = (self.key, *(">" + word for word in ("shots", "not shot", *map(words, reasons))))
        rows = [
            (one.value, one.shots, one.not_shot, *(one.refusals.get(reason, 0) for reason in reasons))
            for one in self.points
        ]
        print_columns(f"{self.key} over {', '.join(Path(one).name for one in self.sources)}", names, rows)
        people.print(self.note)


class SimPoint(msgspec.Struct, frozen=True):
    """All seeds driven with one value; shares are of all their flowers and pulses together."""

    value: Value
    ready: int
    treated: int
    coverage: float | None
    pulses: int
    bud_hits: int
    bud_hit_share: float | None
    doubles: int
    unfinished: int


class SimSweep(msgspec.Struct, frozen=True):
    """What `bombus sim --sweep --json` prints."""

    key: str
    scenario: str
    detector: str
    seeds: list[int]
    points: list[SimPoint]

    def show(self) -> None:
        """Print the table for people."""
        names = (
            self.key,
            ">ready",
            ">treated",
            ">coverage",
            ">pulses",
            ">bud hits",
            ">of pulses",
            ">doubles",
        )
        rows = [
            (
                one.value,
                one.ready,
                one.treated,
                percent(one.coverage),
                one.pulses,
                one.bud_hits,
                percent(one.bud_hit_share),
                one.doubles,
            )
            for one in self.points
        ]
        seeds = ", ".join(map(str, self.seeds))
        print_columns(f"{self.key} over {self.scenario}, seeds {seeds}, {self.detector}", names, rows)
        unfinished = sum(one.unfinished for one in self.points)
        if unfinished:
            people.print(f"{unfinished} rows did not reach their end")


@dataclass(frozen=True)
class Sweep:
    """A key and its values."""

    key: str
    values: Sequence[Value]


def parsed(text: str) -> Sweep:
    """Return KEY=FROM:TO:STEP or KEY=A,B,C; raises WrongUseError."""
    key, equals, told = (part.strip() for part in text.partition("="))
    if not key or not equals or not told:
        raise WrongUseError(
            f"--sweep {text}: no KEY=FROM:TO:STEP or KEY=A,B,C; try detector.threshold=0.2:0.8:0.1"
        )
    values = _range(text, told) if ":" in told else [parsed_value(one) for one in told.split(",")]
    if not 1 <= len(values) <= MOST_VALUES:
        raise WrongUseError(f"--sweep {text}: {len(values)} values; name 1 to {MOST_VALUES}")
    return Sweep(key, values)


def _range(text: str, told: str) -> list[Value]:
    try:
        first, last, step = (float(part) for part in told.split(":"))
        steps = (last - first) / step
    except (ValueError, ZeroDivisionError):
        raise WrongUseError(f"--sweep {text}: {told} is no FROM:TO:STEP; try 0.2:0.8:0.1") from None
    if not 0 <= steps < MOST_VALUES:
        raise WrongUseError(f"--sweep {text}: {told} has no or too many values; name 1 to {MOST_VALUES}")
    whole = all(part.strip().lstrip("+-").isdigit() for part in told.split(":"))
    values = [first + index * step for index in range(int(steps + 1e-9) + 1)]
    return [int(value) for value in values] if whole else [round(value, 9) for value in values]


def parsed_value(text: str) -> Value:
    """Return a value as TOML would read it: number, true or false, else text."""
    text = text.strip()
    if text in {"true", "false"}:
        return text == "true"
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def sweep_footage(
    sources: Sequence[Path], setting: Setting, text: str, plot: Path | None, progress: Callable[[float], None]
) -> FootageSweep:
    """Replay every source with every value."""
    from sim.footage.sweep import over_footage

    sweep = parsed(text)
    _check_plot(plot)
    points = over_footage(sources, setting, sweep.key, sweep.values, progress)
    told = FootageSweep(sweep.key, [str(source) for source in sources], NO_TRUTH, points)
    if plot is not None:
        curves = [Curve("shots", _dots(points, lambda one: one.shots))]
        curves += [
            Curve(f"not shot: {words(reason)}", _dots(points, lambda one, r=reason: one.refusals.get(r, 0)))  # type: ignore[misc]
            for reason in commonest(points)
        ]
        _write(plot, chart(sweep.key, ("value", "flowers and shots"), curves, NO_TRUTH))
    return told


def sweep_rows(
    scenario: ScenarioConfig,
    seeds: Sequence[int],
    machine: Path | None,
    detector: str,
    text: str,
    plot: Path | None,
    progress: Callable[[float], None],
) -> SimSweep:
    """Drive the scenario with every seed and value in lock-step, and draw coverage against bud hits."""
    from sim.lockstep import run_lockstep

    sweep = parsed(text)
    _check_plot(plot)
    points: list[SimPoint] = []
    silent = Console(quiet=True, force_terminal=False)
    for index, value in enumerate(sweep.values):
        totals: Counter[str] = Counter()
        for number, seed in enumerate(seeds):
            result = run_lockstep(scenario, seed, machine, detector, None, silent, {sweep.key: value})
            totals.update(ready=result.ready, treated=result.treated, pulses=result.pulses)
            totals.update(bud_hits=result.bud_hits, doubles=result.doubles, unfinished=not result.finished)
            progress((index * len(seeds) + number + 1) / (len(sweep.values) * len(seeds)))
        points.append(_sim_point(value, totals))
    if plot is not None:
        dots = [
            Dot(100 * one.bud_hit_share, 100 * one.coverage, f"{one.value}")
            for one in points
            if one.bud_hit_share is not None and one.coverage is not None
        ]
        note = f"{scenario.name}, {detector}, seeds {', '.join(map(str, seeds))}; each dot is a value of {sweep.key}"
        axes = ("bud hits, % of pulses", "coverage, % of ready flowers")
        _write(plot, chart(f"coverage against bud hits over {sweep.key}", axes, [Curve("", dots)], note))
    return SimSweep(sweep.key, scenario.name, detector, list(seeds), points)


def _sim_point(value: Value, totals: Counter[str]) -> SimPoint:
    ready, pulses = totals["ready"], totals["pulses"]
    return SimPoint(
        value,
        ready,
        totals["treated"],
        round(totals["treated"] / ready, 4) if ready else None,
        pulses,
        totals["bud_hits"],
        round(totals["bud_hits"] / pulses, 4) if pulses else None,
        totals["doubles"],
        totals["unfinished"],
    )


def commonest(points: Sequence[FootagePoint]) -> list[str]:
    """Return the commonest reasons of all points."""
    counts: Counter[str] = Counter()
    for one in points:
        counts.update(one.refusals)
    return [reason for reason, _ in counts.most_common(SHOWN_REASONS)]


def words(reason: str) -> str:
    """Return a reason as people read it."""
    return reason.replace("_", " ")


def percent(share: float | None) -> str:
    """Return a share as a percentage, a dash for None."""
    return "-" if share is None else f"{100 * share:.1f} %"


def _dots(points: Sequence[FootagePoint], y: Callable[[Any], float]) -> list[Dot]:
    numeric = all(isinstance(one.value, int | float) for one in points)
    return [
        Dot(float(one.value) if numeric else float(index), float(y(one)), "" if numeric else f"{one.value}")
        for index, one in enumerate(points)
    ]


def _check_plot(plot: Path | None) -> None:
    if plot is not None and plot.suffix.lower() != ".svg":
        raise WrongUseError(f"--plot {plot}: must end in .svg; name it {plot.stem}.svg")


def _write(plot: Path, text: str) -> None:
    try:
        plot.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongUseError(
            f"--plot {plot}: cannot be written ({error.strerror}); name another file"
        ) from error
    people.print(f"plot: {plot}", markup=False)
