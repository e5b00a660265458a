"""The strip of the row counts each flower once, by the newest word on it."""

from robot.strip import STRIP_BINS, Strip


def test_a_flower_missed_on_the_way_in_and_treated_on_the_way_back_is_treated() -> None:
    strip = Strip()
    strip.begin("12", 160.0)
    strip.mark(("left", 5), 80.0, "missed")
    strip.mark(("left", 5), 80.2, "missed")
    assert sum(strip.state().missed["left"]) == 1
    strip.mark(("left", 5), 80.2, "treated")
    told = strip.state()
    assert sum(told.missed["left"]) == 0
    assert told.treated["left"][STRIP_BINS // 2] == 1


def test_flowers_of_both_sides_with_one_number_are_two() -> None:
    strip = Strip()
    strip.begin("12", 10.0)
    strip.mark(("left", 1), 2.0, "missed")
    strip.mark(("right", 1), 2.0, "treated")
    assert (sum(strip.state().missed["left"]), sum(strip.state().treated["right"])) == (1, 1)


def test_what_lies_outside_the_row_is_counted_at_its_ends_and_the_rest_not_at_all() -> None:
    strip = Strip()
    strip.begin("12", 10.0)
    strip.mark(("left", 1), -3.0, "missed")
    strip.mark(("left", 2), 30.0, "missed")
    strip.mark(("left", 3), 5.0, "not_ready")
    assert (strip.state().missed["left"][0], strip.state().missed["left"][-1]) == (1, 1)
    assert sum(strip.state().missed["left"]) == 2
