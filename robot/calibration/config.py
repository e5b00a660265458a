"""How valve lags are measured, and what was measured last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from firmware_bridge.core_config import MAX_NOZZLES
from vision.charuco import BoardConfig

if TYPE_CHECKING:
    from robot.settings import RobotConfig

LagSensorName = Literal["pressure", "microphone", "camera"]


class CalibrationConfig(BaseModel):
    """How `bombus calibrate` measures; the last keys are written by it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    lag_sensor: LagSensorName = Field(
        "pressure", description="what notices the air: pressure, microphone or camera"
    )
    sensor_delay_us: int = Field(
        0,
        ge=-20_000,
        le=200_000,
        description="from the event to the sensor's time stamp, taken off (assumed)",
    )
    trains: int = Field(24, ge=4, le=500, description="trains for each nozzle; more are surer (assumed)")
    openings: int = Field(9, ge=1, le=100, description="in a train (assumed)")
    on_ms: float = Field(40.0, gt=0, le=100, description="of each opening (assumed)")
    period_ms: float = Field(
        103.0,
        ge=2,
        le=1000,
        description="opening to opening; no multiple of the 20 ms of the reports, so that they fall everywhere",
    )
    pause_s: float = Field(0.3, ge=0.05, le=10, description="between trains (assumed)")
    recorder: tuple[str, ...] = Field(
        ("arecord", "-q", "-t", "wav", "-f", "S16_LE", "-r", "48000", "-c", "1"),
        min_length=1,
        description="program that writes a WAV stream on its output, for the microphone",
    )
    camera_id: str = Field("", max_length=40, description="the camera that sees the flag; '' is the first")
    board: BoardConfig = BoardConfig()
    lag_spread_us: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        (), max_length=MAX_NOZZLES, description="standard error of each measured lag; 0 is not measured"
    )
    lags_measured: str = Field("", max_length=80, description="day and sensor of the last measurement")


def calibrated_lags(config: RobotConfig) -> tuple[int, ...]:
    """Return the lags (µs, by nozzle) that the machine file gives; none when it leaves them to the board."""
    given = "lag_us" in config.controller.model_fields_set
    return config.controller.lag_us if given else ()
