from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from robot.safety import SafetyConfig, SafetyState, review
from robot.types import PlannedPulse, Reason, Train
from vision.types import Pose

CONFIG = SafetyConfig()
GOOD = SafetyState(
    now=100.0,
    running=True,
    hold="",
    link_up=True,
    armed=True,
    estop=False,
    pressure_kpa=600.0,
    telemetry_age_s=0.02,
    pose=Pose(100.0, 4.9, 0.15, 0.0005),
    position_known=True,
    origin_s=-1.0,
    ticks_per_m=10_000,
    row_length=20.0,
    nozzles=frozenset(range(64)),
    sent_times=(),
)
PULSE = PlannedPulse(
    1, "left", 3, 59_900, 1, Train(15_000, 41_667, 3), (5.0, 1.6, 0.43), (1,), ((5.0, 1.6, 0.43),)
)


def reason(state: SafetyState = GOOD, pulse: PlannedPulse = PULSE) -> Reason | None:
    allowed, refusals = review([pulse], state, CONFIG)
    if allowed:
        assert allowed == (pulse,) and refusals == ()
        return None
    assert refusals[0].detail
    return refusals[0].reason


def test_good_pulse_on_a_good_machine_is_allowed() -> None:
    assert reason() is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"estop": True}, Reason.ESTOP),
        ({"running": False}, Reason.STOPPED),
        ({"hold": "no frames"}, Reason.STOPPED),
        ({"link_up": False}, Reason.LINK_DOWN),
        ({"telemetry_age_s": 0.4}, Reason.LINK_DOWN),
        ({"telemetry_age_s": nan}, Reason.LINK_DOWN),
        ({"armed": False}, Reason.NOT_ARMED),
        ({"pressure_kpa": None}, Reason.LOW_PRESSURE),
        ({"pressure_kpa": 249.0}, Reason.LOW_PRESSURE),
        ({"pressure_kpa": 1001.0}, Reason.LOW_PRESSURE),
        ({"pressure_kpa": nan}, Reason.LOW_PRESSURE),
        ({"position_known": False}, Reason.POSITION_UNSURE),
        ({"pose": None}, Reason.POSITION_UNSURE),
        ({"pose": Pose(100.0, 4.9, 0.15, 0.02)}, Reason.POSITION_UNSURE),
        ({"pose": Pose(100.0, nan, 0.15, 0.0005)}, Reason.POSITION_UNSURE),
        ({"pose": Pose(100.0, 4.9, 0.15, nan)}, Reason.POSITION_UNSURE),
        ({"origin_s": inf}, Reason.POSITION_UNSURE),
        ({"row_length": 4.0}, Reason.OUTSIDE_ROW),
        ({"nozzles": frozenset({4})}, Reason.OVER_CAP),
        ({"pose": Pose(100.0, 4.995, 0.15, 0.0005)}, Reason.PASSED),
        ({"pose": Pose(100.0, 3.9, 0.15, 0.0005)}, Reason.OVER_CAP),
    ],
)
def test_machine_that_is_not_fit_refuses_with_the_reason(change: dict[str, object], expected: Reason) -> None:
    assert reason(replace(GOOD, **change)) is expected


@pytest.mark.parametrize(
    "train",
    [
        Train(50_001, 60_000, 1),
        Train(0, 41_667, 3),
        Train(-5, 41_667, 3),
        Train(15_000, 19_999, 3),
        Train(30_000, 30_000, 3),
        Train(15_000, 41_667, 0),
        Train(15_000, 41_667, 25),
        Train(15_000, 500_000, 3),
    ],
)
def test_train_over_a_cap_is_refused_never_clamped(train: Train) -> None:
    assert reason(pulse=replace(PULSE, train=train)) is Reason.OVER_CAP


@pytest.mark.parametrize("direction", [0, 2])
def test_pulse_without_a_direction_is_refused(direction: int) -> None:
    assert reason(pulse=replace(PULSE, direction=direction)) is Reason.OVER_CAP


def test_aim_that_is_not_a_place_is_refused() -> None:
    assert reason(pulse=replace(PULSE, aim=(nan, 1.6, 0.4))) is Reason.OUT_OF_REACH


def test_rate_budget_refuses_what_is_over_and_allows_what_fits() -> None:
    config = SafetyConfig(max_pulses_per_s=1.0, rate_window_s=4.0)
    state = replace(GOOD, sent_times=(90.0, 97.0, 98.0))
    pulses = [replace(PULSE, pulse_id=i) for i in (1, 2, 3)]
    allowed, refusals = review(pulses, state, config)
    assert [pulse.pulse_id for pulse in allowed] == [1, 2]
    assert [(r.pulse.pulse_id, r.reason) for r in refusals] == [(3, Reason.OVER_AIR_BUDGET)]


wide = st.floats(allow_nan=True, allow_infinity=True)
integers = st.integers(-(2**40), 2**40)
pulses = st.builds(
    PlannedPulse,
    pulse_id=integers,
    side=st.sampled_from(["left", "right"]),
    nozzle=st.one_of(st.integers(0, 63), integers),
    trigger_ticks=st.one_of(st.integers(59_000, 61_000), integers),
    direction=st.sampled_from([-1, 0, 1, 5]),
    train=st.builds(
        Train,
        st.one_of(st.integers(1_000, 60_000), integers),
        st.one_of(st.integers(10_000, 60_000), integers),
        st.one_of(st.integers(0, 30), integers),
    ),
    aim=st.tuples(st.one_of(st.floats(-1, 21), wide), wide, wide),
    flower_ids=st.just((1,)),
    places=st.just(((5.0, 1.6, 0.43),)),
)
states = st.builds(
    SafetyState,
    now=st.just(100.0),
    running=st.booleans(),
    hold=st.sampled_from(["", "", "camera"]),
    link_up=st.booleans(),
    armed=st.booleans(),
    estop=st.booleans(),
    pressure_kpa=st.one_of(st.none(), st.floats(0, 900), wide),
    telemetry_age_s=st.one_of(st.floats(0, 0.5), wide),
    pose=st.one_of(st.none(), st.builds(Pose, wide, st.one_of(st.floats(4.5, 5.5), wide), wide, wide)),
    position_known=st.booleans(),
    origin_s=st.one_of(st.just(-1.0), wide),
    ticks_per_m=st.just(10_000),
    row_length=st.just(20.0),
    nozzles=st.just(frozenset(range(64))),
    sent_times=st.lists(st.floats(90, 100), max_size=60),
)


@given(st.lists(pulses, max_size=6), st.one_of(st.just(GOOD), states))
def test_whatever_comes_in_only_fit_pulses_of_a_fit_machine_go_out(
    asked: list[PlannedPulse], state: SafetyState
) -> None:
    allowed, refusals = review(asked, state, CONFIG)
    assert len(allowed) + len(refusals) == len(asked)
    for pulse in allowed:
        assert state.running and state.link_up and state.armed and not state.estop and not state.hold
        assert state.pressure_kpa is not None and 250 <= state.pressure_kpa <= 1000
        assert 0 < pulse.train.on_us <= CONFIG.max_on_us
        assert pulse.train.duration_us <= CONFIG.max_train_us
        assert -0.05 <= pulse.aim[0] <= 20.05
        assert pulse.nozzle in state.nozzles
    for refusal in refusals:
        assert refusal.detail and isinstance(refusal.reason, Reason)
