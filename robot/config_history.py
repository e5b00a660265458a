"""Machine files over time: each one applied is kept beside the file, numbered, so that one can go back."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from robot.config import ConfigError
from robot.settings import RobotConfig

_NAME = re.compile(r"(\d{4,})_(\d{8}T\d{6}Z)_([\w.-]*)\.toml")


@dataclass(frozen=True, slots=True)
class Version:
    """One machine file that was in force; `when` is UTC as YYYYMMDDTHHMMSSZ."""

    number: int
    when: str
    by: str
    path: Path


@dataclass(frozen=True, slots=True)
class Difference:
    """One key whose value changes; None where it does not stand."""

    key: str
    old: object
    new: object


def folder_of(machine: Path) -> Path:
    """Return where the history of a machine file lies."""
    return machine.with_name(f"{machine.stem}.history")


def versions(machine: Path) -> list[Version]:
    """Return the kept files, oldest first; raises ConfigError."""
    folder = folder_of(machine)
    try:
        names = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        raise _failed(folder, error) from error
    found = [(path, match) for path in names if (match := _NAME.fullmatch(path.name))]
    listed = [Version(int(match[1]), match[2], match[3], path) for path, match in found]
    return sorted(listed, key=lambda version: version.number)


def keep(machine: Path, text: str, by: str, wall: datetime) -> Version:
    """Keep a machine file's text, unless it is the newest already; raises ConfigError."""
    known = versions(machine)
    if known and _read(known[-1].path) == text:
        return known[-1]
    number = known[-1].number + 1 if known else 1
    who = re.sub(r"[^\w.-]", "-", by, flags=re.ASCII)[:40]
    when = wall.strftime("%Y%m%dT%H%M%SZ")
    folder = folder_of(machine)
    path = folder / f"{number:04d}_{when}_{who}.toml"
    try:
        folder.mkdir(mode=0o750, exist_ok=True)
        _give(folder, machine)
    except OSError as error:
        raise _failed(folder, error) from error
    write(path, text, like=machine)
    return Version(number, when, who, path)


def write(path: Path, text: str, like: Path) -> None:
    """Replace a file as a whole, with owner and mode of `like`: after a power cut it is the old or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if like.exists():
            fresh.chmod(like.stat().st_mode & 0o777)
            _give(fresh, like)
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise _failed(path, error) from error


def differences(old: RobotConfig, new: RobotConfig) -> list[Difference]:
    """Return what changes from one machine to the other, by dotted key."""
    before, after = dict(_flat("", old.model_dump(mode="json"))), dict(_flat("", new.model_dump(mode="json")))
    keys = sorted(before.keys() | after.keys())
    return [Difference(k, before.get(k), after.get(k)) for k in keys if before.get(k) != after.get(k)]


def unit_of(key: str) -> str:
    """Return the service that must be started anew, under systemd, for a changed key to count for all of them."""
    if key.startswith("dashboard.") and key != "dashboard.group":
        return "bombus-dashboard"
    if key.startswith("home_assistant"):
        return "bombus-home-assistant"
    return "bombus-alerts" if key.startswith("alerts.") or key == "name" else ""


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, object]]:
    pairs: Iterator[tuple[Any, Any]]
    if isinstance(value, dict) and value:
        pairs = iter(value.items())
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        pairs = iter(enumerate(value))
    else:
        yield prefix, value
        return
    for key, inner in pairs:
        yield from _flat(f"{prefix}.{key}" if prefix else str(key), inner)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise _failed(path, error) from error


def _give(path: Path, like: Path) -> None:
    """Give what root made to the owner of `like`, whose services read it."""
    if os.geteuid() == 0 and like.exists():
        found = like.stat()
        os.chown(path, found.st_uid, found.st_gid)


def _failed(path: Path, error: Exception) -> ConfigError:
    return ConfigError(f"{path}: {error}; check the disk and who may write there")
