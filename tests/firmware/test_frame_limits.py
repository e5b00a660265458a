"""The frame's parts by themselves: the encoder byte for byte, and the counts of what was received."""

from typing import Any

import pytest

from firmware_bridge.enums import MessageType
from firmware_bridge.framing import encode_frame
from firmware_bridge.messages import Ping, Pong


@pytest.mark.parametrize("payload", [b"", b"\0", bytes(48), bytes(range(1, 49)), b"\1\0\2" * 16])
def test_frame_is_encoded_as_the_host_encodes_it(parts: Any, payload: bytes) -> None:
    frame = parts.new(
        "bb_frame", type=0x85, seq=0xA0B1, session=0xC2D3_E4F5, size=len(payload), payload=payload
    )
    wire = parts.ffi.new("uint8_t[]", b"\xee" * 63)
    size = parts.lib.bb_frame_encode(wire, frame)
    wanted = encode_frame(0x85, 0xA0B1, 0xC2D3_E4F5, payload)
    assert bytes(parts.ffi.buffer(wire)) == wanted + b"\xee" * (63 - len(wanted)) + b"\0"
    assert size == len(wanted)


@pytest.mark.parametrize("size", [49, 255])
def test_payload_that_is_too_long_is_not_encoded(parts: Any, size: int) -> None:
    wire = parts.ffi.new("uint8_t[]", b"\xee" * 63)
    assert parts.lib.bb_frame_encode(wire, parts.new("bb_frame", size=size)) == 0
    assert bytes(parts.ffi.buffer(wire)) == b"\xee" * 63 + b"\0"


def test_good_and_bad_frames_are_counted_apart(parts: Any, board: Any) -> None:
    deframer = parts.memory(board.core).deframer
    good, bad = deframer.good, deframer.bad
    for _ in range(3):
        board.send(Ping())
    board.receive(b"\1\2\0")
    assert (deframer.good, deframer.bad) == (good + 3, bad + 1)


def test_overlong_frame_leaves_no_mark_on_the_next(parts: Any, board: Any) -> None:
    deframer = parts.memory(board.core).deframer
    board.receive(b"\7" * 62)
    assert (deframer.size, deframer.overrun) == (62, False)
    board.receive(b"\7")
    assert (deframer.size, deframer.overrun) == (62, True)
    board.receive(b"\0")
    assert (deframer.size, deframer.overrun) == (0, False)


def test_frames_that_arrive_together_are_answered_once_each(board: Any) -> None:
    ping = encode_frame(MessageType.PING, 9, board.session, b"")
    assert [type(answer) for answer in board.receive(b"\0" + ping + b"\0\0" + ping + b"\0")] == [Pong, Pong]
    assert [type(answer) for answer in board.receive(ping + b"\1\2\3\0\0" + ping)] == [Pong, Pong]
