"""Which configuration may arm: each value up to its hard limits, none beyond."""

from typing import Any

import pytest

from firmware_bridge.core_config import MAX_LAG_US, MAX_NOZZLES, SCALARS, CoreConfig, bounds
from firmware_bridge.enums import Flag, Result
from firmware_bridge.messages import Arm, SetLag


def refused(make_board: Any, **changes: object) -> bool:
    board = make_board(CoreConfig.model_construct(**{**CoreConfig().model_dump(), **changes}))
    board.hello()
    answer = Result(board.ack(Arm()).result)
    assert answer in {Result.OK, Result.BAD_CONFIG}
    return answer is Result.BAD_CONFIG


@pytest.mark.parametrize("name", SCALARS)
def test_board_arms_with_each_value_at_its_limits_and_with_none_beyond(make_board: Any, name: str) -> None:
    low, high = bounds(name)
    assert not refused(make_board, **{name: low})
    assert not refused(make_board, **{name: high})
    assert refused(make_board, **{name: high + 1})
    assert refused(make_board, **{name: low - 1 & 0xFFFF_FFFF})


@pytest.mark.parametrize("nozzle", [0, 1, MAX_NOZZLES - 1])
def test_board_arms_with_no_lag_beyond_the_limit_on_any_nozzle(make_board: Any, nozzle: int) -> None:
    lags = list(CoreConfig().lag_us)
    lags[nozzle] = MAX_LAG_US
    assert not refused(make_board, lag_us=tuple(lags))
    lags[nozzle] += 1
    assert refused(make_board, lag_us=tuple(lags))


def test_board_with_a_bad_configuration_is_held_to_the_safe_one(make_board: Any, parts: Any) -> None:
    board = make_board(CoreConfig.model_construct(**{**CoreConfig().model_dump(), "max_on_us": 2**32 - 1}))
    assert parts.memory(board.core).config.max_on_us == CoreConfig().max_on_us
    board.hello()
    assert board.ack(SetLag(0, 1)).result == Result.BAD_CONFIG
    assert board.telemetry.flags & Flag.CONFIG_BAD


@pytest.mark.parametrize(("lag_us", "nozzle"), [(MAX_LAG_US, 0), (0, MAX_NOZZLES - 1)])
def test_lag_may_be_set_up_to_its_limit_on_every_nozzle(make_board: Any, lag_us: int, nozzle: int) -> None:
    board = make_board()
    board.hello()
    assert board.ack(SetLag(nozzle, lag_us)).result == Result.OK
