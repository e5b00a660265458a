"""Reads the records of an MCAP file up to the first byte that is missing or damaged.

The usual readers refuse a file whose last chunk was never finished, as a power cut leaves it (the writer
notes a chunk's length only once it is full). Ours walks through such a chunk as if its records lay outside
it: uncompressed, they are stored one after another.
Format: https://mcap.dev/spec
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Message, Metadata, Schema
from mcap.stream_reader import CRCValidationError, get_chunk_data_stream

MAGIC = b"\x89MCAP0\r\n"
MAX_RECORD = 1 << 30
"""Longer records (bytes) are taken for damage."""

_HEAD = struct.Struct("<BQ")
_CHUNK_HEAD = struct.Struct("<QQQII")

Record = Schema | Channel | Message | Metadata


@dataclass(slots=True)
class Cut:
    """Where reading ended: `reason` is empty when the file is whole."""

    offset: int = 0
    reason: str = "the end of the file is missing"


class _EndOfReadableError(Exception):
    """Nothing readable follows; the text says why."""


def records(file: BinaryIO, cut: Cut) -> Iterator[Record]:
    """Yield schemas, channels, messages and metadata in file order; afterwards `cut` says whether all was read.

    `file` stands behind the magic bytes.
    """
    try:
        while True:
            cut.offset = file.tell()
            opcode, length = _HEAD.unpack(_exactly(file, _HEAD.size))
            if opcode in (Opcode.DATA_END, Opcode.FOOTER):
                cut.reason = "" if _is_closed(file) else cut.reason
                return
            if opcode == Opcode.CHUNK:
                yield from _chunk(file, length)
                continue
            if length > MAX_RECORD:
                raise _EndOfReadableError(f"damaged at byte {cut.offset}")
            yield from _parse(opcode, _exactly(file, length))
    except _EndOfReadableError as end:
        cut.reason = str(end)
    except (McapError, ValueError, KeyError, struct.error, OverflowError, EOFError, MemoryError):
        cut.reason = f"damaged at byte {cut.offset}"


def _exactly(file: BinaryIO, count: int) -> bytes:
    data = file.read(count)
    if len(data) < count:
        raise _EndOfReadableError("the end of the file is missing")
    return data


def _chunk(file: BinaryIO, length: int) -> Iterator[Record]:
    """Yield what a whole chunk holds; step into one that is cut off, so that its records follow."""
    start = file.tell()
    body = file.read(length) if length <= MAX_RECORD else b""
    if len(body) == length:
        yield from _inside_chunk(body)
        return
    file.seek(start)
    *_, name_length = _CHUNK_HEAD.unpack(_exactly(file, _CHUNK_HEAD.size))
    if name_length:
        raise _EndOfReadableError("the last chunk is compressed and not finished")
    _exactly(file, 8)


def _inside_chunk(body: bytes) -> Iterator[Record]:
    try:
        stream, length = get_chunk_data_stream(Chunk.read(_stream(body)), validate_crc=True)
    except CRCValidationError as error:
        raise _EndOfReadableError("a chunk's checksum is wrong: the file is damaged") from error
    while stream.count < length:
        opcode, size = stream.read1(), stream.read8()
        yield from _parse(opcode, stream.read(size))


def _parse(opcode: int, body: bytes) -> Iterator[Record]:
    if opcode == Opcode.MESSAGE:
        yield Message.read(_stream(body), len(body))
    elif opcode == Opcode.SCHEMA:
        yield Schema.read(_stream(body))
    elif opcode == Opcode.CHANNEL:
        yield Channel.read(_stream(body))
    elif opcode == Opcode.METADATA:
        yield Metadata.read(_stream(body))


def _stream(body: bytes) -> ReadDataStream:
    return ReadDataStream(BytesIO(body))


def _is_closed(file: BinaryIO) -> bool:
    """Whether the file ends with the closing magic bytes."""
    file.seek(-len(MAGIC), 2)
    return file.read() == MAGIC


def protobuf_field(message: bytes, wanted: int) -> bytes:
    """Return a length-delimited field of a protobuf message, or nothing; raises ValueError when malformed.

    Source: https://protobuf.dev/programming-guides/encoding
    """
    at, found = 0, b""
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == 2:
            length, at = _varint(message, at)
            if at + length > len(message):
                raise ValueError("a field reaches past the end of its message")
            if key >> 3 == wanted:
                found = message[at : at + length]
            at += length
        elif kind == 0:
            _, at = _varint(message, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError(f"unknown wire type {kind}")
    return found


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(message):
            break
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError("a number without an end")
