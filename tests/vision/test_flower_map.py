from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from vision.calibration import CameraModel
from vision.flower_filter import Floats
from vision.flower_map import FlowerMap, FlowerMapConfig
from vision.flower_store import FlowerStore, Slots
from vision.types import Detections, Pose, Stage

if TYPE_CHECKING:
    from tests.vision.conftest import Rows

NOTHING = Detections(np.empty((0, 4), np.float32), np.empty((0, 3), np.float32), np.empty(0, np.float32))
PLACE = np.array([10.5, 1.62, 0.45])


def view(
    camera: CameraModel,
    cart_s: float,
    *places: NDArray[np.float64],
    stage: Stage = Stage.OPEN,
    score: float = 0.9,
) -> Detections:
    """Perfect boxes of flowers at `places`."""
    pixels = camera.project(np.array(places).reshape(-1, 3), cart_s)
    boxes = np.concatenate([pixels - 11.0, pixels + 11.0], axis=1).astype(np.float32)
    stages = np.full((len(pixels), 3), 0.05, np.float32)
    stages[:, stage] = score
    return Detections(boxes, stages, stages.max(axis=1))


def beside(s: float, h: float, d: float) -> NDArray[np.float64]:
    """A place this far from PLACE."""
    return np.asarray(PLACE + np.array([s, h, d]))


def pose(s: float, t: float, velocity: float = 0.15) -> Pose:
    return Pose(t, s, velocity, 0.0005)


def pass_one(
    flower_map: FlowerMap, places: list[NDArray[np.float64]], t0: float = 0.0, stage: Stage = Stage.OPEN
) -> list[list[int]]:
    """Drive past `places` from 9.85 to 10.3; the ids of each frame."""
    ids = []
    for k in range(46):
        s = 9.85 + 0.01 * k
        seen = view(flower_map.camera, s, *places, stage=stage)
        ids.append(flower_map.update(seen, pose(s, t0 + k / 15), k).tolist())
    return ids


@pytest.mark.parametrize(("speed", "seed"), [(0.15, 20), (0.15, 21), (-0.15, 22), (0.3, 23), (-0.3, 24)])
def test_flowers_on_trusses_are_found_in_space_and_keep_their_ids(
    rows: Rows, left_camera: CameraModel, speed: float, seed: int
) -> None:
    outcome = rows.pass_by(FlowerMap(left_camera), rows.make(seed), speed)
    assert len(outcome.aim) > 60
    assert outcome.lost <= 0.02
    assert np.percentile(outcome.aim, 95) < 0.004
    assert np.percentile(outcome.depth, 95) < 0.008
    assert outcome.kept >= 0.96
    assert outcome.known >= 0.97
    assert outcome.stage_right >= 0.97


def test_ids_are_kept_over_all_views_of_several_rows(
    rows: Rows, left_camera: CameraModel, right_camera: CameraModel
) -> None:
    cameras = (left_camera, right_camera) * 2
    kept = [rows.pass_by(FlowerMap(c), rows.make(30 + i)).kept for i, c in enumerate(cameras)]
    assert np.mean(kept) >= 0.98


def test_twice_the_noise_is_noticed_and_costs_accuracy_not_flowers(
    rows: Rows, left_camera: CameraModel
) -> None:
    rough = rows.noise(pixel_px=2.0, sway_m=0.003, misses=0.2, s_m=0.001)
    flower_map = FlowerMap(left_camera)
    outcome = rows.pass_by(flower_map, rows.make(25, noise=rough))
    assert flower_map.noise_scale > 1.2
    assert np.percentile(outcome.aim, 95) < 0.008
    assert outcome.kept > 0.9


def test_flowers_of_the_row_behind_are_placed_there_and_disturb_nobody(
    rows: Rows, left_camera: CameraModel
) -> None:
    near, far = rows.make(26), rows.make(27)
    places = np.concatenate([near.places, far.places + np.array([0.0, 0.0, 1.3])])
    both = rows.row(places, np.concatenate([near.stages, far.stages]), near.noise, 26)
    flower_map = FlowerMap(left_camera)
    outcome = rows.pass_by(flower_map, both)
    assert np.percentile(outcome.aim, 90) < 0.006
    assert outcome.kept >= 0.96
    depths = np.array([f.position[2] for f in flower_map.flowers() if f.place_known])
    assert ((depths < 0.75) | (depths > 1.35)).mean() > 0.98


def test_a_second_pass_knows_the_flowers_again(rows: Rows, left_camera: CameraModel) -> None:
    same = []
    for seed in (28, 29, 30):
        flower_map, row = FlowerMap(left_camera), rows.make(seed)
        there = rows.pass_by(flower_map, row, 0.15)
        back = rows.pass_by(flower_map, row, -0.15, t0=100.0 + 3600.0)
        same += [there.ids[true] == back.ids[true] for true in there.ids.keys() & back.ids.keys()]
        assert np.percentile(back.aim, 95) < 0.004
    assert np.mean(same) >= 0.98


