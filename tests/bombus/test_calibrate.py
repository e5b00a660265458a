"""`bombus calibrate valves` against the C core behind a real pty."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.core_config import CoreConfig
from robot.calibration import valves
from robot.calibration.config import calibrated_lags
from robot.calibration.lag_sensor import LagEstimate
from robot.config import DEMO_MACHINE, load_config

pytestmark = pytest.mark.realtime


@pytest.fixture
def machine(board: Any, tmp_path: Path) -> Path:
    path = tmp_path / "machine.toml"
    path.write_text(f'{DEMO_MACHINE.read_text()}\n[serial]\nport = "{board.port}"\n')
    return path


def calibrate(bombus: Any, machine: Path, *words: str, typed: str = "") -> Any:
    return bombus("calibrate", "valves", "--config", machine, *words, typed=typed)


@pytest.fixture
def lags_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in for the measuring, which needs a board that is never preempted; see tests/robot/calibration."""

    def known(link: Any, nozzles: Sequence[int], *_: object) -> Iterator[tuple[int, LagEstimate]]:
        link.arm()
        for nozzle in nozzles:
            yield nozzle, LagEstimate(0.010 + 0.0001 * nozzle, 0.0007, 216)

    monkeypatch.setattr(valves, "measure", known)


@pytest.mark.usefixtures("lags_known")
def test_lags_are_shown_written_and_set_on_the_board(bombus: Any, machine: Path) -> None:
    crc = CoreConfig().crc()
    machine.write_text(machine.read_text() + f"[bridge]\nexpected_config_crc = {crc}\n")
    before = machine.read_text()
    done = calibrate(bombus, machine, "--nozzles", "3,5", "--json", typed="yes\nyes\n")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert [(valve["nozzle"], valve["lag_us"]) for valve in shown["valves"]] == [(3, 10_300), (5, 10_500)]
    assert shown["written"]
    assert "10.30" in done.stderr
    config = load_config(machine)
    lags_us = calibrated_lags(config)
    assert lags_us[3:6] == (10_300, 12_000, 10_500)
    assert config.calibration.lag_spread_us[3] == 700
    assert config.bridge.expected_config_crc == CoreConfig(lag_us=lags_us).crc()
    kept = [line for line in before.splitlines() if "expected_config_crc" not in line]
    assert set(kept) <= set(machine.read_text().splitlines())
    status = json.loads(bombus("console", "status", "--config", machine, "--json").stdout)
    assert status["config_crc"] == f"{CoreConfig(lag_us=lags_us).crc():#010x}"
    assert status["problem"] == ""


@pytest.mark.usefixtures("lags_known")
@pytest.mark.parametrize(("words", "typed", "code"), [(["--dry-run"], "yes\n", 0), ([], "yes\nno\n", 2)])
def test_nothing_is_written_dry_or_without_a_second_yes(
    bombus: Any, machine: Path, words: list[str], typed: str, code: int
) -> None:
    before = machine.read_text()
    done = calibrate(bombus, machine, "--nozzles", "3", *words, typed=typed)
    assert done.returncode == code
    assert "10.30" in done.stderr
    assert machine.read_text() == before


def test_reading_that_does_not_move_is_no_lag_and_nothing_is_written(
    board: Any, bombus: Any, machine: Path
) -> None:
    before = machine.read_text()
    done = calibrate(bombus, machine, "--nozzles", "3", "--trains", "4", "--yes")
    assert done.returncode == 1
    assert "nozzle 3" in done.stderr
    assert machine.read_text() == before
    assert board.mcu.page.valves == 0


def test_nothing_is_fired_without_a_typed_yes(board: Any, bombus: Any, machine: Path) -> None:
    assert calibrate(bombus, machine, "--nozzles", "3", typed="no\n").returncode == 2
    assert board.mcu.page.edges() == []


@pytest.mark.parametrize("words", ["x", "3-", "70", "9-5", "0-63,64"])
def test_nozzles_that_are_none_are_named(bombus: Any, machine: Path, words: str) -> None:
    done = calibrate(bombus, machine, "--nozzles", words, "--yes")
    assert done.returncode == 2
    assert f"--nozzles {words}" in done.stderr
