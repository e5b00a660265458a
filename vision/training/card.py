"""The card that lies beside an exported model: what the robot must know of it and what people should."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from vision.training.targets import STRIDE
from vision.types import STAGE_NAMES

INPUT_SIZE: Final = (640, 384)
SCORE_THRESHOLD: Final = 0.35
"""Four in five open flowers pass in one frame, and nine in ten that pass are open, on rendered rows."""

STILL_RULE: Final[dict[str, Any]] = {
    "scales": [0.25, 0.5, 1.0],
    "overlap": 0.25,
    "mirrored": True,
    "nms_iou": 0.5,
}
"""Three scales with tiles of the input's size: flowers of 6 to 300 px in a photo of 2000 px (vision/stills.py).

On photographs kept apart, fusing six looks found more than two or four: `bombus train --cross-validate` compares.
"""


def write_card(model: Path, name: str, rest: Mapping[str, Any]) -> dict[str, Any]:
    """Write the card beside `model` as JSON, whole or not at all, and return it; `rest` is what people should know."""
    path = model.with_suffix(".json")
    card = {
        "name": name,
        "classes": list(STAGE_NAMES),
        "input_size": list(INPUT_SIZE),
        "size_multiple": 32,
        "stride": STRIDE,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "score_threshold": SCORE_THRESHOLD,
        "still_rule": STILL_RULE,
        **rest,
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    part.replace(path)
    return card
