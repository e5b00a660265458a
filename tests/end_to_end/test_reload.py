"""A running `bombus run` takes its machine file anew, refuses a bad one, and goes on with the old one when it must."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from robot.children import end_process
from robot.clock import MonotonicClock
from robot.config import config_id
from tests.end_to_end.running import Running

pytestmark = [pytest.mark.slow, pytest.mark.realtime]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    one = Running(tmp_path)
    yield one
    if one.process.poll() is None:
        end_process(one.process, 5.0)


def bombus(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bombus", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_new_file_is_taken_a_bad_one_refused_and_one_that_cannot_run_given_up(running: Running) -> None:
    first = running.machine.read_text()
    running.wait_for(lambda seen: seen.config == config_id(first))

    longer = running.written("longer.toml", length=33.0)
    done = bombus("config", "apply", longer, "--config", running.machine)
    assert done.returncode == 0, done.stderr
    assert "the robot has taken it" in done.stderr
    assert running.wait_for(lambda seen: seen.config == config_id(longer.read_text())).row.length == 33.0

    running.data["serial"]["port"] += "-not-there"
    done = bombus("config", "apply", running.written("lost.toml"), "--config", running.machine)
    assert done.returncode == 1
    assert "as before" in done.stderr
    assert "not there; plug in the cable" in done.stderr
    assert running.machine.read_text() == longer.read_text()
    seen = running.wait_for(lambda seen: bool(seen.config_problem))
    assert seen.config == config_id(longer.read_text())
    assert "config_given_up" in [alert.code for alert in seen.alerts]

    running.machine.write_text("[row]\nlength = -1\n")
    running.process.send_signal(signal.SIGHUP)
    MonotonicClock().sleep_until(MonotonicClock().now() + 1.0)
    code, said = running.end()
    assert code == 0
    assert "machine file not taken" in said
    assert "row.length = -1" in said
