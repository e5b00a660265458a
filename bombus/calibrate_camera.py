"""`bombus calibrate camera`: a lens from pictures of a ChArUco board, and the board itself to print."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from bombus.output import WrongUseError, ask_for_yes, people, print_json

if TYPE_CHECKING:
    from robot.settings import CameraConfig, RobotConfig
    from vision.charuco import Board, BoardConfig, BoardView
    from vision.lens_fit import LensFit

BOARD_SUFFIXES = (".svg", ".png")
GOOD_COVERAGE = 0.6
READ_TIMEOUT_S = 0.5


def camera(
    config: Annotated[Path, typer.Option(help="machine file (TOML), measured for and written to")],
    camera_id: Annotated[
        str, typer.Option("--camera", help="which one, or front; may be left out with one")
    ] = "",
    images: Annotated[Path | None, typer.Option(help="folder of pictures, instead of the camera")] = None,
    board: Annotated[
        Path | None, typer.Option(help="write the board to this new .svg or .png, to print, and end")
    ] = None,
    dpi: Annotated[float, typer.Option(min=72, max=1200, help="of a board written as PNG")] = 300.0,
    count: Annotated[int, typer.Option(min=8, max=200, help="pictures to take with the camera")] = 24,
    timeout: Annotated[float, typer.Option(min=5, max=3600, help="s to take them in")] = 300.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="measure and show, write nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="write without asking")] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure a camera's focal length, centre and distortion, and write them to the machine file."""
    from robot.config import load_config
    from vision.charuco import Board
    from vision.lens_fit import fit_lens

    settings = load_config(config)
    if board is not None:
        _write_board(board, settings.calibration.board, dpi, json)
        return
    chosen = _with_lens(settings, camera_id)
    finder = Board(settings.calibration.board)
    views = (
        _views_live(chosen, finder, count, timeout) if images is None else _views_in(images, chosen, finder)
    )
    found = fit_lens(views, finder, (chosen.width, chosen.height))
    blind = [view.name for view in views if view.name not in {error.name for error in found.views}]
    if not json or not yes:
        _show(found, chosen, blind)
    written = False if dry_run else _write(config, chosen, found, yes)
    if json:
        print_json(_result(found, chosen, blind, written))


def named_camera(settings: RobotConfig, camera_id: str) -> CameraConfig:
    """Return the machine file's camera of that name, or its only one; raises WrongUseError."""
    known = ", ".join(camera.camera_id for camera in settings.cameras)
    found = [camera for camera in settings.cameras if camera_id in {"", camera.camera_id}]
    if not found:
        raise WrongUseError(f"--camera {camera_id}: the machine file has {known}")
    if len(found) > 1:
        raise WrongUseError(f"--camera: which one? the machine file has {known}")
    return found[0]


def _with_lens(settings: RobotConfig, camera_id: str) -> CameraConfig:
    """Return a row camera, or the mission's front camera described as one; a lens has no side, so any will do."""
    from robot.mission.fiducials import FRONT
    from robot.settings import CameraConfig

    front = settings.mission.front
    if camera_id != FRONT or front.source is None:
        return named_camera(settings, camera_id)
    same = front.model_dump(exclude={"ahead", "h", "tag_size", "corner_px"})
    return CameraConfig(camera_id=FRONT, side="left", **same)


def _write_board(path: Path, config: BoardConfig, dpi: float, json: bool) -> None:
    from vision.charuco import board_png, board_svg

    suffix = path.suffix.lower()
    if suffix not in BOARD_SUFFIXES:
        raise WrongUseError(f"--board {path}: name a file that ends in {' or '.join(BOARD_SUFFIXES)}")
    if path.exists():
        raise WrongUseError(f"--board {path}: the file exists; name a new one")
    data = board_svg(config).encode() if suffix == ".svg" else board_png(config, dpi)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise WrongUseError(f"--board {path}: cannot be written ({error.strerror}); name another") from error
    people.print(f"written to {path}: {config.text}; print at 100 %, measure a square, set square_mm to it")
    if json:
        print_json({"board": str(path), **config.model_dump()})


