"""The folder of recordings: what lies in it, what a person marked to be kept, and what must go for the rest."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from robot.recording_format import RecordingError
from robot.recording_reader import SUFFIX, is_recording

GIB = float(1 << 30)
DAY_S = 86_400.0
MARK = "marked.txt"
DAMAGED = f"*{SUFFIX}.damaged"
KEEP_PARTS = 2
"""Files of the running run that no quota takes: the one being written and the one before it."""


class RecordingConfig(BaseModel):
    """Recordings of what the robot saw and decided (docs/recordings.md)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    enabled: bool = Field(False, description="record every run")
    folder: Path = Field(Path("runs/recordings"), description="a new folder a run, made when missing")
    roll_s: float = Field(60.0, ge=1, le=3600, description="s after which a run begins a new file")
    max_gib: float = Field(
        50.0, ge=0, le=1e6, description="GiB of unmarked recordings; the oldest go first; 0 for no limit"
    )
    max_age_days: float = Field(
        30.0, ge=0, le=36_500, description="days after which an unmarked recording goes; 0 for never"
    )
    keep_free_gib: float = Field(
        2.0, ge=0, le=1e6, description="GiB of the disk that recordings leave free, for the ledger above all"
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """One recording in the folder; `changed` is POSIX seconds, `mark` why it is kept, None when it is not."""

    path: Path
    files: tuple[Path, ...]
    size: int
    changed: float
    mark: str | None
    in_use: bool


@dataclass(frozen=True, slots=True)
class Removal:
    """Files that are to go, all of one recording, and why."""

    recording: Path
    files: tuple[Path, ...]
    size: int
    why: str


def stored_in(folder: Path) -> list[Stored]:
    """Return the recordings of a folder, oldest first; raises RecordingError when it cannot be read."""
    try:
        found = [stored(path) for path in folder.iterdir() if is_recording(path)]
    except OSError as error:
        raise RecordingError(
            f"folder {folder}: {error.strerror}; name the folder of the recordings"
        ) from error
    return sorted(found, key=lambda one: (one.changed, one.path.name))


def stored(path: Path) -> Stored:
    """Return what the disk tells of one recording."""
    files = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
    facts = [facts for facts in map(_facts, files) if facts is not None]
    size, changed = sum(size for size, _ in facts), max((when for _, when in facts), default=0.0)
    return Stored(path, tuple(files), size, changed, mark_of(path), _is_locked(path))


def _facts(file: Path) -> tuple[int, float] | None:
    try:
        found = file.stat()
    except FileNotFoundError:
        return None
    return found.st_size, found.st_mtime


def mark_of(recording: Path) -> str | None:
    """Return why a recording is kept, or None when nobody marked it."""
    try:
        return _mark_file(recording).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None


def mark(recording: Path, why: str) -> None:
    """Keep a recording for good; raises RecordingError."""
    try:
        _mark_file(recording).write_text(why.strip() + "\n", encoding="utf-8")
    except OSError as error:
        raise RecordingError(
            f"recording {recording}: cannot be marked ({error.strerror}); check the disk"
        ) from error


def unmark(recording: Path) -> bool:
    """Let the quota have a recording again; False when it was not marked."""
    try:
        _mark_file(recording).unlink()
    except FileNotFoundError:
        return False
    except OSError as error:
        raise RecordingError(
            f"recording {recording}: {error.strerror}; the mark cannot be removed"
        ) from error
    return True


def _mark_file(recording: Path) -> Path:
    return recording / MARK if recording.is_dir() else recording.with_name(f"{recording.name}.{MARK}")


def lock(path: Path) -> int | None:
    """Tell other processes that this folder or file is being written; the lock ends with the process.

    Returns what `os.close` lets go of, None where the file system knows no locks.
    """
    handle = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _is_locked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(handle)
    return False


def free_bytes(folder: Path) -> int:
    """Return what an ordinary user can still write to the folder's disk."""
    return shutil.disk_usage(folder).free


def to_remove(
    found: Sequence[Stored], config: RecordingConfig, wall: float, free: int, own: Path | None = None
) -> list[Removal]:
    """Return what must go, oldest first: by age, by size, then until the disk has its free space again.

    Never what is marked or being written; of the run `own`, which is being written by the caller, old files
    go last. Pure: `found` is oldest first, `wall` POSIX seconds, `free` bytes.
    """
    loose = [one for one in found if one.mark is None]
    over = sum(one.size for one in loose) - (config.max_gib * GIB if config.max_gib else float("inf"))
    short = config.keep_free_gib * GIB - free
    removals: list[Removal] = []
    for one, files, size in _candidates(loose, own):
        days = (wall - one.changed) / DAY_S
        if config.max_age_days and days > config.max_age_days and one.path != own:
            why = f"{days:.0f} days old, recording.max_age_days = {config.max_age_days:g}"
        elif over > 0:
            why = f"over recording.max_gib = {config.max_gib:g}"
        elif short > 0:
            why = f"disk space, recording.keep_free_gib = {config.keep_free_gib:g}"
        else:
            continue
        removals.append(Removal(one.path, files, size, why))
        over, short = over - size, short - size
    return removals


def _candidates(loose: Sequence[Stored], own: Path | None) -> Iterator[tuple[Stored, tuple[Path, ...], int]]:
    for one in loose:
        if not one.in_use and one.path != own:
            yield one, one.files, one.size
    for one in loose:
        if one.path == own:
            for file in one.files[:-KEEP_PARTS]:
                facts = _facts(file)
                yield one, (file,), facts[0] if facts is not None else 0


def remove(removal: Removal) -> int:
    """Remove the files and the folder they leave empty; returns the bytes freed. A mark set by now holds."""
    if mark_of(removal.recording) is not None:
        return 0
    folder = removal.recording
    whole = folder.is_dir() and set(folder.glob(f"*{SUFFIX}")) <= set(removal.files)
    for file in (*removal.files, *(folder.glob(DAMAGED) if whole else ())):
        with contextlib.suppress(OSError):
            file.unlink()
    if whole:
        # Somebody else's files in it keep the folder.
        with contextlib.suppress(OSError):
            folder.rmdir()
    return removal.size


def make_room(folder: Path, config: RecordingConfig, wall: float, own: Path | None = None) -> list[Removal]:
    """Hold the quota of a folder: remove what must go and return it; raises RecordingError."""
    removals = to_remove(stored_in(folder), config, wall, free_bytes(folder), own)
    return [removal for removal in removals if remove(removal)]
