"""A house of a few short rows with tags, and a machine that serves it."""

from pathlib import Path

from robot.config import DEMO_MACHINE, load_config
from robot.settings import RobotConfig

HOUSE = """
name = "small"
[[headlands]]
name = "path"
end = [10.0, 0.0]
[[blocks]]
name = "row"
headland = "path"
count = {count}
length = {length}
first_tag = 1
[[docks]]
name = "dock"
headland = "path"
at = 5.0
[[robots]]
name = "demo"
dock = "dock"
[motion]
entrance_s = 5.0
{motion}
[climate]
open_hour = 0.0
close_hour = 24.0
{climate}
"""


def small_house(
    folder: Path, count: int = 3, climate: str = "", *, length: float = 2.0, motion: str = ""
) -> Path:
    """Write the house file."""
    path = folder / "house.toml"
    path.write_text(HOUSE.format(count=count, climate=climate, length=length, motion=motion))
    return path


def machine_with(house: Path, ledger: Path, **changes: object) -> RobotConfig:
    """Return the demo machine in that house; its planner takes no time."""
    mission = {"mission.house": str(house), "mission.plan_s": 0.0}
    return load_config(DEMO_MACHINE, {**mission, "ledger.path": str(ledger), **changes})
