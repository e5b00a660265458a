"""Rows of plants: the same for a seed, flowers where growers turn them, leaves that stand in the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.trigonometry import sin_turns
from sim.truth import TrueFlowers
from sim.world import SideWorld, World
from sim.world_config import WorldConfig
from vision.types import SIDES, Side, Stage


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(WorldConfig(row_length_m=12.0), seed=5)


def test_the_same_seed_grows_the_same_plants() -> None:
    config = WorldConfig(row_length_m=2.0)
    first, second = World.build(config, 9).left, World.build(config, 9).left
    assert first.parts.tobytes() == second.parts.tobytes()
    assert first.twigs.tobytes() == second.twigs.tobytes()
    assert first.sway.tobytes() == second.sway.tobytes()


def test_seeds_and_sides_differ(world: World) -> None:
    other = World.build(WorldConfig(row_length_m=12.0), seed=6)
    assert not np.array_equal(world.left.positions[:20], other.left.positions[:20])
    assert not np.array_equal(world.left.positions[:20], world.right.positions[:20])


def test_a_longer_row_begins_with_the_shorter_one(world: World) -> None:
    short = World.build(WorldConfig(row_length_m=3.0), seed=5).left
    assert np.array_equal(world.left.positions[: len(short.positions)], short.positions)
    assert world.left.parts[: len(short.parts)].tobytes() == short.parts.tobytes()


def test_flowers_hang_where_the_nozzles_reach(world: World) -> None:
    for side in (world.left, world.right):
        ready = side.positions[side.stages == Stage.OPEN]
        assert len(ready) > 50
        inside = (ready[:, 1] > 1.38) & (ready[:, 1] < 1.82) & (ready[:, 2] > 0.36) & (ready[:, 2] < 0.52)
        assert inside.mean() > 0.95


def test_a_truss_is_oldest_at_the_stem(world: World) -> None:
    age = np.array([2, 1, 0])[world.left.stages]
    for truss in np.unique(world.left.trusses):
        assert (np.diff(age[world.left.trusses == truss]) >= 0).all() or (
            np.diff(world.left.stages[world.left.trusses == truss]) <= 0
        ).all()


def test_a_trusss_flowers_belong_to_one_stem(world: World) -> None:
    for truss in np.unique(world.left.trusses):
        assert len(np.unique(world.left.stems[world.left.trusses == truss])) == 1


def test_axes_are_unit_vectors_and_radii_are_of_flowers(world: World) -> None:
    side = world.right
    assert np.allclose((side.axes**2).sum(axis=1), 1.0)
    assert side.radii[side.stages == Stage.OPEN].min() > 0.01
    assert side.radii[side.stages == Stage.BUD].max() < 0.006


def test_parts_carry_the_index_of_their_flower(world: World) -> None:
    parts = world.left.parts[world.left.parts["label"] >= 0]
    assert np.array_equal(np.sort(parts["label"]), np.arange(len(world.left.positions)))
    assert np.array_equal(parts["position"], world.left.positions[parts["label"]])


def test_sway_stays_within_its_amplitude_and_starts_nowhere_special(world: World) -> None:
    rest = world.left.positions
    farthest = max(
        float(np.abs(world.flower_positions("left", t) - rest).max()) for t in np.linspace(0.0, 20.0, 60)
    )
    assert 0.001 < farthest <= 1e-3 * world.config.sway_mm[1]


def test_without_sway_flowers_stand_still() -> None:
    still = World.build(WorldConfig(row_length_m=1.0, sway_mm=(0.0, 0.0)), seed=1)
    assert np.array_equal(still.flower_positions("right", 3.7), still.right.positions)


def _blade_in_the_way(side: SideWorld) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    blade = side.blades[0]
    centre = blade["centre"] + blade["weight"] * side.offsets(0.0)[blade["group"]]
    start, end = centre - 0.02 * blade["normal"], centre + 0.02 * blade["normal"]
    return tuple(start.tolist()), tuple(end.tolist())


@pytest.mark.parametrize("name", SIDES)
def test_a_leaf_between_two_points_blocks_the_way(world: World, name: Side) -> None:
    start, end = _blade_in_the_way(world.side(name))
    assert world.leaf_blocks(name, start, end, 0.0)
    assert world.leaf_blocks(name, end, start, 0.0)


def test_nothing_blocks_the_way_along_the_path(world: World) -> None:
    assert not world.leaf_blocks("left", (1.0, 1.6, 0.0), (1.5, 1.6, 0.0), 0.0)


def test_a_way_beyond_the_row_is_free(world: World) -> None:
    assert not world.leaf_blocks("left", (500.0, 1.6, 0.2), (500.0, 1.6, 0.5), 0.0)


def test_most_open_flowers_can_be_blown_at(world: World) -> None:
    ready = world.left.positions[world.left.stages == Stage.OPEN].tolist()
    blocked = [world.leaf_blocks("left", (s, h, 0.25), (s, h, d), 0.0) for s, h, d in ready]
    assert np.mean(blocked) < 0.15


CONFIGS = st.builds(
    WorldConfig,
    row_length_m=st.just(1.0),
    stems_per_m=st.floats(0.5, 8.0),
    flowers_per_truss=st.integers(1, 30).map(lambda n: (n, n)),
    open_per_truss=st.integers(0, 30).map(lambda n: (0, n)),
    spent_per_truss=st.just((0, 2)),
    zone_leaves=st.integers(0, 6).map(lambda n: (0, n)),
    crown_leaves=st.integers(0, 9),
    fruit_trusses=st.integers(0, 3),
    stem_d_m=st.floats(0.0, 2.0),
)


FRUIT_ALONE = WorldConfig(
    row_length_m=1.0,
    stems_per_m=1.0,
    flowers_per_truss=(1, 1),
    open_per_truss=(0, 0),
    spent_per_truss=(0, 2),
    zone_leaves=(0, 0),
    crown_leaves=0,
    fruit_trusses=0,
    stem_d_m=0.0,
)


@settings(max_examples=20, deadline=None)
@example(config=FRUIT_ALONE, seed=417373)
@given(config=CONFIGS, seed=st.integers(0, 2**32))
def test_any_accepted_config_grows_a_finite_row(config: WorldConfig, seed: int) -> None:
    side = World.build(config, seed).left
    assert np.isfinite(side.positions).all()
    assert np.isfinite(side.parts["axes"]).all()
    # A stem whose every flower has become a fruit bears none.
    assert len(np.unique(side.stems)) <= max(1, round(config.stems_per_m))


def test_places_and_sways_are_those_of_the_formula_to_the_bit() -> None:
    plants = World.build(WorldConfig(row_length_m=2.0), seed=3).left
    t = 7.31
    turns = plants.sway["hz"] * t + plants.sway["phase"]
    swing = 0.7 * sin_turns(turns) + 0.3 * sin_turns(2.37 * turns + plants.sway["phase"])
    swayed = plants.sway["reach"] * swing[:, None]
    assert np.array_equal(plants.offsets(t), swayed)
    truth = TrueFlowers(World.build(WorldConfig(row_length_m=2.0), seed=3), "left")
    index = truth.near(1.0, 0.5)
    assert len(index) > 10
    assert np.array_equal(
        truth.positions(index, t),
        plants.positions[index] + plants.weights[index, None] * swayed[plants.groups[index]],
    )
