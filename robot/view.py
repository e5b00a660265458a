"""Whether a camera sees all that the nozzles of its side reach. `bombus doctor` asks."""

from __future__ import annotations

from robot.aim import JetConfig, NozzleBank
from vision.calibration import CameraModel

LEAST_SIGHT_M = 0.1
"""Views over less travel than this fix neither place nor stage."""


def heights_seen(camera: CameraModel, d: float) -> tuple[float, float]:
    """Return the lowest and the highest place (m above the rail) seen whole at `d` m from the mast plane."""
    _, _, low, high = camera.inner_field_of_rays
    depth = d - camera.d
    return camera.h + low * depth, camera.h + high * depth


def sees_before_nozzles(camera: CameraModel, bank: NozzleBank, jet: JetConfig, direction: int) -> bool:
    """Return whether flowers come into view before the nozzles reach them, for travel along +s (1) or -s (-1)."""
    low, high, _, _ = camera.inner_field_of_rays
    depth = bank.d_mouth + jet.best_distance - camera.d
    edge = camera.s_offset + (high if direction > 0 else low) * depth
    return (edge - bank.s_offset) * direction > LEAST_SIGHT_M


def unseen_nozzles(camera: CameraModel, bank: NozzleBank, jet: JetConfig) -> int:
    """Return how many nozzles blow where the camera sees nothing, at the jet's best distance."""
    low, high = heights_seen(camera, bank.d_mouth + jet.best_distance)
    return sum(not low <= bank.height(nozzle) <= high for nozzle in bank.numbers)
