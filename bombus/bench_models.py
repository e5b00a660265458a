"""`bombus bench`: the detector beside what others would run, and on each provider that is here, in one sitting."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1280, 720
WARM_UP = 3
NO_RIVAL = "YOLOX-nano's architecture is skipped: it needs onnx; install with: pip install 'bombus[train]'"

Step = Callable[[], object]


def compare_models(model: Path, threads: int, runs: int) -> dict[str, Any]:
    """Return ms a 1280x720 frame, picture to boxes, for the detector, YOLOX-nano's architecture and a threshold."""
    from vision.detector import Detector
    from vision.rivals import can_build, write_yolox_nano, yellow_spots

    frame = _frame()
    ours = Detector(model, threads)
    size = (ours.width, ours.height)
    steps: dict[str, Step] = {ours.model.card.name: lambda: ours.detect(frame)}
    note = NO_RIVAL
    with tempfile.TemporaryDirectory(prefix="bombus-") as folder:
        if can_build():
            rival = Detector(write_yolox_nano(Path(folder), size), threads)
            steps[rival.model.card.name] = lambda: rival.detect(frame)
            note = ""
        steps["HSV threshold, no stages"] = lambda: yellow_spots(frame, size)
        return {"input": list(size), "ms": _timed(steps, runs), "note": note}


def compare_providers(model: Path, threads: int, runs: int) -> dict[str, Any]:
    """Return ms of an inference on each provider that is here, and by how much its scores differ from the CPU's."""
    from vision.detector import Detector
    from vision.providers import FULL_NAMES, present

    detectors = {name: Detector(model, threads, 0.0, name) for name in present()}
    running = {name: found for name, found in detectors.items() if found.model.provider == name}
    frame = _frame()
    scores = {}
    for name, detector in running.items():
        scores[name] = detector.detect(frame).scores
    steps: dict[str, Step] = {name: detector.infer for name, detector in running.items()}
    result = {
        name: {**timed, "score_difference": _difference(scores["cpu"], scores[name])}
        for name, timed in _timed(steps, runs).items()
    }
    failed = {name: found.model.fallback for name, found in detectors.items() if name not in running}
    absent = [name for name in FULL_NAMES if name not in detectors]
    return {"ms": result, "absent": absent, "did_not_start": failed}


def _timed(steps: Mapping[str, Step], runs: int) -> dict[str, dict[str, float]]:
    """Time the steps by turns: a busy moment of the machine hits all of them alike."""
    took: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(runs + WARM_UP):
        for name, step in steps.items():
            before = perf_counter()
            step()
            took[name].append(1000.0 * (perf_counter() - before))
    return {name: _summary(values[WARM_UP:]) for name, values in took.items()}


def _summary(values: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(values, (50, 99))
    return {
        "min_ms": round(min(values), 3),
        "p50_ms": round(float(p50), 3),
        "p99_ms": round(float(p99), 3),
    }


def _difference(one: NDArray[np.float32], two: NDArray[np.float32]) -> float:
    """Return the greatest difference of the sorted scores that both have."""
    count = min(len(one), len(two))
    return float(np.abs(one[:count] - two[:count]).max(initial=0.0))


def _frame() -> NDArray[np.uint8]:
    """Return a frame of green noise with yellow spots: any picture takes the network the same time."""
    random = np.random.default_rng(3)
    frame = random.integers(0, 60, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    frame[..., 1] += 60
    for x, y in zip(random.integers(0, WIDTH - 30, 40), random.integers(0, HEIGHT - 30, 40), strict=True):
        frame[y : y + 26, x : x + 26] = (40, 220, 240)
    return frame


def model_rows(result: Mapping[str, Any]) -> dict[str, object]:
    """Return the rows of the table of `compare_models`."""
    return {name: _shown(timed) for name, timed in result["ms"].items()}


def provider_rows(result: Mapping[str, Any]) -> dict[str, object]:
    """Return the rows of the table of `compare_providers`."""
    rows: dict[str, object] = {
        name: f"{_shown(timed)}, scores within {timed['score_difference']:.1e} of cpu"
        for name, timed in result["ms"].items()
    }
    rows |= {name: f"did not start: {why}" for name, why in result["did_not_start"].items()}
    rows |= dict.fromkeys(result["absent"], "not in this onnxruntime")
    return rows


def _shown(timed: Mapping[str, float]) -> str:
    return f"{timed['min_ms']:.1f} / {timed['p50_ms']:.1f} / {timed['p99_ms']:.1f} ms"
