from robot.config import DEMO_MACHINE, load_config
from robot.dose import Treatment, Treatments
from robot.reasons import TREATED, ReasonBook
from robot.types import FlowerKey, FlowerRefusal, Place, Reason
from vision.types import Pose

CONFIG = load_config(DEMO_MACHINE)
BANKS = CONFIG.banks
PASSED_BY_M = CONFIG.machine.behind(CONFIG.drive.max_speed)
KEY: FlowerKey = ("left", 1)
PLACE: Place = (1.0, 1.6, 0.43)
PLACES = {KEY: PLACE}


def refusal(reason: Reason) -> list[FlowerRefusal]:
    return [FlowerRefusal("left", 1, reason)]


def at(s: float) -> Pose:
    return Pose(0.0, s, 0.15, 0.0)


def test_reason_is_told_once_and_again_when_it_changes() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    told = [
        [r.reason for r in book.refuse(refusal(reason), PLACES)]
        for reason in (Reason.UNSURE, Reason.UNSURE, Reason.BUD_IN_JET, Reason.BUD_IN_JET)
    ]
    assert told == [[Reason.UNSURE], [], [Reason.BUD_IN_JET], []]


def test_too_late_does_not_hide_the_reason_given_in_time() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    book.refuse(refusal(Reason.BUD_IN_JET), PLACES)
    assert book.refuse(refusal(Reason.PASSED), PLACES) == []
    assert book.reason_of(KEY) is Reason.BUD_IN_JET


def test_last_word_comes_once_when_the_nozzles_have_passed() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    book.refuse(refusal(Reason.BUD_IN_JET), PLACES)
    assert book.passed(at(1.05), 1, Treatments()) == ([], [])
    refusals, finals = book.passed(at(1.12), 1, Treatments())
    assert refusals == [FlowerRefusal("left", 1, Reason.BUD_IN_JET, final=True)]
    assert [(f.place, f.reason) for f in finals] == [(PLACE, Reason.BUD_IN_JET)]
    assert book.passed(at(1.2), 1, Treatments()) == ([], [])
    assert book.final == {Reason.BUD_IN_JET: 1}


def test_treated_flower_ends_as_treated() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    book.shot("left", [1], [PLACE])
    refusals, finals = book.passed(at(1.12), 1, Treatments([Treatment("left", PLACE, 0.0, 1, KEY)]))
    assert refusals == [] and [f.reason for f in finals] == [TREATED]
    assert book.treated == 1


def test_flower_whose_pulse_came_to_nothing_ends_as_passed() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    book.shot("left", [1], [PLACE])
    refusals, _ = book.passed(at(1.12), 1, Treatments())
    assert [r.reason for r in refusals] == [Reason.PASSED]


def test_backward_travel_passes_flowers_on_the_other_side() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    book.refuse(refusal(Reason.BUD_IN_JET), PLACES)
    assert book.passed(at(1.12), -1, Treatments()) == ([], [])
    assert len(book.passed(at(0.88), -1, Treatments())[0]) == 1


def test_ready_flowers_are_counted_once_whatever_becomes_of_them() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    book.refuse(refusal(Reason.NOT_READY), PLACES)
    assert book.ready_seen == 0
    book.refuse(refusal(Reason.NOZZLE_BUSY), PLACES)
    book.shot("left", [1], [PLACE])
    assert book.ready_seen == 1


def test_flower_merged_into_another_is_watched_under_the_kept_name() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    book.refuse(refusal(Reason.BUD_IN_JET), PLACES)
    book.merge(KEY, ("left", 7))
    book.merge(("left", 99), ("left", 98))
    assert book.reason_of(KEY) is None
    assert book.reason_of(("left", 7)) is Reason.BUD_IN_JET


def test_new_row_forgets_what_was_watched() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    book.refuse(refusal(Reason.BUD_IN_JET), PLACES)
    book.clear()
    assert book.passed(at(9.0), 1, Treatments()) == ([], [])


def unsure(book: ReasonBook, s: float, direction: int, treatments: Treatments | None = None) -> list[str]:
    """Consider the flower as unsure, pass it, and return the last words."""
    book.refuse(refusal(Reason.UNSURE), PLACES)
    return [final.reason for final in book.passed(at(s), direction, treatments or Treatments())[1]]


def test_flower_passed_uncertain_is_marked_and_treated_on_the_way_back() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    assert unsure(book, 1.12, 1) == [Reason.LOOK_AGAIN]
    assert book.reason_of(KEY) is Reason.LOOK_AGAIN
    book.shot("left", [1], [PLACE])
    _, finals = book.passed(at(0.88), -1, Treatments([Treatment("left", PLACE, 0.0, 1, KEY)]))
    assert [final.reason for final in finals] == [TREATED]
    assert (book.treated, book.final, book.ready_seen) == (1, {}, 1)
    assert book.reason_of(KEY) is None


def test_flower_that_stays_uncertain_ends_with_its_own_reason_and_counts_once() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    assert unsure(book, 1.12, 1) == [Reason.LOOK_AGAIN]
    assert unsure(book, 0.88, -1) == [Reason.UNSURE]
    assert unsure(book, 1.12, 1) == []
    assert book.final == {Reason.UNSURE: 1}


def test_treated_flower_that_is_passed_again_counts_once() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    treated = Treatments([Treatment("left", PLACE, 0.0, 1, KEY)])
    book.shot("left", [1], [PLACE])
    assert len(book.passed(at(1.12), 1, treated)[1]) == 1
    book.refuse(refusal(Reason.TREATED_RECENTLY), PLACES)
    assert book.passed(at(0.88), -1, treated) == ([], [])
    assert (book.treated, book.ready_seen) == (1, 1)


def test_last_words_of_merged_flowers_count_once() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    places = {("left", 1): PLACE, ("left", 2): PLACE}
    both = [FlowerRefusal("left", number, Reason.NOT_READY) for number in (1, 2)]
    book.refuse(both, places)  # type: ignore[arg-type]
    book.passed(at(1.12), 1, Treatments())
    assert book.final == {Reason.NOT_READY: 2}
    book.merge(("left", 2), ("left", 1))
    assert book.final == {Reason.NOT_READY: 1}


def test_new_row_begins_with_no_last_words() -> None:
    book = ReasonBook(BANKS, PASSED_BY_M)
    unsure(book, 1.12, 1)
    book.clear()
    assert book.reason_of(KEY) is None
    assert book.final == {Reason.LOOK_AGAIN: 1}
