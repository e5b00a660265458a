"""Where the machine differs from what its file says: cameras and nozzles off by millimetres and degrees."""

from __future__ import annotations

from collections.abc import Mapping
from math import radians

from pydantic import BaseModel, ConfigDict, Field

from robot.aim import NozzleBank
from vision.calibration import CameraModel
from vision.types import Side


class MisfitConfig(BaseModel):
    """True minus told. Everything is 0 by default: a machine as its file says."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    camera_s_mm: float = Field(0.0, ge=-100, le=100, description="lenses farther along the row, mm")
    camera_h_mm: float = Field(0.0, ge=-100, le=100, description="lenses higher, mm")
    camera_d_mm: float = Field(0.0, ge=-100, le=100, description="lenses nearer to the crop, mm")
    yaw_deg: float = Field(0.0, ge=-10, le=10, description="lenses turned to the image's right, degrees")
    pitch_deg: float = Field(0.0, ge=-10, le=10, description="lenses turned up, degrees")
    roll_deg: float = Field(0.0, ge=-10, le=10, description="lenses turned clockwise, degrees")
    focal_percent: float = Field(0.0, ge=-20, le=20, description="focal length longer, %")
    k1: float = Field(0.0, ge=-0.3, le=0.3, description="more radial distortion of the lens")
    nozzle_s_mm: float = Field(0.0, ge=-100, le=100, description="nozzles farther along the row, mm")
    nozzle_h_mm: float = Field(0.0, ge=-100, le=100, description="nozzles higher, mm")
    nozzle_d_mm: float = Field(0.0, ge=-100, le=100, description="mouths nearer to the crop, mm")

    def camera(self, told: CameraModel) -> CameraModel:
        """Return the camera that truly stands there."""
        if self == MisfitConfig():
            return told
        longer = 1.0 + 0.01 * self.focal_percent
        k1, *rest = told.distortion
        changes: dict[str, object] = {
            "s_offset": told.s_offset + 1e-3 * self.camera_s_mm,
            "h": told.h + 1e-3 * self.camera_h_mm,
            "d": told.d + 1e-3 * self.camera_d_mm,
            "yaw": told.yaw + radians(self.yaw_deg),
            "pitch": told.pitch + radians(self.pitch_deg),
            "roll": told.roll + radians(self.roll_deg),
            "fx": told.fx * longer,
            "fy": told.fy * longer,
            "distortion": (k1 + self.k1, *rest),
        }
        return CameraModel.model_validate({**told.model_dump(), **changes})

    def banks(self, told: Mapping[Side, NozzleBank]) -> dict[Side, NozzleBank]:
        """Return the nozzles as they truly stand."""
        changes = {"s_offset": self.nozzle_s_mm, "h_first": self.nozzle_h_mm, "d_mouth": self.nozzle_d_mm}
        return {
            side: bank.model_copy(update={key: getattr(bank, key) + 1e-3 * mm for key, mm in changes.items()})
            for side, bank in told.items()
        }
