import sqlite3
from pathlib import Path

import pytest

from robot.dashboard import store as module
from robot.dashboard.store import Store, StoreError

ADD = "INSERT INTO user (name, name_key, role, password, made) VALUES (?, ?, 'admin', 'x', 1.0)"
FULL = "the disk at /var is full: 0.0 of 9 MiB free"


class Disk:
    """A disk that is full while `full` holds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full = True
        connect = module._connect

        def refuse(path: Path) -> sqlite3.Connection:
            if self.full:
                raise sqlite3.OperationalError("disk I/O error")
            return connect(path)

        monkeypatch.setattr(module, "_connect", refuse)
        monkeypatch.setattr(module, "why_full", lambda path: FULL if self.full else "")


def names(store: Store) -> list[str]:
    return [name for (name,) in store.read("SELECT name FROM user")]


def add(store: Store, name: str) -> None:
    with store.change() as db:
        db.execute(ADD, (name, name.lower()))


def test_on_a_full_disk_people_are_known_and_nothing_is_changed_until_there_is_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = Store(tmp_path / "accounts.sqlite")
    add(before, "Ines")
    before.close()
    disk = Disk(monkeypatch)
    store = Store(tmp_path / "accounts.sqlite")
    assert names(store) == ["Ines"]
    with pytest.raises(StoreError, match=r"accounts\.sqlite: disk I/O error; the disk at /var is full"):
        add(store, "Jan")
    disk.full = False
    add(store, "Jan")
    assert names(store) == ["Ines", "Jan"]
    store.close()


def test_page_of_a_new_robot_comes_up_on_a_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Disk(monkeypatch)
    store = Store(tmp_path / "accounts.sqlite")
    assert names(store) == []
    store.close()


def test_any_other_trouble_is_an_error_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    disk = Disk(monkeypatch)
    monkeypatch.setattr(module, "why_full", lambda path: "")
    with pytest.raises(StoreError, match="disk I/O error; check the disk and the file's owner"):
        Store(tmp_path / "accounts.sqlite")
    assert disk.full
