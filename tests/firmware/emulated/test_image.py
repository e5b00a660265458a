"""The shipped image, its start-up code, interrupts and registers, through pyserial; the bus trace is the witness.

The emulator's time leaks the host's, so nothing here asserts a duration: order, counts and outcomes only.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from firmware_bridge.commands import pulse_message
from firmware_bridge.enums import MessageType
from firmware_bridge.events import CommandResult, LinkDown, LinkUp, Telemetry
from firmware_bridge.framing import encode_frame
from firmware_bridge.messages import encode_payload
from tests.firmware.emulated.board import IMAGE, Board
from tests.firmware.emulated.debugger import HANG, RETURN, address_of, halted
from tests.firmware.emulated.trace import GPIO_DATAOUT, LEDS, MOTOR, Reset, Write

pytestmark = [pytest.mark.slow, pytest.mark.realtime]
ROOT = Path(__file__).parents[3]
ALL_PORTS_OFF = [Write(address, 0) for address in GPIO_DATAOUT]


def test_pins_are_written_off_before_anything_else(board: Board) -> None:
    board.arm()
    after_power_on = board.trace.records()
    while isinstance(after_power_on[0], Reset):
        del after_power_on[0]
    assert after_power_on[:5] == [*ALL_PORTS_OFF, Write(LEDS, 0)]
    assert board.trace.openings() == 0


def test_a_row_of_trains_leaves_as_many_openings_in_the_trace_as_it_reports(board: Board) -> None:
    fired, batch, first_id = 0, 16, 1
    while fired < 320:
        board.arm()
        ids = range(first_id, first_id + batch)
        board.fire(*(board.train(n, ahead=30 + 5 * (n - first_id), nozzle=n * 5 % 64) for n in ids))
        board.run(lambda ids=ids: set(ids) <= board.settled())  # type: ignore[misc]
        first_id += batch
        fired = sum(outcome.outcome == "fired" for outcome in board.outcomes().values())
    board.run(lambda: board.trace.open_valves() == set())
    reported: Counter[int] = Counter()
    for pulse_id, outcome in board.outcomes().items():
        reported[pulse_id * 5 % 64] += outcome.openings
    assert +reported == Counter(edge.nozzle for edge in board.trace.edges() if edge.open)
    assert len(reported) == 64
    assert sum(reported.values()) >= 3 * 320
    assert {e.boot_id for e in board.of(LinkUp)} == {board.bridge.link.boot_id}


def test_three_sends_of_a_pulse_are_one_opening(board: Board) -> None:
    pulse_id = 0
    while board.trace.openings() == 0:
        pulse_id += 1
        board.arm()
        for n in range(2):
            board.transport.write(_pulse_frame(board, pulse_id, seq=7000 + n))
        board.poll_for(2, lambda: board.trace.openings() > 0)
    board.transport.write(_pulse_frame(board, pulse_id, seq=7002))
    board.poll_for(1.0)
    assert board.trace.openings(63) == board.trace.openings() == 1
    assert board.of(Telemetry)[-1].openings == 1


def test_a_killed_host_leaves_everything_closed_and_its_successor_learns_the_outcomes(board: Board) -> None:
    doomed = subprocess.Popen(
        [sys.executable, "-m", "tests.firmware.emulated.doomed_host", board.port], cwd=ROOT
    )
    try:
        board.run(lambda: board.trace.openings(9) > 0)
    finally:
        doomed.send_signal(signal.SIGKILL)
        doomed.wait(10)
    time.sleep(1.5)
    assert board.trace.open_valves() == set()
    openings = board.trace.openings()
    assert 0 < openings < 24
    board.bridge.connect(time.monotonic())
    board.run(lambda: board.bridge.link.connected)
    last_id = board.of(LinkUp)[-1].last_pulse_id
    board.run(lambda: set(range(1, last_id + 1)) <= set(board.outcomes()))
    assert board.outcomes()[last_id].outcome == "cut_short"
    assert board.outcomes()[last_id].cause in {"deadman", "new_session"}
    assert sum(outcome.openings for outcome in board.outcomes().values()) == openings
    assert [edge.by_reset for edge in board.trace.edges()] == [False] * (2 * openings)


def test_a_reset_amid_a_train_closes_and_nothing_of_the_old_session_acts(board: Board) -> None:
    pulse_id = board.open_train(nozzle=63, count=24)
    old_frame = _pulse_frame(board, pulse_id + 1, seq=1)
    boot_id = board.bridge.link.boot_id
    board.monitor.ask("system_reset")
    board.run(lambda: board.of(LinkUp)[-1].boot_id != boot_id)
    edges = board.trace.edges()
    board.arm()
    for _ in range(3):
        board.transport.write(old_frame)
    board.poll_for(1.0)
    assert (board.of(LinkUp)[-1].reset_cause, board.of(LinkUp)[-1].last_pulse_id) == ("pin", 0)
    assert any("restarted" in e.reason or "silent" in e.reason for e in board.of(LinkDown))
    assert board.outcomes()[pulse_id].outcome == "maybe_fired"
    assert 0 < board.trace.openings() < 24
    assert board.trace.edges() == edges
    assert board.trace.open_valves() == set()


def test_boot_ids_differ_from_reset_to_reset(board: Board) -> None:
    board.arm()
    for starts in (2, 3, 4, 5):
        board.monitor.ask("system_reset")
        board.run(lambda starts=starts: len(board.of(LinkUp)) == starts)  # type: ignore[misc]
    assert len({up.boot_id for up in board.of(LinkUp)}) == 5


def test_boot_ids_differ_from_power_on_to_power_on(start_board: Callable[[], Board]) -> None:
    boards = [start_board() for _ in range(4)]
    for board in boards:
        board.bridge.connect(time.monotonic())
        board.run(lambda board=board: board.bridge.link.connected)  # type: ignore[misc]
    assert len({board.bridge.link.boot_id for board in boards}) == 4


def test_floods_of_garbage_do_not_stop_it(board: Board) -> None:
    rng = random.Random(5)
    port = os.open(board.port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    sent = 0
    end = time.monotonic() + 60
    while sent < 40_000 and time.monotonic() < end:
        try:
            sent += os.write(port, rng.randbytes(512) + b"\0")
        except BlockingIOError:
            time.sleep(0.001)
    os.close(port)
    assert sent >= 40_000
    pulse_id = board.open_train()
    board.run(lambda: pulse_id in board.outcomes())
    assert board.of(Telemetry)[-1].bad_frames > 100
    assert board.trace.openings() == board.outcomes()[pulse_id].openings > 0
    assert [e.reset_cause for e in board.of(LinkUp)] == ["power_on"]


def test_a_pressed_button_closes_and_stops_the_motor_and_cannot_be_cleared(board: Board) -> None:
    pulse_id = board.open_train(count=24)
    while (board.trace.last(MOTOR) or 0) == 0:
        board.arm()
        board.bridge.drive(200, time.monotonic())
        board.poll_for(0.2)
    board.head.button = True
    board.run(lambda: board.of(Telemetry)[-1].estop and pulse_id in board.outcomes())
    assert board.outcomes()[pulse_id].openings == board.trace.openings() < 24
    assert board.trace.open_valves() == set()
    assert board.trace.last(MOTOR) == 0
    board.bridge.clear(time.monotonic())
    board.run(lambda: any(e.command == "clear" for e in board.of(CommandResult)))
    assert [e.reason for e in board.of(CommandResult) if e.command == "clear"] == ["still_pressed"]
    board.fire(board.train(pulse_id + 1, ahead=0))
    board.run(lambda: pulse_id + 1 in board.settled())
    assert board.trace.openings() == board.outcomes()[pulse_id].openings


def test_a_row_end_switch_is_told_and_nothing_stops_for_it(board: Board) -> None:
    board.arm()
    board.head.end_switch = True
    board.run(lambda: board.of(Telemetry)[-1].end_switch)
    assert board.of(Telemetry)[-1].armed and not board.of(Telemetry)[-1].estop
    board.head.end_switch = False
    board.run(lambda: not board.of(Telemetry)[-1].end_switch)


def test_a_silent_sensor_head_stops_the_firing(board: Board) -> None:
    pulse_id = board.open_train()
    board.run(lambda: pulse_id in board.settled())
    board.head.silent = True
    board.run(lambda: not board.of(Telemetry)[-1].pressure_believed)
    openings = board.trace.openings()
    board.fire(board.train(pulse_id + 1, ahead=0))
    board.run(lambda: pulse_id + 1 in board.settled())
    board.poll_for(0.5)
    assert board.trace.openings() == openings


@pytest.mark.parametrize(
    ("function", "patch"),
    [
        ("bb_board_bytes", HANG),  # the main loop, with the step masked
        ("bb_board_step", HANG),  # the step, which holds the main loop up too
        ("bb_board_step", RETURN),  # the step alone stands still; the main loop runs
    ],
    ids=["main loop hangs", "step hangs", "step does nothing"],
)
def test_a_hung_program_loses_its_valve_to_the_one_shot_and_is_reset(
    board: Board, function: str, patch: bytes
) -> None:
    before = _break_while_open(board, address_of(IMAGE, function), patch)
    boot_id = board.bridge.link.boot_id
    board.run(lambda: any(isinstance(r, Reset) for r in board.trace.records()[before:]))
    board.run(lambda: board.of(LinkUp)[-1].boot_id != boot_id)
    after = board.trace.records()[before:]
    outputs = [r for r in after if isinstance(r, Reset) or r.address in GPIO_DATAOUT]
    # One-shot, watchdog's warning, reset, start-up code; no opening among them.
    assert outputs[:5] == [Write(0x4001_0004, 0), *ALL_PORTS_OFF]
    assert isinstance(outputs[5], Reset)
    assert all(isinstance(r, Reset) or r.value == 0 for r in outputs)
    assert board.of(LinkUp)[-1].reset_cause == "watchdog"


def _pulse_frame(board: Board, pulse_id: int, seq: int) -> bytes:
    """Return one opening of nozzle 63 as a frame of the present session."""
    message = pulse_message(board.train(pulse_id, nozzle=63, count=1))
    assert message is not None
    return encode_frame(MessageType.PULSE, seq, board.bridge.link.session, encode_payload(message))


def _break_while_open(board: Board, address: int, patch: bytes) -> int:
    """Overwrite a function at a moment when a valve is open; return how many trace records came before."""
    for attempt in range(1, 100):
        board.arm()
        board.fire(board.train(attempt, on_us=45_000, period_us=70_000, count=14))
        board.run(lambda: board.trace.open_valves() == {7} or attempt in board.settled())  # noqa: B023
        with halted(board.debug_port) as held:
            before = len(board.trace.records())
            if board.trace.open_valves() == {7}:
                held.write(address, patch)
                return before
        board.run(lambda: attempt in board.settled())  # noqa: B023
    raise AssertionError("never caught with an open valve")
