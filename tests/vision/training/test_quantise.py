"""A model in integers finds what the float model finds."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from vision.training import TrainingError

torch = pytest.importorskip("torch", reason="training needs the extra `train`")
onnx = pytest.importorskip("onnx", reason="training needs the extra `train`")

from vision.training.export import export_onnx, exported_weights, run_once  # noqa: E402
from vision.training.network import FlowerNetwork, NetworkConfig  # noqa: E402
from vision.training.quantise import quantise  # noqa: E402

TINY = NetworkConfig(body="plain", stem=8, channels=(8, 12, 16, 16), extra=(0, 1, 0, 0), merged=(8, 12))


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    random = np.random.default_rng(4)
    coarse = (random.integers(0, 256, (12, 6, 8, 3), np.uint8) for _ in range(1))
    return [np.kron(picture, np.ones((16, 16, 1), np.uint8)) for picture in next(coarse)]


@pytest.fixture(scope="module")
def models(pictures: list[np.ndarray], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    torch.manual_seed(3)
    network = FlowerNetwork(TINY)
    torch.nn.init.normal_(network.out.weight, std=0.5)
    with torch.no_grad():
        for _ in range(30):
            network(torch.from_numpy(np.stack(pictures)))
    folder = tmp_path_factory.mktemp("quantise")
    exact, rounded = folder / "flowers-float.onnx", folder / "flowers.onnx"
    export_onnx(network.eval(), exact, (128, 96))
    assert quantise(exact, pictures[:8], rounded) == hashlib.sha256(rounded.read_bytes()).hexdigest()
    return exact, rounded


def test_integers_find_what_floats_find(models: tuple[Path, Path], pictures: list[np.ndarray]) -> None:
    exact, rounded = (model.read_bytes() for model in models)
    for picture in pictures[8:]:
        wanted, found = run_once(exact, picture), run_once(rounded, picture)
        assert [x.shape for x in found] == [x.shape for x in wanted]
        assert np.abs(found[2] - wanted[2]).mean() < 0.02
        best, like = wanted[0][0], np.abs(found[0] - wanted[0][0]).max(axis=1)
        assert like.min() < 0.15 * (best[2:] - best[:2]).max()


def test_the_convolutions_are_integers_but_the_last(models: tuple[Path, Path]) -> None:
    exact, rounded = (onnx.load_model(model).graph for model in models)
    convolutions = sum(node.op_type == "Conv" for node in exact.node)
    scaled = [
        value for value in rounded.initializer if value.data_type == onnx.TensorProto.INT8 and value.dims
    ]
    assert len([value for value in scaled if len(value.dims) == 4]) == convolutions - 1


def test_weights_keep_seven_bits(models: tuple[Path, Path]) -> None:
    for value in onnx.load_model(models[1]).graph.initializer:
        if value.data_type == onnx.TensorProto.INT8:
            assert np.abs(onnx.numpy_helper.to_array(value).astype(int)).max(initial=0) <= 64


def test_the_same_pictures_give_the_same_file(
    models: tuple[Path, Path], pictures: list[np.ndarray], tmp_path: Path
) -> None:
    quantise(models[0], pictures[:8], tmp_path / "again.onnx")
    assert (tmp_path / "again.onnx").read_bytes() == models[1].read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.onnx"]


def test_training_does_not_go_on_from_integers(models: tuple[Path, Path]) -> None:
    with pytest.raises(TrainingError, match=r"flowers\.onnx: computes in integers; go on from flowers-float"):
        exported_weights(models[1])
