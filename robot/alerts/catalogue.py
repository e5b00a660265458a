"""Everything the robot can say that has a code; docs/troubleshooting.md explains each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from robot.faults import FAULTS, Severity
from robot.mission.runner import Phase
from robot.mission.waits import Wait
from robot.types import Mode, Reason


class Kind(StrEnum):
    """What sort of alert it is."""

    FAULT = "fault"
    """Something is wrong now; `robot/faults.py` has the table."""
    NOTICE = "notice"
    """Something has happened that a person should know of; nothing waits for it to go away."""


class Notice(StrEnum):
    """What may have happened outside the loop's own faults."""

    ENDED_HARD = "ended_hard"
    CLOCK_SET = "clock_set"
    CONFIG_GIVEN_UP = "config_given_up"
    DISK_WAS_FULL = "disk_was_full"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What the operator reads: what is so, and what to do."""

    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class AlertText:
    """What an alert says, and how grave it is."""

    kind: Kind
    severity: Severity
    text: str
    remedy: str


NOTICES: Mapping[Notice, AlertText] = {
    Notice.ENDED_HARD: AlertText(
        Kind.NOTICE,
        Severity.WARN,
        "The control program ended without being told to",
        "Look for a power cut or a crash in the log; what may have been fired counts as fired",
    ),
    Notice.CLOCK_SET: AlertText(
        Kind.NOTICE,
        Severity.WARN,
        "The computer's clock was set while the robot ran",
        "Have the time synchronised by NTP; if it was set by hand, restart the computer to take it over",
    ),
    Notice.CONFIG_GIVEN_UP: AlertText(
        Kind.NOTICE,
        Severity.WARN,
        "A new machine file could not be taken; the robot goes on with the old one",
        "Mend the file, or `bombus config rollback`: as it is, the robot would not start again",
    ),
    Notice.DISK_WAS_FULL: AlertText(
        Kind.NOTICE,
        Severity.WARN,
        "The control program found the disk full and waited for room",
        "Keep fewer recordings (recording.max_gib), or look for what else fills the disk",
    ),
}

ALERTS: Mapping[str, AlertText] = {
    **{
        code.value: AlertText(Kind.FAULT, told.severity, told.text, told.remedy)
        for code, told in FAULTS.items()
    },
    **{code.value: told for code, told in NOTICES.items()},
}
"""Every code that can become an alert."""

WAITS: Mapping[Mode, Sentence] = {
    Mode.STARTING: Sentence(
        "Waiting for the valve controller, and to be told the place",
        "Switch the controller on; set the position if the page asks for it",
    ),
    Mode.READY: Sentence("Waiting for START", "Press Start; nothing moves by itself"),
    Mode.STOPPED: Sentence(
        "Waiting to be released after a stop", "Free the aisle and the e-stop button, then press Release"
    ),
    Mode.FAULT: Sentence(
        "Waiting for a fault to be mended and released", "Mend the fault that is shown, then press Release"
    ),
    Mode.DONE: Sentence(
        "Waiting at the row's end", "Bring the cart to the next row and set the row or the position"
    ),
}
"""What the robot waits for in each mode but RUNNING; there, a HOLD fault is the wait."""

DAY_WAITS: Mapping[Phase, Sentence] = {
    Phase.OFF: Sentence("Waiting for somebody to begin the day", "Press Start on the page Today"),
    Phase.WAITING: Sentence(
        "Waiting for the window to open, for a plan, or for a row that may not be begun yet",
        "Nothing, if the sentence on the page is right; else see the climate source and [mission.climate]",
    ),
    Phase.RESTING: Sentence(
        "Waiting in the row because the window is closed", "Nothing: it goes on when the window opens"
    ),
    Phase.HELP: Sentence(
        "Waiting to be fetched: the battery does not last to the dock",
        "Take the cart to its dock, then confirm",
    ),
    Phase.DONE: Sentence("Waiting for the next day", "Nothing: the rows of today are done or over"),
}
"""What a robot with a house waits for beside its mode."""

ASKS: Mapping[str, Sentence] = {
    "row": Sentence(
        "Waiting for the cart to be brought to a row", "Roll it onto the rails, then confirm its tag"
    ),
    "dock": Sentence("Waiting for the cart to be brought to its dock", "Roll it there, then confirm"),
    "swap": Sentence("Waiting for a charged battery", "Change the battery, then confirm"),
    "disinfect": Sentence(
        "Waiting for disinfection after an infected row", "Disinfect wheels, mast and nozzles, then confirm"
    ),
    "fetch": Sentence(
        "Waiting to be fetched to the dock", "The battery does not last: fetch the cart, then confirm"
    ),
}
"""What the mission asks people to do and then to confirm (`AskView.what`)."""

MISSION_WAITS: Mapping[Wait, Sentence] = {
    Wait.STOPPED: Sentence(
        "The robot was stopped on the way",
        "Mend what is shown, press Release, then Start",
    ),
    Wait.PAUSED: Sentence(
        "Somebody paused the day",
        "Press Start to go on",
    ),
    Wait.RESTARTED: Sentence(
        "The control program was restarted during the day",
        "Look where the cart stands, then press Start to go on",
    ),
    Wait.END_DOUBT: Sentence(
        "The map has the row's end here, its tag or switch does not",
        "Look where the cart stands, then press Start",
    ),
    Wait.END_EARLY: Sentence(
        "The row-end switch has the row's end here, the map goes on",
        "Look; then press Start to go on without the switch, or leave the row out to come back",
    ),
    Wait.PLAN: Sentence(
        "The plan of the day is being made",
        "Nothing: it takes some seconds",
    ),
    Wait.NO_PLAN: Sentence(
        "No plan of the day could be made",
        "Mend what the sentence behind it names; it is tried again each minute",
    ),
    Wait.HOURS: Sentence(
        "The hours for the work are over, or not yet come",
        "Nothing: it goes on in the next window; the hours stand in [climate] of the house file",
    ),
    Wait.NO_READING: Sentence(
        "No reading of the greenhouse's air has come yet",
        "Look at the climate source, or tell the climate by hand",
    ),
    Wait.OLD_READING: Sentence(
        "The last reading of the greenhouse's air is too old",
        "Look at the climate source",
    ),
    Wait.AIR: Sentence(
        "The air is too warm, too cold, too dry or too damp for pollen",
        "Nothing: it goes on when the air is right; the limits stand in [climate] of the house file",
    ),
    Wait.ROW_RESTS: Sentence(
        "The next row has rested too short since its last treatment",
        "Nothing: it begins when the row is due again",
    ),
    Wait.WRONG_TAG: Sentence(
        "The number told is not that of the row's tag",
        "Read the tag at the row and write its number",
    ),
    Wait.OTHER_TAG: Sentence(
        "The front camera sees another row's tag",
        "Look in which row the cart stands",
    ),
    Wait.STUCK: Sentence(
        "The cart cannot drive on by itself",
        "Bring it there by hand, then confirm",
    ),
}
"""What holds a mission until somebody presses START, what it waits for by itself, and why a confirmation is not taken."""

REFUSALS: Mapping[Reason, Sentence] = {
    Reason.NOT_READY: Sentence("The flower is a bud or spent", "Nothing: it is looked at again next time"),
    Reason.UNSURE: Sentence(
        "The detector is not sure that the flower is ready", "Train the detector on pictures of this house"
    ),
    Reason.PLACE_UNSURE: Sentence(
        "The flower's place is not known well enough", "Calibrate the camera; drive slower"
    ),
    Reason.LOOK_AGAIN: Sentence(
        "Passed while stage or place were not sure; it is looked at again on the way back",
        "Nothing; if many stay so, train the detector on pictures of this house",
    ),
    Reason.OUT_OF_REACH: Sentence(
        "No nozzle reaches the flower", "Check height and distance of the nozzle bank against the crop"
    ),
    Reason.TREATED_RECENTLY: Sentence(
        "The flower was treated within the interval", "Nothing: it comes due again"
    ),
    Reason.DAILY_CAP: Sentence("The flower has had its treatments for today", "Nothing: tomorrow again"),
    Reason.BUD_IN_JET: Sentence("A bud would be hit as well", "Nothing, or allow more in shot.bud_share"),
    Reason.PASSED: Sentence(
        "The nozzles were past it before a decision", "Drive slower; look at the page's latencies"
    ),
    Reason.NOZZLE_BUSY: Sentence("Its nozzle was busy with a neighbour", "Drive slower, or shorten the dose"),
    Reason.OVER_AIR_BUDGET: Sentence(
        "More pulses were due than the air allows", "Drive slower, or raise safety.max_pulses_per_s"
    ),
    Reason.NOT_ARMED: Sentence("The valve controller was not armed", "See the fault not_armed"),
    Reason.ESTOP: Sentence("The e-stop was pressed or latched", "Free it, then press Release"),
    Reason.LOW_PRESSURE: Sentence("The air pressure was too low", "See the fault pressure_low"),
    Reason.LINK_DOWN: Sentence("There was no contact with the valve controller", "See the fault link_down"),
    Reason.POSITION_UNSURE: Sentence(
        "The cart did not know its place well enough", "See the fault position_unsure"
    ),
    Reason.OUTSIDE_ROW: Sentence("The flower lies outside the row", "Check row.length and the set position"),
    Reason.OVER_CAP: Sentence(
        "The train is longer than a safety cap allows", "Shorten the dose, or see the caps of [safety]"
    ),
    Reason.QUEUE_FULL: Sentence("The controller's queue was full", "Drive slower"),
    Reason.LATE: Sentence("The pulse reached the controller too late", "Look at the page's latencies"),
    Reason.STALE: Sentence(
        "The controller had seen a later pulse already", "Check the serial cable for noise"
    ),
    Reason.BAD_SESSION: Sentence("The pulse belonged to an earlier connection", "Check the serial cable"),
    Reason.NO_ANSWER: Sentence(
        "The controller never said what became of it", "Check the serial cable for noise"
    ),
    Reason.STOPPED: Sentence("The robot was stopped or held", "See the message that is shown"),
}
"""Why a flower was left alone or a pulse not sent."""
