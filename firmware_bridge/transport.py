"""The cable: non-blocking bytes in and out. `SerialTransport` is a real port or a pty."""

from __future__ import annotations

import errno
import os
import select
import termios
from pathlib import Path
from typing import Protocol

import serial
from serial.tools import list_ports

WRITE_WAITS, WRITE_WAIT_S = 5, 0.01
"""A port that takes no data is waited for this often and this long: 50 ms in all."""
READ_ROOM = 4096


class TransportError(Exception):
    """The cable cannot be used now; the text names the port, the cause and the remedy."""


class Transport(Protocol):
    """Bytes to and from the MCU. A lost cable is opened again by the next call that can."""

    def read(self) -> bytes:
        """Return what has arrived, at once; raises TransportError."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of it; raises TransportError."""
        ...

    def close(self) -> None:
        """Let go of the port; a later read or write opens it again."""
        ...


def _present() -> str:
    return ", ".join(sorted(port.device for port in list_ports.comports())) or "none"


def _open_problem(port: str, error: Exception) -> str:
    text = str(error)
    code = getattr(error, "errno", None)
    if not Path(port).exists():
        return (
            f"serial port {port} is not there (present: {_present()}): plug in the cable or correct the port"
        )
    if code == errno.EACCES or "Permission denied" in text:
        return f"serial port {port} may not be opened: add this user to its group (usually dialout)"
    if code == errno.EBUSY or "lock" in text:
        return f"serial port {port} is in use by another program: stop that program"
    return f"serial port {port} cannot be opened ({text}): is it a serial port?"


def _send(fd: int, data: bytes) -> bool:
    """Write all of `data`; False when the port does not take it in time. pyserial's own write costs twice."""
    for waits in range(WRITE_WAITS + 1):
        if waits:
            select.select([], [fd], [], WRITE_WAIT_S)
        try:
            data = data[os.write(fd, data) :]
        except BlockingIOError:
            continue
        if not data:
            return True
    return False


class SerialTransport:
    """A serial port, opened exclusively when it is first used."""

    def __init__(self, port: str, baud_rate: int = 1_000_000) -> None:
        self.port = port
        self._baud_rate = baud_rate
        self._serial: serial.Serial | None = None

    def read(self) -> bytes:
        """Return what has arrived, without waiting; raises TransportError."""
        opened = self._opened()
        try:
            # The descriptor itself: pyserial's read costs three system calls more for the same bytes.
            data = os.read(opened.fileno(), READ_ROOM)
            # Some drivers answer an idle port with nothing. Readable and empty once more is the end of the line;
            # once more, because bytes may have come since the first look.
            if not data and select.select([opened.fileno()], [], [], 0)[0]:
                data = os.read(opened.fileno(), READ_ROOM)
                if not data:
                    raise OSError("the device reports end of file")
        except BlockingIOError:
            return b""
        except (OSError, termios.error, TypeError) as error:
            raise self._lost(error) from error
        return data

    def wait(self, timeout_s: float) -> bool:
        """Return as soon as bytes have arrived, False after `timeout_s`; raises TransportError."""
        opened = self._opened()
        try:
            return bool(select.select([opened.fileno()], [], [], timeout_s)[0])
        except (OSError, ValueError, TypeError) as error:
            raise self._lost(error) from error

    def write(self, data: bytes) -> None:
        """Send all of it within 50 ms; raises TransportError."""
        opened = self._opened()
        try:
            taken = _send(opened.fileno(), data)
        except (OSError, termios.error, TypeError) as error:
            raise self._lost(error) from error
        if not taken:
            self.close()
            raise TransportError(
                f"serial port {self.port} takes no data: the microcontroller hangs or flow control is on"
            )

    def close(self) -> None:
        """Let go of the port."""
        opened, self._serial = self._serial, None
        if opened is not None:
            try:
                opened.close()
            except (OSError, termios.error):
                return

    def _opened(self) -> serial.Serial:
        if self._serial is None:
            try:
                self._serial = serial.Serial(self.port, self._baud_rate, timeout=0, exclusive=True)
            except (OSError, termios.error, ValueError) as error:
                raise TransportError(_open_problem(self.port, error)) from error
        return self._serial

    def _lost(self, error: Exception) -> TransportError:
        self.close()
        return TransportError(f"serial port {self.port} was lost ({error}): check the cable and its power")
