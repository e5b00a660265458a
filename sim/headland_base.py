"""`python -m sim.headland_base`: a base on slipping wheels that speaks docs/headland.md, to try a robot against."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence

import msgspec

from robot.clock import Clock, MonotonicClock
from robot.mission.base_link import Order, Said
from robot.mission.navigator import Wheels
from sim.headland import Ground, HeadlandDrive, HeadlandDriveConfig

STEP_S = 0.02
DONE, FAILED = 0, 1


class Base:
    """Wheels that obey the last order for as long as it holds, and halt by themselves."""

    def __init__(self, seed: int, boot: int) -> None:
        self.drive = HeadlandDrive(HeadlandDriveConfig(), Ground(0.0, 0.0, 0.0), seed)
        self._boot = boot
        self._order = Order(0.0, 0.0, 0)
        self._ends = float("-inf")
        self._rolled = self._turned = 0.0

    def obey(self, line: bytes, now: float) -> bool:
        """Take an order; False when the line is none."""
        try:
            self._order = msgspec.json.decode(line, type=Order)
        except msgspec.MsgspecError:
            return False
        self._ends = now + 1e-3 * self._order.valid_ms
        return True

    def step(self, now: float) -> bytes:
        """Roll on for `STEP_S`; returns the line to say."""
        holds = now < self._ends
        self.drive.step(Wheels(self._order.speed, self._order.turn) if holds else Wheels(), STEP_S)
        rolled, turned = self.drive.take()
        self._rolled += rolled
        self._turned += turned
        return msgspec.json.encode(Said(self._boot, round(self._rolled, 5), round(self._turned, 6))) + b"\n"


def serve(listener: socket.socket, base: Base, clock: Clock, ended: Callable[[], bool]) -> None:
    """Talk with one robot after the other until `ended` says so."""
    listener.settimeout(0.2)
    while not ended():
        try:
            link, _ = listener.accept()
        except TimeoutError:
            continue
        with link:
            link.setblocking(False)
            _talk(link, base, clock, ended)


def _talk(link: socket.socket, base: Base, clock: Clock, ended: Callable[[], bool]) -> None:
    held, due = b"", clock.now()
    while not ended():
        try:
            data = link.recv(4096)
            if not data:
                return
            *lines, held = (held + data).split(b"\n")
            for line in lines:
                base.obey(line, clock.now())
        except BlockingIOError:
            pass
        except OSError:
            return
        try:
            link.sendall(base.step(clock.now()))
        except OSError:
            return
        due = max(due + STEP_S, clock.now())
        clock.sleep_until(due)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until interrupted; 1 when the port is taken, 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m sim.headland_base", description=__doc__)
    parser.add_argument("--port", type=int, default=7411, help="TCP port on 127.0.0.1 (7411; 0: a free one)")
    parser.add_argument("--seed", type=int, default=1, help="of the wheels' slip (1)")
    options = parser.parse_args(arguments)
    if not 0 <= options.port <= 65_535:
        parser.error(f"--port {options.port}: give 0 to 65535")
    boot = int.from_bytes(os.urandom(4), "little")
    try:
        listener = socket.create_server(("127.0.0.1", options.port))
    except OSError as error:
        sys.stderr.write(f"--port {options.port}: {error.strerror}; name another\n")
        return FAILED
    with listener:
        sys.stdout.write(f"127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        try:
            serve(listener, Base(options.seed, boot), MonotonicClock(), lambda: False)
        except KeyboardInterrupt:
            return DONE
    return DONE


if __name__ == "__main__":
    sys.exit(main())
