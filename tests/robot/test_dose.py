from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot.dose import DoseConfig, Treatment, Treatments, why_not_again
from robot.types import FlowerKey, Place, Reason

CONFIG = DoseConfig()
HOUR = 3600.0
PLACE: Place = (3.0, 1.6, 0.43)
FLOWER: FlowerKey = ("left", 4)


def verdict(
    treatments: Treatments,
    place: Place = PLACE,
    now: float = 0.0,
    in_view: frozenset[FlowerKey] = frozenset(),
) -> Reason | None:
    return why_not_again(treatments, FLOWER, place, in_view=in_view, now=now, config=CONFIG)


def shifted(ds: float) -> Place:
    return (PLACE[0] + ds, PLACE[1], PLACE[2])


def test_train_has_the_frequency_and_length_of_the_settings() -> None:
    train = CONFIG.train()
    assert (train.count, train.on_us, train.period_us) == (3, 15_000, 41_667)
    assert train.duration_us == 2 * 41_667 + 15_000


def test_flower_never_treated_may_be_treated() -> None:
    assert verdict(Treatments()) is None


def test_flower_treated_by_name_rests_for_the_interval_wherever_it_moved() -> None:
    treatments = Treatments([Treatment("left", shifted(0.4), 0.0, 1, FLOWER)])
    assert verdict(treatments, now=17.9 * HOUR) is Reason.TREATED_RECENTLY
    assert verdict(treatments, now=18.1 * HOUR) is None


def test_flower_at_a_treated_place_of_an_earlier_run_rests() -> None:
    treatments = Treatments([Treatment("left", shifted(0.012), -2 * HOUR, 1)])
    assert verdict(treatments) is Reason.TREATED_RECENTLY


def test_flower_beyond_the_same_place_radius_is_another_one() -> None:
    assert verdict(Treatments([Treatment("left", shifted(0.016), -2 * HOUR, 1)])) is None


def test_same_place_on_the_other_side_is_another_flower() -> None:
    assert verdict(Treatments([Treatment("right", PLACE, -2 * HOUR, 1)])) is None


def test_neighbour_that_is_still_seen_apart_does_not_block() -> None:
    treatments = Treatments([Treatment("left", shifted(0.012), -10.0, 1, ("left", 5))])
    assert verdict(treatments, in_view=frozenset({("left", 5)})) is None
    assert verdict(treatments) is Reason.TREATED_RECENTLY


def test_two_tracks_closer_than_flowers_can_be_are_one_flower() -> None:
    treatments = Treatments([Treatment("left", shifted(0.005), -10.0, 1, ("left", 5))])
    assert verdict(treatments, in_view=frozenset({("left", 5)})) is Reason.TREATED_RECENTLY


def test_daily_cap_holds_when_the_interval_is_short() -> None:
    config = CONFIG.model_copy(update={"min_interval_h": 1.0, "daily_cap": 2})
    treatments = Treatments([Treatment("left", PLACE, -h * HOUR, h) for h in (20, 10)])
    verdict = why_not_again(treatments, FLOWER, PLACE, in_view=frozenset(), now=0.0, config=config)
    assert verdict is Reason.DAILY_CAP


def test_treatment_in_the_future_counts_as_recent() -> None:
    assert verdict(Treatments([Treatment("left", PLACE, 1e9, 1)])) is Reason.TREATED_RECENTLY


def test_refused_pulse_is_forgotten_by_name_and_by_place() -> None:
    treatments = Treatments([Treatment("left", PLACE, 0.0, 7, FLOWER)])
    treatments.remove_pulse(7)
    treatments.remove_pulse(7)
    assert verdict(treatments) is None
    assert len(treatments) == 0


def test_renamed_flower_keeps_its_treatments() -> None:
    treatments = Treatments([Treatment("left", PLACE, 0.0, 7, ("left", 9))])
    treatments.rename(("left", 9), FLOWER)
    assert verdict(treatments, place=shifted(1.0)) is Reason.TREATED_RECENTLY
    treatments.remove_pulse(7)
    assert verdict(treatments) is None


@pytest.mark.parametrize("s", [nan, inf, -inf])
def test_treatment_without_a_place_is_remembered_by_name(s: float) -> None:
    treatments = Treatments([Treatment("left", (s, 1.0, 1.0), 0.0, 7, FLOWER)])
    treatments.rename(FLOWER, FLOWER)
    assert verdict(treatments) is Reason.TREATED_RECENTLY
    treatments.remove_pulse(7)
    assert verdict(treatments) is None


@given(st.lists(st.tuples(st.floats(-0.1, 0.1), st.floats(-0.1, 0.1)), max_size=30), st.floats(-5, 5))
def test_near_finds_what_a_full_search_finds(offsets: list[tuple[float, float]], s: float) -> None:
    places = [(s + ds, 1.6 + dh, 0.4) for ds, dh in offsets]
    treatments = Treatments(Treatment("left", place, 0.0, i) for i, place in enumerate(places))
    found = {t.pulse_id for t in treatments.near("left", (s, 1.6, 0.4), 0.05)}
    wanted = {i for i, p in enumerate(places) if ((p[0] - s) ** 2 + (p[1] - 1.6) ** 2) ** 0.5 <= 0.05}
    assert found ^ wanted <= {
        i for i, p in enumerate(places) if abs(((p[0] - s) ** 2 + (p[1] - 1.6) ** 2) ** 0.5 - 0.05) < 1e-9
    }


@pytest.mark.parametrize("owner", [FLOWER, ("left", 9), None])
@pytest.mark.parametrize("moved", [0.0, 0.012, 0.03, 0.052, 0.3, nan])
def test_a_wrong_recognition_never_gives_a_flower_a_second_train(
    owner: FlowerKey | None, moved: float
) -> None:
    origin = shifted(0.002)
    treatment = Treatment("left", shifted(0.002 + moved), -60.0, 1, recognised=owner, origin=origin)
    in_view = frozenset({FLOWER, ("left", 9)})
    assert verdict(Treatments([treatment]), in_view=in_view) is Reason.TREATED_RECENTLY


def test_a_neighbour_of_a_recognised_flower_may_be_treated() -> None:
    treatment = Treatment("left", shifted(0.014), -60.0, 1, recognised=("left", 9), origin=shifted(0.01))
    in_view = frozenset({FLOWER, ("left", 9)})
    assert verdict(Treatments([treatment]), in_view=in_view) is None


def test_treatment_that_was_moved_is_moved_on_and_forgotten_as_a_whole() -> None:
    first = Treatment("left", PLACE, -60.0, 1)
    moved = Treatment("left", shifted(0.2), -60.0, 1, origin=PLACE)
    treatments = Treatments([first])
    assert treatments.exchange(first, moved)
    assert treatments.near("left", PLACE, 0.01) == [moved]
    assert treatments.near("left", shifted(0.2), 0.01) == [moved]
    back = Treatment("left", shifted(0.004), -60.0, 1, origin=PLACE)
    assert treatments.exchange(moved, back)
    assert treatments.near("left", shifted(0.2), 0.01) == []
    assert treatments.near("left", PLACE, 0.01) == [back]
    treatments.remove_pulse(1)
    assert treatments.near("left", PLACE, 0.05) == []
