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
from robot.refusals import Refusal
from robot.share_told import TELL_SHARE, share_in

KEPT = 10
LOOK_S = 0.5
NICE = 10
MOST_SAID = 300
LEAST_SHARE = 0.03
"""Before this much is done nobody can say when it ends: loading the model is most of the time so far."""


class BusyError(Exception):
    """Nothing can be begun now; the text says why, the code names it."""

    def __init__(self, text: str, code: Refusal) -> None:
        super().__init__(text)
        self.code = code


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
    share: float | None = None
    """How much of it is done, 0 to 1, as it says itself; None while it has not."""
    line: str = ""
    """The last thing it said."""
    ends_at: float | None = None
    """When it would be over at its pace so far, by the host's monotonic clock."""


class Jobs:
    """All methods belong to the event loop's thread. `busy` says why the robot has no time to spare, or nothing."""

    def __init__(self, clock: Clock, busy: Callable[[], str]) -> None:
        self._clock, self._busy = clock, busy
        self._task: asyncio.Task[None] | None = None
        self._count = 0
        self._began = 0.0
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
                f"{self.running.kind} of {self.running.by} is under way; wait for its end, or stop it",
                Refusal.WORK_ON,
            )
        if why := self._busy():
            raise BusyError(why, Refusal.COMPUTER_NEEDED)
        self._count += 1
        self._began = self._clock.now()
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
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=pipe,
                stderr=pipe,
                start_new_session=True,
                env={**os.environ, TELL_SHARE: "1"},
            )
        except OSError as error:
            self._end(job, "failed", f"cannot be started ({error})")
            return
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        said = asyncio.create_task(self._listen(job, process))
        try:
            out, last = await self._await(job, said, within_s)
        finally:
            if not said.done():
                with suppress(ProcessLookupError):
                    process.kill()
                await asyncio.gather(said, return_exceptions=True)
            if job.stop_asked:
                self._end(job, "stopped", job.stop_asked)
        if not job.stop_asked:
            self._tell(job, process.returncode or 0, out, last)

    async def _await(
        self, job: Job, said: asyncio.Task[tuple[bytes, str]], within_s: float
    ) -> tuple[bytes, str]:
        until = self._clock.now() + within_s
        while not said.done():
            await asyncio.wait([said], timeout=LOOK_S)
            if not said.done():
                late = "" if self._clock.now() < until else f"took longer than {within_s:.0f} s"
                job.stop_asked = job.stop_asked or self._busy() or late
            if job.stop_asked:
                return b"", ""
        return said.result()

    async def _listen(self, job: Job, process: asyncio.subprocess.Process) -> tuple[bytes, str]:
        """Hear it to its end: returns its output, and the last line that it said beside it."""
        if process.stdout is None or process.stderr is None:
            return b"", ""
        out, _ = await asyncio.gather(process.stdout.read(), self._hear(job, process.stderr))
        await process.wait()
        return out, job.line

    async def _hear(self, job: Job, stream: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await stream.readline()
            except ValueError:
                continue  # longer than any line of ours
            if not line:
                return
            text = line.decode(errors="replace").strip()
            share = share_in(text)
            if share is not None:
                self._take_share(job, share)
            elif text:
                job.line = text.removeprefix("bombus: ")[:MOST_SAID]

    def _take_share(self, job: Job, share: float) -> None:
        now, job.share = self._clock.now(), share
        if share >= LEAST_SHARE:
            job.ends_at = now + (now - self._began) * (1.0 - share) / share

    def left_s(self, job: Job) -> float | None:
        """Return the seconds that running work still takes at its pace so far, or None while nobody can say."""
        if job.state != "running" or job.ends_at is None:
            return None
        return max(0.0, job.ends_at - self._clock.now())

    def _tell(self, job: Job, code: int, out: bytes, last: str) -> None:
        with suppress(ValueError):
            found = json.loads(out or b"null")
            job.result = found if isinstance(found, dict) else None
        why = "" if code == 0 else last or f"ended with {code}"
        self._end(job, "done" if job.result is not None else "failed", why)

    def _end(self, job: Job, state: str, why: str) -> None:
        job.state, job.why, job.ended = state, why, self._clock.wall().timestamp()
