"""Scripted faults spoil the pictures from their moment on, and the frame checks name them."""

import numpy as np
from numpy.typing import NDArray

from robot.config import DEMO_MACHINE, load_config
from sim.camera_faults import UNPLUGGED_S, spoiled, unplugged
from sim.drawn_by import drawn_by
from sim.render.renderer import Renderer
from sim.world import World
from sim.world_config import WorldConfig
from vision.frame_checks import FrameChecks
from vision.types import Frame

CAMERA = load_config(DEMO_MACHINE).cameras[0].model()
WORLD = World.build(WorldConfig(row_length_m=2.0), 3)


def problems(struck: dict[str, tuple[float, float]], frames: int = 6) -> list[str | None]:
    """What the checks say of frames of a cart at 0.15 m/s, a sixth of a second apart."""
    picture = spoiled(drawn_by(Renderer(WORLD, CAMERA, "left")), struck)
    checks = FrameChecks(CAMERA.width, CAMERA.height)
    told = (
        checks.problem(Frame("left", k, k / 6, picture(0.4 + 0.025 * k, k / 6, k))) for k in range(frames)
    )
    return [None if problem is None else problem.partition(":")[0] for problem in told]


def test_well_camera_stays_well_and_a_fault_begins_when_it_strikes() -> None:
    assert problems({}) == [None] * 6
    assert problems({"camera_dark": (0.4, 0.46)}) == [None] * 3 + ["dark"] * 3


def test_frozen_camera_repeats_what_it_saw_when_it_struck() -> None:
    assert problems({"camera_frozen": (0.0, 0.4)})[-2:] == ["frozen", "frozen"]


def test_torn_pictures_are_mostly_noticed() -> None:
    told = problems({"camera_torn": (0.0, 0.4)}, frames=8)
    assert told.count("torn") >= 5


def test_plug_is_out_for_a_while() -> None:
    struck = {"camera_unplugged": (3.0, 0.0)}
    assert [unplugged(struck, t) for t in (2.9, 3.0, 3.0 + UNPLUGGED_S)] == [False, True, False]
    assert not unplugged({}, 3.0)


def test_rolling_shutter_skews_the_pictures_of_a_moving_cart_alone() -> None:
    camera = CAMERA.model_copy(update={"readout_s": 0.03})
    renderer = Renderer(WORLD, camera, "left")

    def moving(t: float) -> float:
        return 0.4 + 0.3 * t

    still: NDArray[np.uint8] = drawn_by(renderer, lambda t: 0.4)(0.4, 0.0, 1)
    assert np.array_equal(still, drawn_by(renderer)(0.4, 0.0, 1))
    assert not np.array_equal(still, drawn_by(renderer, moving)(0.4, 0.0, 1))
