"""Daemons die, hang and lose their cable at any moment; the ledger and the valves' own trace still agree."""

import pytest

from robot.settings import SHIPPED_MODEL
from sim.kill_campaign import CampaignResult, run_campaign

pytestmark = [
    pytest.mark.realtime,
    pytest.mark.skipif(not SHIPPED_MODEL.exists(), reason="the shipped model is not there"),
]


def check(result: CampaignResult, kills: int) -> None:
    assert result.problems == ()
    assert result.broken == 0, result
    assert result.kills == kills
    ends = result.done + result.cut_short + result.not_fired + result.refused + result.maybe_fired
    assert ends == result.pulses


def test_a_few_killed_daemons_fire_nothing_twice_and_lose_nothing() -> None:
    check(run_campaign(kills=2, robots=2, seed=3), 2)


@pytest.mark.slow
@pytest.mark.timeout(2400)
def test_two_hundred_killed_daemons_fire_nothing_twice_and_lose_nothing() -> None:
    result = run_campaign(kills=200, robots=4, seed=1)
    check(result, 200)
    assert result.done > 50, "hardly any pulse was fired: the campaign proves little"
    assert min(result.resets, result.hangs, result.noisy_spells) > 0
