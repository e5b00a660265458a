"""A recording becomes a track and sightings, in the part where the count of travel is unbroken."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from firmware_bridge.events import LinkUp, Telemetry
from robot.calibration.rig_drive import Drive, Look, flower_sightings, read_drive, tag_sightings
from robot.config import DEMO_MACHINE, parse_config
from robot.recording_format import FrameRef, RecordedFrame, RecordedStep
from robot.recording_reader import Recording
from robot.settings import RobotConfig
from robot.types import Command, CommandName
from vision.flower_map import FlowerMapConfig
from vision.rig_problem import Track
from vision.tags import Seen
from vision.types import Detections, Frame

CONFIG = parse_config(DEMO_MACHINE.read_text(), "demo")
NOWHERE = parse_config(DEMO_MACHINE.read_text().replace("start_s = -1.0", ""), "demo")


class Taken(RecordedFrame, frozen=True):
    """A frame that needs no decoding."""

    def decode(self) -> Frame:
        return Frame("left", self.ref.seq, self.ref.t_capture, np.zeros((4, 4, 3), np.uint8))


def link_up(boot_id: int = 7) -> LinkUp:
    return LinkUp(0.0, 1, boot_id, 0, "power_on", "1", 64, 10_000, 0)


def telemetry(t: float, ticks: int) -> Telemetry:
    return Telemetry(
        t, ticks, 0, 0, 600, True, True, 25_000, False, False, False, False, False, False, 0, 0, 0, 0, 0, 0, 0
    )


def step(
    index: int, events: Sequence[object], frame: bool = False, commands: Sequence[Command] = ()
) -> RecordedStep:
    now = 0.02 * index
    frames = {"left": Taken(FrameRef("left", "left", index, now, "jpeg", True), b"")} if frame else {}
    return RecordedStep(index, now, tuple(events), cast(Any, frames), tuple(commands), None)


class Steps(list[RecordedStep]):
    """Stands in for an open recording."""

    share_read = 1.0


def read(steps: Sequence[RecordedStep], config: RobotConfig = CONFIG) -> Drive[str]:
    def find(image: NDArray[np.uint8]) -> str:
        return "looked"

    return read_drive(cast(Recording, Steps(steps)), config, "left", find)


def driving(first: int, last: int, commands: dict[int, Command] | None = None) -> Iterator[RecordedStep]:
    """20 ms and 3 mm a step."""
    for k in range(first, last):
        command = (commands or {}).get(k)
        yield step(k, [telemetry(0.02 * k, 30 * k)], frame=k % 3 == 0, commands=[command] if command else [])


def test_track_is_in_row_coordinates_where_the_cart_knows_its_place() -> None:
    drive = read([step(0, [link_up()]), *driving(1, 31)])
    assert drive.placed
    assert drive.track.s[0] == pytest.approx(-1.0)
    assert drive.track.s[-1] == pytest.approx(-1.0 + 29 * 0.003)
    assert [look.seq for look in drive.looks] == list(range(3, 31, 3))


def test_cart_that_does_not_know_its_place_still_travels() -> None:
    drive = read([step(0, [link_up()]), *driving(1, 31)], NOWHERE)
    assert not drive.placed
    assert np.ptp(drive.track.s) == pytest.approx(29 * 0.003)


def test_set_position_and_a_restart_begin_the_drive_anew() -> None:
    placed = Command(CommandName.SET_POSITION, value=5.0)
    drive = read([step(0, [link_up()]), *driving(1, 31, {10: placed})])
    assert drive.track.s[0] == pytest.approx(5.003)
    assert drive.looks[0].seq == 12
    again = read([step(0, [link_up()]), *driving(1, 11), step(11, [link_up(8)]), *driving(12, 31)])
    assert again.track.t[0] == pytest.approx(0.24)


def test_tags_are_sighted_by_name() -> None:
    looks: list[Look[Seen]] = [Look(1.0, 1, (("tag 3", (10.0, 20.0)),)), Look(2.0, 2, ())]
    assert [(one.landmark, one.t, one.pixel) for one in tag_sightings(looks)] == [
        ("tag 3", 1.0, (10.0, 20.0))
    ]


def test_flowers_keep_their_name_along_the_drive_and_cut_ones_are_left_out() -> None:
    camera = CONFIG.cameras[0].model()
    places = np.array([[0.8, 1.6, 0.4], [0.9, 1.55, 0.45], [1.0, 1.65, 0.38]])
    t = np.arange(0.0, 8.0, 0.02)
    track = Track(t, 0.15 * t - 0.1)
    looks = []
    for seq in range(110):
        now = seq / 15
        pixels = camera.project(places, 0.15 * now - 0.1)
        shown = (pixels[:, 0] > -8) & (pixels[:, 0] < camera.width + 8)
        boxes = np.clip(np.concatenate([pixels - 11, pixels + 11], 1), 0, [640, 384, 640, 384])[shown]
        stages = np.tile([0.05, 0.9, 0.05], (len(boxes), 1))
        found = Detections(
            boxes.astype(np.float32), stages.astype(np.float32), np.full(len(boxes), 0.9, np.float32)
        )
        looks.append(Look(now, seq, found))
    sightings = flower_sightings(Drive(track, tuple(looks), placed=True), camera, FlowerMapConfig())
    assert len({one.landmark for one in sightings}) == 3
    assert min(one.pixel[0] for one in sightings) > 12
