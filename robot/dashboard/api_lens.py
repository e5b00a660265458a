"""Routes of the lens wizard: a camera measured with the printed board, and its lens put into the machine file."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI, HTTPException, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from robot.calibration.machine_file import with_lens
from robot.config import ConfigError, load_config
from robot.dashboard.api_config import change_machine
from robot.dashboard.api_models import Done, Given, Taken
from robot.dashboard.board import Board
from robot.dashboard.identity import Who
from robot.dashboard.lens_wizard import Measuring, WizardError, coverage_of, least_views
from robot.dashboard.refused import CodedError
from robot.dashboard.rights import Right, needs
from robot.refusals import Refusal
from robot.reload import read_machine
from robot.settings import RobotConfig

SVG = "image/svg+xml"


class LensBody(Taken):
    """Which camera, by its name in the machine file."""

    camera: str = Field(min_length=1, max_length=80, examples=["left"])


class FitLine(Given):
    """A measured lens; px, `left_out` are pictures that contradict the others."""

    rms_px: float
    fx: float
    fy: float
    cx: float
    cy: float
    focal_std: float
    used: int
    left_out: int


class LensState(Given):
    """How a measurement stands: `told` is no picture, no board, hold still, move or tilt, taken or enough."""

    cameras: tuple[str, ...]
    camera: str = Field(description="the one being measured, or empty")
    by: str = ""
    told: str = ""
    seq: int | None = Field(None, description="which picture; changes with each")
    width: int = 0
    height: int = 0
    corners: tuple[tuple[float, float], ...] = Field((), description="found in the newest picture, px")
    seen: tuple[tuple[float, float], ...] = Field(
        (), description="corners of the pictures that were taken, px"
    )
    taken: int = 0
    least: int = 0
    coverage: float = 0.0
    problem: str = ""
    fit: FitLine | None = None


def add_lens_routes(app: FastAPI, board: Board) -> None:
    """Add measuring a lens."""
    _add_looking(app, board)
    _add_shown(app, board)
    _add_ending(app, board)


def _add_looking(app: FastAPI, board: Board) -> None:
    wizard = board.lens

    @app.get("/api/v1/lens", tags=["workshop"])
    @needs(Right.TUNE)
    async def state() -> LensState:
        """Return how the measurement stands."""
        wizard.asked()
        return await run_in_threadpool(_state, board)

    @app.post("/api/v1/lens", tags=["workshop"], status_code=202)
    @needs(Right.TUNE)
    async def begin(body: LensBody, who: Who) -> LensState:
        """Begin to look for the board in the pictures of a camera, or begin again."""
        if why := board.at_work():
            raise CodedError(409, why, Refusal.COMPUTER_NEEDED)
        config = await run_in_threadpool(_config, _machine(board))
        camera = next((one for one in config.cameras if one.camera_id == body.camera), None)
        if camera is None:
            raise HTTPException(404, f"camera {body.camera!r}: is not in the machine file")
        await wizard.begin(camera, config.calibration.board, who.actor.who)
        return await run_in_threadpool(_state, board)

    @app.delete("/api/v1/lens", tags=["workshop"])
    @needs(Right.TUNE)
    async def end() -> Done:
        """End it; what was seen is forgotten."""
        wizard.end()
        return Done(text="ended")


def _add_shown(app: FastAPI, board: Board) -> None:
    wizard = board.lens

    @app.get(
        "/api/v1/lens/picture", tags=["workshop"], response_class=Response,
        responses={200: {"content": {"image/jpeg": {}}}},
    )  # fmt: skip
    @needs(Right.TUNE)
    async def picture() -> Response:
        """Return the picture that was looked at last."""
        if wizard.now is None or not wizard.now.jpeg:
            raise HTTPException(404, "there is no picture yet")
        return Response(wizard.now.jpeg, media_type="image/jpeg")

    @app.get(
        "/api/v1/lens/board",
        tags=["workshop"],
        response_class=Response,
        responses={200: {"content": {SVG: {}}}},
    )
    @needs(Right.TUNE)
    def paper() -> Response:
        """Return the board of the machine file, to print at 100 %."""
        from vision.charuco import board_svg

        drawn = board_svg(_config(_machine(board)).calibration.board)
        headers = {"content-disposition": 'attachment; filename="bombus-board.svg"'}
        return Response(drawn, media_type=SVG, headers=headers)


def _add_ending(app: FastAPI, board: Board) -> None:
    wizard = board.lens

    @app.post("/api/v1/lens/fit", tags=["workshop"])
    @needs(Right.TUNE)
    async def fit() -> LensState:
        """Measure the lens from the pictures that were taken."""
        try:
            await wizard.fit()
        except WizardError as error:
            raise HTTPException(409, " ".join(str(error).split())) from error
        return await run_in_threadpool(_state, board)

    @app.post("/api/v1/lens/apply", tags=["workshop"])
    @needs(Right.TUNE)
    async def apply(who: Who) -> Done:
        """Put the machine file with the measured lens in force."""
        try:
            camera, lens = wizard.fitted()
            machine = _machine(board)
            text = (await run_in_threadpool(read_machine, machine)).text
            text = with_lens(text, machine.name, camera.camera_id, lens, board.clock.wall().date())
        except (ConfigError, WizardError) as error:
            raise HTTPException(409, " ".join(str(error).split())) from error
        done = await change_machine(board, who, text, f"lens of {camera.camera_id}")
        wizard.end()
        return done


def _state(board: Board) -> LensState:
    now = board.lens.now
    try:
        cameras = tuple(one.camera_id for one in _config(_machine(board)).cameras)
    except HTTPException:
        cameras = ()
    return LensState(cameras=cameras, camera="") if now is None else _shown(now, cameras)


def _shown(now: Measuring, cameras: tuple[str, ...]) -> LensState:
    views, lens = list(now.watch.views), now.fit
    return LensState(
        cameras=cameras,
        camera=now.camera.camera_id,
        by=now.by,
        told=now.told,
        seq=now.seq,
        width=now.camera.width,
        height=now.camera.height,
        corners=tuple(now.corners),
        seen=tuple((round(float(x), 1), round(float(y), 1)) for view in views for x, y in view.corners),
        taken=len(views),
        least=least_views(),
        coverage=coverage_of(now),
        problem=now.problem,
        fit=None
        if lens is None
        else FitLine(
            rms_px=lens.rms_px,
            fx=lens.fx,
            fy=lens.fy,
            cx=lens.cx,
            cy=lens.cy,
            focal_std=lens.focal_std,
            used=lens.used,
            left_out=sum(not view.used for view in lens.views),
        ),
    )


def _machine(board: Board) -> Path:
    if board.machine is None:
        raise HTTPException(409, "the dashboard was not told of a machine file")
    return board.machine


def _config(machine: Path) -> RobotConfig:
    try:
        return load_config(machine)
    except ConfigError as error:
        raise HTTPException(409, str(error)) from error
