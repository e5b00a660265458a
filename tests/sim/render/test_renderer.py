"""Frames: the same bytes for the same arguments, and labels that agree with where the flowers are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from sim.render.effects import EffectsConfig
from sim.render.renderer import Rendered, Renderer
from sim.twigs import PART
from sim.world import World
from sim.world_config import WorldConfig
from vision.calibration import CameraModel
from vision.types import SIDES, Side


def _camera(side: Side = "left", **changes: object) -> CameraModel:
    fields: dict[str, object] = {
        "camera_id": f"{side}-0",
        "side": side,
        "width": 640,
        "height": 384,
        "fx": 457.0,
        "fy": 457.0,
        "cx": 319.5,
        "cy": 191.5,
        "s_offset": 0.45,
        "h": 1.6,
    }
    return CameraModel.model_validate({**fields, **changes})


@pytest.fixture(scope="module")
def world() -> World:
    return World.build(WorldConfig(row_length_m=6.0), seed=3)


def _whole(frame: Rendered) -> NDArray[np.bool_]:
    """Which flowers are seen whole and unhidden, away from the image's edges."""
    boxes = frame.labels.boxes
    inside = (boxes[:, :2] > 4).all(axis=1) & (boxes[:, 2] < 635) & (boxes[:, 3] < 379)
    result: NDArray[np.bool_] = inside & (frame.labels.visibility > 0.99)
    return result


def test_the_same_arguments_give_the_same_bytes(world: World) -> None:
    first = Renderer(world, _camera(), "left").render(1.2, 3.4, 5)
    second = Renderer(world, _camera(), "left").render(1.2, 3.4, 5)
    assert first.image.tobytes() == second.image.tobytes()
    assert first.labels.boxes.tobytes() == second.labels.boxes.tobytes()


def test_two_threads_render_the_same_bytes(world: World) -> None:
    def frames(_: int) -> list[bytes]:
        renderer = Renderer(world, _camera(), "left")
        return [renderer.render(0.3 * k, 0.1 * k, k).image.tobytes() for k in range(8)]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(frames, range(2))
    assert first == second


def test_the_frames_seed_changes_the_noise_and_nothing_else(world: World) -> None:
    renderer = Renderer(world, _camera(), "left")
    first, second = renderer.render(1.0, 0.0, 1), renderer.render(1.0, 0.0, 2)
    difference = first.image.astype(np.int32) - second.image
    assert 0.5 < difference.std() < 8.0
    assert np.array_equal(first.labels.boxes, second.labels.boxes)


def test_an_image_buffer_can_be_reused(world: World) -> None:
    renderer = Renderer(world, _camera(), "left")
    out = np.zeros((384, 640, 3), np.uint8)
    frame = renderer.render(1.0, 0.0, 1, out=out)
    assert frame.image is out
    assert np.array_equal(out, renderer.render(1.0, 0.0, 1).image)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"distortion": (-0.1, 0.02, 0.001, -0.001, 0.0)},
        {"yaw": 0.2, "pitch": -0.1, "roll": 0.05, "d": 0.05},
    ],
)
def test_boxes_lie_where_the_camera_model_projects_the_flowers(
    world: World, side: Side, changes: dict[str, object]
) -> None:
    camera = _camera(side, **changes)
    renderer = Renderer(world, camera, side)
    worst: list[float] = []
    for cart_s in (0.5, 1.5, 2.5):
        frame = renderer.render(cart_s, 2.0, 1)
        kept = _whole(frame)
        boxes = frame.labels.boxes[kept]
        middle = 0.5 * (boxes[:, :2] + boxes[:, 2:])
        places = world.flower_positions(side, 2.0)[frame.labels.flowers[kept]]
        sizes = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1), 8.0)
        worst += (np.abs(middle - camera.project(places, cart_s)).max(axis=1) / sizes).tolist()
    assert len(worst) > 10
    assert max(worst) < 0.6
    assert np.median(worst) < 0.2


