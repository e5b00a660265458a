"""What others would run instead, for `bombus bench`: YOLOX-nano's architecture, and a yellow threshold.

The architecture alone, with random weights: it takes the time of the real one and finds nothing.
Source: Ge et al. 2021, YOLOX (Megvii-BaseDetection/YOLOX, exps/default/yolox_nano.py), Apache-2.0.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.types import STAGE_NAMES

STRIDES: Final = (8, 16, 32)
PRIOR: Final = -4.595
"""Bias of the scores before training, sigmoid(-4.595) = 0.01, so that no box has to be suppressed."""

YELLOW: Final = (20, 100, 100), (35, 255, 255)
"""Least and most hue (of 180), saturation and value of a petal in white light (assumed)."""

LEAST_PX: Final = 12


def can_build() -> bool:
    """Whether the extra `train` (or `dev`) is here, which brings what writes ONNX files."""
    return importlib.util.find_spec("onnx") is not None


class YoloxNano:
    """Builds the graph; afterwards `parameters` and `multiplications` tell its size."""

    def __init__(self, width: int, height: int, classes: int = len(STAGE_NAMES), seed: int = 1) -> None:
        self.parameters = self.multiplications = 0
        self._size, self._classes = (width, height), classes
        self._random = np.random.default_rng(seed)
        self._nodes: list[Any] = []
        self._values: list[Any] = []

    def build(self) -> bytes:
        """Return the ONNX file: images (1, 3, H, W) to rows (1, N, 5 + classes) on their grid."""
        from onnx import TensorProto, helper

        width, height = self._size
        rows = sum((width // s) * (height // s) for s in STRIDES)
        output = self._head(*self._neck(*self._body()))
        graph = helper.make_graph(
            self._nodes,
            "yolox-nano",
            [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, height, width])],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, [1, rows, 5 + self._classes])],
            self._values,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        return bytes(model.SerializeToString())

    def _body(self) -> tuple[str, str, str]:
        """CSPDarknet, depth 0.33 and width 0.25, depthwise: maps of 64, 128, 256 channels at strides 8, 16, 32."""
        x = self._node("SpaceToDepth", ["images"], blocksize=2)
        x = self._convolution(x, 12, 16, 3, stride=2, step=1)
        x = self._csp(self._depthwise(x, 16, 32, 4), 32, 32, 1, 4)
        at8 = self._csp(self._depthwise(x, 32, 64, 8), 64, 64, 3, 8)
        at16 = self._csp(self._depthwise(at8, 64, 128, 16), 128, 128, 3, 16)
        x = self._convolution(self._depthwise(at16, 128, 256, 32), 256, 128, 1, 32)
        pools = [
            self._node("MaxPool", [x], kernel_shape=[k, k], pads=[k // 2] * 4, strides=[1, 1])
            for k in (5, 9, 13)
        ]
        x = self._convolution(self._joined(x, *pools), 512, 256, 1, 32)
        return at8, at16, self._csp(x, 256, 256, 1, 32, shortcut=False)

    def _neck(self, at8: str, at16: str, at32: str) -> tuple[str, str, str]:
        """The path aggregation network, down and up again."""
        top = self._convolution(at32, 256, 128, 1, 32)
        merged = self._csp(self._joined(self._doubled(top), at16), 256, 128, 1, 16, shortcut=False)
        middle = self._convolution(merged, 128, 64, 1, 16)
        out8 = self._csp(self._joined(self._doubled(middle), at8), 128, 64, 1, 8, shortcut=False)
        down = self._joined(self._depthwise(out8, 64, 64, 16), middle)
        out16 = self._csp(down, 128, 128, 1, 16, shortcut=False)
        down = self._joined(self._depthwise(out16, 128, 128, 32), top)
        return out8, out16, self._csp(down, 256, 256, 1, 32, shortcut=False)

    def _head(self, *maps: str) -> str:
        """The decoupled head; scores get their sigmoid in the graph, boxes stay on the grid."""
        flat = self._constant(np.array([1, 5 + self._classes, -1], np.int64))
        found = []
        for x, channels, stride in zip(maps, (64, 128, 256), STRIDES, strict=True):
            stem = self._convolution(x, channels, 64, 1, stride)
            about_class = self._twice(stem, stride)
            about_box = self._twice(stem, stride)
            box = self._convolution(about_box, 64, 4, 1, stride, active=False)
            sure = self._convolution(about_box, 64, 1, 1, stride, active=False, bias=PRIOR)
            kind = self._convolution(about_class, 64, self._classes, 1, stride, active=False, bias=PRIOR)
            row = self._joined(box, self._node("Sigmoid", [sure]), self._node("Sigmoid", [kind]))
            found.append(self._node("Reshape", [row, flat]))
        return self._node("Transpose", [self._node("Concat", found, axis=2)], perm=[0, 2, 1])

    def _twice(self, x: str, stride: int) -> str:
        return self._depthwise(self._depthwise(x, 64, 64, stride, 1), 64, 64, stride, 1)

    def _csp(self, x: str, inputs: int, outputs: int, count: int, stride: int, shortcut: bool = True) -> str:
        half = outputs // 2
        deep = self._convolution(x, inputs, half, 1, stride)
        beside = self._convolution(x, inputs, half, 1, stride)
        for _ in range(count):
            inner = self._depthwise(self._convolution(deep, half, half, 1, stride), half, half, stride, 1)
            deep = self._node("Add", [deep, inner]) if shortcut else inner
        return self._convolution(self._joined(deep, beside), outputs, outputs, 1, stride)

    def _depthwise(self, x: str, inputs: int, outputs: int, stride: int, step: int = 2) -> str:
        x = self._convolution(x, inputs, inputs, 3, stride, step, groups=inputs)
        return self._convolution(x, inputs, outputs, 1, stride)

    def _convolution(
        self,
        x: str,
        inputs: int,
        outputs: int,
        kernel: int,
        stride: int,
        step: int = 1,
        *,
        groups: int = 1,
        active: bool = True,
        bias: float = 0.0,
    ) -> str:
        """A convolution with its batch norm folded in, and SiLU; `stride` is that of its output in the picture."""
        shape = (outputs, inputs // groups, kernel, kernel)
        weights = self._random.normal(0, (2.0 / np.prod(shape[1:])) ** 0.5, shape).astype(np.float32)
        if not active:
            weights *= 1e-4  # the last layers, as before training: every row says what its bias says
        self.parameters += weights.size + outputs
        self.multiplications += weights.size * (self._size[0] // stride) * (self._size[1] // stride)
        names = [self._constant(weights), self._constant(np.full(outputs, bias, np.float32))]
        y = self._node(
            "Conv",
            [x, *names],
            kernel_shape=[kernel, kernel],
            strides=[step, step],
            pads=[kernel // 2] * 4,
            group=groups,
        )
        return self._node("Mul", [y, self._node("Sigmoid", [y])]) if active else y

    def _doubled(self, x: str) -> str:
        scales = self._constant(np.array([1, 1, 2, 2], np.float32))
        return self._node("Resize", [x, "", scales], mode="nearest")

    def _joined(self, *parts: str) -> str:
        return self._node("Concat", list(parts), axis=1)

    def _constant(self, value: NDArray[Any]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self._values)}"
        self._values.append(numpy_helper.from_array(value, name))
        return name

    def _node(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        from onnx import helper

        name = f"n{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name


def write_yolox_nano(folder: Path, size: tuple[int, int]) -> Path:
    """Write the architecture with its card; return the ONNX file's path."""
    data = YoloxNano(*size).build()
    path = folder / "yolox_nano.onnx"
    path.write_bytes(data)
    card = {
        "name": "YOLOX-nano, architecture with random weights",
        "layout": "yolox",
        "classes": list(STAGE_NAMES),
        "input_size": list(size),
        "sha256": hashlib.sha256(data).hexdigest(),
        "score_threshold": 0.3,
        "input": {"colour": "bgr", "divisor": 1.0, "padding": 114},
        "output": {"boxes": "grid"},
    }
    path.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    return path


def yellow_spots(image: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.int32]:
    """Return boxes (N, 4) x y width height of yellow spots in the picture shrunk to `size`: the naive detector."""
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    mask = cv2.inRange(cv2.cvtColor(small, cv2.COLOR_BGR2HSV), np.array(YELLOW[0]), np.array(YELLOW[1]))
    _, _, found, _ = cv2.connectedComponentsWithStats(mask)
    spots = found[1:]
    return np.asarray(spots[spots[:, cv2.CC_STAT_AREA] >= LEAST_PX, :4], np.int32)
