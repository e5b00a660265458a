"""Times each stage of a frame's way on this machine: 1280x720 JPEG to placed flowers, on rendered frames."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import simplejpeg

from robot.config import DEMO_MACHINE, load_config
from robot.settings import CameraConfig
from sim.render.effects import EffectsConfig
from sim.render.renderer import Renderer
from sim.world import World
from sim.world_config import WorldConfig
from vision.calibration import CameraModel
from vision.detector import Detector
from vision.flower_map import FlowerMap
from vision.frame_checks import FrameChecks
from vision.types import Frame, Pose

WIDTH, HEIGHT = 1280, 720
WARM_UP = 10
FPS = 15.0
SPEED_M_S = 0.15
KEPT = 12
"""Different frames rendered; they come again and again, at ever new places along the row."""


class Laps:
    """Milliseconds by stage."""

    def __init__(self) -> None:
        self.ms: dict[str, list[float]] = {}

    @contextmanager
    def lap(self, name: str) -> Iterator[None]:
        """Time the block under `name`."""
        before = perf_counter()
        yield
        self.ms.setdefault(name, []).append(1000.0 * (perf_counter() - before))

    def table(self) -> dict[str, dict[str, float]]:
        """Return name -> p50_ms, p99_ms."""
        return {name: _percentiles(values[WARM_UP:]) for name, values in self.ms.items()}


def bench_frame_way(model: Path, threads: int, frames: int, seed: int) -> dict[str, Any]:
    """Return the stages' times; raises ModelError."""
    detector = Detector(model, threads)
    camera = _camera()
    pictures = _pictures(camera, seed)
    checks, flowers = FrameChecks(WIDTH, HEIGHT), FlowerMap(camera)
    laps = Laps()
    for k in range(frames + WARM_UP):
        pose = Pose(k / FPS, k * SPEED_M_S / FPS, SPEED_M_S, 0.0005)
        with laps.lap("total"):
            _one_frame(laps, pictures[k % KEPT], pose, k, detector, checks.problem, flowers)
        flowers.forget(pose.s - 2.0)
    return {
        "stages": laps.table(),
        "frames": frames,
        "image": [WIDTH, HEIGHT],
        "model": detector.model.card.name,
        "threads": threads,
        "machine": machine_said(),
    }


def _one_frame(
    laps: Laps,
    jpeg: bytes,
    pose: Pose,
    seq: int,
    detector: Detector,
    problem: Callable[[Frame], str | None],
    flowers: FlowerMap,
) -> None:
    with laps.lap("decode"):
        image = simplejpeg.decode_jpeg(jpeg, colorspace="BGR")
    with laps.lap("check"):
        problem(Frame("bench", seq, pose.t, image, jpeg))
    with laps.lap("letterbox"):
        scale = detector.load(image)
    with laps.lap("inference"):
        detector.infer()
    with laps.lap("read_out"):
        found = detector.read(scale, WIDTH, HEIGHT)
    with laps.lap("place"):
        flowers.update(found, pose, seq)


def _camera() -> CameraModel:
    """Return the demo machine's left camera at 1280x720."""
    left = load_config(DEMO_MACHINE).cameras[0]
    return CameraConfig(**{**left.model_dump(), "width": WIDTH, "height": HEIGHT}).model()


def _pictures(camera: CameraModel, seed: int) -> list[bytes]:
    world = World.build(WorldConfig(row_length_m=4.0), seed)
    renderer = Renderer(world, camera, camera.side, EffectsConfig())
    return [
        simplejpeg.encode_jpeg(
            renderer.render(1.0 + k * SPEED_M_S / FPS, k / FPS, k).image,
            quality=90,
            colorspace="BGR",
            colorsubsampling="420",
        )
        for k in range(KEPT)
    ]


def _percentiles(values: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(np.asarray(values), (50, 99))
    return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3)}


def machine_said() -> str:
    """Return what this machine is, beside figures that were measured on it."""
    return f"{platform.machine()}, {os.cpu_count()} cores, {_cpu_name()}"


def _cpu_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown processor"
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
        "unknown processor",
    )
