from robot.ledger import WishLine
from robot.mission.wishes import day_ended, in_force, rows_to


def said(*words: str) -> list[WishLine]:
    """Return wishes, each written as `kind row`."""
    pairs = [word.partition(" ") for word in words]
    return [WishLine(kind, row, "ana", float(number)) for number, (kind, _, row) in enumerate(pairs)]


def test_last_word_on_each_row_holds() -> None:
    wishes = said("pin a", "pin b", "unpin a", "block c", "pin b", "block b")
    assert [(wish.kind, wish.row, wish.wall) for wish in in_force(wishes)] == [
        ("block", "c", 3.0),
        ("block", "b", 5.0),
    ]
    assert rows_to("block", wishes) == {"b", "c"}
    assert rows_to("pin", wishes) == set()


def test_day_stays_ended_until_somebody_goes_on_with_it() -> None:
    assert not day_ended([])
    assert day_ended(said("pin a", "end_day"))
    assert not day_ended(said("end_day", "go_on"))
    assert day_ended(said("end_day", "go_on", "end_day"))
