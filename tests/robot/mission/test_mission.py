"""The mission without a loop: facts and people's commands in, commands out, the ledger in between."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from robot.alerts.catalogue import ASKS, DAY_WAITS, MISSION_WAITS
from robot.ledger import Ledger
from robot.mission.build_mission import build_mission, house_of
from robot.mission.desk import InlineDesk
from robot.mission.facts import MissionFacts
from robot.mission.fiducials import FrontCameraConfig, TagSeen
from robot.mission.mission import Mission
from robot.mission.mission_view import MissionView
from robot.mission.mover import Mover
from robot.mission.navigator import HeadlandConfig, Wheels
from robot.mission.showing import view_of
from robot.settings import RobotConfig
from robot.types import Command, CommandName, Mode
from tests.robot.conftest import SetClock
from tests.robot.mission.small_house import machine_with, small_house

EXPLAINED = {*MISSION_WAITS, *DAY_WAITS, *ASKS}
"""Codes that docs/troubleshooting.md explains: whenever the mission waits it has one of them."""

MORNING = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)


class Standing:
    """A HeadlandDrive that does not move and a FrontEye that sees nothing."""

    def command(self, wheels: Wheels, now: float) -> None:
        """Stand."""

    def take(self) -> tuple[float, float]:
        return 0.0, 0.0

    problem = ""
    seen: Sequence[TagSeen] = ()

    def tags(self, now: float) -> list[TagSeen]:
        return []

    def recent(self, now: float) -> list[TagSeen]:
        return list(self.seen)

    def look(self, now: float) -> tuple[list[TagSeen], float]:
        return [], 0.4


@dataclass
class Stage:
    """Plays the loop: obeys what the mission commands, and rolls when it runs."""

    config: RobotConfig
    ledger: Ledger
    clock: SetClock = field(default_factory=lambda: SetClock(0.0, MORNING))
    mode: Mode = Mode.READY
    s: float | None = 0.0
    lost: bool = False
    end_switch: bool | None = None
    end_early: bool = False
    end_left: float | None = None
    by_itself: bool = False
    run: float = 0.0
    speed: float = 0.15
    rows: list[str] = field(default_factory=list)
    outvoted: list[str] = field(default_factory=list)
    eyes: Standing = field(init=False)
    mission: Mission = field(init=False)

    def __post_init__(self) -> None:
        self.boot()

    def boot(self) -> None:
        house = house_of(self.config)
        assert house is not None
        desk = InlineDesk(house, [self.config.ledger.path], self.clock)
        drive = Standing()
        mover = Mover(house, HeadlandConfig(), FrontCameraConfig(), drive, drive, house.docks["dock"])
        used = mover if self.by_itself else None
        self.eyes = drive
        self.mission = build_mission(self.config, house, self.ledger, self.clock, desk, used, drive)
        self.mode = Mode.READY

    def kill(self, row: str) -> None:
        """Begin anew with what is on disk; the last session was in `row`."""
        self.ledger.begin(row, self.clock.wall().timestamp())
        self.ledger = Ledger(self.config.ledger.path)
        self.boot()

    def runs(self) -> bool:
        return self.mode is Mode.RUNNING

    @property
    def facts(self) -> MissionFacts:
        return MissionFacts(
            self.clock.now(),
            self.clock.wall(),
            self.mode,
            self.s,
            self.lost,
            end_switch=self.end_switch,
            end_early=self.end_early,
            end_left=self.end_left,
        )

    @property
    def view(self) -> MissionView:
        view = view_of(self.mission, self.facts)
        waits = view.why.startswith(("Waiting", "Resting", "Off", "Done")) or view.held or view.ask
        assert bool(waits) == (view.why_code in EXPLAINED), (view.why, view.why_code)
        if view.ask is not None:
            assert bool(view.ask.refused) == (view.ask.refused_code in EXPLAINED), view.ask
        return view

    def step(self, *pressed: Command, dt: float = 1.0) -> None:
        commands, _ = self.mission.direct(pressed, self.facts)
        for command in commands:
            self.obey(command)
        self.clock.t += dt
        if self.mode is Mode.RUNNING and self.s is not None:
            self.s += self.speed * dt * (1 if self.run > 0 else -1)
            end = abs(self.run) + 0.6 if self.run > 0 else -0.6
            if (self.s - end) * self.run >= 0:
                self.mode = Mode.DONE

    def obey(self, command: Command) -> None:
        name = command.name
        if name is CommandName.SET_RUN and command.value is not None:
            assert self.mode is not Mode.RUNNING
            self.run, self.mode = command.value, Mode.READY
        elif name is CommandName.SET_ROW:
            self.s, self.lost = command.value, False
            self.rows.append(command.text)
        elif name is CommandName.START:
            assert self.mode is Mode.READY
            self.mode = Mode.RUNNING
        elif name is CommandName.PAUSE and self.mode is Mode.RUNNING:
            self.mode = Mode.READY
        elif name is CommandName.OUTVOTED:
            self.outvoted.append(command.text)
            self.end_early = self.end_early and command.text == "nobody"
        elif name is CommandName.SET_SPEED and command.value is not None:
            self.speed = command.value

    def press(self, name: CommandName, value: float | None = None, text: str = "") -> None:
        self.step(Command(name, value, text, "ana"))

    def until(self, phase: str, most: int = 2000) -> None:
        for _ in range(most):
            if self.view.phase == phase:
                return
            self.step()
        raise AssertionError(f"{phase} never came: {self.view.why}")

    def sees_end_tag(self, left: float) -> None:
        """The end's tag stands `left` m before the row's end, as the front camera has just seen it."""
        assert self.s is not None
        self.mission.row_place._end = self.clock.now(), left, self.s

    def begin_row(self) -> str:
        """Have the next row asked for and confirm it."""
        self.until("moving")
        ask = self.view.ask
        assert ask is not None
        self.press(CommandName.CONFIRM, ask.tag)
        return ask.row


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    config = machine_with(small_house(tmp_path), tmp_path / "ledger.sqlite")
    return Stage(config, Ledger(config.ledger.path))


def started(stage: Stage) -> str:
    stage.press(CommandName.START)
    return stage.begin_row()


def test_day_is_off_until_a_person_starts_it(stage: Stage) -> None:
    for _ in range(5):
        stage.step()
    assert stage.view.phase == "off" and "press START" in stage.view.why
    stage.press(CommandName.START)
    stage.until("moving")


def test_wrong_tag_is_refused_and_the_row_is_not_armed(stage: Stage) -> None:
    stage.press(CommandName.START)
    stage.until("moving")
    ask = stage.view.ask
    assert ask is not None and ask.tag is not None
    stage.press(CommandName.CONFIRM, ask.tag + 1)
    assert stage.view.phase == "moving" and not stage.runs()
    assert stage.view.ask is not None and f"has tag {ask.tag}" in stage.view.ask.refused
    stage.press(CommandName.CONFIRM)
    assert stage.view.ask is not None and "no tag was given" in stage.view.ask.refused
    assert stage.view.ask.refused_code == "wrong_tag"
    stage.press(CommandName.CONFIRM, ask.tag)
    assert stage.view.phase == "in" and stage.view.ask is None


def test_blocked_row_is_left_at_once_and_not_begun_again(stage: Stage) -> None:
    row = started(stage)
    stage.until("in")
    for _ in range(10):
        stage.step()
    stage.press(CommandName.BLOCK_ROW, text=row)
    assert stage.view.phase == "out"
    stage.until("moving")
    assert stage.view.rows[row] == "blocked" and stage.view.row != row
    rest = {stage.begin_row()}
    stage.until("moving")
    rest.add(stage.begin_row())
    stage.until("homing")
    assert row not in rest and stage.rows.count(row) == 1


def test_pause_holds_until_start_and_says_so(stage: Stage) -> None:
    started(stage)
    stage.step()
    stage.step()
    assert stage.runs()
    stage.press(CommandName.PAUSE)
    for _ in range(5):
        stage.step()
    assert not stage.runs() and "paused by ana" in stage.view.held and stage.view.why_code == "paused"
    stage.press(CommandName.START)
    stage.step()
    assert stage.runs() and stage.view.held == ""


def test_killed_program_goes_on_in_its_row_after_a_start(stage: Stage) -> None:
    row = started(stage)
    for _ in range(8):
        stage.step()
    stage.kill(row)
    assert stage.mission.row == row
    for _ in range(5):
        stage.step()
    assert not stage.runs() and "restarted" in stage.view.held and stage.view.why_code == "restarted"
    stage.press(CommandName.START)
    stage.step()
    assert stage.runs() and stage.rows == [row]
    stage.until("moving")
    assert stage.view.rows[row] == "done"
    again = {stage.begin_row()}
    stage.until("moving")
    again.add(stage.begin_row())
    stage.until("homing")
    assert row not in again and len(again) == 2


def come_home(stage: Stage) -> str:
    """Work all rows and confirm that the cart is at its dock; returns the last row."""
    row = started(stage)
    for _ in range(2):
        stage.until("moving")
        row = stage.begin_row()
    stage.until("homing")
    stage.press(CommandName.CONFIRM)
    return row


def test_cart_that_came_home_is_not_asked_to_after_a_power_cut(stage: Stage) -> None:
    row = come_home(stage)
    stage.kill(row)
    stage.press(CommandName.START)
    stage.until("done", most=10)
    assert stage.view.ask is None and [v.outcome for v in stage.ledger.visits(0.0)][-1] == "home"


def test_power_cut_before_the_dock_was_confirmed_asks_for_it_again(stage: Stage) -> None:
    row = started(stage)
    stage.press(CommandName.END_DAY)
    stage.until("homing")
    stage.kill(row)
    stage.press(CommandName.START)
    stage.until("homing")
    assert stage.view.ask is not None and stage.view.ask.what == "dock"


def test_power_cut_on_the_way_from_the_dock_is_a_place_that_a_person_must_tell(tmp_path: Path) -> None:
    config = machine_with(small_house(tmp_path), tmp_path / "ledger.sqlite")
    stage = Stage(config, Ledger(config.ledger.path), by_itself=True)
    stage.press(CommandName.START)
    stage.until("moving")
    stage.step()
    before = stage.view.ask
    stage.kill("demo-row")
    stage.press(CommandName.START)
    stage.until("moving")
    stage.step()
    after = stage.view.ask
    assert before is None and after is not None and after.what == "row"
    assert "not known since the restart" in after.refused


def test_row_is_blocked_in_one_piece_with_the_rest_of_its_line(stage: Stage) -> None:
    started(stage)
    stage.press(CommandName.BLOCK_ROW, text="row-003")
    lines = [v for v in stage.ledger.visits(0.0) if v.row == "row-003"]
    assert [(v.outcome, v.begun == v.ended) for v in lines if not v.sides] == [("blocked", True)]


def test_killed_program_comes_back_on_the_way_it_was_on(stage: Stage) -> None:
    row = started(stage)
    stage.until("out")
    stage.step()
    stage.kill(row)
    assert stage.view.phase == "out" and stage.mission.row == row


def test_lost_place_asks_for_the_rows_entrance_and_keeps_the_visit(stage: Stage) -> None:
    row = started(stage)
    for _ in range(8):
        stage.step()
    stage.lost, stage.s, stage.mode = True, None, Mode.FAULT
    stage.step()
    assert stage.view.phase == "moving" and stage.view.ask is not None
    assert stage.view.ask.row == row and "lost" in stage.view.ask.text
    stage.press(CommandName.CONFIRM, stage.view.ask.tag)
    stage.mode = Mode.READY
    stage.press(CommandName.START)
    stage.until("out")
    stage.until("moving")
    assert stage.view.rows[row] == "done"
    assert len([v for v in stage.ledger.visits(0.0) if v.row == row]) == 1


def test_closed_window_halts_in_the_row_and_goes_on_when_it_opens(tmp_path: Path) -> None:
    house = small_house(tmp_path, climate='source = "manual"')
    config = machine_with(house, tmp_path / "ledger.sqlite")
    stage = Stage(config, Ledger(config.ledger.path))
    stage.press(CommandName.START)
    for _ in range(3):
        stage.step()
    assert stage.view.phase == "waiting" and "no climate reading" in stage.view.why
    stage.press(CommandName.SET_CLIMATE, 22.0, "70")
    stage.begin_row()
    for _ in range(4):
        stage.step()
    stage.press(CommandName.SET_CLIMATE, 33.0, "70")
    stage.step()
    stage.step()
    assert stage.view.phase == "resting" and not stage.runs()
    assert "33.0 °C is above" in stage.view.why and not stage.view.window.open
    stage.press(CommandName.SET_CLIMATE, 22.0, "70")
    for _ in range(3):
        stage.step()
    assert stage.view.phase == "in" and stage.runs()


def test_ended_day_comes_out_and_goes_home(stage: Stage) -> None:
    started(stage)
    for _ in range(5):
        stage.step()
    stage.press(CommandName.END_DAY)
    stage.until("homing")
    stage.press(CommandName.CONFIRM)
    stage.until("done")
    assert [stop.state for stop in stage.view.stops] == ["broken_off"]


def test_new_day_begins_with_nothing_done(stage: Stage) -> None:
    started(stage)
    stage.press(CommandName.END_DAY)
    stage.until("homing")
    stage.press(CommandName.CONFIRM)
    stage.until("done")
    stage.clock.t += timedelta(days=1).total_seconds()
    stage.step()
    assert stage.view.phase == "off" and stage.view.stops == ()
    stage.press(CommandName.START)
    stage.until("moving")


def test_right_number_is_refused_while_the_front_camera_sees_another_rows_tag(stage: Stage) -> None:
    stage.press(CommandName.START)
    stage.until("moving")
    ask = stage.view.ask
    assert ask is not None and ask.tag is not None
    tags = [TagSeen(number, 0.0, (0.1, 0.0, 1.0), 0.0, np.eye(6), 0.2) for number in (ask.tag + 1, ask.tag)]
    stage.eyes.seen = tags[:1]
    stage.press(CommandName.CONFIRM, ask.tag)
    asked = stage.view.ask
    assert stage.view.phase == "moving" and asked is not None
    assert f"the front camera sees tag {ask.tag + 1}" in asked.refused and asked.refused_code == "other_tag"
    stage.eyes.seen = tags[1:]
    stage.press(CommandName.CONFIRM, ask.tag)
    assert stage.view.phase == "in"


def test_persons_start_row_and_run_never_reach_the_loop(stage: Stage) -> None:
    started(stage)
    for name in (CommandName.START, CommandName.SET_ROW, CommandName.SET_RUN):
        commands, changes = stage.mission.direct((Command(name, 1.0, "x", "ana"),), stage.facts)
        assert all(command.by == "mission" for command in commands)
        assert any(change.who == "ana" for change in changes)


def test_pinned_row_comes_and_a_strange_one_is_told(stage: Stage) -> None:
    stage.press(CommandName.START)
    stage.press(CommandName.PIN_ROW, text="row-003")
    assert stage.view.problem == ""
    stage.press(CommandName.PIN_ROW, text="elsewhere")
    assert "'elsewhere': not one of this robot's rows" in stage.view.problem


def test_row_is_predicted_and_the_error_is_told(stage: Stage) -> None:
    row = started(stage)
    predicted = stage.view.row_ends
    stage.until("moving")
    (done,) = [stop for stop in stage.view.stops if stop.row == row]
    assert predicted is not None and abs(done.end + 5.0 - predicted) < 6.0
    assert stage.view.prediction_error_s is not None and stage.view.prediction_error_s < 6.0
    assert stage.view.house_ends is not None and stage.view.house_ends > stage.clock.t


def test_end_of_the_house_is_predicted_by_the_days_first_plan_and_the_error_is_told(stage: Stage) -> None:
    come_home(stage)
    before = stage.view.house_error_s
    stage.until("done")
    error = stage.view.house_error_s
    assert before is None and error is not None and error < 60.0
    [(made, told, came)] = stage.ledger._query("SELECT made, told, came FROM forecast")
    assert made < told and abs(came - told) == pytest.approx(error, abs=0.1)


def test_row_end_that_the_switch_denies_is_a_doubt_until_a_person_has_looked(stage: Stage) -> None:
    started(stage)
    stage.end_switch = False
    for _ in range(30):
        stage.step()
    assert stage.view.phase == "in" and stage.mode is Mode.DONE and "look, then press START" in stage.view.why
    assert stage.outvoted == ["nobody"]
    stage.press(CommandName.START)
    assert stage.view.phase == "out"


def test_row_end_that_the_switch_confirms_turns_at_once(stage: Stage) -> None:
    started(stage)
    stage.end_switch = True
    stage.until("out", most=40)
    assert stage.outvoted == []


@pytest.mark.parametrize(
    ("tag_left", "switch", "odd", "phase"),
    [
        (-0.6, False, "switch", "out"),  # tag and map
        (2.0, True, "tag", "out"),  # switch and map
        (2.0, False, "map", "in"),  # tag and switch: a person looks
        (-0.6, True, "", "out"),
    ],
)
def test_any_two_of_tag_switch_and_map_end_the_row_and_the_third_is_named(
    stage: Stage, tag_left: float, switch: bool, odd: str, phase: str
) -> None:
    started(stage)
    while stage.mode is not Mode.DONE:
        stage.step()
    stage.sees_end_tag(tag_left)
    stage.end_switch = switch
    stage.step()
    assert stage.outvoted == ([odd] if odd else [])
    assert stage.view.phase == phase
    assert ("look, then press START" in stage.view.why) is (phase == "in")


def rolling(stage: Stage, s: float) -> None:
    """Begin a row and roll on to `s`; there the switch says that the row ends."""
    started(stage)
    while stage.s is not None and stage.s < s:
        stage.step()
    stage.end_early = True


def test_switch_alone_in_the_row_halts_the_cart_until_a_person_has_looked(stage: Stage) -> None:
    rolling(stage, 1.0)
    stage.step()
    stage.step()
    assert stage.mode is Mode.READY and stage.view.phase == "in"
    assert "row-end switch says" in stage.view.why and stage.outvoted == ["nobody"]
    stage.press(CommandName.START)
    stage.step()
    assert stage.outvoted == ["nobody", "switch"] and stage.runs()


def test_switch_and_tag_that_agree_turn_the_cart_before_the_maps_end(stage: Stage) -> None:
    rolling(stage, 1.0)
    stage.end_left = 0.4
    stage.sees_end_tag(-0.2)
    stage.step()
    assert stage.outvoted == ["map"] and stage.runs() and stage.view.phase == "in"
    stage.end_left = 0.04
    stage.step()
    assert stage.view.phase == "out"
    stage.step()
    stage.step()
    assert stage.run < 0 and stage.runs()


def test_switch_that_tag_and_map_deny_is_outvoted_and_the_cart_rolls_on(stage: Stage) -> None:
    rolling(stage, 1.0)
    assert stage.mission.leg is not None and stage.s is not None
    stage.sees_end_tag(stage.mission.leg.length - stage.s)
    stage.end_left = 0.4
    stage.step()
    assert stage.outvoted == ["switch"] and stage.runs() and stage.view.held == ""


def test_outvoted_switch_has_no_vote_on_the_way_back_either(stage: Stage) -> None:
    started(stage)
    while stage.mode is not Mode.DONE:
        stage.step()
    stage.sees_end_tag(-0.6)
    stage.end_switch = False
    stage.until("out", most=3)
    while stage.view.phase == "out" and stage.s is not None and stage.s > 1.0:
        stage.step()
    stage.end_early = True  # the loop asks anew on each way
    stage.step()
    assert stage.outvoted == ["switch", "switch"] and stage.view.held == ""
    stage.until("moving", most=60)


def test_three_witnesses_that_all_differ_halt_the_cart(stage: Stage) -> None:
    rolling(stage, 1.0)
    assert stage.mission.leg is not None and stage.s is not None
    stage.sees_end_tag(0.5 * (stage.mission.leg.length - stage.s))
    stage.end_left = 0.4
    stage.step()
    stage.step()
    assert stage.outvoted == ["nobody"] and stage.mode is Mode.READY


def wished(stage: Stage) -> list[tuple[str, str, str]]:
    return [(wish.kind, wish.row, wish.who) for wish in stage.view.wishes]


def test_pins_and_blocks_survive_a_killed_program_with_who_said_so(tmp_path: Path) -> None:
    config = machine_with(small_house(tmp_path, count=6), tmp_path / "ledger.sqlite")
    stage = Stage(config, Ledger(config.ledger.path))
    row = started(stage)
    others = [name for name in sorted(stage.view.rows) if name != row]
    stage.press(CommandName.PIN_ROW, text=others[-1])
    stage.press(CommandName.PIN_ROW, text=others[0])
    stage.press(CommandName.UNPIN_ROW, text=others[0])
    stage.press(CommandName.BLOCK_ROW, text=others[1])
    before = wished(stage)
    assert before == [("pin", others[-1], "ana"), ("block", others[1], "ana")]
    stage.kill(row)
    stage.press(CommandName.START)
    stage.step()
    assert wished(stage) == before
    plan = stage.mission.agenda.course.plan
    assert plan is not None
    assert {plan.problem.jobs[job].row for job in plan.problem.pins} == {others[-1]}
    assert stage.view.rows[others[1]] == "blocked"


def test_pin_given_before_the_restart_of_a_day_that_is_done_asks_for_nothing(stage: Stage) -> None:
    row = started(stage)
    stage.until("moving")
    stage.press(CommandName.PIN_ROW, text="row-003")
    stage.until("moving")
    again = stage.begin_row()
    stage.until("moving")
    stage.begin_row()
    stage.until("homing")
    stage.kill(again)
    stage.press(CommandName.START)
    stage.until("homing")
    assert stage.view.problem == "" and stage.rows.count(row) == 1


def test_ended_day_stays_ended_over_a_restart_and_a_start_goes_on_with_it(stage: Stage) -> None:
    row = started(stage)
    for _ in range(5):
        stage.step()
    stage.press(CommandName.END_DAY)
    stage.kill(row)
    stage.press(CommandName.START)
    stage.until("homing")
    assert ("end_day", "", "ana") in wished(stage)
    stage.press(CommandName.CONFIRM)
    stage.until("done")
    stage.press(CommandName.START)
    stage.until("moving")
    assert wished(stage) == []
    stage.kill(row)
    assert wished(stage) == [] and not stage.mission.ended


def test_new_day_knows_nothing_of_yesterdays_wishes(stage: Stage) -> None:
    started(stage)
    stage.press(CommandName.BLOCK_ROW, text="row-003")
    stage.press(CommandName.END_DAY)
    stage.until("homing")
    stage.press(CommandName.CONFIRM)
    stage.until("done")
    stage.clock.t += timedelta(days=1).total_seconds()
    stage.step()
    assert wished(stage) == []
    stage.kill("row-001")
    assert wished(stage) == []
