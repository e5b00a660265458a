"""For all tests: what one does to the log reaches no other."""

from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    yield
    if structlog.is_configured():
        structlog.reset_defaults()
