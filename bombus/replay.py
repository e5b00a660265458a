"""Replay a recording, pictures or a video through the robot's own loop, and compare the decisions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from bombus.output import WorkFailedError, WrongUseError, people, print_json, print_table

if TYPE_CHECKING:
    from sim.replay import ReplayResult

SHOWN = 20
"""Differences shown to people; --json holds the first thousand."""


def replay(
    source: Annotated[Path, typer.Argument(help="MCAP recording, folder of pictures, picture or video")],
    against: Annotated[
        Path | None, typer.Option(help="compare with this recording's decisions instead of the source's own")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="machine file (TOML); the recorded one by default")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.02, max=0.5, help="speed of a video's cart in m/s")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Replay SOURCE and print what was decided, and every difference."""
    if not source.exists():
        raise WrongUseError(f"{source}: not there; name an MCAP recording, a folder of pictures or a video")
    with Progress(console=people, transient=True, disable=not people.is_terminal) as bar:
        task = bar.add_task("replaying", total=1.0)
        result = _replayed(source, against, config, speed, lambda share: bar.update(task, completed=share))
    if json:
        print_json(result)
    else:
        _print(result)
    if result.truncated:
        raise WorkFailedError(result.note)


def _replayed(
    source: Path,
    against: Path | None,
    machine: Path | None,
    speed: float | None,
    progress: Callable[[float], None],
) -> ReplayResult:
    from robot.config import DEMO_MACHINE, load_config
    from sim.replay import replay_recording
    from sim.replay_pictures import is_film, replay_pictures

    if is_film(source):
        settings = load_config(machine or DEMO_MACHINE)
        return replay_pictures(source, settings, speed, against, progress=progress)
    if speed is not None:
        raise WrongUseError(f"--speed {speed:g}: a recording holds its own speed; leave it out")
    return replay_recording(source, machine, against, progress=progress)


def _print(result: ReplayResult) -> None:
    found = result.detections
    rows: dict[str, object] = {
        "frames": result.frames,
        "steps": result.steps,
        "detections": ", ".join(f"{count} {stage}" for stage, count in found.items()),
        "pulses": result.pulses,
        **{f"not shot: {reason.replace('_', ' ')}": n for reason, n in result.refusals.items()},
        **{f"frames not used: {problem}": n for problem, n in result.unusable_frames.items()},
        "decisions": result.decisions_sha256[:16],
    }
    if result.exact is not None:
        rows["recorded decisions"] = (result.recorded_decisions_sha256 or "")[:16]
        rows["exact"] = "yes" if result.exact else f"no, {result.difference_count} differences"
    print_table(f"replay of {result.source}", rows)
    for one in result.differences[:SHOWN]:
        people.print(f"step {one.step}, {one.t:.2f} s: {one.kind}: {one.what}", markup=False)
    if result.difference_count > SHOWN:
        people.print(f"... and {result.difference_count - SHOWN} more; see --json")
    if result.note and not result.truncated:
        people.print(f"note: {result.note}", markup=False)
