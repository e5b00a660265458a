"""The loss rewards the right answer, leaves out what is ignored and punishes the wrong stage more."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs the extra `train`")

import torch

from vision.training.loss import LossConfig, box_loss, flower_loss
from vision.training.targets import Targets, encode

SIZE = (128, 64)


def _targets(ignore: bool = False) -> Targets:
    boxes = np.array([[20, 20, 44, 40], [70, 10, 110, 50]], np.float32)
    one = encode(boxes, np.array([1, 2], np.int32), np.array([False, ignore]), SIZE)
    return Targets(one.heat[None], one.reaches[None], one.box_weight[None], one.counts[None])


def _maps(targets: Targets, shift: float = 0.0) -> torch.Tensor:
    """The maps of a network that knows the targets, its boxes off by `shift` in log size."""
    heat = torch.logit(torch.from_numpy(targets.heat).clamp(1e-4, 1 - 1e-4))
    reach = torch.log(torch.from_numpy(targets.reaches).clamp(min=0.5) / 8.0) + shift
    return torch.cat([heat, reach], 1)


def test_the_right_answer_costs_almost_nothing() -> None:
    targets = _targets()
    heat, box = flower_loss(_maps(targets), targets, LossConfig())
    assert float(heat) < 0.5
    assert float(box) < 1e-3


def test_nothing_seen_costs_more_than_the_right_answer() -> None:
    targets = _targets()
    blank = torch.full_like(_maps(targets), -4.6)
    assert float(flower_loss(blank, targets, LossConfig())[0]) > 2.0


@pytest.mark.parametrize("guess", [-3.0, 0.0, 6.0])
def test_an_ignored_region_costs_nothing_whatever_is_seen_there(guess: float) -> None:
    targets = _targets(ignore=True)
    maps = _maps(targets)
    changed = maps.clone()
    changed[:, :, 3:12, 18:27] = guess
    wanted, found = (flower_loss(one, targets, LossConfig()) for one in (maps, changed))
    assert float(wanted[0]) == float(found[0])
    assert float(wanted[1]) == float(found[1])


def test_a_wrong_stage_at_a_flower_costs_more_than_a_flower_out_of_nothing() -> None:
    targets = _targets()
    on_flower, on_leaf = _maps(targets), _maps(targets)
    on_flower[0, 0, 7, 8] = 3.0
    on_leaf[0, 0, 14, 2] = 3.0
    costs = [float(flower_loss(maps, targets, LossConfig())[0]) for maps in (on_flower, on_leaf)]
    assert costs[0] > 2.0 * costs[1]


def test_giou_is_zero_for_the_same_box_and_grows_with_the_error() -> None:
    targets = _targets()
    weight, wanted = torch.from_numpy(targets.box_weight), torch.from_numpy(targets.reaches)
    losses = [
        float(box_loss(wanted * factor + 1e-3, wanted + 1e-3, weight)) for factor in (1.0, 1.2, 2.0, 8.0)
    ]
    assert losses[0] == pytest.approx(0.0, abs=1e-4)
    assert losses == sorted(losses)
    assert losses[-1] < 2.0


def test_a_picture_without_flowers_has_a_finite_loss() -> None:
    empty = encode(np.zeros((0, 4), np.float32), np.zeros(0, np.int32), np.zeros(0, np.bool_), SIZE)
    targets = Targets(empty.heat[None], empty.reaches[None], empty.box_weight[None], empty.counts[None])
    heat, box = flower_loss(torch.zeros(1, 7, 16, 32), targets, LossConfig())
    assert torch.isfinite(heat) and float(box) == 0.0