def _views_in(folder: Path, chosen: CameraConfig, board: Board) -> list[BoardView]:
    from vision.stills import PictureError, pictures_in, read_picture

    views: list[BoardView] = []
    with Progress(console=people, transient=True, disable=not people.is_terminal) as progress:
        for path in progress.track(pictures_in(folder), description="looking for the board"):
            image = read_picture(path)
            height, width = image.shape[:2]
            if (width, height) != (chosen.width, chosen.height):
                raise PictureError(
                    f"{path}: is {width}x{height}, camera '{chosen.camera_id}' has "
                    f"{chosen.width}x{chosen.height}; take pictures of that size, or mend width and height"
                )
            views.append(board.find(image, path.name))
    return views


def _views_live(chosen: CameraConfig, board: Board, count: int, timeout_s: float) -> Sequence[BoardView]:
    from robot.build import open_camera
    from robot.clock import MonotonicClock
    from vision.board_watch import BoardWatch
    from vision.lens_fit import LEAST_VIEWS, CalibrationError

    clock, watch = MonotonicClock(), BoardWatch(board, chosen.width)
    source = open_camera(chosen)
    people.print(
        "show the board: near and far, in all corners, tilted by 20 to 40 degrees; hold it still each time"
    )
    until = clock.now() + timeout_s
    try:
        with Progress(console=people, transient=True, disable=not people.is_terminal) as progress:
            task = progress.add_task("no board", total=count)
            while len(watch.views) < count and clock.now() < until:
                frame = source.read(READ_TIMEOUT_S)
                if frame is not None:
                    told = watch.take(frame)
                    progress.update(task, description=told, completed=len(watch.views))
    finally:
        source.close()
    if len(watch.views) < LEAST_VIEWS:
        raise CalibrationError(
            f"camera {chosen.camera_id}: {len(watch.views)} pictures in {timeout_s:g} s, it takes {LEAST_VIEWS}; "
            "hold the board nearer and stiller, or give more --timeout"
        )
    return watch.views


def _show(found: LensFit, chosen: CameraConfig, blind: Sequence[str]) -> None:
    before = chosen.model()
    lens = Table("", "measured", "±", "before", title=f"camera {chosen.camera_id}", title_justify="left")
    for name, std in (
        ("fx", found.focal_std),
        ("fy", found.focal_std),
        ("cx", found.centre_std),
        ("cy", found.centre_std),
    ):
        lens.add_row(
            f"{name}, px", f"{getattr(found, name):.2f}", f"{std:.2f}", f"{getattr(before, name):.2f}"
        )
    for number, name in enumerate(("k1", "k2", "p1", "p2", "k3")):
        lens.add_row(name, f"{found.distortion[number]:.5f}", "", f"{before.distortion[number]:.5f}")
    people.print(lens)
    pictures = Table("picture", "corners", "off by, px", "", title="pictures", title_justify="left")
    for view in found.views:
        note = "" if view.used else "left out: contradicts the others"
        pictures.add_row(view.name, str(view.corners), f"{view.rms_px:.2f}", note)
    for name in blind:
        pictures.add_row(name, "-", "-", "too little of the board seen")
    people.print(pictures)
    people.print(f"reprojection error {found.rms_px:.3f} px over {found.used} pictures")
    if found.coverage < GOOD_COVERAGE:
        people.print(
            f"corners were seen in {100 * found.coverage:.0f} % of the image only: the distortion beside it is "
            "a guess; take more pictures with the board at the edges",
            style="yellow",
        )


def _write(path: Path, chosen: CameraConfig, found: LensFit, yes: bool) -> bool:
    from robot.calibration.machine_file import replace_file, with_lens
    from robot.clock import MonotonicClock

    text = with_lens(
        path.read_text(encoding="utf-8"), str(path), chosen.camera_id, found, MonotonicClock().wall().date()
    )
    if not yes:
        ask_for_yes(f"write this lens to {path}", "nothing was written")
    replace_file(path, text)
    people.print(f"written to {path}")
    return True


def _result(found: LensFit, chosen: CameraConfig, blind: Sequence[str], written: bool) -> dict[str, Any]:
    return {
        "camera": chosen.camera_id,
        "written": written,
        "rms_px": round(found.rms_px, 4),
        "fx": found.fx,
        "fy": found.fy,
        "cx": found.cx,
        "cy": found.cy,
        "distortion": list(found.distortion),
        "focal_std_px": round(found.focal_std, 4),
        "centre_std_px": round(found.centre_std, 4),
        "coverage": round(found.coverage, 3),
        "pictures": [
            {"name": view.name, "corners": view.corners, "rms_px": round(view.rms_px, 4), "used": view.used}
            for view in found.views
        ],
        "without_board": list(blind),
    }
