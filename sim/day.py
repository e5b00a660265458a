"""A whole day in lock-step: the robot's own mission and loop, row after row, with people who help and disturb."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.progress import Progress

from firmware_bridge.bridge import McuBridge
from firmware_bridge.core import Core
from firmware_bridge.core_config import CoreConfig
from robot.build import open_detector, side_parts
from robot.calibration.config import calibrated_lags
from robot.config import DEMO_MACHINE, load_config
from robot.ledger import Ledger
from robot.loop import STEP_S, ControlLoop, LoopParts
from robot.mission.build_mission import build_mission
from robot.mission.desk import InlineDesk
from robot.mission.house import load_house
from robot.mission.house_map import House, lay_out
from robot.mission.leg import Leg
from robot.mission.mission import Mission
from robot.settings import CameraConfig, RobotConfig
from robot.sight import SideParts
from robot.types import CommandName, Mode
from sim.camera import Picture, SimCamera
from sim.camera_faults import spoiled, unplugged
from sim.clock import SimClock
from sim.day_config import DayConfig
from sim.day_result import DayResult
from sim.headland import SimHeadland
from sim.house_rows import DrawnEyes, HouseRows, TruthEyes
from sim.lockstep import BOOT_ID, CAMERA_PHASE_S, NONCE
from sim.plant import Plant
from sim.porter import Porter
from sim.recording import recorder_for
from sim.rig import LoopbackTransport, Rig
from sim.scenario import ScenarioConfig
from sim.score import score
from sim.stand_in import spoilt_eyes, truth_side
from sim.twice import AimLog
from vision.detector import Detector

LIMIT_S = 12 * 3600.0


class LockstepDay:
    """One robot, one house, one day; `step` moves on by 10 ms. The program may be killed and is booted again."""

    def __init__(
        self,
        scenario: ScenarioConfig,
        day: DayConfig,
        house: House,
        config: RobotConfig,
        seed: int,
        detector: Detector | None = None,
        record: Path | None = None,
    ) -> None:
        """Without `detector` the robot sees the truth with errors. Each start of the program records in `record`."""
        self.scenario, self.day, self.house, self.config, self.seed = scenario, day, house, config, seed
        lengths = {row.name: row.length for row in house.rows.values()}
        self.rows = HouseRows(scenario, lengths, config, seed)
        self.plant = Plant(scenario, config.banks, {}, config.dose.openings, seed)
        self.rows.enter(self.rows.row, self.plant, config.mission.head_s)
        self.rig = Rig(Core(CoreConfig(ticks_per_m=scenario.vehicle.ticks_per_m), BOOT_ID), self.plant)
        self.clock = SimClock(self.rig.advance)
        self.porter = Porter(self.rows, self.plant, day.move_s, day.serve_s)
        self._detector, self._record = detector, record
        self._eyes = "truth" if detector is None else "onnx"
        self.headland: SimHeadland | None = None
        self._on_rails = ""
        self._left: Leg | None = None
        self.rail_errors_mm: list[float] = []
        self._numbers = count(1)
        self.kills = self.power_cuts = 0
        self.mission: Mission
        self.aims = AimLog(lambda: self.rows.row)
        self.loop = self._boot()

    def _boot(self) -> ControlLoop:
        """Start the robot's program: everything but the ledger and the controller begins anew."""
        self.porter.forget()
        config, ledger = self.config, Ledger(self.config.ledger.path)
        desk = InlineDesk(self.house, [config.ledger.path], self.clock)
        home = next(robot.dock for robot in self.house.config.robots)
        if self.day.autonomous:
            before, self.headland = (
                self.headland,
                SimHeadland(self.house, self.day.headland, home, config.mission.head_s, self.seed),
            )
            if before is not None:
                self.headland.drive.ground = before.drive.ground
        transport = LoopbackTransport(self.rig)
        bridge = McuBridge(transport, nonce=NONCE + next(self._numbers), lags_us=calibrated_lags(config))
        mover = None if self.headland is None else self.headland.mover
        self.mission = build_mission(config, self.house, ledger, self.clock, desk, mover)
        if self._record is not None:
            self.aims.inner.close()
            place, eyes = self._record / f"start-{1 + self.kills + self.power_cuts}", self._eyes
            self.aims.inner = recorder_for(place, config, eyes, ledger, self.clock, self.mission.row)
        return ControlLoop(
            LoopParts(
                config=config,
                clock=self.clock,
                link=bridge,
                sides={camera.side: self._side(camera) for camera in config.cameras},
                ledger=ledger,
                commands=self.porter,
                recorder=self.aims,
                telemetry=self.porter,
                mission=self.mission,
            )
        )

    def _side(self, settings: CameraConfig) -> SideParts:
        model, side = settings.model(), settings.side
        true = self.scenario.misfit.camera(model)
        if self._detector is None:
            truth = TruthEyes(self.rows, self.plant, side, true, self.seed)
            eyes = spoilt_eyes(truth, side, self.scenario.faults, self.plant.camera_faults, model.height)
            return truth_side(self._camera(settings, eyes.picture), eyes, model, self.config)
        drawn = DrawnEyes(self.rows, self.plant, side, true).picture
        picture = spoiled(drawn, self.plant.camera_faults) if side == "left" else drawn
        return side_parts(model, self._camera(settings, picture), self._detector, self.config)

    def _camera(self, settings: CameraConfig, picture: Picture) -> SimCamera:
        phase_s, config, now = CAMERA_PHASE_S[settings.side], self.scenario.camera, self.clock.now
        struck = self.plant.camera_faults if settings.side == "left" else {}
        name, place_at = settings.camera_id, self.plant.place_at
        return SimCamera(name, config, picture, place_at, now, phase_s, gone=lambda: unplugged(struck, now()))

    def step(self) -> None:
        """Let the robot and the people do 10 ms."""
        self.loop.step()
        if self.headland is not None:
            self._hand_over(self.headland)
            self.headland.step(STEP_S)
        self.clock.sleep_until(self.clock.now() + STEP_S)

    def _hand_over(self, headland: SimHeadland) -> None:
        """Where the cart came onto the rails by itself they take it; where it left them the headland does."""
        row, leg = self.mission.row or "", self.mission.leg
        head_s = self.config.mission.head_s
        if row == self._on_rails:
            if row and leg is not None:
                on = abs(self.plant.vehicle.state.s - leg.start_s(head_s))
                headland.put_on(headland.mover.berth_of(leg), on)
            return
        if leg is not None and row:
            berth = headland.mover.berth_of(leg)
            self.rail_errors_mm.append(1000.0 * abs(headland.off_rail_m(berth)[0]))
            self.rows.enter(row, self.plant, leg.start_s(head_s))
            headland.put_on(berth, 0.0)
            self._left = leg
        elif self._left is not None:
            # Nobody moves the cart here: it stands where the row's own drive left it.
            s = self.plant.vehicle.state.s
            headland.put_on(headland.mover.berth_of(self._left), s - self._left.start_s(head_s))
        self._on_rails = row

    def kill(self, dead_s: float = 3.0, power: bool = False) -> None:
        """Drop the program in the middle of whatever it does; with `power` the controller goes with it."""
        self.kills += not power
        self.power_cuts += power
        if power:
            cut = CoreConfig(ticks_per_m=self.scenario.vehicle.ticks_per_m)
            self.rig.replace(Core(cut, BOOT_ID + next(self._numbers)))
        self.clock.sleep_until(self.clock.now() + dead_s)
        self.loop = self._boot()

    @property
    def twice(self) -> int:
        """How many flowers were aimed at again, on the way back or after a restart."""
        return self.aims.twice(self.config.ledger.path, self.config.dose.same_flower_m)

    @property
    def done(self) -> bool:
        """Whether the mission says that the day is over."""
        mission = self.porter.mission
        return mission is not None and mission.phase == "done"

    def result(self, wall_s: float) -> DayResult:
        """Return the truth's score and the robot's own account."""
        mission = self.porter.mission
        visited = self.rows.known.items()
        dose = self.scenario.jets.treated_dose
        states = {} if mission is None else dict(mission.rows)
        scored = {name: score(row.jets.trains, row.truths, dose) for name, row in visited}
        scores, done = scored.values(), [s for name, s in scored.items() if states.get(name) == "done"]
        ready, treated = sum(s.ready for s in done), sum(s.treated for s in done)
        return DayResult(
            scenario=self.scenario.name,
            seed=self.seed,
            detector=self._eyes,
            finished=self.done,
            ended_because="the day is done" if self.done else f"not done after {self.clock.now():.0f} s",
            rows=states,
            rows_done=sum(state == "done" for state in states.values()),
            kills=self.kills,
            power_cuts=self.power_cuts,
            rows_blocked=sum(state == "blocked" for state in states.values()),
            replans=0 if mission is None else mission.replans,
            headland_m=0.0 if self.headland is None else round(self.headland.metres, 1),
            rail_error_mm=max(self.rail_errors_mm, default=None),
            ready=ready,
            treated=treated,
            coverage=round(treated / ready, 4) if ready else None,
            pulses=sum(s.pulses for s in scores),
            bud_hits=sum(s.bud_hits for s in scores),
            twice=self.twice,
            prediction_error_s=None if mission is None else mission.prediction_error_s,
            house_error_s=None if mission is None else mission.house_error_s,
            sim_s=round(self.clock.now(), 1),
            wall_s=round(wall_s, 1),
            faults=tuple(self.porter.faults),
            said=tuple(self.porter.said),
            decisions_sha256=self.loop.decisions_sha256,
        )


