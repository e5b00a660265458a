"""People, sessions and tokens: only hashes are kept, ends are kept to, and there is always an admin."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.dashboard.accounts import (
    IDLE_S,
    LIFE_S,
    MAX_SESSIONS,
    AccountError,
    Accounts,
    User,
    name_key,
    problem_of_name,
)
from robot.dashboard.rights import Right, Role
from robot.dashboard.store import Store, StoreError


class Wall:
    """A clock whose wall time the test moves."""

    def __init__(self) -> None:
        self.t = 0.0

    def now(self) -> float:
        return self.t

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.t)

    def sleep_until(self, t: float) -> None:
        self.t = t


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "a.sqlite")
    yield store
    store.close()


@pytest.fixture
def accounts(store: Store, wall: Wall) -> Accounts:
    accounts = Accounts(store, wall)
    accounts.add_user("Ines", Role.ADMIN, "hash-1")
    accounts.add_user("Ana", Role.OPERATOR, "hash-2")
    return accounts


def person(accounts: Accounts, name: str = "Ana") -> User:
    user = accounts.user(name)
    assert user is not None
    return user


def test_the_file_is_for_its_owner_only_and_holds_no_secret(
    accounts: Accounts, store: Store, tmp_path: Path
) -> None:
    secrets = [
        accounts.open_session(person(accounts), "here"),
        accounts.add_token("x", frozenset(), 1, "I")[1],
    ]
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert not [secret for secret in secrets if secret.encode() in content]


def test_names_are_the_same_in_upper_and_lower_case(accounts: Accounts) -> None:
    assert person(accounts, " aNA ").name == "Ana"
    with pytest.raises(AccountError, match="ANA is taken"):
        accounts.add_user("ANA", Role.VIEWER, "h")


@pytest.mark.parametrize(
    "name", ["", " ", "-x", "a/b", "<b>", "a" * 41, "token:x", "someone at the robot", "a\nb", "\0", "x "]
)
def test_a_name_that_could_mislead_is_refused(name: str) -> None:
    assert problem_of_name(name)


@pytest.mark.parametrize("name", ["Ana", "Þóra", "Nguyễn Văn A.", "O'Brien", "李", "x2", "a-b_c"])
def test_names_of_the_world_are_taken(name: str) -> None:
    assert not problem_of_name(name)


@given(st.text(max_size=50))
def test_any_text_is_judged_and_has_a_key(name: str) -> None:
    if not problem_of_name(name):
        assert 1 <= len(name) <= 40 and name_key(name) and name.isprintable()


def test_the_last_admin_stays(accounts: Accounts) -> None:
    with pytest.raises(AccountError, match="only admin"):
        accounts.remove_user("Ines")
    with pytest.raises(AccountError, match="only admin"):
        accounts.set_role("ines", Role.VIEWER)
    accounts.set_role("Ana", Role.ADMIN)
    accounts.remove_user("Ines")
    assert [user.name for user in accounts.users()] == ["Ana"]


def test_only_one_first_admin_can_be_made(store: Store, wall: Wall) -> None:
    accounts = Accounts(store, wall)
    assert not accounts.any_admin()
    accounts.add_user("One", Role.ADMIN, "h", first=True)
    with pytest.raises(AccountError, match="done already"):
        accounts.add_user("Two", Role.ADMIN, "h", first=True)


def test_a_session_ends_when_unused_and_after_its_life(accounts: Accounts, wall: Wall) -> None:
    secret = accounts.open_session(person(accounts), "here")
    wall.t = IDLE_S - 1
    assert accounts.session_user(secret) is not None
    wall.t = IDLE_S
    assert accounts.session_user(secret) is None
    used = accounts.open_session(person(accounts), "here")
    begun = wall.t
    while wall.t + IDLE_S < begun + LIFE_S:
        wall.t += IDLE_S - 1
        assert accounts.session_user(used) is not None
        accounts.mark_seen(used)
    wall.t = begun + LIFE_S
    assert accounts.session_user(used) is None


def test_a_new_password_ends_all_sessions_but_the_one_that_changed_it(accounts: Accounts) -> None:
    from robot.dashboard.accounts import secret_hash

    mine, other = (accounts.open_session(person(accounts), "here") for _ in range(2))
    accounts.set_password("Ana", "new", secret_hash(mine))
    assert accounts.session_user(mine) is not None
    assert accounts.session_user(other) is None


def test_removing_a_person_ends_their_sessions(accounts: Accounts) -> None:
    secret = accounts.open_session(person(accounts), "here")
    accounts.remove_user("Ana")
    assert accounts.session_user(secret) is None


def test_a_new_role_is_in_force_in_an_open_session(accounts: Accounts) -> None:
    secret = accounts.open_session(person(accounts), "here")
    accounts.set_role("Ana", Role.VIEWER)
    found = accounts.session_user(secret)
    assert found is not None and found[0].role is Role.VIEWER


def test_one_person_has_only_so_many_sessions(accounts: Accounts, wall: Wall) -> None:
    secrets = []
    for _ in range(MAX_SESSIONS + 3):
        wall.t += 1
        secrets.append(accounts.open_session(person(accounts), "here"))
    alive = [accounts.session_user(secret) is not None for secret in secrets]
    assert alive == [False] * 3 + [True] * MAX_SESSIONS


def test_a_token_holds_until_its_end_or_until_it_is_revoked(accounts: Accounts, wall: Wall) -> None:
    number, secret = accounts.add_token("climate", frozenset({Right.LOOK}), 1, "Ines")
    _, lasting = accounts.add_token("other", frozenset({Right.STOP}), None, "Ines")
    found = accounts.token(secret)
    assert found is not None and (found.id, found.scopes) == (number, frozenset({Right.LOOK}))
    wall.t = 86400.0
    assert accounts.token(secret) is None
    kept = accounts.token(lasting)
    assert kept is not None
    assert accounts.revoke_token(kept.id) == "other"
    assert accounts.token(lasting) is None
    with pytest.raises(AccountError, match="is not there"):
        accounts.revoke_token(kept.id)


def test_a_change_that_fails_half_way_changes_nothing(accounts: Accounts, store: Store) -> None:
    with pytest.raises(RuntimeError), store.change() as db:
        db.execute("DELETE FROM user WHERE name = 'Ana'")
        raise RuntimeError
    assert person(accounts).name == "Ana"
    accounts.remove_user("Ana")  # and the next change is not disturbed


@pytest.mark.parametrize("content", [b"garbage" * 1000, b"SQLite format 3\0" + b"x" * 500])
def test_a_damaged_file_is_refused_with_its_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad").write_bytes(content)
    with pytest.raises(StoreError, match=r"accounts file .*bad"):
        Store(tmp_path / "bad")


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    import sqlite3

    db = sqlite3.connect(tmp_path / "other.sqlite")
    db.execute("CREATE TABLE x (a)")
    db.close()
    with pytest.raises(StoreError, match="no accounts file"):
        Store(tmp_path / "other.sqlite")


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="check the disk"):
        Store(tmp_path / "file" / "a.sqlite")
