"""The exported file says what torch says, and training can go on from it."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from vision.training import TrainingError

torch = pytest.importorskip("torch", reason="training needs the extra `train`")
pytest.importorskip("onnx", reason="training needs the extra `train`")

from vision.training.export import export_onnx, exported_weights, run_once  # noqa: E402
from vision.training.loss import LossConfig  # noqa: E402
from vision.training.network import FlowerDetector, FlowerNetwork, NetworkConfig  # noqa: E402
from vision.training.train import TrainConfig, Trainer, network_of  # noqa: E402

TINY = NetworkConfig(stem=8, channels=(8, 12, 16, 16), extra=(0, 1, 0, 0), merged=(8, 12))


@pytest.fixture(scope="module")
def network() -> FlowerNetwork:
    torch.manual_seed(3)
    network = FlowerNetwork(TINY)
    torch.nn.init.normal_(network.out.weight, std=0.5)
    with torch.no_grad():
        for weights in network.parameters():
            weights.add_(torch.randn_like(weights), alpha=0.05)
        network(torch.randint(0, 255, (4, 64, 96, 3), dtype=torch.uint8))
    return network.eval()


@pytest.fixture(scope="module")
def exported(network: FlowerNetwork, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    sha256 = export_onnx(network, path, (128, 96))
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sha256
    return path


@pytest.mark.parametrize("size", [(128, 96), (64, 64), (320, 192)])
def test_onnxruntime_agrees_with_torch_at_any_size(
    network: FlowerNetwork, exported: Path, size: tuple[int, int]
) -> None:
    image = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), np.uint8)
    with torch.no_grad():
        wanted = [x.numpy() for x in FlowerDetector(network)(torch.from_numpy(image[None]))]
    found = run_once(exported.read_bytes(), image)
    assert [x.shape for x in found] == [(100, 4), (100, 3), (100,)]
    best = wanted[2] > 0.05
    for one, other in zip(wanted, found, strict=True):
        assert one[best] == pytest.approx(other[best], rel=1e-3, abs=2e-3)


def test_scores_fall_and_are_the_best_stage(exported: Path) -> None:
    image = np.random.default_rng(2).integers(0, 256, (96, 128, 3), np.uint8)
    boxes, stages, scores = run_once(exported.read_bytes(), image)
    assert (np.diff(scores) <= 0).all()
    real = scores > 1e-6
    assert stages[real].max(axis=1) == pytest.approx(scores[real], abs=1e-6)
    assert boxes[:, [0, 2]].min() >= 0 and boxes[:, [0, 2]].max() <= 128
    assert boxes[:, [1, 3]].min() >= 0 and boxes[:, [1, 3]].max() <= 96


def test_no_two_detections_are_neighbouring_cells(network: FlowerNetwork) -> None:
    image = torch.randint(0, 255, (1, 96, 128, 3), dtype=torch.uint8)
    with torch.no_grad():
        _, stages, scores = FlowerDetector(network)(image)
        maps = network(image)
    heat = maps[:, :3].amax(1, keepdim=True)
    peaks = heat[heat == torch.nn.functional.max_pool2d(heat, 3, 1, 1)].sort(descending=True).values[:100]
    assert torch.allclose(torch.sigmoid(peaks), scores[: len(peaks)])
    assert not stages[len(peaks) :].any()


def test_training_goes_on_from_the_exported_weights(
    network: FlowerNetwork, exported: Path, tmp_path: Path
) -> None:
    trainer = Trainer(TINY, LossConfig(), TrainConfig(), tmp_path / "checkpoint.pt")
    trainer.start_from(exported)
    image = torch.randint(0, 255, (1, 64, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.allclose(trainer.averaged(image), network(image), atol=1e-4)


def test_an_exported_model_says_what_its_network_is_made_of(exported: Path, tmp_path: Path) -> None:
    assert network_of(exported) == TINY
    trainer = Trainer(TINY, LossConfig(), TrainConfig(), tmp_path / "checkpoint.pt")
    trainer.save()
    assert network_of(tmp_path / "checkpoint.pt") == TINY


def test_weights_of_another_network_are_refused(exported: Path, tmp_path: Path) -> None:
    trainer = Trainer(NetworkConfig(), LossConfig(), TrainConfig(), tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="another network"):
        trainer.start_from(exported)


@pytest.mark.parametrize("content", [b"", b"garbage" * 50])
def test_a_file_that_is_no_model_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(TrainingError, match=r"bad\.onnx"):
        exported_weights(tmp_path / "bad.onnx")


def test_a_size_that_cannot_be_halved_five_times_is_refused(network: FlowerNetwork, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="multiples of 32"):
        export_onnx(network, tmp_path / "model.onnx", (100, 96))