def test_box_sizes_follow_distance(world: World) -> None:
    near = Renderer(world, _camera(d=0.15), "left").render(1.0, 0.0, 1)
    far = Renderer(world, _camera(d=-0.25), "left").render(1.0, 0.0, 1)
    shared = np.intersect1d(near.labels.flowers[_whole(near)], far.labels.flowers[_whole(far)])
    assert len(shared) > 2

    def side_px(frame: Rendered) -> NDArray[np.float64]:
        rows = [int(np.flatnonzero(frame.labels.flowers == flower)[0]) for flower in shared]
        boxes = frame.labels.boxes[rows].astype(np.float64)
        return np.asarray((boxes[:, 2:] - boxes[:, :2]).max(axis=1))

    assert (side_px(near) > 1.5 * side_px(far)).all()


def test_depth_is_the_distance_along_the_cameras_axis(world: World) -> None:
    labels = Renderer(world, _camera(d=0.1), "left").render(1.0, 1.0, 1).labels
    places = world.flower_positions("left", 1.0)[labels.flowers]
    assert np.allclose(labels.depths, places[:, 2] - 0.1, atol=1e-6)


def test_stages_are_those_of_the_world(world: World) -> None:
    renderer = Renderer(world, _camera("right"), "right")
    seen = 0
    for cart_s in (1.0, 2.0, 3.0):
        labels = renderer.render(cart_s, 1.0, 1).labels
        assert np.array_equal(labels.stages, world.right.stages[labels.flowers])
        seen += len(labels)
    assert seen > 10


def _with_leaf_before(world: World, flower: int) -> World:
    """The world with a leaflet hung between the camera and a flower, on the flower's own plant."""
    side = world.left
    leaf = np.zeros(1, PART)
    blade = side.parts[side.parts["label"] < 0][0]
    leaf["mesh"], leaf["label"], leaf["tint"] = 42, -1, 0.05
    leaf["group"] = side.bounds[side.stems[flower], 4]
    leaf["axes"] = np.array([[0.1, 0.0, 0.0], [0.0, 0.1, 0.0], [0.0, 0.0, -0.1]])
    leaf["position"] = side.positions[flower] - [0.05, 0.0, 0.06]
    at = int(side.bounds[side.stems[flower] + 1, 1])
    bounds = side.bounds.copy()
    bounds[side.stems[flower] + 1 :, 1] += 1
    assert blade["label"] == -1
    return replace(world, left=replace(side, parts=np.insert(side.parts, at, leaf), bounds=bounds))


def test_a_leaf_before_a_flower_lowers_its_visibility_but_not_its_box(world: World) -> None:
    open_frame = Renderer(world, _camera(), "left").render(1.0, 0.0, 1)
    row = int(np.flatnonzero(_whole(open_frame) & (open_frame.labels.stages == 1))[0])
    flower = int(open_frame.labels.flowers[row])
    hidden = Renderer(_with_leaf_before(world, flower), _camera(), "left").render(1.0, 0.0, 1).labels
    found = np.flatnonzero(hidden.flowers == flower)
    visibility = float(hidden.visibility[found[0]]) if len(found) else 0.0
    assert visibility < 0.8 * float(open_frame.labels.visibility[row])
    if len(found):
        assert np.array_equal(hidden.boxes[found[0]], open_frame.labels.boxes[row])


def test_a_flower_cut_by_the_edge_counts_what_lies_outside_as_hidden(world: World) -> None:
    renderer = Renderer(world, _camera(), "left")
    cut: list[float] = []
    for cart_s in np.arange(0.0, 4.0, 0.2):
        labels = renderer.render(float(cart_s), 0.0, 1).labels
        edge = (labels.boxes[:, 0] <= 0) | (labels.boxes[:, 2] >= 639)
        thin = (labels.boxes[:, 2] - labels.boxes[:, 0]) < 0.6 * (labels.boxes[:, 3] - labels.boxes[:, 1])
        cut += labels.visibility[edge & thin & (labels.stages == 1)].tolist()
    assert cut
    assert np.median(cut) < 0.7


