"""A control process without a robot: the real telemetry socket, real inbox, made-up plants. Run as a script."""

from __future__ import annotations

import argparse
import math
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from firmware_bridge.events import LinkUp
from firmware_bridge.status import LinkQuality
from robot.clock import MonotonicClock
from robot.commands import CommandInbox
from robot.faults import FAULTS, Fault
from robot.refusals import COMMAND_REFUSALS, Refusal
from robot.telemetry import SnapshotPublisher
from robot.types import (
    ActiveFault,
    Command,
    CommandName,
    FlowerKey,
    LoopView,
    Mode,
    PlannedPulse,
    Reason,
    SideView,
    Train,
)
from robot.valve_state import ValveTested, ValveTestState
from tests.browser.made_up_board import board_views
from tests.robot.reports import REPORT
from vision.calibration import CameraModel
from vision.charuco import BoardConfig
from vision.types import SIDES, Flower, Frame, Pose, Side

ROW = 40.0
BOARD_HELD_S = 3.0
FPS = 15


def camera(side: Side) -> CameraModel:
    return CameraModel(
        camera_id=f"cam-{side}",
        side=side,
        width=640,
        height=384,
        fx=457,
        fy=457,
        cx=319.5,
        cy=191.5,
        s_offset=0.45,
        h=1.6,
    )


CAMERAS: dict[Side, CameraModel] = {side: camera(side) for side in SIDES}


def plants(side: Side) -> NDArray[np.float64]:
    rng = np.random.default_rng(len(side))
    return np.stack(
        [np.sort(rng.uniform(0, ROW, 900)), rng.uniform(1.4, 1.8, 900), rng.uniform(0.38, 0.5, 900)], axis=1
    )


@dataclass
class Part:
    """A grabber or recorder with what is wrong with it."""

    problem: str | None


