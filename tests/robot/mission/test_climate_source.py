"""Real files, a real HTTP server and real sockets; asking a source never waits for them."""

import http.server
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from robot.clock import MonotonicClock
from robot.mission.climate import ClimateConfig
from robot.mission.climate_source import ClimateSource, ManualSource, MqttSource, source_of

CLOCK = MonotonicClock()


def wait_for(source: ClimateSource, good: Callable[[float | None, str], bool]) -> tuple[float | None, str]:
    until = CLOCK.now() + 10.0
    while True:
        reading, trouble = source.last()
        celsius = reading.celsius if reading is not None else None
        if good(celsius, trouble) or CLOCK.now() > until:
            return celsius, trouble
        CLOCK.sleep_until(CLOCK.now() + 0.01)


@pytest.fixture
def started() -> Iterator[Callable[[ClimateConfig], ClimateSource]]:
    sources: list[ClimateSource] = []

    def start(config: ClimateConfig) -> ClimateSource:
        sources.append(source_of(config, CLOCK))
        return sources[-1]

    yield start
    for source in sources:
        source.close()


Start = Callable[[ClimateConfig], ClimateSource]


def test_csv_gives_its_last_line_and_follows_the_file(started: Start, tmp_path: Path) -> None:
    path = tmp_path / "climate.csv"
    path.write_text("time,celsius,humidity\n10:00,21.5,70\n10:05,22.5,71\n")
    source = started(ClimateConfig(source="csv", csv=path, poll_s=0.02))
    assert wait_for(source, lambda c, _: c is not None) == (22.5, "")
    with path.open("a") as file:
        file.write("10:10,23.5,72\n")
    assert wait_for(source, lambda c, _: c == 23.5) == (23.5, "")


def test_csv_that_stands_still_grows_old(started: Start, tmp_path: Path) -> None:
    path = tmp_path / "climate.csv"
    path.write_text("celsius,humidity\n21.5,70\n")
    source = started(ClimateConfig(source="csv", csv=path, poll_s=0.01))
    wait_for(source, lambda c, _: c is not None)
    first, _ = source.last()
    CLOCK.sleep_until(CLOCK.now() + 0.1)
    later, _ = source.last()
    assert first is not None and first == later, "an unchanged file is no new reading"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, "No such file"),
        ("", "no line below the header"),
        ("celsius,rh\n20,70\n", "'humidity' is missing; known are celsius, rh"),
        ("celsius,humidity\nwarm,70\n", "celsius = 'warm': no number"),
        ("celsius,humidity\nnan,70\n", "outside -40 to 80"),
        ("celsius,humidity\n20,700\n", "humidity = 700: outside 0 to 100"),
    ],
)
def test_bad_csv_is_the_sources_trouble(started: Start, tmp_path: Path, text: str | None, words: str) -> None:
    path = tmp_path / "climate.csv"
    if text is not None:
        path.write_text(text)
    source = started(ClimateConfig(source="csv", csv=path, poll_s=0.02))
    celsius, trouble = wait_for(source, lambda _, t: t != "")
    assert celsius is None and words in trouble and "\n" not in trouble


@pytest.fixture
def page() -> Iterator[tuple[str, list[bytes]]]:
    answers = [b'{"t": 24.0, "rh": 66}']

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(answers[0])

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/climate", answers
    server.shutdown()
    server.server_close()
    thread.join()


def test_http_gives_the_named_keys_and_tells_what_it_cannot_read(
    started: Start, page: tuple[str, list[bytes]]
) -> None:
    url, answers = page
    source = started(ClimateConfig(source="http", url=url, poll_s=0.02, celsius_key="t", humidity_key="rh"))
    assert wait_for(source, lambda c, _: c is not None) == (24.0, "")
    answers[0] = b"<html>"
    celsius, trouble = wait_for(source, lambda _, t: t != "")
    assert celsius == 24.0 and "no JSON" in trouble


def test_http_server_that_is_not_there_is_told(started: Start) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = started(ClimateConfig(source="http", url=f"http://127.0.0.1:{port}/", poll_s=0.02))
    _, trouble = wait_for(source, lambda _, t: t != "")
    assert "refused" in trouble


def test_server_that_never_answers_does_not_hold_up_the_asker(started: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        source = source_of(ClimateConfig(source="http", url=url, poll_s=0.02), CLOCK)
        before = CLOCK.now()
        for _ in range(1000):
            assert source.last() == (None, "")
        assert CLOCK.now() - before < 1.0
        accepted, _ = silent.accept()
        accepted.close()
        source.close()


def test_manual_reading_is_stamped_and_a_wrong_one_refused() -> None:
    source = ManualSource(CLOCK)
    source.set(22.0, 65.0)
    reading, trouble = source.last()
    assert reading is not None and trouble == "" and abs(CLOCK.now() - reading.t) < 1.0
    source.set("hot", 65.0)
    kept, trouble = source.last()
    assert kept == reading and "celsius = 'hot'" in trouble


def _exactly(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            return data
        data += more
    return data


def _packet(connection: socket.socket) -> int:
    """Read one short MQTT packet and return its type."""
    head = _exactly(connection, 2)
    _exactly(connection, head[1])
    return head[0] >> 4


def test_mqtt_reads_its_topic_and_tells_when_the_broker_goes() -> None:
    pytest.importorskip("paho.mqtt.client")
    with socket.create_server(("127.0.0.1", 0)) as broker:
        config = ClimateConfig(
            source="mqtt", mqtt_host="127.0.0.1", mqtt_port=broker.getsockname()[1], mqtt_topic="air"
        )
        source = MqttSource(CLOCK, config)
        connection, _ = broker.accept()
        assert _packet(connection) == 1  # CONNECT
        connection.sendall(b"\x20\x02\x00\x00")  # CONNACK, accepted
        assert _packet(connection) == 8  # SUBSCRIBE
        body = struct.pack(">H", 3) + b"air" + b'{"celsius": 25.5, "humidity": 61}'
        connection.sendall(b"\x90\x03\x00\x01\x00" + bytes([0x30, len(body)]) + body)
        assert wait_for(source, lambda c, _: c is not None) == (25.5, "")
        connection.close()
        _, trouble = wait_for(source, lambda _, t: t != "")
        assert "broker" in trouble
        source.close()
