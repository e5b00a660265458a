"""The ways out of the house: alerts by HTTP POST and by mail. Each `send` blocks; only the sender's process calls it."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import smtplib
import ssl
import urllib.error
import urllib.request
from collections.abc import Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any, Protocol

import msgspec

from robot.alerts.config import AlertsConfig, MailConfig, WebhookConfig
from robot.alerts.store import Alert

MAX_SECRET = 4096


class ChannelError(Exception):
    """Sending failed; the text says where, why and what to check, in one line."""


class Channel(Protocol):
    """One way out."""

    @property
    def name(self) -> str:
        """How the alerts file calls it."""
        ...

    def send(self, alerts: Sequence[Alert]) -> None:
        """Send these in one message; raises ChannelError when it is not sure that they arrived."""
        ...


def channels_of(config: AlertsConfig, robot: str) -> list[Channel]:
    """Return the channels that are set."""
    channels: list[Channel] = []
    if config.webhook is not None:
        channels.append(Webhook(config.webhook, robot))
    if config.mail is not None:
        channels.append(Mail(config.mail, robot))
    return channels


class Webhook:
    """Posts `{"robot": name, "alerts": [...]}`; any 2xx answer means taken."""

    name = "webhook"

    def __init__(self, config: WebhookConfig, robot: str) -> None:
        self._config = config
        self._robot = robot

    def send(self, alerts: Sequence[Alert]) -> None:
        """Post; a redirect is not followed, because it would turn the POST into a GET."""
        body = msgspec.json.encode({"robot": self._robot, "alerts": alerts})
        headers = {"Content-Type": "application/json", "User-Agent": "bombus"}
        if self._config.secret_file is not None:
            secret = read_secret(self._config.secret_file, "alerts.webhook.secret_file")
            signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Bombus-Signature"] = f"sha256={signature}"
        # The scheme is checked where the setting is read.
        request = urllib.request.Request(self._config.url, body, headers)
        try:
            context = ssl_context(self._config.ca_file, "alerts.webhook.ca_file")
            opener = urllib.request.build_opener(_NoRedirect, urllib.request.HTTPSHandler(context=context))
            with opener.open(request, timeout=self._config.timeout_s):
                pass
        except urllib.error.HTTPError as error:
            with error:
                raise self._failed(f"answered {error.code} {error.reason}") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise self._failed(str(getattr(error, "reason", error)) or type(error).__name__) from error

    def _failed(self, why: str) -> ChannelError:
        return ChannelError(f"alerts.webhook.url = '{self._config.url}': {why}; check address and server")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow nothing."""


class Mail:
    """One mail for all alerts that are due."""

    name = "mail"

    def __init__(self, config: MailConfig, robot: str) -> None:
        self._config = config
        self._robot = robot

    def send(self, alerts: Sequence[Alert]) -> None:
        """Hand one mail to the server; all recipients must be taken."""
        config = self._config
        message = self._message(alerts)
        try:
            with self._connected() as server:
                if config.user and config.password_file is not None:
                    server.login(config.user, read_secret(config.password_file, "alerts.mail.password_file"))
                refused = server.send_message(message)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise self._failed(_said(error)) from error
        if refused:
            raise self._failed(f"it refused {', '.join(refused)}")

    def _connected(self) -> smtplib.SMTP:
        config = self._config
        context = ssl_context(config.ca_file, "alerts.mail.ca_file")
        if config.security == "tls":
            return smtplib.SMTP_SSL(config.host, config.port, timeout=config.timeout_s, context=context)
        server = smtplib.SMTP(config.host, config.port, timeout=config.timeout_s)
        if config.security == "starttls":
            try:
                server.starttls(context=context)
            except (OSError, smtplib.SMTPException):
                server.close()
                raise
        return server

    def _message(self, alerts: Sequence[Alert]) -> EmailMessage:
        first, more = alerts[0], len(alerts) - 1
        message = EmailMessage()
        message["From"] = self._config.sender
        message["To"] = ", ".join(self._config.to)
        message["Date"] = formatdate(localtime=True)
        message["Message-ID"] = make_msgid(domain=self._config.sender.rpartition("@")[2])
        subject = f"[{self._robot}] {first.severity}: {first.text}{f' (and {more} more)' if more else ''}"
        message["Subject"] = " ".join(subject.split())[:200]
        message.set_content("\n".join(map(_as_lines, alerts)))
        return message

    def _failed(self, why: str) -> ChannelError:
        where = f"{self._config.host}:{self._config.port}"
        return ChannelError(f"alerts.mail.host = '{where}': {why}; check the server and [alerts.mail]")


def _as_lines(alert: Alert) -> str:
    when = formatdate(alert.raised, localtime=True)
    times = f", {alert.count} times" if alert.count > 1 else ""
    now = "" if alert.present else ", gone by now"
    return f"{alert.text}.\n  {alert.remedy}.\n  {alert.code}, number {alert.id}, {when}{times}{now}\n"


def _said(error: Exception) -> str:
    """Return what the server said; its answers are bytes over several lines."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return f"it refused {', '.join(error.recipients)}"
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        text = said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        return f"answered {error.smtp_code} {' '.join(text.split())}"
    return str(error) or type(error).__name__


def read_secret(path: Path, key: str) -> str:
    """Return a secret from its file, read anew each time so that it can be changed; raises ChannelError."""
    try:
        with path.open(encoding="utf-8") as file:
            secret = file.read(MAX_SECRET).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ChannelError(f"{key} = '{path}': cannot be read ({error}); check file and owner") from error
    if not secret:
        raise ChannelError(f"{key} = '{path}': is empty; write the secret into it")
    return secret


def ssl_context(ca_file: Path | None, key: str) -> ssl.SSLContext:
    """Return a context that checks certificates, also against the farm's own CA; raises ChannelError."""
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except OSError as error:  # an SSLError is one, too
            raise ChannelError(f"{key} = '{ca_file}': cannot be used ({error}); give a PEM file") from error
    return context
