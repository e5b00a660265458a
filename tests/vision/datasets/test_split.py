"""Splits and folds keep groups whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vision.datasets.split import group_folds, split_groups

ITEMS = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 50)), min_size=1, max_size=40)


def group(item: tuple[str, int]) -> str:
    return item[0]


@given(ITEMS, st.floats(0, 0.9), st.integers(0, 1000))
def test_a_split_keeps_groups_whole_and_depends_on_the_seed_alone(
    items: list[tuple[str, int]], held_out: float, seed: int
) -> None:
    kept, apart = split_groups(items, group, held_out, seed)
    assert sorted(kept + apart) == sorted(items)
    assert not {group(item) for item in kept} & {group(item) for item in apart}
    assert kept
    again = split_groups(items[::-1], group, held_out, seed)
    assert [sorted(part) for part in again] == [sorted(kept), sorted(apart)]


@given(ITEMS, st.integers(2, 5), st.integers(0, 1000))
def test_folds_hold_each_item_once_and_groups_whole(
    items: list[tuple[str, int]], count: int, seed: int
) -> None:
    groups = {group(item) for item in items}
    if len(groups) < count:
        with pytest.raises(ValueError, match=f"{count} folds need {count} groups, there are {len(groups)}"):
            group_folds(items, group, lambda item: item[1], count, seed)
        return
    folds = group_folds(items, group, lambda item: item[1], count, seed)
    assert len(folds) == count and all(folds)
    assert sorted(item for fold in folds for item in fold) == sorted(items)
    for name in groups:
        assert sum(any(group(item) == name for item in fold) for fold in folds) == 1


def test_folds_are_about_equally_heavy() -> None:
    items = [(name, weight) for name, weight in zip("abcdefg", (9, 8, 7, 3, 2, 1, 0), strict=True)]
    folds = group_folds(items, group, lambda item: item[1], 3, 1)
    assert [sum(item[1] for item in fold) for fold in folds] == [10, 10, 10]
