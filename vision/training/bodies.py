"""Bodies of the detector side by side: the same batches for each, then accuracy and time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from vision.detector import Detector
from vision.training.assess import figures, on_frames
from vision.training.card import INPUT_SIZE, SCORE_THRESHOLD, write_card
from vision.training.course import (
    FLOAT_MODEL,
    MODEL,
    SCORE_FLOOR,
    CourseConfig,
    Material,
    Observer,
    export,
    learn,
)
from vision.training.export import inference_ms
from vision.training.network import NetworkConfig

BODIES: Final[Mapping[str, NetworkConfig]] = {
    "narrow": NetworkConfig(stem=12, channels=(24, 48, 64, 96), extra=(0, 1, 2, 1), merged=(24, 48)),
    "plain": NetworkConfig(),
    "wide": NetworkConfig(stem=24, channels=(48, 96, 128, 192), merged=(48, 96)),
    "mobilenetv3-small": NetworkConfig(body="mobilenetv3-small"),
    "efficientnet-lite0": NetworkConfig(body="efficientnet-lite0"),
}
"""The first three are plain 3x3 convolutions; the last begins from weights that have seen ImageNet."""


class Body(msgspec.Struct, frozen=True):
    """One body after the course: AP50 on scenes kept apart, least ms a frame on one thread, minutes of training.

    `float_` are the same before it was put in integers, None where the course exports floats alone.
    """

    name: str
    parameters: int
    ap50: dict[str, float | None]
    least_ms: float
    minutes: float
    float_ap50: dict[str, float | None] | None
    float_least_ms: float | None


def compare_bodies(
    config: CourseConfig,
    material: Material,
    out: Path,
    observe: Callable[[int], Observer],
    bodies: Mapping[str, NetworkConfig] = BODIES,
) -> list[Body]:
    """Train each body by the course in `out`/NAME; `observe(k)` hears how far body k of 1... is."""
    return [
        _one_body(name, config.model_copy(update={"network": network}), material, out / name, observe(number))
        for number, (name, network) in enumerate(bodies.items(), start=1)
    ]


def _one_body(name: str, config: CourseConfig, material: Material, out: Path, observer: Observer) -> Body:
    out.mkdir(parents=True, exist_ok=True)
    trainer = learn(config, material, out, False, observer)
    model = out / MODEL
    export(config, (material.scenes, material.photos), out)
    learned = {"credits": list(config.credits)}
    ap50, least_ms = _judged(model, learned, material)
    floats = _judged(out / FLOAT_MODEL, learned, material) if config.integers else None
    return Body(
        name=name,
        parameters=sum(weight.numel() for weight in trainer.network.parameters()),
        ap50=ap50,
        least_ms=least_ms,
        minutes=round(trainer.elapsed_s / 60.0, 2),
        float_ap50=floats[0] if floats else None,
        float_least_ms=floats[1] if floats else None,
    )


def _judged(
    model: Path, learned: Mapping[str, Any], material: Material
) -> tuple[dict[str, float | None], float]:
    """Return AP50 on the scenes kept apart and the least ms a frame."""
    write_card(model, model.resolve().parent.name, learned)
    detector = Detector(model, score_threshold=SCORE_FLOOR)
    apart = (material.validation.sample(index) for index in range(len(material.validation)))
    ap50: dict[str, float | None] = figures(apart, on_frames(detector), SCORE_THRESHOLD)["ap50"]
    return ap50, inference_ms(model, INPUT_SIZE)["min"]
