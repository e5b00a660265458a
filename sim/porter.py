"""The person of the simulation: presses START, moves the cart where the mission asks, and confirms."""

from __future__ import annotations

from collections.abc import Sequence

from robot.mission.mission_view import AskView, MissionView
from robot.types import Command, CommandName, LoopView, Mode
from sim.house_rows import HouseRows
from sim.plant import Plant

BY = "operator"


class Porter:
    """Stands in for the people of a day; a CommandSource and a TelemetrySink."""

    def __init__(self, rows: HouseRows, plant: Plant, move_s: float, serve_s: float) -> None:
        """A person takes `move_s` to bring the cart anywhere and `serve_s` to change its battery."""
        self._rows, self._plant = rows, plant
        self._seconds = {
            "row": move_s,
            "dock": move_s,
            "fetch": 2 * move_s,
            "swap": serve_s,
            "disinfect": serve_s,
        }
        self.view: LoopView | None = None
        self.faults: list[str] = []
        self.said: list[str] = []
        """The mission's sentences, each when it changed."""
        self._doing: tuple[AskView, float] | None = None
        self._orders: list[Command] = []

    @property
    def mission(self) -> MissionView | None:
        """The mission as the page shows it."""
        return None if self.view is None else self.view.mission

    def publish(self, view: LoopView) -> None:
        """Look at the page."""
        self.view = view
        self.faults += [fault.code for fault in view.faults if fault.code not in self.faults]
        if view.mission is not None and view.mission.why not in self.said[-1:]:
            self.said.append(view.mission.why)

    def order(self, name: CommandName, text: str = "") -> None:
        """Have something pressed at the next step."""
        self._orders.append(Command(name, None, text, BY))

    def forget(self) -> None:
        """Begin anew with a restarted program; what one was doing with the cart goes on."""
        self.view = None

    def take(self) -> Sequence[Command]:
        """Return what is pressed now."""
        orders, self._orders = self._orders, []
        view, mission = self.view, self.mission
        if view is None or mission is None:
            return orders
        if view.mode in {Mode.STOPPED, Mode.FAULT} and self._doing is None:
            orders.append(Command(CommandName.RELEASE, by=BY))
        elif view.mode in {Mode.READY, Mode.DONE} and (mission.held or mission.phase == "off"):
            orders.append(Command(CommandName.START, by=BY))
        return [*orders, *self._help(view, mission)]

    def _help(self, view: LoopView, mission: MissionView) -> Sequence[Command]:
        """Do what is asked; it takes its time, then the cart is there and it is confirmed."""
        ask = mission.ask
        if ask is None:
            self._doing = None
            return ()
        if self._doing is None or self._doing[0].text != ask.text:
            self._doing = ask, view.now + self._seconds[ask.what]
        if view.now < self._doing[1]:
            return ()
        self._doing = None
        if ask.what == "row":
            self._rows.enter(ask.row, self._plant, ask.s)
        return (Command(CommandName.CONFIRM, ask.tag, by=BY),)
