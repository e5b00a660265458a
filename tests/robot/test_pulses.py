import pytest

from firmware_bridge.enums import Result, word
from robot.ledger import PulseState, Settled, TreatedPlace
from robot.pulses import OVERDUE_S, PulseBook, reason_named
from robot.shots import Job
from robot.types import FlowerKey, PlannedPulse, Reason, Train

PLACE = (1.0, 1.6, 0.43)
FLOWER: FlowerKey = ("left", 4)


def pulse(pulse_id: int) -> PlannedPulse:
    return PlannedPulse(pulse_id, "left", 3, 20_000, 1, Train(15_000, 41_667, 3), PLACE, (4,), (PLACE,))


def sent(*ids: int, now: float = 10.0) -> PulseBook:
    book = PulseBook()
    book.sending([pulse(i) for i in ids], [Job(i, 3, 0.99, 1.01) for i in ids], now)
    return book


def test_flower_counts_as_treated_as_soon_as_its_pulse_is_sent() -> None:
    book = sent(1)
    assert book.state_of(FLOWER) == "planned"
    assert len(book.jobs) == 1
    assert (book.sent, book.next_id) == (1, 2)


def test_measured_outcome_ends_the_job_and_counts_the_air() -> None:
    book = sent(1)
    outcome = Settled(1, PulseState.DONE, "", 3)
    assert book.settle([outcome]) == [outcome]
    assert book.jobs == []
    assert book.state_of(FLOWER) == "treated"
    assert book.counts == {PulseState.DONE: 1}
    assert book.open_s == pytest.approx(0.045)


@pytest.mark.parametrize("state", [PulseState.REFUSED, PulseState.NOT_FIRED])
def test_flower_that_got_no_air_may_be_tried_again(state: PulseState) -> None:
    book = sent(1)
    book.settle([Settled(1, state, "queue_full")])
    assert book.state_of(FLOWER) is None
    assert book.held == {}


@pytest.mark.parametrize("state", [PulseState.MAYBE_FIRED, PulseState.CUT_SHORT])
def test_flower_that_may_have_got_air_is_not_tried_again(state: PulseState) -> None:
    book = sent(1)
    book.settle([Settled(1, state)])
    assert book.state_of(FLOWER) == "treated"


def test_third_refusal_holds_the_flower_with_the_controllers_reason() -> None:
    book = sent(1, 2, 3)
    book.settle([Settled(i, PulseState.REFUSED, "low_pressure") for i in (1, 2, 3)])
    assert book.held == {FLOWER: Reason.LOW_PRESSURE}


def test_lost_controller_leaves_every_pulse_as_maybe_fired() -> None:
    book = sent(1, 2)
    assert [(o.pulse_id, o.state) for o in book.lost("restarted")] == [
        (1, PulseState.MAYBE_FIRED),
        (2, PulseState.MAYBE_FIRED),
    ]
    assert book.outstanding == []


def test_pulse_nobody_answers_is_given_up_as_maybe_fired() -> None:
    book = sent(1)
    assert book.overdue(10.0 + OVERDUE_S) == []
    assert [o.state for o in book.overdue(10.1 + OVERDUE_S)] == [PulseState.MAYBE_FIRED]
    assert len(book.unanswered_times) == 1


def test_outcome_of_a_pulse_never_sent_is_dropped() -> None:
    assert sent(1).settle([Settled(9, PulseState.DONE)]) == []


def test_late_outcome_of_an_earlier_pulse_is_passed_on_to_the_ledger() -> None:
    book = PulseBook()
    book.skip_ids_to(50)
    assert len(book.settle([Settled(44, PulseState.NOT_FIRED)])) == 1
    assert book.next_id == 51


def test_place_that_did_not_fire_after_all_is_free_again() -> None:
    book = PulseBook()
    book.skip_ids_to(50)
    book.begin_row([TreatedPlace("left", PLACE, 44, 60.0)], 10.0)
    book.settle([Settled(44, PulseState.NOT_FIRED)])
    assert len(book.treatments) == 0


def test_treatments_of_earlier_runs_lie_before_now() -> None:
    book = PulseBook()
    book.begin_row([TreatedPlace("left", PLACE, 44, 3600.0)], 10.0)
    [found] = book.treatments.near("left", PLACE, 0.01)
    assert found.t == 10.0 - 3600.0 and found.flower is None


def test_merged_flower_keeps_treatments_attempts_and_hold() -> None:
    book = sent(1, 2, 3, 4)
    book.settle([Settled(i, PulseState.REFUSED, "estop") for i in (1, 2, 3)])
    book.merge(FLOWER, ("left", 9))
    assert book.held == {("left", 9): Reason.ESTOP}
    assert book.state_of(("left", 9)) == "planned"
    assert book.state_of(FLOWER) is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [("late", Reason.LATE), ("deadman", Reason.LINK_DOWN), ("expired", Reason.LATE), ("?", Reason.NO_ANSWER)],
)
def test_controllers_words_become_reasons(said: str, reason: Reason) -> None:
    assert reason_named(said) is reason


ENDS_NO_PULSE = {
    *(Result.OK, Result.DUP, Result.ARMED, Result.STILL_PRESSED, Result.STILL_OPEN),
    *(Result.PROTOCOL_MISMATCH, Result.BAD_CONFIG),
}
"""Answers to other requests, and what keeps a board from arming: not_armed is what a pulse hears then."""


@pytest.mark.parametrize("result", sorted(set(Result) - ENDS_NO_PULSE))
def test_every_word_that_ends_a_pulse_has_a_reason_for_people(result: Result) -> None:
    assert reason_named(word(Result, result)) is not Reason.NO_ANSWER
