"""Trains the flower detector; the only place that imports torch (the extra `bombus[train]`)."""

from __future__ import annotations

import importlib.util


class TrainingError(Exception):
    """Training cannot start or go on; the text names the thing, its value and the remedy."""


def require_torch() -> None:
    """Raise TrainingError when what the extra `train` brings is not installed."""
    missing = [name for name in ("torch", "onnx") if importlib.util.find_spec(name) is None]
    if missing:
        raise TrainingError(
            f"training needs {' and '.join(missing)}; install with: pip install 'bombus[train]'"
        )
