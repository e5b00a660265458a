"""Writes what was measured into a machine file; comments and everything else in it stay."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import Array

from firmware_bridge.core_config import MAX_NOZZLES
from robot.calibration.lag_sensor import LagEstimate
from robot.config import ConfigError, parse_config
from robot.mission.fiducials import FRONT
from robot.settings import RobotConfig
from vision.lens_fit import LensFit
from vision.rig_fit import RigFit

A_LINE = 8


def merged_lags(config: RobotConfig, found: Mapping[int, LagEstimate]) -> tuple[int, ...]:
    """Return the lags (µs, by nozzle) with the measured ones in their places."""
    lags_us = list(config.controller.lag_us)
    for nozzle, estimate in found.items():
        lags_us[nozzle] = round(estimate.lag_s * 1e6)
    return tuple(lags_us)


def with_lags(
    text: str,
    name: str,
    found: Mapping[int, LagEstimate],
    day: date,
    config_crc: int | None = None,
) -> str:
    """Return a machine file's text with the measured lags, their errors, the day and the sensor.

    `config_crc` is the board's with these lags: written where the file expects one. Raises ConfigError.
    """
    config = parse_config(text, name)
    errors_us = [*config.calibration.lag_spread_us, *[0] * MAX_NOZZLES][:MAX_NOZZLES]
    for nozzle, estimate in found.items():
        errors_us[nozzle] = max(1, round(estimate.error_s * 1e6))
    document = tomlkit.parse(text)
    _section(document, "controller")["lag_us"] = _array(merged_lags(config, found))
    calibration = _section(document, "calibration")
    calibration["lag_spread_us"] = _array(errors_us)
    calibration["lags_measured"] = f"{day.isoformat()}, {config.calibration.lag_sensor}"
    if config_crc is not None and config.bridge.expected_config_crc is not None:
        _section(document, "bridge")["expected_config_crc"] = config_crc
    written = tomlkit.dumps(document)
    parse_config(written, name)
    return written


def with_lens(text: str, name: str, camera_id: str, lens: LensFit, day: date) -> str:
    """Return a machine file's text with the measured lens of one of its cameras. Raises ConfigError."""
    said = f"lens {day.isoformat()}, {lens.used} pictures, {lens.rms_px:.2f} px"
    values = {
        "fx": round(lens.fx, 3),
        "fy": round(lens.fy, 3),
        "cx": round(lens.cx, 3),
        "cy": round(lens.cy, 3),
        "distortion": [round(value, 6) for value in lens.distortion],
    }
    return with_camera(text, name, camera_id, values, said)


def with_mount(text: str, name: str, camera_id: str, mount: RigFit, landmarks: str, day: date) -> str:
    """Return a machine file's text with what a drive told of one camera's mount and timing. Raises ConfigError."""
    said = f"mount {day.isoformat()}, {len(mount.landmarks)} {landmarks}, {mount.rms_px:.2f} px"
    values = {key: round(value, 5) for key, value in mount.told.items()}
    return with_camera(text, name, camera_id, values, said)


def with_camera(text: str, name: str, camera_id: str, values: Mapping[str, object], said: str) -> str:
    """Return a machine file's text with new `values` of a camera, and `said` noted beside them.

    What other measurement was noted there stays. Raises ConfigError.
    """
    config = parse_config(text, name)
    document: Any = tomlkit.parse(text)
    noted = {camera.camera_id: camera.calibrated for camera in config.cameras}
    tables = {name: document["cameras"][number] for number, name in enumerate(noted)}
    if config.mission.front.source is not None:
        noted[FRONT], tables[FRONT] = config.mission.front.calibrated, document["mission"]["front"]
    if camera_id in tables:
        tables[camera_id].update(values)
        kind = said.partition(" ")[0]
        others = [note for note in noted[camera_id].split("; ") if note and note.partition(" ")[0] != kind]
        tables[camera_id]["calibrated"] = "; ".join([*others, said])
    written = tomlkit.dumps(document)
    parse_config(written, name)
    return written


def replace_file(path: Path, text: str) -> None:
    """Put `text` in the place of a file at once, its permissions kept; raises ConfigError."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}); mend its permissions") from error


def _section(document: tomlkit.TOMLDocument, name: str) -> Any:
    if name not in document:
        document.append(name, tomlkit.table())
    return document[name]


def _array(values: tuple[int, ...] | list[int]) -> Array:
    """Return an array of eight numbers a line: a row of nozzles each."""
    array = tomlkit.array()
    for first in range(0, len(values), A_LINE):
        array.add_line(*values[first : first + A_LINE])
    array.add_line(indent="")
    return array
