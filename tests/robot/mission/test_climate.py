from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.mission.climate import ClimateConfig, ClimateGate, Reading, Verdict

CONFIG = ClimateConfig(source="manual")


def at(hour: float) -> datetime:
    return datetime(2026, 6, 1, int(hour), int(hour % 1 * 60), tzinfo=UTC)


def judge(reading: Reading | None, hour: float = 12.0, now: float = 0.0, trouble: str = "") -> Verdict:
    return ClimateGate(CONFIG).judge(reading, trouble, now, at(hour))


@pytest.mark.parametrize(
    ("celsius", "humidity", "hour", "is_open", "words"),
    [
        (22.0, 70.0, 12.0, True, "open until 16:00: 22.0 °C, 70 % RH"),
        (22.0, 70.0, 9.5, False, "closed: it is 09:30, the window is 10:00-16:00"),
        (22.0, 70.0, 16.0, False, "closed: it is 16:00"),
        (31.0, 70.0, 12.0, False, "closed: 31.0 °C is above 29.4 °C; opens again at 28.9 °C"),
        (12.0, 70.0, 12.0, False, "closed: 12.0 °C is below 15.6 °C; opens again at 16.1 °C"),
        (22.0, 91.0, 12.0, False, "closed: 91.0 % RH is above 80 % RH; opens again at 78 % RH"),
        (22.0, 40.0, 12.0, False, "closed: 40.0 % RH is below 60 % RH"),
    ],
)
def test_gate_says_why_in_one_sentence(
    celsius: float, humidity: float, hour: float, is_open: bool, words: str
) -> None:
    verdict = judge(Reading(celsius, humidity, 0.0), hour)
    assert verdict.open is is_open is (verdict.code == "")
    assert words in verdict.sentence and "\n" not in verdict.sentence


def test_old_reading_closes_the_window_and_its_age_is_told() -> None:
    verdict = judge(Reading(22.0, 70.0, 0.0), now=1260.0, trouble="broker lost")
    assert verdict == Verdict(
        False,
        "closed: the last climate reading is 21 min old, 15 min are allowed (broker lost)",
        "old_reading",
    )


def test_no_reading_yet_closes_the_window() -> None:
    assert judge(None).sentence == "closed: no climate reading yet from manual; check the source"


def test_without_a_source_the_hours_alone_decide() -> None:
    gate = ClimateGate(ClimateConfig())
    assert gate.judge(None, "", 0.0, at(11)).open
    assert not gate.judge(None, "", 0.0, at(17)).open


def test_window_does_not_flap_at_a_limit() -> None:
    gate = ClimateGate(CONFIG)
    verdicts = [
        gate.judge(Reading(c, 70.0, 0.0), "", 0.0, at(12)).open for c in (29.3, 29.5, 29.3, 29.0, 28.8)
    ]
    assert verdicts == [True, False, False, False, True]
    hint = ClimateGate(CONFIG)
    hint.judge(Reading(29.5, 70.0, 0.0), "", 0.0, at(12))
    assert "only just not above 29.4" in hint.judge(Reading(29.3, 70.0, 0.0), "", 0.0, at(12)).sentence


@settings(deadline=None)
@given(st.floats(-40, 80), st.floats(0, 100), st.floats(0, 5000), st.floats(0, 23.9), st.booleans())
def test_open_means_all_limits_hold(
    celsius: float, humidity: float, age: float, hour: float, have: bool
) -> None:
    verdict = judge(Reading(celsius, humidity, 0.0) if have else None, hour, now=age)
    inside = 15.6 <= celsius <= 29.4 and 60 <= humidity <= 80 and age <= 900
    local = at(hour)
    assert verdict.open == (have and inside and 10 <= local.hour < 16)
    assert verdict.sentence.startswith("open until" if verdict.open else "closed: ")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"open_hour": 16.0, "close_hour": 10.0}, "open_hour = 16: must be below close_hour"),
        ({"min_c": 40.0}, "min_c = 40"),
        ({"source": "csv"}, "csv is missing"),
        ({"source": "http", "url": "ftp://x"}, "must begin with http"),
        ({"source": "mqtt"}, "mqtt_host is missing"),
    ],
)
def test_climate_that_cannot_be_is_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ClimateConfig.model_validate(values)