def test_boxes_and_visibility_stay_in_range(world: World) -> None:
    renderer = Renderer(world, _camera(), "left")
    for cart_s in np.arange(-1.0, 7.0, 0.7):
        labels = renderer.render(float(cart_s), 1.0, 1).labels
        assert (labels.boxes[:, :2] >= -0.5).all()
        assert (labels.boxes[:, 2] <= 639.5).all()
        assert (labels.boxes[:, 3] <= 383.5).all()
        assert (labels.boxes[:, 2:] > labels.boxes[:, :2]).all()
        assert ((labels.visibility > 0) & (labels.visibility <= 1)).all()
        assert len(np.unique(labels.flowers)) == len(labels)


def test_the_frame_does_not_depend_on_the_rows_length(world: World) -> None:
    longer = World.build(WorldConfig(row_length_m=18.0), seed=3)
    short, long = (Renderer(w, _camera(), "left").render(1.0, 0.5, 1) for w in (world, longer))
    assert np.array_equal(short.image, long.image)


def test_only_plants_in_view_are_drawn() -> None:
    row = World.build(WorldConfig(row_length_m=40.0), seed=3)
    first, last = row.left.plants_between(19.0, 21.0)
    assert last - first < 12
    assert first > 30


def test_a_moving_rolling_shutter_leans_the_picture(world: World) -> None:
    renderer = Renderer(world, _camera(readout_s=0.03), "left")
    shifts, rows = [], []
    for cart_s in np.arange(0.0, 4.0, 0.5):
        still, moving = (renderer.render(float(cart_s), 0.0, 1, velocity=v) for v in (0.0, 0.3))
        _, a, b = np.intersect1d(still.labels.flowers, moving.labels.flowers, return_indices=True)
        whole = _whole(still)[a] & _whole(moving)[b]
        shifts += (moving.labels.boxes[b, 0] - still.labels.boxes[a, 0])[whole].tolist()
        rows += still.labels.boxes[a, 1][whole].tolist()
    slope = float(np.polyfit(rows, shifts, 1)[0])
    expected_px = 0.3 * 0.03 * 457.0 / 0.43
    assert slope * 384.0 == pytest.approx(-expected_px, rel=0.25)


def test_any_image_size_can_be_rendered(world: World) -> None:
    for width, height in ((1280, 720), (333, 97), (32, 32)):
        camera = _camera(
            width=width, height=height, fx=0.7 * width, fy=0.7 * width, cx=width / 2, cy=height / 2
        )
        image = Renderer(world, camera, "left").render(1.0, 0.0, 1).image
        assert image.shape == (height, width, 3)
        assert image.std() > 5


def test_a_camera_of_the_other_side_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="looks to the left, not to the right"):
        Renderer(world, _camera("left"), "right")


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_numbers_that_are_not_finite_are_refused(world: World, number: float) -> None:
    renderer = Renderer(world, _camera(), "left")
    for arguments in ((number, 0.0), (0.0, number)):
        with pytest.raises(ValueError, match="give finite numbers"):
            renderer.render(*arguments, 1)


def test_a_buffer_of_another_size_is_refused(world: World) -> None:
    renderer = Renderer(world, _camera(), "left")
    with pytest.raises(ValueError, match=r"pass \(384, 640, 3\) of uint8"):
        renderer.render(0.0, 0.0, 1, out=np.zeros((100, 100, 3), np.uint8))


def test_exposure_brightens(world: World) -> None:
    dark, bright = (
        Renderer(world, _camera(), "left", EffectsConfig(exposure=exposure)).render(1.0, 0.0, 1).image.mean()
        for exposure in (0.5, 2.0)
    )
    assert bright > 1.5 * dark
