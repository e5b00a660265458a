"""At most once, plus outcome query: whatever cable, board and host suffer, no train fires twice and none is lost.

The real core, the real bridge and the real ledger run in virtual time while hypothesis breaks things. An
observer at the valves, whom neither side can fool, keeps count.
"""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from robot.ledger import NO_AIR, PulseState
from robot.types import PlannedPulse
from tests.firmware_bridge.chaos import CORE_CONFIG, TO_HOST, TO_MCU, TRAIN, Host, House, Opening

SETTLE_MS = 40_000
FINAL = {state.value for state in PulseState}
WAYS = st.sampled_from([TO_MCU, TO_HOST])
FAULTS = st.lists(st.sampled_from(["lose", "double", "late", "swap", "damage", ""]), min_size=1, max_size=12)
FLOWERS = st.integers(0, 15)
AHEAD = st.integers(20, 900)
SHOTS = st.lists(st.tuples(FLOWERS, AHEAD), min_size=1, max_size=4)


class Told(NamedTuple):
    """What the ledger says of one pulse."""

    outcome: str
    reason: str
    openings: int
    position_ticks: int | None


def told(path: Path) -> dict[int, Told]:
    """Read what became of every pulse, as the dashboard does."""
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT pulse_id, outcome, reason, openings, position_ticks FROM outcome")
        found = {row[0]: Told(*row[1:]) for row in rows}
    db.close()
    return found


def check_train(pulse: PlannedPulse, openings: list[Opening]) -> None:
    """One train at most: no opening too many, all in one life of the board, none later than a train lasts."""
    assert len(openings) <= pulse.train.count, f"pulse {pulse.pulse_id} fired twice: {openings}"
    if openings:
        lasted_us = openings[-1].at_us - openings[0].at_us
        assert len({opening.boot_id for opening in openings}) == 1, openings
        assert lasted_us <= TRAIN.period_us * (TRAIN.count - 1) + CORE_CONFIG.late_us, openings


