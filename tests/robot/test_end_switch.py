"""The row-end switch: its contact, where it may be worked, and what is told when it cannot be right."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.end_switch import EndSwitch, EndSwitchConfig, Odd
from robot.faults import Fault

LENGTH, OVERRUN = 20.0, 0.6


def switch(**changes: Any) -> EndSwitch:
    made = EndSwitch(EndSwitchConfig(fitted=True, **changes), OVERRUN)
    made.begin(LENGTH, 1, placed=True)
    return made


def roll(ends: EndSwitch, start: float, stop: float, worked: bool, t: float = 0.0) -> None:
    """Roll from one place to another at 0.25 m/s, telemetry and a look every 20 ms."""
    way, n = stop - start, 0
    while n * 0.005 <= abs(way):
        s = start + n * 0.005 * (1 if way > 0 else -1)
        ends.hear(worked, t + n * 0.02)
        ends.look(s, s >= LENGTH + OVERRUN if way > 0 else s <= -OVERRUN)
        n += 1


def test_machine_without_a_switch_has_no_vote_and_no_faults() -> None:
    ends = EndSwitch(EndSwitchConfig(), OVERRUN)
    ends.begin(LENGTH, 1)
    roll(ends, 5.0, 21.0, worked=True)
    assert (ends.says_end, ends.early, ends.faults) == (None, False, {})


@pytest.mark.parametrize("normally_closed", [True, False])
def test_contact_says_what_its_wiring_says(normally_closed: bool) -> None:
    ends = switch(normally_closed=normally_closed)
    ends.hear(True, 0.0)
    assert ends.says_end is normally_closed


def test_bounce_shorter_than_its_time_is_no_change() -> None:
    ends = switch()
    ends.hear(False, 0.0)
    for t in (0.02, 0.06, 0.10):
        ends.hear(True, t)
    ends.hear(False, 0.115)
    ends.hear(True, 0.13)
    assert ends.says_end is False
    ends.hear(True, 0.24)
    assert ends.says_end is True


def test_healthy_switch_is_worked_at_both_ends_and_nothing_is_told() -> None:
    ends = switch()
    roll(ends, -1.0, -0.1, worked=True)
    roll(ends, -0.1, 20.1, worked=False, t=10.0)
    roll(ends, 20.1, 20.6, worked=True, t=100.0)
    assert ends.says_end is True and ends.faults == {}
    ends.begin(LENGTH, -1)
    roll(ends, 20.6, 20.1, worked=True, t=110.0)
    roll(ends, 20.1, -0.1, worked=False, t=120.0)
    roll(ends, -0.1, -0.6, worked=True, t=220.0)
    assert ends.says_end is True and ends.faults == {}


def test_switch_that_is_worked_in_the_row_is_a_doubt_until_it_is_free() -> None:
    ends = switch()
    roll(ends, 5.0, 6.0, worked=False)
    roll(ends, 6.0, 6.1, worked=True, t=10.0)
    assert ends.early
    assert ends.faults == {Fault.END_DOUBT: "the switch is worked 13.9 m before the row's end"}
    roll(ends, 6.1, 6.2, worked=False, t=20.0)
    assert ends.faults == {}


def test_outvoted_switch_has_no_vote_on_this_way_and_is_asked_on_the_next() -> None:
    ends = switch()
    roll(ends, 6.0, 6.1, worked=True)
    ends.outvote(Odd.SWITCH)
    assert ends.says_end is None and not ends.early
    assert list(ends.faults) == [Fault.END_SWITCH_WRONG]
    roll(ends, 6.1, 20.6, worked=True, t=10.0)
    assert list(ends.faults) == [Fault.END_SWITCH_WRONG]
    ends.begin(LENGTH, -1)
    roll(ends, 20.6, 15.0, worked=True, t=100.0)
    assert list(ends.faults) == [Fault.END_DOUBT]


def test_switch_that_is_not_worked_at_the_maps_end_is_told() -> None:
    ends = switch()
    roll(ends, 15.0, 20.55, worked=False)
    assert ends.faults == {}
    roll(ends, 20.55, 20.6, worked=False, t=30.0)
    assert ends.says_end is False
    assert ends.faults == {Fault.END_SWITCH_WRONG: "the switch is not worked at the row's end"}


def test_switch_at_the_far_end_alone_says_nothing_of_the_head() -> None:
    ends = switch(at="far")
    roll(ends, -1.0, -0.8, worked=True)
    assert ends.early
    ends.begin(LENGTH, -1)
    roll(ends, 5.0, -0.6, worked=False, t=10.0)
    assert ends.says_end is None and ends.faults == {}


def test_switch_tells_how_far_it_is_to_where_the_cart_turns() -> None:
    ends = switch()
    roll(ends, 19.0, 20.1, worked=False)
    assert ends.left_m is None
    roll(ends, 20.1, 20.4, worked=True, t=10.0)
    assert ends.left_m == pytest.approx(0.2, abs=0.04)


def test_cart_that_turned_short_of_the_maps_end_may_leave_it_again() -> None:
    ends = switch()
    roll(ends, 14.0, 15.0, worked=False)
    roll(ends, 15.0, 15.5, worked=True, t=10.0)
    ends.outvote(Odd.MAP)
    assert list(ends.faults) == [Fault.END_MAP_WRONG]
    ends.begin(LENGTH, -1)
    roll(ends, 15.5, 14.9, worked=True, t=20.0)
    assert ends.faults == {}
    roll(ends, 14.9, 14.2, worked=True, t=30.0)
    assert list(ends.faults) == [Fault.END_DOUBT]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-3, 25), st.booleans(), st.booleans()), max_size=30),
    st.sampled_from(list(Odd)),
)
def test_whatever_it_hears_it_never_halts_where_it_may_be_worked(
    looks: list[tuple[float, bool, bool]], odd: Odd
) -> None:
    ends = switch(settle_s=0.0)
    for n, (s, worked, outvoted) in enumerate(looks):
        ends.hear(worked, float(n))
        ends.look(s, at_end=s >= LENGTH + OVERRUN)
        if outvoted:
            ends.outvote(odd)
        if ends.early:
            assert worked and 0.2 - 1e-9 < s < 19.8 + 1e-9
        assert len(ends.faults) <= 1
