"""The detector: a body of four scales, merged to one head at stride 4, peak picking in the graph."""

from __future__ import annotations

from typing import Final, Literal, Self

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from torch.nn import functional

from vision.training import lite, mobile
from vision.training.targets import STRIDE

SIZE_MULTIPLE: Final = 32
"""Both sides of an input are multiples of this."""

CLASSES: Final = 3
BOX_UNIT_PX: Final = 8.0
"""A raw box output of 0 means this many pixels from the cell's centre to that edge."""

MOST_LOG_REACH: Final = 4.5
DETECTIONS: Final = 100
NO_PEAK: Final = -40.0
PRIOR_LOGIT: Final = -4.6
"""The heat that every cell starts at, sigmoid(-4.6) = 0.01: flowers are rare (RetinaNet's prior)."""


CHANNELS: Final = {"mobilenetv3-small": mobile.CHANNELS, "efficientnet-lite0": lite.CHANNELS}
"""Of the published bodies, at strides 4, 8, 16 and 32."""


class NetworkConfig(BaseModel):
    """Channels at each stride and plain convolutions added there; the defaults are the shipped detector's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    body: Literal["plain", "mobilenetv3-small", "efficientnet-lite0"] = Field(
        "plain", description="plain 3x3 convolutions; or a published body, which has its own channels"
    )
    stem: int = Field(16, ge=4, le=128, description="channels at stride 2")
    channels: tuple[int, int, int, int] = Field(
        (32, 64, 96, 128), description="channels at strides 4, 8, 16, 32"
    )
    extra: tuple[int, int, int, int] = Field(
        (1, 1, 3, 2), description="convolutions added at strides 4, 8, 16, 32"
    )
    merged: tuple[int, int] = Field((32, 64), description="channels of the merged maps at strides 4 and 8")


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
    )


def _stage(inputs: int, outputs: int, extra: int) -> nn.Sequential:
    return nn.Sequential(
        _convolution(inputs, outputs, 2), *(_convolution(outputs, outputs) for _ in range(extra))
    )


def plain_parts(config: NetworkConfig) -> tuple[nn.Module, ...]:
    """Return the stem (stride 2) and the stages that end at strides 4, 8, 16 and 32."""
    inputs = (config.stem, *config.channels)
    stages = (
        _stage(width, outputs, extra)
        for width, outputs, extra in zip(inputs, config.channels, config.extra, strict=False)
    )
    return _convolution(3, config.stem, 2), *stages


def _parts(config: NetworkConfig) -> tuple[nn.Module, ...]:
    if config.body == "mobilenetv3-small":
        return mobile.mobile_parts()
    return lite.lite_parts() if config.body == "efficientnet-lite0" else plain_parts(config)


def _doubled(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")


class FlowerNetwork(nn.Module):
    """uint8 pictures (B, H, W, 3) BGR to raw maps (B, 3 + 4, H/4, W/4): stage logits, then log box reaches."""

    def __init__(self, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NetworkConfig()
        c4, c8, c16, c32 = CHANNELS.get(config.body, config.channels)
        m4, m8 = config.merged
        self.stem, self.at4, self.at8, self.at16, self.at32 = _parts(config)
        self.up32 = nn.Conv2d(c32, c16, 1)
        self.merge16 = _convolution(c16, c16)
        self.up16 = nn.Conv2d(c16, m8, 1)
        self.side8 = nn.Conv2d(c8, m8, 1)
        self.merge8 = _convolution(m8, m8)
        self.up8 = nn.Conv2d(m8, m4, 1)
        self.side4 = nn.Conv2d(c4, m4, 1)
        self.merge4 = _convolution(m4, m4)
        self.head = _convolution(m4, m4)
        self.out = nn.Conv2d(m4, CLASSES + 4, 1)
        self._published = config.body == "efficientnet-lite0"
        self._held: tuple[nn.Module, ...] = ()
        self._begin()

    def begin_published(self) -> None:
        """Give the body its published weights, where there are any; raises TrainingError."""
        if self._published:
            lite.begin_published((self.stem, self.at4, self.at8, self.at16, self.at32))

    def hold_published(self) -> None:
        """Keep a published body's first stages and channel-by-channel filters as they are from here on.

        Those cost two thirds of a training step and change least (ImageNet's edges are a greenhouse's).
        """
        if not self._published:
            return
        self._held = (self.stem, self.at4)
        for part in self._held:
            part.requires_grad_(False)
        for module in self.modules():
            if isinstance(module, nn.Conv2d) and module.groups > 1:
                module.weight.requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Learn or look; held stages always look: their batch norms stay."""
        super().train(mode)
        for part in self._held:
            part.train(False)
        return self

    def _begin(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        nn.init.normal_(self.out.weight, std=0.01)
        if self.out.bias is not None:
            nn.init.constant_(self.out.bias[:CLASSES], PRIOR_LOGIT)

    def forward(self, image: Tensor) -> Tensor:
        """Return the raw maps."""
        x = image.permute(0, 3, 1, 2).float() * (1.0 / 255.0)
        at4 = self.at4(self.stem(x))
        at8 = self.at8(at4)
        at16 = self.at16(at8)
        at32 = self.at32(at16)
        merged = self.merge16(functional.relu(at16 + _doubled(self.up32(at32))))
        merged = self.merge8(functional.relu(self.side8(at8) + _doubled(self.up16(merged))))
        merged = self.merge4(functional.relu(self.side4(at4) + _doubled(self.up8(merged))))
        maps: Tensor = self.out(self.head(merged))
        return maps


def reaches_px(raw: Tensor) -> Tensor:
    """Raw box outputs to pixels from the cell's centre to the left, top, right and bottom edge."""
    return torch.exp(raw.clamp(-MOST_LOG_REACH, MOST_LOG_REACH)) * BOX_UNIT_PX


class FlowerDetector(nn.Module):
    """What is exported: one picture (1, H, W, 3) to its 100 best peaks, best first.

    Boxes (100, 4) x0 y0 x1 y1 in pixels, stage probabilities (100, 3), scores (100,).
    """

    def __init__(self, network: FlowerNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes, stages, scores."""
        maps = self.network(image)
        heat = maps[:, :CLASSES].amax(1, keepdim=True)
        peak = functional.max_pool2d(heat, 3, 1, 1)
        heat = torch.where(heat < peak, torch.full_like(heat, NO_PEAK), heat)
        best, index = heat.flatten().topk(DETECTIONS)
        found = maps.flatten(2)[0].index_select(1, index).t()
        width = maps.shape[3]
        centre = torch.stack((index % width, index // width), 1).float() * STRIDE + STRIDE / 2
        reach = reaches_px(found[:, CLASSES:])
        boxes = torch.cat((centre - reach[:, :2], centre + reach[:, 2:]), 1)
        height_px, width_px = maps.shape[2] * STRIDE, maps.shape[3] * STRIDE
        x, y = boxes[:, 0::2].clamp(0, width_px), boxes[:, 1::2].clamp(0, height_px)
        boxes = torch.stack((x[:, 0], y[:, 0], x[:, 1], y[:, 1]), 1)
        picked = best > NO_PEAK / 2
        stages = torch.sigmoid(found[:, :CLASSES]) * picked[:, None]
        return boxes, stages, torch.sigmoid(best)
