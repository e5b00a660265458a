"""Bad input ends in one line and the contract's exit code, never in a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from robot.config import DEMO_MACHINE
from robot.settings import SHIPPED_MODEL

if TYPE_CHECKING:
    from tests.bombus.conftest import Ended


def as_a_program(*words: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run it as people do; the other tests run it in this process, which starts quicker."""
    command = [sys.executable, "-m", "bombus", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=120, check=False)


def assert_one_line(done: Ended | subprocess.CompletedProcess[str], code: int, *wanted: str) -> None:
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    for word in wanted:
        assert word in lines[0]


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    path = tmp_path / "machine.toml"
    path.write_text(DEMO_MACHINE.read_text())
    return path


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = as_a_program("--help", cwd=tmp_path)
    assert done.returncode == 0
    for name in ("run", "sim", "replay", "evaluate", "train", "bench", "doctor", "console", "calibrate"):
        assert name in done.stdout


def test_an_unknown_option_is_wrong_use(bombus: Callable[..., Ended]) -> None:
    assert bombus("sim", "--sede", "1").returncode == 2


def test_an_unknown_scenario_lists_the_known_ones(bombus: Callable[..., Ended]) -> None:
    assert_one_line(bombus("sim", "--scenario", "rwo"), 2, "rwo", "day, demo, hard, row")


def test_an_unknown_mode_is_named(bombus: Callable[..., Ended]) -> None:
    assert_one_line(bombus("sim", "--mode", "fast"), 2, "--mode fast", "lockstep")


def test_only_a_row_in_real_time_stays(bombus: Callable[..., Ended]) -> None:
    assert_one_line(bombus("sim", "--stay"), 2, "--stay", "--mode realtime")


def test_a_wrong_config_key_is_named_with_a_guess(machine: Path, tmp_path: Path) -> None:
    machine.write_text(machine.read_text().replace("cruise_speed", "cruse_speed"))
    done = as_a_program("run", "--config", machine, cwd=tmp_path)
    assert_one_line(done, 2, str(machine), "cruse_speed", "cruise_speed")


def test_a_missing_config_is_named(tmp_path: Path) -> None:
    done = as_a_program("run", "--config", tmp_path / "none.toml", cwd=tmp_path)
    assert_one_line(done, 2, "none.toml", "cannot be read")


def test_a_missing_serial_port_is_named(machine: Path, tmp_path: Path) -> None:
    machine.write_text(machine.read_text() + '\n[serial]\nport = "/dev/ttyNONE"\n')
    done = as_a_program("run", "--config", machine, cwd=tmp_path)
    assert_one_line(done, 1, "/dev/ttyNONE", "cable")


def test_a_missing_model_is_named(bombus: Callable[..., Ended], machine: Path, tmp_path: Path) -> None:
    text = machine.read_text().replace("[detector]", f'[detector]\nmodel = "{tmp_path}/none.onnx"')
    machine.write_text(text)
    assert_one_line(bombus("sim", "--config", machine, "--length", "1"), 2, "none.onnx", "cannot be read")


def test_missing_labels_are_named(bombus: Callable[..., Ended], tmp_path: Path) -> None:
    done = bombus("evaluate", "--images", tmp_path, "--labels", tmp_path / "none.json")
    assert_one_line(done, 2, "none.json", "cannot be read")


@pytest.mark.skipif(not SHIPPED_MODEL.exists(), reason="the shipped model is not there")
def test_a_corrupt_picture_is_named(bombus: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    labels = {
        "images": [{"id": 1, "file_name": "bad.jpg"}],
        "annotations": [],
        "categories": [{"id": i, "name": name} for i, name in enumerate(("bud", "open", "spent"))],
    }
    (tmp_path / "labels.json").write_text(json.dumps(labels))
    done = bombus("evaluate", "--images", tmp_path, "--labels", tmp_path / "labels.json")
    assert_one_line(done, 2, "bad.jpg", "not a readable picture")


def test_json_prints_one_object_and_nothing_else(tmp_path: Path) -> None:
    done = as_a_program("sim", "--detector", "truth", "--length", "0.5", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    wanted = {
        *("ready", "treated", "coverage", "pulses", "precision", "bud_hits", "spent_hits", "doubles"),
        *("aim_error_mm", "latency_ms", "air_l", "sim_s", "wall_s", "frames", "refusals", "faults"),
        "decisions_sha256",
    }
    assert wanted <= set(result)
    assert set(result["aim_error_mm"]) == {"p50", "p95", "p99"}


def test_doctor_reports_every_check_and_fails_when_one_does(
    bombus: Callable[..., Ended], machine: Path
) -> None:
    machine.write_text(machine.read_text() + '\n[serial]\nport = "/dev/ttyNONE"\n')
    done = bombus("doctor", "--config", machine, "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert done.returncode == 1
    assert checks["firmware core"]["ok"]
    assert not checks["serial port"]["ok"]
    assert checks["serial port"]["remedy"]


def test_doctor_looks_at_the_front_camera_and_how_far_it_reads_tags(
    bombus: Callable[..., Ended], machine: Path
) -> None:
    front = '[mission.front]\nsource = "v4l2:/dev/videoNONE"\ntag_size = 0.03\n'
    front += '[mission.base]\naddress = "127.0.0.1:1"\n'
    machine.write_text(
        machine.read_text()
        + f'\n[mission]\nhouse = "{DEMO_MACHINE.parent.parent / "mission/houses/demo.toml"}"\n\n{front}'
    )
    done = bombus("doctor", "--config", machine, "--json")
    checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert (
        not checks["camera front"]["ok"] and "/dev/videoNONE is not there" in checks["camera front"]["detail"]
    )
    assert "tags of 30 mm from up to 1.1 m; lens not calibrated" in checks["front tags"]["detail"]
    assert "larger tags" in checks["front tags"]["remedy"]
    assert (
        not checks["headland base"]["ok"] and "start the base's program" in checks["headland base"]["remedy"]
    )
