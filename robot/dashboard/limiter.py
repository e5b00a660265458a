"""Slows down who guesses passwords: per account and per address, growing waits, told in seconds."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from robot.clock import Clock

FREE_PER_ACCOUNT = 5
FREE_PER_ADDRESS = 20
FIRST_WAIT_S = 15.0
LONGEST_WAIT_S = 900.0
FORGET_S = 3600.0
MAX_KEYS = 4096
"""Accounts and addresses remembered; the oldest are forgotten first."""


@dataclass(slots=True)
class Tries:
    """Wrong tries in a row of one key."""

    count: int = 0
    last: float = 0.0


class SignInLimiter:
    """Counts tries by the monotonic clock; a restart of the dashboard forgets them."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tries: OrderedDict[tuple[str, str], Tries] = OrderedDict()

    def take(self, account: str, address: str) -> float:
        """Count one try and return 0, or return how many seconds to wait, and count nothing.

        The try counts before the password is looked at: many at once are no way around.
        """
        now = self._clock.now()
        keys = _keys(account, address)
        wait = max(self._wait(key, free, now) for key, free in keys)
        if wait <= 0:
            for key, _ in keys:
                tries = self._tries.setdefault(key, Tries())
                tries.count, tries.last = tries.count + 1, now
                self._tries.move_to_end(key)
            while len(self._tries) > MAX_KEYS:
                self._tries.popitem(last=False)
        return wait

    def succeeded(self, account: str, address: str) -> None:
        """Forget the account's wrong tries; the address only gets back this one."""
        (account_key, _), (address_key, _) = _keys(account, address)
        self._tries.pop(account_key, None)
        tries = self._tries.get(address_key)
        if tries is not None:
            tries.count = max(0, tries.count - 1)

    def _wait(self, key: tuple[str, str], free: int, now: float) -> float:
        tries = self._tries.get(key)
        if tries is None:
            return 0.0
        if now - tries.last > FORGET_S:
            del self._tries[key]
            return 0.0
        if tries.count < free:
            return 0.0
        pause = min(FIRST_WAIT_S * 2.0 ** min(tries.count - free, 16), LONGEST_WAIT_S)
        return max(0.0, tries.last + pause - now)


def _keys(account: str, address: str) -> tuple[tuple[tuple[str, str], int], tuple[tuple[str, str], int]]:
    # Guessing from the network must not lock out who stands at the robot: "here" counts for itself.
    where = "here" if address == "here" else "network"
    return ((f"account {where}", account), FREE_PER_ACCOUNT), (("address", address), FREE_PER_ADDRESS)
