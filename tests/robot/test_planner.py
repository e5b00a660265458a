from collections.abc import Sequence
from math import inf, isfinite, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.config import DEMO_MACHINE, load_config
from robot.dose import Treatment, Treatments
from robot.planner import Machine, Plan, Situation, plan, readiness
from robot.shots import Job
from robot.types import FlowerKey, Reason
from vision.types import Flower, Pose, Side, Stage

CONFIG = load_config(DEMO_MACHINE)
MACHINE: Machine = CONFIG.machine
H16 = CONFIG.banks["left"].height(16)
OPEN, BUD, SPENT, DOUBTFUL = (0.02, 0.95, 0.03), (0.95, 0.03, 0.02), (0.02, 0.03, 0.95), (0.4, 0.5, 0.1)


def flower(
    flower_id: int = 1,
    place: tuple[float, float, float] = (1.0, H16, 0.43),
    belief: tuple[float, float, float] = OPEN,
    *,
    std: float = 0.002,
    views: int = 8,
    side: Side = "left",
    known: bool = True,
) -> Flower:
    return Flower(
        flower_id, side, np.array(place), np.eye(3) * std**2, np.array(belief), views, 0.0, 1.0, known
    )


def situation(
    s: float = 0.95,
    velocity: float = 0.15,
    *,
    treatments: Treatments | None = None,
    jobs: Sequence[Job] = (),
    held: dict[FlowerKey, Reason] | None = None,
    now: float = 50.0,
    origin_s: float = -1.0,
) -> Situation:
    pose = Pose(now, s, velocity, 0.0005)
    return Situation(now, pose, origin_s, treatments or Treatments(), jobs, 10, held or {})


def planned(*left: Flower, at: Situation | None = None) -> Plan:
    return plan({"left": left, "right": ()}, at or situation(), MACHINE)


def reasons(result: Plan) -> list[Reason]:
    return [refusal.reason for refusal in result.refusals]


def test_ready_flower_close_before_the_nozzles_gets_a_pulse() -> None:
    result = planned(flower())
    assert [pulse.flower_ids for pulse in result.pulses] == [(1,)]
    pulse = result.pulses[0]
    assert (pulse.pulse_id, pulse.nozzle, pulse.direction) == (10, 16, 1)
    assert pulse.aim == pytest.approx((1.0, H16, 0.43))
    lead = 0.15 * (0.5 * pulse.train.duration_us * 1e-6 + 0.18 / CONFIG.jet.exit_speed)
    assert pulse.trigger_ticks == round((1.0 - lead + 1.0) * 10_000)
    assert result.refusals == ()


def test_flower_still_far_ahead_is_neither_shot_nor_refused() -> None:
    assert planned(flower(), at=situation(s=0.7)) == Plan()


def test_commitment_waits_until_the_trigger_is_near() -> None:
    assert planned(flower(), at=situation(s=0.88)).pulses == ()
    assert planned(flower(), at=situation(s=0.90)).pulses != ()


@pytest.mark.parametrize(
    ("belief", "reason"),
    [
        (BUD, Reason.NOT_READY),
        (SPENT, Reason.NOT_READY),
        (DOUBTFUL, Reason.UNSURE),
        ((0.35, 0.62, 0.03), Reason.UNSURE),
        ((nan, 0.9, 0.1), Reason.UNSURE),
        ((inf, inf, inf), Reason.UNSURE),
    ],
)
def test_flower_that_is_not_surely_open_is_not_shot(
    belief: tuple[float, float, float], reason: Reason
) -> None:
    result = planned(flower(belief=belief))
    assert result.pulses == ()
    assert reasons(result) == [reason]


def test_flower_of_unsure_place_is_not_shot() -> None:
    assert reasons(planned(flower(std=0.02))) == [Reason.PLACE_UNSURE]
    assert reasons(planned(flower(known=False))) == [Reason.PLACE_UNSURE]
    assert reasons(planned(flower(std=nan))) == [Reason.PLACE_UNSURE]


def test_flower_seen_once_is_not_shot() -> None:
    assert readiness(flower(views=1), CONFIG.planner) is Reason.UNSURE


