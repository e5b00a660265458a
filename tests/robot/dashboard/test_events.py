"""The events feed: what happened, in order, with ids that tell a reader what it missed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from robot.clock import MonotonicClock
from robot.commands import CommandInbox
from robot.dashboard.board import Board
from robot.dashboard.events import MAX_UNREAD, Feed, events_between
from robot.dashboard.rights import Right
from robot.dashboard.server import app_of
from robot.snapshot import CommandNote, FaultState, Snapshot
from robot.snapshot_builder import SnapshotBuilder
from robot.telemetry import SnapshotPublisher
from robot.types import CommandName, Mode
from tests.robot.views import READY

FAULT = FaultState("battery_low", "warn", "The battery is low", "Charge the robot soon", 0.0, True, False)


@pytest.fixture
def first() -> Snapshot:
    builder = SnapshotBuilder({})
    builder.observe(READY)
    return builder.build(READY, None, None)


def changed(old: Snapshot, **values: object) -> Snapshot:
    return msgspec.structs.replace(old, time=old.time + 0.1, **values)


def kinds(old: Snapshot | None, new: Snapshot) -> list[str]:
    return [event.kind for event in events_between(old, new)]


def test_the_first_snapshot_tells_how_things_stand(first: Snapshot) -> None:
    assert kinds(None, first) == ["mode", "row"]


def test_nothing_new_is_no_event(first: Snapshot) -> None:
    assert kinds(first, changed(first)) == []


def test_mode_row_fault_and_command_are_told_once(first: Snapshot) -> None:
    old = first
    new = changed(
        old,
        mode=Mode.RUNNING,
        faults=(FAULT,),
        row=msgspec.structs.replace(old.row, name="8"),
        last_command=CommandNote(CommandName.START, "Ana", 0.05),
    )
    assert kinds(old, new) == ["mode", "row", "fault", "command"]
    later = changed(new, last_command=CommandNote(CommandName.START, "Ana", 0.15))
    assert kinds(new, later) == []
    pressed_again = changed(later, last_command=CommandNote(CommandName.START, "Ana", 0.0))
    assert kinds(later, pressed_again) == ["command"]


def test_a_fault_that_is_over_is_told_as_not_present(first: Snapshot) -> None:
    old = changed(first, faults=(FAULT,))
    seen = changed(old, faults=(msgspec.structs.replace(FAULT, acknowledged=True),))
    assert kinds(old, seen) == ["fault"]
    [event] = events_between(seen, changed(seen, faults=()))
    assert (event.data["code"], event.data["present"]) == ("battery_low", False)


async def collect(stream: AsyncIterator[str], count: int) -> list[str]:
    return [await asyncio.wait_for(anext(stream), 5) for _ in range(count)]


def kind_of(text: str) -> str:
    return text.split("event: ")[1].split("\n", maxsplit=1)[0]


def test_a_reader_that_comes_again_gets_what_it_missed(first: Snapshot) -> None:
    async def story() -> list[str]:
        feed = Feed()
        feed.observe(True, first)
        begun = await collect(feed.read("", lambda: True), 3)
        last_id = begun[-1].split("id: ")[1].split("\n")[0]
        feed.observe(True, changed(first, mode=Mode.RUNNING))
        feed.observe(False, None)
        missed = await collect(feed.read(last_id, lambda: True), 2)
        stranger = await collect(feed.read("00000000-1", lambda: True), 3)
        return [kind_of(text) for text in (*begun, *missed, *stranger)]

    assert asyncio.run(story()) == ["control", "mode", "row", "mode", "control", "control", "mode", "row"]


def test_a_slow_reader_is_told_that_it_missed_some_and_costs_no_memory() -> None:
    async def story() -> list[str]:
        feed = Feed()
        stream = feed.read("", lambda: True)
        heard = [await anext(stream)]
        for i in range(2 * MAX_UNREAD):
            feed.observe(i % 2 == 0, None)
        heard += [text async for text in stream]
        return heard

    heard = asyncio.run(asyncio.wait_for(story(), 10))
    assert heard[-1].startswith("event: lost")
    assert len(heard) <= MAX_UNREAD + 2


def test_a_reader_whose_right_is_gone_is_let_go() -> None:
    async def story() -> list[str]:
        return [text async for text in Feed().read("", lambda: False)]

    assert len(asyncio.run(story())) == 1


@pytest.mark.parametrize("last_id", ["", "x", "-", "-1", "a-b", "9" * 300, "a-" + "9" * 11, "\xff"])
def test_any_last_id_is_answered(last_id: str) -> None:
    assert asyncio.run(collect(Feed().read(last_id, lambda: True), 1))[0].startswith("id: ")


def test_a_program_reads_events_as_they_happen(
    board: Board,
    tmp_path: Path,
    serve: Callable[[FastAPI], httpx.Client],
    as_token: Callable[..., dict[str, str]],
) -> None:
    publisher = SnapshotPublisher(tmp_path / "t.sock", {}, CommandInbox(), MonotonicClock())
    publisher.publish(replace(READY, now=MonotonicClock().now()))
    client = serve(app_of(board))
    heard: list[tuple[str, dict[str, object]]] = []
    with client.stream("GET", "/api/v1/events", headers=as_token(board, Right.LOOK)) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        kind = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                kind = line[7:]
            elif line.startswith("data: "):
                heard.append((kind, json.loads(line[6:])))
                if kind == "row":
                    publisher.publish(replace(READY, now=MonotonicClock().now(), mode=Mode.STOPPED))
                if heard[-1][1].get("mode") == "stopped":
                    break
    publisher.close()
    assert ("mode", "ready") in [(kind, data.get("mode")) for kind, data in heard]
