"""A loop that is alive but cannot run: another thread keeps the interpreter to itself."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.core_config import CoreConfig
from firmware_bridge.events import PulseOutcome, Telemetry
from tests.firmware_bridge.test_mcu_program import Mcu

pytestmark = pytest.mark.realtime

WHOLE_SECONDS = 100_000_000
"""Numbers summed up by one call of C code, which holds the interpreter's lock all the while."""


@pytest.fixture
def mcu(tmp_path: Path) -> Iterator[Mcu]:
    mcu = Mcu(tmp_path)
    # The gauge is read by this same process here: its silence must not be what closes the valves.
    mcu.end()
    mcu.config.write_bytes(CoreConfig(nozzles=48, pressure_age_ms=2000).pack())
    mcu.start()
    yield mcu
    mcu.bridge.close()
    mcu.end()
    mcu.page.close()


def test_thread_that_hogs_the_interpreter_cannot_keep_a_valve_open(mcu: Mcu) -> None:
    mcu.arm()
    mcu.fire(1, 20, on_us=45_000, period_us=100_000, count=10)
    mcu.run(5, lambda: mcu.page.valves != 0)
    hog = threading.Thread(target=lambda: sum(range(WHOLE_SECONDS)))
    hog.start()
    mcu.run(0.1)
    hog.join()
    assert mcu.page.valves == 0
    mcu.run(5, lambda: 1 in mcu.outcomes())
    (outcome,) = {(e.outcome, e.cause) for e in mcu.events if isinstance(e, PulseOutcome)}
    assert outcome == ("cut_short", "deadman")
    mcu.run(5, lambda: any(isinstance(e, Telemetry) and e.deadman_trips for e in mcu.events))
    assert not [e for e in mcu.events if isinstance(e, Telemetry)][-1].armed
