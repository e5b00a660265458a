"""`bombus calibrate camera` on pictures drawn through a lens that is known."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from robot import build
from robot.config import DEMO_MACHINE, load_config
from vision.calibration import CameraModel
from vision.charuco import MARGIN_MM, BoardConfig, board_picture
from vision.types import Frame

DOTS = 4.0
BOARD = BoardConfig()
SHEET = board_picture(BOARD, DOTS)
TRUE = CameraModel(
    camera_id="left", side="left", width=640, height=384, fx=431.0, fy=428.0, cx=322.5, cy=188.0,
    distortion=(-0.10, 0.015, 3e-4, -2e-4, 0.0), s_offset=0.0, h=0.0,
)  # fmt: skip


def photo(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture of the board held somewhere, each pixel looked up on the sheet."""
    turn = rng.normal(0, 1, 3) * (1, 1, 0.3)
    rotation, _ = cv2.Rodrigues(turn * (rng.uniform(0.25, 0.6) / np.linalg.norm(turn)))
    middle = np.array([rng.uniform(-0.09, 0.09), rng.uniform(-0.06, 0.06), rng.uniform(0.3, 0.42)])
    rows, columns = np.mgrid[0:384, 0:640]
    rays = TRUE.ray(np.stack([columns.ravel(), rows.ravel()], 1).astype(np.float64))
    ahead = np.stack([rays[:, 0], -rays[:, 1], np.ones(len(rays))], 1)
    along = (rotation[:, 2] @ middle) / (ahead @ rotation[:, 2])
    on_board = (ahead * along[:, None] - middle) @ rotation
    x = on_board[:, 0] * 1000 + 0.5 * BOARD.columns * BOARD.square_mm + MARGIN_MM
    y = on_board[:, 1] * 1000 + 0.5 * BOARD.rows * BOARD.square_mm + MARGIN_MM
    map_x, map_y = ((m * DOTS - 0.5).reshape(384, 640).astype(np.float32) for m in (x, y))
    soft = cv2.GaussianBlur(SHEET, (0, 0), 1.2)
    drawn = cv2.remap(soft, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=120)
    noisy = np.clip(0.8 * drawn + 20 + rng.normal(0, 2, drawn.shape), 0, 255).astype(np.uint8)
    return np.repeat(noisy[..., None], 3, axis=2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("board")
    rng = np.random.default_rng(3)
    for k in range(14):
        cv2.imwrite(str(path / f"p{k:02}.png"), photo(rng))
    cv2.imwrite(str(path / "wall.png"), np.full((384, 640, 3), 90, np.uint8))
    return path


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    path = tmp_path / "machine.toml"
    path.write_text(DEMO_MACHINE.read_text())
    return path


def calibrate(bombus: Any, machine: Path, *words: object, typed: str = "") -> Any:
    return bombus("calibrate", "camera", "--config", machine, *words, typed=typed)


def test_lens_is_measured_shown_and_written_and_comments_stay(
    bombus: Any, machine: Path, folder: Path
) -> None:
    before = machine.read_text()
    done = calibrate(bombus, machine, "--camera", "left", "--images", folder, "--json", typed="yes\n")
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["rms_px"] < 0.3
    assert shown["fx"] == pytest.approx(TRUE.fx, rel=0.005)
    assert shown["without_board"] == ["wall.png"]
    assert len(shown["pictures"]) == 14
    assert "reprojection error" in done.stderr
    left, right = load_config(machine).cameras
    assert left.fx == pytest.approx(shown["fx"], abs=1e-3)
    assert left.calibrated.startswith("lens 20")
    assert right.fx is None
    assert set(before.splitlines()) <= set(machine.read_text().splitlines())


def test_front_cameras_lens_is_written_to_its_own_section(bombus: Any, machine: Path, folder: Path) -> None:
    front = '[mission]\nhouse = "house.toml"\n\n[mission.front]\nsource = "v4l2:2"  # ahead\nheight = 384\n'
    machine.write_text(machine.read_text() + front)
    done = calibrate(bombus, machine, "--camera", "front", "--images", folder, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    written = load_config(machine).mission.front
    assert written.fx == pytest.approx(TRUE.fx, rel=0.005) and written.distortion[0] < -0.05
    assert written.calibrated.startswith("lens 20") and "# ahead" in machine.read_text()
    assert all(camera.fx is None for camera in load_config(machine).cameras)


@pytest.mark.parametrize(("words", "typed", "code"), [(["--dry-run"], "", 0), ([], "no\n", 2)])
def test_nothing_is_written_dry_or_without_a_yes(
    bombus: Any, machine: Path, folder: Path, words: list[str], typed: str, code: int
) -> None:
    before = machine.read_text()
    done = calibrate(bombus, machine, "--camera", "left", "--images", folder, *words, typed=typed)
    assert done.returncode == code
    assert machine.read_text() == before


def test_running_camera_is_calibrated_too(
    bombus: Any, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Held:
        """A camera before which someone holds the board still for two frames at a time."""

        camera_id = "left"

        def __init__(self) -> None:
            self.frames = self.shown()

        def shown(self) -> Iterator[Frame]:
            rng, seq = np.random.default_rng(5), 0
            while True:
                image = photo(rng)
                for _ in range(2):
                    seq += 1
                    yield Frame("left", seq, seq / 15, image)

        def read(self, timeout_s: float) -> Frame | None:
            return next(self.frames)

        def close(self) -> None:
            pass

    monkeypatch.setattr(build, "open_camera", lambda settings: Held())
    done = calibrate(bombus, machine, "--camera", "left", "--count", "10", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["fx"] == pytest.approx(TRUE.fx, rel=0.01)
    assert load_config(machine).cameras[0].calibrated


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--images", "."], "--camera: which one? the machine file has left, right"),
        (["--camera", "top", "--images", "."], "--camera top"),
        (["--camera", "left", "--images", "nowhere"], "nowhere: not a folder"),
        (["--board", "board.jpg"], "ends in .svg or .png"),
    ],
)
def test_wrong_use_is_named_in_one_line(bombus: Any, machine: Path, words: list[str], named: str) -> None:
    done = calibrate(bombus, machine, *words)
    assert done.returncode == 2
    assert named in done.stderr
    assert done.stderr.count("\n") == 1


def test_picture_of_another_size_is_named(bombus: Any, machine: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "big.png"), np.zeros((720, 1280, 3), np.uint8))
    done = calibrate(bombus, machine, "--camera", "left", "--images", tmp_path)
    assert done.returncode == 2
    assert "big.png: is 1280x720, camera 'left' has 640x384" in done.stderr


def test_too_few_pictures_end_in_a_remedy(bombus: Any, machine: Path, folder: Path, tmp_path: Path) -> None:
    for name in ("p00.png", "p01.png"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    done = calibrate(bombus, machine, "--camera", "left", "--images", tmp_path)
    assert done.returncode == 1
    assert "shows well in 2 pictures, it takes 8" in done.stderr


@pytest.mark.parametrize("name", ["board.svg", "board.png"])
def test_board_is_written_once(bombus: Any, machine: Path, tmp_path: Path, name: str) -> None:
    done = calibrate(bombus, machine, "--board", tmp_path / name, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["square_mm"] == 30.0
    assert (tmp_path / name).stat().st_size > 1000
    assert calibrate(bombus, machine, "--board", tmp_path / name).returncode == 2
