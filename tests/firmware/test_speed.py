"""The drive's parts by themselves: the ramp to the micrometre, the command's end, and the encoder's speed."""

from random import Random
from typing import Any

import pytest

SAMPLES = 32
FASTEST_TICKS_S = 10_000_000


class Speed:
    """What the header promises: the slope over the last 32 samples, none closer than a millisecond."""

    def __init__(self) -> None:
        self.samples: list[tuple[int, int]] = []
        self.ticks_s = 0

    def take(self, ticks: int, now_us: int) -> None:
        if self.samples and now_us - self.samples[-1][1] < 1_000:
            return
        if self.samples:
            far, since_us = self.samples[-SAMPLES:][0]
            whole = abs(ticks - far) * 1_000_000 // (now_us - since_us)
            self.ticks_s = min(whole, FASTEST_TICKS_S) * (1 if ticks > far else -1)
        self.samples.append((ticks, now_us))


@pytest.mark.parametrize("seed", range(6))
def test_speed_is_the_slope_over_the_last_32_samples(parts: Any, seed: int) -> None:
    draw, speed, wanted = Random(seed), parts.new("bb_speed"), Speed()
    ticks, now_us = draw.randrange(-(2**40), 2**40), draw.randrange(2**33)
    for _ in range(200):
        ticks += draw.choice([0, 3, -5, 20_000, -40_000, draw.randrange(-200, 200)])
        now_us += draw.choice([1, 999, 1_000, 1_001, 40_000])
        parts.lib.bb_speed_take(speed, ticks & 0xFFFF_FFFF, now_us & 0xFFFF_FFFF)
        wanted.take(ticks, now_us)
        assert speed.ticks_s == wanted.ticks_s


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("ticks", "ticks_s"), [(9_999, 9_999_000), (10_000, 10_000_000), (10_001, 10_000_000)]
)
def test_speed_is_bounded_when_the_encoder_jumps(parts: Any, sign: int, ticks: int, ticks_s: int) -> None:
    speed = parts.new("bb_speed")
    parts.lib.bb_speed_take(speed, 0, 0)
    parts.lib.bb_speed_take(speed, sign * ticks & 0xFFFF_FFFF, 1_000)
    assert speed.ticks_s == sign * ticks_s


@pytest.mark.parametrize(("after_us", "ticks_s"), [(0, 0), (1, 9_000_000), (10**6, 9)])
def test_sample_a_whole_turn_of_the_clock_later_is_no_division_by_zero(
    parts: Any, after_us: int, ticks_s: int
) -> None:
    speed = parts.new("bb_speed")
    for ticks, now_us in [(0, 5), (4, 2**31), (9, 2**32 + 5 + after_us)]:
        parts.lib.bb_speed_take(speed, ticks, now_us & 0xFFFF_FFFF)
    assert speed.ticks_s == ticks_s


@pytest.mark.parametrize(
    ("ticks_s", "time_us", "lead"), [(1_500, 12_000, 18), (-1_500, 12_000, -18), (99, 10_000, 0)]
)
def test_lead_is_speed_times_lag(parts: Any, ticks_s: int, time_us: int, lead: int) -> None:
    assert parts.lib.bb_speed_lead(parts.new("bb_speed", ticks_s=ticks_s), time_us) == lead


@pytest.mark.parametrize("sign", [1, -1])
def test_ramp_is_exact_to_the_micrometre_and_ends_at_the_target(parts: Any, sign: int) -> None:
    motor, config = parts.new("bb_motor", target_mm_s=sign * 300, stepped_us=0), parts.config()
    for ms in range(1, 700):
        parts.lib.bb_motor_step(motor, config, ms * 1_000)
        assert motor.velocity_um_s == sign * min(ms * 500, 300_000)


@pytest.mark.parametrize(
    ("stall_us", "um_s"), [(99_999, 999_990), (100_000, 1_000_000), (3_000_000, 1_000_000)]
)
def test_stall_counts_for_no_more_than_a_tenth_of_a_second_of_ramp(
    parts: Any, stall_us: int, um_s: int
) -> None:
    motor = parts.new("bb_motor", target_mm_s=3_000)
    parts.lib.bb_motor_step(motor, parts.config(ramp_mm_s2=10_000), stall_us)
    assert motor.velocity_um_s == um_s


def test_command_ends_with_its_last_microsecond(parts: Any) -> None:
    motor, config = parts.new("bb_motor"), parts.config()
    assert (
        parts.lib.bb_motor_command(motor, config, parts.new("bb_drive", velocity_mm_s=9, valid_ms=70), 500)
        == 0
    )
    parts.lib.bb_motor_step(motor, config, 500 + 69_999)
    assert (motor.active, motor.target_mm_s) == (True, 9)
    parts.lib.bb_motor_step(motor, config, 500 + 70_000)
    assert (motor.active, motor.target_mm_s) == (False, 0)


def test_stop_stands_at_once_and_stays(parts: Any) -> None:
    motor, config = (
        parts.new("bb_motor", active=True, target_mm_s=300, velocity_um_s=300_000, valid_us=10**6),
        parts.config(),
    )
    parts.lib.bb_motor_stop(motor)
    assert (motor.velocity_um_s, motor.target_mm_s, motor.active) == (0, 0, False)
    parts.lib.bb_motor_step(motor, config, 50_000)
    assert motor.velocity_um_s == 0
