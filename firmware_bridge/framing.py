"""Frames on the wire: COBS( version | type | seq | session | payload | CRC-32 ) 0x00."""

from __future__ import annotations

import struct
from typing import NamedTuple
from zlib import crc32

from cobs import cobs

from firmware_bridge.enums import MAX_PAYLOAD, PROTOCOL_VERSION

_HEADER = struct.Struct("<BBHI")
_CRC = struct.Struct("<I")
_OVERHEAD = _HEADER.size + _CRC.size
_RESIDUE = 0x2144DF1C
"""CRC-32 of any bytes that are followed by their own CRC-32, little-endian."""
MAX_WIRE = _OVERHEAD + MAX_PAYLOAD + 2
"""Longest frame on the wire with its 0x00: COBS adds one byte below 255."""


class Frame(NamedTuple):
    """A frame that passed its CRC; the payload is not looked at yet."""

    type_code: int
    seq: int
    session: int
    payload: bytes


def encode_frame(type_code: int, seq: int, session: int, payload: bytes) -> bytes:
    """Return the wire bytes; raises struct.error when a number does not fit, ValueError for a long payload."""
    if len(payload) > MAX_PAYLOAD:
        raise ValueError(f"payload of {len(payload)} bytes; a frame holds {MAX_PAYLOAD}")
    body = _HEADER.pack(PROTOCOL_VERSION, type_code, seq, session) + payload
    encoded: bytes = cobs.encode(body + _CRC.pack(crc32(body)))
    return encoded + b"\0"


def decode_frame(encoded: bytes) -> Frame | None:
    """Return the frame of the bytes between two 0x00, or None when they are none."""
    try:
        raw: bytes = cobs.decode(encoded)
    except cobs.DecodeError:
        return None
    if not _OVERHEAD <= len(raw) <= _OVERHEAD + MAX_PAYLOAD or crc32(raw) != _RESIDUE:
        return None
    version, type_code, seq, session = _HEADER.unpack_from(raw)
    if version != PROTOCOL_VERSION:
        return None
    return Frame(type_code, seq, session, raw[_HEADER.size : -_CRC.size])


class Deframer:
    """Cuts a byte stream into frames; drops and counts what is none, and never raises on bytes."""

    def __init__(self) -> None:
        self.good = 0
        self.bad = 0
        self._rest = b""
        self._overrun = False

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that these bytes completed."""
        *pieces, self._rest = (self._rest + data).split(b"\0")
        frames: list[Frame] = []
        for piece in pieces:
            overrun, self._overrun = self._overrun, False
            if not piece and not overrun:
                continue
            frame = None if overrun or len(piece) >= MAX_WIRE else decode_frame(piece)
            if frame is None:
                self.bad += 1
            else:
                self.good += 1
                frames.append(frame)
        if len(self._rest) >= MAX_WIRE:
            self._rest, self._overrun = b"", True
        return frames
