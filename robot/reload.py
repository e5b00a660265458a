"""The machine file taken anew while the control process lives: checked first, or the old one goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from robot.alerts.catalogue import Notice
from robot.alerts.store import AlertError
from robot.build import BuildError, Robot, build_robot
from robot.clock import Clock
from robot.config import ConfigError, config_id, parse_config
from robot.ledger import LedgerError
from robot.recording_format import RecordingError
from robot.settings import RobotConfig
from robot.telemetry_server import TelemetryError
from vision.model_card import ModelError

CANNOT_START = (
    AlertError,
    BuildError,
    ConfigError,
    LedgerError,
    ModelError,
    RecordingError,
    TelemetryError,
)
"""What building a robot may end in."""


@dataclass(frozen=True, slots=True)
class MachineFile:
    """A machine file as it was read."""

    config: RobotConfig
    text: str


def read_machine(path: Path) -> MachineFile:
    """Read and check a machine file; raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); name an existing machine file") from error
    return MachineFile(parse_config(text, str(path)), text)


def why_not_now(path: Path, works_a_row: Callable[[], bool]) -> str:
    """Return why the machine file cannot be taken anew, in one line, or nothing; runs in any thread."""
    if works_a_row():
        return "reload: the robot works a row; pause it first"
    try:
        read_machine(path)
    except ConfigError as error:
        return f"reload: {error}"
    return ""


def start_over(path: Path, old: MachineFile, clock: Clock) -> tuple[Robot, MachineFile, str]:
    """Build the robot of the file as it is now, or the old one again; the text says why it is the old one.

    Raises one of CANNOT_START when the old one cannot be built any more either.
    """
    try:
        new = read_machine(path)
        return build_robot(new.config, new.text, clock), new, ""
    except CANNOT_START as error:
        problem = str(error)
    robot = build_robot(old.config, old.text, clock)
    robot.alerts.notice(Notice.CONFIG_GIVEN_UP, problem)
    robot.publisher.describe(config_id(old.text), problem)
    return robot, old, problem
