"""The real program behind a pty, with pyserial on the other end. Orders, counts and outcomes; no fine timing."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import firmware_bridge
from firmware_bridge.bridge import McuBridge, PulseCommand
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.events import Event, LinkDown, LinkUp, PulseOutcome, PulseReceipt, Telemetry
from firmware_bridge.plant_page import PlantPage
from firmware_bridge.transport import SerialTransport

PROGRAM = Path(firmware_bridge.__path__[0]) / "bin" / "bombus-mcu"
pytestmark = pytest.mark.realtime


class Mcu:
    """The program, its plant page, and a bridge that polls it."""

    def __init__(self, folder: Path) -> None:
        self.page = PlantPage(folder / "plant", create=True)
        self.port = folder / "port"
        self.config = folder / "config"
        self.plant = folder / "plant"
        self.config.write_bytes(CoreConfig(nozzles=48).pack())
        self.events: list[Event] = []
        self.ticks = 0.0
        self.button = self.end_switch = False
        self.start()
        self.bridge = McuBridge(SerialTransport(str(self.port)))
        self.bridge.connect(time.monotonic())

    def start(self, *options: str) -> None:
        command = [str(PROGRAM), "--plant", str(self.plant), "--link", str(self.port), *options]
        self.process = subprocess.Popen(
            [*command, "--config", str(self.config)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().startswith("/dev/pts/")

    def end(self) -> None:
        # As a pulled USB cable: the name goes first, before another test can be given the same pty.
        self.port.unlink(missing_ok=True)
        self.process.kill()
        self.process.communicate(timeout=10)

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Poll for some time, or until a condition holds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not until():
            now = time.monotonic()
            self.ticks += 1.5
            self.page.set_sensors(
                int(self.ticks),
                400,
                25_000,
                button=self.button,
                bumper=False,
                end_switch=self.end_switch,
                now_us=int(now * 1e6),
            )
            self.events += self.bridge.poll(now)
            time.sleep(0.001)

    def arm(self) -> None:
        self.run(5, lambda: self.bridge.link.connected)
        self.bridge.arm(time.monotonic())
        self.run(5, lambda: any(isinstance(e, Telemetry) and e.armed for e in self.events))

    def fire(self, pulse_id: int, ahead: int, **changes: int) -> None:
        values = {"nozzle": 7, "direction": 1, "on_us": 15_000, "period_us": 41_667, "count": 3, **changes}
        command = PulseCommand(pulse_id=pulse_id, trigger_ticks=int(self.ticks) + ahead, **values)
        self.bridge.fire([command], time.monotonic())

    def outcomes(self) -> dict[int, str]:
        return {e.pulse_id: e.outcome for e in self.events if isinstance(e, PulseOutcome)}


@pytest.fixture
def mcu(tmp_path: Path) -> Iterator[Mcu]:
    mcu = Mcu(tmp_path)
    yield mcu
    mcu.bridge.close()
    mcu.end()
    mcu.page.close()


def test_train_is_fired_through_a_real_serial_port(mcu: Mcu) -> None:
    mcu.arm()
    mcu.fire(1, 300)
    mcu.run(5, lambda: 1 in mcu.outcomes())
    (up,) = [e for e in mcu.events if isinstance(e, LinkUp)]
    assert up.nozzles == 48
    assert up.config_crc == CoreConfig(nozzles=48).crc()
    assert [e.accepted for e in mcu.events if isinstance(e, PulseReceipt)] == [True]
    edges = mcu.page.edges()
    assert [(e.nozzle, e.open) for e in edges] == [(7, n % 2 == 0) for n in range(len(edges))]
    assert len(edges) in {2, 4, 6}
    assert mcu.page.valves == 0


def test_killed_host_leaves_everything_closed_and_a_new_one_learns_the_outcome(mcu: Mcu) -> None:
    mcu.arm()
    mcu.fire(1, 30)
    mcu.fire(2, 20_000)
    mcu.run(5, lambda: 1 in mcu.outcomes())
    deadline = time.monotonic() + 2.0
    while time.monotonic() < deadline:
        time.sleep(0.01)
    assert mcu.page.valves == 0
    assert mcu.page.motor_mm_s == 0
    mcu.bridge.close()
    mcu.bridge = McuBridge(SerialTransport(str(mcu.port)))
    mcu.bridge.connect(time.monotonic())
    mcu.events.clear()
    mcu.run(5, lambda: {1, 2} <= set(mcu.outcomes()))
    assert next(e for e in mcu.events if isinstance(e, LinkUp)).last_pulse_id == 2
    assert mcu.outcomes()[1] in {"fired", "cut_short"}
    assert mcu.outcomes()[2] == "not_fired"


def test_killed_board_is_noticed_and_its_successor_found(mcu: Mcu) -> None:
    mcu.arm()
    mcu.fire(1, 20_000)
    mcu.run(5, lambda: any(isinstance(e, PulseReceipt) for e in mcu.events))
    mcu.end()
    mcu.run(5, lambda: not mcu.bridge.link.connected)
    mcu.run(1.2)
    (down,) = [e for e in mcu.events if isinstance(e, LinkDown)]
    assert str(mcu.port) in down.reason
    assert "is not there" in mcu.bridge.link.problem
    mcu.start()
    mcu.run(5, lambda: mcu.bridge.link.connected)
    ups = [e for e in mcu.events if isinstance(e, LinkUp)]
    assert len(ups) == 2
    assert ups[0].boot_id != ups[1].boot_id
    assert mcu.outcomes() == {1: "maybe_fired"}


def test_stopped_host_process_cannot_keep_a_valve_open(mcu: Mcu) -> None:
    mcu.arm()
    mcu.fire(1, 20, on_us=45_000, period_us=100_000, count=9)
    mcu.run(5, lambda: mcu.page.valves != 0)
    time.sleep(0.6)
    steps = mcu.page.steps
    assert mcu.page.valves == 0
    edges = mcu.page.edges()
    assert edges[-1].at_us - edges[0].at_us < 600_000
    time.sleep(0.1)
    assert mcu.page.steps != steps


def test_button_stops_and_sigterm_closes(mcu: Mcu) -> None:
    mcu.arm()
    mcu.button = True
    mcu.run(5, lambda: any(isinstance(e, Telemetry) and e.estop for e in mcu.events))
    mcu.fire(1, 300)
    mcu.run(5, lambda: any(isinstance(e, PulseReceipt) for e in mcu.events))
    assert next(e for e in mcu.events if isinstance(e, PulseReceipt)).reason == "estop"
    mcu.process.send_signal(signal.SIGTERM)
    assert mcu.process.wait(10) == 0
    assert mcu.page.valves == 0
    assert not os.path.lexists(mcu.port)


def test_row_end_switch_is_told_and_nothing_stops_for_it(mcu: Mcu) -> None:
    mcu.arm()
    mcu.end_switch = True
    mcu.run(5, lambda: any(isinstance(e, Telemetry) and e.end_switch for e in mcu.events))
    told = [e for e in mcu.events if isinstance(e, Telemetry)][-1]
    assert told.end_switch and told.armed and not told.estop


@pytest.mark.parametrize(
    ("arguments", "words", "code"),
    [
        ([], "--plant FILE", 2),
        (["--plant"], "--plant is unknown or has no value", 2),
        (["--nonsense", "3"], "--nonsense is unknown", 2),
        (["--plant", "/nonexistent"], "cannot open the plant page /nonexistent", 1),
        (["--plant", "/etc/passwd"], "is no plant page", 2),
    ],
)
def test_wrong_use_ends_in_one_line(arguments: list[str], words: str, code: int) -> None:
    command = [str(PROGRAM), *arguments]
    ended = subprocess.run(command, check=False, capture_output=True, text=True, timeout=10)
    assert ended.returncode == code
    assert words in ended.stderr.splitlines()[0]
