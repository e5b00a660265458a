"""Doctor's checks of the link, against the C core behind a real pty."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bombus import doctor_link
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.transport import SerialTransport
from robot.config import DEMO_MACHINE

pytestmark = pytest.mark.realtime

WANTED = {
    "serial port",
    "controller",
    "protocol",
    "configuration",
    "frames",
    "round trip",
    "clock",
    "heartbeat",
}


@pytest.fixture(autouse=True)
def few_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor_link, "PINGS", 30)


def found(done: Any) -> dict[str, Any]:
    return {check["name"]: check for check in json.loads(done.stdout)["checks"]}


def machine(folder: Path, port: str, more: str = "") -> Path:
    path = folder / "machine.toml"
    path.write_text(f'{DEMO_MACHINE.read_text()}\n[serial]\nport = "{port}"\n{more}')
    return path


def test_sound_board_passes_every_check_that_does_not_hang_on_speed(board: Any, bombus: Any) -> None:
    checks = found(bombus("doctor", "--port", board.port, "--json"))
    assert set(checks) >= WANTED
    steady = WANTED - {"round trip", "clock", "frames"}
    assert all(checks[name]["ok"] for name in steady), checks
    assert "over 30 pings" in checks["round trip"]["detail"]
    assert "0 here, 0 on the board" in checks["frames"]["detail"]


def test_json_has_a_check_a_line(board: Any, bombus: Any) -> None:
    lines = bombus("doctor", "--port", board.port, "--json").stdout.splitlines()
    names = [json.loads(line.rstrip(","))["name"] for line in lines[1:-1]]
    assert set(names) >= WANTED


def test_board_of_another_machine_is_told_by_its_encoder_and_nozzles(make_board: Any, bombus: Any) -> None:
    board = make_board(config=CoreConfig(ticks_per_m=7_777))
    check = found(bombus("doctor", "--port", board.port, "--json"))["configuration"]
    assert not check["ok"]
    assert "7777 ticks/m" in check["detail"]
    assert "odometry.ticks_per_m" in check["remedy"]


def test_board_with_too_few_nozzles_is_told(make_board: Any, bombus: Any) -> None:
    board = make_board(config=CoreConfig(nozzles=8))
    check = found(bombus("doctor", "--port", board.port, "--json"))["configuration"]
    assert "has 8 nozzles, the file names 64" in check["detail"]


def test_other_configuration_than_expected_is_told(board: Any, bombus: Any, tmp_path: Path) -> None:
    path = machine(tmp_path, board.port, "[bridge]\nexpected_config_crc = 1\n")
    check = found(bombus("doctor", "--config", path, "--json"))["configuration"]
    assert not check["ok"]
    assert "expected 0x00000001" in check["detail"]


def test_too_slow_a_heartbeat_for_the_board_is_told(make_board: Any, bombus: Any, tmp_path: Path) -> None:
    board = make_board(config=CoreConfig(heartbeat_ms=50))
    check = found(bombus("doctor", "--config", machine(tmp_path, board.port), "--json"))["heartbeat"]
    assert not check["ok"]
    assert "0.017" in check["remedy"]


def test_port_that_is_busy_or_missing_is_one_failed_check(board: Any, bombus: Any) -> None:
    held = SerialTransport(board.port)
    held.read()
    busy = found(bombus("doctor", "--port", board.port, "--json"))["serial port"]
    held.close()
    assert "in use by another program" in busy["detail"]
    assert busy["remedy"] == "stop that program"
    missing = bombus("doctor", "--port", "/dev/ttyNONE", "--json")
    assert missing.returncode == 1
    assert not found(missing)["serial port"]["ok"]
    assert "controller" not in found(missing)


def test_port_without_a_board_behind_it_is_a_silent_controller(bombus: Any) -> None:
    import os
    import pty

    master, slave = pty.openpty()
    checks = found(bombus("doctor", "--port", os.ttyname(slave), "--json"))
    os.close(master)
    os.close(slave)
    assert checks["serial port"]["ok"]
    assert not checks["controller"]["ok"]
    assert "does not answer" in checks["controller"]["detail"]
