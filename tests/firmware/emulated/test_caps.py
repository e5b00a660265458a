"""The cap that boards keep beside the core, compiled for this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cffi import FFI

FIRMWARE = Path(__file__).parents[3] / "firmware_bridge" / "firmware"
IDLE = 0xFFFF_FFFF
CAP_US = 50_000


class Caps:
    """A bb_caps; all times wrap at 2^32."""

    def __init__(self, lib: Any, new: Callable[[str], Any]) -> None:
        self._lib = lib
        self._caps = new("bb_caps *")

    def command(self, valves: int, now_us: int) -> None:
        self._lib.bb_caps_command(self._caps, valves, CAP_US, now_us & IDLE)

    def pins(self, now_us: int) -> int:
        return int(self._lib.bb_caps_pins(self._caps, now_us & IDLE))

    def wait_us(self, now_us: int) -> int:
        return int(self._lib.bb_caps_wait_us(self._caps, now_us & IDLE))


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    import importlib.util

    ffi = FFI()
    ffi.cdef(
        "typedef struct { ...; } bb_caps;"
        "void bb_caps_command(bb_caps *caps, uint64_t open, uint32_t cap_us, uint32_t now_us);"
        "uint64_t bb_caps_pins(bb_caps *caps, uint32_t now_us);"
        "uint32_t bb_caps_wait_us(const bb_caps *caps, uint32_t now_us);"
    )
    ffi.set_source(
        "caps_under_test",
        '#include "caps.h"',
        sources=[str(FIRMWARE / "caps.c")],
        include_dirs=[str(FIRMWARE)],
    )
    path = ffi.compile(tmpdir=str(tmp_path_factory.mktemp("caps")))
    spec = importlib.util.spec_from_file_location("caps_under_test", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.lib, module.ffi.new


@pytest.fixture
def caps(library: tuple[Any, Any]) -> Caps:
    return Caps(*library)


@pytest.mark.parametrize("start_us", [0, 1_000_000, IDLE - 10_000])
def test_a_valve_that_is_never_closed_again_loses_its_pin_at_the_cap(caps: Caps, start_us: int) -> None:
    caps.command(1 << 63, start_us)
    assert caps.pins(start_us) == 1 << 63
    assert caps.wait_us(start_us) == CAP_US
    assert caps.pins(start_us + CAP_US - 1) == 1 << 63
    assert caps.pins(start_us + CAP_US) == 0
    assert caps.wait_us(start_us + CAP_US) == IDLE


def test_repeating_the_command_does_not_renew_it(caps: Caps) -> None:
    for now_us in range(0, CAP_US, 1000):
        caps.command(1, now_us)
        assert caps.pins(now_us) == 1
    caps.command(1, CAP_US)
    assert caps.pins(CAP_US) == 0
    caps.command(1, 10 * CAP_US)
    assert caps.pins(10 * CAP_US) == 0


def test_only_a_close_in_between_lets_it_open_again(caps: Caps) -> None:
    caps.command(1, 0)
    assert caps.pins(CAP_US) == 0
    caps.command(0, CAP_US + 1)
    caps.command(1, CAP_US + 2)
    assert caps.pins(CAP_US + 2) == 1


def test_each_valve_has_its_own_time_and_the_earliest_is_waited_for(caps: Caps) -> None:
    caps.command(0b01, 0)
    caps.command(0b11, 20_000)
    assert caps.wait_us(20_000) == 30_000
    assert caps.pins(CAP_US) == 0b10
    assert caps.wait_us(CAP_US) == 20_000
    assert caps.pins(20_000 + CAP_US) == 0


def test_an_alarm_that_comes_late_is_due_at_once(caps: Caps) -> None:
    caps.command(1, 0)
    assert caps.wait_us(CAP_US + 5_000) == 1
