"""Calibrated valve lags reach the board in every session, before it can be armed."""

from collections.abc import Callable
from typing import Any

import pytest

from firmware_bridge.bridge import BridgeConfig, McuBridge
from firmware_bridge.core_config import MAX_NOZZLES, CoreConfig
from firmware_bridge.events import CommandResult, LinkUp

LAGS_US = tuple(9_000 + 50 * n for n in range(MAX_NOZZLES))


def with_lags(bench: Any, config: BridgeConfig | None = None, lags_us: tuple[int, ...] = LAGS_US) -> Any:
    """Replace the bench's bridge by one that sets lags."""
    bench.bridge = McuBridge(bench.cable, config or BridgeConfig(), nonce=7, lags_us=lags_us)
    bench.bridge.connect(bench.now)
    return bench


def test_session_stands_once_the_board_has_the_lags(make_bench: Callable[..., Any]) -> None:
    bench = with_lags(make_bench())
    bench.run(1000)
    (up,) = bench.of(LinkUp)
    assert up.config_crc == CoreConfig(lag_us=LAGS_US).crc()
    assert not bench.of(CommandResult)
    bench.arm()


def test_board_without_lags_in_the_file_keeps_its_own(make_bench: Callable[..., Any]) -> None:
    bench = with_lags(make_bench(), lags_us=())
    bench.run(300)
    assert bench.of(LinkUp)[0].config_crc == CoreConfig().crc()


def test_only_the_nozzles_of_the_board_are_set(make_bench: Callable[..., Any]) -> None:
    bench = with_lags(make_bench(core_config=CoreConfig(nozzles=5)))
    bench.run(300)
    lags_us = LAGS_US[:5] + CoreConfig().lag_us[5:]
    assert bench.of(LinkUp)[0].config_crc == CoreConfig(nozzles=5, lag_us=lags_us).crc()


def test_restarted_board_gets_its_lags_again(make_bench: Callable[..., Any]) -> None:
    bench = with_lags(make_bench())
    bench.run(300)
    bench.restart_core()
    bench.run(2000)
    crcs = [up.config_crc for up in bench.of(LinkUp)]
    assert crcs == [CoreConfig(lag_us=LAGS_US).crc()] * 2


def test_expected_crc_is_that_of_the_board_with_the_lags_set(make_bench: Callable[..., Any]) -> None:
    fits = BridgeConfig(expected_config_crc=CoreConfig(lag_us=LAGS_US).crc())
    bench = with_lags(make_bench(), fits)
    bench.run(300)
    assert not bench.of(LinkUp)[0].config_mismatch
    bench.arm()


def test_second_run_finds_the_crc_that_the_first_one_left(make_bench: Callable[..., Any]) -> None:
    fits = BridgeConfig(expected_config_crc=CoreConfig(lag_us=LAGS_US).crc())
    bench = with_lags(make_bench(), fits)
    bench.run(300)
    with_lags(bench, fits)
    bench.run(1000)
    assert [up.config_mismatch for up in bench.of(LinkUp)] == [False, False]


def test_other_crc_is_refused_even_when_the_flashed_one_was_expected(make_bench: Callable[..., Any]) -> None:
    bench = with_lags(make_bench(), BridgeConfig(expected_config_crc=CoreConfig().crc()))
    bench.run(300)
    assert bench.of(LinkUp)[0].config_mismatch
    bench.bridge.arm(bench.now)
    assert bench.run(50)
    assert (bench.of(CommandResult)[-1].ok, bench.of(CommandResult)[-1].reason) == (False, "config_mismatch")


def test_lag_that_the_board_refuses_keeps_it_from_being_armed(make_bench: Callable[..., Any]) -> None:
    bench = with_lags(make_bench(), lags_us=(12_000, 50_001))
    bench.run(300)
    assert "the lag of nozzle 1, 50001 µs, was refused: over_cap" in bench.bridge.link.problem
    bench.bridge.arm(bench.now)
    bench.run(50)
    assert not bench.of(CommandResult)[-1].ok


@pytest.mark.parametrize("seed", range(4))
def test_lags_arrive_through_a_damaged_cable(make_bench: Callable[..., Any], seed: int) -> None:
    bench = with_lags(make_bench(damage=0.1, seed=seed))
    bench.run(20_000)
    ups = bench.of(LinkUp)
    assert ups
    assert {up.config_crc for up in ups} == {CoreConfig(lag_us=LAGS_US).crc()}
