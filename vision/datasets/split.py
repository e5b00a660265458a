"""Splits by group: pictures of the same plants never stand on both sides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


def split_groups(
    items: Iterable[T], group_of: Callable[[T], str], held_out: float, seed: int
) -> tuple[list[T], list[T]]:
    """Return (kept, held out): whole groups, drawn at random, that hold at most `held_out` of the items.

    A share above 0 holds out one group at least, the smallest, where there are two or more.
    """
    groups = _grouped(items, group_of)
    names = sorted(groups)
    order = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    most = held_out * sum(len(group) for group in groups.values())
    apart: list[str] = []
    for name in order:
        if sum(len(groups[other]) for other in [*apart, name]) <= most and len(apart) + 1 < len(order):
            apart.append(name)
    if held_out > 0.0 and not apart and len(order) > 1:
        apart.append(min(order, key=lambda name: len(groups[name])))
    kept = [item for name in names if name not in apart for item in groups[name]]
    return kept, [item for name in sorted(apart) for item in groups[name]]


def group_folds(
    items: Sequence[T], group_of: Callable[[T], str], weight_of: Callable[[T], float], count: int, seed: int
) -> list[list[T]]:
    """Return `count` folds of whole groups, about equal in weight (boxes, say); each item is in exactly one.

    Raises ValueError where there are fewer groups than folds. The heaviest group goes first to the lightest
    fold; the seed decides among equals.
    """
    groups = _grouped(items, group_of)
    if len(groups) < count:
        raise ValueError(f"{count} folds need {count} groups, there are {len(groups)}")
    names = sorted(groups)
    order = [names[index] for index in np.random.default_rng(seed).permutation(len(names))]
    order.sort(key=lambda name: -sum(weight_of(item) for item in groups[name]))
    folds: list[list[T]] = [[] for _ in range(count)]
    weights = [(0.0, 0)] * count
    for name in order:
        lightest = weights.index(min(weights))
        folds[lightest] += groups[name]
        weight, held = weights[lightest]
        weights[lightest] = weight + sum(weight_of(item) for item in groups[name]), held + 1
    return folds


def _grouped(items: Iterable[T], group_of: Callable[[T], str]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for item in items:
        groups.setdefault(group_of(item), []).append(item)
    return groups
