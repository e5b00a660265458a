"""Image to detections: one bound inference, peaks already picked by the graph, then a residual NMS."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from vision.onnx_model import CPU, LOAD_ERRORS, OUTPUTS, ModelError, OnnxModel
from vision.types import Detections

NMS_IOU = 0.6
"""Two boxes that overlap more than this are one flower (assumed; trusses overlap less)."""

WARM_UPS = 2


class Detector:
    """A loaded model with its buffers bound; `detect` allocates little. One thread at a time.

    A graph that leaves height and width open also takes pictures that stand upright (a camera turned by 90
    degrees) at full scale, where it runs on them; any other picture is shrunk or grown to fit.
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
        self._boxes, self._stages, self._scores = (np.zeros(shape, np.float32) for shape in OUTPUTS.values())
        self._lying = self._standing = self._input, self._binding = self._bound(self.width, self.height)
        why = self._why_it_does_not_run()
        if why:
            raise ModelError(f"{model_path}: does not run ({why}); export it again")
        if self.model.turns:
            self._input, self._binding = standing = self._bound(self.height, self.width)
            self._standing = self._lying if self._why_it_does_not_run() else standing

    def _bound(self, width: int, height: int) -> tuple[NDArray[np.uint8], ort.IOBinding]:
        """Return an input (1, height, width, 3) and the binding that runs the graph on it."""
        image = np.zeros((1, height, width, 3), np.uint8)
        binding = self.model.session.io_binding()
        name = self.model.session.get_inputs()[0].name
        binding.bind_input(name, "cpu", 0, np.uint8, image.shape, image.ctypes.data)
        for output, array in zip(OUTPUTS, (self._boxes, self._stages, self._scores), strict=True):
            binding.bind_output(output, "cpu", 0, np.float32, array.shape, array.ctypes.data)
        return image, binding

    def _why_it_does_not_run(self) -> str | None:
        """Warm up on the bound input; returns the first line of what went wrong."""
        try:
            for _ in range(WARM_UPS):
                self.infer()
        except LOAD_ERRORS as error:
            return str(error).splitlines()[0]
        return None

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return the detections of a BGR image (H, W, 3), boxes in its own pixels, best first."""
        scale = self.load(image)
        self.infer()
        return self.read(scale, image.shape[1], image.shape[0])

    def load(self, image: NDArray[np.uint8]) -> float:
        """Copy or letterbox `image` into the bound input; returns input pixels per image pixel."""
        height, width = image.shape[:2]
        self._input, self._binding = self._standing if height > width else self._lying
        target = self._input[0]
        if target.shape == image.shape:
            np.copyto(target, image)
            return 1.0
        most_h, most_w = target.shape[:2]
        scale: float = min(most_w / width, most_h / height)
        fit_w, fit_h = min(most_w, round(width * scale)), min(most_h, round(height * scale))
        way = cv2.INTER_AREA if scale < 1.0 else cv2.INTER_LINEAR
        cv2.resize(image, (fit_w, fit_h), dst=target[:fit_h, :fit_w], interpolation=way)
        target[fit_h:], target[:, fit_w:] = 0, 0
        return scale

    def infer(self) -> None:
        """Run the graph on the bound input."""
        self.model.session.run_with_iobinding(self._binding)

    def read(self, scale: float, width: int, height: int) -> Detections:
        """Return the bound outputs above the threshold, without doubles, in image pixels."""
        count = int(np.searchsorted(-self._scores, -self.threshold, side="right"))
        boxes = self._boxes[:count] / np.float32(scale)
        np.clip(boxes, 0.0, np.array([width, height, width, height], np.float32) - 0.5, out=boxes)
        kept = _without_doubles(boxes, self._scores[:count])
        return Detections(boxes[kept], self._stages[:count][kept], self._scores[:count][kept])


def _without_doubles(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> NDArray[np.int64]:
    if not len(boxes):
        return np.empty(0, np.int64)
    sized = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    kept = cv2.dnn.NMSBoxes(sized.tolist(), scores.tolist(), 0.0, NMS_IOU)
    return np.asarray(kept, np.int64).reshape(-1)
