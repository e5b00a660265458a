"""What the user hears when the extra is not installed."""

from __future__ import annotations

import importlib.util
from importlib.machinery import ModuleSpec

import pytest

from vision.training import TrainingError, require_torch


def test_without_torch_the_user_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def found(name: str) -> ModuleSpec | None:
        return None

    monkeypatch.setattr(importlib.util, "find_spec", found)
    with pytest.raises(TrainingError, match=r"pip install 'bombus\[train\]'"):
        require_torch()
