"""The climate gate as the mission holds it: its source, its last verdict, and readings told by hand."""

from __future__ import annotations

from datetime import datetime

from robot.mission.climate import ClimateConfig, ClimateGate, Verdict
from robot.mission.climate_source import ClimateSource, ManualSource
from robot.mission.waits import Wait

LOOK_S = 1.0


class Gate:
    """Judges once a second; never waits for a reading."""

    def __init__(self, config: ClimateConfig, source: ClimateSource) -> None:
        self._source = source
        self._gate = ClimateGate(config)
        self._looked_at = float("-inf")
        self._verdict = Verdict(False, "closed: not judged yet", Wait.NO_READING)

    @property
    def open(self) -> bool:
        """Whether rows may be worked now."""
        return self._verdict.open

    @property
    def why(self) -> str:
        """One sentence."""
        return self._verdict.sentence

    @property
    def code(self) -> str:
        """What keeps it shut (`robot.mission.waits.Wait`), or an empty text."""
        return self._verdict.code

    def look(self, now: float, wall: datetime) -> None:
        """Judge anew, when it is time to."""
        if now - self._looked_at < LOOK_S:
            return
        self._looked_at = now
        reading, trouble = self._source.last()
        self._verdict = self._gate.judge(reading, trouble, now, wall.astimezone())

    def told(self, celsius: float, humidity: str) -> str:
        """Take a reading by hand; returns why it is not used, or ''."""
        if type(self._source) is not ManualSource:
            return "the climate comes from its own source; set climate.source = 'manual' to tell it by hand"
        self._source.set(celsius, humidity)
        self._looked_at = float("-inf")
        return ""

    def close(self) -> None:
        """Let go of the source."""
        self._source.close()
