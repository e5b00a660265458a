"""`bombus config`: check, diff, apply, rollback, history, with no robot running."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from robot.config import DEMO_MACHINE
from tests.bombus.conftest import Ended

Bombus = Callable[..., Ended]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    path = tmp_path / "machine.toml"
    path.write_text(f'{DEMO_MACHINE.read_text()}\n[dashboard]\nsocket = "{tmp_path}/t.sock"\n')
    return path


@pytest.fixture
def longer(machine: Path, tmp_path: Path) -> Path:
    path = tmp_path / "longer.toml"
    path.write_text(machine.read_text().replace("length = 20.0", "length = 30.0"))
    return path


def test_check_says_whether_a_file_is_sound(machine: Path, tmp_path: Path, bombus: Bombus) -> None:
    told = json.loads(bombus("config", "check", machine, "--json").stdout)
    assert told["ok"]
    (tmp_path / "bad.toml").write_text(machine.read_text().replace("length = 20.0", "lenght = 20.0"))
    done = bombus("config", "check", tmp_path / "bad.toml")
    assert done.returncode == 2
    assert "did you mean 'length'?" in done.stderr


def test_diff_tells_what_changes_and_who_must_restart(machine: Path, longer: Path, bombus: Bombus) -> None:
    done = bombus("config", "diff", longer, "--config", machine)
    assert done.returncode == 0
    assert "row.length" in done.stderr
    told = json.loads(bombus("config", "diff", longer, "--config", machine, "--json").stdout)
    assert told["changes"] == [{"key": "row.length", "old": 20.0, "new": 30.0}]
    assert "nothing changes" in bombus("config", "diff", machine, "--config", machine).stderr


def test_apply_puts_a_file_in_force_and_rollback_the_one_before(
    machine: Path, longer: Path, bombus: Bombus
) -> None:
    before = machine.read_text()
    done = bombus("config", "apply", longer, "--config", machine)
    assert done.returncode == 0, done.stderr
    assert "takes it at its next start" in " ".join(done.stderr.split())
    assert machine.read_text() == longer.read_text()
    assert bombus("config", "rollback", "--config", machine).returncode == 0
    assert machine.read_text() == before
    told = json.loads(bombus("config", "history", "--config", machine, "--json").stdout)
    assert [one["number"] for one in told["versions"]] == [1, 2, 3]
    assert bombus("config", "rollback", "--config", machine, "--to", 2).returncode == 0
    assert machine.read_text() == longer.read_text()
    assert "before" in bombus("config", "history", "--config", machine).stderr


def test_a_bad_file_is_never_put_in_force(machine: Path, tmp_path: Path, bombus: Bombus) -> None:
    before = machine.read_text()
    (tmp_path / "bad.toml").write_text("[row]\nlength = -1\n")
    done = bombus("config", "apply", tmp_path / "bad.toml", "--config", machine)
    assert done.returncode == 2
    assert machine.read_text() == before
    assert not (tmp_path / "machine.history").exists()


@pytest.mark.parametrize("words", [["rollback"], ["rollback", "--to", 9]])
def test_going_back_to_nothing_is_wrong_use(machine: Path, bombus: Bombus, words: list[object]) -> None:
    done = bombus("config", *words, "--config", machine)
    assert done.returncode == 2
    assert "bombus config history" in done.stderr
