import numpy as np
import pytest

from sim.leaf_screen import LeafScreen
from sim.world import World
from sim.world_config import WorldConfig


@pytest.mark.parametrize("t", [0.0, 3.7])
def test_many_ways_at_once_are_blocked_as_one_by_one(t: float) -> None:
    world = World.build(WorldConfig(row_length_m=3.0), seed=6)
    lens = np.array([1.5, 1.6, -0.1])
    near = np.abs(world.left.positions[:, 0] - 1.5) < 0.8
    ends = world.left.positions[near] + np.array([0.0, 0.35, 0.3])
    blocks = LeafScreen(world.left).blocks(lens, ends, t)
    one_by_one = [world.leaf_blocks("left", (1.5, 1.6, -0.1), (e[0], e[1], e[2]), t) for e in ends.tolist()]
    assert blocks.tolist() == one_by_one
    assert 0 < blocks.sum() < len(ends)


def test_nothing_is_blocked_far_from_every_plant() -> None:
    world = World.build(WorldConfig(row_length_m=1.0), seed=6)
    ends = np.array([[30.0, 1.6, 0.5], [31.0, 1.6, 0.5]])
    assert not LeafScreen(world.left).blocks(np.array([30.5, 1.6, -0.1]), ends, 0.0).any()
