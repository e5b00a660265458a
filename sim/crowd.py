"""Many people and one attacker on a page's own computer: `python -m sim.crowd --url http://127.0.0.1:8080/`.

The viewers watch cameras over the live WebSocket; the attacker sends requests that must be refused, at a steady rate
and for a bounded time. It asks 127.0.0.1 alone, presses nothing, and prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from robot.clock import MonotonicClock

TABS_A_VIEWER = 2
"""A tab shows both cameras: two tabs are four views."""

LINES = 8
"""Connections that the attacker holds open; what one request waits for, the others do not."""

MOST_RATE, MOST_SECONDS, MOST_VIEWERS = 2000, 120.0, 14
ANSWER_WITHIN_S = 5.0
NICE = 5
"""The crowd stands for other computers: it takes from the robot's only what is left over."""

_LOGIN = b'{"name": "Ines", "password": "a guess of many letters"}'
_FROM_AFAR = b"X-Forwarded-For: 192.0.2.7\r\n"
HOSTILE: tuple[tuple[bytes, bytes, bytes], ...] = (
    (b"GET /api/v1/../../etc/passwd HTTP/1.1", b"", b""),
    (b"GET /static/..%2f..%2fserver.py HTTP/1.1", b"", b""),
    (b"GET /api/v1/status HTTP/1.1", b"Authorization: Bearer bombus_guess\r\n", b""),
    (b"POST /api/v1/commands HTTP/1.1", b"Content-Type: application/json\r\n", b'{"name": "start"'),
    (b"POST /api/v1/commands HTTP/1.1", b"Content-Type: application/json\r\n", b"x" * 5000),
    (b"POST /api/v1/session HTTP/1.1", _FROM_AFAR + b"Content-Type: application/json\r\n", _LOGIN),
    (b"GET /api/v1/users HTTP/1.1", b"Cookie: bombus=guess\r\n", b""),
    (b"POST /api/v1/commands HTTP/1.1", b"Origin: http://evil.example\r\n", b"{}"),
    (b"DELETE /api/v1/audit HTTP/1.1", b"", b""),
    (b"GET /api/v1/row?name=%27%3B+drop+table+flower HTTP/1.1", _FROM_AFAR, b""),
)
"""Request line, headers and body: paths, tokens, bodies, passwords, origins and methods that are not let in."""


@dataclass(slots=True)
class Seen:
    """What the crowd did and got."""

    pictures: int = 0
    states: int = 0
    lost_tabs: int = 0
    sent: int = 0
    answers: Counter[str] = field(default_factory=Counter)

    def told(self, seconds: float, viewers: int) -> dict[str, object]:
        """Return it as one object."""
        return {
            "viewers": viewers,
            "camera_views": viewers * TABS_A_VIEWER * 2,
            "pictures": self.pictures,
            "states": self.states,
            "lost_tabs": self.lost_tabs,
            "requests": self.sent,
            "requests_per_s": round(self.sent / seconds, 1),
            "answers": dict(sorted(self.answers.items())),
        }


async def crowd(url: str, viewers: int, rate: float, seconds: float) -> dict[str, object]:
    """Watch and attack for `seconds`; returns what became of it."""
    seen, clock = Seen(), MonotonicClock()
    began = clock.now()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_tab(url, seen)) for _ in range(viewers * TABS_A_VIEWER)]
        numbers = count()
        for _ in range(LINES if rate else 0):
            tasks.append(group.create_task(_attack(url, seen, numbers, began, rate, began + seconds)))
        await asyncio.sleep(seconds)
        for task in tasks:
            task.cancel()
    return seen.told(clock.now() - began, viewers)


async def _tab(url: str, seen: Seen) -> None:
    """Watch as a tab does, and count what comes."""
    try:
        async with connect(f"ws{url.removeprefix('http')}api/v1/live", max_size=None) as line:
            await line.send("frames on")
            async for message in line:
                if isinstance(message, bytes):
                    seen.pictures += 1
                else:
                    seen.states += 1
        seen.lost_tabs += 1
    except (OSError, WebSocketException):
        seen.lost_tabs += 1


async def _attack(url: str, seen: Seen, numbers: count[int], began: float, rate: float, until: float) -> None:
    """Send the numbered requests when they are due; a closed line is opened again."""
    clock, address = MonotonicClock(), urlsplit(url)
    host = f"{address.hostname}:{address.port}"
    while clock.now() < until:
        try:
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
        except OSError:
            seen.answers["no contact"] += 1
            await asyncio.sleep(0.1)
            continue
        try:
            while (due := began + next(numbers) / rate) < until and clock.now() < until:
                await asyncio.sleep(max(0.0, due - clock.now()))
                writer.write(_request(seen.sent, host))
                seen.sent += 1
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    seen.answers[str(await _answer(reader))] += 1
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError):
            seen.answers["closed"] += 1
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


def _request(number: int, host: str) -> bytes:
    line, headers, body = HOSTILE[number % len(HOSTILE)]
    return b"%s\r\nHost: %s\r\n%sContent-Length: %d\r\n\r\n%s" % (
        line,
        host.encode(),
        headers,
        len(body),
        body,
    )


async def _answer(reader: asyncio.StreamReader) -> int:
    """Read one answer whole and return its status."""
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    await reader.readexactly(int(length or b"0"))
    return int(head.split(b" ", 2)[1])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the crowd; 2 for wrong use."""
    parser = argparse.ArgumentParser(prog="python -m sim.crowd", description=__doc__)
    parser.add_argument("--url", required=True, help="the page; only at 127.0.0.1")
    parser.add_argument("--viewers", type=int, default=10, help="people with four camera views each (10)")
    parser.add_argument("--rate", type=float, default=500.0, help="hostile requests a second (500)")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long (10)")
    options = parser.parse_args(arguments)
    problem = wrong_use(options.url, options.viewers, options.rate, options.seconds)
    if problem:
        print(f"crowd: {problem}", file=sys.stderr)
        return 2
    os.nice(NICE)
    print(json.dumps(asyncio.run(crowd(options.url, options.viewers, options.rate, options.seconds))))
    return 0


def wrong_use(url: str, viewers: int, rate: float, seconds: float) -> str:
    """Return in one line what may not be asked for, or nothing."""
    address = urlsplit(url)
    if (address.scheme, address.hostname, address.path) != ("http", "127.0.0.1", "/") or not address.port:
        return f"--url {url}: only http://127.0.0.1:PORT/ is asked; name a page on this computer"
    if not 0 <= viewers <= MOST_VIEWERS:
        return f"--viewers {viewers}: give 0 to {MOST_VIEWERS}; the page has room for 32 tabs"
    if not 0 <= rate <= MOST_RATE or not 0 < seconds <= MOST_SECONDS:
        return (
            f"--rate {rate:g} for --seconds {seconds:g}: at most {MOST_RATE} a second for {MOST_SECONDS:g} s"
        )
    return ""


if __name__ == "__main__":
    sys.exit(main())
