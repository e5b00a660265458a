"""The telemetry socket: people see the newest state, commands get in, and no client can hold up the loop."""

from __future__ import annotations

import os
import socket
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from robot.clock import MonotonicClock
from robot.commands import CommandAnswer, CommandInbox, CommandRequest
from robot.snapshot import FrameMessage, Snapshot
from robot.snapshot_builder import SnapshotBuilder
from robot.strip import STRIP_BINS
from robot.telemetry import SnapshotPublisher, TelemetryError
from robot.telemetry_wire import (
    MAX_FROM_SERVER,
    MessageBuffer,
    ServerMessage,
    Want,
    WireError,
    decode_from_server,
    pack,
)
from robot.types import (
    ActiveFault,
    Command,
    CommandName,
    LoopView,
    Mode,
    PlannedPulse,
    Reason,
    SideView,
    Train,
)
from vision.calibration import CameraModel
from vision.types import Flower, Frame, Pose, Side

CAMERA = CameraModel(
    camera_id="cam-left",
    side="left",
    width=640,
    height=384,
    fx=457,
    fy=457,
    cx=319.5,
    cy=191.5,
    s_offset=0.45,
    h=1.6,
)
CAMERAS: dict[Side, CameraModel] = {"left": CAMERA}


def flower(flower_id: int, s: float, seen: float = 10.0) -> Flower:
    return Flower(
        flower_id,
        "left",
        np.array([s, 1.6, 0.45]),
        np.eye(3) * 1e-6,
        np.array([0.1, 0.8, 0.1]),
        5,
        9.0,
        seen,
        True,
    )


def view(now: float = 10.0, seq: int = 1) -> LoopView:
    image = np.full((384, 640, 3), seq % 256, np.uint8)
    pulse = PlannedPulse(
        3, "left", 16, 24500, 1, Train(15000, 41667, 3), (2.45, 1.6, 0.45), (1,), ((2.45, 1.6, 0.45),)
    )
    side = SideView(
        "cam-left", Frame("cam-left", seq, now, image), None, 2, (flower(1, 2.45, now), flower(2, 9.0, now))
    )
    return LoopView(
        now=now,
        mode=Mode.RUNNING,
        faults=(),
        row="12",
        row_length=160.0,
        pose=Pose(now, 2.0, 0.15, 0.001),
        position_known=True,
        cruise_speed=0.15,
        link_text="",
        link_up=True,
        armed=True,
        estop=False,
        pressure_kpa=450.0,
        battery_v=25.0,
        sides={"left": side},
        pulses_sent=5,
        pulses_done=4,
        pulses_refused=1,
        flowers_treated=4,
        refusals={Reason.BUD_IN_JET: 2},
        recent_pulses=(pulse,),
        stage_ms={"detect": (10.0, 20.0)},
        decisions_sha256="",
        ready_seen=6,
        flower_states={("left", 1): "planned", ("left", 2): "unsure"},
    )


