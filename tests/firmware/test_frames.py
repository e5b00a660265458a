"""What the core makes of bytes that are no sound frame: nothing, and the next frame is heard."""

from typing import Any
from zlib import crc32

import pytest
from cobs import cobs

from firmware_bridge.enums import PROTOCOL_VERSION, MessageType, Result
from firmware_bridge.framing import encode_frame
from firmware_bridge.messages import Ack, Arm, Pong, Telemetry


def ping(board: Any) -> bytes:
    return encode_frame(MessageType.PING, 9, board.session, b"")


def sealed(body: bytes) -> bytes:
    encoded: bytes = cobs.encode(body + crc32(body).to_bytes(4, "little"))
    return encoded + b"\0"


@pytest.mark.parametrize("size", range(8))
def test_frame_shorter_than_its_header_is_dropped_although_its_sum_is_right(board: Any, size: int) -> None:
    body = bytes([PROTOCOL_VERSION, MessageType.PING, 9, 0, 1, 2, 3])[:size]
    before = board.telemetry.bad_frames
    assert board.receive(sealed(body)) == []
    assert board.telemetry.bad_frames == before + 1


def test_frame_of_another_protocol_version_is_dropped(board: Any) -> None:
    body = bytes([PROTOCOL_VERSION + 1, MessageType.PING, 9, 0]) + board.session.to_bytes(4, "little")
    assert board.receive(sealed(body)) == []


def test_every_frame_with_a_flipped_bit_is_dropped_and_counted(board: Any) -> None:
    sound = ping(board)
    before = board.telemetry.bad_frames
    for bit in range(8 * (len(sound) - 1)):
        spoiled = bytearray(sound)
        spoiled[bit // 8] ^= 1 << bit % 8
        assert board.receive(bytes(spoiled)) == []
    assert board.telemetry.bad_frames >= before + 8 * (len(sound) - 1)
    assert [type(answer) for answer in board.receive(sound)] == [Pong]


def test_zeros_between_frames_neither_count_nor_repeat_the_last_frame(board: Any) -> None:
    before = board.telemetry.bad_frames
    assert len(board.receive(ping(board))) == 1
    assert board.receive(b"\0\0\0") == []
    assert board.telemetry.bad_frames == before


@pytest.mark.parametrize("size", [60, 61, 62, 63, 64, 65, 200, 600])
@pytest.mark.parametrize("value", [1, 60, 62, 255])
def test_junk_of_any_length_is_one_bad_frame_and_the_next_is_heard(board: Any, size: int, value: int) -> None:
    before = board.telemetry.bad_frames
    assert board.receive(bytes([value]) * size + b"\0") == []
    assert len(board.receive(ping(board))) == 1
    assert board.telemetry.bad_frames == before + 1


@pytest.mark.parametrize("size", [1, 20, 47, 48])
def test_payload_of_any_length_is_heard_and_a_wrong_one_refused(board: Any, size: int) -> None:
    (answer,) = board.receive(encode_frame(MessageType.ARM, 9, board.session, bytes(size)))
    assert (type(answer), answer.result) == (Ack, Result.BAD_REQUEST)


def test_answer_carries_the_number_of_its_question(board: Any) -> None:
    for seq in (0, 255, 256, 65_535):
        board.core.receive(encode_frame(MessageType.PING, seq, board.session, b""), board.now_us)
        (frame,) = board._deframer.feed(board.core.take_output())
        assert (frame.type_code, frame.seq, frame.session) == (MessageType.PONG, seq, board.session)


def test_frame_in_single_bytes_is_heard_once_it_is_whole(board: Any) -> None:
    sound = ping(board)
    heard = [len(board.receive(sound[i : i + 1])) for i in range(len(sound))]
    assert heard == [0] * (len(sound) - 1) + [1]


def test_good_frames_are_not_counted_as_bad(board: Any) -> None:
    for _ in range(5):
        board.ack(Arm())
    assert board.heard(Telemetry, [board.telemetry])[0].bad_frames == 0
