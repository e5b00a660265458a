"""Image to detections: one inference, rows read by the model's layout, then a residual NMS."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vision.decoding.fit import Fit, taken_back
from vision.decoding.flowers import FlowerGraph
from vision.decoding.foreign import ForeignGraph
from vision.decoding.rows import Rows, without_doubles
from vision.onnx_model import OnnxModel
from vision.providers import CPU
from vision.types import Detections


class Graph(Protocol):
    """A loaded model that takes one picture at a time; `nms_iou` is None where no doubles can come."""

    nms_iou: float | None

    def load(self, image: NDArray[np.uint8]) -> Fit:
        """Make a picture the next run's input."""
        ...

    def infer(self) -> None:
        """Run on it."""
        ...

    def rows(self, threshold: float) -> Rows:
        """Return what was found down to the threshold, in pixels of the input, best first."""
        ...


class Detector:
    """A loaded model; `detect` allocates little. One thread at a time.

    The three steps of `detect` can be called one by one: `load`, `infer`, `read`.
    """

    def __init__(
        self,
        model_path: Path,
        threads: int = 1,
        score_threshold: float | None = None,
        provider: str = CPU,
    ) -> None:
        """Load and warm up; raises ModelError. `score_threshold` goes before the card's."""
        self.model = OnnxModel(model_path, threads, provider)
        self.width, self.height = self.model.card.input_size
        self.threshold = self.model.card.score_threshold if score_threshold is None else score_threshold
        own = self.model.card.layout == "flowers"
        self._graph: Graph = FlowerGraph(self.model) if own else ForeignGraph(self.model)
        self.load, self.infer = self._graph.load, self._graph.infer

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return the detections of a BGR image (H, W, 3), boxes in its own pixels, best first."""
        fit = self.load(image)
        self.infer()
        return self.read(fit, image.shape[1], image.shape[0])

    def read(self, fit: Fit, width: int, height: int) -> Detections:
        """Return the last run's finds above the threshold, without doubles, in image pixels."""
        found = self._graph.rows(self.threshold)
        boxes = taken_back(found.boxes, fit, width, height)
        if self._graph.nms_iou is None:
            return Detections(boxes, found.stages, found.scores)
        kept = without_doubles(boxes, found.scores, self._graph.nms_iou)
        return Detections(boxes[kept], found.stages[kept], found.scores[kept])
