"""Passwords: what is a fit one, and its argon2id hash. One at a time, so that signing in never slows the robot."""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 10
LONGEST = 200
MAX_WAITING = 8
"""Sign-ins that may wait for the one thread that hashes."""

# Least of the choices that OWASP's Password Storage Cheat Sheet gives for argon2id: 19 MiB, 2 passes, 1 lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)


class BusyError(Exception):
    """More sign-ins at once than one small computer should do."""


class Passwords:
    """Hashes and checks in one thread of its own; `close` ends it."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="passwords")
        self._waiting = 0
        # Checked for names that do not exist, so that the answer's time does not tell which do.
        self._nobody = self._pool.submit(_hasher.hash, "nobody has this password")

    async def hash(self, password: str) -> str:
        """Return the hash to store; raises BusyError."""
        return str(await self._run(partial(_hasher.hash, _plain(password))))

    async def fits(self, password: str, stored: str | None) -> bool:
        """Whether `password` is the one of `stored`; None (no such account) takes as long. Raises BusyError."""
        fitting = await self._run(partial(self._verify, stored, _plain(password)))
        return bool(fitting) and stored is not None

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _verify(self, stored: str | None, password: str) -> bool:
        try:
            return _hasher.verify(stored or self._nobody.result(), password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: partial[str] | partial[bool]) -> str | bool:
        if self._waiting >= MAX_WAITING:
            raise BusyError
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._waiting -= 1


def hash_now(password: str) -> str:
    """Return the hash to store; for command lines, where nobody waits beside."""
    return _hasher.hash(_plain(password))


def problem_of_password(password: str, name: str) -> str:
    """Return why a new password is not fit, with the remedy, or an empty text."""
    plain = _plain(password)
    if len(plain) < SHORTEST:
        return (
            f"password: has {len(plain)} characters; take at least {SHORTEST}, three words are easy to keep"
        )
    if len(plain) > LONGEST:
        return f"password: has {len(plain)} characters; take at most {LONGEST}"
    if len(set(plain)) < 4:
        return "password: the same few characters over and over; mix in others"
    if plain.casefold() in {(name * times).casefold() for times in range(1, SHORTEST + 1)}:
        return "password: is the name; take something else"
    return ""


def _plain(password: str) -> str:
    # The same letters may come in two encodings from two keyboards.
    return unicodedata.normalize("NFKC", password)
