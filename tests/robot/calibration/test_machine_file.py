from datetime import date
from pathlib import Path

import pytest

from robot.calibration.config import calibrated_lags
from robot.calibration.lag_sensor import LagEstimate
from robot.calibration.machine_file import replace_file, with_lags
from robot.config import DEMO_MACHINE, ConfigError, parse_config

FOUND = {0: LagEstimate(0.0111, 0.0004, 200), 40: LagEstimate(0.0133, 0.0006, 200)}
DAY = date(2026, 6, 1)


def test_lags_errors_day_and_sensor_are_written_and_read_back() -> None:
    written = with_lags(DEMO_MACHINE.read_text(), "demo", FOUND, DAY)
    config = parse_config(written, "demo")
    assert (calibrated_lags(config)[0], calibrated_lags(config)[40]) == (11_100, 13_300)
    assert calibrated_lags(config)[1] == 12_000
    spread = config.calibration.lag_spread_us
    assert (spread[0], spread[1], spread[40]) == (400, 0, 600)
    assert config.calibration.lags_measured == "2026-06-01, pressure"


def test_every_line_that_was_there_is_still_there() -> None:
    before = DEMO_MACHINE.read_text()
    after = with_lags(before, "demo", FOUND, DAY)
    assert after.startswith(before.rstrip("\n"))


def test_second_measurement_keeps_the_figures_of_other_nozzles() -> None:
    once = with_lags(DEMO_MACHINE.read_text(), "demo", FOUND, DAY)
    twice = with_lags(once, "demo", {1: LagEstimate(0.010, 0.0005, 9)}, DAY)
    config = parse_config(twice, "demo")
    assert config.controller.lag_us[:2] == (11_100, 10_000)
    assert config.calibration.lag_spread_us[:2] == (400, 500)
    assert twice.count("lag_us =") == 1


def test_file_without_lags_leaves_them_to_the_board() -> None:
    assert calibrated_lags(parse_config(DEMO_MACHINE.read_text(), "demo")) == ()


def test_expected_crc_follows_the_lags_only_where_the_file_has_one() -> None:
    text = DEMO_MACHINE.read_text()
    assert "expected_config_crc" not in with_lags(text, "demo", FOUND, DAY, 7)
    after = with_lags(text + "\n[bridge]\nexpected_config_crc = 5\n", "demo", FOUND, DAY, 7)
    assert parse_config(after, "demo").bridge.expected_config_crc == 7


def test_file_is_replaced_at_once_with_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "machine.toml"
    path.write_text("old")
    path.chmod(0o640)
    replace_file(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["machine.toml"]


def test_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be written"):
        replace_file(tmp_path / "none" / "machine.toml", "new")
