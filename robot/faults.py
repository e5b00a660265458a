"""Every fault the robot can name: how grave it is, what it means and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from robot.types import ActiveFault


class Severity(StrEnum):
    """What a fault does to the robot."""

    WARN = "warn"
    """Shown; the work goes on."""
    HOLD = "hold"
    """The cart halts and nothing fires until the cause is gone; then it goes on by itself."""
    STOP = "stop"
    """The robot stops and stays stopped until the cause is gone and a person releases it."""


class Fault(StrEnum):
    """Fault codes; the operator's page and the log use them."""

    LINK_DOWN = "link_down"
    PROTOCOL_MISMATCH = "protocol_mismatch"
    MACHINE_MISMATCH = "machine_mismatch"
    NOT_ARMED = "not_armed"
    BUMPER = "bumper"
    POSITION_UNSURE = "position_unsure"
    ENCODER_SILENT = "encoder_silent"
    ENCODER_GLITCH = "encoder_glitch"
    NOT_MOVING = "not_moving"
    WHEELS_SPIN = "wheels_spin"
    END_DOUBT = "end_doubt"
    END_SWITCH_WRONG = "end_switch_wrong"
    END_TAG_WRONG = "end_tag_wrong"
    END_MAP_WRONG = "end_map_wrong"
    PRESSURE_LOW = "pressure_low"
    PRESSURE_SENSOR = "pressure_sensor"
    AIR_LEAK = "air_leak"
    COMPRESSOR_WEAK = "compressor_weak"
    NOZZLE_DUTY = "nozzle_duty"
    BATTERY_LOW = "battery_low"
    CAMERA_LEFT_LOST = "camera_left_lost"
    CAMERA_RIGHT_LOST = "camera_right_lost"
    FRAMES_LEFT_BAD = "frames_left_bad"
    FRAMES_RIGHT_BAD = "frames_right_bad"
    FRONT_CAMERA = "front_camera"
    HEADLAND_BASE = "headland_base"
    LENS_DIRTY = "lens_dirty"
    DOMAIN_SHIFT = "domain_shift"
    PULSES_UNANSWERED = "pulses_unanswered"
    LEDGER_FAILED = "ledger_failed"
    RECORDING_FAILED = "recording_failed"
    LOOP_LATE = "loop_late"
    DEAD_MAN = "dead_man"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class FaultText:
    """What the operator reads."""

    severity: Severity
    text: str
    remedy: str


FAULTS: Mapping[Fault, FaultText] = {
    Fault.LINK_DOWN: FaultText(
        Severity.HOLD,
        "No contact with the valve controller",
        "Check the serial cable and the controller's power",
    ),
    Fault.PROTOCOL_MISMATCH: FaultText(
        Severity.STOP,
        "The valve controller runs another firmware version",
        "Flash the firmware of this release",
    ),
    Fault.MACHINE_MISMATCH: FaultText(
        Severity.STOP,
        "The valve controller was built for another machine",
        "Make ticks_per_m and the nozzle numbers of the machine file agree with the controller",
    ),
    Fault.NOT_ARMED: FaultText(
        Severity.HOLD, "The valve controller does not arm", "Release the e-stop and check the air pressure"
    ),
    Fault.BUMPER: FaultText(
        Severity.STOP, "The bumper or the person scanner is pressed", "Free the aisle, then release"
    ),
    Fault.POSITION_UNSURE: FaultText(
        Severity.STOP,
        "The cart does not know where it stands in the row",
        "Roll it to the row head and set the position, then release",
    ),
    Fault.ENCODER_SILENT: FaultText(
        Severity.HOLD, "No fresh wheel position", "Check the encoder's cable and the controller's telemetry"
    ),
    Fault.ENCODER_GLITCH: FaultText(
        Severity.WARN, "The wheel encoder jumps", "Check the encoder's cable, shield and coupling"
    ),
    Fault.NOT_MOVING: FaultText(
        Severity.STOP,
        "The drive is on but the cart does not move",
        "Free the wheels, check motor fuse and coupling",
    ),
    Fault.WHEELS_SPIN: FaultText(
        Severity.STOP,
        "The wheels turn but the cart stands, so its place is lost",
        "Dry or free the rails, set the position, then release",
    ),
    Fault.END_DOUBT: FaultText(
        Severity.HOLD,
        "Tag, switch and map disagree about the row's end, so the cart waits",
        "Look where the cart stands; START goes on as the map says",
    ),
    Fault.END_SWITCH_WRONG: FaultText(
        Severity.WARN,
        "The row-end switch is contradicted",
        "Check the switch, its cam and its cable",
    ),
    Fault.END_TAG_WRONG: FaultText(
        Severity.WARN,
        "The tag at the row's end is contradicted by switch and map",
        "Check the tag and its place in the house file",
    ),
    Fault.END_MAP_WRONG: FaultText(
        Severity.WARN,
        "The map's row end is contradicted by tag and switch",
        "Measure the row's length, and calibrate ticks_per_m",
    ),
    Fault.PRESSURE_LOW: FaultText(
        Severity.HOLD,
        "The air pressure is too low",
        "Wait for the compressor; if it does not rise, look for a leak",
    ),
    Fault.PRESSURE_SENSOR: FaultText(
        Severity.HOLD, "The pressure reading cannot be believed", "Check the pressure sensor and its cable"
    ),
    Fault.AIR_LEAK: FaultText(
        Severity.STOP,
        "Air escapes while every valve is closed; the compressor was cut",
        "Listen for a valve that hangs open or a leaking line, mend it, then release",
    ),
    Fault.COMPRESSOR_WEAK: FaultText(
        Severity.WARN,
        "The compressor does not fill the tank",
        "Check the compressor, its filter and belt, and the line for leaks",
    ),
    Fault.NOZZLE_DUTY: FaultText(
        Severity.WARN,
        "A nozzle was asked for more than its coil bears, so pulses were refused",
        "Drive slower, or shorten the dose",
    ),
    Fault.BATTERY_LOW: FaultText(Severity.WARN, "The battery is low", "Charge the robot soon"),
    Fault.CAMERA_LEFT_LOST: FaultText(
        Severity.HOLD,
        "The left camera sends no pictures",
        "Check its cable and power; it reconnects by itself",
    ),
    Fault.CAMERA_RIGHT_LOST: FaultText(
        Severity.HOLD,
        "The right camera sends no pictures",
        "Check its cable and power; it reconnects by itself",
    ),
    Fault.FRAMES_LEFT_BAD: FaultText(
        Severity.HOLD, "The left camera's pictures cannot be used", "Clean the lens and check the light"
    ),
    Fault.FRAMES_RIGHT_BAD: FaultText(
        Severity.HOLD, "The right camera's pictures cannot be used", "Clean the lens and check the light"
    ),
    Fault.FRONT_CAMERA: FaultText(
        Severity.WARN,
        "The front camera shows no tags",
        "Check its cable and mission.front; without it the place along the row is not corrected",
    ),
    Fault.HEADLAND_BASE: FaultText(
        Severity.WARN,
        "The base that drives on the headland does not roll",
        "Free it or start its program; people may move the cart meanwhile",
    ),
    Fault.LENS_DIRTY: FaultText(
        Severity.WARN,
        "A camera's lens is dirty",
        "Wipe it with a soft, dry cloth; rinse off grit first",
    ),
    Fault.DOMAIN_SHIFT: FaultText(
        Severity.WARN,
        "The pictures look unlike those that the detector was trained on",
        "Check the light and the camera's settings; then train on pictures of this house",
    ),
    Fault.PULSES_UNANSWERED: FaultText(
        Severity.WARN,
        "Pulses were sent that the controller never answered",
        "Check the serial cable for noise",
    ),
    Fault.LEDGER_FAILED: FaultText(
        Severity.STOP,
        "Pulses cannot be written to the ledger, so none are fired",
        "Free disk space, then release",
    ),
    Fault.RECORDING_FAILED: FaultText(
        Severity.WARN,
        "The recording has a gap; the ledger goes on",
        "Free disk space or mark fewer recordings; it goes on by itself",
    ),
    Fault.LOOP_LATE: FaultText(
        Severity.WARN,
        "The control program is too slow for this computer",
        "End other programs, cool the computer, or choose a lighter model or fewer frames",
    ),
    Fault.DEAD_MAN: FaultText(
        Severity.WARN,
        "The valve controller heard nothing from the control program, so it closed the valves and halted",
        "End other programs or cool the computer; if it is idle, check the serial cable",
    ),
    Fault.INTERNAL_ERROR: FaultText(
        Severity.STOP,
        "The control program made an error and stopped the robot",
        "Restart it and report the log",
    ),
}


