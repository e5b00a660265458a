"""The line to the MQTT broker: paho's thread connects, again and again; telling something never waits for it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import structlog

from robot.config import ConfigError
from robot.home_assistant.config import HomeAssistantConfig

LONGEST_WAIT_S = 60
MOST_QUEUED = 64

log = structlog.get_logger(__name__)


class Broker:
    """One connection; callbacks run in paho's thread. What is told while there is no line is not told later."""

    def __init__(
        self,
        config: HomeAssistantConfig,
        will_topic: str,
        on_line: Callable[[], None],
        on_message: Callable[[str, bytes, bool], None],
    ) -> None:
        """`on_line` hears of each new connection, `on_message` of topic, bytes and whether they are an old copy.

        Raises ConfigError for a file that cannot be read, and without the extra `mqtt`.
        """
        try:
            mqtt, enums = import_module("paho.mqtt.client"), import_module("paho.mqtt.enums")
        except ImportError as error:
            raise ConfigError("home_assistant: needs paho-mqtt; pip install 'bombus[mqtt]'") from error
        self._where = f"{config.host}:{config.port}"
        self._on_line = on_line
        self._client: Any = mqtt.Client(enums.CallbackAPIVersion.VERSION2)
        if config.password_file is not None:
            self._client.username_pw_set(config.user, read_password(config.password_file))
        if config.tls:
            self._use_tls(config.ca_file)
        self._client.will_set(will_topic, "offline", qos=1, retain=True)
        self._client.max_queued_messages_set(MOST_QUEUED)
        self._client.reconnect_delay_set(1, LONGEST_WAIT_S)
        self._client.on_connect = self._connected
        self._client.on_disconnect = self._lost
        self._client.on_connect_fail = lambda *_: log.warning("broker not reached", broker=self._where)
        self._client.on_message = lambda _c, _d, one: on_message(one.topic, one.payload, one.retain)
        self._client.connect_async(config.host, config.port)
        self._client.loop_start()

    def _use_tls(self, ca_file: Path | None) -> None:
        try:
            self._client.tls_set(ca_certs=None if ca_file is None else str(ca_file))
        except (OSError, ValueError) as error:
            raise ConfigError(f"home_assistant.ca_file: {ca_file}: {error}; give a PEM file") from error

    def tell(self, topic: str, text: str, *, keep: bool = False) -> Any:
        """Hand over a message, for whoever comes later too if `keep`; what was handed over tells when it is out."""
        return self._client.publish(topic, text, qos=1 if keep else 0, retain=keep)

    def hear(self, topic: str) -> None:
        """Listen on a topic; to be said again on each new line."""
        self._client.subscribe(topic, qos=1)

    @property
    def connected(self) -> bool:
        """Whether there is a line now."""
        return bool(self._client.is_connected())

    def close(self) -> None:
        """Hang up in good order and end paho's thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _lost(self, _client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        if code.is_failure:  # else we have hung up ourselves
            log.warning("broker lost", broker=self._where, why=str(code))

    def _connected(self, _client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        if code.is_failure:
            log.warning("broker refuses", broker=self._where, why=str(code))
            return
        log.info("broker reached", broker=self._where)
        self._on_line()


def read_password(path: Path) -> str:
    """Return the first line of a password file; raises ConfigError, which does not show it."""
    try:
        text = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(
            f"home_assistant.password_file: {path}: cannot be read ({reason}); name a file with the password"
        ) from error
    if not text:
        raise ConfigError(f"home_assistant.password_file: {path}: is empty; write the password into it")
    return text