def test_two_maps_fed_the_same_agree_to_the_last_bit(rows: Rows, left_camera: CameraModel) -> None:
    first, second = FlowerMap(left_camera), FlowerMap(left_camera)
    for flower_map in (first, second):
        rows.pass_by(flower_map, rows.make(29, length=1.0))
    for one, other in zip(first.flowers(), second.flowers(), strict=True):
        assert one.flower_id == other.flower_id
        assert one.position.tobytes() == other.position.tobytes()
        assert one.belief.tobytes() == other.belief.tobytes()


def test_a_frame_looks_at_no_more_flowers_in_a_long_row(
    rows: Rows, left_camera: CameraModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a frame costs in time, `bombus bench` says; here its work is counted."""
    crowded = rows.make(31, length=1.0, spacing=0.06)
    short, long = FlowerMap(left_camera), FlowerMap(left_camera)
    fill_far_away(long)
    read: list[int] = []
    rows_of = FlowerStore.rows

    def counting(store: FlowerStore, slots: Slots) -> Floats:
        read.append(len(slots))
        return rows_of(store, slots)

    monkeypatch.setattr(FlowerStore, "rows", counting)
    most = 0
    for seq, seen, _, at in rows.drive(crowded, left_camera, 0.15, -0.8, length=1.0):
        short.update(seen, at, seq)
        in_short = read[:]
        read.clear()
        long.update(seen, at, seq)
        assert read == in_short
        most = max(most, *read)
        read.clear()
    assert 30 < most < 300


def fill_far_away(flower_map: FlowerMap) -> None:
    """Plant 8000 flowers between 20 and 420 m by showing each once."""
    for k in range(400):
        s = 20.0 + 1.0 * k
        steps = np.arange(20)
        places = np.stack(
            [s + 0.37 + 0.04 * (steps // 4), 1.5 + 0.05 * (steps % 4), np.full(20, 0.45)], axis=1
        )
        flower_map.update(view(flower_map.camera, s, *places), pose(s, float(k)), k)
    assert len(flower_map) > 7000


def test_a_place_is_not_known_before_views_from_apart(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    for k in range(20):
        flower_map.update(view(left_camera, 10.0, PLACE), pose(10.0, k / 15, 0.0), k)
    [standing] = flower_map.flowers()
    assert standing.views == 20
    assert not standing.place_known
    pass_one(flower_map, [PLACE])
    [passed] = flower_map.flowers()
    assert passed.place_known
    assert passed.position == pytest.approx(PLACE, abs=1e-3)
    assert passed.flower_id == standing.flower_id


def test_views_from_one_place_do_not_make_the_stage_surer(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    beliefs = []
    for k in range(50):
        flower_map.update(view(left_camera, 10.0, PLACE), pose(10.0, k / 15, 0.0), k)
        beliefs.append(float(flower_map.flowers()[0].belief[Stage.OPEN]))
    assert beliefs[-1] == pytest.approx(beliefs[0], abs=0.2)
    assert beliefs[-1] < 0.9


def test_a_bud_that_opened_overnight_is_believed_open_on_the_next_pass(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    pass_one(flower_map, [PLACE], stage=Stage.BUD)
    assert flower_map.flowers()[0].belief.argmax() == Stage.BUD
    pass_one(flower_map, [PLACE], t0=86400.0)
    [flower] = flower_map.flowers()
    assert flower.belief[Stage.OPEN] > 0.9
    assert flower.belief.sum() == pytest.approx(1.0)
    assert flower.belief.min() > 0.0005


def test_neighbours_on_a_truss_stay_apart_when_one_is_missed(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    neighbours = [PLACE, beside(0.022, 0.0, 0.0), beside(0.01, -0.022, 0.01)]
    pass_one(flower_map, neighbours)
    ids = {tuple(f.position.round(2)): f.flower_id for f in flower_map.flowers()}
    assert len(ids) == 3
    for missing in range(3):
        rest = [place for i, place in enumerate(neighbours) if i != missing]
        got = flower_map.update(view(left_camera, 10.1, *rest), pose(10.1, 10.0), 100 + missing)
        assert got.tolist() == [ids[tuple(place.round(2))] for place in rest]


def test_a_weak_or_cut_box_starts_no_flower(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    assert flower_map.update(view(left_camera, 10.0, PLACE, score=0.2), pose(10.0, 0.0), 0).tolist() == [-1]
    cut = replace(view(left_camera, 10.0, PLACE), boxes=np.array([[625, 180, 640, 202]], np.float32))
    assert flower_map.update(cut, pose(10.0, 0.1), 1).tolist() == [-1]
    assert len(flower_map) == 0


def test_a_second_box_on_one_flower_starts_no_second_flower(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    one = view(left_camera, 10.0, PLACE)
    double = Detections(
        np.concatenate([one.boxes, one.boxes + 3.0]),
        np.concatenate([one.stages, one.stages * 0.9]).astype(np.float32),
        np.concatenate([one.scores, one.scores * 0.9]).astype(np.float32),
    )
    assert flower_map.update(double, pose(10.0, 0.0), 0).tolist() == [0, -1]


def test_what_is_never_seen_again_is_given_up(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    flower_map.update(view(left_camera, 10.0, PLACE), pose(10.0, 0.0), 0)
    for k in range(1, 6):
        flower_map.update(NOTHING, pose(10.0 + 0.01 * k, k / 15), k)
    assert flower_map.flowers() == []


def test_a_settled_flower_survives_a_leaf_but_not_its_absence(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    pass_one(flower_map, [PLACE])
    for k in range(30):
        flower_map.update(NOTHING, pose(9.95 + 0.01 * k, 60 + k / 15), 100 + k)
    assert len(flower_map) == 1
    for k in range(200):
        s = 10.05 + 0.15 * math.sin(k / 5)
        flower_map.update(NOTHING, pose(s, 120 + k / 15), 200 + k)
    assert len(flower_map) == 0


def test_a_standing_cart_gives_up_no_settled_flower(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    pass_one(flower_map, [PLACE])
    for k in range(2000):
        flower_map.update(NOTHING, pose(10.05, 60 + k / 15, 0.0), 100 + k)
    assert len(flower_map) == 1


def test_two_flowers_that_prove_one_keep_the_older_id_and_say_so(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera, FlowerMapConfig(birth_clearance=0.0, merge_distance=0.012))
    twin = beside(0.011, 0.0, 0.0)
    pass_one(flower_map, [PLACE, twin])
    old, young = sorted(flower.flower_id for flower in flower_map.flowers())
    between = beside(0.007, 0.0, 0.0)
    got = flower_map.update(view(left_camera, 10.05, between), pose(10.05, 10.0), 100)
    assert flower_map.take_merges() == [(young, old)]
    assert flower_map.take_merges() == []
    assert got.tolist() == [old]
    assert [flower.flower_id for flower in flower_map.flowers()] == [old]


def test_the_same_frame_again_changes_nothing(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    seen = view(left_camera, 10.0, PLACE)
    first = flower_map.update(seen, pose(10.0, 1.0), 5)
    again = flower_map.update(seen, pose(10.0, 1.0), 5)
    assert first.tolist() == again.tolist()
    assert flower_map.flowers()[0].views == 1


@pytest.mark.parametrize("bad", [{"s": math.nan}, {"s_std": math.inf}, {"t": -math.inf}, {"s_std": 0.2}])
def test_a_cart_that_does_not_know_its_place_teaches_nothing(
    left_camera: CameraModel, bad: dict[str, float]
) -> None:
    flower_map = FlowerMap(left_camera)
    seen = view(left_camera, 10.0, PLACE)
    assert flower_map.update(seen, replace(pose(10.0, 0.0), **bad), 0).tolist() == [-1]
    assert len(flower_map) == 0


number = st.floats(width=32) | st.floats(0, 640, width=32)


@given(
    frames=st.lists(
        st.tuples(st.floats() | st.floats(9.9, 10.1), st.lists(st.tuples(*[number] * 8), max_size=5)),
        max_size=6,
    )
)
def test_no_detections_or_poses_upset_the_map(frames: list[tuple[float, list[tuple[float, ...]]]]) -> None:
    camera = CameraModel(
        camera_id="right", side="right", width=640, height=384, fx=457.0, fy=457.0, cx=319.5, cy=191.5,
        distortion=(-0.12, 0.02, 0.0005, -0.0005, 0.0), s_offset=0.45, h=1.60,
    )  # fmt: skip
    flower_map = FlowerMap(camera)
    for seq, (s, found) in enumerate(frames):
        values = np.array(found, np.float32).reshape(-1, 8)
        seen = Detections(values[:, :4], values[:, 4:7], values[:, 7])
        ids = flower_map.update(seen, Pose(float(seq), s, 0.1, 0.001), seq)
        assert ids.shape == (len(found),)
    for flower in flower_map.flowers():
        assert np.isfinite(flower.position).all()
        assert np.isfinite(flower.covariance).all()


def test_a_window_gives_the_flowers_inside_it(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    places = [PLACE, beside(0.1, 0.0, 0.0), beside(0.2, 0.05, 0.0)]
    pass_one(flower_map, places)
    inside = flower_map.flowers(10.45, 10.62)
    assert [flower.position[0] for flower in inside] == pytest.approx([10.5, 10.6], abs=2e-3)
    assert len(flower_map.flowers()) == 3
    assert len(flower_map.flowers(s_low=10.55)) == 2


def test_forgetting_drops_what_lies_behind_and_never_reuses_an_id(left_camera: CameraModel) -> None:
    flower_map = FlowerMap(left_camera)
    pass_one(flower_map, [PLACE, beside(0.1, 0.0, 0.0)])
    flower_map.forget(before_s=10.55)
    assert [flower.position[0] for flower in flower_map.flowers()] == pytest.approx([10.6], abs=2e-3)
    flower_map.forget()
    assert flower_map.flowers() == []
    got = flower_map.update(view(left_camera, 10.0, PLACE), pose(10.0, 100.0), 500)
    assert got.tolist() == [2]
