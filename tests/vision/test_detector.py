"""The detector on a tiny graph that obeys the contract: it finds the k-th flower where pixel (0, k) is red."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from vision.decoding.flowers import FlowerGraph
from vision.detector import Detector
from vision.onnx_model import ModelError

WIDTH, HEIGHT = 128, 64
BOXES = np.zeros((100, 4), np.float32)
BOXES[:4] = [[10, 10, 30, 30], [12, 10, 32, 30], [60, 20, 80, 40], [100, 50, 140, 70]]


def graph(
    boxes: NDArray[np.float32] = BOXES,
    input_type: int = TensorProto.UINT8,
    size: tuple[int | str, int | str] = (HEIGHT, WIDTH),
) -> bytes:
    """Scores are the red of the first row's pixels over 255; stage k of detection i is its score for k = i % 3."""
    top = len(boxes)
    share = np.full((top, 3), 0.25, np.float32)
    share[np.arange(top), np.arange(top) % 3] = 1.0
    constants: dict[str, NDArray[Any]] = {
        "starts": np.array([0, 0, 0, 2], np.int64),
        "ends": np.array([1, 1, top, 3], np.int64),
        "flat": np.array([top], np.int64),
        "column": np.array([top, 1], np.int64),
        "full": np.array(255.0, np.float32),
        "share": share,
        "places": boxes,
        "none": np.array(0.0, np.float32),
    }
    nodes = [
        helper.make_node("Slice", ["image", "starts", "ends"], ["red"]),
        helper.make_node("Cast", ["red"], ["floating"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["floating", "flat"], ["line"]),
        helper.make_node("Div", ["line", "full"], ["scores"]),
        helper.make_node("Reshape", ["scores", "column"], ["standing"]),
        helper.make_node("Mul", ["standing", "share"], ["stages"]),
        helper.make_node("Add", ["places", "none"], ["boxes"]),
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "flowers",
            [helper.make_tensor_value_info("image", input_type, [1, *size, 3])],
            [
                helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [top, 4]),
                helper.make_tensor_value_info("stages", TensorProto.FLOAT, [top, 3]),
                helper.make_tensor_value_info("scores", TensorProto.FLOAT, [top]),
            ],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        ),
        opset_imports=[helper.make_opsetid("", 17)],
        ir_version=9,
    )
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a model with its card; keyword arguments replace fields of the card, None leaves one out."""

    def written(data: bytes | None = None, **changes: Any) -> Path:
        path = tmp_path / "flowers.onnx"
        data = graph() if data is None else data
        path.write_bytes(data)
        card = {
            "name": "tiny",
            "classes": ["bud", "open", "spent"],
            "input_size": [WIDTH, HEIGHT],
            "sha256": hashlib.sha256(data).hexdigest(),
            "score_threshold": 0.3,
        } | changes
        kept = {key: value for key, value in card.items() if value is not None}
        path.with_suffix(".json").write_text(json.dumps(kept))
        return path

    return written


def lit(*reds: float, size: tuple[int, int] = (HEIGHT, WIDTH)) -> NDArray[np.uint8]:
    """An image that makes the tiny graph give these scores."""
    image = np.zeros((*size, 3), np.uint8)
    image[0, : len(reds), 2] = np.round(np.array(reds) * 255)
    return image


def bound(detector: Detector) -> NDArray[np.uint8]:
    """The input that the next run looks at."""
    assert isinstance(detector._graph, FlowerGraph)
    return detector._graph._input


def test_an_image_of_the_inputs_size_gives_boxes_stages_and_scores(write: Callable[..., Path]) -> None:
    found = Detector(write()).detect(lit(0.8, 0.0, 0.0))
    assert found.boxes.tolist() == [[10, 10, 30, 30]]
    assert found.scores == pytest.approx([0.8])
    assert found.stages[0] == pytest.approx([0.8, 0.2, 0.2])
    assert found.boxes.dtype == found.stages.dtype == found.scores.dtype == np.float32


def test_of_two_boxes_on_one_flower_the_better_stays(write: Callable[..., Path]) -> None:
    found = Detector(write()).detect(lit(0.9, 0.8, 0.7))
    assert found.boxes.tolist() == [[10, 10, 30, 30], [60, 20, 80, 40]]


def test_boxes_end_at_the_images_border(write: Callable[..., Path]) -> None:
    found = Detector(write()).detect(lit(0.9, 0.8, 0.7, 0.6))
    assert found.boxes[-1].tolist() == [100, 50, WIDTH - 0.5, HEIGHT - 0.5]


def test_the_cards_threshold_holds_unless_another_is_asked(write: Callable[..., Path]) -> None:
    path, image = write(), lit(0.35, 0.32, 0.1)
    assert len(Detector(path).detect(image)) == 1
    assert len(Detector(path, score_threshold=0.4).detect(image)) == 0
    assert len(Detector(path, score_threshold=0.05).detect(image)) == 2


def test_a_larger_image_is_letterboxed_and_its_boxes_are_in_its_own_pixels(
    write: Callable[..., Path],
) -> None:
    detector = Detector(write())
    image = np.zeros((96, 256, 3), np.uint8)
    image[0:2, 0:2, 2] = 200
    found = detector.detect(image)
    assert found.boxes.tolist() == [[20, 20, 60, 60]]
    assert detector.load(np.full((96, 256, 3), 9, np.uint8)) == (0.5, 0.5, 0, 0)
    assert (bound(detector)[0, :48] == 9).all()
    assert (bound(detector)[0, 48:] == 0).all()
    assert detector.load(np.full((64, 64, 3), 7, np.uint8)) == (1.0, 1.0, 0, 0)
    assert (bound(detector)[0, :, 64:] == 0).all()


def test_earlier_detections_are_not_changed_by_later_ones(write: Callable[..., Path]) -> None:
    detector = Detector(write())
    first = detector.detect(lit(0.9, 0.0, 0.7))
    kept = first.scores.copy(), first.boxes.copy()
    detector.detect(lit(0.5, 0.0, 0.0))
    assert (first.scores == kept[0]).all()
    assert (first.boxes == kept[1]).all()


def test_a_dark_image_holds_nothing(write: Callable[..., Path]) -> None:
    found = Detector(write()).detect(lit())
    assert len(found) == 0
    assert found.boxes.shape == (0, 4)
    assert found.stages.shape == (0, 3)


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"sha256": "0" * 64}, r"its sha256 \w{12} is not that of flowers.json, 000000000000; use the card"),
        ({"classes": ["open", "bud", "spent"]}, r"classes = \['open', .* must be \['bud', 'open', 'spent'\]"),
        ({"input_size": [640, 384]}, r"takes images \[1, 64, 128, 3\], its card says \[1, 384, 640, 3\]"),
        ({"input_size": [0, 64]}, r"input_size.0: .*greater than or equal to 32; mend the card"),
        ({"input_size": [100, 64]}, r"input_size.0: .*multiple of 32; mend the card"),
        ({"score_threshold": 2}, r"score_threshold: .* mend the card"),
        ({"name": None}, r"name: Field required; mend the card"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_in_one_line(
    write: Callable[..., Path], changes: dict[str, Any], wanted: str
) -> None:
    path = write(**changes)
    with pytest.raises(ModelError, match=wanted) as caught:
        Detector(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (b"", "not a usable ONNX model"),
        (b"not a model", "not a usable ONNX model"),
        (graph()[:500], "not a usable ONNX model"),
        (graph(boxes=BOXES[:50]), r"output boxes is \[50, 4\], must be \[100, 4\]; export it again"),
        (graph(input_type=TensorProto.FLOAT), r"must take one uint8 image \(1, H, W, 3\)"),
    ],
)
def test_a_file_that_is_no_detector_is_refused_in_one_line(
    write: Callable[..., Path], data: bytes, wanted: str
) -> None:
    path = write(data)
    with pytest.raises(ModelError, match=wanted) as caught:
        Detector(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_model_or_card_is_named(write: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"none.onnx: cannot be read \(No such file"):
        Detector(tmp_path / "none.onnx")
    path = write()
    path.with_suffix(".json").unlink()
    with pytest.raises(ModelError, match=r"flowers.json: cannot be read .* put the model's card beside it"):
        Detector(path)


def test_a_provider_that_is_not_installed_gives_way_to_the_cpu_and_says_so(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    detector = Detector(write(), provider="cuda")
    assert detector.model.provider == "cpu"
    assert detector.model.fallback is not None
    assert "provider cuda is not in this onnxruntime (present: cpu); using cpu" in detector.model.fallback
    assert "install onnxruntime-gpu" in detector.model.fallback
    assert detector.model.said == f"tiny on cpu ({detector.model.fallback})"
    assert len(detector.detect(lit(0.9))) == 1
    assert Detector(write()).model.fallback is None
    assert Detector(write(), provider="auto").model.said == "tiny on cpu"


@pytest.mark.filterwarnings("ignore:Specified provider")  # said because this build was never meant to have it
def test_a_provider_that_does_not_start_gives_way_to_the_cpu_and_says_so(
    write: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    here = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: here)
    detector = Detector(write(), provider="auto")  # this build knows no CUDA: it cannot start
    assert detector.model.provider == "cpu"
    assert detector.model.fallback is not None and "provider cuda" in detector.model.fallback
    assert "using cpu" in detector.model.fallback and "\n" not in detector.model.fallback
    assert len(detector.detect(lit(0.9))) == 1
    assert capfd.readouterr().out == ""


def test_an_unknown_provider_is_refused_with_those_present(write: Callable[..., Path]) -> None:
    with pytest.raises(
        ModelError, match=r"provider 'openvin' .* did you mean openvino\? .*present here: .*cpu"
    ):
        Detector(write(), provider="openvin")


def test_a_graph_of_open_size_takes_a_standing_picture_at_full_scale(write: Callable[..., Path]) -> None:
    detector = Detector(write(graph(size=("height", "width")), input_size=[256, 128]))
    assert detector.load(np.full((256, 128, 3), 5, np.uint8)) == (1.0, 1.0, 0, 0)
    assert bound(detector).shape == (1, 256, 128, 3)
    assert (bound(detector) == 5).all()
    assert len(detector.detect(lit(0.8, size=(256, 128))).scores) == 1
    assert detector.load(np.full((128, 256, 3), 6, np.uint8)) == (1.0, 1.0, 0, 0)
    assert bound(detector).shape == (1, 128, 256, 3)


@pytest.mark.parametrize("size", [(HEIGHT, WIDTH), ("height", "width")])
def test_a_graph_that_cannot_stand_gets_a_standing_picture_shrunk(
    write: Callable[..., Path], size: tuple[int | str, int | str]
) -> None:
    detector = Detector(write(graph(size=size)))  # it needs 100 columns, a standing picture has 64
    assert detector.load(np.full((WIDTH, HEIGHT, 3), 5, np.uint8)) == (0.5, 0.5, 0, 0)
    assert bound(detector).shape == (1, HEIGHT, WIDTH, 3)
