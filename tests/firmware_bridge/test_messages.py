import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge.enums import MAX_PAYLOAD, MessageType
from firmware_bridge.messages import (
    PROTOCOL_HASH,
    TYPES,
    Message,
    Pulse,
    decode_payload,
    encode_payload,
    fields_of,
    payload_size,
)

RANGES = {
    "B": (0, 0xFF),
    "H": (0, 0xFFFF),
    "h": (-0x8000, 0x7FFF),
    "I": (0, 2**32 - 1),
    "i": (-(2**31), 2**31 - 1),
    "Q": (0, 2**64 - 1),
}


@st.composite
def messages(draw: st.DrawFn) -> Message:
    kind: Any = draw(st.sampled_from(list(TYPES)))
    message: Message = kind(*(draw(st.integers(*RANGES[field.code])) for field in fields_of(kind)))
    return message


@given(message=messages())
def test_every_message_comes_back_as_it_was(message: Message) -> None:
    payload = encode_payload(message)
    decoded = decode_payload(TYPES[type(message)], payload)
    assert decoded == message
    assert type(decoded) is type(message)


@given(code=st.integers(0, 255), payload=st.binary(max_size=MAX_PAYLOAD))
def test_any_bytes_are_a_message_or_none(code: int, payload: bytes) -> None:
    message = decode_payload(code, payload)
    if message is not None:
        assert encode_payload(message) == payload


def test_every_type_has_one_message_that_fits_a_frame() -> None:
    assert sorted(TYPES.values()) == sorted(MessageType)
    assert all(payload_size(kind) <= MAX_PAYLOAD for kind in TYPES)


def test_wrong_length_is_no_message() -> None:
    assert decode_payload(MessageType.PULSE, bytes(payload_size(Pulse) - 1)) is None
    assert decode_payload(MessageType.PULSE, bytes(payload_size(Pulse) + 1)) is None


def test_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(struct.error):
        encode_payload(Pulse(1, 256, 0, 0, 0, 0, 0))


def test_pulse_layout_on_the_wire_is_the_documented_one() -> None:
    payload = encode_payload(Pulse(0x01020304, 5, 1, 0xFFFFFFFE, 15_000, 41_667, 3))
    assert payload.hex() == "040302010501feffffff983a0000c3a2000003"


def test_hash_is_of_32_bits_and_not_zero() -> None:
    assert 0 < PROTOCOL_HASH < 2**32
