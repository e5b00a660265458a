"""The record of pulses by itself: which slot is found, which is given away, and what becomes of a queue."""

from typing import Any

import pytest

POOL, NONE = 640, 0xFFFF
FREE, QUEUED, RUNNING, UNACKED, KEPT = range(5)


@pytest.fixture
def pulses(parts: Any) -> Any:
    """A pool in which every slot holds an unacknowledged record; the id is the slot's number plus 1000."""
    made = parts.new("bb_pulses")
    parts.lib.bb_pulses_init(made)
    for index in range(POOL):
        made.slots[index].state, made.slots[index].id = UNACKED, 1000 + index
    made.unacked = POOL
    return made


@pytest.mark.parametrize("cursor", [0, 1, 300, POOL - 1])
@pytest.mark.parametrize("only", [0, 299, 300, POOL - 1])
@pytest.mark.parametrize("state", [FREE, KEPT])
def test_the_only_slot_to_give_away_is_found_wherever_the_search_begins(
    parts: Any, pulses: Any, cursor: int, only: int, state: int
) -> None:
    pulses.cursor, pulses.slots[only].state = cursor, state
    assert parts.lib.bb_pulses_allocate(pulses) == only
    assert pulses.cursor == (only + 1) % POOL


@pytest.mark.parametrize("state", [QUEUED, RUNNING, UNACKED])
def test_slot_in_use_is_never_given_away_and_the_search_ends_where_it_began(
    parts: Any, pulses: Any, state: int
) -> None:
    pulses.cursor, pulses.slots[7].state = 9, state
    assert parts.lib.bb_pulses_allocate(pulses) == NONE
    assert pulses.cursor == 9


@pytest.mark.parametrize("index", [0, 1, POOL - 1])
def test_record_is_found_by_its_id_unless_its_slot_is_free(parts: Any, pulses: Any, index: int) -> None:
    assert parts.lib.bb_pulses_find(pulses, 1000 + index) == index
    pulses.slots[index].state = FREE
    assert parts.lib.bb_pulses_find(pulses, 1000 + index) == NONE
    assert parts.lib.bb_pulses_find(pulses, 999) == NONE


def test_only_an_unacknowledged_record_can_be_acknowledged_and_only_once(parts: Any, pulses: Any) -> None:
    for index, state in enumerate((FREE, QUEUED, RUNNING, KEPT)):
        pulses.slots[index].state = state
        parts.lib.bb_pulses_acknowledge(pulses, 1000 + index)
        assert (pulses.slots[index].state, pulses.unacked) == (state, POOL)
    for _ in range(2):
        parts.lib.bb_pulses_acknowledge(pulses, 1000 + POOL - 1)
        assert (pulses.slots[POOL - 1].state, pulses.unacked) == (KEPT, POOL - 1)


def waiting(pulses: Any, nozzle: int) -> list[int]:
    found, at = [], pulses.lanes[nozzle].first
    while at != NONE:
        found.append(at)
        at = pulses.slots[at].next
    return found


def test_queue_keeps_the_order_of_arrival_whichever_leaves(parts: Any, pulses: Any) -> None:
    for index in (5, 3, 8, 1):
        pulses.slots[index].nozzle = 63
        parts.lib.bb_pulses_enqueue(pulses, index)
    assert waiting(pulses, 63) == [5, 3, 8, 1]
    parts.lib.bb_pulses_start(pulses, 8)
    assert (waiting(pulses, 63), pulses.lanes[63].running) == ([5, 3, 1], 8)
    parts.lib.bb_pulses_finish(pulses, 3, 5, 9)
    assert (waiting(pulses, 63), pulses.lanes[63].running) == ([5, 1], 8)
    assert (pulses.slots[3].outcome, pulses.slots[3].cause, pulses.slots[3].state) == (5, 9, UNACKED)
    parts.lib.bb_pulses_finish(pulses, 8, 3, 0)
    assert (waiting(pulses, 63), pulses.lanes[63].running) == ([5, 1], NONE)
    parts.lib.bb_pulses_finish(pulses, 5, 5, 9)
    assert waiting(pulses, 63) == [1]
    assert (pulses.lanes[63].held, pulses.queued, pulses.unacked) == (1, 1, POOL + 3)
    assert (pulses.slots[1].state, pulses.slots[1].outcome) == (QUEUED, 1)


def test_empty_record_has_no_queue_on_any_nozzle(parts: Any, pulses: Any) -> None:
    lanes = [(pulses.lanes[n].first, pulses.lanes[n].running, pulses.lanes[n].held) for n in range(64)]
    assert lanes == [(NONE, NONE, 0)] * 64
