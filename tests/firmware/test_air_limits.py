"""The air supply's limits met exactly: the last reading that is believed, the first fall that is a leak."""

from typing import Any

import pytest

SETTLE_US = 200_000
LONGEST_LOOK_US = 100_000
WINDOW_US = 3_000_000


class Air:
    """The part with a clock: looks at a reading, every valve closed unless told otherwise."""

    def __init__(self, parts: Any, **changes: int) -> None:
        self.lib, self.config = parts.lib, parts.config(**changes)
        self.state = parts.new("bb_air")
        self.lib.bb_air_init(self.state)
        self.now_us = 0

    def look(self, kpa: int, after_us: int = 1_000, closed: bool = True, age_us: int = 0) -> None:
        self.now_us += after_us
        self.lib.bb_air_step(self.state, self.config, kpa, age_us, closed, self.now_us & 0xFFFF_FFFF)

    def settle(self, kpa: int = 600) -> None:
        """Look until the search for a leak has just begun."""
        self.look(kpa)
        for _ in range(SETTLE_US // LONGEST_LOOK_US):
            self.look(kpa, LONGEST_LOOK_US)


@pytest.fixture
def air(parts: Any) -> Air:
    return Air(parts)


def test_nothing_is_believed_before_the_first_reading(air: Air) -> None:
    assert (air.state.ok, air.state.implausible, air.state.leaking) == (False, True, False)


@pytest.mark.parametrize(
    ("kpa", "age_us", "ok", "implausible"),
    [
        (149, 0, False, False),
        (150, 0, True, False),
        (1_000, 0, True, False),
        (1_001, 0, False, True),
        (400, 200_000, True, False),
        (400, 200_001, False, True),
    ],
)
def test_reading_is_believed_up_to_its_limits(
    air: Air, kpa: int, age_us: int, ok: bool, implausible: bool
) -> None:
    air.look(kpa, age_us=age_us)
    assert (air.state.ok, air.state.implausible) == (ok, implausible)


@pytest.mark.parametrize("limit", [1, 3])
def test_sensor_is_stuck_with_the_very_opening_that_reaches_the_limit(parts: Any, limit: int) -> None:
    air = Air(parts, stuck_openings=limit)
    air.look(400)
    for opened in range(1, limit + 2):
        air.lib.bb_air_opened(air.state)
        air.look(400)
        assert air.state.ok is (opened < limit)
    air.look(401)
    assert air.state.ok
    air.look(401)
    assert (air.state.ok, air.state.steady_openings) == (True, 0)


def test_search_for_a_stuck_sensor_can_be_turned_off(parts: Any) -> None:
    air = Air(parts, stuck_openings=0)
    air.look(400)
    for _ in range(100):
        air.lib.bb_air_opened(air.state)
    air.look(400)
    assert air.state.ok


def test_count_of_openings_stays_at_its_top(air: Air) -> None:
    air.state.steady_openings = 0xFFFF_FFFE
    air.lib.bb_air_opened(air.state)
    assert air.state.steady_openings == 0xFFFF_FFFF
    air.lib.bb_air_opened(air.state)
    assert air.state.steady_openings == 0xFFFF_FFFF


def test_search_begins_when_the_line_has_settled_and_not_a_microsecond_before(air: Air) -> None:
    air.look(600)
    air.look(600, SETTLE_US - 1)
    assert not air.state.settled
    air.look(600, 1)
    assert air.state.settled


def test_line_settles_anew_after_each_opening(air: Air) -> None:
    air.settle()
    assert air.state.settled
    air.look(600, closed=False)
    air.look(600)
    assert (air.state.quiet, air.state.settled) == (True, False)
    air.look(600, SETTLE_US - 1)
    assert not air.state.settled


@pytest.mark.parametrize(
    ("after_us", "counted_us"), [(LONGEST_LOOK_US, LONGEST_LOOK_US), (LONGEST_LOOK_US + 1, 0)]
)
def test_longest_look_counts_and_a_stall_does_not(air: Air, after_us: int, counted_us: int) -> None:
    air.settle()
    air.look(595, after_us)
    assert (air.state.measured_us, air.state.fallen_kpa) == (counted_us, 5 if counted_us else 0)


@pytest.mark.parametrize(("kpa", "fallen"), [(560, 40), (559, 0), (640, -40), (641, 0)])
def test_jump_between_two_looks_is_no_fall(air: Air, kpa: int, fallen: int) -> None:
    air.settle()
    air.look(kpa, 50_000)
    assert (air.state.fallen_kpa, air.state.measured_us) == (fallen, 50_000 if fallen else 0)
    air.look(kpa, 50_000)
    assert air.state.fallen_kpa == fallen


@pytest.mark.parametrize(("drop_kpa", "leaking"), [(11, False), (12, True), (13, True)])
def test_leak_is_judged_at_the_end_of_the_window_and_counted_from_zero_again(
    air: Air, drop_kpa: int, leaking: bool
) -> None:
    air.settle()
    air.look(600 - drop_kpa, LONGEST_LOOK_US)
    for _ in range(28):
        air.look(600 - drop_kpa, LONGEST_LOOK_US)
    air.look(600 - drop_kpa, LONGEST_LOOK_US - 1)
    assert (air.state.measured_us, air.state.leaking) == (WINDOW_US - 1, False)
    air.look(600 - drop_kpa, 1)
    assert (air.state.leaking, air.state.measured_us, air.state.fallen_kpa) == (leaking, 0, 0)


def test_leak_stays_through_a_window_without_one_until_it_is_forgiven(air: Air) -> None:
    air.settle()
    air.state.leaking = True
    for _ in range(31):
        air.look(600, LONGEST_LOOK_US)
    assert air.state.leaking
    air.look(595, LONGEST_LOOK_US)
    air.lib.bb_air_forgive(air.state)
    state = air.state
    assert (state.leaking, state.quiet, state.measured_us, state.fallen_kpa) == (False, False, 0, 0)


def test_fall_of_one_window_does_not_weigh_on_the_next(air: Air) -> None:
    air.settle()
    for window in range(3):
        for look in range(30):
            air.look(600 - 11 * window - (11 if look else 0), LONGEST_LOOK_US)
        assert not air.state.leaking
