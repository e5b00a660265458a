"""A float model to one that computes in 8-bit integers: half the time on a processor, see docs/vision.md.

Post-training quantisation after Jacob et al. 2018 (arXiv:1712.05877): the range of each value is read from pictures.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

QUANTISED: Final = ("Conv", "Relu", "Clip")
"""The sums stay float: the last of them are the boxes, which 8 bits would round to several pixels."""


class _Pictures(CalibrationDataReader):
    """Hands over pictures (H, W, 3) one by one, as the quantiser asks for them."""

    def __init__(self, pictures: Iterable[NDArray[np.uint8]]) -> None:
        self._pictures: Iterator[NDArray[np.uint8]] = iter(pictures)

    def get_next(self) -> dict[str, Any] | None:
        picture = next(self._pictures, None)
        return None if picture is None else {"image": picture[None]}


def quantise(model: Path, pictures: Iterable[NDArray[np.uint8]], path: Path) -> str:
    """Write the exported float `model` in integers to `path`, whole or not at all; return the file's sha256.

    Ranges are those seen in `pictures` (H, W, 3) BGR. Weights keep 7 bits: processors without VNNI add products of
    8 bits in 16 and would cut them off. The last convolution stays float, it decides.
    """
    with TemporaryDirectory(dir=path.parent) as folder:
        folded, part = Path(folder) / "folded.onnx", Path(folder) / "part.onnx"
        quant_pre_process(model, folded, skip_symbolic_shape=True)
        convolutions = [node.name for node in onnx.load_model(folded).graph.node if node.op_type == "Conv"]
        quantize_static(
            folded,
            part,
            _Pictures(pictures),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=list(QUANTISED),
            nodes_to_exclude=convolutions[-1:],
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        data = part.read_bytes()
        part.replace(path)
    return hashlib.sha256(data).hexdigest()
