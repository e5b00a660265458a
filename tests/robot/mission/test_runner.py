"""The mission's table: every phase with every event, and what may never happen."""

from itertools import product

from robot.mission.runner import IN_ROW, ROLLING, TABLE, Event, Phase, update

EVERYTHING = list(product(Phase, [None, *Event]))


def test_every_phase_answers_every_event_with_a_phase() -> None:
    for phase, event in EVERYTHING:
        after = update(phase, event)
        assert after in Phase
        assert after is (phase if event is None else TABLE.get((phase, event), phase))


def test_row_is_entered_only_from_its_entrance_once_that_was_checked() -> None:
    for phase, event in EVERYTHING:
        if phase not in IN_ROW and update(phase, event) in IN_ROW:
            assert (phase, event) == (Phase.MOVING, Event.ARRIVED)


def test_row_is_left_only_where_the_cart_can_leave_it_or_is_lost() -> None:
    for phase, event in EVERYTHING:
        if phase in IN_ROW and update(phase, event) not in IN_ROW:
            assert event in {Event.ROW_LEFT, Event.LOST}


def test_closed_window_begins_no_row_and_halts_the_one_being_worked() -> None:
    assert update(Phase.MOVING, Event.CLOSED) is Phase.WAITING
    assert update(Phase.IN, Event.CLOSED) not in ROLLING
    assert update(Phase.RESTING, Event.OPENED) is Phase.IN


def test_whatever_must_end_a_visit_leads_out_of_the_row() -> None:
    for phase, event in product((Phase.IN, Phase.RESTING), (Event.BLOCKED, Event.OVER, Event.END)):
        assert update(phase, event) is Phase.OUT


def test_lost_place_always_leads_back_to_the_rows_entrance() -> None:
    assert {update(phase, Event.LOST) for phase in IN_ROW} == {Phase.MOVING}


def test_day_that_is_off_or_done_begins_only_with_a_persons_start() -> None:
    for phase, event in product((Phase.OFF, Phase.DONE), [None, *Event]):
        after = update(phase, event)
        if after not in {Phase.OFF, Phase.DONE}:
            assert event is Event.START


def test_every_phase_can_be_reached_and_left() -> None:
    reached = {Phase.OFF}
    for _ in Phase:
        reached |= {update(phase, event) for phase in reached for event in Event}
    assert reached == set(Phase)
    assert all(any(update(phase, event) is not phase for event in Event) for phase in Phase)
