"""What the robot recorded: list, look into, mend, keep, tidy up and hand on (docs/recordings.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bombus.output import WorkFailedError, WrongUseError, people, print_columns, print_json, print_table

if TYPE_CHECKING:
    from robot.recording_store import RecordingConfig

app = typer.Typer(help=__doc__, no_args_is_help=True)

LATEST = "latest"

Name = Annotated[str, typer.Argument(help="path, or name in the folder, or 'latest'")]
Folder = Annotated[Path | None, typer.Option(help="folder of the recordings; the machine file's by default")]
Machine = Annotated[Path | None, typer.Option("--config", help="machine file (TOML) with [recording]")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]


@app.command("list")
def list_(folder: Folder = None, config: Machine = None, json: Json = False) -> None:
    """List the recordings of a folder, oldest first."""
    from robot.recording_info import listed
    from robot.recording_store import free_bytes

    where = folder or _settings(config).folder
    found = listed(where)
    marked = sum(one.bytes for one in found if one.marked)
    total, free = sum(one.bytes for one in found), free_bytes(where)
    if json:
        sizes = {"bytes": total, "marked_bytes": marked, "free_bytes": free}
        print_json({"folder": str(where), "recordings": found, **sizes})
        return
    rows = [
        (
            one.name,
            _duration(one.seconds),
            one.files,
            _size(one.bytes),
            one.state,
            _mark(one.marked, one.mark),
        )
        for one in found
    ]
    print_columns(f"recordings in {where}", ("name", ">length", ">files", ">size", "state", "marked"), rows)
    people.print(f"{_size(total)}, {_size(marked)} of it marked; {_size(free)} free on the disk")


@app.command("info")
def info(name: Name, folder: Folder = None, config: Machine = None, json: Json = False) -> None:
    """Read a recording to its end and tell what it holds."""
    from robot.recording_info import facts_of

    with _bar("reading") as progress:
        facts = facts_of(_found(name, folder, config), progress)
    if json:
        print_json(facts)
        return
    rows: dict[str, object] = {
        "machine, row": f"{facts.machine or '?'}, {facts.row or '?'}",
        "begun": facts.wall_start,
        "length": _duration(facts.seconds),
        "size": f"{_size(facts.bytes)} in {facts.files} files",
        "steps": f"{facts.steps}, {facts.lost_steps} lost",
        **{
            f"camera {key}": f"{one.frames} frames, {one.fps:g} a second"
            for key, one in facts.cameras.items()
        },
        "detections": facts.detections,
        "pulses": facts.pulses,
        **{f"pulses not sent: {reason}": n for reason, n in facts.pulse_refusals.items()},
        **{f"not shot: {reason.replace('_', ' ')}": n for reason, n in facts.refusals.items()},
        "model": facts.model_sha256[:16] or None,
        "recorded by": ", ".join(f"{key} {value}" for key, value in facts.versions.items()),
        "state": "being written" if facts.in_use else facts.cut_off_because or "whole",
        "replays exactly": "yes" if not facts.inexact_because else f"no: {facts.inexact_because}",
        "marked": _mark(facts.marked, facts.mark) or "no",
    }
    print_table(facts.name, rows)


@app.command("recover")
def recover(name: Name, folder: Folder = None, config: Machine = None, json: Json = False) -> None:
    """Make files that a power cut left unfinished whole again, so that every viewer opens them."""
    from robot import recording_rewrite

    path = _found(name, folder, config)
    with _bar("recovering") as progress:
        done = recording_rewrite.recover(path, progress)
    bad = [one for one in done if one.state == "unreadable"]
    if json:
        print_json({"path": str(path), "files": done})
    else:
        kept = [f"original kept as {one.kept_as}" if one.kept_as else "" for one in done]
        rows = [
            (one.file, one.state, one.was or "-", one.messages, told)
            for one, told in zip(done, kept, strict=True)
        ]
        print_columns(f"recovered {path}", ("file", "state", "was", ">messages", ""), rows)
    if bad and len(bad) == len(done):
        raise WorkFailedError(f"recording {path}: nothing in it can be read; the files are set aside")


@app.command("prune")
def prune(
    folder: Folder = None,
    config: Machine = None,
    max_gib: Annotated[
        float | None, typer.Option(min=0, help="GiB of unmarked recordings; 0 for any")
    ] = None,
    max_age_days: Annotated[float | None, typer.Option(min=0, help="days; 0 for any")] = None,
    keep_free_gib: Annotated[float | None, typer.Option(min=0, help="GiB of the disk to leave free")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only tell what would go")] = False,
    json: Json = False,
) -> None:
    """Hold the quota now: remove the oldest recordings that nobody marked."""
    from robot.clock import MonotonicClock
    from robot.recording_store import free_bytes, remove, stored_in, to_remove

    settings = _settings(config)
    given = {"max_gib": max_gib, "max_age_days": max_age_days, "keep_free_gib": keep_free_gib}
    settings = settings.model_copy(update={key: value for key, value in given.items() if value is not None})
    where = folder or settings.folder
    wall = MonotonicClock().wall().timestamp()
    removals = to_remove(stored_in(where), settings, wall, free_bytes(where))
    if not dry_run:
        removals = [removal for removal in removals if remove(removal)]
    freed = sum(removal.size for removal in removals)
    if json:
        gone = [{"path": str(one.recording), "bytes": one.size, "why": one.why} for one in removals]
        print_json({"folder": str(where), "dry_run": dry_run, "removed": gone, "bytes": freed})
        return
    rows = [(one.recording.name, _size(one.size), one.why) for one in removals]
    if rows:
        print_columns("would be removed" if dry_run else "removed", ("name", ">size", "why"), rows)
    people.print(f"{_size(freed)} {'would be' if dry_run else 'were'} freed in {where}", markup=False)


@app.command("mark")
def mark(
    name: Name,
    why: Annotated[str, typer.Option(help="why it is kept; shown in the list")] = "",
    folder: Folder = None,
    config: Machine = None,
    json: Json = False,
) -> None:
    """Keep a recording: no quota removes it."""
    from robot import recording_store

    path = _found(name, folder, config)
    recording_store.mark(path, why)
    print_json({"path": str(path), "marked": True}) if json else people.print(f"{path}: marked", markup=False)


@app.command("unmark")
def unmark(name: Name, folder: Folder = None, config: Machine = None, json: Json = False) -> None:
    """Let the quota have a recording again."""
    from robot import recording_store

    path = _found(name, folder, config)
    was = recording_store.unmark(path)
    told = "no longer marked" if was else "was not marked"
    print_json({"path": str(path), "marked": False}) if json else people.print(
        f"{path}: {told}", markup=False
    )


@app.command("export")
def export(
    name: Name,
    out: Annotated[Path, typer.Option(help="new file (mcap, csv) or new folder (pictures)")],
    kind: Annotated[
        Literal["mcap", "pictures", "csv"],
        typer.Option("--as", help="one MCAP file, the pictures as they lie, or the decisions as a table"),
    ] = "mcap",
    first_s: Annotated[float, typer.Option("--from", min=0, help="s since the run's start")] = 0.0,
    last_s: Annotated[float | None, typer.Option("--to", min=0, help="s since the run's start")] = None,
    compress: Annotated[bool, typer.Option("--compress", help="mcap: smaller, with zstd")] = False,
    folder: Folder = None,
    config: Machine = None,
    json: Json = False,
) -> None:
    """Write a recording, or some seconds of it, for somebody else."""
    from robot.recording_export import export_csv, export_pictures
    from robot.recording_reader import files_of
    from robot.recording_rewrite import join

    path = _found(name, folder, config)
    if last_s is not None and last_s <= first_s:
        raise WrongUseError(f"--to {last_s:g}: not behind --from {first_s:g}; name a later second")
    window = (first_s, float("inf") if last_s is None else last_s)
    whole = window == (0.0, float("inf"))
    with _bar("exporting") as progress:
        if kind == "mcap":
            window_s = None if whole else window
            count = join(files_of(path), out, window_s, compressed=compress, progress=progress)
        else:
            count = (export_pictures if kind == "pictures" else export_csv)(path, out, window, progress)
    what = {"mcap": "messages", "pictures": "pictures", "csv": "lines"}[kind]
    if json:
        print_json({"path": str(path), "out": str(out), "as": kind, what: count})
    else:
        people.print(f"{out}: {count} {what}", markup=False)


def _settings(config: Path | None) -> RecordingConfig:
    from robot.config import load_config
    from robot.recording_store import RecordingConfig

    return RecordingConfig() if config is None else load_config(config).recording


def _found(name: str, folder: Path | None, config: Path | None) -> Path:
    """Return the recording of that path or name; raises WrongUseError."""
    from robot.recording_reader import is_recording
    from robot.recording_store import stored_in

    where = folder or _settings(config).folder
    if name == LATEST:
        found = stored_in(where)
        if not found:
            raise WrongUseError(f"folder {where}: no recording in it; name another with --folder")
        return found[-1].path
    for path in (Path(name), where / name):
        if path.exists() and is_recording(path):
            return path
    raise WrongUseError(
        f"{name}: no such recording here or in {where}; see bombus recordings list --folder DIR"
    )


@contextmanager
def _bar(what: str) -> Iterator[Callable[[float], None]]:
    from rich.progress import Progress

    with Progress(console=people, transient=True, disable=not people.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda share: bar.update(task, completed=share)


def _mark(marked: bool, why: str) -> str:
    return (why or "yes") if marked else ""


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def _size(count: int) -> str:
    mib = count / (1 << 20)
    return f"{mib / 1024:.1f} GiB" if mib >= 1024 else f"{mib:.1f} MiB"
