"""The language of the telemetry socket: a little-endian u32 length, then one msgpack message."""

from __future__ import annotations

import struct

import msgspec

from robot.commands import CommandAnswer, CommandRequest
from robot.snapshot import FrameMessage, Snapshot

MAX_FROM_CLIENT = 16 * 1024
"""Bytes of one message to the control process."""

MAX_FROM_SERVER = 8 * 1024 * 1024
"""Bytes of one message to a client: a large JPEG and its marks."""

_LENGTH = struct.Struct("<I")


class Want(msgspec.Struct, frozen=True, tag="want", forbid_unknown_fields=True):
    """Sent by a client: whether it wants pictures, too."""

    frames: bool


class WireError(Exception):
    """The other side does not speak this language; the text says what came."""


ServerMessage = Snapshot | FrameMessage | CommandAnswer
ClientMessage = CommandRequest | Want

_encoder = msgspec.msgpack.Encoder()
from_server = msgspec.msgpack.Decoder(ServerMessage)
from_client: msgspec.msgpack.Decoder[ClientMessage] = msgspec.msgpack.Decoder(ClientMessage)


def pack(message: ServerMessage | ClientMessage) -> bytes:
    """Return one message with its length before it."""
    body = _encoder.encode(message)
    return _LENGTH.pack(len(body)) + body


class MessageBuffer:
    """Cuts a byte stream into message bodies."""

    def __init__(self, max_message: int) -> None:
        self._max = max_message
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the bodies that are whole now; raises WireError for a length over the limit."""
        self._bytes += data
        bodies: list[bytes] = []
        while len(self._bytes) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes)
            if length > self._max:
                raise WireError(f"a message of {length} bytes; {self._max} is the limit")
            end = _LENGTH.size + length
            if len(self._bytes) < end:
                break
            bodies.append(bytes(self._bytes[_LENGTH.size : end]))
            del self._bytes[:end]
        return bodies


def decode_from_client(body: bytes) -> ClientMessage:
    """Return the message of a client; raises WireError when it is none."""
    try:
        return from_client.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise WireError(f"not a message: {error}") from error


def decode_from_server(body: bytes) -> ServerMessage:
    """Return the message of the control process; raises WireError when it is none."""
    try:
        message: ServerMessage = from_server.decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise WireError(f"not a message: {error}") from error
    return message