class FakeRobot:
    """Drives along a made-up row and obeys commands as the loop does; confirms a stop after `confirm_s`."""

    def __init__(self, confirm_s: float, fault: str, board: bool = False) -> None:
        self.boards = board_views(BoardConfig(), (640, 384)) if board else []
        self.mode, self.s, self.stopped_at = Mode.RUNNING, 14.0, math.inf
        self.confirm_s, self.fault = confirm_s, fault
        self.plants = {side: plants(side) for side in SIDES}
        self.passed = dict.fromkeys(SIDES, 0)
        self.treated = self.seq = 0
        self.lost: dict[Reason, int] = {}
        self.frames: dict[Side, Frame] = {}
        self.flowers: dict[Side, tuple[Flower, ...]] = {"left": (), "right": ()}
        self.next_frame = 0.0
        self.acknowledged = False
        self.tested: ValveTested | None = None
        self.tested_at = 0.0

    def obey(self, command: Command, now: float) -> None:
        match command.name:
            case CommandName.STOP:
                self.mode, self.stopped_at = Mode.STOPPED, now
            case CommandName.RELEASE:
                self.mode, self.stopped_at = Mode.READY, math.inf
            case CommandName.START:
                self.mode = Mode.RUNNING
            case CommandName.PAUSE:
                self.mode = Mode.READY
            case CommandName.SET_POSITION:
                self.s = command.value or 0.0
                self.fault = "" if self.fault == Fault.POSITION_UNSURE else self.fault
            case CommandName.TEST_VALVE:
                self.tested_at = now
                side = next(side for side in SIDES if side == command.text)
                self.tested = tested(command.by, side, round(command.value or 0.0))
            case CommandName.ACKNOWLEDGE:
                self.acknowledged = True
            case _:
                pass

    def view(self, now: float, dt: float) -> LoopView:
        moving = self.mode is Mode.RUNNING
        self.s += 0.15 * dt * moving
        if now >= self.next_frame:
            self.next_frame = now + 1 / FPS
            self.seq += 1
            self.take_pictures(now)
        finished, states = self.judge()
        sides = {
            side: SideView(
                f"cam-{side}", self.frames.get(side), None, len(self.flowers[side]), self.flowers[side]
            )
            for side in SIDES
        }
        return replace(
            EMPTY,
            now=now,
            mode=self.mode,
            pose=Pose(now, self.s, 0.15 * moving, 0.001),
            estop=now - self.stopped_at >= self.confirm_s,
            armed=moving,
            faults=self.faults(now),
            sides=sides,
            pulses_sent=self.treated + 2,
            pulses_done=self.treated,
            flowers_treated=self.treated,
            ready_seen=self.treated + sum(self.lost.values()),
            refusals={Reason.BUD_IN_JET: 7, **self.lost},
            recent_pulses=self.planned(),
            finished=finished,
            flower_states=states,
            air_normal_l=0.11 * self.treated,
            valve_test=self.valves(now),
        )

    def valves(self, now: float) -> ValveTestState:
        """A test takes half a second; the fourth nozzle of each side does not open."""
        last = self.tested
        if last is not None:
            age_s = now - self.tested_at
            state = last.state if age_s > TEST_S else "firing"
            last = msgspec.structs.replace(last, state=state, age_s=age_s)
        why = "" if self.mode in {Mode.READY, Mode.DONE} else Refusal.ROW_WORKED
        if last is not None and last.state == "firing":
            why = Refusal.TEST_ON
        text = COMMAND_REFUSALS[Refusal(why)].line if why else ""
        return ValveTestState({"left": (0, 1, 2, 3), "right": (32, 33, 34, 35)}, why, text, last)

    def faults(self, now: float) -> tuple[ActiveFault, ...]:
        if not self.fault:
            return ()
        return (
            ActiveFault(
                self.fault,
                FAULTS[Fault(self.fault)].severity,
                FAULTS[Fault(self.fault)].text,
                FAULTS[Fault(self.fault)].remedy,
                now - 12,
                True,
                self.acknowledged,
            ),
        )

    def take_pictures(self, now: float) -> None:
        for side in SIDES:
            points = self.plants[side]
            near = np.abs(points[:, 0] - self.s - 0.3) < 0.7
            pixels = CAMERAS[side].project(points[near], self.s)
            image = np.full((384, 640, 3), (38, 66, 40), np.uint8)
            self.flowers[side] = tuple(
                Flower(
                    int(i),
                    side,
                    points[i],
                    np.eye(3) * 1e-6,
                    np.array(STAGES[int(i) % 3]),
                    9,
                    now - 1,
                    now,
                    True,
                )
                for i in np.flatnonzero(near)
            )
            for (x, y), one in zip(pixels.tolist(), self.flowers[side], strict=True):
                colour = ((70, 160, 150), (40, 220, 250), (40, 90, 120))[int(np.argmax(one.belief))]
                cv2.circle(image, (round(x), round(y)), 13, colour, -1, cv2.LINE_AA)
            if self.boards and side == "left":
                image = self.boards[int(now / BOARD_HELD_S) % len(self.boards)]
            self.frames[side] = Frame(f"cam-{side}", self.seq, now, image)

    def judge(self) -> tuple[tuple[tuple[Side, int, float, str], ...], dict[FlowerKey, str]]:
        finished: list[tuple[Side, int, float, str]] = []
        states: dict[FlowerKey, str] = {}
        for side in SIDES:
            points = self.plants[side]
            while self.passed[side] < len(points) and points[self.passed[side], 0] < self.s:
                i = self.passed[side]
                self.passed[side] += 1
                if i % 3 == 1:
                    told = "late" if i % 20 == 1 else "nozzle_busy" if i % 31 == 1 else "treated"
                    self.treated += told == "treated"
                    if told != "treated":
                        self.lost[Reason(told)] = self.lost.get(Reason(told), 0) + 1
                    finished.append((side, i, float(points[i, 0]), told))
            for flower in self.flowers[side]:
                i = flower.flower_id
                ahead = flower.position[0] - self.s
                planned = "planned" if ahead < 0.3 else "place_unsure" if ahead > 0.55 else ""
                states[side, i] = "not_ready" if i % 3 != 1 else "treated" if ahead < 0 else planned
        return tuple(finished), states

    def planned(self) -> tuple[PlannedPulse, ...]:
        return tuple(
            PlannedPulse(
                one.flower_id,
                side,
                16,
                0,
                1,
                Train(15000, 41667, 3),
                (float(one.position[0]), float(one.position[1]), float(one.position[2])),
                (one.flower_id,),
                ((0.0, 0.0, 0.0),),
            )
            for side in SIDES
            for one in self.flowers[side]
            if one.flower_id % 3 == 1 and 0 < one.position[0] - self.s < 0.3
        )


