"""A page that may not write the machine file hands it over; what it may not ask for is refused where it is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from robot.config import DEMO_MACHINE, ConfigError
from robot.config_apply import NotTakenError
from robot.config_handover import ANSWER, REQUEST, answer_to, ask, hand_over, take
from robot.config_history import versions
from sim.clock import SimClock

DEMO = DEMO_MACHINE.read_text(encoding="utf-8")
FASTER = DEMO.replace("cruise_speed = 0.15", "cruise_speed = 0.2")
PAGE, WRITER, GROUP = 61001, 61002, 61003
"""Accounts as packaging/debian/sysusers.conf makes them; numbers that nobody has."""

CLOCK = SimClock(lambda t: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handover"
    folder.mkdir()
    return folder


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    folder = tmp_path / "etc"
    folder.mkdir()
    path = folder / "machine.toml"
    path.write_text(f'{DEMO}\n[dashboard]\nsocket = "{tmp_path / "none.sock"}"\n')
    return path


def changed(machine: Path) -> str:
    return machine.read_text().replace("cruise_speed = 0.15", "cruise_speed = 0.2")


def test_what_is_handed_over_is_put_in_force_and_kept_with_its_author(folder: Path, machine: Path) -> None:
    text = changed(machine)
    number = ask(folder, text, "Tim")
    assert answer_to(folder, number) is None
    told = take(folder, machine, CLOCK)
    assert answer_to(folder, number) == told
    assert (told.problem, told.number, told.taken) == ("", 2, False)
    assert machine.read_text() == text
    assert [one.by for one in versions(machine)] == ["before", "Tim"]
    assert not (folder / REQUEST).exists()


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("cruise_speed = 0.15", "cruise_speed = 9", "cruise_speed"),
        ('path = "runs/ledger.sqlite"', 'path = "/etc/passwd"', "ledger.path: set at the robot alone"),
        ("[ledger]", '[alerts]\npath = "/x"\n[ledger]', "alerts.path: set at the robot alone"),
    ],
    ids=["out of range", "another file", "where alerts go"],
)
def test_the_writer_refuses_what_a_page_may_not_ask(
    folder: Path, machine: Path, old: str, new: str, why: str
) -> None:
    before = machine.read_text()
    number = ask(folder, before.replace(old, new), "Tim")
    take(folder, machine, CLOCK)
    told = answer_to(folder, number)
    assert told is not None and why in told.problem
    assert machine.read_text() == before


@pytest.mark.parametrize("content", ["", "[]", '{"id": "1"}', "x" * 300_000])
def test_a_request_that_is_none_is_told_and_put_away(folder: Path, machine: Path, content: str) -> None:
    (folder / REQUEST).write_text(content)
    with pytest.raises(ConfigError, match="no request"):
        take(folder, machine, CLOCK)
    assert not (folder / REQUEST).exists()


def test_no_link_is_followed_on_either_side(folder: Path, machine: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"id": "1", "text": "", "by": ""}')
    (folder / REQUEST).symlink_to(secret)
    with pytest.raises(ConfigError, match="no request"):
        take(folder, machine, CLOCK)
    ask(folder, changed(machine), "Tim")
    (folder / ANSWER).symlink_to(secret)
    take(folder, machine, CLOCK)
    assert secret.read_text() == '{"id": "1", "text": "", "by": ""}'


def test_a_second_request_waits_for_the_first(folder: Path) -> None:
    ask(folder, DEMO, "Tim")
    with pytest.raises(ConfigError, match="another change is on its way"):
        ask(folder, FASTER, "Ines")


def test_a_change_that_nobody_fetches_is_withdrawn_and_names_the_unit(folder: Path) -> None:
    with pytest.raises(NotTakenError, match=r"bombus-config\.path"):
        hand_over(folder, DEMO, "Tim", CLOCK)
    assert not list(folder.iterdir())


@contextmanager
def as_account(user: int) -> Iterator[None]:
    """Act as an account of the group; root comes back afterwards."""
    groups = os.getgroups()
    os.setgroups([GROUP])
    os.setegid(GROUP)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(groups)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may act as other accounts")
def test_the_page_s_account_changes_nothing_itself_and_the_writer_s_does(
    folder: Path, machine: Path, tmp_path: Path
) -> None:
    for path, owner, mode in (
        (folder, WRITER, 0o2770),
        (machine.parent, WRITER, 0o750),
        (machine, WRITER, 0o640),
    ):
        os.chown(path, owner, GROUP)
        path.chmod(mode)
    for parent in [tmp_path, *tmp_path.parents[:3]]:
        parent.chmod(parent.stat().st_mode | 0o011)
    text = changed(machine)
    with as_account(PAGE):
        with pytest.raises(PermissionError):
            machine.write_text(text)
        with pytest.raises(PermissionError):
            (machine.parent / "other.toml").touch()
        number = ask(folder, text, "Tim")
    with as_account(WRITER):
        take(folder, machine, CLOCK)
    with as_account(PAGE):
        told = answer_to(folder, number)
        assert told is not None and told.problem == ""
        assert machine.read_text() == text
        assert len(versions(machine)) == 2
