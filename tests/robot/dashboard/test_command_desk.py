"""Commands act once, stand in the log with their outcome, and STOP waits for nothing, not even for a broken disk."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from robot.clock import MonotonicClock
from robot.commands import CommandAnswer, CommandInbox, CommandRequest
from robot.dashboard.audit import Actor, AuditLog
from robot.dashboard.command_desk import Asked, CommandDesk, OtherCommandError
from robot.dashboard.control_link import ControlLink, NoControlError
from robot.dashboard.store import Store, StoreError
from robot.types import CommandName

Result = TypeVar("Result")
ANA, BEN = Actor("Ana", "operator", "here"), Actor("Ben", "operator", "10.0.0.3")
START = Asked(CommandName.START, None, "", "key-1")


@dataclass
class Line:
    """The line to a control process: a real inbox, which may fall silent."""

    inbox: CommandInbox = field(default_factory=CommandInbox)
    silent: bool = False
    sent: list[CommandRequest] = field(default_factory=list)
    on_send: Callable[[], None] = lambda: None

    async def send(self, request: CommandRequest) -> CommandAnswer:
        self.on_send()
        self.sent.append(request)
        await asyncio.sleep(0)
        if self.silent:
            raise NoControlError("the robot's control program does not answer; use the red e-stop button")
        return self.inbox.offer(request)


@dataclass
class Bench:
    """A desk with its line and its log."""

    line: Line
    audit: AuditLog
    store: Store
    desk: CommandDesk

    def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run(work)

    def log(self) -> list[tuple[str, str, str | None]]:
        return [(line.who, line.action, line.outcome) for line in self.audit.every()]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    store = Store(tmp_path / "a.sqlite")
    audit, line = AuditLog(store, MonotonicClock()), Line()
    yield Bench(line, audit, store, new_desk(line, audit))
    store.close()


def new_desk(line: Line, audit: AuditLog) -> CommandDesk:
    return CommandDesk(cast(ControlLink, line), audit, MonotonicClock())


def break_disk(bench: Bench) -> None:
    bench.store._writer.close()
    bench.store._writer = sqlite3.connect(
        f"file:{bench.store.path}?mode=ro", uri=True, check_same_thread=False
    )


def test_a_press_that_is_sent_again_acts_once_and_is_one_line(bench: Bench) -> None:
    first = bench.do(bench.desk.hand_over(ANA, START))
    again = bench.do(bench.desk.hand_over(ANA, START))
    assert first.accepted and again.accepted and first.text == again.text
    assert len(bench.line.inbox.take()) == 1
    assert bench.log() == [("Ana", "start", "done")]


def test_a_press_is_the_same_after_the_dashboard_was_started_anew(bench: Bench) -> None:
    bench.do(bench.desk.hand_over(ANA, START))
    bench.do(new_desk(bench.line, bench.audit).hand_over(ANA, START))
    assert len(bench.line.inbox.take()) == 1


def test_presses_that_race_each_other_act_once(bench: Bench) -> None:
    async def race() -> None:
        await asyncio.gather(*(bench.desk.hand_over(ANA, START) for _ in range(8)))

    bench.do(race())
    assert len(bench.line.inbox.take()) == 1
    assert [line[:2] for line in bench.log()] == [("Ana", "start")]


def test_two_people_may_choose_the_same_key(bench: Bench) -> None:
    bench.do(bench.desk.hand_over(ANA, START))
    bench.do(bench.desk.hand_over(BEN, START))
    assert [command.by for command in bench.line.inbox.take()] == ["Ana", "Ben"]


def test_a_key_that_was_used_for_another_command_is_refused(bench: Bench) -> None:
    bench.do(bench.desk.hand_over(ANA, START))
    with pytest.raises(OtherCommandError, match="was used for start"):
        bench.do(bench.desk.hand_over(ANA, Asked(CommandName.PAUSE, None, "", "key-1")))
    assert [command.name for command in bench.line.inbox.take()] == [CommandName.START]


def test_what_got_no_answer_is_said_so_and_may_be_tried_again(bench: Bench) -> None:
    bench.line.silent = True
    with pytest.raises(NoControlError):
        bench.do(bench.desk.hand_over(ANA, START))
    assert bench.log() == [("Ana", "start", "no_answer")]
    bench.line.silent = False
    assert bench.do(bench.desk.hand_over(ANA, START)).accepted
    assert bench.log() == [("Ana", "start", "done")]
    assert len({request.request_id for request in bench.line.sent}) == 1


def test_what_the_robot_refuses_stands_in_the_log_with_the_reason(bench: Bench) -> None:
    answer = bench.do(bench.desk.hand_over(ANA, Asked(CommandName.SET_SPEED, None, "", "k")))
    assert not answer.accepted
    [line] = bench.audit.every()
    assert line.outcome == "refused" and "value is missing" in line.text


def test_a_command_is_in_the_log_before_it_is_sent(bench: Bench) -> None:
    seen: list[tuple[str, str, str | None]] = []
    bench.line.on_send = lambda: seen.extend(bench.log())
    bench.do(bench.desk.hand_over(ANA, START))
    assert seen == [("Ana", "start", None)]


def test_what_cannot_be_written_down_is_not_done_but_stop_is(bench: Bench) -> None:
    break_disk(bench)
    with pytest.raises(StoreError):
        bench.do(bench.desk.hand_over(ANA, START))
    assert not bench.line.sent
    answer = bench.do(bench.desk.stop(ANA, "s"))
    assert answer.accepted and "not in the audit log" in answer.text
    assert [command.name for command in bench.line.inbox.take()] == [CommandName.STOP]


def test_stop_is_sent_before_anything_is_written(bench: Bench) -> None:
    seen: list[int] = []
    bench.line.on_send = lambda: seen.append(len(bench.log()))
    bench.do(bench.desk.stop(ANA, "s"))
    assert seen == [0]
    assert bench.log() == [("Ana", "stop", "done")]


def test_a_retried_stop_is_one_stop_and_a_later_one_with_the_same_key_stops_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        bench.do(bench.desk.stop(ANA, "s"))
    assert len(bench.line.inbox.take()) == 1
    monkeypatch.setattr("robot.dashboard.command_desk.SAME_STOP_S", -1.0)
    bench.do(bench.desk.stop(ANA, "s"))
    assert len(bench.line.inbox.take()) == 1


def test_stops_without_a_key_all_stop_but_do_not_fill_the_log(bench: Bench) -> None:
    for _ in range(5):
        bench.do(bench.desk.stop(ANA, ""))
    assert len(bench.line.inbox.take()) == 5
    assert bench.log() == [("Ana", "stop", "done")]
