"""Drives the cart by itself between rows: along the headland, before the row, square to its tag, onto the rail.

Pure: `Navigator.step` gets odometry and tags and returns wheel speeds. The person on the headland has the way:
whatever `halt` names stops it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import atan2, cos, hypot, pi, sin

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from robot.mission.fiducials import Floats, TagSeen

TAG_FRESH_S = 1.0
"""A tag seen this long ago still guides the cart."""


SLIP_LENGTH_M, TRACK_M = 0.7, 0.55
"""The way along which slip stays alike, and from wheel to wheel (both assumed)."""

BEARING_STD, DISTANCE_SHARE = 0.004, 0.02
"""How far a tag's bearing (rad) and distance (share of it) are believed: what drawn pictures show, and some more."""

TURN_WITHIN_M, TURN_STD, FAR_TURN_STD = 1.3, 0.02, 1.0
"""A tag's own turn (rad) is good from near; from afar it is wrong by up to half a radian, alike in every frame."""


class HeadlandConfig(BaseModel):
    """How the cart drives on the headland, off its rails. All values assumed."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    speed: float = Field(0.5, gt=0, le=2, description="m/s along the headland")
    align_speed: float = Field(0.15, gt=0, le=1, description="m/s before and onto the rail")
    turn_rate: float = Field(0.6, gt=0, le=3, description="rad/s at most")
    stand_off: float = Field(
        1.2, ge=0.3, le=5, description="m before the rail's begin from where the tag is approached"
    )
    aligned_m: float = Field(
        0.025, gt=0, le=0.2, description="m beside the rail's line that the rail still takes"
    )
    aligned_rad: float = Field(0.05, gt=0, le=0.5, description="rad askew that the rail still takes")
    slip: float = Field(0.03, ge=0, le=0.5, description="std of what the wheels lose, share of the way")
    tag_wait_s: float = Field(8.0, gt=0, le=120, description="s without the row's tag before it is given up")
    tries: int = Field(3, ge=1, le=10, description="approaches before a person is asked")


@dataclass(frozen=True, slots=True)
class Pose2:
    """On the headland: x, y in m, heading in rad (0 along +x), and the covariance of the three."""

    x: float
    y: float
    heading: float
    covariance: Floats

    @property
    def std(self) -> float:
        """The largest standard deviation of the place, m."""
        return float(np.sqrt(np.linalg.eigvalsh(self.covariance[:2, :2])[-1]))


@dataclass(frozen=True, slots=True)
class Berth:
    """Where the cart is to go: the begin of a row's rail, or a dock; `toward` is the way onto it (rad).

    The tag's plate stands `tag_ahead` m beyond the begin, beside the line, and looks back along it.
    """

    x: float
    y: float
    toward: float
    tag: int | None
    tag_ahead: float = 1.2
    tag_beside: float = 0.0
    slack_m: float = 0.0
    """How much farther beside its line the cart may stand than on a rail: at a dock."""


class Leg(StrEnum):
    """What the navigator does."""

    CLEAR = "clear"
    """Straight off the rails, before anything else."""
    ROAD = "road"
    """Along the headland to the stand-off point."""
    TURN = "turn"
    """On the spot, to look along the row."""
    ALIGN = "align"
    """Towards the rail, by the tag."""
    BACK = "back"
    """Back to the stand-off point: not square enough for the rail."""
    THERE = "there"
    STUCK = "stuck"
    """A person is needed; `why` says what for."""


@dataclass(frozen=True, slots=True)
class Wheels:
    """What the drive is told: m/s ahead, rad/s to the left."""

    speed: float = 0.0
    turn: float = 0.0


def wrapped(angle: float) -> float:
    """Return the same angle from -pi to pi."""
    return (angle + pi) % (2.0 * pi) - pi


def moved(pose: Pose2, ahead: float, turned: float, slip: float) -> Pose2:
    """Return the pose after wheels that rolled `ahead` m while turning by `turned` rad."""
    middle = pose.heading + 0.5 * turned
    slope = np.eye(3)
    slope[0, 2], slope[1, 2] = -ahead * sin(middle), ahead * cos(middle)
    along = np.array([cos(middle), sin(middle), 0.0])
    # Slip stays alike for a stretch, so its variance grows with the way, however short the steps.
    noise = np.outer(along, along) * slip**2 * SLIP_LENGTH_M * abs(ahead)
    noise[2, 2] += (slip / TRACK_M) ** 2 * SLIP_LENGTH_M * (abs(ahead) + 0.5 * TRACK_M * abs(turned))
    covariance = slope @ pose.covariance @ slope.T + noise
    return Pose2(
        pose.x + ahead * cos(middle),
        pose.y + ahead * sin(middle),
        wrapped(pose.heading + turned),
        np.asarray(covariance, dtype=np.float64),
    )


def placed_by_tag(pose: Pose2, seen: TagSeen, berth: Berth, lens_ahead: float) -> Pose2:
    """Return the pose after the berth's tag was measured: a Kalman update by its place before the lens."""
    tag_x = berth.x + berth.tag_ahead * cos(berth.toward) - berth.tag_beside * sin(berth.toward)
    tag_y = berth.y + berth.tag_ahead * sin(berth.toward) + berth.tag_beside * cos(berth.toward)
    dx, dy = tag_x - pose.x, tag_y - pose.y
    c, s = cos(pose.heading), sin(pose.heading)
    ahead, right = c * dx + s * dy - lens_ahead, s * dx - c * dy
    far = max(hypot(ahead, right), 0.05)
    off = np.array(
        [
            wrapped(seen.bearing - atan2(right, ahead)),
            hypot(seen.position[0], seen.position[2]) - far,
            wrapped(seen.turn - pose.heading + berth.toward),
        ]
    )
    to_lens = np.array([[-c, -s, -s * dx + c * dy], [-s, c, c * dx + s * dy]])
    rays = np.array([[-right / far**2, ahead / far**2], [ahead / far, right / far]]) @ to_lens
    slope = np.vstack([rays, [0.0, 0.0, 1.0]])
    _, _, z_std = seen.std
    turn_std = TURN_STD if far <= TURN_WITHIN_M else FAR_TURN_STD
    noise = np.diag([BEARING_STD**2, (DISTANCE_SHARE * far + 2.0 * z_std) ** 2, turn_std**2])
    spread = slope @ pose.covariance @ slope.T + noise
    gain = pose.covariance @ slope.T @ np.linalg.inv(spread)
    change = gain @ off
    covariance = (np.eye(3) - gain @ slope) @ pose.covariance
    return Pose2(
        pose.x + float(change[0]),
        pose.y + float(change[1]),
        wrapped(pose.heading + float(change[2])),
        np.asarray(0.5 * (covariance + covariance.T), dtype=np.float64),
    )


