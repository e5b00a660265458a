import json
from pathlib import Path

import numpy as np
import pytest

from robot.config import ConfigError
from sim.season.measure import fit, side_features, steps_to_bud
from sim.season.response import FEATURES, SHIPPED, chances, load_response
from sim.world import World
from sim.world_config import WorldConfig
from vision.types import Stage


def test_the_fit_finds_the_chances_and_the_hidden_share_it_was_made_from() -> None:
    rng = np.random.default_rng(2)
    rows = np.zeros((4000, len(FEATURES)))
    rows[:, 0], rows[:, 5] = 1.0, rng.random(4000) < 0.4
    weights = np.array([2.0, 0, 0, 0, 0, -1.5, 0, 0])
    seen = rng.random(4000) >= 0.1
    treated = (rng.random((4000, 2)) < chances(weights, rows)[:, None]) & seen[:, None]
    found, hidden = fit(rows, treated)
    assert hidden == pytest.approx(0.1, abs=0.02)
    assert found[0] == pytest.approx(2.0, abs=0.25)
    assert found[5] == pytest.approx(-1.5, abs=0.3)


def test_steps_to_the_bud_count_along_the_truss() -> None:
    side = World.build(WorldConfig(row_length_m=2.0), seed=4).left
    steps = steps_to_bud(side)
    for flower in np.flatnonzero(side.stages == Stage.OPEN):
        ahead = np.flatnonzero((side.trusses == side.trusses[flower]) & (side.stages == Stage.BUD)) - flower
        assert steps[flower] == min([3, *ahead[ahead > 0]])


def test_features_are_those_of_the_open_flowers_alone() -> None:
    side = World.build(WorldConfig(row_length_m=2.0), seed=4).left
    rows, ready = side_features(side)
    assert rows.shape == (np.count_nonzero(side.stages == Stage.OPEN), len(FEATURES))
    assert (side.stages[ready] == Stage.OPEN).all()


def test_the_shipped_response_was_tried_on_rows_it_was_not_fitted_to() -> None:
    shipped = load_response()
    assert shipped.held_out_flowers > 200
    assert shipped.held_out_predicted == pytest.approx(shipped.held_out_coverage, abs=0.03)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"hidden": 1.5}, "outside 0..1"),
        ({"weights": [1.0]}, "8 are needed"),
        ({"weights": "many"}, "no measured response"),
        ({"surprise": 1}, "no measured response"),
    ],
)
def test_a_response_that_cannot_be_used_is_told_in_one_line(
    change: dict[str, object], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "robot.json"
    path.write_text(json.dumps(json.loads(SHIPPED.read_text()) | change))
    with pytest.raises(ConfigError, match=told) as caught:
        load_response(path)
    assert "\n" not in str(caught.value)
    assert "bombus measure robot" in str(caught.value)


def test_a_response_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_response(tmp_path / "none.json")
