"""One valve by itself: what it refuses, when it closes whatever its memory says, and how its heat drains."""

from typing import Any

import pytest

from tests.firmware.parts import compiled

CAP_US = 50_000


def test_structs_read_from_the_headers_are_as_large_as_the_compiled_ones(parts: Any) -> None:
    assert parts.ffi.sizeof("bb_virtual") == compiled().ffi.sizeof("bb_virtual")


@pytest.mark.parametrize(
    ("state", "on_us"),
    [({"open": True}, 1_000), ({"resting": True}, 1_000), ({}, 0), ({}, CAP_US + 1), ({}, 0xFFFF_FFFF)],
)
def test_opening_that_may_not_be_is_refused_and_changes_nothing(
    parts: Any, state: dict[str, bool], on_us: int
) -> None:
    valve = parts.new("bb_valve", opened_us=7, on_us=9, **state)
    assert not parts.lib.bb_valve_open(valve, parts.config(), 50, on_us)
    assert (valve.open, valve.opened_us, valve.on_us) == (state.get("open", False), 7, 9)


@pytest.mark.parametrize("on_us", [1, CAP_US])
def test_shortest_and_longest_opening_are_taken_and_last_as_asked(parts: Any, on_us: int) -> None:
    valve, config = parts.new("bb_valve"), parts.config()
    assert parts.lib.bb_valve_open(valve, config, 100, on_us)
    parts.lib.bb_valve_step(valve, config, 100 + on_us - 1)
    assert valve.open
    parts.lib.bb_valve_step(valve, config, 100 + on_us)
    assert (valve.open, valve.resting, valve.closed_us) == (False, True, 100 + on_us)


def test_cap_closes_although_the_length_in_memory_is_spoiled(parts: Any) -> None:
    valve, config = parts.new("bb_valve", open=True, opened_us=100, on_us=0xFFFF_FFFF), parts.config()
    parts.lib.bb_valve_step(valve, config, 100 + CAP_US - 1)
    assert valve.open
    parts.lib.bb_valve_step(valve, config, 100 + CAP_US)
    assert not valve.open


def test_closing_a_closed_valve_neither_rests_it_nor_moves_its_end(parts: Any) -> None:
    valve = parts.new("bb_valve", closed_us=7)
    parts.lib.bb_valve_close(valve, 100)
    assert (valve.closed_us, valve.resting, valve.open) == (7, False, False)


def test_rest_lasts_exactly_the_minimum_gap(parts: Any) -> None:
    valve, config = parts.new("bb_valve", resting=True, closed_us=100), parts.config()
    parts.lib.bb_valve_step(valve, config, 100 + 4_999)
    assert valve.resting
    parts.lib.bb_valve_step(valve, config, 100 + 5_000)
    assert not valve.resting


@pytest.mark.parametrize("step_us", [250, 999, 1_000, 1_001, 7_777, 500_000])
def test_heat_drains_at_its_share_whatever_the_steps(parts: Any, step_us: int) -> None:
    valve, config = parts.new("bb_valve", heat_us=900_000), parts.config()
    for now_us in range(step_us, 2_000_000 + 1, step_us):
        parts.lib.bb_valve_step(valve, config, now_us)
        assert valve.heat_us == 900_000 - now_us // 1_000 * 400


@pytest.mark.parametrize(
    ("heat_us", "after_us", "left_us"), [(400, 1_000, 0), (400, 2_000, 0), (401, 1_000, 1), (0, 9_000, 0)]
)
def test_heat_never_falls_below_zero(parts: Any, heat_us: int, after_us: int, left_us: int) -> None:
    valve = parts.new("bb_valve", heat_us=heat_us)
    parts.lib.bb_valve_step(valve, parts.config(), after_us)
    assert valve.heat_us == left_us


@pytest.mark.parametrize(
    ("heat_us", "on_us", "taken"),
    [(0, 100_000, True), (0, 100_001, False), (100_000, 0, True), (100_000, 1, False), (100_001, 0, False)],
)
def test_budget_is_promised_to_its_end_and_never_beyond(
    parts: Any, heat_us: int, on_us: int, taken: bool
) -> None:
    valve = parts.new("bb_valve", heat_us=heat_us)
    assert parts.lib.bb_valve_reserve(valve, parts.config(duty_budget_us=100_000), on_us) is taken
    assert valve.heat_us == heat_us + (on_us if taken else 0)


@pytest.mark.parametrize(("given_us", "left_us"), [(0, 100), (40, 60), (100, 0), (101, 0), (0xFFFF_FFFF, 0)])
def test_refund_gives_back_no_more_than_was_promised(parts: Any, given_us: int, left_us: int) -> None:
    valve = parts.new("bb_valve", heat_us=100)
    parts.lib.bb_valve_refund(valve, given_us)
    assert valve.heat_us == left_us


def test_valve_that_a_fault_in_memory_opens_is_closed_by_the_next_step(parts: Any, board: Any) -> None:
    parts.memory(board.core).valves[9].open = True
    board.run(1)
    assert board.edges == []
    assert board.core.valves == 0
    assert not parts.memory(board.core).valves[9].open
    assert board.telemetry.openings == 0
