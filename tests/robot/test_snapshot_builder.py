"""What threads beside the loop say is wrong with them reaches the page."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from firmware_bridge.events import LinkUp, Telemetry
from robot.snapshot_builder import SnapshotBuilder
from robot.types import SideView
from tests.robot.views import READY
from vision.types import Frame


@dataclass
class Part:
    """A thread that may have a problem."""

    problem: str | None = None


VIEW = replace(
    READY, sides={"left": SideView("cam", Frame("cam", 1, 1.0, np.zeros((2, 2, 3), np.uint8)), None, 0, ())}
)


@pytest.fixture
def watched() -> tuple[SnapshotBuilder, Part, Part]:
    builder, grabber, recorder = SnapshotBuilder({}), Part(), Part("")
    builder.watch({"left": grabber}, recorder)
    return builder, grabber, recorder


def test_a_camera_that_is_gone_is_named_until_it_is_back(
    watched: tuple[SnapshotBuilder, Part, Part],
) -> None:
    builder, grabber, _ = watched
    builder.observe(VIEW)
    assert builder.build(VIEW, None, None).cameras["left"].problem is None
    grabber.problem = "camera cam: /dev/video0 is not there; plug it in"
    assert builder.build(VIEW, None, None).cameras["left"].problem == grabber.problem
    grabber.problem = None
    assert builder.build(VIEW, None, None).cameras["left"].problem is None


def test_what_is_wrong_with_a_frame_shows_while_frames_come(
    watched: tuple[SnapshotBuilder, Part, Part],
) -> None:
    builder, grabber, _ = watched
    dark = replace(VIEW, sides={"left": replace(VIEW.sides["left"], frame_problem="dark")})
    builder.observe(dark)
    assert builder.build(dark, None, None).cameras["left"].problem == "dark"
    grabber.problem = "gone"
    assert builder.build(dark, None, None).cameras["left"].problem == "gone"


def test_a_recorder_that_failed_is_told(watched: tuple[SnapshotBuilder, Part, Part]) -> None:
    builder, _, recorder = watched
    builder.observe(VIEW)
    assert builder.build(VIEW, None, None).recording_problem == ""
    recorder.problem = "x.mcap: No space left on device; free disk space"
    assert builder.build(VIEW, None, None).recording_problem == recorder.problem


def test_without_threads_to_watch_nothing_is_wrong() -> None:
    builder = SnapshotBuilder({})
    builder.observe(VIEW)
    snapshot = builder.build(VIEW, None, None)
    assert (snapshot.recording_problem, snapshot.cameras["left"].problem) == ("", None)


def test_the_detector_and_where_it_runs_are_told() -> None:
    told = "flowers-6 on cpu (provider cuda did not start)"
    assert SnapshotBuilder({}, told).build(replace(VIEW, sides={}), None, None).detector == told


def test_what_the_valve_controller_says_of_itself_is_told_once_it_reports() -> None:
    said = LinkUp(1.0, 7, 99, 0, "power", "0.4.0", 32, 1000, 0)
    report = Telemetry(
        t=2.0, encoder_ticks=0, velocity_mm_s=0, motor_mm_s=0, pressure_kpa=500, pressure_ok=True,
        pressure_believed=True, battery_mv=25_000, estop=False, button=False, bumper=False, armed=False,
        heartbeat_lost=False, driving=False, valves=0, openings=12, bad_frames=3, refused=2, deadman_trips=1,
        queued=0, unreported=0,
    )  # fmt: skip
    builder = SnapshotBuilder({})
    early = replace(VIEW, sides={}, controller=said)
    assert builder.build(early, None, None).link.controller is None
    told = builder.build(replace(early, report=report), None, None).link.controller
    assert told is not None
    assert (told.firmware, told.reset_cause, told.session, told.nozzles) == ("0.4.0", "power", 7, 32)
    assert (told.openings, told.bad_frames, told.refused, told.deadman_trips) == (12, 3, 2, 1)
