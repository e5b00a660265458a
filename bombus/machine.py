"""Settings that several commands take from the machine file, or from the shipped one."""

from __future__ import annotations

from pathlib import Path

from robot.config import DEMO_MACHINE, load_config


def detector_settings(config: Path | None, model: Path | None) -> tuple[Path, int]:
    """Return the model's path and its threads; `model` wins over the machine file."""
    settings = load_config(config or DEMO_MACHINE).detector
    return (model or settings.model), settings.threads
