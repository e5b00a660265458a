"""A serial cable between the daemon and `bombus-mcu` that can be made to spoil frames. The kill campaign plugs it."""

from __future__ import annotations

import os
import pty
import select
import termios
import threading
import tty
from contextlib import suppress
from pathlib import Path
from random import Random

from robot.clock import MonotonicClock
from sim.spoiling import spoilt

TURN_S = 0.02
CHUNK = 4096


class NoisyCable:
    """Carries bytes both ways in a thread of its own; `link` is the port for the daemon.

    The port stays when either side dies, as an adapter's does; what nobody reads is dropped.
    """

    def __init__(self, mcu_port: Path, link: Path, seed: int) -> None:
        """Plug in; the MCU's port may vanish and come back."""
        self.spoiled = 0
        self._mcu_port = mcu_port
        self._rng = Random(seed)
        self._clock = MonotonicClock()
        self._noisy_until = 0.0
        self._ours, self._kept_open = pty.openpty()
        tty.setraw(self._kept_open)
        os.set_blocking(self._ours, False)
        link.unlink(missing_ok=True)
        link.symlink_to(os.ttyname(self._kept_open))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._carry, name="cable", daemon=True)
        self._thread.start()

    def spoil(self, seconds: float) -> None:
        """Lose, double, cut and damage about half of what passes from now on for a while."""
        self._noisy_until = self._clock.now() + seconds

    def close(self) -> None:
        """Unplug."""
        self._ending.set()
        self._thread.join()
        os.close(self._ours)
        os.close(self._kept_open)

    def _carry(self) -> None:
        mcu: int | None = None
        while not self._ending.is_set():
            mcu = self._opened() if mcu is None else mcu
            watched = [self._ours] if mcu is None else [self._ours, mcu]
            for ready in select.select(watched, [], [], TURN_S)[0]:
                other = mcu if ready == self._ours else self._ours
                if not self._pass_on(ready, other) and ready == mcu:
                    os.close(mcu)
                    mcu = None
                    break
        if mcu is not None:
            os.close(mcu)

    def _opened(self) -> int | None:
        try:
            port = os.open(self._mcu_port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return None
        with suppress(OSError, termios.error):
            tty.setraw(port)
        return port

    def _pass_on(self, source: int, target: int | None) -> bool:
        """Carry one piece; False when the source has gone."""
        try:
            data = os.read(source, CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        if target is not None:
            # A full or vanished end loses the piece, as a wire does.
            with suppress(OSError):
                os.write(target, self._through(data))
        return True

    def _through(self, data: bytes) -> bytes:
        if self._clock.now() >= self._noisy_until or self._rng.random() < 0.5:
            return data
        self.spoiled += 1
        return spoilt(data, self._rng)
