"""The loss: a penalty-reduced focal loss on the heat maps and GIoU on the boxes."""

from __future__ import annotations

from typing import Final

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor
from torch.nn import functional

from vision.training.network import CLASSES, reaches_px
from vision.training.targets import Targets

POSITIVE_HEAT: Final = 0.999
TINY: Final = 1e-6


class LossConfig(BaseModel):
    """Weights of the loss; the exponents are those of CornerNet (Law and Deng 2018, equation 1)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    focus: float = Field(2.0, ge=0, le=5, description="exponent on how wrong a cell is")
    near: float = Field(4.0, ge=0, le=8, description="exponent that spares cells near a flower's centre")
    box: float = Field(1.0, ge=0, le=20, description="weight of the boxes against the heat")
    confusion: float = Field(
        3.0,
        ge=0,
        le=50,
        description="extra weight on a wrong stage at a flower: air on a bud costs seeds (assumed)",
    )
    stages: tuple[float, float, float] = Field(
        (1.5, 1.0, 1.0), description="weight of missed buds, open and spent flowers; buds are small (assumed)"
    )


def flower_loss(maps: Tensor, targets: Targets, config: LossConfig) -> tuple[Tensor, Tensor]:
    """Return the heat's and the boxes' loss of raw maps (B, 7, h, w) against stacked targets."""
    heat, counts = torch.from_numpy(targets.heat), torch.from_numpy(targets.counts)
    reaches, weight = torch.from_numpy(targets.reaches), torch.from_numpy(targets.box_weight)
    return (
        heat_loss(maps[:, :CLASSES], heat, counts, config),
        box_loss(reaches_px(maps[:, CLASSES:]), reaches, weight) * config.box,
    )


def heat_loss(logits: Tensor, heat: Tensor, counts: Tensor, config: LossConfig) -> Tensor:
    """Focal loss of stage logits (B, 3, h, w), over the number of flowers."""
    positive = (heat >= POSITIVE_HEAT).float()
    certainty = torch.sigmoid(logits)
    stages = logits.new_tensor(config.stages)[None, :, None, None]
    missed = functional.softplus(-logits) * (1 - certainty) ** config.focus * positive * stages
    spared = (1 - heat) ** config.near * (1 + config.confusion * heat.amax(1, keepdim=True))
    invented = functional.softplus(logits) * certainty**config.focus * spared * (1 - positive)
    return ((missed + invented) * counts[:, None]).sum() / positive.sum().clamp(min=1.0)


def box_loss(found: Tensor, wanted: Tensor, weight: Tensor) -> Tensor:
    """1 - GIoU of boxes given by their reaches (B, 4, h, w) about the same centres, averaged by weight."""
    least, most = torch.minimum(found, wanted), torch.maximum(found, wanted)
    common = (least[:, 0] + least[:, 2]) * (least[:, 1] + least[:, 3])
    hull = (most[:, 0] + most[:, 2]) * (most[:, 1] + most[:, 3])
    union = _area(found) + _area(wanted) - common
    giou = common / (union + TINY) - (hull - union) / (hull + TINY)
    return ((1 - giou) * weight).sum() / weight.sum().clamp(min=1.0)


def _area(reaches: Tensor) -> Tensor:
    return (reaches[:, 0] + reaches[:, 2]) * (reaches[:, 1] + reaches[:, 3])
