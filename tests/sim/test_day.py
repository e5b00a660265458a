"""A short day in lock-step, dock to dock: a row blocked, the program killed, all power cut."""

from pathlib import Path

import pytest

from robot.mission.house import load_house
from robot.mission.house_map import lay_out
from sim.day import Disturber, LockstepDay, machine_of
from sim.day_config import HOUSES, DayConfig
from sim.replay import replay_recording
from sim.scenario import ScenarioError, load_scenario

END_TAG = """
[[tags]]
number = 30
row = "row-001"
s = 2.2
"""
TINY = HOUSES / "three_tiny_rows.toml"


def worked(
    folder: Path, day: DayConfig, record: Path | None = None, faults: tuple[str, ...] = ()
) -> LockstepDay:
    scenario = load_scenario("day").model_copy(update={"faults": faults})
    config = machine_of(scenario, day, None, folder / "ledger.sqlite")
    sim = LockstepDay(scenario, day, lay_out(load_house(day.path)), config, seed=1, record=record)
    disturber = Disturber(day)
    while not sim.done and sim.clock.now() < 200.0:
        sim.step()
        disturber.look(sim)
    sim.loop.close()
    return sim


def test_day_survives_all_that_interrupts_it_and_treats_nothing_twice(tmp_path: Path) -> None:
    day = DayConfig(house=str(TINY), move_s=0.5, block_in=1, kill_in=(2,), cut_in=(3,))
    sim = worked(tmp_path, day, tmp_path / "record")
    result = sim.result(1.0)
    assert result.finished, result.said[-3:]
    assert sorted(result.rows.values()) == ["blocked", "done", "done"]
    assert (result.kills, result.power_cuts, result.rows_blocked) == (1, 1, 1)
    assert result.treated > 0 and result.twice == 0
    assert any("restarted" in sentence for sentence in result.said)
    assert any("is lost" in sentence for sentence in result.said)
    starts = sorted((tmp_path / "record").iterdir())
    replayed = [replay_recording(start) for start in starts]
    assert [start.name for start in starts] == ["start-1", "start-2", "start-3"]
    assert all(one.exact and not one.note for one in replayed)
    assert all(one.pulses > 0 for one in replayed)
    assert replayed[-1].decisions_sha256 == result.decisions_sha256


def test_day_without_hands_is_driven_by_row_tags_from_dock_to_dock(tmp_path: Path) -> None:
    house = tmp_path / "house.toml"
    house.write_text(TINY.read_text().replace("count = 3", "count = 1") + END_TAG)
    sim = worked(tmp_path, DayConfig(house=str(house), autonomous=True))
    result = sim.result(1.0)
    assert result.finished, result.said[-3:]
    assert list(result.rows.values()) == ["done"]
    assert result.headland_m > 2.0
    assert result.rail_error_mm is not None and result.rail_error_mm < 40.0
    assert not any("Bring the cart" in sentence for sentence in result.said)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        pytest.param("end_switch_dead@0", ["end_switch_wrong", "end_doubt"], marks=pytest.mark.slow),
        ("end_switch_stuck@0", ["end_doubt", "end_switch_wrong"]),
    ],
)
def test_day_with_a_broken_row_end_switch_waits_for_a_person_who_looks(
    tmp_path: Path, fault: str, told: list[str]
) -> None:
    house = tmp_path / "house.toml"
    house.write_text(TINY.read_text().replace("count = 3", "count = 1"))
    sim = worked(tmp_path, DayConfig(house=str(house), move_s=0.5), faults=(fault,))
    result = sim.result(1.0)
    assert result.finished, result.said[-3:]
    assert list(result.rows.values()) == ["done"] and result.twice == 0
    assert list(result.faults) == told
    assert any("look" in sentence for sentence in result.said)


@pytest.mark.slow
def test_tag_and_map_outvote_a_dead_row_end_switch_without_a_person(tmp_path: Path) -> None:
    house = tmp_path / "house.toml"
    house.write_text(TINY.read_text().replace("count = 3", "count = 1") + END_TAG)
    sim = worked(tmp_path, DayConfig(house=str(house), autonomous=True), faults=("end_switch_dead@0",))
    result = sim.result(1.0)
    assert result.finished, result.said[-3:]
    assert list(result.faults) == ["end_switch_wrong"]
    assert not any("look" in sentence for sentence in result.said)


def test_house_that_is_not_there_is_told_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "day.toml"
    path.write_text('[day]\nhouse = "castle"\n')
    with pytest.raises(ScenarioError, match="'castle': unknown; choose from six_rows, three_tiny_rows"):
        load_scenario(str(path))