class AtMostOnce(RuleBasedStateMachine):
    """Everything that can go wrong, in any order."""

    make_host: type[Host] = Host

    def __init__(self) -> None:
        super().__init__()
        # In memory where the machine has that: hundreds of ledgers live here for a moment each.
        memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
        self._folder = tempfile.TemporaryDirectory(prefix="bombus-", dir=memory)
        self.house = House(Path(self._folder.name))

    @initialize(
        seed=st.integers(0, 1 << 16),
        start_us=st.sampled_from([1_000_000, 2**31 - 2_000_000, 2**32 - 1_500_000]),
        ticks=st.sampled_from([0, 2**31 - 2000, -500]),
    )
    def switch_on(self, seed: int, start_us: int, ticks: int) -> None:
        """Begin near a wrap of the board's clock or of the encoder, or far from both."""
        self.house.host.ledger.close(0.0)
        Path(self.house.ledger_path).unlink()
        self.house = House(
            Path(self._folder.name), seed, now_us=start_us, ticks=ticks, make_host=self.make_host
        )
        self.house.run(400)

    @rule(flower=FLOWERS, ahead=AHEAD)
    def fire_at_once(self, flower: int, ahead: int) -> None:
        """Also while the link is down or the board disarmed."""
        self.house.host.fire(flower, ahead)
        self.house.run(20)

    @rule(shots=SHOTS, ms=st.integers(10, 300))
    def fire_when_armed(self, shots: list[tuple[int, int]], ms: int) -> None:
        self.house.wait_armed()
        for flower, ahead in shots:
            self.house.host.fire(flower, ahead)
        self.house.run(ms)

    @rule(shots=SHOTS, way=WAYS, faults=FAULTS)
    def fire_over_a_bad_cable(self, shots: list[tuple[int, int]], way: str, faults: list[str]) -> None:
        self.house.wait_armed()
        self.house.cable.faults[way].extend(faults)
        for flower, ahead in shots:
            self.house.host.fire(flower, ahead)
        self.house.run(60)

    @rule(ms=st.sampled_from([10, 60, 300]))
    def wait(self, ms: int) -> None:
        self.house.run(ms)

    @rule(way=WAYS, faults=FAULTS)
    def spoil_the_next_frames(self, way: str, faults: list[str]) -> None:
        self.house.cable.faults[way].extend(faults)
        self.house.run(30)

    @rule(shots=SHOTS, meanwhile=st.sampled_from(["reset", "pull", "crash"]))
    def fire_into_a_buffer_that_comes_out_in_the_next_session(
        self, shots: list[tuple[int, int]], meanwhile: str
    ) -> None:
        house, cable = self.house, self.house.cable
        house.wait_armed()
        cable.held = []
        for flower, ahead in shots:
            house.host.fire(flower, ahead + 1500)
        late, cable.held = cable.held, None
        if meanwhile == "reset":
            house.reset_mcu()
        elif meanwhile == "crash":
            house.crash_host()
        else:
            self.pull_the_cable_and_put_it_back(50)
        house.run(200)
        house.wait_armed()
        cable.held = late
        cable.let_go()
        house.run(100)

    @rule(index=st.integers(0, 1 << 20), times=st.integers(1, 3))
    def say_an_old_frame_again(self, index: int, times: int) -> None:
        for _ in range(times):
            self.house.say_again(index)
        self.house.run(10)

    @rule(ms=st.integers(0, 250))
    def reset_the_board(self, ms: int) -> None:
        self.house.reset_mcu()
        self.house.run(ms)

    @rule(ms=st.integers(0, 700))
    def crash_the_host(self, ms: int) -> None:
        self.house.crash_host()
        self.house.run(ms)

    @rule(flower=FLOWERS, ahead=AHEAD, die=st.sampled_from(["before it is sent", "once it is sent"]))
    def crash_while_firing(self, flower: int, ahead: int, die: str) -> None:
        self.house.host.fire(flower, ahead, die)
        self.house.crash_host()
        self.house.run(50)

    @rule(ms=st.integers(20, 1200))
    def pull_the_cable_and_put_it_back(self, ms: int) -> None:
        self.house.cable.pull()
        self.house.run(ms)
        self.house.cable.out = False
        self.house.run(20)

    @rule(ms=st.integers(20, 800))
    def stall_the_host(self, ms: int) -> None:
        self.house.host_stalls_ms = ms
        self.house.run(60)

    @rule(ms=st.integers(2, 600))
    def stall_the_board(self, ms: int) -> None:
        self.house.mcu_stalls_ms = ms
        self.house.run(60)

    @rule(ms=st.integers(1, 400))
    def press_the_button_and_release_it(self, ms: int) -> None:
        self.house.button = True
        self.house.run(ms)
        self.house.button = False
        self.house.run(20)

    @invariant()
    def no_train_fires_twice(self) -> None:
        assert set(self.house.openings) <= set(self.house.intended), "a valve opened that nobody asked for"
        for pulse_id, openings in self.house.openings.items():
            check_train(self.house.intended[pulse_id], openings)

    @invariant()
    def no_flower_is_shot_twice(self) -> None:
        """All of a run lies inside the flower's minimum interval."""
        shot = [self.house.intended[pulse_id].flower_ids[0] for pulse_id in self.house.openings]
        assert len(shot) == len(set(shot)), f"flowers shot: {sorted(shot)}"

    def teardown(self) -> None:
        try:
            self.house.heal()
            self._settle()
            self.no_train_fires_twice()
            self.no_flower_is_shot_twice()
            self.every_pulse_ends_as_the_valves_show()
        finally:
            self.house.host.ledger.close(0.0)
            self._folder.cleanup()

    def _settle(self) -> None:
        self.house.run(1500)
        for _ in range(SETTLE_MS // 100):
            if not self.house.host.pulses.outstanding:
                break
            self.house.run(100)
        self.house.run(1000)

    def every_pulse_ends_as_the_valves_show(self) -> None:
        ends = told(self.house.ledger_path)
        assert self.house.intended.keys() == ends.keys(), "a pulse was lost"
        for pulse_id, end in ends.items():
            openings = self.house.openings.get(pulse_id, [])
            where = f"pulse {pulse_id}: {end}, the valve: {openings}"
            assert end.outcome in FINAL, where
            if end.outcome == PulseState.MAYBE_FIRED:
                assert self.house.resets or self.house.crashes, where
                continue
            assert end.openings == len(openings), where
            assert end.outcome != PulseState.DONE or len(openings) == TRAIN.count, where
            assert (end.outcome in NO_AIR) == (not openings), where
            if openings:
                assert end.position_ticks == openings[0].ticks, where


class RecklessHost(Host):
    """Believes that what got no answer was not fired."""

    def may_fire(self, flower: int) -> bool:
        return True


class Reckless(AtMostOnce):
    make_host = RecklessHost


QUICK = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
DEEP = settings(QUICK, max_examples=1000, stateful_step_count=50)


def test_no_train_fires_twice_and_every_pulse_is_accounted_for() -> None:
    run_state_machine_as_test(AtMostOnce, settings=QUICK)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_train_fires_twice_in_long_and_many_troubles() -> None:
    run_state_machine_as_test(AtMostOnce, settings=DEEP)


def test_a_host_that_forgets_what_it_may_have_fired_is_caught() -> None:
    """The test of the test: without the rules of repetition a flower is soon shot twice."""
    hunt = settings(QUICK, max_examples=300, phases=[Phase.generate], database=None)
    with pytest.raises(AssertionError, match="flowers shot"):
        run_state_machine_as_test(Reckless, settings=hunt)
