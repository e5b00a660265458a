"""Where climate readings come from. Each source reads in a thread of its own; asking for the last one never waits."""

from __future__ import annotations

import csv
import json
import threading
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from urllib.error import URLError
from urllib.request import urlopen

from robot.clock import Clock
from robot.mission.climate import ClimateConfig, Reading

HTTP_TIMEOUT_S = 5.0
MOST_BYTES = 1_000_000
SANE_C = (-40.0, 80.0)
SANE_RH = (0.0, 100.0)


class SourceError(Exception):
    """The source cannot be set up; the text names it and the remedy."""


class ClimateSource(Protocol):
    """The last reading, or why there is none; safe to ask from any thread, at once."""

    def last(self) -> tuple[Reading | None, str]:
        """Return the last good reading and the source's present trouble ("" when it is well)."""
        ...

    def close(self) -> None:
        """End the source's thread."""
        ...


class ManualSource:
    """Readings that the operator types in; also what a switched-off source is."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._reading: Reading | None = None
        self._trouble = ""

    def last(self) -> tuple[Reading | None, str]:
        """Return what was set last."""
        with self._lock:
            return self._reading, self._trouble

    def set(self, celsius: object, humidity: object) -> None:
        """Take a reading now; what is no sane number becomes the source's trouble and keeps the old one."""
        try:
            reading = Reading(
                _number(celsius, "celsius", SANE_C), _number(humidity, "humidity", SANE_RH), 0.0
            )
        except ValueError as error:
            self.complain(str(error))
            return
        with self._lock:
            self._reading = Reading(reading.celsius, reading.humidity, self._clock.now())
            self._trouble = ""

    def complain(self, trouble: str) -> None:
        """Say why there is nothing new."""
        with self._lock:
            self._trouble = trouble

    def close(self) -> None:
        """There is no thread."""


class PolledSource(ManualSource):
    """Asks for a reading every so often, in its own thread."""

    def __init__(self, clock: Clock, poll_s: float, ask: Callable[[], tuple[object, object] | None]) -> None:
        """`ask` returns a new reading, None when nothing is new; OSError and ValueError are its troubles."""
        super().__init__(clock)
        self._ask = ask
        self._poll_s = poll_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="climate", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; one that waits for an answer ends with it."""
        self._ending.set()
        self._thread.join(timeout=HTTP_TIMEOUT_S)

    def _run(self) -> None:
        while True:
            try:
                found = self._ask()
                if found is not None:
                    self.set(*found)
            except (OSError, ValueError) as error:
                self.complain(" ".join(str(error).split())[:200])
            if self._ending.wait(self._poll_s):
                return


class _CsvTail:
    """The last line of a growing file; the same line twice is no new reading."""

    def __init__(self, path: Path, keys: tuple[str, str]) -> None:
        self._path, self._keys = path, keys
        self._seen: tuple[float, int] | None = None

    def __call__(self) -> tuple[object, object] | None:
        found = self._path.stat()
        stamp = (found.st_mtime, found.st_size)
        if stamp == self._seen:
            return None
        with self._path.open(encoding="utf-8", errors="replace", newline="") as file:
            lines = list(csv.DictReader(file))
        if not lines:
            raise ValueError(f"{self._path}: no line below the header")
        self._seen = stamp
        return _pick(lines[-1], self._keys, str(self._path))


def _ask_http(url: str, keys: tuple[str, str]) -> tuple[object, object]:
    try:
        with urlopen(url, timeout=HTTP_TIMEOUT_S) as answer:
            return _from_json(answer.read(MOST_BYTES), keys, url)
    except URLError as error:
        raise OSError(f"{url}: {error.reason}") from error


def _from_json(text: bytes, keys: tuple[str, str], what: str) -> tuple[object, object]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{what}: no JSON ({error})") from error
    if not isinstance(data, dict):
        raise ValueError(f"{what}: no JSON object")
    return _pick(data, keys, what)


def _pick(data: Mapping[str, object], keys: tuple[str, str], what: str) -> tuple[object, object]:
    for key in keys:
        if data.get(key) is None:
            raise ValueError(f"{what}: '{key}' is missing; known are {', '.join(map(str, data))}"[:200])
    return data[keys[0]], data[keys[1]]


def _number(value: object, name: str, sane: tuple[float, float]) -> float:
    try:
        number = float(str(value))
    except ValueError as error:
        raise ValueError(f"{name} = {value!r}: no number") from error
    if not sane[0] <= number <= sane[1]:
        raise ValueError(f"{name} = {number:g}: outside {sane[0]:g} to {sane[1]:g}")
    return number


class MqttSource(ManualSource):
    """Listens on a broker's topic (paho-mqtt, the extra `mqtt`); paho's thread reconnects by itself."""

    def __init__(self, clock: Clock, config: ClimateConfig) -> None:
        """Raises SourceError without the extra."""
        super().__init__(clock)
        try:
            mqtt = import_module("paho.mqtt.client")
            versions = import_module("paho.mqtt.enums")
        except ImportError as error:
            raise SourceError(
                "climate.source = 'mqtt': needs paho-mqtt; pip install 'bombus[mqtt]'"
            ) from error
        self._keys, self._topic = (config.celsius_key, config.humidity_key), config.mqtt_topic
        self._where = f"{config.mqtt_host}:{config.mqtt_port}"
        self._client: Any = mqtt.Client(versions.CallbackAPIVersion.VERSION2)
        self._client.on_connect = self._connected
        self._client.on_disconnect = lambda *_: self.complain(f"{self._where}: broker lost")
        self._client.on_connect_fail = lambda *_: self.complain(f"{self._where}: broker not reached")
        self._client.on_message = self._took
        self.complain(f"{self._where}: broker not reached yet")
        self._client.connect_async(config.mqtt_host, config.mqtt_port)
        self._client.loop_start()

    def close(self) -> None:
        """Leave the broker and end paho's thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: Any, _data: Any, _flags: Any, code: Any, _more: Any) -> None:
        if code.is_failure:
            self.complain(f"{self._where}: broker refuses ({code})")
            return
        client.subscribe(self._topic)
        self.complain(f"nothing yet on topic {self._topic}")

    def _took(self, _client: Any, _data: Any, message: Any) -> None:
        try:
            self.set(*_from_json(message.payload[:MOST_BYTES], self._keys, self._topic))
        except ValueError as error:
            self.complain(str(error))


def source_of(config: ClimateConfig, clock: Clock) -> ClimateSource:
    """Return the source that a house file asks for, running; raises SourceError when it cannot be had."""
    keys = (config.celsius_key, config.humidity_key)
    if config.source == "csv" and config.csv is not None:
        return PolledSource(clock, config.poll_s, _CsvTail(config.csv, keys))
    if config.source == "http" and config.url is not None:
        url = config.url
        return PolledSource(clock, config.poll_s, lambda: _ask_http(url, keys))
    if config.source == "mqtt":
        return MqttSource(clock, config)
    return ManualSource(clock)
