"""A graph of another project: its input made as the card says, its outputs read by the card's layout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vision.decoding.fit import Fit, Image, fit_into
from vision.decoding.layouts import OUTLIER, LayoutError, class_values, decode
from vision.decoding.rows import Rows
from vision.onnx_model import LOAD_ERRORS, SIZE_INPUT, ModelError, OnnxModel

TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


class ForeignGraph:
    """One picture at a time through a graph (1, 3, H, W); its size is the card's, whichever way a picture stands."""

    def __init__(self, model: OnnxModel) -> None:
        """Warm up and check what comes out; raises ModelError."""
        self._model, self._card = model, model.card
        width, height = self._card.input_size
        self.nms_iou = self._card.output.nms_iou if self._card.output.nms else None
        first = model.session.get_inputs()[0]
        self._picture = np.full((height, width, 3), self._card.input.padding, np.uint8)
        self._input = np.zeros((1, 3, height, width), TYPES[first.type])
        self._feed: dict[str, NDArray[np.generic]] = {first.name: self._input}
        if len(model.session.get_inputs()) > 1:
            self._feed[SIZE_INPUT[0]] = np.array([[width, height]], np.int64)
        self._names = [output.name for output in model.session.get_outputs()]
        self._outputs: dict[str, NDArray[np.generic]] = {}
        self._region = (0.0, 0.0, float(width), float(height))
        self._channels = self._channel_rule()
        self._try()

    def load(self, image: Image) -> Fit:
        """Fit a picture and turn it into the graph's numbers."""
        rule = self._card.input
        fit = fit_into(image, self._picture, rule.fit, rule.padding)
        self._region = fit.region(image.shape[1], image.shape[0])
        for plane, (channel, factor, shift) in zip(self._input[0], self._channels, strict=True):
            np.multiply(self._picture[..., channel], factor, out=plane, casting="same_kind")
            np.add(plane, shift, out=plane)
        return fit

    def infer(self) -> None:
        """Run the graph."""
        found = self._model.session.run(self._names, self._feed)
        self._outputs = dict(zip(self._names, found, strict=True))

    def rows(self, threshold: float) -> Rows:
        """Return the flowers of the last run."""
        return decode(self._outputs, self._card, threshold, self._region)

    def _channel_rule(self) -> list[tuple[int, np.floating, np.floating]]:
        """Return, per plane of the input, the picture's channel, a factor and a shift."""
        rule, kind = self._card.input, self._input.dtype.type
        order = (0, 1, 2) if rule.colour == "bgr" else (2, 1, 0)
        return [
            (channel, kind(1.0 / (rule.divisor * std)), kind(-mean / std))
            for channel, mean, std in zip(order, rule.mean, rule.std, strict=True)
        ]

    def _try(self) -> None:
        """Run on an empty picture: shapes and scores must be what the card says."""
        path, said = self._model.path, self._card.output.scores
        try:
            self.load(self._picture.copy())
            self.infer()
            self.rows(self._card.score_threshold)
            values = class_values(self._outputs, self._card)
        except LayoutError as error:
            raise ModelError(f"{path}: {error}; mend layout, classes or output in the card") from error
        except LOAD_ERRORS as error:
            raise ModelError(
                f"{path}: does not run ({str(error).splitlines()[0]}); export it again"
            ) from error
        finite = values[np.isfinite(values)]
        if not finite.size:
            return
        low, high = float(finite.min()), float(finite.max())
        likely = low >= -OUTLIER and high <= 1.0 + OUTLIER
        if likely != (said == "probabilities"):
            other = "probabilities" if likely else "logits"
            raise ModelError(
                f"{path}: its scores run from {low:.3g} to {high:.3g}, they are no {said}; "
                f'set output.scores = "{other}" in the card'
            )
