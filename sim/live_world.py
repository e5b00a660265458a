"""The simulated greenhouse in real time: moves the plant, draws the cameras' frames into shared memory."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

import simplejpeg

from firmware_bridge.plant_page import PlantPage
from robot.clock import MonotonicClock
from robot.settings import RobotConfig
from sim.camera_faults import spoiled, unplugged
from sim.drawn_by import drawn_by
from sim.plant import Plant
from sim.render.renderer import Renderer
from sim.scenario import ScenarioConfig
from sim.truth import TrueFlowers
from sim.world import World
from vision.ring_camera import RingWriter
from vision.types import Side

PLANT_STEP_S = 0.002
LONGEST_STEP_S = 0.02
"""A stall of the host is made up in steps of at most this."""


class LiveWorld:
    """Owns the plant and its threads from `start` to `stop`; the true state stays readable afterwards."""

    def __init__(
        self, scenario: ScenarioConfig, seed: int, config: RobotConfig, page: PlantPage, folder: Path
    ) -> None:
        self.clock = MonotonicClock()
        self.world = World.build(scenario.world, seed)
        self.truths = {side: TrueFlowers(self.world, side) for side in config.sides}
        self.plant = Plant(
            scenario, config.banks, dict(self.truths), config.dose.openings, seed, start_t=self.clock.now()
        )
        self.frames = 0
        self._page = page
        self._scenario = scenario
        self._cameras = {camera.side: camera.model() for camera in config.cameras}
        self._rings = {side: RingWriter(folder / f"camera-{side}") for side in config.sides}
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._move, name="plant", daemon=True),
            threading.Thread(target=self._draw, name="cameras", daemon=True),
        ]
        self._show_sensors()

    @property
    def ring_paths(self) -> Mapping[Side, str]:
        """Where each side's frames lie, as a camera source."""
        return {side: f"ring:{ring.path}" for side, ring in self._rings.items()}

    def start(self) -> None:
        """Let time run."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Stop time; the last edges are taken."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        self._take_edges()
        for ring in self._rings.values():
            ring.close()

    def _move(self) -> None:
        while not self._ending.is_set():
            now = self.clock.now()
            while self.plant.now < now:
                t = min(now, self.plant.now + LONGEST_STEP_S)
                self.plant.step(t, self._page.motor_mm_s, self._page.valves, self._page.compressor_on)
            self._show_sensors()
            self._take_edges()
            self.clock.sleep_until(now + PLANT_STEP_S)

    def _show_sensors(self) -> None:
        sensors = self.plant.sensors()
        self._page.set_sensors(
            sensors.encoder_ticks,
            sensors.pressure_kpa,
            sensors.battery_mv,
            button=sensors.button,
            bumper=sensors.bumper,
            end_switch=sensors.end_switch,
            now_us=int((self.clock.now() - sensors.pressure_age_s) * 1e6),
        )

    def _take_edges(self) -> None:
        for edge in self._page.edges():
            self.plant.edge(edge.nozzle, edge.open, edge.at_us * 1e-6)

    def _draw(self) -> None:
        """Draw the sides in turn, each at the cameras' rate; one thread, so the daemon keeps a core."""
        config = self._scenario.camera
        renderers = {
            side: Renderer(self.world, self._scenario.misfit.camera(model), side, self._scenario.lens)
            for side, model in self._cameras.items()
        }
        pictures = {side: drawn_by(renderer, self.plant.place_at) for side, renderer in renderers.items()}
        if "left" in pictures:
            pictures["left"] = spoiled(pictures["left"], self.plant.camera_faults)
        pause = 1.0 / (config.fps * len(renderers))
        due, seq = self.clock.now(), 0
        while not self._ending.is_set():
            for side in renderers:
                t = self.clock.now()
                if side == "left" and unplugged(self.plant.camera_faults, t):
                    due = max(due + pause, self.clock.now())
                    self.clock.sleep_until(due)
                    continue
                image = pictures[side](self.plant.place_at(t), t, seq)
                jpeg = simplejpeg.encode_jpeg(
                    image, quality=config.jpeg_quality, colorspace="BGR", colorsubsampling="420"
                )
                self._rings[side].write(jpeg, seq, t)
                self.frames += 1
                due = max(due + pause, self.clock.now())
                self.clock.sleep_until(due)
            seq += 1
