"""The body of MobileNetV3-small, for comparison: Howard et al. 2019, arXiv:1905.02244, table 2, to stride 32."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol, TypeVar

import torch
from torch import Tensor, nn


class Block(NamedTuple):
    """One inverted residual: kernel, channels inside and out, squeeze-excitation, hard-swish, stride."""

    kernel: int
    inside: int
    out: int
    squeeze: bool
    swish: bool
    stride: int


class HasOut(Protocol):
    """A block that says how many channels come out."""

    @property
    def out(self) -> int:
        """Channels that come out."""
        ...


AnyBlock = TypeVar("AnyBlock", bound=HasOut)

STEM: Final = 16
CHANNELS: Final = (16, 24, 48, 96)
"""At strides 4, 8, 16 and 32."""

STAGES: Final = (
    (Block(3, 16, 16, True, False, 2),),
    (Block(3, 72, 24, False, False, 2), Block(3, 88, 24, False, False, 1)),
    (
        Block(5, 96, 40, True, True, 2),
        Block(5, 240, 40, True, True, 1),
        Block(5, 240, 40, True, True, 1),
        Block(5, 120, 48, True, True, 1),
        Block(5, 144, 48, True, True, 1),
    ),
    (
        Block(5, 288, 96, True, True, 2),
        Block(5, 576, 96, True, True, 1),
        Block(5, 576, 96, True, True, 1),
    ),
)


class Squeeze(nn.Module):
    """Weighs channels by their means over the picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = (
            nn.Conv2d(channels, channels // 4, 1),
            nn.Conv2d(channels // 4, channels, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the weighed maps."""
        weight = x.mean((2, 3), keepdim=True)
        weight = nn.functional.hardsigmoid(self.up(torch.relu(self.down(weight))))
        return x * weight


class Residual(nn.Module):
    """Layers whose maps are added to what they saw, where the shapes allow."""

    def __init__(self, layers: nn.Sequential, adds: bool) -> None:
        super().__init__()
        self.layers, self.adds = layers, adds

    def forward(self, x: Tensor) -> Tensor:
        """Return the maps."""
        out: Tensor = self.layers(x)
        return x + out if self.adds else out


class InvertedResidual(Residual):
    """Widens, filters each channel alone, weighs, narrows."""

    def __init__(self, inputs: int, block: Block) -> None:
        act = nn.Hardswish if block.swish else nn.ReLU
        middle = block.inside
        layers = nn.Sequential(
            *(_unit(inputs, middle, 1), act()) if middle != inputs else (),
            _unit(middle, middle, block.kernel, block.stride, middle),
            act(),
            *(Squeeze(middle),) if block.squeeze else (),
            _unit(middle, block.out, 1),
        )
        super().__init__(layers, block.stride == 1 and inputs == block.out)


def mobile_parts() -> tuple[nn.Module, ...]:
    """Return the stem (stride 2) and the stages that end at strides 4, 8, 16 and 32."""
    stem = nn.Sequential(_unit(3, STEM, 3, 2), nn.Hardswish())
    inputs = (STEM, *CHANNELS)
    return stem, *(
        stacked(width, blocks, InvertedResidual) for width, blocks in zip(inputs, STAGES, strict=False)
    )


def stacked(
    inputs: int, blocks: Sequence[AnyBlock], make: Callable[[int, AnyBlock], nn.Module]
) -> nn.Sequential:
    """Return a stage: each block made for as many channels as the one before gives."""
    widths = (inputs, *(block.out for block in blocks))
    return nn.Sequential(*(make(width, block) for width, block in zip(widths, blocks, strict=False)))


def _unit(inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    )
