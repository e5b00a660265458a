"""`bombus alerts`: what stands in the file, and whether the ways out work."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import tomlkit
from msgspec.structs import replace

from robot.alerts.store import AlertStore, ChannelState
from robot.config import DEMO_MACHINE, load_config
from tests.bombus.conftest import Ended
from tests.robot.alerts.conftest import HookServer, alert, hook

__all__ = ["hook"]
Bombus = Callable[..., Ended]


def machine(folder: Path, **alerts: object) -> Path:
    data = load_config(DEMO_MACHINE).model_dump(mode="json", exclude_unset=True)
    data["alerts"] = {"path": str(folder / "alerts.sqlite"), **alerts}
    path = folder / "machine.toml"
    path.write_text(tomlkit.dumps(data))
    return path


def test_list_shows_what_is_open_and_who_saw_the_others(tmp_path: Path, bombus: Bombus) -> None:
    path = machine(tmp_path)
    store = AlertStore(tmp_path / "alerts.sqlite")
    store.keep([replace(alert(1), acknowledged=2e9, acknowledged_by="Ana"), alert(2, "pressure_low", "hold")])
    store.note_channel(ChannelState("mail", 3, "no route", 1e9))
    done = bombus("alerts", "list", "--config", path)
    assert done.returncode == 0
    assert "pressure_low" in done.stderr
    assert "Ana" in done.stderr
    assert "mail: 3 tries in vain: no route" in done.stderr
    told = json.loads(bombus("alerts", "list", "--config", path, "--json").stdout)
    assert [one["code"] for one in told["open"]] == ["pressure_low"]
    assert [one["acknowledged_by"] for one in told["past"]] == ["Ana"]
    store.close()


def test_list_without_a_file_says_when_there_will_be_one(tmp_path: Path, bombus: Bombus) -> None:
    done = bombus("alerts", "list", "--config", machine(tmp_path))
    assert done.returncode == 1
    assert "made when the robot first runs" in done.stderr


def test_test_tries_each_channel(tmp_path: Path, bombus: Bombus, hook: HookServer) -> None:
    done = bombus("alerts", "test", "--config", machine(tmp_path, webhook={"url": hook.url}), "--json")
    assert (done.returncode, json.loads(done.stdout)["channels"][0]["ok"]) == (0, True)
    assert json.loads(hook.got[0][1])["alerts"][0]["code"] == "test"
    hook.answers = [403]
    done = bombus("alerts", "test", "--config", machine(tmp_path, webhook={"url": hook.url}))
    assert done.returncode == 1
    assert "answered 403" in done.stderr


@pytest.mark.parametrize("command", ["test", "list", "send"])
def test_a_wrong_machine_file_is_wrong_use(tmp_path: Path, bombus: Bombus, command: str) -> None:
    assert bombus("alerts", command, "--config", tmp_path / "none.toml").returncode == 2


def test_test_without_a_channel_is_wrong_use(tmp_path: Path, bombus: Bombus) -> None:
    done = bombus("alerts", "test", "--config", machine(tmp_path))
    assert done.returncode == 2
    assert "set one of them" in done.stderr
