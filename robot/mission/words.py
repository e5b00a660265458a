"""The mission's sentences: what it does, what it waits for, what it asks of people."""

from __future__ import annotations

from robot.mission.leg import Leg
from robot.mission.mission_view import AskView
from robot.mission.plan_types import Stop, StopKind
from robot.mission.waits import Told


def span(seconds: float) -> str:
    """Return a length of time for people: '40 s', '12 min', '2 h 05 min'."""
    if seconds < 90.0:
        return f"{max(0.0, seconds):.0f} s"
    minutes = round(seconds / 60.0)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def ask_for_row(leg: Leg, lost: bool, refused: Told, s: float) -> AskView:
    """Ask for the cart to be brought to a row, onto its rails."""
    end = "far end" if leg.backwards else "head"
    text = f"Bring the cart to the {end} of row {leg.row}, onto the rails, then confirm"
    if lost:
        text = f"The place in row {leg.row} is lost. Roll the cart back to its {end}, then confirm"
    if leg.tag is not None:
        text += " with the number on the row's tag"
    return AskView("row", text, leg.row, leg.tag, refused.text, s, refused.code)


def ask_for_dock(dock: str, refused: Told) -> AskView:
    """Ask for the cart to be brought to its dock."""
    return AskView(
        "dock",
        f"Bring the cart to dock {dock}, then confirm",
        refused=refused.text,
        refused_code=refused.code,
    )


def ask_at_dock(stop: Stop, refused: Told) -> AskView:
    """Ask for a battery or for disinfection."""
    if stop.kind is StopKind.SWAP:
        return AskView(
            "swap", "Change the battery, then confirm", refused=refused.text, refused_code=refused.code
        )
    return AskView(
        "disinfect",
        "Disinfect wheels, mast and nozzles, then confirm",
        refused=refused.text,
        refused_code=refused.code,
    )


def ask_to_fetch(dock: str, refused: Told) -> AskView:
    """Ask for a cart that cannot come by itself."""
    text = f"The battery does not last to dock {dock}: fetch the cart there, then confirm"
    return AskView("fetch", text, refused=refused.text, refused_code=refused.code)
