"""People of this robot, their sessions and their programs' tokens; only hashes of secrets are kept."""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
import unicodedata
from dataclasses import dataclass

from robot.clock import Clock
from robot.dashboard.rights import Right, Role
from robot.dashboard.store import Row, Store

IDLE_S = 12 * 3600.0
"""A session not used for this long has ended: a working day."""

LIFE_S = 30 * 86400.0
SEEN_EVERY_S = 60.0
MAX_USERS = 200
MAX_TOKENS = 200
MAX_SESSIONS = 20
"""Sessions of one person; the one longest unused gives way."""

TOKEN_PREFIX = "bombus_"
_NAME = re.compile(r"[^\W_](?:[\w .'-]{0,38}[\w.])?")
_USER = "SELECT id, name, role, password, made FROM user "
_SESSION = """
SELECT u.id, u.name, u.role, s.made, s.seen FROM session s JOIN user u ON u.id = s.user
WHERE s.hash = ? AND s.seen > ? AND s.made > ?
"""
_TOKEN = "SELECT id, name, scopes, made, made_by, ends, revoked FROM token "


class AccountError(Exception):
    """What is asked cannot be done; the text names the thing and the remedy."""


@dataclass(frozen=True, slots=True)
class User:
    """One person. `made` is POSIX seconds."""

    id: int
    name: str
    role: Role
    password: str
    made: float


@dataclass(frozen=True, slots=True)
class Token:
    """A program's way in. Times are POSIX seconds; `ends` None means until it is revoked."""

    id: int
    name: str
    scopes: frozenset[Right]
    made: float
    made_by: str
    ends: float | None
    revoked: float | None


