"""Whether pollination is worth the air right now: hours, temperature and humidity; says why in one sentence."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from robot.mission.waits import Wait

HYSTERESIS_C = 0.5
HYSTERESIS_RH = 2.0
Source = Literal["none", "manual", "csv", "http", "mqtt"]


class ClimateConfig(BaseModel):
    """When the climate allows pollination, and where its readings come from."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    open_hour: float = Field(
        10.0, ge=0, lt=24, description="h of the day; pollen sheds 10-16 (extension guides)"
    )
    close_hour: float = Field(
        16.0, gt=0, le=24, description="h of the day; pollen sheds 10-16 (extension guides)"
    )
    min_c: float = Field(15.6, ge=0, le=50, description="degC; pollen fails below (UAF HGA-00435)")
    max_c: float = Field(29.4, ge=0, le=60, description="degC; pollen fails above (UAF HGA-00435)")
    min_rh: float = Field(60.0, ge=0, le=100, description="% RH; too dry, pollen does not stick (Yara; WSU)")
    max_rh: float = Field(80.0, ge=0, le=100, description="% RH; too wet, pollen clumps (Yara; WSU)")
    max_age_s: float = Field(
        900.0, gt=0, le=86_400, description="s; an older reading closes the window (assumed)"
    )
    source: Source = Field("none", description="none (hours alone), manual, csv, http or mqtt")
    poll_s: float = Field(
        60.0, gt=0, le=3600, description="s between looks at a csv or http source (assumed)"
    )
    csv: Path | None = Field(None, description="file whose last line holds the columns celsius and humidity")
    url: str | None = Field(None, description="http(s) address of a JSON object with celsius and humidity")
    mqtt_host: str | None = Field(None, description="broker's address")
    mqtt_port: int = Field(1883, ge=1, le=65535, description="broker's TCP port")
    mqtt_topic: str = Field(
        "greenhouse/climate", min_length=1, description="a JSON object comes on this topic"
    )
    celsius_key: str = Field("celsius", min_length=1, description="column or JSON key of the temperature")
    humidity_key: str = Field(
        "humidity", min_length=1, description="column or JSON key of the humidity, % RH"
    )

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        for low, high in (("open_hour", "close_hour"), ("min_c", "max_c"), ("min_rh", "max_rh")):
            if getattr(self, low) >= getattr(self, high):
                raise ValueError(f"{low} = {getattr(self, low):g}: must be below {high}; lower it")
        needed = {"csv": "csv", "http": "url", "mqtt": "mqtt_host"}.get(self.source)
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"source = '{self.source}': {needed} is missing; add it")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            raise ValueError(f"url = '{self.url}': must begin with http:// or https://; mend it")
        return self

    def hours_today(self, local: datetime) -> tuple[datetime, datetime]:
        """Return when the window opens and closes on the day of `local`."""
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + timedelta(hours=self.open_hour), midnight + timedelta(hours=self.close_hour)


@dataclass(frozen=True, slots=True)
class Reading:
    """The greenhouse air, taken at monotonic time `t`."""

    celsius: float
    humidity: float
    t: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the window is open, and why, in one sentence."""

    open: bool
    sentence: str
    code: str = ""
    """What keeps it shut (`Wait`)."""


class ClimateGate:
    """Opens and closes the window; remembers which way it stood, so that it does not flap at a limit."""

    def __init__(self, config: ClimateConfig) -> None:
        self._config = config
        self._shut_by: str | None = None

    def judge(self, reading: Reading | None, trouble: str, now: float, local: datetime) -> Verdict:
        """Judge the last `reading` at monotonic `now` and local wall time; `trouble` is the source's complaint."""
        config = self._config
        opens, closes = config.hours_today(local)
        if not opens <= local < closes:
            sentence = f"closed: it is {local:%H:%M}, the window is {opens:%H:%M}-{closes:%H:%M}"
            return Verdict(False, sentence, Wait.HOURS)
        if config.source == "none":
            return Verdict(True, f"open until {closes:%H:%M}: by the hours alone, no climate source is set")
        if reading is None:
            sentence = f"closed: no climate reading yet from {config.source}{_because(trouble)}"
            return Verdict(False, sentence, Wait.NO_READING)
        age = now - reading.t
        if age > config.max_age_s:
            limit = config.max_age_s / 60
            return Verdict(
                False,
                f"closed: the last climate reading is {age / 60:.0f} min old, "
                f"{limit:.0f} min are allowed{_because(trouble)}",
                Wait.OLD_READING,
            )
        return self._judge_air(reading, f"{closes:%H:%M}")

    def _judge_air(self, reading: Reading, closes: str) -> Verdict:
        config = self._config
        air = (
            ("temperature", reading.celsius, config.min_c, config.max_c, HYSTERESIS_C, "°C"),
            ("humidity", reading.humidity, config.min_rh, config.max_rh, HYSTERESIS_RH, "% RH"),
        )
        for what, value, low, high, margin, unit in air:
            # Once shut by it, the air must come back by a margin before the window opens again.
            back = min(margin, (high - low) / 4.0) if self._shut_by == what else 0.0
            if not low + back <= value <= high - back:
                self._shut_by = what
                side, limit = ("below", low) if value < low + back else ("above", high)
                again = low + margin if side == "below" else high - margin
                return Verdict(
                    False,
                    f"closed: {value:.1f} {unit} is {_side(value, limit, side)} {limit:g} {unit}; "
                    f"opens again at {again:g} {unit}",
                    Wait.AIR,
                )
        self._shut_by = None
        return Verdict(True, f"open until {closes}: {reading.celsius:.1f} °C, {reading.humidity:.0f} % RH")


def _side(value: float, limit: float, side: str) -> str:
    beyond = value < limit if side == "below" else value > limit
    return side if beyond else f"only just not {side}"


def _because(trouble: str) -> str:
    return f" ({trouble})" if trouble else "; check the source"