@pytest.mark.parametrize("d", [0.27, 0.60])
def test_flower_too_near_or_too_far_for_the_jet_is_not_shot(d: float) -> None:
    assert reasons(planned(flower(place=(1.0, H16, d)))) == [Reason.OUT_OF_REACH]


def test_flower_with_a_pulse_under_way_is_passed_over_in_silence() -> None:
    treated = Treatments([Treatment("left", (1.0, H16, 0.43), 49.9, 9, ("left", 1))])
    assert planned(flower(), at=situation(treatments=treated)) == Plan()


def test_flower_treated_in_an_earlier_run_is_refused_by_its_place() -> None:
    treated = Treatments([Treatment("left", (1.004, H16, 0.43), -3600.0, 9)])
    assert reasons(planned(flower(), at=situation(treatments=treated))) == [Reason.TREATED_RECENTLY]


def test_flower_whose_pulses_were_refused_again_and_again_is_held() -> None:
    at = situation(held={("left", 1): Reason.QUEUE_FULL})
    assert reasons(planned(flower(), at=at)) == [Reason.QUEUE_FULL]


def test_neighbours_in_one_jet_share_a_pulse_and_neither_is_refused() -> None:
    result = planned(flower(1), flower(2, (1.006, H16, 0.44)))
    assert [set(pulse.flower_ids) for pulse in result.pulses] == [{1, 2}]
    assert [len(pulse.places) for pulse in result.pulses] == [2]
    assert result.refusals == ()


def test_unsure_flower_in_the_jet_of_a_ready_one_counts_as_treated() -> None:
    result = planned(flower(1), flower(2, (1.004, H16, 0.43), belief=(0.05, 0.5, 0.45)))
    assert result.pulses[0].flower_ids == (1, 2)
    assert result.refusals == ()


def test_flower_beside_a_bud_is_refused_for_the_bud() -> None:
    result = planned(flower(1), flower(2, (1.004, H16, 0.43), belief=BUD))
    assert {r.flower_id: r.reason for r in result.refusals} == {
        1: Reason.BUD_IN_JET,
        2: Reason.NOT_READY,
    }


def test_flowers_of_both_sides_get_rising_ids_and_their_own_nozzles() -> None:
    result = plan({"left": [flower()], "right": [flower(side="right")]}, situation(), MACHINE)
    assert [(p.pulse_id, p.side, p.nozzle) for p in result.pulses] == [(10, "left", 16), (11, "right", 48)]


def test_standing_cart_plans_nothing() -> None:
    assert planned(flower(), at=situation(velocity=0.005)) == Plan()


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_pose_that_is_not_a_number_plans_nothing(bad: float) -> None:
    assert planned(flower(), at=situation(s=bad)) == Plan()
    assert planned(flower(), at=situation(velocity=bad)) == Plan()
    assert planned(flower(), at=situation(origin_s=bad)) == Plan()
    assert planned(flower(place=(bad, H16, 0.43))) == Plan()


def test_trigger_beyond_the_wire_is_not_planned() -> None:
    assert planned(flower(), at=situation(origin_s=-1e9)).pulses == ()


wide = st.floats(allow_nan=True, allow_infinity=True)
near_s = st.floats(0.93, 1.12)
beliefs = st.one_of(
    st.sampled_from([OPEN, BUD, SPENT, DOUBTFUL]),
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)),
    st.tuples(wide, wide, wide),
)
flowers = st.builds(
    flower,
    flower_id=st.integers(0, 40),
    place=st.tuples(
        st.one_of(near_s, near_s, wide),
        st.one_of(st.floats(1.55, 1.65), wide),
        st.one_of(st.floats(0.3, 0.6), wide),
    ),
    belief=beliefs,
    std=st.one_of(st.floats(0, 0.03), wide.filter(lambda x: not abs(x) > 1e100)),
    views=st.integers(0, 50),
    known=st.booleans(),
)
crops = st.lists(flowers, max_size=12, unique_by=lambda f: f.flower_id)
speeds = st.one_of(st.floats(-0.4, 0.4), wide)


