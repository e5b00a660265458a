"""Two runs of one recording side by side: what is gained, lost and moved, why, and as a page of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from robot.types import PlannedPulse, Reason, Train
from sim.footage.changes import SAME_FLOWER_M, changes_of
from sim.footage.compare import compare
from sim.footage.report import write_report
from sim.footage.track import Left, Shot, Track
from sim.replay_setting import ReplayError, Setting
from tests.replay.reference_runs import SETTINGS, file_of

LABELS, SEEN = file_of("label_row"), file_of("seen_row")


def shot(s: float, h: float = 1.6, nozzle: int = 3, t: float = 5.0) -> Shot:
    place = (s, h, 0.42)
    return Shot(t, 0, PlannedPulse(1, "left", nozzle, 100, 1, Train(15000, 41667, 3), place, (7,), (place,)))


def track(*shots: Shot, left: tuple[Left, ...] = ()) -> Track:
    return Track("run", {}, 0.0, shots=list(shots), left=list(left))


def test_equal_tracks_have_no_changes() -> None:
    found = changes_of(track(shot(1.0), shot(1.05)), track(shot(1.05), shot(1.0)))
    assert (found.same, found.gained, found.lost, found.moved, found.rows) == (2, 0, 0, 0, [])


def test_what_one_run_gains_the_other_loses() -> None:
    one, two = track(shot(1.0), shot(2.0)), track(shot(2.0), shot(3.0), shot(4.0))
    found, back = changes_of(one, two), changes_of(two, one)
    assert (found.same, found.gained, found.lost) == (1, 1, 2)
    assert (back.same, back.gained, back.lost) == (1, 2, 1)
    assert found.rows[0].before == "no such flower on the map"


def test_a_shot_elsewhere_or_from_another_nozzle_has_moved() -> None:
    (change,) = changes_of(track(shot(1.01)), track(shot(1.0))).rows
    assert (change.kind, change.moved_mm) == ("moved", 10.0)
    assert changes_of(track(shot(1.0, nozzle=4)), track(shot(1.0))).moved == 1
    assert changes_of(track(shot(1.0 + 2 * SAME_FLOWER_M)), track(shot(1.0))).moved == 0


def test_the_nearest_flower_is_taken_for_the_same_one() -> None:
    found = changes_of(track(shot(1.0), shot(1.02)), track(shot(1.021), shot(0.999)))
    assert (found.same, found.moved, found.gained) == (2, 0, 0)


def test_a_lost_shot_tells_why_in_the_run_without_it() -> None:
    left = Left(4.0, 0, "left", 9, Reason.BUD_IN_JET, final=False, place=(1.005, 1.6, 0.4))
    later = replace(left, t=4.5, reason=Reason.UNSURE, final=True)
    (change,) = changes_of(track(left=(left, later)), track(shot(1.0))).rows
    assert (change.kind, change.after) == ("lost", "flower 9 left: unsure")
    refused = replace(shot(1.0), refused="late")
    (change,) = changes_of(track(refused), track(shot(1.0))).rows
    assert change.after == "refused by safety: late"


def test_rows_of_one_recording_are_kept_apart() -> None:
    other_row = replace(shot(1.0), row=1)
    assert changes_of(track(shot(1.0)), track(other_row)).same == 0


def test_both_tracks_of_a_recording_are_kept() -> None:
    compared = compare(LABELS, Setting())
    assert compared.theirs is not None and compared.result.changes is not None
    assert compared.result.changes.theirs == "recorded"
    assert len(compared.ours.looks) == len(compared.theirs.looks) > 40
    assert compared.ours.shots and compared.theirs.shots and compared.theirs.finals()


def test_another_setting_is_told_shot_by_shot() -> None:
    result = compare(LABELS, Setting(overrides={"planner.open_threshold": 0.999})).result
    assert result.changes is not None and result.changes.lost > 0
    assert all(row.after for row in result.changes.rows if row.kind == "lost")
    assert "planner.open_threshold = 0.999" in result.note


def test_the_report_is_one_page_with_pictures_and_asks_for_nothing(tmp_path: Path) -> None:
    setting = replace(SETTINGS["seen_row"], overrides={"planner.min_views": 50})
    compared = compare(SEEN, setting)
    page = tmp_path / "report.html"
    assert write_report(page, SEEN, compared) == 2
    text = page.read_text()
    assert text.count("<article") == text.count("data:image/jpeg;base64,") == 2
    assert not re.search(r"""(?:src|href)=["'](?!data:)|https?://|@import|url\(|<script""", text)
    assert "planner.min_views = 50" in text and "unsure" in text


def test_a_machine_file_to_compare_with_is_replayed_too(tmp_path: Path) -> None:
    from robot.config import DEMO_MACHINE

    machine = tmp_path / "other.toml"
    machine.write_text(DEMO_MACHINE.read_text())
    compared = compare(LABELS, Setting(), machine)
    assert compared.result.changes is not None
    assert compared.result.changes.theirs == f"machine file {machine}"
    assert compared.theirs is not None and len(compared.theirs.looks) > 40


def test_another_recording_of_the_same_drive_can_be_compared_with() -> None:
    with_itself, with_other = compare(LABELS, Setting()).result, compare(LABELS, Setting(), LABELS).result
    assert with_other.changes is not None and with_itself.changes is not None
    assert with_other.changes.rows == with_itself.changes.rows
    assert with_other.changes.theirs == "recorded in label_row.mcap"


def test_what_cannot_be_compared_with_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"none\.onnx: not there; name a recording"):
        compare(LABELS, Setting(), tmp_path / "none.onnx")
    (tmp_path / "x.txt").touch()
    with pytest.raises(ReplayError, match="no recording, model or machine file"):
        compare(LABELS, Setting(), tmp_path / "x.txt")
    with pytest.raises(ReplayError, match="holds no pictures for a model"):
        compare(LABELS, Setting(model=tmp_path / "none.onnx"))
