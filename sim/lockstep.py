"""A row in lock-step: the robot's own loop, bridge and C core against the simulated plant, bit for bit."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.progress import Progress

from firmware_bridge.bridge import McuBridge
from firmware_bridge.core import Core
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import ResetCause
from robot.blind_ledger import BlindLedger
from robot.build import NoRecorder, open_detector, side_parts
from robot.calibration.config import calibrated_lags
from robot.config import DEMO_MACHINE, load_config
from robot.loop import STEP_S, ControlLoop, LoopParts
from robot.settings import CameraConfig, RobotConfig
from robot.sight import SideParts
from robot.types import Mode, Recorder
from sim.camera import Picture, SimCamera
from sim.camera_faults import spoiled, unplugged
from sim.clock import SIM_EPOCH, SimClock
from sim.drawn_by import drawn_by
from sim.faults import FaultScript
from sim.plant import Plant
from sim.recording import recorder_for
from sim.render.renderer import Renderer
from sim.result import SimResult, scored
from sim.rig import LoopbackTransport, Rig
from sim.scenario import ScenarioConfig
from sim.score import Percentiles, score
from sim.stand_in import spoilt_eyes, truth_side
from sim.troubles import SLOW_STEP_S, FaultyCable, SimLedger, Troubles
from sim.truth import TrueFlowers
from sim.truth_detector import TruthDetector
from sim.truth_errors import load_errors
from sim.watcher import Watcher
from sim.witness import Witness
from sim.world import World
from vision.detector import Detector
from vision.types import Side

BOOT_ID = 0xB0B0_0001
NONCE = 0x5EED_0001
CAMERA_PHASE_S: Mapping[Side, float] = {"left": 0.0, "right": 0.03}
"""The two cameras are not synchronised (assumed)."""
SETTLE_S = 1.0
"""Driven on after the end, so that the last outcomes arrive."""


class LockstepRow:
    """One simulated row; `run` drives it to its end. Same arguments, same decisions, same frames."""

    def __init__(
        self,
        scenario: ScenarioConfig,
        seed: int,
        config: RobotConfig,
        detector: str,
        ledger: SimLedger,
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
        self.board_config = CoreConfig(ticks_per_m=scenario.vehicle.ticks_per_m)
        self.plant = Plant(scenario, config.banks, dict(self.truths), config.dose.openings, seed)
        self.rig = Rig(self._board(), self.plant)
        self.clock = SimClock(self.rig.advance)
        self.watcher = Watcher()
        self.troubles = Troubles()
        self.cable = FaultyCable(LoopbackTransport(self.rig), self.troubles, self.clock.now, seed)
        self._script = FaultScript(scenario.faults)
        self._starts = self._resets = 0
        self.killed = False
        self.ledger = ledger
        models = {camera.side: scenario.misfit.camera(camera.model()) for camera in config.cameras}
        self.witness = Witness(self.world, self.truths, models, self.plant.place_at, recorder or NoRecorder())
        self.loop = self._daemon()
        self.frame_ms: list[float] = []

    def _board(self, resets: int = 0) -> Core:
        cause = ResetCause.WATCHDOG if resets else ResetCause.POWER_ON
        return Core(self.board_config, BOOT_ID + resets, cause)

    def _daemon(self) -> ControlLoop:
        """Start the robot's program, for the first time or once more."""
        self._starts += 1
        lags_us = calibrated_lags(self.config)
        loop = ControlLoop(
            LoopParts(
                config=self.config,
                clock=self.clock,
                link=McuBridge(self.cable, nonce=NONCE + self._starts - 1, lags_us=lags_us),
                sides=self._sides(),
                ledger=BlindLedger("database or disk is full") if self.ledger.full else self.ledger,
                commands=self.watcher,
                recorder=self.witness,
                telemetry=self.watcher,
            )
        )
        self.witness.sights = loop.sights
        return loop

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
            eyes = spoilt_eyes(truth, side, self.scenario.faults, self.plant.camera_faults, model.height)
            return truth_side(self._camera(settings, eyes.picture), eyes, model, self.config)
        drawn = drawn_by(Renderer(self.world, true, side, self.scenario.lens), self.plant.place_at)
        source = self._camera(settings, spoiled(drawn, self.plant.camera_faults) if side == "left" else drawn)
        return side_parts(model, source, shared, self.config)

    def _camera(self, settings: CameraConfig, picture: Picture) -> SimCamera:
        """Return a camera; faults strike the left one."""
        struck, clock = settings.side == "left", self.clock
        return SimCamera(
            settings.camera_id,
            self.scenario.camera,
            picture,
            self.plant.place_at,
            (lambda: self.troubles.camera_clock(clock.now())) if struck else clock.now,
            CAMERA_PHASE_S[settings.side],
            seed=self.seed,
            ahead=self._ahead,
            gone=lambda: struck and unplugged(self.plant.camera_faults, clock.now()),
        )

    def drive_to(self, s: float) -> None:
        """Drive until the cart's true place is `s` (m), or the row ends."""
        while self.plant.vehicle.state.s < s and self.loop.mode is not Mode.DONE:
            self.step()

    def run(self, progress: Callable[[float], None] = lambda share: None) -> tuple[bool, str]:
        """Drive to the row's end; returns whether it was reached, and why it ended. `progress` takes 0..1."""
        limit_s = 60.0 + 2.0 * self.scenario.world.row_length_m / self.scenario.speed_m_s
        while self.loop.mode not in {Mode.DONE, Mode.FAULT, Mode.STOPPED} and self.clock.now() < limit_s:
            self.step()
            progress(max(0.0, self.plant.vehicle.state.s) / self.scenario.world.row_length_m)
        ended_in = self.loop.mode
        until = self.clock.now() + SETTLE_S
        while self.clock.now() < until:
            self.step()
        self.close()
        if ended_in is Mode.DONE:
            return True, "the row is done"
        return (
            False,
            f"mode {ended_in.value} after {self.clock.now():.0f} s; faults: {', '.join(self.watcher.faults) or 'none'}",
        )

    def step(self) -> None:
        """Let the robot do everything once, and time pass."""
        now = self.clock.now()
        self._strike(now)
        if not self.killed:
            before = perf_counter()
            self.loop.step()
            self.frame_ms.append(1000.0 * (perf_counter() - before))
        self.clock.sleep_until(now + (SLOW_STEP_S if now < self.troubles.overloaded else STEP_S))

    def _strike(self, now: float) -> None:
        """Bring on what is due of the script around the controller."""
        troubles = self.troubles
        troubles.come(self._script.due(now), now)
        self.ledger.full = troubles.disk_full
        self.clock.epoch = SIM_EPOCH + timedelta(seconds=troubles.wall_offset_s)
        if troubles.board_resets:
            troubles.board_resets = False
            self._resets += 1
            self.rig.replace(self._board(self._resets))
        if not self.killed and now < troubles.daemon_dead:
            self.killed = True
            self.ledger.drop()
        elif self.killed and now >= troubles.daemon_dead:
            self._revive()

    def _revive(self) -> None:
        """Start the program again."""
        self.ledger = SimLedger(self.config.ledger.path)
        self.ledger.full = self.troubles.disk_full
        self.watcher.new_daemon()
        self.loop = self._daemon()
        self.killed = False

    def close(self) -> None:
        """End the robot and the drawing; `run` does it by itself."""
        if not self.killed:
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
            hottest_coil_c=round(self.plant.coils.hottest_c(self.clock.now()), 1),
            sim_s=round(self.clock.now(), 3),
            wall_s=round(wall_s, 1),
            frames=sum(side.frames for side in self.loop.sights.values()),
            refusals=refusals,
            faults=self.watcher.faults,
            decisions_sha256=self.loop.decisions_sha256,
        )


def machine_for(
    scenario: ScenarioConfig, machine: Path | None, ledger: Path, changed: Mapping[str, object] | None = None
) -> RobotConfig:
    """Return the machine file's settings with the scenario's row, speed and encoder, and some `changed`."""
    return load_config(
        machine or DEMO_MACHINE,
        {**scenario.machine_overrides(), "ledger.path": str(ledger), **(changed or {})},
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
        ledger = SimLedger(config.ledger.path)
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
