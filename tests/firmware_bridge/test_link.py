from typing import Any

from firmware_bridge.framing import encode_frame
from firmware_bridge.link import Link, LinkConfig
from firmware_bridge.messages import TYPES, Arm, Disarm, Heartbeat, Ping, Pong, encode_payload


class Wire:
    """What was written, and what is to be read."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.coming = b""

    def read(self) -> bytes:
        data, self.coming = self.coming, b""
        return data

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        """Nothing to let go of."""


def make_link(**settings: Any) -> tuple[Link, Wire]:
    wire = Wire()
    return Link(wire, LinkConfig(**settings)), wire


def test_what_is_queued_goes_out_in_one_write() -> None:
    link, wire = make_link()
    link.post(Heartbeat())
    link.request(Arm(), 0.0)
    assert wire.written == []
    link.flush()
    link.flush()
    assert [data.count(0) for data in wire.written] == [2]


def test_request_is_repeated_unchanged_until_answered() -> None:
    link, wire = make_link(repeat_s=0.04)
    seq = link.request(Arm(), 0.0)
    link.flush()
    for t in (0.02, 0.05, 0.06, 0.10):
        assert link.repeat(t) is None
        link.flush()
    assert len(wire.written) == 3
    assert len(set(wire.written)) == 1
    assert link.asked(seq) == Arm()
    link.answered(seq)
    assert link.repeat(9.0) is None
    assert not link.waiting(Arm)
    assert link.counters.repeated == 2


def test_request_sent_too_often_is_given_up() -> None:
    link, _ = make_link(tries=3, repeat_s=0.01)
    link.request(Disarm(), 0.0)
    assert [link.repeat(t) for t in (0.1, 0.2)] == [None, None]
    assert link.repeat(0.3) == Disarm()


def test_received_messages_carry_their_header_and_strange_ones_are_counted() -> None:
    link, wire = make_link()
    good = encode_frame(TYPES[Pong], 7, 99, encode_payload(Pong(5)))
    wire.coming = good + encode_frame(0x42, 1, 1, b"") + encode_frame(TYPES[Pong], 1, 1, b"\1") + b"\1\2\0"
    (received,) = link.receive(0.0)
    assert (received.seq, received.session, received.message) == (7, 99, Pong(5))
    assert (link.counters.unknown, link.counters.bad, link.counters.received) == (2, 1, 3)


def test_budget_of_bad_frames_is_per_second() -> None:
    link, wire = make_link(bad_frames=2)
    for t in (0.0, 0.4):
        wire.coming = b"\1\2\0"
        link.receive(t)
        assert link.healthy(t)
    wire.coming = b"\1\2\0"
    link.receive(0.8)
    assert not link.healthy(0.8)
    assert link.healthy(1.1)


def test_forgetting_drops_requests_and_halves_but_keeps_counters() -> None:
    link, wire = make_link()
    link.session = 5
    link.request(Arm(), 0.0)
    good = encode_frame(TYPES[Pong], 7, 99, encode_payload(Pong(5)))
    wire.coming = b"\3\0" + good[:6]
    link.receive(0.0)
    link.forget()
    link.flush()
    assert wire.written == []
    assert link.session == 0
    wire.coming = good
    assert len(link.receive(0.0)) == 1
    assert link.counters.bad == 1


def test_sequence_numbers_are_known_as_ours_across_their_wrap() -> None:
    link, _ = make_link()
    before = link.post(Ping())
    for _ in range(0xFFF0):
        link.post(Ping())
    link.open(7)
    assert not link.is_ours(before)
    first = link.post(Ping())
    for _ in range(0x20):
        last = link.post(Ping())
    assert last < first
    assert link.is_ours(first)
    assert link.is_ours(last)
    assert not link.is_ours(last + 1)
    assert not link.is_ours(first - 1)
