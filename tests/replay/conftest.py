"""The checked-in runs. `pytest tests/replay --update-refs` takes on what the code decides now."""

from __future__ import annotations

from pathlib import Path

import pytest

FOLDER = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-refs", action="store_true", help="write the decisions of tests/replay anew")


@pytest.fixture
def update_refs(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-refs", default=False))
