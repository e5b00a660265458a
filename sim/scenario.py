"""A scenario: the row, the plant and the pace of one simulated run, read from TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from sim.air import AirConfig
from sim.airjet import AirJetConfig
from sim.camera import SimCameraConfig
from sim.coil import CoilConfig
from sim.day_config import DayConfig
from sim.faults import FaultNameError, parse_fault
from sim.misfit import MisfitConfig
from sim.render.effects import EffectsConfig
from sim.vehicle import VehicleConfig
from sim.world_config import WorldConfig

SCENARIOS = Path(str(files("sim"))) / "scenarios"


class ScenarioError(Exception):
    """The scenario is unusable; the text names the file, the key, the value and the remedy."""


class ScenarioConfig(BaseModel):
    """One run: what stands in the row and how the hardware behaves."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("row", min_length=1, description="shown in tables")
    speed_m_s: float = Field(
        0.15, ge=0.02, le=0.5, description="cruise speed; 0.14-0.17 serves a hectare (derived)"
    )
    faults: tuple[str, ...] = Field((), description="what breaks: NAME@SECONDS after the start")
    world: WorldConfig = Field(default_factory=WorldConfig)
    vehicle: VehicleConfig = Field(default_factory=VehicleConfig)
    air: AirConfig = Field(default_factory=AirConfig)
    jets: AirJetConfig = Field(default_factory=AirJetConfig)
    coils: CoilConfig = Field(default_factory=CoilConfig)
    camera: SimCameraConfig = Field(default_factory=SimCameraConfig)
    day: DayConfig | None = Field(None, description="a day in a house instead of one row")
    lens: EffectsConfig = Field(default_factory=EffectsConfig)
    misfit: MisfitConfig = Field(default_factory=MisfitConfig)

    @field_validator("faults")
    @classmethod
    def _faults_are_known(cls, faults: tuple[str, ...]) -> tuple[str, ...]:
        for fault in faults:
            parse_fault(fault)
        return faults

    @model_validator(mode="after")
    def _crops_grow(self) -> Self:
        for number, crop in enumerate(self.day.crops if self.day is not None else ()):
            try:
                crop.among(self.world)
            except ValueError as error:
                raise ValueError(f"day.crops.{number}.{error}") from error
        return self

    def crop_of(self, row: str, length_m: float) -> WorldConfig:
        """Return what grows in a row of a house: of its crops the last counts, `world` where there is none."""
        crops = self.day.crops if self.day is not None else ()
        mine = [crop for crop in crops if crop.grows_in(row)]
        world = mine[-1].among(self.world) if mine else self.world
        return world.model_copy(update={"row_length_m": length_m})

    def machine_overrides(self) -> dict[str, object]:
        """Return what the machine file must say of this row and cart, by dotted key."""
        return {
            "row.name": self.name,
            "row.length": self.world.row_length_m,
            "row.start_s": self.vehicle.start_s,
            "drive.cruise_speed": self.speed_m_s,
            "odometry.ticks_per_m": self.vehicle.ticks_per_m,
            "end_switch.fitted": True,
            "end_switch.acts_m": self.vehicle.end_cam_m,
        }


def scenario_names() -> list[str]:
    """Return the shipped scenarios' names."""
    return sorted(path.stem for path in SCENARIOS.glob("*.toml"))


def load_scenario(
    name_or_path: str,
    length_m: float | None = None,
    speed_m_s: float | None = None,
    faults: Sequence[str] = (),
    look: str | None = None,
) -> ScenarioConfig:
    """Read a shipped scenario by name, or a TOML file; the arguments override the file, faults are added.

    Raises ScenarioError in one line for what cannot be used.
    """
    path = _path_of(name_or_path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ScenarioError(
            f"{path}: cannot be read ({error.strerror}); name an existing TOML file"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path}: not TOML ({error}); mend the file at that place") from error
    if length_m is not None:
        data["world"] = {**data.get("world", {}), "row_length_m": length_m}
    if look is not None:
        data["world"] = {**data.get("world", {}), "look": look}
    if speed_m_s is not None:
        data["speed_m_s"] = speed_m_s
    if faults:
        _check_faults(faults)
        data["faults"] = [*data.get("faults", ()), *faults]
    try:
        return ScenarioConfig.model_validate(data)
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        said = problem["msg"].removeprefix("Value error, ")
        key = ".".join(str(part) for part in problem["loc"])
        # Of a whole section the message itself says which key is meant.
        where = "" if isinstance(problem["input"], dict) else f"{key} = {problem['input']!r}: "
        raise ScenarioError(f"{path}: {where}{said}") from error


def _check_faults(faults: Sequence[str]) -> None:
    """Raise ScenarioError for one that came from elsewhere, before the file is blamed for it."""
    try:
        for fault in faults:
            parse_fault(fault)
    except FaultNameError as error:
        raise ScenarioError(str(error)) from error


def _path_of(name_or_path: str) -> Path:
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        return Path(name_or_path)
    if name_or_path not in scenario_names():
        raise ScenarioError(
            f"scenario '{name_or_path}': unknown; choose from {', '.join(scenario_names())} or name a file"
        )
    return SCENARIOS / f"{name_or_path}.toml"
