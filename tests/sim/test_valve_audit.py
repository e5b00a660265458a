"""The campaign's judge: it must see a second train, a valve nobody asked, and a report that is not true."""

import sqlite3
from pathlib import Path

import pytest

from firmware_bridge.plant_page import PlantEdge
from robot import ledger_schema as sql
from sim.valve_audit import Audit, Opening, Trace, audit

PERIOD_S, ON_S = 0.042, 0.015
CAP_STEPS = 50


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """Pulse 1: done on nozzle 3 from 10 s on. Pulse 2: maybe, nozzle 4, sent at 20 s. Pulse 3: no outcome."""
    path = tmp_path / "ledger.sqlite"
    db = sqlite3.connect(path)
    db.executescript(sql.SCHEMA)
    db.execute("INSERT INTO session (id, row, started, seen) VALUES (1, 'row', 0, 0)")
    for pulse_id, nozzle, t in ((1, 3, 9.8), (2, 4, 20.0)):
        where = (pulse_id, 1, "row", "left", nozzle, 100, 1, 15_000, 41_667, 3, 1.0, 1.6, 0.4, 0.0, t)
        db.execute(sql.INTEND, where)
        db.execute(sql.INTEND_FLOWER, (pulse_id, pulse_id, float(pulse_id), 1.6, 0.43))
    end = 10.0 + 2 * PERIOD_S + ON_S
    db.execute(sql.SETTLE, (1, "done", "", 3, 10.0, end, 100, 0.0))
    db.execute(sql.SETTLE, (2, "maybe_fired", "mcu_restarted", 0, None, None, None, 0.0))
    db.commit()
    db.close()
    return path


def train(nozzle: int, start: float, openings: int = 3) -> list[Opening]:
    starts = [start + i * PERIOD_S for i in range(openings)]
    return [Opening(nozzle, t, t + ON_S, 15) for t in starts]


def judged(ledger: Path, openings: list[Opening]) -> Audit:
    return audit(ledger, sorted(openings, key=lambda o: o.opened), CAP_STEPS, 0.006)


def test_trace_and_ledger_that_agree_have_no_problem(ledger: Path) -> None:
    found = judged(ledger, train(3, 10.0) + train(4, 20.2, openings=2))
    assert found.problems == []
    assert found.states == {"done": 1, "maybe_fired": 1}
    assert found.longest_s == pytest.approx(ON_S)


def test_second_train_of_one_pulse_is_seen(ledger: Path) -> None:
    assert judged(ledger, train(3, 10.0) + train(3, 10.5)).fired_twice == 1
    assert judged(ledger, train(3, 10.0) + train(4, 20.2) + train(4, 20.6)).fired_twice == 1


def test_valve_that_nobody_asked_to_open_is_seen(ledger: Path) -> None:
    assert judged(ledger, train(3, 10.0) + train(9, 12.0)).unasked == 1


def test_report_of_openings_that_were_not_there_is_seen(ledger: Path) -> None:
    assert judged(ledger, train(3, 10.0, openings=2)).misreported == 1


def test_opening_past_the_cap_or_without_end_is_seen(ledger: Path) -> None:
    assert judged(ledger, [*train(3, 10.0), Opening(4, 20.1, 20.2, 100)]).past_cap == 1
    assert judged(ledger, [*train(3, 10.0), Opening(4, 20.1, None, 0)]).past_cap == 1


def test_board_that_was_held_up_with_an_open_valve_is_no_opening_past_the_cap(ledger: Path) -> None:
    found = judged(ledger, [*train(3, 10.0), Opening(4, 20.1, 20.2, 16)])
    assert found.past_cap == 0
    assert found.longest_s == pytest.approx(0.1)


def test_pulse_without_any_outcome_is_lost(ledger: Path) -> None:
    with sqlite3.connect(ledger) as db:
        db.execute("DELETE FROM outcome WHERE pulse_id = 2")
    db.close()
    assert judged(ledger, train(3, 10.0)).lost == 1


def test_flower_that_two_pulses_were_meant_for_is_seen(ledger: Path) -> None:
    with sqlite3.connect(ledger) as db:
        db.execute("UPDATE intent_flower SET s = 1.002 WHERE pulse_id = 2")
    db.close()
    assert judged(ledger, train(3, 10.0)).shot_twice == 1


def test_neighbour_in_the_jet_of_a_new_flower_is_no_repeat(ledger: Path) -> None:
    with sqlite3.connect(ledger) as db:
        db.execute(sql.INTEND_FLOWER, (2, 7, 1.002, 1.6, 0.43))
    db.close()
    assert judged(ledger, train(3, 10.0)).shot_twice == 0


def test_flower_whose_first_pulse_gave_no_air_may_be_shot_again(ledger: Path) -> None:
    with sqlite3.connect(ledger) as db:
        db.execute("UPDATE intent_flower SET s = 1.002 WHERE pulse_id = 2")
        db.execute("UPDATE outcome SET outcome = 'not_fired' WHERE pulse_id = 2")
    db.close()
    assert judged(ledger, train(3, 10.0)).shot_twice == 0


def test_edges_become_openings_as_they_come() -> None:
    trace = Trace()
    trace.take([PlantEdge(1_000_000, 5, True, 2**32 - 5)])
    trace.take([PlantEdge(1_015_000, 5, False, 10), PlantEdge(2_000_000, 6, True, 1000)])
    assert trace.all() == [Opening(5, 1.0, 1.015, 15), Opening(6, 2.0, None, 0)]
    assert trace.last_closing == pytest.approx(1.015)