@settings(max_examples=300, deadline=None)
@given(crop=crops, velocity=speeds, origin=st.one_of(st.floats(-5, 5), wide))
def test_plan_never_shoots_a_bud_nor_into_one_and_every_number_is_finite(
    crop: list[Flower], velocity: float, origin: float
) -> None:
    result = planned(*crop, at=situation(s=0.96, velocity=velocity, origin_s=origin))
    by_id = {f.flower_id: f for f in crop}
    for pulse in result.pulses:
        assert isfinite(pulse.trigger_ticks) and all(map(isfinite, pulse.aim))
        target = by_id[pulse.flower_ids[0]]
        assert readiness(target, MACHINE.planner) is None
        for flower_id in pulse.flower_ids:
            assert float(by_id[flower_id].belief[Stage.BUD]) < MACHINE.planner.bud_threshold
        for other in crop:
            is_bud = not float(other.belief[Stage.BUD]) < MACHINE.planner.bud_threshold
            if is_bud and np.isfinite(other.position).all() and abs(other.position[0] - pulse.aim[0]) < 0.05:
                away = np.hypot(other.position[0] - pulse.aim[0], other.position[1] - pulse.aim[1])
                radius = MACHINE.jet.radius_at(np.array([other.position[2] - 0.25]))[0]
                assert away > min(radius, 0.04)


@settings(max_examples=200, deadline=None)
@given(crop=crops, velocity=st.sampled_from([0.05, 0.15, 0.3, -0.15]))
def test_no_flower_gets_two_pulses_nor_a_pulse_and_a_refusal(crop: list[Flower], velocity: float) -> None:
    result = planned(*crop, at=situation(s=0.96, velocity=velocity))
    shot = [flower_id for pulse in result.pulses for flower_id in pulse.flower_ids]
    assert len([pulse.flower_ids[0] for pulse in result.pulses]) == len(
        {pulse.flower_ids[0] for pulse in result.pulses}
    )
    refused = [refusal.flower_id for refusal in result.refusals]
    assert len(refused) == len(set(refused))
    assert not set(refused) & set(shot)


@settings(max_examples=100, deadline=None)
@given(crop=crops)
def test_second_look_after_sending_shoots_nothing_again(crop: list[Flower]) -> None:
    first = planned(*crop)
    treatments = Treatments(
        Treatment("left", place, 50.0, pulse.pulse_id, ("left", flower_id))
        for pulse in first.pulses
        for flower_id, place in zip(pulse.flower_ids, pulse.places, strict=True)
    )
    second = planned(*crop, at=situation(treatments=treatments, jobs=first.jobs, now=50.1))
    shot = {flower_id for pulse in first.pulses for flower_id in pulse.flower_ids}
    assert not shot & {pulse.flower_ids[0] for pulse in second.pulses}


@settings(max_examples=100, deadline=None)
@given(crop=crops, seed=st.randoms(use_true_random=False))
def test_order_of_the_flowers_does_not_change_the_plan(crop: list[Flower], seed: object) -> None:
    shuffled = list(crop)
    seed.shuffle(shuffled)  # type: ignore[attr-defined]
    assert planned(*shuffled) == planned(*crop)


def test_pulses_of_one_plan_never_overlap_on_a_nozzle() -> None:
    crop = [flower(i, (0.99 + 0.012 * i, H16 + 0.004 * (i % 3), 0.43)) for i in range(8)]
    result = planned(*crop)
    for job in result.jobs:
        others = [other for other in result.jobs if other is not job and other.nozzle == job.nozzle]
        assert all(other.start_s > job.end_s or other.end_s < job.start_s for other in others)


def test_a_flower_at_an_absurd_height_is_not_planned_for() -> None:
    absurd = flower(1, place=(1.0, 2.7e306, 0.5))
    assert planned(absurd, at=situation(s=0.96, velocity=0.05)).pulses == ()


@given(speed=st.floats(0.02, CONFIG.drive.max_speed), backwards=st.booleans())
def test_flower_is_considered_until_the_jet_has_passed_it_and_no_longer(
    speed: float, backwards: bool
) -> None:
    way = -1 if backwards else 1
    at = situation(1.0, way * speed)
    nozzle, gone = 1.0 + CONFIG.banks["left"].s_offset, MACHINE.behind(speed)
    for behind, considered in ((gone - 1e-4, True), (gone + 1e-4, False)):
        result = planned(flower(place=(nozzle - way * behind, H16, 0.43), belief=BUD), at=at)
        assert bool(result.refusals) is considered
    assert gone <= MACHINE.behind(CONFIG.drive.max_speed)