class Navigator:
    """One way from where the cart stands to a berth."""

    def __init__(
        self,
        config: HeadlandConfig,
        pose: Pose2,
        berth: Berth,
        road: Sequence[tuple[float, float]] = (),
        clear: float = 0.0,
    ) -> None:
        """`road` are the points to drive through on the way, without the berth's own.

        First it rolls `clear` m straight ahead (below 0: back), to be off the rails it stands on.
        """
        self.config, self.pose, self.berth = config, pose, berth
        off = config.stand_off
        self._stand = berth.x - off * cos(berth.toward), berth.y - off * sin(berth.toward)
        self._road = [*road, self._stand]
        self._clear = clear
        self.leg = Leg.CLEAR if clear else Leg.ROAD
        self.why = ""
        self._tries = 0
        self._tag_t: float | None = None

    @property
    def off_line(self) -> tuple[float, float, float]:
        """How far the cart is before the rail's begin (m), beside its line (m, to the left) and askew (rad)."""
        berth, pose = self.berth, self.pose
        dx, dy = pose.x - berth.x, pose.y - berth.y
        c, s = cos(berth.toward), sin(berth.toward)
        return -(c * dx + s * dy), -s * dx + c * dy, wrapped(pose.heading - berth.toward)

    def step(
        self,
        rolled: float,
        turned: float,
        seen: Sequence[TagSeen],
        lens_ahead: float,
        now: float,
        halt: str = "",
    ) -> Wheels:
        """Take what the wheels did since the last step and the tags in sight; return what they are to do."""
        self.pose = moved(self.pose, rolled, turned, self.config.slip)
        mine = next((one for one in seen if one.tag == self.berth.tag), None)
        if mine is not None:
            self.pose = placed_by_tag(self.pose, mine, self.berth, lens_ahead)
            self._tag_t = now
        if halt:
            self.why = halt
            return Wheels()
        if self.leg in {Leg.THERE, Leg.STUCK}:
            return Wheels()
        self.why = ""
        if self.leg is Leg.CLEAR:
            return self._off_the_rails(rolled)
        act = {Leg.ROAD: self._on_road, Leg.TURN: self._turn, Leg.ALIGN: self._align, Leg.BACK: self._back}
        return act[self.leg](now)

    def _off_the_rails(self, rolled: float) -> Wheels:
        before, self._clear = self._clear, self._clear - rolled
        if self._clear * before <= 0.0:
            self.leg = Leg.ROAD
            return Wheels()
        return Wheels(self.config.align_speed if self._clear > 0.0 else -self.config.align_speed)

    def _on_road(self, now: float) -> Wheels:
        x, y = self._road[0]
        if hypot(x - self.pose.x, y - self.pose.y) < 0.08:
            self._road.pop(0)
            if not self._road:
                self.leg, self._tag_t = Leg.TURN, now
                return Wheels()
            x, y = self._road[0]
        return self._toward(x, y, self.config.speed)

    def _toward(self, x: float, y: float, speed: float) -> Wheels:
        config, pose = self.config, self.pose
        left = hypot(x - pose.x, y - pose.y)
        off = wrapped(atan2(y - pose.y, x - pose.x) - pose.heading)
        turn = float(np.clip(2.0 * off, -config.turn_rate, config.turn_rate))
        # Turns on the spot first, as a person would: the headland is narrow.
        ahead = 0.0 if abs(off) > 0.5 else min(speed, 0.05 + left) * cos(off)
        return Wheels(ahead, turn)

    def _turn(self, now: float) -> Wheels:
        _, _, askew = self.off_line
        if abs(askew) < 0.5 * self.config.aligned_rad:
            self.leg, self._tag_t = Leg.ALIGN, now
            return Wheels()
        return Wheels(0.0, float(np.clip(-2.0 * askew, -self.config.turn_rate, self.config.turn_rate)))

    def _align(self, now: float) -> Wheels:
        config = self.config
        before, beside, askew = self.off_line
        unseen = now - (self._tag_t or now)
        if self.berth.tag is not None and unseen > TAG_FRESH_S:
            # Nothing rolls towards a rail unseen.
            late = unseen > config.tag_wait_s
            return self._stuck(f"tag {self.berth.tag} is not in sight before its row") if late else Wheels()
        if before <= 0.0:
            if abs(beside) <= config.aligned_m + self.berth.slack_m and abs(askew) <= config.aligned_rad:
                self.leg = Leg.THERE
                return Wheels()
            self._tries += 1
            if self._tries >= config.tries:
                return self._stuck(
                    f"the rail was missed {self._tries} times: {beside * 1000:+.0f} mm beside it"
                )
            self.leg = Leg.BACK
            return Wheels()
        # Steers for a point of the rail's line half a metre ahead.
        aim = atan2(-beside, 0.5)
        turn = 1.5 * wrapped(aim - askew)
        return Wheels(config.align_speed, float(np.clip(turn, -config.turn_rate, config.turn_rate)))

    def _back(self, now: float) -> Wheels:
        before, _, askew = self.off_line
        if before >= self.config.stand_off:
            self.leg, self._tag_t = Leg.TURN, now
            return Wheels()
        return Wheels(-self.config.align_speed, float(np.clip(-askew, -0.3, 0.3)))

    def _stuck(self, why: str) -> Wheels:
        self.leg, self.why = Leg.STUCK, why
        return Wheels()