class Accounts:
    """All methods may be called from any thread and raise StoreError when the file fails."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def any_admin(self) -> bool:
        """Whether the first-run set-up is done."""
        return bool(self._store.read("SELECT 1 FROM user WHERE role = 'admin' LIMIT 1"))

    def users(self) -> list[User]:
        """Return everyone, by name."""
        return [_user(row) for row in self._store.read(_USER + "ORDER BY name_key")]

    def user(self, name: str) -> User | None:
        """Return the person of that name, upper or lower case alike."""
        found = self._store.read(_USER + "WHERE name_key = ?", (name_key(name),))
        return _user(found[0]) if found else None

    def add_user(self, name: str, role: Role, password_hash: str, *, first: bool = False) -> None:
        """Add a person; `first` only while there is no admin. Raises AccountError."""
        clean = unicodedata.normalize("NFC", name.strip())
        problem = problem_of_name(clean)
        if problem:
            raise AccountError(problem)
        with self._store.change() as db:
            if first and db.execute("SELECT 1 FROM user WHERE role = 'admin'").fetchone():
                raise AccountError("set-up: is done already; sign in as the admin")
            if db.execute("SELECT count(*) FROM user").fetchone()[0] >= MAX_USERS:
                raise AccountError(f"users: there are {MAX_USERS} already; remove one first")
            if db.execute("SELECT 1 FROM user WHERE name_key = ?", (name_key(clean),)).fetchone():
                raise AccountError(f"name: {clean} is taken; choose another")
            values = (clean, name_key(clean), role.value, password_hash, self._wall())
            db.execute(
                "INSERT INTO user (name, name_key, role, password, made) VALUES (?, ?, ?, ?, ?)", values
            )

    def set_role(self, name: str, role: Role) -> None:
        """Give a person another role; in force with their next request. Raises AccountError."""
        with self._store.change() as db:
            number, old = self._found(db, name)
            if old == Role.ADMIN and role is not Role.ADMIN:
                _keep_an_admin(db, number)
            db.execute("UPDATE user SET role = ? WHERE id = ?", (role.value, number))

    def set_password(self, name: str, password_hash: str, keep: bytes = b"") -> None:
        """Give a person another password and end all their sessions but `keep`; raises AccountError."""
        with self._store.change() as db:
            number, _ = self._found(db, name)
            db.execute("UPDATE user SET password = ? WHERE id = ?", (password_hash, number))
            db.execute("DELETE FROM session WHERE user = ? AND hash <> ?", (number, keep))

    def remove_user(self, name: str) -> None:
        """Remove a person and their sessions; raises AccountError for the last admin."""
        with self._store.change() as db:
            number, role = self._found(db, name)
            if role == Role.ADMIN:
                _keep_an_admin(db, number)
            db.execute("DELETE FROM user WHERE id = ?", (number,))

    def open_session(self, user: User, address: str) -> str:
        """Begin a session and return its secret, which is kept only as a hash."""
        secret, wall = secrets.token_urlsafe(32), self._wall()
        with self._store.change() as db:
            db.execute("DELETE FROM session WHERE seen <= ? OR made <= ?", (wall - IDLE_S, wall - LIFE_S))
            db.execute(
                "DELETE FROM session WHERE user = ?1 AND hash NOT IN "
                "(SELECT hash FROM session WHERE user = ?1 ORDER BY seen DESC LIMIT ?2)",
                (user.id, MAX_SESSIONS - 1),
            )
            values = (secret_hash(secret), user.id, wall, wall, address)
            db.execute("INSERT INTO session (hash, user, made, seen, address) VALUES (?, ?, ?, ?, ?)", values)
        return secret

    def session_user(self, secret: str) -> tuple[User, float] | None:
        """Return whose session it is and how long (s) it has not been marked as seen; None when it has ended."""
        wall = self._wall()
        found = self._store.read(_SESSION, (secret_hash(secret), wall - IDLE_S, wall - LIFE_S))
        if not found:
            return None
        number, name, role, made, seen = found[0]
        return User(number, name, Role(role), "", made), wall - seen

    def mark_seen(self, secret: str) -> None:
        """Keep a session from ending for want of use."""
        with self._store.change() as db:
            db.execute("UPDATE session SET seen = ? WHERE hash = ?", (self._wall(), secret_hash(secret)))

    def end_session(self, hashed: bytes) -> None:
        """End one session."""
        with self._store.change() as db:
            db.execute("DELETE FROM session WHERE hash = ?", (hashed,))

    def end_sessions(self, user: int) -> int:
        """End all sessions of a person; returns how many."""
        with self._store.change() as db:
            return int(db.execute("DELETE FROM session WHERE user = ?", (user,)).rowcount)

    def tokens(self) -> list[Token]:
        """Return all tokens that are not revoked, newest first."""
        return [_token(row) for row in self._store.read(_TOKEN + "WHERE revoked IS NULL ORDER BY id DESC")]

    def add_token(self, name: str, scopes: frozenset[Right], days: int | None, by: str) -> tuple[int, str]:
        """Make a token; returns its number and its secret, which is kept only as a hash. Raises AccountError."""
        clean = unicodedata.normalize("NFC", name.strip())
        problem = problem_of_name(clean)
        if problem:
            raise AccountError(problem)
        secret, wall = TOKEN_PREFIX + secrets.token_urlsafe(32), self._wall()
        listed = ",".join(sorted(scopes))
        ends = None if days is None else wall + days * 86400.0
        with self._store.change() as db:
            if db.execute("SELECT count(*) FROM token WHERE revoked IS NULL").fetchone()[0] >= MAX_TOKENS:
                raise AccountError(f"tokens: there are {MAX_TOKENS} already; revoke one first")
            if db.execute("SELECT 1 FROM token WHERE name = ? AND revoked IS NULL", (clean,)).fetchone():
                raise AccountError(f"name: a token {clean} exists; revoke it or choose another name")
            values = (secret_hash(secret), clean, listed, wall, by, ends)
            cursor = db.execute(
                "INSERT INTO token (hash, name, scopes, made, made_by, ends) VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )
        return int(cursor.lastrowid or 0), secret

    def token(self, secret: str) -> Token | None:
        """Return the token of a secret while it holds."""
        query = _TOKEN + "WHERE hash = ? AND revoked IS NULL AND (ends IS NULL OR ends > ?)"
        found = self._store.read(query, (secret_hash(secret), self._wall()))
        return _token(found[0]) if found else None

    def revoke_token(self, number: int) -> str:
        """End a token and return its name; raises AccountError when there is none."""
        with self._store.change() as db:
            found = db.execute(
                "SELECT name FROM token WHERE id = ? AND revoked IS NULL", (number,)
            ).fetchone()
            if found is None:
                raise AccountError(f"token {number}: is not there; load the list again")
            db.execute("UPDATE token SET revoked = ? WHERE id = ?", (self._wall(), number))
        return str(found[0])

    def _found(self, db: sqlite3.Connection, name: str) -> tuple[int, str]:
        found = db.execute("SELECT id, role FROM user WHERE name_key = ?", (name_key(name),)).fetchone()
        if found is None:
            raise AccountError(f"user {name[:40]}: is not there; load the list again")
        return int(found[0]), str(found[1])

    def _wall(self) -> float:
        return self._clock.wall().timestamp()


def problem_of_name(name: str) -> str:
    """Return why a name of a person or token is not fit, with the remedy, or an empty text."""
    if not _NAME.fullmatch(name):
        return "name: take 1 to 40 letters, digits, spaces or .'- and begin with a letter or digit"
    if name.casefold().startswith("someone"):
        return "name: 'someone' means people without an account; take another"
    return ""


def name_key(name: str) -> str:
    """Return what makes two spellings of a name the same."""
    return unicodedata.normalize("NFKC", name.strip()).casefold()


def secret_hash(secret: str) -> bytes:
    """Return what is kept of a secret of 256 random bits: no slow hash is needed."""
    return hashlib.sha256(secret.encode()).digest()


def _keep_an_admin(db: sqlite3.Connection, but: int) -> None:
    if not db.execute("SELECT 1 FROM user WHERE role = 'admin' AND id <> ?", (but,)).fetchone():
        raise AccountError("users: this is the only admin; make another one first")


def _user(row: Row) -> User:
    number, name, role, password, made = row
    return User(number, name, Role(role), password, made)


def _token(row: Row) -> Token:
    number, name, scopes, made, made_by, ends, revoked = row
    held = frozenset(Right(scope) for scope in scopes.split(",") if scope)
    return Token(number, name, held, made, made_by, ends, revoked)
