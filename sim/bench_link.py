"""Measures the link in one run: clock sync against a drifting board, round trip beside a bare echo, codec."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import tempfile
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from firmware_bridge.bridge import BridgeConfig, McuBridge
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import MessageType
from firmware_bridge.events import CommandResult
from firmware_bridge.framing import Deframer, encode_frame
from firmware_bridge.messages import Pulse, decode_payload, encode_payload
from firmware_bridge.transport import SerialTransport
from robot.clock import MonotonicClock
from robot.loop import STEP_S
from sim.mcu_process import McuProcess, McuProcessError

DRIFT_PPM = 80
SETTLE_S = 3.0
"""The line through the pings has its slope from 2 s on."""
SYNC_S = 12.0
BLOCKS, BLOCK = 60, 20
ANSWER_BYTES = 17
"""An ACK on the wire; TELEMETRY, the only other frame then, is longer."""
BATCHES, BATCH = 30, 400
CONNECT_S = 10.0
ASK_AGAIN_S = 1.0
TARGETS = {
    "error_p99_us": 100.0,
    "ratio_to_bare_p50": 1.5,
    "encode_us": 2.0,
    "decode_us": 4.0,
}
"""Figures to stay at or below; `bare` is the same bytes to the same board without any of our Python."""


def bench_link() -> dict[str, Any]:
    """Return the link's figures and the targets beside them; raises McuProcessError."""
    with _board("--drift-ppm", str(DRIFT_PPM)) as port:
        sync = _clock_sync(port)
    with _board() as port, _echo() as echo_fd:
        trips = _round_trips(port, echo_fd)
    return {"clock_sync": sync, "round_trip": trips, "codec": _codec(), "targets": TARGETS}


@contextmanager
def _board(*options: str) -> Iterator[str]:
    """Run the C core behind a pty; yields its port."""
    with tempfile.TemporaryDirectory(prefix="bombus-") as folder:
        mcu = McuProcess(Path(folder), CoreConfig(), *options)
        try:
            yield str(mcu.port)
        finally:
            mcu.stop()


@contextmanager
def _connected(port: str, config: BridgeConfig) -> Iterator[tuple[McuBridge, SerialTransport]]:
    clock = MonotonicClock()
    transport = SerialTransport(port)
    bridge = McuBridge(transport, config)
    bridge.connect(clock.now())
    end = clock.now() + CONNECT_S
    try:
        while not bridge.link.connected:
            bridge.poll(clock.now())
            transport.wait(STEP_S)
            if clock.now() > end:
                raise McuProcessError(f"{port}: no session within {CONNECT_S:g} s; {bridge.link.problem}")
        yield bridge, transport
    finally:
        bridge.close()


def _clock_sync(port: str) -> dict[str, Any]:
    """Poll as the control loop does, every 10 ms; the board's true clock is the host's with the drift."""
    clock = MonotonicClock()
    errors_us: list[float] = []
    with _connected(port, BridgeConfig()) as (bridge, _):
        begun = clock.now()
        while (now := clock.now()) < begun + SETTLE_S + SYNC_S:
            bridge.poll(now)
            if now > begun + SETTLE_S:
                errors_us.append(1e6 * abs(bridge.clock.to_host(board_ticks(now, DRIFT_PPM)) - now))
            clock.sleep_until(now + STEP_S)
        drift_ppm = (1e-6 / bridge.clock.seconds_per_us - 1.0) * 1e6
    p50, p99 = np.percentile(errors_us, (50, 99))
    return {
        "error_p50_us": round(float(p50), 1),
        "error_p99_us": round(float(p99), 1),
        "drift_ppm": DRIFT_PPM,
        "drift_found_ppm": round(drift_ppm, 1),
        "samples": len(errors_us),
    }


