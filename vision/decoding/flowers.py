"""Our own graph, the robot's hot path: everything bound, uint8 in, best peaks first out."""

from __future__ import annotations

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from vision.decoding.fit import Fit, Image, fit_into
from vision.decoding.rows import Rows
from vision.onnx_model import LOAD_ERRORS, OUTPUTS, ModelError, OnnxModel

WARM_UPS = 2
NMS_IOU = 0.6
"""Two boxes that overlap more than this are one flower (assumed; trusses overlap less)."""


class FlowerGraph:
    """Inputs and outputs bound to fixed buffers: a run allocates nothing.

    A graph that leaves height and width open also takes pictures that stand upright (a camera turned by 90
    degrees) at full scale, where it runs on them; any other picture is shrunk or grown to fit.
    """

    nms_iou: float | None = NMS_IOU

    def __init__(self, model: OnnxModel) -> None:
        """Bind and warm up; raises ModelError."""
        self._session = model.session
        width, height = model.card.input_size
        self._boxes, self._stages, self._scores = (np.zeros(shape, np.float32) for shape in OUTPUTS.values())
        self._lying = self._standing = self._input, self._binding = self._bound(width, height)
        why = self._why_it_does_not_run()
        if why:
            raise ModelError(f"{model.path}: does not run ({why}); export it again")
        if model.turns:
            self._input, self._binding = standing = self._bound(height, width)
            self._standing = self._lying if self._why_it_does_not_run() else standing

    def load(self, image: Image) -> Fit:
        """Copy or letterbox a picture into the bound input."""
        self._input, self._binding = self._standing if image.shape[0] > image.shape[1] else self._lying
        return fit_into(image, self._input[0], "corner", 0)

    def infer(self) -> None:
        """Run the graph on the bound input."""
        self._session.run_with_iobinding(self._binding)

    def rows(self, threshold: float) -> Rows:
        """Return views of the bound outputs down to the threshold; the next run overwrites them."""
        count = int(np.searchsorted(-self._scores, -threshold, side="right"))
        return Rows(self._boxes[:count], self._stages[:count], self._scores[:count])

    def _bound(self, width: int, height: int) -> tuple[NDArray[np.uint8], ort.IOBinding]:
        """Return an input (1, height, width, 3) and the binding that runs the graph on it."""
        image = np.zeros((1, height, width, 3), np.uint8)
        binding = self._session.io_binding()
        name = self._session.get_inputs()[0].name
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
