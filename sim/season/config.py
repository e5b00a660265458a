"""A season file: crops by row, the air, what pollen does, bees and workers. `docs/season.md` explains it."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

import sim
from robot.config import ConfigError, read_config
from robot.mission.climate import ClimateConfig
from robot.mission.house import HouseConfig, load_house
from robot.mission.house_map import House, lay_out
from robot.mission.made_up import made_up_house, made_up_robots
from sim.season.crop_config import CropConfig, Section
from sim.season.fruit_set import FruitSetConfig
from sim.season.pollinators import BeesConfig, WandConfig
from sim.season.weather import WeatherConfig

SEASONS = Path(sim.__path__[0]) / "season" / "seasons"
DEFAULT_ROWS, DEFAULT_ROBOTS = 60, 5


class SeasonConfig(Section):
    """What a season is like; every number is a setting, and says where it comes from."""

    name: str = Field("season", min_length=1, max_length=60, description="shown in tables")
    crops: tuple[CropConfig, ...] = Field(
        (CropConfig(),), min_length=1, max_length=50, description="cultivars; of two in a row the last counts"
    )
    weather: WeatherConfig = WeatherConfig()
    fruit_set: FruitSetConfig = FruitSetConfig()
    bees: BeesConfig = BeesConfig()
    wand: WandConfig = WandConfig()
    blocked_share: float = Field(
        0.02, ge=0, le=1, description="rows that people hold for a day, so that no robot enters (assumed)"
    )


def season_names() -> list[str]:
    """Return the shipped seasons' names."""
    return sorted(path.stem for path in SEASONS.glob("*.toml"))


def load_season(name_or_path: str) -> SeasonConfig:
    """Read a shipped season by name, or a TOML file; raises ConfigError in one line."""
    if name_or_path.endswith(".toml") or "/" in name_or_path:
        return read_config(Path(name_or_path), SeasonConfig, "season file")
    if name_or_path not in season_names():
        known = ", ".join(season_names())
        raise ConfigError(f"season '{name_or_path}': unknown; choose from {known} or name a file")
    return read_config(SEASONS / f"{name_or_path}.toml", SeasonConfig, "season file")


def season_house(file: Path | None, rows: int | None, robots: int | None) -> House:
    """Return the house of a file, or a made-up one of `rows` rows whose climate gate has a sensor.

    `robots` replaces a file's own. Raises ConfigError in one line.
    """
    if file is None:
        made = made_up_house(rows or DEFAULT_ROWS, robots or DEFAULT_ROBOTS, seed=1)
        clean: dict[str, object] = {"climate": ClimateConfig(source="manual"), "infected": (), "no_go": ()}
        return lay_out(made.model_copy(update=clean))
    if rows is not None:
        raise ConfigError(f"rows = {rows}: the house file {file} has its own; leave one out")
    config: HouseConfig = load_house(file)
    if robots is not None:
        docks = [dock.name for dock in config.docks]
        config = config.model_copy(update={"robots": made_up_robots(robots, docks)})
    return lay_out(config, str(file))
