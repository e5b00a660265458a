"""What Prometheus reads: every number of the snapshot under its name and unit, and nothing without a robot."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
from fastapi import FastAPI
from msgspec.structs import replace as changed
from prometheus_client.parser import text_string_to_metric_families

from firmware_bridge.status import LinkQuality
from robot.clock import MonotonicClock
from robot.dashboard.board import Board
from robot.dashboard.control_link import ControlLink
from robot.dashboard.metrics import metrics_text
from robot.dashboard.server import app_of
from robot.snapshot import AlertState, Snapshot
from robot.snapshot_builder import SnapshotBuilder
from robot.types import ActiveFault, Mode, Reason
from tests.robot.views import READY

Values = dict[tuple[str, tuple[str, ...]], float]


def values(text: bytes) -> Values:
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def link_with(snapshot: Snapshot | None, folder: Path) -> ControlLink:
    link = ControlLink(folder / "t.sock", MonotonicClock(), lambda message: None)
    if snapshot is not None:
        link.snapshot, link.snapshot_at = snapshot, MonotonicClock().now()
        link._writer = object()  # type: ignore[assignment]
    return link


def test_without_a_robot_only_that_is_told(tmp_path: Path) -> None:
    assert values(metrics_text(link_with(None, tmp_path))) == {("bombus_up", ()): 0.0}


def test_what_the_robot_does_not_know_is_left_out(tmp_path: Path) -> None:
    told = values(metrics_text(link_with(SnapshotBuilder({}).build(READY, None, None), tmp_path)))
    names = {name for name, _ in told}
    assert "bombus_air_pressure_pascals" not in names
    assert "bombus_row_position_meters" not in names
    assert told["bombus_mode", ("ready",)] == 1.0
    assert told["bombus_mode", ("running",)] == 0.0


def test_numbers_faults_and_alerts_come_in_base_units(tmp_path: Path) -> None:
    fault = ActiveFault("pressure_low", "hold", "low", "wait", 0.0, True, False)
    view = replace(
        READY,
        mode=Mode.RUNNING,
        pressure_kpa=400.0,
        battery_v=24.5,
        pulses_sent=7,
        refusals={Reason.BUD_IN_JET: 2, Reason.NOZZLE_BUSY: 1},
        stage_ms={"detect": (12.0, 30.0)},
        faults=(fault,),
        link_quality=LinkQuality(0.4, 2.5, 10, 20, 3, 1, 0, 1),
    )
    builder = SnapshotBuilder({})
    builder.observe(view)
    alert = AlertState(1, "air_leak", "fault", "stop", "leak", "mend", 1e9, 1, True)
    snapshot = changed(builder.build(view, None, None), alerts=(alert,))
    told = values(metrics_text(link_with(snapshot, tmp_path)))
    assert told["bombus_air_pressure_pascals", ()] == 400_000.0
    assert told["bombus_battery_volts", ()] == 24.5
    assert told["bombus_pulses_total", ("sent",)] == 7.0
    assert told["bombus_stage_seconds", ("0.99", "detect")] == 0.03
    assert told["bombus_link_round_trip_seconds", ("0.99",)] == 0.0025
    assert told["bombus_link_frames_total", ("bad",)] == 3.0
    assert told["bombus_fault", ("pressure_low", "hold")] == 1.0
    assert told["bombus_alert_open", ("air_leak", "stop")] == 1.0
    assert told["bombus_flowers_missed_total", ("nozzle_busy",)] == 1.0


def test_from_the_network_it_takes_a_token(board: Board, serve: Callable[[FastAPI], httpx.Client]) -> None:
    client = serve(app_of(board))
    assert client.get("/metrics", headers={"x-forwarded-for": "192.0.2.7"}).status_code == 401
    here = client.get("/metrics")
    assert here.status_code == 200
    assert here.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "bombus_up 0.0" in here.text


def test_every_family_is_described_in_the_document(tmp_path: Path) -> None:
    document = (Path(__file__).resolve().parents[3] / "docs" / "deploy.md").read_text()
    view = replace(READY, pressure_kpa=1.0, battery_v=1.0, stage_ms={"detect": (1.0, 1.0)})
    text = metrics_text(link_with(SnapshotBuilder({}).build(view, None, None), tmp_path)).decode()
    for family in text_string_to_metric_families(text):
        assert f"`{family.name}" in document, family.name
