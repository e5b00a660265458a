"""The `[alerts]` section of a machine file: where alerts are kept and who is told."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from robot.alerts.catalogue import ALERTS


class AlertSection(BaseModel):
    """Base of these sections."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class WebhookConfig(AlertSection):
    """Alerts as JSON by HTTP POST; docs/alerts.md shows the body."""

    url: str = Field(max_length=2_000, description="http(s) address that takes a POST")
    secret_file: Path | None = Field(
        None, description="file with a shared secret; signs the body in X-Bombus-Signature"
    )
    ca_file: Path | None = Field(None, description="PEM file of the farm's own CA, for https")
    timeout_s: float = Field(10.0, gt=0, le=60, description="s to wait for the answer (assumed)")

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good or not url.isprintable() or " " in url:
            raise ValueError("is no http:// or https:// address; mend it")
        return url


class MailConfig(AlertSection):
    """Alerts by mail through one SMTP server."""

    host: str = Field(min_length=1, max_length=253, description="SMTP server")
    port: int = Field(587, ge=1, le=65535, description="TCP port; 465 goes with security = 'tls'")
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="starttls, tls or none; none is for a server on this machine"
    )
    user: str = Field("", max_length=200, description="account at the server; empty for none")
    password_file: Path | None = Field(None, description="file with its password")
    ca_file: Path | None = Field(None, description="PEM file of the farm's own CA")
    sender: str = Field(max_length=200, description="address the mail comes from")
    to: tuple[str, ...] = Field(min_length=1, max_length=20, description="addresses it goes to")
    timeout_s: float = Field(20.0, gt=0, le=120, description="s to wait for the server (assumed)")

    @field_validator("sender", "to")
    @classmethod
    def _are_addresses(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        for address in (value,) if isinstance(value, str) else value:
            name, at, host = address.rpartition("@")
            if not (at and name and host) or not address.isprintable() or set(address) & set(" <>,;"):
                raise ValueError(f"'{address[:80]}' is no mail address; write it as name@host")
        return value

    @model_validator(mode="after")
    def _password_goes_with_its_user(self) -> Self:
        if bool(self.user) != (self.password_file is not None):
            raise ValueError("user, password_file: belong together; give both or none")
        if self.user and self.security == "none":
            raise ValueError("security = 'none': would send the password in clear; set starttls or tls")
        return self


class AlertsConfig(AlertSection):
    """What people must be told: kept until it is acknowledged, sent out where a channel is set."""

    path: Path = Field(Path("runs/alerts.sqlite"), description="SQLite file, made when missing")
    least: Literal["warn", "hold", "stop"] = Field(
        "hold", description="the least severity that is sent out: warn, hold or stop"
    )
    mute: tuple[str, ...] = Field((), description="codes that are never sent out (docs/troubleshooting.md)")
    webhook: WebhookConfig | None = Field(None, description="send to a web address")
    mail: MailConfig | None = Field(None, description="send by mail")

    @property
    def goes_out(self) -> bool:
        """Whether any channel is set."""
        return self.webhook is not None or self.mail is not None

    @field_validator("mute")
    @classmethod
    def _are_codes(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            if code not in ALERTS:
                guess = get_close_matches(code, ALERTS, n=1)
                hint = f"did you mean '{guess[0]}'?" if guess else "docs/troubleshooting.md lists them"
                raise ValueError(f"'{code[:60]}' is no code of an alert; {hint}")
        return codes
