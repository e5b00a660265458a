"""The console against the C core behind a real pty, as a person or a script runs it."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from firmware_bridge.core_config import CoreConfig
from firmware_bridge.transport import SerialTransport

pytestmark = pytest.mark.realtime


@pytest.fixture
def console(bombus: Any) -> Any:
    return partial(bombus, "console")


def test_status_shows_session_limits_and_state(board: Any, console: Any) -> None:
    done = console("status", "--port", board.port, "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["config_crc"] == f"{CoreConfig().crc():#010x}"
    assert shown["protocol_match"]
    assert shown["state"]["pressure_kpa"] == 600
    assert shown["state"]["encoder_ticks"] == 1234
    assert shown["limits"]["max_on_us"] == CoreConfig().max_on_us


def test_counters_show_both_ends(board: Any, console: Any) -> None:
    shown = json.loads(console("counters", "--port", board.port, "--json").stdout)
    assert shown["host"]["received"] > 8
    assert shown["host"]["bad"] == 0
    assert shown["board"]["openings"] == 0


def test_fire_opens_just_that_nozzle_and_tells_what_was_measured(board: Any, console: Any) -> None:
    done = console("fire", "5", "--count", "2", "--on-ms", "10", "--yes", "--port", board.port, "--json")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert (shown["outcome"], shown["openings"]) == ("fired", 2)
    assert [(edge.nozzle, edge.open) for edge in board.mcu.page.edges()] == [(5, True), (5, False)] * 2
    assert board.mcu.page.valves == 0


def test_fire_asks_first_and_takes_nothing_but_yes(board: Any, console: Any) -> None:
    refused = console("fire", "5", "--port", board.port, typed="y\n")
    assert refused.returncode == 2
    assert "typed yes" in refused.stderr
    assert board.mcu.page.edges() == []
    assert console("fire", "5", "--port", board.port, typed="yes\n").returncode == 0
    assert len(board.mcu.page.edges()) == 2


def test_fire_beyond_a_limit_is_refused_by_the_board_and_said_in_one_line(board: Any, console: Any) -> None:
    done = console("fire", "5", "--on-ms", "90", "--yes", "--port", board.port)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [done.stderr.strip()]
    assert "over_cap (on_time)" in done.stderr


def test_sniff_shows_frames_of_both_directions(board: Any, console: Any) -> None:
    done = console("sniff", "--seconds", "0.5", "--port", board.port, "--json")
    assert done.returncode == 0, done.stderr
    frames = [json.loads(line) for line in done.stdout.splitlines()]
    names = {(frame["direction"], frame["name"]) for frame in frames}
    assert {(">", "hello"), ("<", "welcome"), (">", "heartbeat"), ("<", "pong"), ("<", "telemetry")} <= names
    assert [frame["t"] for frame in frames] == sorted(frame["t"] for frame in frames)
    welcome = next(frame for frame in frames if frame["name"] == "welcome")
    assert welcome["fields"]["reset_cause"] == "power_on"


def test_stop_latches_and_firing_is_refused_afterwards(board: Any, console: Any) -> None:
    assert json.loads(console("stop", "--port", board.port, "--json").stdout) == {"stopped": True}
    done = console("fire", "5", "--yes", "--port", board.port)
    assert done.returncode == 1
    assert "estop" in done.stderr
    assert board.mcu.page.edges() == []


def test_prompt_survives_mistakes_and_runs_one_command_after_another(board: Any, console: Any) -> None:
    typed = "nonsense\nfire 99 --yes\n\nfire 2 --yes\nstatus --json\nquit\n"
    done = console("--port", board.port, typed=typed)
    assert done.returncode == 0, done.stderr
    assert "nonsense" in done.stderr
    assert json.loads(done.stdout)["state"]["openings"] == 1


def test_port_held_by_another_program_is_said_in_one_line(board: Any, console: Any) -> None:
    held = SerialTransport(board.port)
    held.read()
    done = console("status", "--port", board.port)
    held.close()
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [done.stderr.strip()]
    assert "in use by another program" in done.stderr
