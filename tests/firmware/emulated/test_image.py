"""The shipped image, its start-up code, interrupts and registers, through pyserial; the bus trace is the witness.

The emulator's time is the host's, so nothing here asserts a duration: order, counts and outcomes only.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from firmware_bridge.commands import pulse_message
from firmware_bridge.enums import MessageType
from firmware_bridge.events import CommandResult, LinkDown, LinkUp, PulseReceipt, Telemetry
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
    board.arm()
    train = board.train(1, nozzle=63, count=1)
    message = pulse_message(train)
    assert message is not None
    wire = [
        encode_frame(MessageType.PULSE, 7000 + n, board.bridge.link.session, encode_payload(message))
        for n in range(3)
    ]
    board.transport.write(wire[0])
    board.transport.write(wire[1])
    board.run(lambda: board.trace.openings() > 0)
    board.transport.write(wire[2])
    board.poll_for(1.0)
    assert board.trace.openings(63) == board.trace.openings() == 1
    assert board.of(Telemetry)[-1].openings == 1


def test_a_killed_host_leaves_everything_closed_and_its_successor_learns_the_outcome(board: Board) -> None:
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
    board.bridge.query(1, time.monotonic())
    board.bridge.connect(time.monotonic())
    board.run(lambda: 1 in board.outcomes())
    assert board.of(LinkUp)[-1].last_pulse_id == 1
    assert board.outcomes()[1].outcome == "cut_short"
    assert board.outcomes()[1].cause in {"deadman", "new_session"}
    assert board.outcomes()[1].openings == openings == board.trace.openings()
    assert [edge.by_reset for edge in board.trace.edges()] == [False] * (2 * openings)


def test_a_reset_amid_a_train_closes_and_nothing_of_the_old_session_acts(board: Board) -> None:
    board.arm()
    old_session = board.bridge.link.session
    board.fire(board.train(1, count=24), board.train(2, ahead=400, nozzle=20))
    board.run(lambda: board.trace.openings() > 0)
    board.monitor.ask("system_reset")
    board.run(lambda: len(board.of(LinkUp)) == 2)
    openings = board.trace.openings()
    edges = len(board.trace.edges())
    late = pulse_message(board.train(3, ahead=10, count=1))
    assert late is not None
    old_frame = encode_frame(MessageType.PULSE, 1, old_session, encode_payload(late))
    board.bridge.arm(time.monotonic())
    board.run(lambda: board.of(Telemetry)[-1].armed)
    for _ in range(3):
        board.transport.write(old_frame)
    board.poll_for(1.0)
    first, second = board.of(LinkUp)
    assert first.boot_id != second.boot_id
    assert (second.reset_cause, second.last_pulse_id) == ("pin", 0)
    assert any("restarted" in e.reason or "silent" in e.reason for e in board.of(LinkDown))
    assert {n: o.outcome for n, o in board.outcomes().items()} == {1: "maybe_fired", 2: "maybe_fired"}
    assert board.trace.openings() == openings < 24
    assert len(board.trace.edges()) == edges
    assert board.trace.open_valves() == set()


def test_boot_ids_differ_from_start_to_start(board: Board) -> None:
    board.arm()
    for starts in (2, 3, 4, 5):
        board.monitor.ask("system_reset")
        board.run(lambda starts=starts: len(board.of(LinkUp)) == starts)  # type: ignore[misc]
    assert len({up.boot_id for up in board.of(LinkUp)}) == 5


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
    board.arm()
    board.fire(board.train(1))
    board.run(lambda: 1 in board.outcomes())
    assert board.of(Telemetry)[-1].bad_frames > 100
    assert board.trace.openings() == board.outcomes()[1].openings > 0
    assert [e.reset_cause for e in board.of(LinkUp)] == ["power_on"]


def test_a_pressed_button_closes_stops_the_motor_and_cuts_the_queue(board: Board) -> None:
    board.arm()
    board.bridge.drive(200, time.monotonic())
    board.fire(board.train(1, count=24), board.train(2, ahead=300, nozzle=40))
    board.run(lambda: board.trace.openings() > 0)
    board.run(lambda: (board.trace.last(MOTOR) or 0) > 0)
    board.head.button = True
    board.run(lambda: {1, 2} <= set(board.outcomes()))
    assert board.outcomes()[1].outcome == "cut_short"
    assert {o.cause for o in board.outcomes().values()} == {"estop"}
    assert board.trace.open_valves() == set()
    assert board.trace.last(MOTOR) == 0
    board.bridge.clear(time.monotonic())
    board.run(lambda: board.of(CommandResult)[-1].command == "clear")
    assert board.of(CommandResult)[-1].reason == "still_pressed"


def test_a_silent_sensor_head_stops_the_firing(board: Board) -> None:
    board.arm()
    board.fire(board.train(1, ahead=0, on_us=5_000, count=1))
    board.run(lambda: 1 in board.outcomes())
    board.head.silent = True
    board.run(lambda: not board.of(Telemetry)[-1].pressure_believed)
    openings = board.trace.openings()
    board.fire(board.train(2, ahead=0, count=1))
    board.run(lambda: 2 in board.outcomes() or len(board.of(PulseReceipt)) == 2)
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


def _break_while_open(board: Board, address: int, patch: bytes) -> int:
    """Overwrite a function at a moment when a valve is open; return how many trace records came before."""
    for attempt in range(1, 100):
        board.arm()
        board.fire(board.train(attempt, on_us=45_000, period_us=70_000, count=14))
        board.run(lambda: board.trace.open_valves() == {7} or attempt in board.outcomes())  # noqa: B023
        with halted(board.debug_port) as held:
            before = len(board.trace.records())
            if board.trace.open_valves() == {7}:
                held.write(address, patch)
                return before
        board.run(lambda: attempt in board.outcomes())  # noqa: B023
    raise AssertionError("never caught with an open valve")
