"""A lost admin password is mended at the robot's terminal, and the log says so."""

import io
import sys
from pathlib import Path

import pytest

from robot.clock import MonotonicClock
from robot.dashboard.accounts import Accounts
from robot.dashboard.audit import AuditLog
from robot.dashboard.passwords import _hasher
from robot.dashboard.recover import main
from robot.dashboard.rights import Role
from robot.dashboard.store import Store


def run(monkeypatch: pytest.MonkeyPatch, path: Path, name: str, password: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(password + "\n"))
    return main(["--accounts", str(path), "--name", name])


def test_a_known_person_becomes_admin_with_a_new_password_and_old_sessions_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "a.sqlite")
    accounts = Accounts(store, MonotonicClock())
    accounts.add_user("Ana", Role.VIEWER, "old")
    user = accounts.user("Ana")
    assert user is not None
    secret = accounts.open_session(user, "here")
    assert run(monkeypatch, tmp_path / "a.sqlite", "ana", "blue ladder tomato") == 0
    again = accounts.user("Ana")
    assert again is not None and again.role is Role.ADMIN
    assert _hasher.verify(again.password, "blue ladder tomato")
    assert accounts.session_user(secret) is None
    [line] = AuditLog(store, MonotonicClock()).newest(None)
    assert (line.who, line.action, line.detail) == ("someone at the terminal", "recover", "ana")
    store.close()


def test_an_unknown_name_is_added_as_admin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(tmp_path / "a.sqlite").close()
    assert run(monkeypatch, tmp_path / "a.sqlite", "Ines", "blue ladder tomato") == 0
    store = Store(tmp_path / "a.sqlite")
    assert Accounts(store, MonotonicClock()).any_admin()
    store.close()


@pytest.mark.parametrize(("name", "password"), [("Ana", "short"), ("Ana", ""), ("a/b", "blue ladder tomato")])
def test_an_unfit_password_or_name_changes_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    password: str,
) -> None:
    Store(tmp_path / "a.sqlite").close()
    assert run(monkeypatch, tmp_path / "a.sqlite", name, password) in {1, 2}
    assert capsys.readouterr().err.count("\n") == 1
    store = Store(tmp_path / "a.sqlite")
    assert not Accounts(store, MonotonicClock()).users()
    store.close()


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--accounts", str(tmp_path / "no.sqlite"), "--name", "Ana"]) == 2
    assert "is not there" in capsys.readouterr().err
    assert not (tmp_path / "no.sqlite").exists()
