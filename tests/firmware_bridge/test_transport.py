import os
import pty
import select
import tty
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial

from firmware_bridge.transport import SerialTransport, TransportError


@pytest.fixture
def cable() -> Iterator[tuple[int, str]]:
    """The far end of a pty, and the near end's path."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    path = os.ttyname(slave)
    os.close(slave)
    yield master, path
    try:
        os.close(master)
    except OSError:
        return


def test_missing_port_names_itself_and_the_remedy() -> None:
    with pytest.raises(TransportError, match=r"/dev/ttyNOPE is not there \(present: .*plug in"):
        SerialTransport("/dev/ttyNOPE").read()


def test_file_that_is_no_port_says_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x")
    with pytest.raises(TransportError, match="is it a serial port"):
        SerialTransport(str(file)).read()


def test_port_in_use_says_so(cable: tuple[int, str]) -> None:
    first = SerialTransport(cable[1])
    first.read()
    with pytest.raises(TransportError, match="in use by another program"):
        SerialTransport(cable[1]).read()
    first.close()


def test_port_without_permission_names_the_group(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    port = tmp_path / "port"
    port.touch()

    def refuse(*_: object, **__: object) -> None:
        raise serial.SerialException(13, f"could not open port {port}: Permission denied")

    monkeypatch.setattr(serial, "Serial", refuse)
    with pytest.raises(TransportError, match="dialout"):
        SerialTransport(str(port)).read()


def test_bytes_go_both_ways_without_waiting(cable: tuple[int, str]) -> None:
    master, path = cable
    transport = SerialTransport(path)
    assert transport.read() == b""
    transport.write(b"\0abc\xff\x11\x13")
    assert os.read(master, 100) == b"\0abc\xff\x11\x13"
    os.write(master, bytes(range(256)))
    came, tries = b"", 0
    while len(came) < 256 and tries < 100_000:
        came, tries = came + transport.read(), tries + 1
    assert came == bytes(range(256))
    transport.close()
    transport.close()


def test_bytes_that_come_between_two_looks_are_not_the_end_of_the_line(
    cable: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    master, path = cable
    transport = SerialTransport(path)
    assert transport.read() == b""
    read = os.read
    looks = 0

    def nothing_at_first(fd: int, size: int) -> bytes:
        nonlocal looks
        looks += 1
        if looks > 1:
            return read(fd, size)
        os.write(master, b"late")
        select.select([fd], [], [], 10)
        return b""

    monkeypatch.setattr(os, "read", nothing_at_first)
    assert transport.read() == b"late"


def test_lost_cable_is_an_error_and_the_next_call_opens_anew(cable: tuple[int, str]) -> None:
    master, path = cable
    transport = SerialTransport(path)
    transport.read()
    os.close(master)
    with pytest.raises(TransportError, match="check the cable"):
        transport.read()
    with pytest.raises(TransportError, match="is not there"):
        transport.write(b"x")


def test_far_end_that_takes_no_data_is_an_error(cable: tuple[int, str]) -> None:
    transport = SerialTransport(cable[1])
    with pytest.raises(TransportError, match="takes no data"):
        for _ in range(100):
            transport.write(bytes(4096))
