"""Tells systemd how the control process does, over the socket of `Type=notify` units (sd_notify(3)).

The loop itself feeds the watchdog: a loop that hangs is killed and started anew, while the valve controller's
dead-man has closed everything long before.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

RELOAD_S = 90.0
"""How long the watchdog waits while the machine file is taken anew."""


class Notifier:
    """Without a socket to talk to, all of it does nothing. Never blocks, never raises."""

    def __init__(self, address: str = "", watchdog_s: float | None = None) -> None:
        """`address` is a path, or with an @ an abstract name; `watchdog_s` what the unit allows between signs of life."""
        self._socket: socket.socket | None = None
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        # Half of what is allowed: one sign that is lost does not end the process.
        self._period_s = None if watchdog_s is None else 0.5 * watchdog_s
        self._watchdog_us = 0 if watchdog_s is None else int(watchdog_s * 1e6)
        self._fed_at = float("-inf")
        self._ready = False
        self._patient = False
        self._status = ""
        if address.startswith(("/", "@")):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Notifier:
        """Return the notifier that systemd's variables ask for; nonsense in them is as if they were not there."""
        watchdog = environment.get("WATCHDOG_USEC", "")
        ours = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
        allowed_us = int(watchdog) if watchdog.isascii() and watchdog.isdigit() and len(watchdog) < 16 else 0
        return cls(environment.get("NOTIFY_SOCKET", ""), allowed_us * 1e-6 if ours and allowed_us else None)

    def beat(self, now: float, status: str) -> None:
        """Called after each step: ready with the first, then signs of life; `status` is shown by systemctl."""
        words: list[str] = []
        if not self._ready:
            self._ready = True
            words.append("READY=1")
            words += [f"WATCHDOG_USEC={self._watchdog_us}"] if self._patient else []
            self._patient = False
        if self._period_s is not None and now - self._fed_at >= self._period_s:
            self._fed_at = now
            words.append("WATCHDOG=1")
        if status != self._status:
            self._status = status
            words.append(f"STATUS={status}")
        if words:
            self._send(words)

    def reloading(self, now: float) -> None:
        """Say that the configuration is being taken anew; the next beat says ready again."""
        self._ready = False
        words = ["RELOADING=1", f"MONOTONIC_USEC={int(now * 1e6)}"]
        if self._watchdog_us:
            # Loading a model may take longer than a step ever does.
            self._patient = True
            words.append(f"WATCHDOG_USEC={int(RELOAD_S * 1e6)}")
        self._send(words)

    def stopping(self) -> None:
        """Say that the process ends because it was told to."""
        self._send(["STOPPING=1"])

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, words: list[str]) -> None:
        if self._socket is None:
            return
        message = "\n".join(" ".join(word.splitlines()) for word in words)
        # systemd is gone, or its queue is full: the loop has better things to do than to wait.
        with suppress(OSError):
            self._socket.sendto(message.encode(errors="replace")[:4096], self._address)


def without_systemd(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a child: it must not speak for us."""
    ours = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"}
    return {name: value for name, value in environment.items() if name not in ours}
