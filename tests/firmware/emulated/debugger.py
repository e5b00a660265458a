"""Breaks the running image from outside, through the emulator's debug port: no hook is built into it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HANG = bytes.fromhex("fee7")
"""Thumb `b .`: the function never returns."""
RETURN = bytes.fromhex("7047")
"""Thumb `bx lr`: the function does nothing."""


def address_of(image: Path, function: str) -> int:
    """Return a function's address in the image; raises AssertionError when it is not there."""
    listed = subprocess.run(["arm-none-eabi-nm", str(image)], check=True, capture_output=True, text=True)
    found = [line.split()[0] for line in listed.stdout.splitlines() if line.split()[-1] == function]
    assert len(found) == 1, f"{function} stands {len(found)} times in {image}"
    return int(found[0], 16)


class Halted:
    """The board while the debugger holds it."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._rest = b""

    def write(self, address: int, data: bytes) -> None:
        """Overwrite memory."""
        self.ask(f"M{address:x},{len(data):x}:{data.hex()}")

    def ask(self, packet: str) -> None:
        """Send a packet and wait until it is carried out."""
        check = sum(packet.encode()) & 0xFF
        self._link.sendall(f"${packet}#{check:02x}".encode())
        answer = self._packet()
        while answer.startswith("T"):  # tells that it has stopped, which it does when we come
            answer = self._packet()
        assert answer == "OK", f"{packet} is answered {answer}"

    def _packet(self) -> str:
        while b"#" not in self._rest[:-2]:
            piece = self._link.recv(256)
            assert piece, "the emulator closed its debug port"
            self._rest += piece
        body, _, rest = self._rest.partition(b"#")
        self._rest = rest[2:]
        self._link.sendall(b"+")
        return body.partition(b"$")[2].decode()


@contextmanager
def halted(port: Path) -> Iterator[Halted]:
    """Hold the board still; it runs on at the end."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(10)
        link.connect(str(port))
        board = Halted(link)
        board.ask("Hg0")
        yield board
        board.ask("D")