class Reader:
    """A well-behaved client."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(str(path))
        self.socket.settimeout(5.0)
        self.buffer = MessageBuffer(MAX_FROM_SERVER)
        self.waiting: list[ServerMessage] = []

    def next(self) -> ServerMessage:
        while not self.waiting:
            data = self.socket.recv(65536)
            if not data:
                raise ConnectionError("closed")
            self.waiting = [decode_from_server(body) for body in self.buffer.feed(data)]
        return self.waiting.pop(0)


@pytest.fixture
def inbox() -> CommandInbox:
    return CommandInbox()


@pytest.fixture
def publisher(tmp_path: Path, inbox: CommandInbox) -> Iterator[SnapshotPublisher]:
    publisher = SnapshotPublisher(tmp_path / "t.sock", CAMERAS, inbox, MonotonicClock())
    yield publisher
    publisher.close()


@pytest.fixture
def connect(tmp_path: Path, publisher: SnapshotPublisher) -> Iterator[Callable[[], Reader]]:
    readers: list[Reader] = []

    def make() -> Reader:
        readers.append(Reader(tmp_path / "t.sock"))
        return readers[-1]

    yield make
    for reader in readers:
        reader.socket.close()


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5.0
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_a_client_sees_what_the_loop_shows(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    reader = connect()
    publisher.publish(view())
    snapshot = reader.next()
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.mode, snapshot.row.s, snapshot.counts.ready) == (Mode.RUNNING, 2.0, 6)


def test_a_late_client_gets_the_newest_snapshot_at_once(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    first = connect()
    publisher.publish(view())
    first.next()
    assert isinstance(connect().next(), Snapshot)


def test_snapshots_come_ten_times_a_second_and_at_once_when_the_mode_changes(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    reader = connect()
    times: list[float] = []
    for i in range(50):
        now = 10.0 + i * 0.01
        shown = view(now) if i < 33 else replace(view(now), mode=Mode.STOPPED)
        publisher.publish(shown)
        time.sleep(0.003)
    publisher.close()
    with pytest.raises(ConnectionError):
        while True:
            message = reader.next()
            assert isinstance(message, Snapshot)
            times.append(round(message.time - 10.0, 2))
    assert times == [0.0, 0.1, 0.2, 0.3, 0.33, 0.43]


def test_pictures_come_only_to_who_asks_and_carry_their_marks(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    plain, curious = connect(), connect()
    curious.socket.sendall(pack(Want(frames=True)))
    wait_until(lambda: publisher._server.frames_wanted)
    publisher.publish(view(10.0, seq=7))
    kinds = [curious.next(), curious.next()]
    frame = next(message for message in kinds if isinstance(message, FrameMessage))
    assert (frame.side, frame.seq, frame.width, frame.height) == ("left", 7, 640, 384)
    assert frame.jpeg[:2] == b"\xff\xd8"
    assert [(mark.flower_id, mark.state) for mark in frame.flowers] == [(1, "planned")]
    assert frame.shots[0].nozzle == 16
    assert isinstance(plain.next(), Snapshot)


def test_pictures_come_at_most_five_times_a_second(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    reader = connect()
    reader.socket.sendall(pack(Want(frames=True)))
    wait_until(lambda: publisher._server.frames_wanted)
    for i in range(200):
        publisher.publish(view(10.0 + i * 0.01, seq=i))
        time.sleep(0.002)
    publisher.close()
    kinds: Counter[str] = Counter()
    with pytest.raises(ConnectionError):
        while True:
            kinds[type(reader.next()).__name__] += 1
    assert 7 <= kinds["FrameMessage"] <= 11


def test_a_command_reaches_the_inbox_and_is_answered(
    publisher: SnapshotPublisher, inbox: CommandInbox, connect: Callable[[], Reader]
) -> None:
    reader = connect()
    request = CommandRequest("a", CommandName.SET_SPEED, 0.1, by="tablet")
    reader.socket.sendall(pack(request) + pack(request))
    answers = [reader.next(), reader.next()]
    assert all(isinstance(answer, CommandAnswer) and answer.accepted for answer in answers)
    assert inbox.take() == [Command(CommandName.SET_SPEED, 0.1, "", "tablet")]


def test_a_stop_is_confirmed_only_when_the_controller_says_so(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    reader = connect()
    reader.socket.sendall(pack(CommandRequest("s", CommandName.STOP, by="tablet")))
    assert isinstance(reader.next(), CommandAnswer)
    now = time.monotonic()
    stopped = replace(view(now), mode=Mode.STOPPED)
    publisher.publish(stopped)
    waiting = reader.next()
    assert isinstance(waiting, Snapshot)
    assert waiting.stop is not None
    assert waiting.stop.confirmed_after_s is None
    publisher.publish(replace(stopped, now=now + 0.02, estop=True, armed=False))
    confirmed = reader.next()
    assert isinstance(confirmed, Snapshot)
    assert confirmed.stop is not None
    assert confirmed.stop.confirmed_after_s is not None
    assert confirmed.last_command is not None
    assert confirmed.last_command.name is CommandName.STOP


def test_a_stop_without_a_link_is_never_confirmed(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    reader = connect()
    reader.socket.sendall(pack(CommandRequest("s", CommandName.STOP)))
    reader.next()
    publisher.publish(replace(view(time.monotonic()), mode=Mode.STOPPED, estop=True, link_up=False))
    snapshot = reader.next()
    assert isinstance(snapshot, Snapshot)
    assert snapshot.stop is not None
    assert snapshot.stop.confirmed_after_s is None


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        struct.pack("<I", 2**31) + b"x",
        struct.pack("<I", 5) + b"\xc1\xc1\xc1\xc1\xc1",
        struct.pack("<I", 0),
        pack(Want(frames=True))[:4] + b"\x00" * 100,
        struct.pack("<I", 1000) + b"\x91" * 1000,
    ],
)
def test_a_client_that_talks_garbage_is_hung_up_on_and_nobody_else_notices(
    publisher: SnapshotPublisher, connect: Callable[[], Reader], garbage: bytes
) -> None:
    good, bad = connect(), connect()
    bad.socket.sendall(garbage)
    with pytest.raises(OSError):
        while True:
            bad.next()
    publisher.publish(view())
    assert isinstance(good.next(), Snapshot)


def test_random_bytes_never_end_the_server(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    good = connect()
    for _ in range(50):
        bad = connect()
        bad.socket.sendall(os.urandom(300))
        bad.socket.close()
    publisher.publish(view())
    assert isinstance(good.next(), Snapshot)


def test_a_client_that_does_not_read_costs_the_loop_nothing(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    stuck, good = connect(), connect()
    stuck.socket.sendall(pack(Want(frames=True)))
    good.socket.sendall(pack(Want(frames=True)))
    wait_until(lambda: publisher._server.frames_wanted)
    # A publish that waited for the stuck one would never come back.
    for i in range(300):
        publisher.publish(view(10.0 + i * 0.25, seq=i))
        while not isinstance(good.next(), Snapshot):
            pass
    wait_until(lambda: len(publisher._server._clients) == 1)


def test_a_slow_client_gets_the_newest_state_not_the_oldest(
    publisher: SnapshotPublisher, connect: Callable[[], Reader]
) -> None:
    slow = connect()
    for i in range(95):
        publisher.publish(view(10.0 + i * 0.1))
    publisher.close()
    last = 0.0
    with pytest.raises(ConnectionError):
        while True:
            message = slow.next()
            assert isinstance(message, Snapshot)
            last = message.time
    assert last > 10.0


def test_only_so_many_clients_are_served(publisher: SnapshotPublisher, connect: Callable[[], Reader]) -> None:
    readers = [connect() for _ in range(8)]
    with pytest.raises(OSError):
        connect().next()
    publisher.publish(view())
    assert all(isinstance(reader.next(), Snapshot) for reader in readers)


def test_a_socket_left_by_a_killed_process_is_taken_over(tmp_path: Path, inbox: CommandInbox) -> None:
    path = tmp_path / "old.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(path))
    publisher = SnapshotPublisher(path, CAMERAS, inbox, MonotonicClock())
    assert path.stat().st_mode & 0o777 == 0o600
    publisher.close()
    assert not path.exists()


def test_a_socket_in_use_is_refused_with_a_remedy(
    tmp_path: Path, publisher: SnapshotPublisher, inbox: CommandInbox
) -> None:
    with pytest.raises(TelemetryError, match="another control process uses it; stop that one first"):
        SnapshotPublisher(tmp_path / "t.sock", CAMERAS, inbox, MonotonicClock())


def test_a_path_that_is_too_long_is_refused_with_a_remedy(tmp_path: Path, inbox: CommandInbox) -> None:
    with pytest.raises(TelemetryError, match="name another path"):
        SnapshotPublisher(tmp_path / ("x" * 200), CAMERAS, inbox, MonotonicClock())


def test_a_buffer_cuts_messages_wherever_the_bytes_are_split() -> None:
    stream = b"".join(pack(CommandRequest(f"id{i}", CommandName.START)) for i in range(5))
    buffer = MessageBuffer(1000)
    assert len([body for byte in stream for body in buffer.feed(bytes([byte]))]) == 5
    with pytest.raises(WireError, match="limit"):
        buffer.feed(b"\xff\xff\xff\xff")


def test_passed_flowers_are_counted_and_lie_in_the_strip() -> None:
    builder = SnapshotBuilder(CAMERAS)
    finished: tuple[tuple[Side, int, float, str], ...] = (
        ("left", 1, 80.0, "treated"),
        ("left", 2, 80.0, "late"),
        ("right", 1, 500.0, "passed"),
        ("right", 2, -3.0, "not_ready"),
        ("left", 3, 3.0, "unsure"),
    )
    words = {Reason.LOOK_AGAIN: 1, Reason.LATE: 1, Reason.PASSED: 1, Reason.NOT_READY: 1}
    shown = replace(view(), finished=finished, refusals=words)
    builder.observe(shown)
    snapshot = builder.build(shown, None, None)
    assert snapshot.counts.missed == 2
    assert snapshot.counts.unsure == 1
    assert snapshot.counts.missed_by_reason == {"late": 1, "passed": 1}
    assert snapshot.strip.treated["left"][STRIP_BINS // 2] == 1
    assert snapshot.strip.missed["right"][-1] == 1


def test_a_new_row_begins_with_an_empty_strip() -> None:
    builder = SnapshotBuilder(CAMERAS)
    builder.observe(replace(view(), finished=(("left", 1, 80.0, "treated"),)))
    builder.observe(replace(view(), row="13"))
    assert sum(builder.build(view(), None, None).strip.treated["left"]) == 0


def test_a_held_robot_says_what_it_waits_for() -> None:
    fault = ActiveFault("pressure_low", "hold", "The air pressure is too low", "Wait", 5.0, True, False)
    builder = SnapshotBuilder(CAMERAS)
    shown = replace(view(), faults=(fault,))
    builder.observe(shown)
    snapshot = builder.build(shown, None, None)
    assert snapshot.reason == "Waiting: The air pressure is too low. Wait."
    assert snapshot.faults[0].age_s == 5.0


def test_a_camera_that_stopped_shows_no_frame_rate() -> None:
    builder = SnapshotBuilder(CAMERAS)
    for i in range(15):
        builder.observe(view(10.0 + i / 15, seq=i))
    fresh = builder.build(view(10.0 + 14 / 15, seq=14), None, None).cameras["left"]
    assert fresh.fps == pytest.approx(15.0)
    late = replace(view(13.0), sides={"left": replace(view(10.0 + 14 / 15).sides["left"])})
    assert builder.build(late, None, None).cameras["left"].fps == 0.0


def test_without_a_known_place_nothing_pretends_to_know_it() -> None:
    builder = SnapshotBuilder(CAMERAS)
    shown = replace(view(), pose=None, position_known=False)
    builder.observe(shown)
    row = builder.build(shown, None, None).row
    assert (row.s, row.progress, row.seconds_left, row.speed) == (None, None, None, None)


def test_a_group_that_is_named_may_use_the_socket_and_one_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = tmp_path / "t.sock"
    path.touch()
    ours = path.group()
    path.unlink()
    publisher = SnapshotPublisher(path, CAMERAS, CommandInbox(), MonotonicClock(), group=ours)
    assert path.stat().st_mode & 0o777 == 0o660
    publisher.close()
    publisher = SnapshotPublisher(path, CAMERAS, CommandInbox(), MonotonicClock())
    assert path.stat().st_mode & 0o777 == 0o600
    publisher.close()
    with pytest.raises(
        TelemetryError, match=r"dashboard\.group = 'no-such-group': .* name a group that exists"
    ):
        SnapshotPublisher(path, CAMERAS, CommandInbox(), MonotonicClock(), group="no-such-group")