def internal_error(error: Exception, now: float) -> ActiveFault:
    """Return the fault that an error of the loop itself is."""
    told = FAULTS[Fault.INTERNAL_ERROR]
    text = f"{told.text}: {error!r}"[:300]
    return ActiveFault(Fault.INTERNAL_ERROR, told.severity, text, told.remedy, now, True, False)


class FaultBook:
    """Which faults are present, and which are gone but not yet acknowledged."""

    def __init__(self) -> None:
        self._active: dict[str, ActiveFault] = {}

    def update(self, present: Mapping[Fault, str], now: float) -> tuple[ActiveFault, ...]:
        """Take the faults present now with their details; return the ones that are new."""
        fresh: list[ActiveFault] = []
        for code, detail in present.items():
            known = self._active.get(code)
            table = FAULTS[code]
            text = f"{table.text}: {detail}" if detail else table.text
            is_new = known is None or not known.present
            since = now if known is None or not known.present else known.since
            acknowledged = known is not None and known.present and known.acknowledged
            fault = ActiveFault(code, table.severity, text, table.remedy, since, True, acknowledged)
            self._active[code] = fault
            if is_new:
                fresh.append(fault)
        for gone in [fault for fault in self._active.values() if fault.code not in present]:
            self._gone(gone)
        return tuple(fresh)

    def acknowledge(self, code: str) -> bool:
        """Mark one fault as seen, or all with an empty code; False when there is no such fault."""
        found = [code] if code in self._active else list(self._active) if not code else []
        for each in found:
            fault = self._active[each]
            self._active[each] = _changed(fault, present=fault.present, acknowledged=True)
            if not fault.present:
                del self._active[each]
        return bool(found)

    @property
    def active(self) -> tuple[ActiveFault, ...]:
        """All faults to show, oldest first."""
        return tuple(sorted(self._active.values(), key=lambda fault: (fault.since, fault.code)))

    def has(self, severity: Severity) -> bool:
        """Tell whether a fault of that severity is present."""
        return any(fault.present and fault.severity == severity for fault in self._active.values())

    def first(self, severity: Severity) -> ActiveFault | None:
        """Return the oldest present fault of that severity, or None."""
        return next((fault for fault in self.active if fault.present and fault.severity == severity), None)

    def _gone(self, fault: ActiveFault) -> None:
        if fault.acknowledged:
            del self._active[fault.code]
        elif fault.present:
            self._active[fault.code] = _changed(fault, present=False, acknowledged=False)


def _changed(fault: ActiveFault, *, present: bool, acknowledged: bool) -> ActiveFault:
    return ActiveFault(
        fault.code, fault.severity, fault.text, fault.remedy, fault.since, present, acknowledged
    )
