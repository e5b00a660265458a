"""Mode, faults, commands and travel: decides whether the robot may work, and how fast it rolls."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from robot.cart import Cart
from robot.end_switch import EndSwitch, Odd
from robot.faults import Fault, FaultBook, Severity
from robot.health import Health, HealthInputs
from robot.modes import Facts, update
from robot.settings import RobotConfig
from robot.types import ActiveFault, Command, CommandName, Mode
from robot.valve_link import ValveLink

REPEAT_S = 0.1
"""How often an order that the controller has not yet confirmed is repeated."""

RELEASE_S = 1.0
"""How long after a release the controller's latch may still show."""

SLOWEST = 0.02


@dataclass(frozen=True, slots=True)
class Run:
    """One way along the row of `length` m: away from the head (1) or back to it (-1)."""

    length: float
    direction: int = 1

    def done(self, s: float, overrun: float) -> bool:
        """Tell whether all nozzles have passed the end that this way leads to."""
        end = self.length + overrun if self.direction > 0 else -overrun
        return (s - end) * self.direction >= 0.0


@dataclass(frozen=True, slots=True)
class Change:
    """Something for the journal: a mode change, a command, a fault."""

    kind: str
    text: str
    who: str = ""


class Pilot:
    """Owns the mode. Stopping acts within the step that asks for it."""

    def __init__(self, config: RobotConfig, cart: Cart, link: ValveLink) -> None:
        self._config = config
        self._cart = cart
        self._link = link
        self._health = Health(config.health)
        self._released_at = float("-inf")
        self._ordered: dict[str, float] = {}
        self._arm_asked_since: float | None = None
        self.faults = FaultBook()
        self.told: Mapping[Fault, str] = {}
        """What the mission says is wrong with its own eyes and wheels; nothing that is decided depends on it."""
        self.testing = False
        """Whether a valve test wants the controller armed; only `robot/valve_test.py` says so."""
        self.mode = Mode.STARTING
        self.cruise_speed = config.drive.cruise_speed
        self.run = Run(config.row.length)
        self.ends = EndSwitch(config.end_switch, config.row.overrun)
        self.ends.begin(self.run.length, self.run.direction)

    @property
    def running(self) -> bool:
        """True while the cart may roll and nozzles may open."""
        return self.mode is Mode.RUNNING

    @property
    def hold(self) -> str:
        """Why the running robot halts and holds its fire, or ''."""
        fault = self.faults.first(Severity.HOLD)
        return fault.text if fault is not None else ""

    @property
    def arm_asked_since(self) -> float | None:
        """Since when we ask in vain to be armed, or None."""
        return self._arm_asked_since

    def obey(self, command: Command, now: float) -> list[Change]:
        """Carry out one command as far as the mode is concerned."""
        if command.name is CommandName.STOP:
            self._link.stop(now)
        elif command.name is CommandName.RELEASE and not self._cart.pressed:
            self._released_at = now
            self._link.clear(now)
        elif command.name is CommandName.SET_SPEED and command.value is not None and isfinite(command.value):
            self.cruise_speed = min(max(command.value, SLOWEST), self._config.drive.max_speed)
        elif command.name is CommandName.SET_RUN and command.value is not None and not self.running:
            self.run = Run(abs(command.value), 1 if command.value > 0 else -1)
            self._cart.row_length = self.run.length
            self.ends.begin(self.run.length, self.run.direction)
        elif command.name is CommandName.CORRECT and command.value is not None:
            self._cart.odometry.slew(command.value)
        elif command.name is CommandName.OUTVOTED:
            self.ends.outvote(command.text)
        elif command.name in {CommandName.SET_ROW, CommandName.SET_POSITION} and not self.running:
            self.ends.begin(self.run.length, self.run.direction, placed=True)
        elif command.name is CommandName.START and self.ends.early:
            self.ends.outvote(Odd.SWITCH)
        elif command.name is CommandName.ACKNOWLEDGE:
            self.faults.acknowledge(command.text)
        words = [command.name.value, command.text, "" if command.value is None else f"{command.value:g}"]
        said = Change("command", " ".join(word for word in words if word), command.by)
        return [said, *self._change_mode(now, command.name)]

    def judge(self, inputs: HealthInputs) -> list[Change]:
        """Look at the machine's health, update faults and mode."""
        found = {**self._health.check(inputs), **self.ends.faults, **self.told}
        fresh = self.faults.update(found, inputs.now)
        return [*(named(fault) for fault in fresh), *self._change_mode(inputs.now, None)]

    def look_at_end(self, now: float) -> None:
        """Take what the row-end switch says where the cart stands."""
        telemetry = self._cart.telemetry
        if telemetry is not None:
            self.ends.hear(telemetry.end_switch, telemetry.t)
        if self.running and self._cart.odometry.position_known:
            pose = self._cart.pose(now)
            s = None if pose is None else pose.s
            self.ends.look(s, s is not None and self.run.done(s, self._config.row.overrun))

    def wanted_speed(self) -> float:
        """Return the travel speed (m/s) that the mode and the faults allow; negative on the way back."""
        return self.cruise_speed * self.run.direction if self.running and not self.hold else 0.0

    def steer(self, now: float) -> None:
        """Send what keeps the controller in the state the mode asks for."""
        cart, link = self._cart, self._link
        if self.mode is Mode.STOPPED and not cart.latched and self._due("stop", now):
            link.stop(now)
        if self.mode is Mode.STARTING and cart.latched and not cart.pressed and self._due("clear", now):
            link.clear(now)
        if self.running:
            self._arm(now)
        else:
            self._arm_asked_since = None
            if cart.armed and not self.testing and self._due("disarm", now):
                link.disarm(now)
            elif self.testing and cart.link_up and not cart.armed and self._due("arm", now):
                link.arm(now)
        if (cart.armed or not self.running) and self._due("drive", now):
            link.drive(round(self.wanted_speed() * 1000.0), now)

    def _arm(self, now: float) -> None:
        if self._cart.armed or not self._cart.link_up:
            self._arm_asked_since = None
            return
        if self._arm_asked_since is None:
            self._arm_asked_since = now
        if self._due("arm", now):
            self._link.arm(now)

    def _change_mode(self, now: float, command: CommandName | None) -> list[Change]:
        before = self.mode
        self.mode = update(before, self._facts(now), command)
        if self.mode is before:
            return []
        # A change must not wait for the order's next turn: STOP and PAUSE act in this very step.
        self._ordered.clear()
        if self.mode in {Mode.STOPPED, Mode.FAULT}:
            self._link.stop(now)
        if self.mode is Mode.STARTING:
            self._released_at = now
        return [Change("mode", f"{before.value} -> {self.mode.value}")]

    def _facts(self, now: float) -> Facts:
        cart = self._cart
        age = cart.telemetry_age(now)
        fresh = cart.link_up and age is not None and age <= self._config.health.link_timeout_s
        pose = cart.pose(now)
        latched = cart.latched and now - self._released_at > RELEASE_S
        stopped_by_us = self.mode is Mode.FAULT
        return Facts(
            ready=fresh and cart.odometry.position_known and not cart.latched,
            estop=cart.pressed or (latched and not stopped_by_us),
            stopping_fault=self.faults.has(Severity.STOP),
            row_done=pose is not None and self.run.done(pose.s, self._config.row.overrun),
        )

    def _due(self, order: str, now: float) -> bool:
        if now - self._ordered.get(order, float("-inf")) < REPEAT_S:
            return False
        self._ordered[order] = now
        return True


def named(fault: ActiveFault) -> Change:
    """Return the journal's line on a fault."""
    return Change("fault", f"{fault.code}: {fault.text}")
