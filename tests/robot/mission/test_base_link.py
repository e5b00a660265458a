"""The link to the base on the headland, over real TCP: orders that end, counts that are lost, lines that are none."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from robot.clock import MonotonicClock
from robot.mission.base_link import MOST_BAD, BaseConfig, BaseLink
from robot.mission.navigator import Wheels
from sim.headland_base import Base, serve

PATIENCE_S = 20.0
CLOCK = MonotonicClock()


def wait(until: Callable[[], bool]) -> None:
    end = CLOCK.now() + PATIENCE_S
    while not until():
        assert CLOCK.now() < end, "waited in vain"
        CLOCK.sleep_until(CLOCK.now() + 0.002)


class FarEnd:
    """The base as the test plays it: one connection at a time."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(PATIENCE_S)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def accept(self) -> None:
        self.link, _ = self.listener.accept()
        self.link.settimeout(PATIENCE_S)

    def say(self, rolled: float, turned: float = 0.0, boot: int = 7, halted: str = "") -> None:
        self.raw({"boot": boot, "rolled": rolled, "turned": turned, "halted": halted})

    def raw(self, line: Any) -> None:
        self.link.sendall((line if isinstance(line, str) else json.dumps(line)).encode() + b"\n")

    def heard(self) -> dict[str, float]:
        return dict(json.loads(self.link.recv(4096).splitlines()[-1]))


@pytest.fixture
def far() -> Iterator[FarEnd]:
    end = FarEnd()
    yield end
    end.listener.close()


@pytest.fixture
def base(far: FarEnd) -> Iterator[BaseLink]:
    link = BaseLink(BaseConfig(address=far.address, silent_s=5.0), CLOCK)
    far.accept()
    yield link
    far.link.close()
    link.close()


def test_order_is_sent_once_with_its_end_and_none_follows_by_itself(far: FarEnd, base: BaseLink) -> None:
    base.command(Wheels(0.15, -0.2), 0.0)
    assert far.heard() == {"speed": 0.15, "turn": -0.2, "valid_ms": 300}
    far.link.settimeout(0.2)
    with pytest.raises(TimeoutError):
        far.link.recv(4096)


def test_way_is_what_the_count_rose_since_it_was_asked_for(far: FarEnd, base: BaseLink) -> None:
    assert "no word from" in base.problem
    far.say(100.0, 2.0)
    wait(lambda: base.problem == "")
    assert base.take() == (0.0, 0.0)
    far.say(100.1, 2.05)
    far.say(100.15, 1.95)
    total = [0.0, 0.0]

    def come() -> bool:
        moved = base.take()
        assert moved is not None
        total[0] += moved[0]
        total[1] += moved[1]
        return abs(total[0] - 0.15) < 1e-9

    wait(come)
    assert total[1] == pytest.approx(-0.05)


@pytest.mark.parametrize(("rolled", "boot"), [(0.0, 8), (60.0, 7)])
def test_base_that_began_anew_or_counts_what_no_wheel_does_has_lost_its_way(
    far: FarEnd, base: BaseLink, rolled: float, boot: int
) -> None:
    far.say(5.0)
    wait(lambda: base.problem == "")
    assert base.take() is not None
    far.say(rolled, boot=boot)
    wait(lambda: base.take() is None)
    assert base.take() == (0.0, 0.0)


def test_base_that_stands_says_why(far: FarEnd, base: BaseLink) -> None:
    far.say(0.0, halted="its bumper is pressed")
    wait(lambda: base.problem == "its bumper is pressed")


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{}",
        "roll",
        '{"boot": 1, "rolled": "far", "turned": 0}',
        '{"boot": 1, "rolled": 1e999, "turned": 0}',
    ],
)
def test_lines_that_are_none_are_dropped_and_many_end_the_link(
    far: FarEnd, base: BaseLink, line: str
) -> None:
    far.say(0.0)
    wait(lambda: base.problem == "")
    for _ in range(MOST_BAD):
        far.raw(line)
    assert far.link.recv(4096) == b""
    assert base.take() == (0.0, 0.0)


def test_base_that_is_not_there_is_told_with_its_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    link = BaseLink(BaseConfig(address=address), CLOCK)
    wait(lambda: "refused" in link.problem)
    assert link.problem.startswith(f"no word from {address} (") and "start the base's program" in link.problem
    link.close()


def test_simulated_base_rolls_while_it_is_told_to_and_halts_by_itself() -> None:
    ended = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    base = Base(seed=1, boot=5)
    server = threading.Thread(target=serve, args=(listener, base, CLOCK, ended.is_set), daemon=True)
    server.start()
    address = f"127.0.0.1:{listener.getsockname()[1]}"
    link = BaseLink(BaseConfig(address=address, silent_s=5.0), CLOCK)
    wait(lambda: link.problem == "")
    rolled = [0.0]

    def roll(by: float, tell: bool) -> Callable[[], bool]:
        def look() -> bool:
            if tell:
                link.command(Wheels(0.5, 0.0), CLOCK.now())
            moved = link.take()
            rolled[0] += moved[0] if moved is not None else 0.0
            return rolled[0] > by

        return look

    wait(roll(0.1, tell=True))
    # Silence: the order ends, the wheels run out, and then the place stays.
    speeds = base.drive
    wait(lambda: max(abs(speed) for speed in speeds._speed) < 1e-3)
    ended.set()
    server.join(PATIENCE_S)
    link.close()
    listener.close()
    assert base.drive.ground.x > 0.05


@pytest.mark.parametrize("address", ["base", "base:", "base:0", "base:70000", "http://base:80", ":80"])
def test_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        BaseConfig(address=address)
