"""A visit to a row in the terms of the control loop: where the cart is put on the rail, and which way it runs."""

from __future__ import annotations

from dataclasses import dataclass

from robot.mission.due import Visit
from robot.mission.house_map import House, Row
from robot.mission.motion import MotionConfig
from vision.types import Side


@dataclass(frozen=True, slots=True)
class Leg:
    """One visit to `row`; `backwards` when it is entered at its far end."""

    row: str
    sides: tuple[Side, ...]
    length: float
    entrance: int
    exit: int
    backwards: bool
    tag: int | None = None
    infected: bool = False

    @property
    def through(self) -> bool:
        """Whether the cart leaves the row at its other end."""
        return self.entrance != self.exit

    @property
    def run_in(self) -> float:
        """The length with the sign of the way in: above 0 is away from the row's head."""
        return -self.length if self.backwards else self.length

    def start_s(self, head_s: float) -> float:
        """Return s of the cart on the rail at the entrance, which lies `-head_s` m before the crop."""
        return self.length - head_s if self.backwards else head_s

    def beyond(self, s: float, head_s: float) -> float:
        """Return how far `s` lies past the begin of the rails at the end where the row is left."""
        at_head = self.backwards == self.through
        return s - head_s if at_head else self.length - head_s - s

    def left_in(self, s: float, overrun: float) -> float:
        """Return the metres that are left of the way in at `s`, until all nozzles have passed its end."""
        return max(0.0, overrun + (s if self.backwards else self.length - s))

    def left_out(self, s: float, overrun: float) -> float:
        """Return the metres that are left of the way back at `s`."""
        return max(0.0, overrun + (self.length - s if self.backwards else s))


def leg_of(house: House, visit: Visit, sides: tuple[Side, ...]) -> Leg:
    """Return the leg of a visit."""
    row: Row = house.rows[visit.row]
    return Leg(
        row.name,
        sides,
        row.length,
        visit.entrance,
        visit.exit,
        backwards=visit.entrance != row.head.index,
        tag=row.tag,
        infected=row.infected,
    )


@dataclass(frozen=True, slots=True)
class Pacing:
    """What the time for a row follows from: speeds (m/s), the roll past its ends (m), and the manoeuvre (s)."""

    speed_in: float
    motion: MotionConfig
    overrun: float


def seconds_left(leg: Leg, s: float, inward: bool, pacing: Pacing) -> float:
    """Return the seconds until the cart is off the rails, from `s` on the way in (or back)."""
    motion, over = pacing.motion, pacing.overrun
    if not inward:
        return leg.left_out(s, over) / motion.return_speed + motion.entrance_s
    back = 0.0 if leg.through else (leg.length + 2.0 * over) / motion.return_speed
    return leg.left_in(s, over) / max(pacing.speed_in, 0.01) + back + motion.entrance_s
