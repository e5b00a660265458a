"""sd_notify over a real socket: ready with the first step, signs of life at half of what is allowed, never a wait."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.notify import Notifier, without_systemd
from tests.robot.conftest import MakeRig


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def heard(listener: socket.socket) -> list[str]:
    messages = []
    while True:
        try:
            messages.append(listener.recv(4096).decode())
        except BlockingIOError:
            return messages


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"NOTIFY_SOCKET": str(tmp_path / "notify"), **more}


def test_the_first_beat_is_ready_and_later_ones_come_at_half_the_watchdogs_time(
    systemd: socket.socket, tmp_path: Path
) -> None:
    notifier = Notifier.from_environment(environment(tmp_path, WATCHDOG_USEC="5000000"))
    for step in range(600):
        notifier.beat(100.0 + step * 0.01, "ready, row 7")
    assert heard(systemd) == ["READY=1\nWATCHDOG=1\nSTATUS=ready, row 7", "WATCHDOG=1", "WATCHDOG=1"]
    notifier.stopping()
    notifier.close()
    assert heard(systemd) == ["STOPPING=1"]


def test_a_reload_is_told_and_ends_with_ready(systemd: socket.socket, tmp_path: Path) -> None:
    notifier = Notifier.from_environment(environment(tmp_path))
    notifier.beat(1.0, "a")
    notifier.reloading(2.5)
    notifier.beat(3.0, "b\nREADY=0")
    assert heard(systemd) == [
        "READY=1\nSTATUS=a",
        "RELOADING=1\nMONOTONIC_USEC=2500000",
        "READY=1\nSTATUS=b READY=0",
    ]
    notifier.close()


def test_without_a_watchdog_or_with_another_process_s_there_are_no_signs_of_life(
    systemd: socket.socket, tmp_path: Path
) -> None:
    other = environment(tmp_path, WATCHDOG_USEC="1000000", WATCHDOG_PID=str(os.getpid() + 1))
    notifier = Notifier.from_environment(other)
    notifier.beat(1.0, "")
    notifier.beat(9.0, "")
    assert heard(systemd) == ["READY=1"]
    notifier.close()


def test_while_reloading_the_watchdog_is_patient_and_then_as_before(
    systemd: socket.socket, tmp_path: Path
) -> None:
    notifier = Notifier.from_environment(environment(tmp_path, WATCHDOG_USEC="5000000"))
    notifier.beat(1.0, "")
    notifier.reloading(2.0)
    notifier.beat(30.0, "")
    notifier.beat(33.0, "")
    assert heard(systemd) == [
        "READY=1\nWATCHDOG=1",
        "RELOADING=1\nMONOTONIC_USEC=2000000\nWATCHDOG_USEC=90000000",
        "READY=1\nWATCHDOG_USEC=5000000\nWATCHDOG=1",
        "WATCHDOG=1",
    ]
    notifier.close()


def test_an_abstract_address_is_understood() -> None:
    name = f"bombus-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.setblocking(False)
        notifier = Notifier(f"@{name}")
        notifier.beat(1.0, "x")
        assert heard(listener) == ["READY=1\nSTATUS=x"]
        notifier.close()


def test_a_systemd_that_does_not_listen_does_not_hold_up_the_loop(
    systemd: socket.socket, tmp_path: Path
) -> None:
    notifier = Notifier.from_environment(environment(tmp_path))
    for step in range(10_000):
        notifier.beat(float(step), str(step))
    systemd.close()
    notifier.beat(1e6, "gone")
    notifier.close()


@settings(max_examples=50)
@given(st.text(max_size=20), st.text(max_size=20))
def test_nonsense_in_the_environment_is_as_if_nothing_were_there(address: str, watchdog: str) -> None:
    values = {"NOTIFY_SOCKET": address.replace("/", "").replace("@", ""), "WATCHDOG_USEC": watchdog}
    notifier = Notifier.from_environment(values)
    notifier.beat(1.0, "x")
    notifier.close()


def test_the_loop_itself_feeds_it(make_rig: MakeRig) -> None:
    rig = make_rig()
    fed: list[float] = []

    def after_step(now: float) -> None:
        fed.append(now)
        if len(fed) == 3:
            rig.loop.ask_to_end()

    rig.loop.run(after_step)
    assert fed == pytest.approx([100.0, 100.01, 100.02])


def test_children_do_not_speak_for_us() -> None:
    assert without_systemd({"PATH": "/bin", "NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "1"}) == {"PATH": "/bin"}
