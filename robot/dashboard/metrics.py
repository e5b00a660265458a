"""Numbers for Prometheus, drawn from the newest snapshot when somebody asks: the loop does nothing for it."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from firmware_bridge.status import LinkQuality
from robot.dashboard.control_link import ControlLink
from robot.snapshot import Snapshot
from robot.types import Mode

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def metrics_text(link: ControlLink) -> bytes:
    """Return what Prometheus reads; without a fresh snapshot only that the robot is not there."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Robot(link))
    return generate_latest(registry)


class _Robot(Collector):
    def __init__(self, link: ControlLink) -> None:
        self._link = link

    def collect(self) -> Iterator[Metric]:
        """Yield each family once."""
        link, snapshot = self._link, self._link.snapshot
        yield GaugeMetricFamily(
            "bombus_up", "1 while the control process is connected to the page", float(link.connected)
        )
        if snapshot is None or not link.connected:
            return
        yield GaugeMetricFamily(
            "bombus_snapshot_age_seconds", "Age of the newest state of the robot", link.age_s or 0.0
        )
        yield from _state(snapshot)
        yield from _work(snapshot)
        yield from _machine(snapshot)
        yield from _messages(snapshot)


def _state(snapshot: Snapshot) -> Iterator[Metric]:
    mode = GaugeMetricFamily("bombus_mode", "1 for the mode that the robot is in", labels=["mode"])
    for one in Mode:
        mode.add_metric([one.value], float(snapshot.mode is one))
    yield mode
    row = snapshot.row
    yield from _gauge("bombus_row_position_meters", "Place along the row from its head", row.s)
    yield from _gauge("bombus_row_progress_ratio", "Share of the row behind the cart", row.progress)
    yield from _gauge("bombus_speed_meters_per_second", "Speed along the row", row.speed)


def _work(snapshot: Snapshot) -> Iterator[Metric]:
    counts = snapshot.counts
    flowers = CounterMetricFamily(
        "bombus_flowers", "Flowers since the control process began, by what became of them", labels=["state"]
    )
    for state in ("ready", "treated", "missed", "unsure"):
        flowers.add_metric([state], float(getattr(counts, state)))
    yield flowers
    missed = CounterMetricFamily(
        "bombus_flowers_missed", "Ready flowers passed untreated, by reason", labels=["reason"]
    )
    for reason, count in sorted(counts.missed_by_reason.items()):
        missed.add_metric([reason], float(count))
    yield missed
    pulses = CounterMetricFamily(
        "bombus_pulses", "Air pulses since the control process began", labels=["state"]
    )
    for state in ("sent", "done", "refused"):
        pulses.add_metric([state], float(getattr(counts, f"pulses_{state}")))
    yield pulses
    yield CounterMetricFamily("bombus_air_normal_liters", "Air used so far", snapshot.air.used_normal_l)


def _machine(snapshot: Snapshot) -> Iterator[Metric]:
    link = snapshot.link
    yield from _gauge("bombus_air_pressure_pascals", "Air pressure", _times(snapshot.air.pressure_kpa, 1e3))
    yield from _gauge("bombus_battery_volts", "Battery", link.battery_v)
    yield GaugeMetricFamily("bombus_controller_up", "1 while the valve controller answers", float(link.up))
    yield GaugeMetricFamily("bombus_controller_armed", "1 while it is armed", float(link.armed))
    yield GaugeMetricFamily(
        "bombus_emergency_stop", "1 while a stop is pressed or latched", float(link.estop)
    )
    if link.quality is not None:
        yield from _cable(link.quality)
    rate = GaugeMetricFamily("bombus_camera_frames_per_second", "Pictures that come", labels=["side"])
    age = GaugeMetricFamily("bombus_camera_age_seconds", "Age of the newest picture", labels=["side"])
    for side, camera in snapshot.cameras.items():
        rate.add_metric([side], camera.fps)
        if camera.age_s is not None:
            age.add_metric([side], camera.age_s)
    yield rate
    yield age
    stages = GaugeMetricFamily(
        "bombus_stage_seconds",
        "Time a stage of a step takes, over the last steps",
        labels=["stage", "quantile"],
    )
    for stage, (p50, p99) in sorted(snapshot.latency_ms.items()):
        stages.add_metric([stage, "0.5"], p50 * 1e-3)
        stages.add_metric([stage, "0.99"], p99 * 1e-3)
    yield stages


def _cable(quality: LinkQuality) -> Iterator[Metric]:
    trips = GaugeMetricFamily(
        "bombus_link_round_trip_seconds", "Round trips to the valve controller and back", labels=["quantile"]
    )
    for quantile, trip_ms in (("0.5", quality.trip_p50_ms), ("0.99", quality.trip_p99_ms)):
        if trip_ms is not None:
            trips.add_metric([quantile], trip_ms * 1e-3)
    yield trips
    frames = CounterMetricFamily("bombus_link_frames", "Frames over the cable", labels=["kind"])
    for kind in ("sent", "received", "bad", "repeated", "foreign"):
        frames.add_metric([kind], float(getattr(quality, kind)))
    yield frames


def _messages(snapshot: Snapshot) -> Iterator[Metric]:
    faults = GaugeMetricFamily(
        "bombus_fault", "1 while a fault is present (docs/troubleshooting.md)", labels=["code", "severity"]
    )
    for fault in snapshot.faults:
        faults.add_metric([fault.code, fault.severity], float(fault.present))
    yield faults
    alerts = GaugeMetricFamily(
        "bombus_alert_open", "1 for an alert that nobody has acknowledged", labels=["code", "severity"]
    )
    for alert in snapshot.alerts:
        alerts.add_metric([alert.code, alert.severity], 1.0)
    yield alerts
    yield GaugeMetricFamily(
        "bombus_alerts_on_disk", "1 while alerts can be written to disk", float(not snapshot.alerts_problem)
    )
    yield GaugeMetricFamily(
        "bombus_recording_ok", "0 when the recording has a gap", float(not snapshot.recording_problem)
    )


def _gauge(name: str, about: str, value: float | None) -> Iterator[Metric]:
    """Yield a gauge, or nothing where the robot does not know."""
    if value is not None:
        yield GaugeMetricFamily(name, about, value)


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor
