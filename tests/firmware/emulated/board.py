"""The shipped image on an emulated Cortex-M3, a sensor head that samples a rolling cart, and a bridge to it."""

from __future__ import annotations

import json
import random
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from firmware_bridge.bridge import McuBridge, PulseCommand
from firmware_bridge.events import Event, PulseOutcome, PulseReceipt, Telemetry
from firmware_bridge.transport import SerialTransport
from tests.firmware.emulated.trace import Trace

E = TypeVar("E")
IMAGE = Path(__file__).parents[3] / "build" / "firmware" / "bombus-mps2.elf"
STARTS_WITHIN_S = 10.0


class Monitor:
    """The emulator's control socket."""

    def __init__(self, path: Path) -> None:
        self._link = connected(path)
        self._lines = self._link.makefile("r")
        self._lines.readline()
        self.events: list[str] = []
        self.ask("qmp_capabilities")

    def ask(self, command: str) -> Any:
        """Carry out a command and return its answer; what happened meanwhile goes to `events`."""
        self._link.sendall(json.dumps({"execute": command}).encode())
        while True:
            answer = json.loads(self._lines.readline())
            if "event" in answer:
                self.events.append(f"{answer['event']} {answer.get('data', {}).get('reason', '')}".strip())
            else:
                return answer["return"]

    def close(self) -> None:
        self._lines.close()
        self._link.close()


def connected(path: Path) -> socket.socket:
    """Return a socket to a path that may not be there yet."""
    end = time.monotonic() + STARTS_WITHIN_S
    while True:
        link = socket.socket(socket.AF_UNIX)
        link.settimeout(STARTS_WITHIN_S)
        try:
            link.connect(str(path))
        except OSError:
            link.close()
            assert time.monotonic() < end, f"the emulator does not open {path}"
            time.sleep(0.02)
        else:
            return link


class SensorHead:
    """Sends a sample every 5 ms; a step of the cart goes with the sample, not with the host's clock.

    The emulated UART takes some 10 kB/s, which sensor head and host share.
    """

    def __init__(self, path: Path) -> None:
        self.ticks = 0.0
        self.ticks_per_sample = 1.5
        self.pressure_kpa = 400
        self.button = self.bumper = self.end_switch = False
        self.silent = False
        self._noise = random.Random(1)
        self._link = connected(path)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        self._thread.join(10)
        self._link.close()

    def _work(self) -> None:
        while not self._ending.wait(0.005):
            if self.silent:
                continue
            self.ticks += self.ticks_per_sample
            noisy_kpa = self.pressure_kpa + self._noise.randrange(
                4
            )  # a reading that never moves is not believed
            buttons = self.button | self.bumper << 1 | self.end_switch << 2
            body = struct.pack("<IHHB", int(self.ticks), noisy_kpa, 25_000, buttons)
            try:
                self._link.sendall(b"\xa5" + body + bytes([sum(body) & 0xFF]))
            except OSError:
                return


class Board:
    """The emulator with everything around it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.debug_port = folder / "debug"
        log, monitor, sensors = folder / "log", folder / "monitor", folder / "sensors"
        self.process = subprocess.Popen(_command(log, monitor, sensors, self.debug_port))
        self.monitor = Monitor(monitor)
        self.trace = Trace(log)
        self.head = SensorHead(sensors)
        self.port = self._host_port()
        self.transport = SerialTransport(self.port)
        self.bridge = McuBridge(self.transport)
        self.events: list[Event] = []

    def close(self) -> None:
        self.bridge.close()
        self.head.close()
        self.monitor.close()
        self.process.kill()
        self.process.wait(10)

    def poll_for(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Poll for some time, or until a condition holds; says whether it does."""
        end = time.monotonic() + seconds
        while not until():
            if time.monotonic() > end:
                return False
            events = self.bridge.poll(time.monotonic())
            for outcome in (event for event in events if isinstance(event, PulseOutcome)):
                self.bridge.acknowledge(outcome.pulse_id, time.monotonic())
            self.events += events
            time.sleep(0.002)
        return True

    def run(self, until: Callable[[], bool]) -> None:
        """Poll until a condition holds; one that never holds fails."""
        assert self.poll_for(60, until), f"waited in vain; last: {self.events[-3:]}"

    def arm(self) -> None:
        """Connect and arm, where that is still to be done; a host that stalled is disarmed again, so it repeats."""
        self.bridge.connect(time.monotonic())
        self.run(lambda: self.bridge.link.connected)
        self.run(lambda: any(e.pressure_ok for e in self.of(Telemetry)[-1:]))
        for _ in range(60):
            self.bridge.arm(time.monotonic())
            if self.poll_for(1, lambda: self.of(Telemetry)[-1].armed):
                return
        raise AssertionError(f"never armed; last: {self.events[-3:]}")

    def train(self, pulse_id: int, ahead: int = 60, **changes: int) -> PulseCommand:
        """Return a train of three openings, `ahead` ticks from here."""
        values = {"nozzle": 7, "direction": 1, "on_us": 15_000, "period_us": 41_667, "count": 3, **changes}
        return PulseCommand(pulse_id=pulse_id, trigger_ticks=int(self.head.ticks) + ahead, **values)

    def open_train(self, **changes: int) -> int:
        """Fire trains until one has opened its valve, and return its id.

        A host that is starved of time loses some to the dead-man, which is as it should be.
        """
        for pulse_id in range(1, 100):
            self.arm()
            self.fire(self.train(pulse_id, **changes))
            self.run(lambda pulse_id=pulse_id: self.trace.openings() > 0 or pulse_id in self.settled())  # type: ignore[misc]
            if self.trace.openings() > 0:
                return pulse_id
        raise AssertionError("no train ever opened its valve")

    def fire(self, *trains: PulseCommand) -> None:
        self.bridge.fire(trains, time.monotonic())

    def of(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def outcomes(self) -> dict[int, PulseOutcome]:
        return {event.pulse_id: event for event in self.of(PulseOutcome)}

    def settled(self) -> set[int]:
        """Return the ids of the trains that have ended, or were refused."""
        return set(self.outcomes()) | {e.pulse_id for e in self.of(PulseReceipt) if not e.accepted}

    def _host_port(self) -> str:
        names = [device["filename"] for device in self.monitor.ask("query-chardev")]
        (port,) = [name.removeprefix("pty:") for name in names if name.startswith("pty:")]
        return str(port)


def _command(log: Path, monitor: Path, sensors: Path, debug_port: Path) -> list[str]:
    def socket_at(name: str, path: Path) -> list[str]:
        return ["-chardev", f"socket,id={name},path={path},server=on,wait=off"]

    return [
        *("qemu-system-arm", "-machine", "mps2-an385", "-display", "none", "-kernel", str(IMAGE)),
        *("-chardev", "pty,id=host", "-serial", "chardev:host"),
        *(*socket_at("sensors", sensors), "-serial", "chardev:sensors"),
        *(*socket_at("monitor", monitor), "-mon", "chardev=monitor,mode=control"),
        *(*socket_at("debug", debug_port), "-gdb", "chardev:debug"),
        *("-trace", "memory_region_ops_write", "-d", "cpu_reset", "-D", str(log)),
    ]
