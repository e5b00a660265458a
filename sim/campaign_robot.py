"""One robot of the kill campaign: world and board run on while its daemons are killed, hung and cut off."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from random import Random

from firmware_bridge.plant_page import PlantPage
from robot.build import core_config
from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, load_config, with_overrides
from robot.settings import RobotConfig
from robot.types import CommandName, Mode
from sim.live_world import LiveWorld
from sim.mcu_process import McuProcess
from sim.noisy_cable import NoisyCable
from sim.realtime import Operator, RealtimeError, daemon_command, write_machine
from sim.scenario import ScenarioConfig, load_scenario
from sim.valve_audit import Audit, Trace, audit

READY_LIMIT_S = 120.0
PULSES_LIMIT_S = 6.0
"""A stretch without ready flowers is no reason to wait longer: the daemon dies without having fired."""
MID_TRAIN_LIMIT_S = 1.5
STUCK_S = 5.0
PLACE_SLACK_M = 0.01
PRESS_EVERY_S = 0.5
DEAD_S = 0.6
"""Well past the dead-man's 250 ms, also on a busy machine."""
LOOK_S = 0.02
ROW_A_KILL_M = 2.0
SPEED_M_S = 0.3
CAMERA_AHEAD_M = 0.2
"""A camera near the nozzles: the first shot comes soon after the start."""
TROUBLES = ("none", "none", "hang", "hang", "noise", "noise", "reset")


def campaign_scenario(kills: int) -> ScenarioConfig:
    """Return a row long enough for `kills` lives of a daemon."""
    return load_scenario("demo", length_m=min(160.0, 10.0 + ROW_A_KILL_M * kills), speed_m_s=SPEED_M_S)


def campaign_machine(scenario: ScenarioConfig) -> RobotConfig:
    """Return the demo machine with one side, no page, and its camera near the nozzles."""
    overrides = {**scenario.machine_overrides(), "dashboard.enabled": False}
    config = with_overrides(load_config(DEMO_MACHINE), overrides)
    camera = config.cameras[0].model_copy(update={"s_offset": CAMERA_AHEAD_M})
    banks = tuple(bank for bank in config.nozzles if bank.side == camera.side)
    return config.model_copy(update={"cameras": (camera,), "nozzles": banks})