class Disturber:
    """What goes wrong by the scenario: half way into the rows it names."""

    def __init__(self, day: DayConfig) -> None:
        self._day = day
        self._begun = 0
        self._row = ""
        self._due = False

    def look(self, sim: LockstepDay) -> None:
        """Disturb, when it is time to."""
        mission, view = sim.porter.mission, sim.porter.view
        if mission is None or view is None or mission.phase != "in" or mission.held or view.pose is None:
            return
        if mission.row != self._row:
            self._row, self._due = mission.row, True
            self._begun += 1
        if not self._due or view.pose.s < 0.5 * view.row_length or view.mode is not Mode.RUNNING:
            return
        self._due = False
        if self._begun == self._day.block_in:
            sim.porter.order(CommandName.BLOCK_ROW, mission.row)
        if self._begun in self._day.kill_in:
            sim.kill()
        if self._begun in self._day.cut_in:
            sim.kill(power=True)


def run_day(
    scenario: ScenarioConfig,
    day: DayConfig,
    seed: int,
    machine: Path | None,
    detector: str,
    console: Console,
    record: Path | None = None,
) -> DayResult:
    """Work a day and score it, with a progress bar on `console`; raises ConfigError in one line."""
    started = perf_counter()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bombus-")))
        config = machine_of(scenario, day, machine, folder / "ledger.sqlite")
        house = lay_out(load_house(day.path), str(day.path))
        eyes = open_detector(config.detector) if detector == "onnx" else None
        sim = LockstepDay(scenario, day, house, config, seed, eyes, record)
        disturber = Disturber(day)
        bar = stack.enter_context(Progress(console=console, transient=True, disable=not console.is_terminal))
        task = bar.add_task("working the house", total=float(len(house.rows)))
        while not sim.done and sim.clock.now() < LIMIT_S:
            sim.step()
            disturber.look(sim)
            bar.update(task, completed=_past(sim))
        sim.loop.close()
        return sim.result(perf_counter() - started)


def _past(sim: LockstepDay) -> float:
    mission = sim.porter.mission
    return 0.0 if mission is None else sum(state in {"done", "blocked"} for state in mission.rows.values())


def machine_of(scenario: ScenarioConfig, day: DayConfig, machine: Path | None, ledger: Path) -> RobotConfig:
    """Return the machine file's settings with the scenario's house and encoder."""
    overrides = {
        "odometry.ticks_per_m": scenario.vehicle.ticks_per_m,
        "end_switch.fitted": True,
        "end_switch.acts_m": scenario.vehicle.end_cam_m,
        "row.start_s": scenario.vehicle.start_s,
        "ledger.path": str(ledger),
        "mission.house": str(day.path),
        "mission.plan_s": 0.0,
    }
    return load_config(machine or DEMO_MACHINE, overrides)
