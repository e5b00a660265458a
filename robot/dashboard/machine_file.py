"""The machine file for technicians: its text, and a changed one checked and compared; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import Field

from robot.config import ConfigError, parse_config
from robot.config_by_page import HIDDEN, PASSWORD
from robot.dashboard.api_models import Given, Taken
from robot.settings import RobotConfig

MOST_TEXT = 40_000
MOST_CHANGES = 200


class MachineFile(Given):
    """The machine file's text as it stands on the disk; empty when the dashboard was told of none."""

    name: str = Field(examples=["robot.toml"])
    text: str
    problem: str = Field(examples=[""])


class ConfigText(Taken):
    """The text of a machine file to check."""

    text: str = Field(max_length=MOST_TEXT, examples=['name = "demo"'])


class Change(Given):
    """A setting that would be another; values as text, empty when the setting is not there."""

    key: str = Field(examples=["drive.cruise_speed"])
    now: str = Field(examples=["0.15"])
    then: str = Field(examples=["0.2"])


class Verdict(Given):
    """Whether a text would be taken at the next start, and what would change."""

    valid: bool
    problem: str = Field(examples=[""])
    changes: tuple[Change, ...] = ()


def read_machine_file(path: Path | None) -> MachineFile:
    """Return the text of the machine file, passwords in addresses left out."""
    if path is None:
        return MachineFile(name="", text="", problem="")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return MachineFile(name=path.name, text="", problem=f"{path.name}: cannot be read ({error})")
    return MachineFile(name=path.name, text=PASSWORD.sub(rf"\1{HIDDEN}@", text), problem="")


def check_text(path: Path | None, text: str) -> Verdict:
    """Check `text` as a machine file, and compare it with the one on the disk."""
    try:
        then = parse_config(text, "the text")
    except ConfigError as error:
        return Verdict(valid=False, problem=str(error))
    try:
        now = None if path is None else parse_config(read_machine_file(path).text, path.name)
    except ConfigError as error:
        return Verdict(valid=True, problem=f"the file in force cannot be read: {error}")
    return Verdict(valid=True, problem="", changes=tuple(_changes(now, then))[:MOST_CHANGES])


def _changes(now: RobotConfig | None, then: RobotConfig) -> Iterator[Change]:
    before = {} if now is None else dict(_flat("", now.model_dump(mode="json")))
    after = dict(_flat("", then.model_dump(mode="json")))
    for key in sorted(before.keys() | after.keys()):
        old, new = before.get(key, ""), after.get(key, "")
        if old != new:
            yield Change(key=key, now=old, then=new)


def _flat(key: str, value: Any) -> Iterator[tuple[str, str]]:
    items = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    )
    if items is None:
        yield key, "" if value is None else str(value)[:200]
        return
    for name, inner in items:
        yield from _flat(f"{key}.{name}" if key else str(name), inner)
