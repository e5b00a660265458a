"""Moves the cart by itself to where the mission wants it; asks for a person where it cannot."""

from __future__ import annotations

from math import atan2, cos, pi, sin
from typing import Protocol

import numpy as np

from robot.mission.fiducials import FrontCameraConfig, TagSeen
from robot.mission.house_map import House, Place
from robot.mission.leg import Leg
from robot.mission.navigator import Berth, HeadlandConfig, Navigator, Pose2, Wheels
from robot.mission.navigator import Leg as Way

ON_RAIL = np.diag([0.01**2, 0.02**2, 0.01**2])
"""How sure the pose is while the rails hold the cart (assumed)."""

DOCK_SLACK_M = 0.3
"""A dock takes the cart this far beside its line (assumed): a person or a funnel does the rest."""


class HeadlandDrive(Protocol):
    """The wheels off the rails."""

    @property
    def problem(self) -> str:
        """Why the wheels cannot be relied on, or ''."""
        ...

    def command(self, wheels: Wheels, now: float) -> None:
        """Roll and turn so until the next command; a drive that hears none for a while must halt by itself."""
        ...

    def take(self) -> tuple[float, float] | None:
        """Return how far the wheels rolled (m) and turned (rad, left) since the last call; None when that is lost."""
        ...


class FrontEye(Protocol):
    """The front camera with its tag reader."""

    @property
    def problem(self) -> str:
        """Why no tags can be seen, or ''."""
        ...

    def tags(self, now: float) -> list[TagSeen]:
        """Return the tags of the newest frame that was not asked for before; never waits."""
        ...

    def recent(self, now: float) -> list[TagSeen]:
        """Return the tags of the newest look, again and again while it is fresh."""
        ...


class Lookout(Protocol):
    """What sees the tags along a row: the mover, or the front camera of a cart that people move."""

    @property
    def problem(self) -> str:
        """Why no tags can be seen, or ''."""
        ...

    def look(self, now: float) -> tuple[list[TagSeen], float]:
        """Return the tags in sight, and how far the lens is ahead of the cart's reference, m."""
        ...

    def recent(self, now: float) -> list[TagSeen]:
        """Return the tags of the newest look, again and again while it is fresh."""
        ...


class Mover:
    """One cart on the headland; `go` at every step names the same place until it is reached."""

    def __init__(
        self,
        house: House,
        config: HeadlandConfig,
        front: FrontCameraConfig,
        drive: HeadlandDrive,
        eye: FrontEye,
        home: Place,
    ) -> None:
        """The cart stands at its dock `home`."""
        self._house, self._config, self._front = house, config, front
        self._drive, self._eye = drive, eye
        self._home = home
        self._at: Berth = self._dock(home)
        self._place = home
        self._clear = 0.0
        self._navigator: Navigator | None = None
        self._target: tuple[str, bool] | None = None
        self.stuck = ""
        self._unknown = ""
        """Why nobody knows where on the headland the cart stands, or ''."""

    def look(self, now: float) -> tuple[list[TagSeen], float]:
        """Return the tags in sight, and how far the lens is ahead of the cart's reference, m."""
        return self._eye.tags(now), self._front.ahead

    @property
    def problem(self) -> str:
        """Why no tags can be seen, or ''."""
        return self._eye.problem

    @property
    def wheels_problem(self) -> str:
        """Why the wheels cannot be relied on, or ''."""
        return self._drive.problem

    def recent(self, now: float) -> list[TagSeen]:
        """Return the tags of the newest look."""
        return self._eye.recent(now)

    @property
    def way(self) -> str:
        """What the navigator does, in a word."""
        return "" if self._navigator is None else self._navigator.leg.value

    def berth_of(self, leg: Leg) -> Berth:
        """Return where a row's rails begin, at the end where it is entered."""
        row = self._house.rows[leg.row]
        place = row.far if leg.backwards and row.far is not None else row.head
        toward = atan2(row.direction[1], row.direction[0]) + (pi if leg.backwards else 0.0)
        return self._before(place, toward, None if leg.backwards else row.tag)

    def berth_at_head(self, row: str) -> Berth:
        """Return where the rails of a row begin at its head."""
        found = self._house.rows[row]
        return self._before(found.head, atan2(found.direction[1], found.direction[0]), found.tag)

    def _before(self, place: Place, toward: float, tag: int | None, slack_m: float = 0.0) -> Berth:
        """Return the berth whose stand-off point is the place on the headland's middle line."""
        off = self._config.stand_off
        x, y = place.x + off * cos(toward), place.y + off * sin(toward)
        return Berth(x, y, toward, tag, tag_beside=0.4, slack_m=slack_m)

    def _dock(self, place: Place) -> Berth:
        return self._before(place, pi / 2.0, None, DOCK_SLACK_M)

    def stands_in(self, leg: Leg, beyond: float = 0.0) -> None:
        """Take that the cart is on the rails of a row, `beyond` m past where they begin at its way out."""
        self._unknown = ""
        row = self._house.rows[leg.row]
        out = leg.through != leg.backwards
        self._place = row.far if out and row.far is not None else row.head
        toward = atan2(row.direction[1], row.direction[0])
        self._at = self._before(self._place, toward + (pi if out else 0.0), row.tag)
        inward = self._at.toward
        # A row driven through is left ahead, with the back to the row.
        facing = inward + pi if leg.through else inward
        x, y = self._at.x + beyond * cos(inward), self._at.y + beyond * sin(inward)
        self._at = Berth(x, y, facing, None)
        clear = self._config.stand_off + beyond
        self._clear = clear if leg.through else -clear
        self._navigator = self._target = None

    def go(self, leg: Leg | None, now: float, halt: str) -> bool:
        """Drive on towards a row, or the dock without one; True once the cart stands there."""
        target = ("", False) if leg is None else (leg.row, leg.backwards)
        if target != self._target:
            self._begin(leg, target)
        moved, broken = self._drive.take(), self._drive.problem
        if moved is None:
            self._lose("the wheels' count was lost")
        if self._navigator is None or moved is None:
            return False
        seen = self._eye.tags(now)
        wheels = self._navigator.step(*moved, seen, self._front.ahead, now, halt or broken)
        self._drive.command(wheels, now)
        self.stuck = self._navigator.why if self._navigator.leg is Way.STUCK else broken
        if self._navigator.leg is not Way.THERE:
            return False
        self._arrived(leg)
        return True

    def _begin(self, leg: Leg | None, target: tuple[str, bool]) -> None:
        """Plan the way from where the cart stands; across headlands only a person knows it."""
        self._target, self.stuck = target, ""
        if self._unknown:
            self._navigator, self.stuck = None, self._unknown
            return
        to = self._home if leg is None else self._place_of(leg)
        if to.headland != self._place.headland:
            self._navigator = None
            self.stuck = f"no way is known from headland {self._place.headland} to {to.headland}"
            return
        berth = self._dock(self._home) if leg is None else self.berth_of(leg)
        if self._navigator is None:
            self._drive.take()  # what the wheels did on the rails, or in a person's hands, is no way from here
        pose = self._navigator.pose if self._navigator is not None else self._standing()
        self._navigator = Navigator(self._config, pose, berth, clear=self._clear)

    def _place_of(self, leg: Leg) -> Place:
        row = self._house.rows[leg.row]
        return row.far if leg.backwards and row.far is not None else row.head

    def _standing(self) -> Pose2:
        return Pose2(self._at.x, self._at.y, self._at.toward, np.asarray(ON_RAIL, dtype=np.float64))

    def _arrived(self, leg: Leg | None) -> None:
        self._drive.command(Wheels(), 0.0)
        if leg is None:
            pose = self._navigator.pose if self._navigator is not None else self._standing()
            self._place = self._home
            self._at = Berth(pose.x, pose.y, pose.heading, None)
            self._clear = -self._config.stand_off
            self._navigator = self._target = None

    def lost(self) -> None:
        """Take that the program began anew with the cart somewhere on the headland."""
        self._lose("the place on the headland is not known since the restart")

    def _lose(self, why: str) -> None:
        """Give up the way: only a person can say where the cart stands."""
        self._unknown = self.stuck = why
        self._navigator = None

    def was_moved(self, leg: Leg | None) -> None:
        """Take that a person brought the cart where it was to go."""
        self._navigator = self._target = None
        self.stuck = self._unknown = ""
        if leg is None:
            self._place, self._at, self._clear = self._home, self._dock(self._home), -self._config.stand_off
