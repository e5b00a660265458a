"""Tiny real ONNX files of every layout: outputs are tables that are known, plus a share of the input's mean."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

SIZE = 96, 64
KINDS = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}


def table_graph(
    tables: Mapping[str, NDArray[Any]],
    *,
    gain: float = 0.0,
    size_input: str = "",
    shape: tuple[int | str, ...] = (1, 3, SIZE[1], SIZE[0]),
    input_type: int = TensorProto.FLOAT,
    open_outputs: bool = False,
) -> bytes:
    """Each float output is its table plus `gain` times the mean of the input; others are their table."""
    nodes = [
        helper.make_node("Cast", ["images"], ["floating"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floating"], ["mean"], keepdims=0),
        helper.make_node("Mul", ["mean", "gain"], ["share"]),
    ]
    values = [numpy_helper.from_array(np.array(gain, np.float32), "gain")]
    outputs = []
    for name, table in tables.items():
        values.append(numpy_helper.from_array(table, f"{name}_table"))
        floating = table.dtype == np.float32
        sources = [f"{name}_table", "share"] if floating else [f"{name}_table"]
        nodes.append(helper.make_node("Add" if floating else "Identity", sources, [name]))
        declared = [f"{name}_{k}" for k in range(table.ndim)] if open_outputs else list(table.shape)
        outputs.append(helper.make_tensor_value_info(name, KINDS[table.dtype], declared))
    inputs = [helper.make_tensor_value_info("images", input_type, list(shape))]
    if size_input:
        inputs.append(helper.make_tensor_value_info(size_input, TensorProto.INT64, [1, 2]))
    model = helper.make_model(
        helper.make_graph(nodes, "tables", inputs, outputs, values),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def write_model(folder: Path, data: bytes, **card: Any) -> Path:
    """Write a model with its card; keyword arguments go before the usual fields."""
    path = folder / "other.onnx"
    path.write_bytes(data)
    whole = {
        "name": "other",
        "classes": ["bud", "open", "spent"],
        "input_size": list(SIZE),
        "sha256": hashlib.sha256(data).hexdigest(),
        "score_threshold": 0.3,
    } | card
    path.with_suffix(".json").write_text(json.dumps(whole))
    return path


@pytest.fixture
def tables() -> Callable[..., bytes]:
    return table_graph


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    return lambda data, **card: write_model(tmp_path, data, **card)
