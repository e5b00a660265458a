"""The cart off its rails: a differential drive with lag, slip and a pull to one side; and the way between berths."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, exp, hypot, pi, sin

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from robot.mission.fiducials import FrontCameraConfig, TagReader, TagSeen
from robot.mission.house_map import House
from robot.mission.mover import Mover
from robot.mission.navigator import Berth, HeadlandConfig, Wheels, wrapped
from sim.front_camera import FrontCamera, TagPlate

NEAR_M = 5.0
"""From farther nothing can be read, so nothing is drawn."""

LOOK_S = 0.25
"""How often the front camera's picture is looked at (assumed)."""


class HeadlandDriveConfig(BaseModel):
    """How the wheels answer on concrete. All values assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    track_m: float = Field(0.55, gt=0.1, le=2, description="left wheel to right wheel, m")
    lag_s: float = Field(0.2, gt=0, le=2, description="first-order lag of the drive")
    slip_mean: float = Field(0.01, ge=0, le=0.3, description="mean share of the wheels' way that is lost")
    slip_std: float = Field(0.02, ge=0, le=0.3, description="spread of that between wheels and places")
    slip_length_m: float = Field(0.7, gt=0, le=20, description="length along which slip stays alike")
    encoder_std: float = Field(
        0.002, ge=0, le=0.1, description="noise of the wheel encoders, share of the way"
    )


@dataclass(slots=True)
class Ground:
    """The true pose (m, rad)."""

    x: float
    y: float
    heading: float


class HeadlandDrive:
    """Moves by wheel speeds; each wheel slips for itself, so it drifts off to a side."""

    def __init__(self, config: HeadlandDriveConfig, start: Ground, seed: int) -> None:
        self._config = config
        self._random = np.random.default_rng((seed, 0xD21F))
        self._slip = [config.slip_mean, config.slip_mean]
        self._speed = [0.0, 0.0]
        self._rolled = [0.0, 0.0]
        self.ground = start

    def step(self, wheels: Wheels, dt: float) -> None:
        """Move on by `dt` s under wheel commands."""
        config, half = self._config, 0.5 * self._config.track_m
        follow = 1.0 - exp(-dt / config.lag_s)
        wanted = (wheels.speed - wheels.turn * half, wheels.speed + wheels.turn * half)
        true = [0.0, 0.0]
        for i in (0, 1):
            self._speed[i] += (wanted[i] - self._speed[i]) * follow
            way = self._speed[i] * dt
            share = min(1.0, abs(way) / config.slip_length_m)
            self._slip[i] += (config.slip_mean - self._slip[i]) * share
            self._slip[i] += (
                config.slip_std * float(np.sqrt(2.0 * share)) * float(self._random.standard_normal())
            )
            true[i] = way * (1.0 - self._slip[i])
            self._rolled[i] += way * (1.0 + config.encoder_std * float(self._random.standard_normal()))
        ahead, turned = 0.5 * (true[0] + true[1]), (true[1] - true[0]) / config.track_m
        ground = self.ground
        middle = ground.heading + 0.5 * turned
        ground.x += ahead * cos(middle)
        ground.y += ahead * sin(middle)
        ground.heading = wrapped(ground.heading + turned)

    def take(self) -> tuple[float, float]:
        """Return how far the wheels say they rolled (m) and turned (rad) since the last call."""
        left, right = self._rolled
        self._rolled = [0.0, 0.0]
        return 0.5 * (left + right), (right - left) / self._config.track_m


class SimHeadland:
    """The headland of a house: the true cart on it, its wheels, and its front camera's drawn pictures.

    It is both `HeadlandDrive` and `FrontEye` of the mission's mover.
    """

    def __init__(self, house: House, drive: HeadlandDriveConfig, home: str, head_s: float, seed: int) -> None:
        self._front, self._config = FrontCameraConfig(), HeadlandConfig()
        dock = house.docks[home]
        start = Ground(dock.x, dock.y + self._config.stand_off, pi / 2.0)
        self.drive = HeadlandDrive(drive, start, seed)
        self.mover = Mover(house, self._config, self._front, self, self, dock)
        plates = [
            plate for row in house.rows.values() for plate in _plates(self.mover, house, row.name, head_s)
        ]
        self._plates = plates
        self._camera, self._reader = FrontCamera(self._front, plates, seed), TagReader(self._front)
        self._wheels = Wheels()
        self._looked_at = float("-inf")
        self._newest: list[TagSeen] = []
        self.metres = 0.0
        self.frames = 0

    @property
    def problem(self) -> str:
        """Nothing is ever wrong with this camera, nor with these wheels."""
        return ""

    def command(self, wheels: Wheels, now: float) -> None:
        """Take what the wheels are to do."""
        self._wheels = wheels

    def take(self) -> tuple[float, float]:
        """Return what the wheels did."""
        return self.drive.take()

    def tags(self, now: float) -> list[TagSeen]:
        """Draw the picture and read it, when it is time to and something may be seen."""
        ground = self.drive.ground
        near = any(hypot(plate.x - ground.x, plate.y - ground.y) < NEAR_M for plate in self._plates)
        if now - self._looked_at < LOOK_S or not near:
            return []
        self._looked_at = now
        self.frames += 1
        self._newest = self._reader.read(self._camera.picture(ground.x, ground.y, ground.heading), now)
        return self._newest

    def recent(self, now: float) -> list[TagSeen]:
        """Return what the last picture showed, while it is fresh."""
        return [one for one in self._newest if now - one.t <= 2.0 * LOOK_S]

    def step(self, dt: float) -> None:
        """Let the wheels do what they were told."""
        x, y = self.drive.ground.x, self.drive.ground.y
        self.drive.step(self._wheels, dt)
        self.metres += hypot(self.drive.ground.x - x, self.drive.ground.y - y)

    def off_rail_m(self, berth: Berth) -> tuple[float, float]:
        """Return how far (m) beside the rail's line the cart truly stands, and how far (rad) askew."""
        ground = self.drive.ground
        dx, dy = ground.x - berth.x, ground.y - berth.y
        beside = -sin(berth.toward) * dx + cos(berth.toward) * dy
        return beside, wrapped(ground.heading - berth.toward)

    def put_on(self, berth: Berth, beyond: float) -> None:
        """The rails hold the cart: it stands on their line, `beyond` m past their begin."""
        x, y = berth.x + beyond * cos(berth.toward), berth.y + beyond * sin(berth.toward)
        self.drive.ground = Ground(x, y, berth.toward)
        self._wheels = Wheels()


def _plates(mover: Mover, house: House, row: str, head_s: float) -> list[TagPlate]:
    """Return the plates of a row's tags: at its head, where the mover expects it, and along it."""
    found, berth = house.rows[row], mover.berth_at_head(row)
    ways = [(number, s - head_s) for number, s in found.tags]
    if found.tag is not None:
        ways.append((found.tag, berth.tag_ahead))
    h, facing = FrontCameraConfig().h, wrapped(berth.toward + pi)
    c, s, beside = cos(berth.toward), sin(berth.toward), berth.tag_beside
    return [
        TagPlate(number, berth.x + way * c - beside * s, berth.y + way * s + beside * c, h, facing)
        for number, way in ways
    ]
