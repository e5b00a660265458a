"""Telling Home Assistant: at once what matters, else now and then, `offline` when nothing is known, STOP alone obeyed."""

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from robot.clock import MonotonicClock
from robot.commands import CommandInbox
from robot.config import DEMO_MACHINE, load_config
from robot.home_assistant import teller as module
from robot.home_assistant.teller import Teller, press_stop
from robot.telemetry import SnapshotPublisher
from robot.types import CommandName, Mode
from tests.robot.views import READY

CLOCK = MonotonicClock()


class FakeBroker:
    """Takes everything at once and remembers it."""

    def __init__(
        self, config: Any, will: str, on_line: Callable[[], None], on_message: Callable[..., None]
    ) -> None:
        self.told: list[tuple[str, str, bool]] = []
        self.heard: list[str] = []
        self.will, self.on_message, self.connected = will, on_message, True
        on_line()

    def tell(self, topic: str, text: str, *, keep: bool = False) -> None:
        self.told.append((topic, text, keep))

    def hear(self, topic: str) -> None:
        self.heard.append(topic)

    def close(self) -> None:
        self.connected = False

    def last(self, topic: str) -> str:
        return next(text for one, text, _ in reversed(self.told) if one == topic)


@pytest.fixture
def inbox() -> CommandInbox:
    return CommandInbox()


@pytest.fixture
def publisher(tmp_path: Path, inbox: CommandInbox) -> Iterator[SnapshotPublisher]:
    publisher = SnapshotPublisher(tmp_path / "t.sock", {}, inbox, CLOCK)
    yield publisher
    publisher.close()


@pytest.fixture
def make(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., tuple[Teller, FakeBroker]]]:
    monkeypatch.setattr(module, "Broker", FakeBroker)
    monkeypatch.setattr(module, "RETRY_S", 0.01)

    tellers: list[Teller] = []

    def made(**settings: object) -> tuple[Teller, FakeBroker]:
        overrides: dict[str, object] = {
            "dashboard.socket": str(tmp_path / "t.sock"),
            "ledger.path": str(tmp_path / "none.sqlite"),
            "home_assistant": {"host": "h", "every_s": 300, **settings},
        }
        teller = Teller(load_config(DEMO_MACHINE, overrides), CLOCK)
        broker = teller._broker
        assert isinstance(broker, FakeBroker)
        tellers.append(teller)
        return teller, broker

    yield made
    for teller in tellers:
        teller._line.close()


def steps_until(teller: Teller, good: Callable[[], bool]) -> None:
    for _ in range(200):
        teller.step()
        if good():
            return
    raise AssertionError("it was not told")


def test_a_robot_is_introduced_and_its_changes_are_told_at_once(
    make: Callable[..., tuple[Teller, FakeBroker]], publisher: SnapshotPublisher
) -> None:
    teller, broker = make()
    publisher.publish(READY)
    steps_until(
        teller,
        lambda: any(topic == teller.topics.there and text == "online" for topic, text, _ in broker.told),
    )
    described = [
        json.loads(text) for topic, text, keep in broker.told if topic.endswith("/config") and text and keep
    ]
    assert {one["device"]["name"] for one in described} == {load_config(DEMO_MACHINE).name}
    assert json.loads(broker.last(teller.topics.state))["mode"] == "ready"
    publisher.publish(replace(READY, now=101.0, mode=Mode.RUNNING))
    steps_until(teller, lambda: json.loads(broker.last(teller.topics.state))["mode"] == "running")


def test_a_state_is_never_kept_by_the_broker_and_an_absent_robot_is_offline(
    make: Callable[..., tuple[Teller, FakeBroker]],
) -> None:
    teller, broker = make()
    teller.step()
    assert broker.last(teller.topics.there) == "offline"
    assert broker.will == teller.topics.there
    assert not [topic for topic, _, _ in broker.told if topic == teller.topics.state]


def test_a_button_that_is_not_wanted_is_taken_back_and_obeys_nothing(
    make: Callable[..., tuple[Teller, FakeBroker]], publisher: SnapshotPublisher, inbox: CommandInbox
) -> None:
    teller, broker = make()
    teller.step()
    assert broker.last("homeassistant/button/bombus_demo/stop/config") == ""
    assert broker.heard == []
    broker.on_message(teller.topics.stop, b"STOP", False)
    assert inbox.take() == []


def test_a_press_of_stop_reaches_the_robot_but_an_old_copy_or_another_word_does_not(
    make: Callable[..., tuple[Teller, FakeBroker]], publisher: SnapshotPublisher, inbox: CommandInbox
) -> None:
    teller, broker = make(stop_button=True)
    teller.step()
    assert broker.heard == [teller.topics.stop]
    broker.on_message(teller.topics.stop, b"STOP", True)
    broker.on_message(teller.topics.stop, b"START", False)
    broker.on_message("bombus/other/stop", b"STOP", False)
    assert inbox.take() == []
    broker.on_message(teller.topics.stop, b"STOP", False)
    assert [(one.name, one.by) for one in inbox.take()] == [(CommandName.STOP, "Home Assistant")]


def test_a_stop_without_a_robot_says_why(tmp_path: Path) -> None:
    assert "does not run" in press_stop(tmp_path / "none.sock", CLOCK)


def test_it_says_goodbye_when_it_ends(make: Callable[..., tuple[Teller, FakeBroker]]) -> None:
    teller, broker = make()
    ender = threading.Timer(0.05, teller.ask_to_end)
    ender.start()
    teller.run()
    ender.join()
    assert broker.last(teller.topics.there) == "offline" and not broker.connected