class CampaignRobot:
    """World, board, cable and ledger of one robot, from `open` to `close`; `live` is one life of its daemon."""

    def __init__(self, folder: Path, kills: int, seed: int, ending: threading.Event) -> None:
        """Start world and board in `folder`; a set `ending` makes waits give up."""
        self.counts: Counter[str] = Counter()
        self.last_closing_s = 0.0
        """Longest time from a daemon's death or hang to the last closing of a valve."""
        self._folder, self._ending = folder, ending
        self._rng = Random(seed)
        self._clock = MonotonicClock()
        self._stack = ExitStack()
        self._trace = Trace()
        self._place_lost = False
        scenario = campaign_scenario(kills)
        self._config = config = campaign_machine(scenario)
        with ExitStack() as stack:
            self._mcu = McuProcess(folder, core_config(config))
            stack.callback(self._mcu.stop)
            self._page = PlantPage(folder / "plant")
            stack.callback(self._page.close)
            self._world = LiveWorld(scenario, seed, config, self._mcu.page, folder)
            self._cable = NoisyCable(self._mcu.port, folder / "cable", seed)
            stack.callback(self._cable.close)
            settings = config.model_dump(mode="json", exclude_unset=True)
            self._machine = write_machine(settings, self._world, folder / "cable", folder, None)
            self._log = stack.enter_context((folder / "daemon.log").open("wb"))
            self._world.start()
            stack.callback(self._world.stop)
            self._stack = stack.pop_all()

    def live(self) -> None:
        """Start a daemon, let it work, give it trouble, kill it at some moment."""
        daemon, operator = self._born()
        try:
            self._ready(operator, daemon)
            operator.press(CommandName.START)
            self._wait_for_opening(PULSES_LIMIT_S)
            self._wait(self._rng.uniform(0.3, 2.0))
            if self._rng.random() < 0.5:
                # Any moment is fair, the middle of a train is hard: half the lives end there.
                self._wait_for_opening(MID_TRAIN_LIMIT_S)
                self._wait(self._rng.uniform(0.0, 0.15))
            self._trouble(self._rng.choice(TROUBLES), daemon)
        finally:
            operator.close()
            self._kill(daemon)

    def finish(self) -> Audit:
        """Let a last daemon ask what became of everything, then compare ledger and valves."""
        daemon, operator = self._born()
        try:
            self._ready(operator, daemon)
            self._wait(1.0)
        finally:
            operator.close()
            daemon.terminate()
            daemon.wait()
        self._observe()
        self.counts["frames spoiled"] = self._cable.spoiled
        cap_steps = self._config.controller.max_on_us // 1000
        ledger = self._folder / "ledger.sqlite"
        return audit(ledger, self._trace.all(), cap_steps, self._config.dose.same_flower_m)

    def close(self) -> None:
        """End world, cable and board."""
        self._stack.close()

    def _born(self) -> tuple[subprocess.Popen[bytes], Operator]:
        daemon = subprocess.Popen(daemon_command(self._machine), stdout=self._log, stderr=self._log)
        return daemon, Operator(self._folder / "telemetry.sock")

    def _ready(self, operator: Operator, daemon: subprocess.Popen[bytes]) -> None:
        """Wait for READY; a person releases what is latched and, after a reset, says where the cart stands."""
        next_press = 0.0

        def ready() -> bool:
            nonlocal next_press
            operator.look(LOOK_S)
            seen, now = operator.snapshot, self._clock.now()
            if seen is None or now < next_press:
                return False
            # The place first: while it is unknown, a release does nothing.
            if self._place_lost and seen.link.up and not self._stands_where_it_says(seen.row.s):
                operator.press(CommandName.SET_POSITION, self._wheel_s())
            elif seen.mode in {Mode.STOPPED, Mode.FAULT}:
                operator.press(CommandName.RELEASE)
            else:
                return seen.mode is Mode.READY
            next_press = now + PRESS_EVERY_S
            return False

        if not self._wait(READY_LIMIT_S, ready, daemon):
            seen = operator.snapshot
            said = "nothing" if seen is None else f"{seen.mode.value}, link: {seen.link.text}"
            raise RealtimeError(f"the daemon does not get ready ({said}); see {self._log.name}")
        self._place_lost = False

    def _trouble(self, kind: str, daemon: subprocess.Popen[bytes]) -> None:
        self.counts[kind] += 1
        if kind == "hang":
            daemon.send_signal(signal.SIGSTOP)
            hung_at = self._clock.now()
            self._wait(self._rng.uniform(0.2, 1.0))
            self._note_last_closing(hung_at)
            if self._rng.random() < 0.5:
                daemon.send_signal(signal.SIGCONT)
                self._wait(self._rng.uniform(0.1, 0.8))
        elif kind == "noise":
            self._cable.spoil(self._rng.uniform(0.2, 1.0))
            self._wait(self._rng.uniform(0.2, 1.0))
        elif kind == "reset":
            self._mcu.reset()
            self._place_lost = True
            self._wait(self._rng.uniform(0.0, 0.6))

    def _kill(self, daemon: subprocess.Popen[bytes]) -> None:
        killed_at = self._clock.now()
        daemon.kill()
        daemon.wait()
        self.counts["kills"] += 1
        self._wait(DEAD_S)
        self._note_last_closing(killed_at)
        self.counts["open after death"] += not self._wait(STUCK_S, lambda: self._page.valves == 0)

    def _wait_for_opening(self, limit_s: float) -> None:
        before = len(self._trace.openings)
        self._wait(limit_s, until=lambda: len(self._trace.openings) > before)

    def _note_last_closing(self, since: float) -> None:
        self._observe()
        self.last_closing_s = max(self.last_closing_s, self._trace.last_closing - since)

    def _wait(
        self,
        seconds: float,
        until: Callable[[], bool] = lambda: False,
        daemon: subprocess.Popen[bytes] | None = None,
    ) -> bool:
        """Look at the valves until something is true or time is up; says which."""
        end = self._clock.now() + seconds
        while not until():
            self._observe()
            if daemon is not None and daemon.poll() is not None:
                raise RealtimeError(f"the daemon ended with {daemon.returncode}; see {self._log.name}")
            now = self._clock.now()
            if now >= end:
                return False
            if self._ending.is_set():
                raise RealtimeError("the campaign was told to end")
            self._clock.sleep_until(min(end, now + LOOK_S))
        return True

    def _observe(self) -> None:
        self._trace.take(self._page.edges())

    def _stands_where_it_says(self, s: float | None) -> bool:
        return s is not None and abs(s - self._wheel_s()) < PLACE_SLACK_M

    def _wheel_s(self) -> float:
        """Return where an odometry that never lost a tick would be."""
        rolled: float = self._world.plant.vehicle.state.wheel_m
        return (self._config.row.start_s or 0.0) + rolled
