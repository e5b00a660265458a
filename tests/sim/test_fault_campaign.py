from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from sim.fault_campaign import DRAWN, FaultRun, draw, run_script, scripts, shrunk, table
from sim.fault_page import with_catalogue
from sim.faults import FaultScript, TimedFault, parse_fault
from sim.scenario import ScenarioConfig, load_scenario

PAGE = Path(__file__).resolve().parents[2] / "docs" / "faults.md"


def script(*faults: str) -> tuple[TimedFault, ...]:
    return tuple(parse_fault(fault) for fault in faults)


def row() -> ScenarioConfig:
    plan = load_scenario("row", length_m=0.5, speed_m_s=0.3)
    return plan.model_copy(update={"vehicle": plan.vehicle.model_copy(update={"start_s": -0.2})})


def test_a_failing_script_is_shrunk_to_what_it_needs() -> None:
    def fails(tried: Sequence[TimedFault]) -> bool:
        return {"air_leak", "mcu_reset"} <= {fault.kind.name for fault in tried}

    least = shrunk(script("estop@1.3", "air_leak@2.2", "person@3.7", "mcu_reset@4.6"), fails)
    assert [str(fault) for fault in least] == ["air_leak@2", "mcu_reset@5"]


def test_times_that_matter_are_kept() -> None:
    def fails(tried: Sequence[TimedFault]) -> bool:
        return any(2.1 <= fault.t <= 2.3 for fault in tried)

    assert shrunk(script("estop@2.2", "person@3.7"), fails) == script("estop@2.2")


def test_scripts_begin_with_each_fault_alone_and_are_the_same_for_a_seed() -> None:
    drawn = list(scripts(len(DRAWN) + 20, 3, 8.0))
    assert [[fault.kind.name for fault in each] for each in drawn[: len(DRAWN)]] == [[name] for name in DRAWN]
    assert drawn == list(scripts(len(DRAWN) + 20, 3, 8.0))
    assert all(1 <= len(each) <= 3 for each in drawn)
    assert len(list(scripts(5, 3, 8.0))) == 5


def test_a_drawn_fault_reads_back_as_it_is_written() -> None:
    for fault in draw(Random(5), 8.0):
        assert parse_fault(str(fault)) == fault


def test_faults_strike_once_in_the_order_of_their_times() -> None:
    due = FaultScript(["estop@3", "bumper@1"], start_t=10.0)
    assert [kind.name for kind in due.due(10.5)] == []
    assert [kind.name for kind in due.due(11.0)] == ["bumper"]
    assert [kind.name for kind in due.due(20.0)] == ["estop"]
    assert not list(due.due(30.0))


def test_the_table_counts_what_was_told_and_what_it_cost() -> None:
    alone = FaultRun(1, ("estop@4",), {"estop@4": 0.02}, "stops", 30, [])
    both = FaultRun(1, ("estop@2", "person@3"), {"estop@2": 0.04, "person@3": None}, "stops", 9, ["rolls"])
    estop, person = sorted(table([alone, both], {1: 40}), key=lambda line: line.fault)
    assert (estop.runs, estop.told_s, estop.flowers_lost, estop.unsafe) == (2, (0.03, 0.04), 10.0, 1)
    assert (person.runs, person.told_s, person.untold, person.flowers_lost) == (1, None, 1, None)


def test_a_run_with_a_full_disk_and_a_killed_daemon_breaks_no_promise() -> None:
    run, seconds = run_script(row(), 1, script("disk_full@0.5", "process_killed@0.8"))
    assert run.problems == []
    assert seconds > 2.0


def test_the_same_script_gives_the_same_run() -> None:
    faults = script("serial_corrupt@0.4")
    assert run_script(row(), 2, faults) == run_script(row(), 2, faults)


def test_the_page_shows_the_present_catalogue() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert with_catalogue(page) == page, "run python -m sim.fault_page docs/faults.md"


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        with_catalogue("# Faults")
