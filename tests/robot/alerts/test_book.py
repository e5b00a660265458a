"""What people must acknowledge: one alert a code, on disk until somebody has seen it, and never in the loop's way."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from robot.alerts.book import AlertBook
from robot.alerts.catalogue import Notice
from robot.alerts.store import Alert, AlertError, read_alerts
from robot.faults import FAULTS, Fault
from robot.types import ActiveFault, Command, CommandName
from tests.robot.conftest import MakeRig, SetClock


def fault(code: Fault, detail: str = "", present: bool = True) -> ActiveFault:
    told = FAULTS[code]
    text = f"{told.text}: {detail}" if detail else told.text
    return ActiveFault(code, told.severity, text, told.remedy, 0.0, present, False)


def seen(code: str = "", by: str = "Ana") -> Command:
    return Command(CommandName.ACKNOWLEDGE, None, code, by)


def codes(book: AlertBook) -> list[str]:
    return [alert.code for alert in book.open]


def on_disk(path: Path) -> tuple[list[Alert], list[Alert]]:
    waiting, past, _ = read_alerts(path, None, 100)
    return waiting, past


def test_a_fault_becomes_one_alert_until_it_is_acknowledged(tmp_path: Path) -> None:
    book = AlertBook(tmp_path / "a.sqlite", SetClock())
    for _ in range(3):
        book.take([fault(Fault.PRESSURE_LOW, "240 kPa")], (), 1.0)
    book.take([], (), 2.0)
    book.take([fault(Fault.PRESSURE_LOW, "230 kPa")], (), 3.0)
    (alert,) = book.open
    assert (alert.code, alert.severity, alert.kind) == ("pressure_low", "hold", "fault")
    assert (alert.count, alert.present) == (2, True)
    assert alert.text.endswith("230 kPa")
    book.close()
    assert on_disk(tmp_path / "a.sqlite") == ([alert], [])


def test_who_acknowledged_and_when_stands_on_disk(tmp_path: Path) -> None:
    clock = SetClock()
    book = AlertBook(tmp_path / "a.sqlite", clock)
    book.take([fault(Fault.AIR_LEAK)], (), 1.0)
    book.take([], [seen("air_leak")], 2.0)
    assert not codes(book)
    book.close()
    waiting, (alert,) = on_disk(tmp_path / "a.sqlite")
    assert waiting == []
    assert (alert.acknowledged_by, alert.acknowledged) == ("Ana", clock.wall().timestamp())


def test_another_code_is_not_acknowledged_with_it_and_an_empty_one_means_all(tmp_path: Path) -> None:
    book = AlertBook(tmp_path / "a.sqlite", SetClock())
    book.take([fault(Fault.AIR_LEAK), fault(Fault.BATTERY_LOW)], [seen("air_leak")], 1.0)
    assert codes(book) == ["battery_low"]
    book.take([], [seen("no_such_code")], 2.0)
    assert codes(book) == ["battery_low"]
    book.take([], [seen()], 3.0)
    assert not codes(book)
    book.close()


def test_an_alert_outlives_a_restart_but_is_not_present_until_it_is_found_again(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    book = AlertBook(path, SetClock())
    book.take([fault(Fault.AIR_LEAK)], (), 1.0)
    book.close()
    book = AlertBook(path, SetClock())
    (alert,) = book.open
    assert (alert.code, alert.present, alert.count) == ("air_leak", False, 1)
    book.take([fault(Fault.AIR_LEAK)], (), 1.0)
    assert [(one.id, one.count) for one in book.open] == [(alert.id, 2)]
    book.close()


def test_what_is_acknowledged_while_present_comes_anew_only_after_it_was_gone(tmp_path: Path) -> None:
    book = AlertBook(tmp_path / "a.sqlite", SetClock())
    book.take([fault(Fault.AIR_LEAK)], [seen()], 1.0)
    book.take([fault(Fault.AIR_LEAK)], (), 2.0)
    assert not codes(book)
    book.take([], (), 3.0)
    book.take([fault(Fault.AIR_LEAK)], (), 4.0)
    assert [alert.id for alert in book.open] == [2]
    book.close()


def test_a_disk_that_is_held_up_does_not_hold_up_the_loop(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    book = AlertBook(path, SetClock())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for step in range(1_000):
        book.take([fault(Fault.PRESSURE_LOW)] if step % 2 else [], (), float(step))
    assert [alert.count for alert in book.open] == [500]
    assert on_disk(path) == ([], [])
    other.execute("ROLLBACK")
    other.close()
    book.close()
    assert [alert.count for alert in on_disk(path)[0]] == [500]


def test_a_file_of_something_else_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE other (x)")
    db.close()
    with pytest.raises(
        AlertError, match=r"alerts file .*a\.sqlite: it is no alerts file of this release; check"
    ):
        AlertBook(path, SetClock())
    path.write_bytes(b"not SQLite at all" * 100)
    with pytest.raises(AlertError, match=r"a\.sqlite"):
        AlertBook(path, SetClock())
    with pytest.raises(AlertError, match="cannot be read"):
        read_alerts(path, None, 10)


def test_a_notice_stays_until_it_is_seen(tmp_path: Path) -> None:
    book = AlertBook(tmp_path / "a.sqlite", SetClock())
    book.notice(Notice.ENDED_HARD, "in row 7")
    book.take((), (), 0.0)
    (alert,) = book.open
    assert (alert.code, alert.present) == ("ended_hard", False)
    assert alert.text.endswith(": in row 7")
    book.close()


EVENTS = st.lists(st.sampled_from(["leak", "no leak", "low", "not low", "seen", "restart"]), max_size=12)


@settings(max_examples=20, deadline=None)
@given(EVENTS)
def test_whatever_happens_nothing_unseen_is_lost_and_no_code_is_open_twice(
    tmp_path_factory: pytest.TempPathFactory, events: list[str]
) -> None:
    path = tmp_path_factory.mktemp("alerts") / "a.sqlite"
    book, now = AlertBook(path, SetClock()), 0.0
    present: set[Fault] = set()
    unseen: set[str] = set()
    for event in events:
        now += 1.0
        kind = Fault.AIR_LEAK if "leak" in event else Fault.PRESSURE_LOW
        fresh = event in ("leak", "low") and kind not in present
        if event in ("leak", "low"):
            present.add(kind)
        elif event.startswith("not") or event.startswith("no "):
            present.discard(kind)
        elif event == "restart":
            book.close()
            book = AlertBook(path, SetClock())
            unseen |= {one.value for one in present}
        unseen |= {kind.value} if fresh else set()
        book.take([fault(one) for one in present], [seen()] if event == "seen" else (), now)
        if event == "seen":
            unseen = set()
        assert sorted(codes(book)) == sorted(unseen)
    book.close()
    assert {alert.code for alert in on_disk(path)[0]} == unseen


def test_the_loop_raises_its_faults_and_takes_the_operators_word(tmp_path: Path, make_rig: MakeRig) -> None:
    rig = make_rig()
    book = AlertBook(tmp_path / "a.sqlite", rig.clock)
    rig.loop._alerts = book
    rig.start()
    rig.cart.pressure_kpa = 120
    rig.steps(1.0)
    assert "pressure_low" in codes(book)
    rig.cart.pressure_kpa = 600
    rig.steps(1.0)
    rig.press(CommandName.ACKNOWLEDGE, text="pressure_low")
    rig.steps(0.1)
    assert "pressure_low" not in codes(book)
    book.close()
    assert on_disk(tmp_path / "a.sqlite")[1][0].acknowledged_by == "test"


def test_an_error_of_the_loop_itself_is_an_alert(
    tmp_path: Path, make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig = make_rig()
    book = AlertBook(tmp_path / "a.sqlite", rig.clock)
    rig.loop._alerts = book
    monkeypatch.setattr(rig.loop.pilot, "steer", lambda now: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        rig.loop.run()
    book.close()
    (alert,) = on_disk(tmp_path / "a.sqlite")[0]
    assert (alert.code, alert.severity) == ("internal_error", "stop")
