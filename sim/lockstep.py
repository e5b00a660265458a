"""A row in lock-step: the robot's own loop, bridge and C core against the simulated plant, bit for bit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from time import perf_counter

import msgspec
import numpy as np
import tomlkit
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from firmware_bridge.bridge import McuBridge
from firmware_bridge.core import Core
from firmware_bridge.core_config import CoreConfig
from robot.build import NoRecorder, open_detector, recording_header, side_parts
from robot.calibration.config import calibrated_lags
from robot.config import DEMO_MACHINE, load_config
from robot.ledger import Ledger
from robot.loop import STEP_S, ControlLoop, LoopParts
from robot.recorder import McapRecorder
from robot.settings import CameraConfig, RobotConfig
from robot.sight import SideParts
from robot.types import Command, CommandName, LoopView, Mode, Recorder
from sim.camera import Picture, SimCamera
from sim.camera_faults import spoiled, unplugged
from sim.clock import SimClock
from sim.plant import Plant
from sim.render.renderer import Renderer
from sim.result import SimResult, scored
from sim.rig import LoopbackTransport, Rig
from sim.scenario import ScenarioConfig
from sim.score import Percentiles, score
from sim.truth import TrueFlowers
from sim.truth_detector import AnyFrame, TruthDetector
from sim.truth_errors import load_errors
from sim.witness import Witness
from sim.world import World
from vision.detector import Detector
from vision.flower_map import FlowerMap
from vision.onnx_model import model_card
from vision.types import Side

BOOT_ID = 0xB0B0_0001
NONCE = 0x5EED_0001
CAMERA_PHASE_S: Mapping[Side, float] = {"left": 0.0, "right": 0.03}
"""The two cameras are not synchronised (assumed)."""

SPEED_SPAN_S = 0.03
"""The cart's speed at an exposure is taken over this time before it."""

SETTLE_S = 1.0
"""Driven on after the end, so that the last outcomes arrive."""


class Watcher:
    """Stands in for the people: sees every view, presses START once when the robot is ready."""

    def __init__(self) -> None:
        self.view: LoopView | None = None
        self.faults: list[str] = []
        self._started = False

    def publish(self, view: LoopView) -> None:
        """Look at a view."""
        self.view = view
        self.faults += [fault.code for fault in view.faults if fault.code not in self.faults]

    def take(self) -> Sequence[Command]:
        """Return START the first time the robot says that it is ready."""
        if self._started or self.view is None or self.view.mode is not Mode.READY:
            return ()
        self._started = True
        return (Command(CommandName.START, by="simulator"),)


class LockstepRow:
    """One simulated row; `run` drives it to its end. Same arguments, same decisions, same frames."""

    def __init__(
        self,
        scenario: ScenarioConfig,
        seed: int,
        config: RobotConfig,
        detector: str,
        ledger: Ledger,
        recorder: Recorder | None = None,
        world: World | None = None,
    ) -> None:
        """`world` is the crop, when it is not to be grown from `seed`: the same one on another day."""
        self.scenario, self.seed, self.config, self.detector_name = scenario, seed, config, detector
        self.world = world or World.build(scenario.world, seed)
        # A core of its own draws frames on their way; where pictures depend on more than place and time, it must not.
        still = scenario.jets.shake.push_mm == 0.0 and not scenario.faults
        self._ahead = ThreadPoolExecutor(1, "renderer") if still and detector == "onnx" else None
        self.truths = {side: TrueFlowers(self.world, side) for side in config.sides}
        core = Core(CoreConfig(ticks_per_m=scenario.vehicle.ticks_per_m), boot_id=BOOT_ID)
        self.plant = Plant(scenario, config.banks, dict(self.truths), config.dose.openings, seed)
        self.rig = Rig(core, self.plant)
        self.clock = SimClock(self.rig.advance)
        self.watcher = Watcher()
        lags_us = calibrated_lags(config)
        models = {camera.side: scenario.misfit.camera(camera.model()) for camera in config.cameras}
        self.witness = Witness(self.world, self.truths, models, self.plant.place_at, recorder or NoRecorder())
        bridge = McuBridge(LoopbackTransport(self.rig), nonce=NONCE, lags_us=lags_us)
        self.loop = ControlLoop(
            LoopParts(
                config=config,
                clock=self.clock,
                link=bridge,
                sides=self._sides(),
                ledger=ledger,
                commands=self.watcher,
                recorder=self.witness,
                telemetry=self.watcher,
            )
        )
        self.witness.sights = self.loop.sights
        self.frame_ms: list[float] = []

    def _sides(self) -> dict[Side, SideParts]:
        onnx = self.detector_name == "onnx"
        shared = open_detector(self.config.detector) if onnx else None
        return {camera.side: self._side(camera, shared) for camera in self.config.cameras}

    def _side(self, settings: CameraConfig, shared: Detector | None) -> SideParts:
        """Return one side, seen by `shared` in rendered frames, or by the truth with errors without it."""
        model, side = settings.model(), settings.side
        true = self.scenario.misfit.camera(model)
        if shared is None:
            truth = TruthDetector(self.world, side, true, load_errors(), self.seed)
            source = self._camera(settings, truth.picture)
            return SideParts(source, AnyFrame(), truth, model, lambda: FlowerMap(model, self.config.map))
        drawn = drawn_by(Renderer(self.world, true, side, self.scenario.lens), self.plant.place_at)
        source = self._camera(settings, spoiled(drawn, self.plant.camera_faults) if side == "left" else drawn)
        return side_parts(model, source, shared, self.config)

    def _camera(self, settings: CameraConfig, picture: Picture) -> SimCamera:
        return SimCamera(
            settings.camera_id,
            self.scenario.camera,
            picture,
            self.plant.place_at,
            self.clock.now,
            CAMERA_PHASE_S[settings.side],
            seed=self.seed,
            ahead=self._ahead,
            gone=lambda: settings.side == "left" and unplugged(self.plant.camera_faults, self.clock.now()),
        )

    def drive_to(self, s: float) -> None:
        """Drive until the cart's true place is `s` (m), or the row ends."""
        while self.plant.vehicle.state.s < s and self.loop.mode is not Mode.DONE:
            self._step()

    def run(self, progress: Callable[[float], None] = lambda share: None) -> tuple[bool, str]:
        """Drive to the row's end; returns whether it was reached, and why it ended. `progress` takes 0..1."""
        limit_s = 60.0 + 2.0 * self.scenario.world.row_length_m / self.scenario.speed_m_s
        while self.loop.mode not in {Mode.DONE, Mode.FAULT, Mode.STOPPED} and self.clock.now() < limit_s:
            self._step()
            progress(max(0.0, self.plant.vehicle.state.s) / self.scenario.world.row_length_m)
        ended_in = self.loop.mode
        until = self.clock.now() + SETTLE_S
        while self.clock.now() < until:
            self._step()
        self.close()
        if ended_in is Mode.DONE:
            return True, "the row is done"
        return (
            False,
            f"mode {ended_in.value} after {self.clock.now():.0f} s; faults: {', '.join(self.watcher.faults) or 'none'}",
        )

    def _step(self) -> None:
        before = perf_counter()
        self.loop.step()
        self.frame_ms.append(1000.0 * (perf_counter() - before))
        self.clock.sleep_until(self.clock.now() + STEP_S)

    def close(self) -> None:
        """End the robot and the drawing; `run` does it by itself."""
        self.loop.close()
        if self._ahead is not None:
            self._ahead.shutdown(cancel_futures=True)

    def result(self, finished: bool, why: str, wall_s: float) -> SimResult:
        """Return the truth's score and the robot's own counts."""
        view = self.watcher.view
        refusals = {} if view is None else {str(reason): count for reason, count in view.refusals.items()}
        return scored(
            score(self.plant.jets.trains, self.truths, self.scenario.jets.treated_dose),
            scenario=self.scenario.name,
            seed=self.seed,
            mode="lockstep",
            detector=self.detector_name,
            finished=finished,
            ended_because=why,
            aim_point_error_mm=self.witness.aim_point_error_mm(self.plant.jets.trains),
            identity=self.witness.identity(),
            latency_ms=Percentiles.of([ms for ms in self.frame_ms if ms > 1.0]),
            air_l=round(self.plant.air.used_nl, 1),
            sim_s=round(self.clock.now(), 3),
            wall_s=round(wall_s, 1),
            frames=sum(side.frames for side in self.loop.sights.values()),
            refusals=refusals,
            faults=self.watcher.faults,
            decisions_sha256=self.loop.decisions_sha256,
        )


