"""What doctor finds on the disk: each thing that is wrong is named with its remedy, and nothing is changed by looking."""

import os
import sqlite3
from pathlib import Path

import pytest

from bombus.checks import Check
from bombus.doctor_state import state_checks
from robot.alerts.store import AlertStore
from robot.config import DEMO_MACHINE, load_config
from robot.ledger import Ledger


def found(folder: Path, **more: object) -> dict[str, Check]:
    overrides: dict[str, object] = {
        "ledger.path": str(folder / "ledger.sqlite"),
        "alerts.path": str(folder / "alerts.sqlite"),
        "dashboard.socket": str(folder / "t.sock"),
        **{key.replace("__", "."): value for key, value in more.items()},
    }
    return {check.name: check for check in state_checks(load_config(DEMO_MACHINE, overrides))}


def test_a_new_machine_and_one_that_has_run_are_fine(tmp_path: Path) -> None:
    assert all(check.ok for check in found(tmp_path).values())
    Ledger(tmp_path / "ledger.sqlite").close(1.0)
    AlertStore(tmp_path / "alerts.sqlite").close()
    checks = found(tmp_path)
    assert checks["ledger"].detail.endswith("sound")
    assert all(check.ok for check in checks.values())


def test_a_damaged_or_newer_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"something else" * 100)
    assert not found(tmp_path)["ledger"].ok
    (tmp_path / "ledger.sqlite").unlink()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    check = found(tmp_path)["ledger"]
    assert (check.ok, check.remedy) == (False, "install that Bombus again")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_not_ours_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    check = found(tmp_path)["folder of ledger.path"]
    tmp_path.chmod(0o700)
    assert not check.ok
    assert "robot's own user" in check.remedy


def test_a_secret_that_is_missing_or_open_to_all_is_told(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    hook = {"url": "http://h/", "secret_file": str(secret)}
    assert not found(tmp_path, alerts__webhook=hook)["alerts.webhook.secret_file"].ok
    secret.write_text("x")
    secret.chmod(0o644)
    check = found(tmp_path, alerts__webhook=hook)["alerts.webhook.secret_file"]
    assert (check.ok, check.remedy) == (False, f"chmod o= {secret}")
    secret.chmod(0o640)
    assert found(tmp_path, alerts__webhook=hook)["alerts.webhook.secret_file"].ok


def test_a_clock_that_nothing_keeps_is_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("robot.wall_guard.clock_is_synchronised", lambda: False)
    check = found(tmp_path)["clock"]
    assert check.ok
    assert "timedatectl" in check.remedy
