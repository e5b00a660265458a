import itertools
import random

from firmware_bridge._core import lib
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.core import Core
from firmware_bridge.core_config import CoreConfig
from firmware_bridge.enums import MAX_PAYLOAD
from firmware_bridge.framing import MAX_WIRE, Deframer, Frame, decode_frame, encode_frame
from firmware_bridge.messages import Hello, Welcome, decode_payload, encode_payload

FRAMES = st.builds(
    Frame,
    st.integers(0, 255),
    st.integers(0, 0xFFFF),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=MAX_PAYLOAD),
)


@given(frame=FRAMES)
def test_frame_comes_back_and_holds_no_zero_but_the_last(frame: Frame) -> None:
    wire = encode_frame(*frame)
    assert wire.index(0) == len(wire) - 1 < MAX_WIRE
    assert decode_frame(wire[:-1]) == frame


@given(frames=st.lists(FRAMES, max_size=6), cuts=st.lists(st.integers(0, 400), max_size=8))
def test_stream_cut_anywhere_gives_the_same_frames(frames: list[Frame], cuts: list[int]) -> None:
    stream = b"".join(encode_frame(*frame) for frame in frames)
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    deframer = Deframer()
    got = [f for a, b in itertools.pairwise(places) for f in deframer.feed(stream[a:b])]
    assert got == frames
    assert (deframer.good, deframer.bad) == (len(frames), 0)


@given(garbage=st.binary(max_size=500), frame=FRAMES)
def test_after_any_garbage_the_next_frame_but_one_is_whole(garbage: bytes, frame: Frame) -> None:
    deframer = Deframer()
    assert deframer.feed(garbage + b"\0" + encode_frame(*frame))[-1] == frame


@given(garbage=st.lists(st.binary(max_size=300), max_size=20))
def test_garbage_without_end_is_dropped_and_counted_once(garbage: list[bytes]) -> None:
    deframer = Deframer()
    for piece in garbage:
        deframer.feed(piece.replace(b"\0", b"\1"))
    total = sum(map(len, garbage))
    deframer.feed(b"\0")
    assert deframer.bad == (1 if total else 0)


def test_payload_longer_than_a_frame_is_refused() -> None:
    try:
        encode_frame(1, 1, 1, bytes(MAX_PAYLOAD + 1))
    except ValueError as error:
        assert "49 bytes" in str(error)
    else:
        raise AssertionError


def corrupted(wire: bytes, rng: random.Random) -> bytes:
    data = bytearray(wire[:-1])
    for _ in range(rng.randint(1, 4)):
        kind, at = rng.random(), rng.randrange(len(data)) if data else 0
        if not data or kind < 0.1:
            data.insert(at, rng.randrange(256))
        elif kind < 0.2:
            del data[at]
        elif kind < 0.4:
            data[at : at + rng.randint(1, 8)] = rng.randbytes(rng.randint(0, 8))
        else:
            data[at] ^= 1 << rng.randrange(8)
    return bytes(data)


def test_none_of_100_000_corrupted_frames_is_accepted_by_either_side() -> None:
    rng = random.Random(4)
    core = Core(CoreConfig(), boot_id=1)
    accepted = 0
    for n in range(100_000):
        wire = encode_frame(1, n & 0xFFFF, 7, encode_payload(Hello(n + 2, n)))
        data = corrupted(wire, rng)
        if data == wire[:-1] or wire[:-1] in data.split(b"\0"):
            continue
        accepted += len(Deframer().feed(data + b"\0"))
        core.receive(data + b"\0", n)
    assert accepted == 0
    assert core.take_output() == b""


def test_c_and_python_make_the_same_frames() -> None:
    core = Core(CoreConfig(), boot_id=11)
    core.receive(encode_frame(1, 513, 0, encode_payload(Hello(5, 6))), 99)
    wire = core.take_output()
    frame = decode_frame(wire[:-1])
    assert frame is not None
    assert encode_frame(*frame) == wire
    assert (frame.seq, frame.session) == (513, 5 ^ 11)
    assert isinstance(decode_payload(frame.type_code, frame.payload), Welcome)


@given(data=st.binary(max_size=200))
def test_c_crc_is_zlibs(data: bytes) -> None:
    from zlib import crc32

    assert lib.bb_crc32(data, len(data)) == crc32(data)
