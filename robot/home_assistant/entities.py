"""What Home Assistant is told: the entities, once, and their state, again and again. Pure; nothing here can wait."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from robot.dashboard.results import share
from robot.dashboard.row_passes import Pass
from robot.faults import Severity
from robot.snapshot import Snapshot
from robot.types import Mode

MOST_TEXT = 250
"""Home Assistant takes no state of more than 255 characters."""

MOST_ALERTS = 10
PRESSED = b"STOP"

Document = dict[str, object]


@dataclass(frozen=True, slots=True)
class Entity:
    """One of Home Assistant's entities: `key` is its place in the state, `more` what its kind wants to know."""

    kind: str
    key: str
    name: str
    icon: str
    more: Document = field(default_factory=dict)


ENTITIES = (
    Entity(
        "sensor", "mode", "State", "mdi:robot",
        {"device_class": "enum", "options": [mode.value for mode in Mode]},
    ),
    Entity("sensor", "waits", "Waits for", "mdi:timer-sand"),
    Entity("binary_sensor", "running", "At work", "mdi:flower-pollen", {"device_class": "running"}),
    Entity("binary_sensor", "problem", "Needs somebody", "mdi:alert", {"device_class": "problem"}),
    Entity("sensor", "alerts", "Open alerts", "mdi:bell", {"state_class": "measurement"}),
    Entity(
        "sensor", "coverage", "Coverage today", "mdi:flower",
        {"unit_of_measurement": "%", "state_class": "measurement", "suggested_display_precision": 1},
    ),
    Entity(
        "sensor", "treated", "Flowers treated today", "mdi:flower-outline",
        {"unit_of_measurement": "flowers", "state_class": "total_increasing"},
    ),
    Entity("sensor", "row", "Row", "mdi:map-marker"),
    Entity("sensor", "progress", "Row done", "mdi:progress-check", {"unit_of_measurement": "%"}),
    Entity(
        "sensor", "battery", "Battery", "mdi:battery",
        {"device_class": "voltage", "unit_of_measurement": "V", "state_class": "measurement"},
    ),
    Entity(
        "sensor", "pressure", "Air pressure", "mdi:gauge",
        {"device_class": "pressure", "unit_of_measurement": "kPa", "state_class": "measurement"},
    ),
)  # fmt: skip
STOP_BUTTON = Entity("button", "stop", "STOP", "mdi:stop-circle", {"payload_press": PRESSED.decode()})


@dataclass(frozen=True, slots=True)
class Topics:
    """Where things are told; `node` is the machine's name as topics take it."""

    prefix: str
    name: str

    @property
    def node(self) -> str:
        """The name in topics and ids."""
        return re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_") or "robot"

    @property
    def state(self) -> str:
        """The state of all entities, as one JSON object."""
        return f"bombus/{self.node}/state"

    @property
    def there(self) -> str:
        """`online` while the state is the robot's own and young, else `offline`."""
        return f"bombus/{self.node}/availability"

    @property
    def stop(self) -> str:
        """Where the button presses STOP."""
        return f"bombus/{self.node}/stop"

    def config(self, entity: Entity) -> str:
        """Where an entity is described."""
        return f"{self.prefix}/{entity.kind}/bombus_{self.node}/{entity.key}/config"


def described(entity: Entity, topics: Topics, every_s: float, version: str) -> Document:
    """Return what Home Assistant wants to know of an entity."""
    ident = f"bombus_{topics.node}"
    document: Document = {
        "name": entity.name,
        "unique_id": f"{ident}_{entity.key}",
        "icon": entity.icon,
        "availability_topic": topics.there,
        "device": {
            "identifiers": [ident],
            "name": topics.name,
            "manufacturer": "Bombus",
            "model": "greenhouse pollination robot",
            "sw_version": version,
        },
        **entity.more,
    }
    if entity.kind == "button":
        return document | {"command_topic": topics.stop}
    return document | {
        "state_topic": topics.state,
        "value_template": f"{{{{ value_json.{entity.key} }}}}",
        "json_attributes_topic": topics.state,
        "json_attributes_template": f"{{{{ value_json.about_{entity.key} | default({{}}) | tojson }}}}",
        # What is not told again is not known any more.
        "expire_after": round(3 * every_s + 10),
    }


def state_of(snapshot: Snapshot, passes: list[Pass] | None) -> Document:
    """Return the state of all entities; `passes` are today's, None while the ledger cannot be read."""
    treated = None if passes is None else sum(one.treated for one in passes)
    ready = None if passes is None else sum(one.open for one in passes)
    coverage = None if treated is None or ready is None else share(treated, ready)
    alerts = snapshot.alerts
    row = snapshot.row
    return {
        "mode": snapshot.mode.value,
        "waits": waits_for(snapshot),
        "running": "ON" if snapshot.mode is Mode.RUNNING else "OFF",
        "problem": "ON" if needs_somebody(snapshot) else "OFF",
        "alerts": len(alerts),
        "about_alerts": {
            "alerts": [
                {"code": one.code, "severity": one.severity, "text": one.text, "remedy": one.remedy}
                for one in alerts[-MOST_ALERTS:]
            ]
        },
        "coverage": None if coverage is None else round(100.0 * coverage.value, 1),
        "about_coverage": {}
        if coverage is None
        else {"low": round(100.0 * coverage.low, 1), "high": round(100.0 * coverage.high, 1), "ready": ready},
        "treated": treated,
        "row": row.name[:MOST_TEXT],
        "progress": None if row.progress is None else round(100.0 * row.progress),
        "battery": _rounded(snapshot.link.battery_v, 2),
        "pressure": _rounded(snapshot.air.pressure_kpa, 0),
    }


def needs_somebody(snapshot: Snapshot) -> bool:
    """Whether a person is to look: it was stopped, a fault holds or stops it, or the mission asks for something."""
    if snapshot.mode in (Mode.STOPPED, Mode.FAULT):
        return True
    grave = any(one.present and one.severity != Severity.WARN for one in snapshot.faults)
    return grave or (snapshot.mission is not None and snapshot.mission.ask is not None)


def waits_for(snapshot: Snapshot) -> str:
    """Return in one sentence what the robot waits for, or "nothing"."""
    mission = snapshot.mission
    grave = [one for one in snapshot.faults if one.present and one.severity != Severity.WARN]
    if mission is not None and mission.ask is not None:
        text = mission.ask.text
    elif grave:
        text = f"{grave[0].text}. {grave[0].remedy}"
    elif snapshot.mode is Mode.RUNNING:
        text = ""
    elif mission is not None:
        text = mission.held or mission.why
    else:
        text = snapshot.reason
    return (" ".join(text.split()) or "nothing")[:MOST_TEXT]


def midnight(now: datetime) -> float:
    """Return when the day of `now` began where the robot stands, in POSIX s."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp()


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)
