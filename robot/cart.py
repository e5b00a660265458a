"""What the valve controller has told: link, telemetry, and where the cart stands, across restarts."""

from __future__ import annotations

from collections import deque
from math import isfinite

from firmware_bridge.events import LinkDown, LinkUp, Telemetry
from robot.ledger import LastSession
from robot.odometry import Odometry
from robot.settings import RobotConfig
from vision.types import Pose

GLITCH_WINDOW_S = 10.0
TRIP_WINDOW_S = 10.0

RESTARTS = frozenset({"watchdog", "software"})
"""Causes of a start that are no switching on: the cart may stand anywhere."""


class Cart:
    """The controller's state as its events gave it; owns the odometry."""

    def __init__(
        self, config: RobotConfig, last: LastSession | None, row: str | None = None, parked: bool = True
    ) -> None:
        """`last` is how the session before knew its place: true while the controller has not restarted.

        `row` is where it stands, the machine file's row when left out; not `parked` when it may stand anywhere
        in it, even though it was just switched on.
        """
        self.config = config
        self._row = row or config.row.name
        self._parked = parked
        self.row_length = config.row.length
        self._last = last
        self._place_at_start = False
        self._glitch_times: deque[float] = deque(maxlen=64)
        self._trip_times: deque[float] = deque(maxlen=64)
        self._trips_armed: int | None = None
        self.odometry = Odometry(config.odometry)
        self.telemetry: Telemetry | None = None
        self.link_up = False
        self.link_text = "not connected yet"
        self.boot_id: int | None = None
        self.protocol_mismatch = False
        self.controller: LinkUp | None = None

    def link_came(self, event: LinkUp) -> bool:
        """Take a new session; True when the controller had restarted, so that its pulses are gone."""
        restarted = event.boot_id != self.boot_id
        first = self.boot_id is None
        self.link_up, self.link_text = True, "connected"
        self._trips_armed = None
        self.controller = event
        self.boot_id = event.boot_id
        self.protocol_mismatch = event.protocol_mismatch
        if restarted:
            self.odometry.forget()
            self.telemetry = None
            self._find_place(first, event.reset_cause)
        return restarted

    def link_went(self, event: LinkDown) -> None:
        """Take the loss of the link."""
        self.link_up, self.link_text = False, event.reason

    def hear(self, telemetry: Telemetry, now: float) -> None:
        """Take one report."""
        self.telemetry = telemetry
        # Between two sessions it was the cable or a restart, which link_down tells; disarmed, nothing was closed.
        if self._trips_armed not in {None, telemetry.deadman_trips}:
            self._trip_times.append(now)
        self._trips_armed = telemetry.deadman_trips if telemetry.armed else None
        before = self.odometry.glitches
        taken = self.odometry.add(telemetry.t, telemetry.encoder_ticks)
        if self.odometry.glitches > before:
            self._glitch_times.append(now)
        if taken and self._place_at_start and self.config.row.start_s is not None:
            self.odometry.set_position(self.config.row.start_s)
            self._place_at_start = False

    def set_position(self, s: float) -> bool:
        """Take a person's word for where the cart stands; False when it makes no sense yet."""
        if not isfinite(s) or not -20.0 <= s <= self.row_length + 20.0:
            return False
        self._place_at_start = False
        return self.odometry.set_position(s)

    def pose(self, now: float) -> Pose | None:
        """Return where the cart is now, or None while that is unknown."""
        return self.odometry.at(now)

    def telemetry_age(self, now: float) -> float | None:
        """Return the seconds since the controller's last report, or None before the first."""
        return None if self.telemetry is None else max(0.0, now - self.telemetry.t)

    def glitches(self, now: float) -> int:
        """Return how many impossible encoder readings came in the last 10 s."""
        return sum(now - t < GLITCH_WINDOW_S for t in self._glitch_times)

    def deadman_trips(self, now: float) -> int:
        """Return how often in the last 10 s the controller closed everything because it heard nothing from us."""
        return sum(now - t < TRIP_WINDOW_S for t in self._trip_times)

    @property
    def pressed(self) -> bool:
        """True while the e-stop button is pressed or the bumper touched."""
        return self.telemetry is not None and (self.telemetry.button or self.telemetry.bumper)

    @property
    def latched(self) -> bool:
        """True while the controller's emergency stop is latched."""
        return self.telemetry is not None and self.telemetry.estop

    @property
    def armed(self) -> bool:
        """True when the controller's last report said so and the link stands."""
        return self.link_up and self.telemetry is not None and self.telemetry.armed

    @property
    def pressure_kpa(self) -> float | None:
        """Return the last pressure reading, or None before the first."""
        return None if self.telemetry is None else float(self.telemetry.pressure_kpa)

    @property
    def battery_v(self) -> float | None:
        """Return the last battery reading in volts, or None before the first."""
        return None if self.telemetry is None else self.telemetry.battery_mv * 1e-3

    def _find_place(self, first: bool, reset_cause: str) -> None:
        """After a (re)start of either side: the ledger's place for this very boot, else the parking place.

        A controller that restarted by itself lost its count somewhere in the row: then only a person can
        say where the cart stands.
        """
        last = self._last
        if first and last is not None and last.boot_id == self.boot_id and last.row == self._row:
            self.odometry.set_origin(last.origin_s)
            return
        switched_on = first and reset_cause not in RESTARTS
        self._place_at_start = self._parked and switched_on and self.config.row.start_s is not None
