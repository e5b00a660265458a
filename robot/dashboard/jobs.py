"""Long work for technicians, one at a time and only while the robot stands: the command line's own, as a process."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from robot.clock import Clock

KEPT = 10
LOOK_S = 0.5
NICE = 10
MOST_SAID = 300


class BusyError(Exception):
    """Nothing can be begun now; the text says why."""


@dataclass(slots=True)
class Job:
    """One piece of work; `state` is running, done, failed or stopped, `result` what it printed as JSON."""

    id: int
    kind: str
    what: str
    by: str
    began: float
    state: str = "running"
    why: str = ""
    result: dict[str, Any] | None = None
    ended: float | None = None
    stop_asked: str = field(default="", repr=False)


class Jobs:
    """All methods belong to the event loop's thread. `busy` says why the robot has no time to spare, or nothing."""

    def __init__(self, clock: Clock, busy: Callable[[], str]) -> None:
        self._clock, self._busy = clock, busy
        self._task: asyncio.Task[None] | None = None
        self._count = 0
        self.jobs: list[Job] = []

    @property
    def running(self) -> Job | None:
        """The work that is under way."""
        return next((job for job in self.jobs if job.state == "running"), None)

    def next_id(self) -> int:
        """Return the number that the next job will have."""
        return self._count + 1

    def begin(self, kind: str, what: str, by: str, arguments: Sequence[str], within_s: float) -> Job:
        """Run `bombus ARGUMENTS`; raises BusyError."""
        if self.running is not None:
            raise BusyError(
                f"{self.running.kind} of {self.running.by} is under way; wait for its end, or stop it"
            )
        if why := self._busy():
            raise BusyError(why)
        self._count += 1
        job = Job(self._count, kind, what, by, self._clock.wall().timestamp())
        self.jobs = [*self.jobs, job][-KEPT:]
        self._task = asyncio.create_task(
            self._run(job, [sys.executable, "-m", "bombus", *arguments], within_s)
        )
        return job

    def stop(self, why: str) -> bool:
        """End what is under way; False when nothing is."""
        job = self.running
        if job is not None:
            job.stop_asked = why
        return job is not None

    async def close(self) -> None:
        """End what is under way, and wait until it has."""
        self.stop("the dashboard ends")
        if self._task is not None:
            await self._task

    async def _run(self, job: Job, command: Sequence[str], within_s: float) -> None:
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe, start_new_session=True
            )
        except OSError as error:
            self._end(job, "failed", f"cannot be started ({error})")
            return
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        said = asyncio.create_task(process.communicate())
        try:
            out, err = await self._await(job, said, within_s)
        finally:
            if not said.done():
                with suppress(ProcessLookupError):
                    process.kill()
                await asyncio.gather(said, return_exceptions=True)
            if job.stop_asked:
                self._end(job, "stopped", job.stop_asked)
        if not job.stop_asked:
            self._tell(job, process.returncode or 0, out, err)

    async def _await(
        self, job: Job, said: asyncio.Task[tuple[bytes, bytes]], within_s: float
    ) -> tuple[bytes, bytes]:
        until = self._clock.now() + within_s
        while not said.done():
            await asyncio.wait([said], timeout=LOOK_S)
            if not said.done():
                late = "" if self._clock.now() < until else f"took longer than {within_s:.0f} s"
                job.stop_asked = job.stop_asked or self._busy() or late
            if job.stop_asked:
                return b"", b""
        return said.result()

    def _tell(self, job: Job, code: int, out: bytes, err: bytes) -> None:
        with suppress(ValueError):
            found = json.loads(out or b"null")
            job.result = found if isinstance(found, dict) else None
        lines = err.decode(errors="replace").strip().splitlines()
        why = "" if code == 0 else (lines[-1] if lines else f"ended with {code}").removeprefix("bombus: ")
        self._end(job, "done" if job.result is not None else "failed", why[:MOST_SAID])

    def _end(self, job: Job, state: str, why: str) -> None:
        job.state, job.why, job.ended = state, why, self._clock.wall().timestamp()
