"""Models of other projects through the detector: known outputs give exactly known boxes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto

from vision.decoding.foreign import ForeignGraph
from vision.detector import Detector
from vision.onnx_model import ModelError

SIZE = 96, 64
Tables = Callable[..., bytes]
Write = Callable[..., Path]
BLACK = np.zeros((64, 96, 3), np.uint8)


def logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def single(rows: list[list[float]]) -> dict[str, NDArray[np.float32]]:
    return {"output": np.array([rows], np.float32)}


def upright(rows: list[list[float]]) -> dict[str, NDArray[np.float32]]:
    """YOLOv8 gives its rows as columns."""
    return {"output0": np.ascontiguousarray(np.array([rows], np.float32).transpose(0, 2, 1))}


def test_yolov8_boxes_are_middle_and_size_and_its_classes_probabilities(tables: Tables, write: Write) -> None:
    data = tables(upright([[40, 30, 20, 10, 0.1, 0.8, 0.05], [10, 10, 8, 8, 0.2, 0.1, 0.1]]))
    found = Detector(write(data, layout="yolov8")).detect(BLACK)
    assert found.boxes.tolist() == [[30, 25, 50, 35]]
    assert found.stages.tolist() == [pytest.approx([0.1, 0.8, 0.05])]
    assert found.scores == pytest.approx([0.8])
    assert found.boxes.dtype == found.stages.dtype == found.scores.dtype == np.float32


def test_classes_may_stand_in_another_order_and_others_beside_them(tables: Tables, write: Write) -> None:
    rows = [[40, 30, 20, 10, 0.8, 0.0, 0.1, 0.2], [70, 30, 20, 10, 0.4, 0.9, 0.0, 0.0]]
    path = write(tables(upright(rows)), layout="yolov8", classes=["open", "fruit", "spent", "bud"])
    found = Detector(path).detect(BLACK)
    assert found.boxes.tolist() == [[30, 25, 50, 35]], "the second row is a fruit"
    assert found.stages.tolist() == [pytest.approx([0.2, 0.8, 0.1])]


def test_logits_get_their_sigmoid(tables: Tables, write: Write) -> None:
    data = tables(upright([[40, 30, 20, 10, logit(0.25), logit(0.75), -30.0]]))
    found = Detector(write(data, layout="yolov8", output={"scores": "logits"})).detect(BLACK)
    assert found.stages.tolist() == [pytest.approx([0.25, 0.75, 0.0], abs=1e-6)]


@pytest.mark.parametrize(("output", "left"), [({}, 1), ({"nms_iou": 0.95}, 2), ({"nms": False}, 2)])
def test_doubles_go_unless_the_card_says_that_there_are_none(
    tables: Tables, write: Write, output: dict[str, Any], left: int
) -> None:
    data = tables(upright([[40, 30, 20, 10, 0, 0.7, 0], [41, 30, 20, 10, 0, 0.9, 0]]))
    found = Detector(write(data, layout="yolov8", output=output)).detect(BLACK)
    assert len(found) == left
    assert found.boxes[0].tolist() == [31, 25, 51, 35], "the better one comes first"


def test_yolov8_after_its_own_nms_has_a_class_a_row(tables: Tables, write: Write) -> None:
    rows = [
        [30, 25, 50, 35, 0.8, 1],
        [10, 10, 20, 20, 0.6, 2],
        [10, 10, 20, 20, 0.5, 0],
        [0, 0, 9, 9, 0.9, 7],
    ]
    rows += [[0.0] * 6] * 4
    found = Detector(write(tables(single(rows)), layout="yolov8", output={"nms": False})).detect(BLACK)
    assert found.boxes.tolist() == [[30, 25, 50, 35], [10, 10, 20, 20]]
    assert found.stages.tolist() == [pytest.approx([0, 0.8, 0]), pytest.approx([0.5, 0, 0.6])]


def test_yolox_multiplies_objectness_in(tables: Tables, write: Write) -> None:
    rows = [[40, 30, 20, 10, 0.9, 0.1, 0.5, 0.0], [70, 30, 20, 10, 0.2, 0.9, 0.9, 0.9]]
    found = Detector(write(tables(single(rows)), layout="yolox")).detect(BLACK)
    assert found.boxes.tolist() == [[30, 25, 50, 35]]
    assert found.stages.tolist() == [pytest.approx([0.09, 0.45, 0.0])]


def test_yolox_on_its_grid_is_multiplied_out_by_strides(tables: Tables, write: Write) -> None:
    cells = [(12, 8, 8), (6, 4, 16), (3, 2, 32)]
    rows = np.zeros((sum(w * h for w, h, _ in cells), 8), np.float32)
    rows[2 * 12 + 3] = [0.5, 0.25, np.log(2), 0.0, 1.0, 0.0, 0.9, 0.0]  # stride 8, column 3, row 2
    rows[96 + 1 * 6 + 5] = [0.0, 0.5, 0.0, np.log(0.5), 1.0, 0.8, 0.0, 0.0]  # stride 16, column 5, row 1
    rows[96 + 24 + 1] = [0.5, 0.5, 0.0, 0.0, 1.0, 0.0, 0.0, 0.7]  # stride 32, column 1, row 0
    path = write(tables({"output": rows[None]}), layout="yolox", output={"boxes": "grid"})
    found = Detector(path).detect(BLACK)
    wanted = [[20, 14, 36, 22], [72, 20, 88, 28], [32, 0, 64, 32]]
    assert found.boxes == pytest.approx(np.array(wanted), abs=1e-4)
    assert found.stages.argmax(axis=1).tolist() == [1, 0, 2]


@pytest.mark.parametrize("size_input", ["orig_target_sizes", ""])
def test_dfine_deployed_joins_the_classes_of_one_box(tables: Tables, write: Write, size_input: str) -> None:
    outputs = {
        "labels": np.array([[1, 0, 2, 9]], np.int64),
        "boxes": np.array([[[30, 25, 50, 35], [30, 25, 50, 35], [60, 5, 70, 15], [0, 0, 9, 9]]], np.float32),
        "scores": np.array([[0.8, 0.35, 0.6, 0.9]], np.float32),
    }
    path = write(tables(outputs, size_input=size_input), layout="dfine", output={"nms": False})
    found = Detector(path).detect(BLACK)
    assert found.boxes.tolist() == [[30, 25, 50, 35], [60, 5, 70, 15]]
    assert found.stages.tolist() == [pytest.approx([0.35, 0.8, 0]), pytest.approx([0, 0, 0.6])]


def test_dfine_raw_has_logits_and_boxes_as_shares(tables: Tables, write: Write) -> None:
    outputs = {
        "logits": np.array([[[-9, logit(0.75), -9], [-9, -9, -9]]], np.float32),
        "pred_boxes": np.array([[[0.5, 0.5, 0.25, 0.25], [0.5, 0.5, 1, 1]]], np.float32),
    }
    found = Detector(write(tables(outputs), layout="dfine")).detect(BLACK)
    assert found.boxes.tolist() == [[36, 24, 60, 40]]
    assert found.scores == pytest.approx([0.75])


@pytest.mark.parametrize(
    ("fit", "wanted"),
    [
        ("corner", [60, 50, 100, 70]),  # halved: 192x112 into 96x56 at the top
        ("centre", [60, 42, 100, 62]),  # the same, 4 px lower in the input
        ("stretch", [60, 43.75, 100, 61.25]),  # halved across, by 1.75 down
    ],
)
def test_a_larger_picture_is_fitted_as_the_card_says(
    tables: Tables, write: Write, fit: str, wanted: list[float]
) -> None:
    path = write(tables(upright([[40, 30, 20, 10, 0, 0.8, 0]])), layout="yolov8", input={"fit": fit})
    found = Detector(path).detect(np.zeros((112, 192, 3), np.uint8))
    assert found.boxes == pytest.approx(np.array([wanted]), abs=1e-4)


def test_boxes_beside_the_picture_are_none_and_others_end_at_its_border(tables: Tables, write: Write) -> None:
    rows = [[50, 60, 20, 6, 0, 0.8, 0], [50, 52, 20, 10, 0, 0.7, 0]]  # the picture ends at row 56 of 64
    path = write(tables(upright(rows)), layout="yolov8")
    found = Detector(path).detect(np.zeros((112, 192, 3), np.uint8))
    assert found.boxes.tolist() == [[80, 94, 120, 111.5]]


def test_the_input_is_made_as_the_card_says(tables: Tables, write: Write) -> None:
    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    rule = {
        "colour": "rgb",
        "divisor": 255,
        "mean": mean,
        "std": std,
        "padding": 114,
    }
    path = write(tables(upright([[40, 30, 20, 10, 0, 0.8, 0]])), layout="yolov8", input=rule)
    detector = Detector(path)
    image = np.random.default_rng(1).integers(0, 256, (64, 48, 3), np.uint8)
    detector.load(image)
    assert isinstance(detector._graph, ForeignGraph)
    given = detector._graph._input
    whole = np.full((64, 96, 3), 114, np.uint8)
    whole[:, :48] = image
    wanted = (whole[..., ::-1] / 255.0 - np.array(mean)) / np.array(std)
    assert given.shape == (1, 3, 64, 96)
    assert given[0].transpose(1, 2, 0) == pytest.approx(wanted, abs=1e-5)


def test_what_the_graph_sees_is_the_picture(tables: Tables, write: Write) -> None:
    data = tables(upright([[40, 30, 20, 10, 0, 0, 0]]), gain=1.0)
    found = Detector(write(data, layout="yolov8", score_threshold=0.1)).detect(np.full_like(BLACK, 51))
    assert found.scores == pytest.approx([0.2], rel=1e-4)
    data = tables(upright([[40, 30, 20, 10, 0, 0, 0]]), gain=0.01)
    plain = write(data, layout="yolov8", score_threshold=0.1, input={"divisor": 1, "colour": "bgr"})
    assert Detector(plain).detect(np.full_like(BLACK, 51)).scores == pytest.approx([0.51], rel=1e-4)


def test_a_half_precision_graph_and_one_of_open_size_run(tables: Tables, write: Write) -> None:
    data = tables(
        upright([[40, 30, 20, 10, 0, 0.8, 0]]),
        input_type=TensorProto.FLOAT16,
        shape=("batch", 3, "height", "width"),
        open_outputs=True,
    )
    assert Detector(write(data, layout="yolov8")).detect(BLACK).boxes.tolist() == [[30, 25, 50, 35]]


def test_a_card_in_toml_serves_as_well(tables: Tables, write: Write) -> None:
    data = tables(upright([[40, 30, 20, 10, 0, 0.8, 0]]))
    path = write(data)
    path.with_suffix(".json").unlink()
    path.with_suffix(".toml").write_text(
        'name = "other"\nlayout = "yolov8"\nclasses = ["bud", "open", "spent"]\ninput_size = [96, 64]\n'
        f'sha256 = "{hashlib.sha256(data).hexdigest()}"\nscore_threshold = 0.3\n'
        "[input]\npadding = 114\n[output]\nnms = false\n"
    )
    assert len(Detector(path).detect(BLACK)) == 1
    path.with_suffix(".toml").write_text("name = ")
    with pytest.raises(ModelError, match=r"other.toml: not TOML"):
        Detector(path)


ROW = [[40.0, 30, 20, 10, 0.1, 0.8, 0.05]]


@pytest.mark.parametrize(
    ("card", "wanted"),
    [
        (
            {"classes": ["bud", "open"]},
            r"other.json: classes = \['bud', 'open'\]: no spent; all of bud, open",
        ),
        ({"classes": ["bud", "open", "spent", "open"]}, r"classes: open stands there twice"),
        (
            {"classes": ["bud", "open", "spent", "leaf"]},
            r"other.onnx: gives \[1, 7, 1\], yolov8 with 4 classes is \[1, 8, N\], or \[1, N, 6\] after NMS; mend",
        ),
        ({"layout": "yolox"}, r"gives \[1, 7, 1\], yolox with 3 classes is \[1, N, 8\]; mend layout"),
        ({"layout": "dfine"}, r"gives output0; dfine is labels, boxes, scores, or logits, pred_boxes; mend"),
        ({"layout": "yolo9000"}, r"layout: Input should be 'flowers', 'yolox', 'yolov8' or 'dfine'; mend"),
        ({"layout": "flowers"}, r"wants images tensor\(float\) .* must name another layout"),
        ({"input_size": [64, 64]}, r"takes images \[1, 3, 64, 96\], its card says \[1, 3, 64, 64\]; mend"),
        ({"sha256": "1" * 64}, r"its sha256 \w{12} is not that of other.json, 111111111111"),
        (
            {"output": {"scores": "logits"}},
            r'scores run from 0.05 to 0.8, they are no logits; .*"probabilities"',
        ),
        ({"output": {"iou": 0.5}}, r"output.iou: Extra inputs are not permitted; mend the card"),
        ({"output": {"strides": [8]}}, r"output.strides has no meaning for layout yolov8; remove it"),
        ({"input": {"std": [1, 0, 1]}}, r"input.std.1: Input should be greater than 0; mend the card"),
        ({"input": {"mean": ["a", 0, 1]}}, r"input.mean.0: Input should be a valid number"),
        ({"layout": "flowers", "output": {}}, r"\[output\] has no meaning for layout flowers"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_by_name(
    tables: Tables, write: Write, card: dict[str, Any], wanted: str
) -> None:
    path = write(tables(upright(ROW)), **({"layout": "yolov8"} | card))
    with pytest.raises(ModelError, match=wanted) as caught:
        Detector(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("graph", "card", "wanted"),
    [
        ({"input_type": TensorProto.UINT8}, {}, r"tensor\(uint8\).*layout yolov8 takes one float image"),
        ({"shape": (1, 64, 96, 3)}, {}, r"takes images \[1, 64, 96, 3\], its card says \[1, 3, 64, 96\]"),
        ({"size_input": "orig_target_sizes"}, {}, r"only dfine may take orig_target_sizes"),
        ({"size_input": "other"}, {"layout": "dfine"}, r"only dfine may take orig_target_sizes"),
    ],
)
def test_a_graph_that_cannot_be_fed_is_refused_by_name(
    tables: Tables, write: Write, graph: dict[str, Any], card: dict[str, Any], wanted: str
) -> None:
    path = write(tables(upright(ROW), **graph), **({"layout": "yolov8"} | card))
    with pytest.raises(ModelError, match=wanted) as caught:
        Detector(path)
    assert "\n" not in str(caught.value)


def test_scores_that_are_no_probabilities_are_refused(tables: Tables, write: Write) -> None:
    path = write(tables(upright([[40, 30, 20, 10, -4.0, 2.5, 0]])), layout="yolov8")
    with pytest.raises(
        ModelError, match=r'from -4 to 2.5, they are no probabilities; set output.scores = "logits"'
    ):
        Detector(path)


def test_a_grid_of_other_strides_is_refused(tables: Tables, write: Write) -> None:
    path = write(tables(single([[0.0] * 8] * 96)), layout="yolox", output={"boxes": "grid"})
    with pytest.raises(ModelError, match=r"gives 96 rows, strides \[8, 16, 32\] at 96x64 make 126"):
        Detector(path)


def test_two_outputs_are_refused_where_one_is_wanted(tables: Tables, write: Write) -> None:
    path = write(tables({**upright(ROW), **single(ROW)}), layout="yolov8")
    with pytest.raises(ModelError, match=r"gives 2 outputs \(output0, output\), this layout has one"):
        Detector(path)
