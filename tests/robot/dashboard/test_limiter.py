"""Guessing passwords gets slow, per account and per address, and nobody is locked out for good."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.dashboard.limiter import (
    FIRST_WAIT_S,
    FORGET_S,
    FREE_PER_ACCOUNT,
    FREE_PER_ADDRESS,
    LONGEST_WAIT_S,
    MAX_KEYS,
    SignInLimiter,
)


class Ticks:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.t = 1000.0

    def now(self) -> float:
        return self.t

    def wall(self) -> datetime:
        return datetime.fromtimestamp(self.t, UTC)

    def sleep_until(self, t: float) -> None:
        self.t = t


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def test_waits_grow_after_some_free_tries_up_to_a_limit(ticks: Ticks) -> None:
    limiter = SignInLimiter(ticks)
    for i in range(FREE_PER_ACCOUNT):
        assert limiter.take("ana", f"10.0.0.{i}") == 0
    waits = []
    for i in range(12):
        wait = limiter.take("ana", f"10.0.1.{i}")
        waits.append(wait)
        ticks.t += wait
        assert limiter.take("ana", f"10.0.1.{i}") == 0
    assert waits[:3] == [FIRST_WAIT_S, 2 * FIRST_WAIT_S, 4 * FIRST_WAIT_S]
    assert waits[-1] == LONGEST_WAIT_S


def test_one_address_may_not_try_many_accounts(ticks: Ticks) -> None:
    limiter = SignInLimiter(ticks)
    assert [limiter.take(f"user {i}", "10.0.0.9") for i in range(FREE_PER_ADDRESS)] == [0] * FREE_PER_ADDRESS
    assert limiter.take("another", "10.0.0.9") == FIRST_WAIT_S
    assert limiter.take("another", "10.0.0.8") == 0


def test_guessing_from_the_network_does_not_lock_out_the_robots_own_screen(ticks: Ticks) -> None:
    limiter = SignInLimiter(ticks)
    while limiter.take("ana", "10.0.0.1") == 0:
        pass
    assert limiter.take("ana", "here") == 0


def test_success_and_an_hour_of_quiet_forget(ticks: Ticks) -> None:
    limiter = SignInLimiter(ticks)
    for _ in range(FREE_PER_ACCOUNT):
        limiter.take("ana", "here")
    limiter.succeeded("ana", "here")
    for _ in range(FREE_PER_ACCOUNT):
        assert limiter.take("ana", "here") == 0
    assert limiter.take("ana", "here") > 0
    ticks.t += FORGET_S + 1
    assert limiter.take("ana", "here") == 0


def test_what_is_remembered_is_bounded(ticks: Ticks) -> None:
    limiter = SignInLimiter(ticks)
    for i in range(MAX_KEYS):
        limiter.take(f"user {i}", f"address {i}")
    assert len(limiter._tries) <= MAX_KEYS


@given(
    st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from(["here", "x"]), st.floats(0, 2000)), max_size=80
    )
)
def test_no_order_of_tries_lets_more_through_than_allowed(tries: list[tuple[str, str, float]]) -> None:
    ticks = Ticks()
    limiter = SignInLimiter(ticks)
    taken: list[tuple[str, str, float]] = []
    for account, address, pause in tries:
        ticks.t += pause
        wait = limiter.take(account, address)
        assert 0 <= wait <= LONGEST_WAIT_S
        if wait == 0:
            taken.append((account, address, ticks.t))
    for account, address, t in taken:
        burst = [1 for a, b, u in taken if (a, b) == (account, address) and t <= u < t + FIRST_WAIT_S]
        assert len(burst) <= FREE_PER_ACCOUNT
