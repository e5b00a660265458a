import numpy as np
import pytest

from sim.shakes import ShakeConfig, Shakes, fallen, push
from sim.truth import TrueFlowers
from sim.world import World
from sim.world_config import WorldConfig

CONFIG = ShakeConfig(push_mm=8.0)
REACH = (0.06, 0.32)


def test_a_pushed_truss_swings_and_settles() -> None:
    shakes, offsets = Shakes(), np.zeros((3, 3))
    shakes.add(CONFIG, 11, 2.0, (0.0, 0.0, 0.008))
    shakes.swing(offsets, 2.0 + 0.25 / CONFIG.hz, first=10)
    assert offsets[1, 2] == pytest.approx(0.008 * fallen(0.25 / CONFIG.hz / CONFIG.settle_s), rel=1e-6)
    assert not offsets[[0, 2]].any()


@pytest.mark.parametrize("t", [1.9, 2.0, 9.0])
def test_nothing_moves_before_the_push_nor_long_after_it(t: float) -> None:
    shakes, offsets = Shakes(), np.zeros((1, 3))
    shakes.add(CONFIG, 0, 2.0, (0.0, 0.0, 0.008))
    shakes.swing(offsets, t, first=0)
    assert not offsets.any()


def test_old_pushes_are_forgotten() -> None:
    shakes = Shakes()
    for k in range(1000):
        shakes.add(CONFIG, 0, 0.1 * k, (0.0, 0.0, 0.008))
    assert len(shakes._shakes) < 100


def test_a_neighbour_is_pushed_less_and_a_far_one_not_at_all() -> None:
    shares = push(CONFIG, np.array([0.0, 0.03, 0.02, 0.2]), np.array([1, 2, 1, 3], np.int32))
    assert shares[1] == 1.0
    assert 0.0 < shares[2] < 0.5
    assert 3 not in shares


def test_a_jet_moves_its_flower_away_and_its_neighbours_with_it() -> None:
    world = World.build(WorldConfig(row_length_m=2.0), seed=3)
    flowers = TrueFlowers(world, "left")
    target = int(np.argmax(world.left.weights))
    mouth = world.left.positions[target] - np.array([0.0, 0.0, 0.182])
    later = 10.0 + 0.25 / CONFIG.hz
    everything = np.arange(len(world.left.stages))
    before = flowers.positions(everything, later)
    flowers.blown_on(CONFIG, mouth, REACH, 10.0)
    moved = flowers.positions(everything, later) - before
    assert moved[target, 2] > 0.002
    truss = world.left.groups == world.left.groups[target]
    assert (moved[truss, 2] > 0.0).all()
    far = np.abs(world.left.positions[:, 0] - mouth[0]) > 0.4
    assert not moved[far].any()