def board_ticks(t: float, drift_ppm: int) -> int:
    """Return what the clock of `bombus-mcu` shows at host time `t`: the host's with a drift, uint32 µs."""
    us = int(t * 1e6)
    return (us + us // 1000 * drift_ppm // 1000) & 0xFFFF_FFFF


def _round_trips(port: str, echo_fd: int) -> dict[str, Any]:
    """Time a request through the bridge, its bare bytes to the same board, and a bare echo, in turn."""
    clock = MonotonicClock()
    trips: dict[str, list[float]] = {"bridge": [], "bare": [], "echo": []}
    with _connected(port, BridgeConfig()) as (bridge, transport):
        board_fd = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        request = encode_frame(MessageType.DISARM, 0xFFFF, bridge.link.session, b"")
        try:
            ways: dict[str, Callable[[], float]] = {
                "bridge": lambda: _bridge_trip(bridge, transport, clock),
                "bare": lambda: _bare_trip(board_fd, request, ANSWER_BYTES),
                "echo": lambda: _bare_trip(echo_fd, request, len(request)),
            }
            for _ in range(BLOCKS):
                for name, way in ways.items():
                    # The first of a block finds the far end asleep: after the others' turn, not by its own fault.
                    trips[name] += [way() for _ in range(BLOCK + 1)][1:]
        finally:
            os.close(board_fd)
    p50, p99 = np.percentile(1e6 * np.asarray(list(trips.values())), (50, 99), axis=1)
    result: dict[str, Any] = {}
    for name, middle, high in zip(trips, p50, p99, strict=True):
        result |= {f"{name}_p50_us": round(float(middle), 1), f"{name}_p99_us": round(float(high), 1)}
    ratios = {"ratio_to_bare_p50": p50[0] / p50[1], "ratio_to_echo_p50": p50[0] / p50[2]}
    return {
        **result,
        **{name: round(float(ratio), 2) for name, ratio in ratios.items()},
        "trips": BLOCKS * BLOCK,
    }


def _bridge_trip(bridge: McuBridge, transport: SerialTransport, clock: MonotonicClock) -> float:
    """Return the seconds from asking the bridge for a command to the event that answers it."""
    before = perf_counter()
    asked = 0
    while (waited := perf_counter() - before) < CONNECT_S:
        if waited >= asked * ASK_AGAIN_S:
            # Again, when a stall of this machine has ended the session: its requests are forgotten.
            bridge.disarm(clock.now())
            asked += 1
        transport.wait(STEP_S)
        events = bridge.poll(clock.now())
        after = perf_counter()
        if any(isinstance(event, CommandResult) and event.ok for event in events):
            return after - before
    raise McuProcessError(f"{transport.port}: no answer in {CONNECT_S:g} s; {bridge.link.problem}")


def _bare_trip(fd: int, request: bytes, answer_bytes: int) -> float:
    """Return the seconds from writing bytes to having read a frame of `answer_bytes`; nothing is decoded."""
    before = perf_counter()
    os.write(fd, request)
    got = b""
    while not any(len(piece) == answer_bytes - 1 for piece in got.split(b"\0")[:-1]):
        if not select.select([fd], [], [], CONNECT_S)[0]:
            raise McuProcessError(f"no answer to {len(request)} bytes in {CONNECT_S:g} s")
        got += os.read(fd, 4096)
    return perf_counter() - before


@contextmanager
def _echo() -> Iterator[int]:
    """Run `cat` behind a raw pty: what kernel and scheduler alone take. Yields the near end's descriptor."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    far_end = subprocess.Popen(["cat"], stdin=master, stdout=master)
    try:
        yield slave
    finally:
        far_end.terminate()
        far_end.wait()
        os.close(master)
        os.close(slave)


def _codec() -> dict[str, Any]:
    """Time a PULSE from message to wire and back; beside it a MAVLink COMMAND_LONG, where that is installed."""
    pulse = Pulse(1234, 5, 1, 56_789, 15_000, 41_667, 3)
    wire = encode_frame(MessageType.PULSE, 7, 0xABCD_EF01, encode_payload(pulse))
    deframer = Deframer()

    def encode() -> object:
        return encode_frame(MessageType.PULSE, 7, 0xABCD_EF01, encode_payload(pulse))

    def decode() -> object:
        return [decode_payload(frame.type_code, frame.payload) for frame in deframer.feed(wire)]

    return {
        "encode_us": _microseconds(encode),
        "decode_us": _microseconds(decode),
        "bytes": len(wire),
        "pymavlink": _mavlink(),
    }


def _mavlink() -> dict[str, float] | None:
    """Return the same of pymavlink, which is no dependency: None where it is missing."""
    try:
        mavlink: Any = import_module("pymavlink.dialects.v20.common")
    except ImportError:
        return None
    end = mavlink.MAVLink(None, srcSystem=1, srcComponent=1)
    message = mavlink.MAVLink_command_long_message(1, 1, 181, 0, 5.0, 3.0, 0.041, 0.015, 0.0, 0.0, 0.0)
    wire = bytes(message.pack(end))
    return {
        "encode_us": _microseconds(lambda: message.pack(end)),
        "decode_us": _microseconds(lambda: end.parse_buffer(wire)),
    }


def _microseconds(work: Callable[[], object]) -> float:
    """Return the median over batches of one call's time."""
    times: list[float] = []
    for _ in range(BATCHES):
        before = perf_counter()
        for _ in range(BATCH):
            work()
        times.append((perf_counter() - before) / BATCH)
    return round(1e6 * float(np.median(times)), 2)
