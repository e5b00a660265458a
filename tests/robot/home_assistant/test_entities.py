"""What Home Assistant is told: every entity finds its value in the state, and nothing is claimed that is not known."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.dashboard.row_passes import Pass
from robot.home_assistant.entities import (
    ENTITIES,
    STOP_BUTTON,
    Topics,
    described,
    midnight,
    state_of,
    waits_for,
)
from robot.snapshot import AlertState, FaultState, Snapshot
from robot.snapshot_builder import SnapshotBuilder
from robot.types import Mode
from tests.robot.views import READY

TOPICS = Topics("homeassistant", "Kas 3 – robot B")
FAULT = FaultState("pressure_low", "hold", "Air is low", "Wait for the compressor", 3.0, True, False)


def shown(**changes: object) -> Snapshot:
    snapshot = SnapshotBuilder({}, "").build(replace(READY, mode=Mode.RUNNING), None, None)
    return msgspec.structs.replace(snapshot, **changes)


def test_each_sensor_finds_its_value_in_the_state() -> None:
    state = state_of(shown(), [])
    for entity in ENTITIES:
        assert entity.key in state
        document = described(entity, TOPICS, 5.0, "0.1.0")
        assert document["value_template"] == f"{{{{ value_json.{entity.key} }}}}"
        assert document["availability_topic"] == "bombus/kas_3_robot_b/availability"
    assert "state_topic" not in described(STOP_BUTTON, TOPICS, 5.0, "0.1.0")


def test_what_is_not_known_is_not_told_as_a_number() -> None:
    state = state_of(shown(), None)
    assert [state[key] for key in ("coverage", "treated", "battery", "pressure", "progress")] == [None] * 5


def test_coverage_is_todays_with_its_interval() -> None:
    one = Pass(1, "7", "left", 0.0, 1.0, 0.0, 9.0, {"treated": 88, "late": 12})
    state = state_of(shown(), [one])
    assert (state["coverage"], state["treated"]) == (88.0, 88)
    assert state["about_coverage"] == {"low": 80.2, "high": 93.0, "ready": 100}


def test_a_fault_that_holds_it_goes_before_being_at_work() -> None:
    held = shown(faults=(FAULT,))
    assert waits_for(held) == "Air is low. Wait for the compressor"
    assert state_of(held, [])["problem"] == "ON"
    assert waits_for(shown()) == "nothing"
    assert state_of(shown(), [])["problem"] == "OFF"
    assert state_of(shown(mode=Mode.STOPPED), [])["problem"] == "ON"


@given(text=st.text(max_size=2000), count=st.integers(0, 50))
@settings(max_examples=25, deadline=None)
def test_no_state_is_longer_than_home_assistant_takes(text: str, count: int) -> None:
    alerts = tuple(AlertState(i, "x", "fault", "warn", text, text, 1.0, 1, True) for i in range(count))
    state = state_of(shown(mode=Mode.STOPPED, reason=text, alerts=alerts), [])
    assert all(len(value) <= 255 for value in state.values() if isinstance(value, str))
    about = state["about_alerts"]
    assert isinstance(about, dict) and len(about["alerts"]) == min(count, 10)


@pytest.mark.parametrize("name", ["robot", "Kas/3 #+", "日本", "  "])
def test_a_name_of_any_kind_gives_topics_that_a_broker_takes(name: str) -> None:
    topics = Topics("homeassistant", name)
    for topic in (topics.state, topics.there, topics.stop, *(topics.config(one) for one in ENTITIES)):
        assert not set(topic) & set("+# ") and "//" not in topic


def test_a_day_begins_at_midnight_where_the_robot_stands() -> None:
    east = timezone(timedelta(hours=2))
    assert (
        midnight(datetime(2026, 7, 1, 1, 30, tzinfo=east))
        == datetime(2026, 6, 30, 22, tzinfo=UTC).timestamp()
    )