def drawn_by(renderer: Renderer, place_at: Callable[[float], float] | None = None) -> Picture:
    """Return the picture function of a renderer; frames are numbered, so noise never depends on timing.

    With `place_at` the cart's speed skews the pictures of a rolling shutter.
    """

    def draw(cart_s: float, t: float, seq: int, /) -> NDArray[np.uint8]:
        velocity = 0.0 if place_at is None else (cart_s - place_at(t - SPEED_SPAN_S)) / SPEED_SPAN_S
        return renderer.render(cart_s, t, seq, velocity).image

    return draw


def machine_for(
    scenario: ScenarioConfig, machine: Path | None, ledger: Path, changed: Mapping[str, object] | None = None
) -> RobotConfig:
    """Return the machine file's settings with the scenario's row, speed and encoder, and some `changed`."""
    return load_config(
        machine or DEMO_MACHINE,
        {**scenario.machine_overrides(), "ledger.path": str(ledger), **(changed or {})},
    )


def recorder_for(path: Path, config: RobotConfig, detector: str, ledger: Ledger) -> McapRecorder:
    """Return a recorder whose header holds the machine as it is now; raises RecordingError or ModelError."""
    text = tomlkit.dumps(config.model_dump(mode="json", exclude_none=True))
    sha256 = model_card(config.detector.model).sha256 if detector == "onnx" else ""
    header = recording_header(config, text, ledger, SimClock(lambda t: None), sha256)
    header = msgspec.structs.replace(header, extra={**header.extra, "detector": detector})
    cameras = {settings.side: settings.model() for settings in config.cameras}
    return McapRecorder(
        path,
        header,
        cameras,
        config=config.recording,
        synchronous=True,
        lossless=detector == "truth",
    )


def run_lockstep(
    scenario: ScenarioConfig,
    seed: int,
    machine: Path | None,
    detector: str,
    record: Path | None,
    console: Console,
    changed: Mapping[str, object] | None = None,
) -> SimResult:
    """Drive one row and score it, with a progress bar on `console`; `changed` goes before the machine file."""
    started = perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bombus-")))
        config = machine_for(scenario, machine, folder / "ledger.sqlite", changed)
        ledger = Ledger(config.ledger.path)
        recorder = None if record is None else recorder_for(record, config, detector, ledger)
        row = LockstepRow(scenario, seed, config, detector, ledger, recorder)
        progress = stack.enter_context(
            Progress(console=console, transient=True, disable=not console.is_terminal)
        )
        task = progress.add_task("driving the row", total=1.0)
        finished, why = row.run(lambda share: progress.update(task, completed=share))
        if recorder is not None and recorder.problem:
            console.print(recorder.problem, style="red", markup=False)
        return row.result(finished, why, perf_counter() - started)
