"""The valve test against the real C core: what its pins do, what the ledger says, and that nothing stays armed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from robot.types import Command, CommandName, Mode
from robot.valve_state import ValveTested
from sim.lockstep import LockstepRow, machine_for
from sim.scenario import load_scenario
from sim.troubles import SimLedger

NOZZLE = 35
TEST_S = 2.5
DEAD_MAN_US = 255_000


@dataclass
class Bench:
    """A simulated robot that stands, with somebody who presses buttons and somebody who watches the pins."""

    row: LockstepRow
    commands: list[Command] = field(default_factory=list)
    edges: list[tuple[int, bool, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.row.rig.witness = lambda nozzle, is_open, at_us: self.edges.append((nozzle, is_open, at_us))

    def take(self) -> list[Command]:
        commands, self.commands = self.commands, []
        return commands

    def press(self, name: CommandName, value: float | None = None, text: str = "") -> None:
        self.commands.append(Command(name, value, text, "Tim"))

    def test_valve(self) -> None:
        self.press(CommandName.TEST_VALVE, NOZZLE, "right")

    def steps(self, seconds: float) -> None:
        until = self.row.clock.now() + seconds
        while self.row.clock.now() < until:
            self.row.step()

    @property
    def armed(self) -> bool:
        """What the board itself reports."""
        return self.row.loop.cart.armed

    @property
    def last(self) -> ValveTested:
        view = self.row.watcher.view
        assert view is not None and view.valve_test is not None and view.valve_test.last is not None
        return view.valve_test.last

    def lines(self) -> list[tuple[object, ...]]:
        return self.row.ledger._query("SELECT nozzle, outcome, reason, openings FROM valve_test")


@pytest.fixture
def start_kpa() -> float:
    """The pressure in the tank."""
    return 600.0


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_kpa: float) -> Iterator[Bench]:
    scenario = load_scenario("row", length_m=2.0)
    air = scenario.air.model_copy(update={"start_kpa": start_kpa})
    scenario = scenario.model_copy(update={"air": air})
    config = machine_for(scenario, None, tmp_path / "ledger.sqlite")
    row = LockstepRow(scenario, 1, config, "truth", SimLedger(config.ledger.path))
    bench = Bench(row)
    monkeypatch.setattr(row.watcher, "take", bench.take)
    bench.steps(1.0)
    assert row.loop.mode is Mode.READY
    yield bench
    row.close()


def test_one_nozzle_opens_as_often_and_as_long_as_the_dose_and_the_board_is_disarmed(bench: Bench) -> None:
    bench.test_valve()
    bench.steps(TEST_S)
    dose = bench.row.config.dose.train()
    assert [(nozzle, is_open) for nozzle, is_open, _ in bench.edges] == [(NOZZLE, True), (NOZZLE, False)] * 3
    times = [at for _, _, at in bench.edges]
    for opened, closed in zip(times[::2], times[1::2], strict=True):
        assert closed - opened == pytest.approx(dose.on_us, abs=2000)
    assert not bench.armed and bench.row.rig.core.motor_velocity_mm_s == 0
    last = bench.last
    assert (last.state, last.openings, last.text) == ("done", 3, "")
    assert last.open_ms == pytest.approx(3 * dose.on_us / 1000, abs=4)
    before, lowest = last.pressure_before_kpa, last.pressure_lowest_kpa
    assert before is not None and lowest is not None and lowest < before
    assert bench.lines() == [(NOZZLE, "done", "", 3)]


def test_a_row_is_worked_afterwards_as_if_nothing_had_been(bench: Bench) -> None:
    bench.test_valve()
    bench.steps(TEST_S)
    bench.press(CommandName.START)
    bench.steps(10.0)
    view = bench.row.watcher.view
    assert view is not None and view.mode is Mode.RUNNING and view.pulses_sent > 0
    assert bench.row.ledger._query("SELECT min(pulse_id) FROM intent") == [(2,)]
    assert bench.row.ledger._query("SELECT count(*) FROM valve_test") == [(1,)]


@pytest.mark.parametrize("after_s", [0.02, 0.06, 0.28, 0.31, 0.35])
def test_stop_closes_the_valve_at_once_and_leaves_nothing_armed(bench: Bench, after_s: float) -> None:
    bench.test_valve()
    bench.steps(after_s)
    bench.press(CommandName.STOP)
    bench.steps(0.02)
    stopped_us = bench.row.rig.now_us
    assert bench.row.rig.core.valves == 0
    bench.steps(TEST_S)
    assert [at for _, is_open, at in bench.edges if is_open and at > stopped_us] == []
    assert bool(bench.edges) is (after_s > 0.25)
    assert bench.row.loop.mode is Mode.STOPPED and not bench.armed
    assert bench.last.reason == "not_released"


@pytest.mark.parametrize("after_s", [0.03, 0.15, 0.3])
def test_a_program_that_dies_in_the_middle_leaves_nothing_open_nor_armed(
    bench: Bench, after_s: float
) -> None:
    bench.test_valve()
    bench.steps(after_s)
    row = bench.row
    row.troubles.daemon_dead = row.clock.now() + 1.0
    died_us = row.rig.now_us
    bench.steps(0.9)
    assert row.rig.core.valves == 0
    opened = sum(is_open for _, is_open, _ in bench.edges)
    assert all(at - died_us < DEAD_MAN_US for _, _, at in bench.edges)
    bench.steps(2.0)
    assert sum(is_open for _, is_open, _ in bench.edges) == opened
    assert row.loop.mode is Mode.READY and not bench.armed
    [(_, outcome, _, openings)] = bench.lines()
    assert openings == opened and outcome == ("done" if opened else "not_fired")


@pytest.mark.parametrize("start_kpa", [100.0])
def test_low_air_is_refused_before_anything_is_armed(bench: Bench) -> None:
    bench.test_valve()
    bench.steps(TEST_S)
    assert (bench.last.state, bench.last.reason) == ("refused", "low_pressure")
    assert bench.edges == [] and bench.lines() == []
