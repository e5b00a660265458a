import numpy as np
import pytest

from robot.aim import JetConfig, NozzleBank
from robot.shots import Blower, Job, Neighbours, ShotChoice, ShotConfig, choose_shot
from robot.types import Reason, Train

BANK = NozzleBank(side="left", first_nozzle=0, count=32, h_first=1.3675, pitch=0.015)
H16 = BANK.height(16)
TRAIN = Train(on_us=15_000, period_us=41_667, count=3)


def blower(s: float = 0.9, velocity: float = 0.15, config: ShotConfig | None = None) -> Blower:
    return Blower(BANK, JetConfig(), TRAIN, config or ShotConfig(), s, velocity)


def field(
    *places: tuple[float, float, float], buds: tuple[int, ...] = (), spare: tuple[int, ...] = ()
) -> Neighbours:
    index = range(len(places))
    return Neighbours(
        places=np.array(places),
        clearance=np.array([0.003 if i in buds else 0.0 for i in index]),
        ready=np.array([i not in buds and i not in spare for i in index]),
        spare=np.array([i in spare for i in index]),
    )


def shot(near: Neighbours, jobs: tuple[Job, ...] = (), at: Blower | None = None) -> ShotChoice | Reason:
    return choose_shot(near, 0, jobs, at or blower(), 1)


def test_lone_flower_is_met_in_the_middle_by_the_nearest_nozzle() -> None:
    choice = shot(field((1.0, H16 + 0.003, 0.43)))
    assert isinstance(choice, ShotChoice)
    assert choice.job.nozzle == 16
    assert choice.aim_s == pytest.approx(1.0)
    assert choice.covered == (0,)


def test_two_open_flowers_close_together_share_one_train() -> None:
    choice = shot(field((1.0, H16, 0.43), (1.008, H16, 0.43)))
    assert isinstance(choice, ShotChoice)
    assert choice.covered == (0, 1)
    assert 1.0 <= choice.aim_s <= 1.008


def test_aim_moves_away_from_a_bud_beside_the_flower() -> None:
    choice = shot(field((1.0, H16, 0.43), (1.022, H16, 0.43), buds=(1,)))
    assert isinstance(choice, ShotChoice)
    assert choice.aim_s < 1.0


def test_other_nozzle_is_taken_when_a_bud_stands_above() -> None:
    choice = shot(field((1.0, H16 - 0.006, 0.43), (1.0, H16 + 0.012, 0.43), buds=(1,)))
    assert isinstance(choice, ShotChoice)
    assert choice.job.nozzle == 15


def test_flower_with_a_bud_in_front_of_it_is_left_alone() -> None:
    assert shot(field((1.0, H16, 0.43), (1.005, H16, 0.43), buds=(1,))) is Reason.BUD_IN_JET


def test_bud_between_the_openings_of_a_fast_train_is_seen() -> None:
    near = field((1.0, H16, 0.43), (1.027, H16, 0.43), buds=(1,))
    slow = shot(near, at=blower(0.8, 0.05, ShotConfig(max_shift=0.0, bud_share=0.25)))
    fast = shot(near, at=blower(0.8, 0.30, ShotConfig(max_shift=0.0, bud_share=0.25)))
    assert isinstance(slow, ShotChoice)
    assert fast is Reason.BUD_IN_JET


def test_a_bud_may_lose_no_more_than_its_share_of_the_train() -> None:
    near = field((1.0, H16, 0.43), (1.024, H16, 0.43), buds=(1,))
    strict = shot(near, at=blower(0.8, 0.15, ShotConfig(max_shift=0.0, bud_share=0.0)))
    grazing = shot(near, at=blower(0.8, 0.15, ShotConfig(max_shift=0.0, bud_share=0.25)))
    assert strict is Reason.BUD_IN_JET
    assert isinstance(grazing, ShotChoice)


def test_busy_nozzle_gives_way_to_its_neighbour() -> None:
    busy = blower().job(7, 16, 1.0, 0.18)
    choice = shot(field((1.0, H16 + 0.0065, 0.43)), jobs=(busy,))
    assert isinstance(choice, ShotChoice)
    assert choice.job.nozzle == 17


def test_flower_whose_nozzles_are_all_busy_is_refused() -> None:
    busy = tuple(blower().job(7 + n, n, 1.0, 0.18) for n in (14, 15, 16, 17, 18))
    assert shot(field((1.0, H16, 0.43)), jobs=busy) is Reason.NOZZLE_BUSY


def test_more_trains_than_the_air_allows_are_refused() -> None:
    running = tuple(blower().job(7 + n, n, 1.0, 0.18) for n in range(6))
    assert shot(field((1.0, H16, 0.43)), jobs=running) is Reason.OVER_AIR_BUDGET


def test_flower_already_before_the_nozzles_is_passed() -> None:
    assert shot(field((1.0, H16, 0.43)), at=blower(s=1.01)) is Reason.PASSED


def test_flower_above_the_bank_is_out_of_reach() -> None:
    assert shot(field((1.0, 1.9, 0.43))) is Reason.OUT_OF_REACH


def test_backward_travel_opens_on_the_far_side_of_the_flower() -> None:
    choice = shot(field((1.0, H16, 0.43)), at=blower(s=1.1, velocity=-0.15))
    assert isinstance(choice, ShotChoice)
    assert choice.job.start_s > 1.0 > choice.job.end_s


def test_treated_neighbour_is_avoided_where_that_costs_nothing() -> None:
    choice = shot(field((1.0, H16, 0.43), (1.02, H16, 0.43), spare=(1,)))
    assert isinstance(choice, ShotChoice)
    assert choice.aim_s < 1.0
    assert choice.covered == (0,)