def tested(by: str, side: Side, nozzle: int) -> ValveTested:
    """Return how a test of that nozzle ends."""
    stuck = nozzle % 32 == 3
    lowest = 612.0 if stuck else 598.0
    state, reason = ("not_fired", "low_pressure") if stuck else ("done", "")
    opened = (0, 0.0) if stuck else (3, 45.0)
    return ValveTested(by, side, nozzle, state, reason, "", 3, *opened, 612.0, lowest, 606.0, 8_200, 0.0)


TEST_S = 0.5
STAGES = ([0.9, 0.08, 0.02], [0.05, 0.92, 0.03], [0.02, 0.1, 0.88])
EMPTY = LoopView(
    now=0.0,
    mode=Mode.RUNNING,
    faults=(),
    row="12",
    row_length=ROW,
    pose=None,
    position_known=True,
    cruise_speed=0.15,
    link_text="",
    link_up=True,
    armed=True,
    estop=False,
    pressure_kpa=455.0,
    battery_v=25.1,
    sides={},
    pulses_sent=0,
    pulses_done=0,
    pulses_refused=3,
    flowers_treated=0,
    refusals={},
    recent_pulses=(),
    stage_ms={
        "detect": (18.2, 24.0),
        "map": (2.1, 4.0),
        "plan": (0.6, 1.1),
        "step": (21.4, 29.8),
        "frame_age": (24.0, 41.0),
    },
    decisions_sha256="",
    controller=LinkUp(0.0, 7, 9, 0, "power_on", "0.1.1", 64, 10_000, 0),
    link_quality=LinkQuality(0.4, 9.8, 48_210, 61_377, 3, 1, 0, 1),
    report=REPORT,
    stage_bins={"frame_age": [0, 0, 0, 3, 180, 60, 2, 0, 0, 0], "step": [90, 40, 12, 30, 70, 8, 0, 0, 0, 0]},
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--socket", type=Path, required=True)
    parser.add_argument("--confirm-s", type=float, default=0.03)
    parser.add_argument("--fault", default="")
    parser.add_argument("--hang-file", type=Path, default=Path("/nonexistent"))
    parser.add_argument("--recording-problem", default="")
    parser.add_argument("--camera-problem", default="")
    parser.add_argument(
        "--board", action="store_true", help="someone holds a calibration board before the left camera"
    )
    options = parser.parse_args()
    ended: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: ended.append(number))
    inbox, robot = CommandInbox(), FakeRobot(options.confirm_s, options.fault, options.board)
    publisher = SnapshotPublisher(options.socket, CAMERAS, inbox, MonotonicClock())
    camera = Part(options.camera_problem)
    publisher.watch(dict.fromkeys(SIDES, camera), Part(options.recording_problem))
    before = time.monotonic()
    while not ended:
        now = time.monotonic()
        if not options.hang_file.exists():
            for command in inbox.take():
                robot.obey(command, now)
                print(command.name, flush=True)
            publisher.publish(robot.view(now, now - before))
        before = now
        time.sleep(0.01)
    publisher.close()


if __name__ == "__main__":
    main()
