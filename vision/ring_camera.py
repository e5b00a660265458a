"""Frames through a shared-memory file: another process (GStreamer, a vendor's SDK, a simulator) feeds the daemon.

Layout, little-endian: a 64-byte header (magic, version, slots, slot bytes, writer's start stamp, newest count),
then slots of a 32-byte head (mark, seq, t_capture, size) and the JPEG. `mark` is odd while a slot is being
written and changes with every write, so that a torn read shows.
"""

from __future__ import annotations

import mmap
import os
import struct
import threading
from pathlib import Path

from vision import jpeg
from vision.latest import monotonic
from vision.types import CameraError, Frame

MAGIC = b"BBRING01"
HEADER = struct.Struct("<8sIIQQ")
COUNT_AT = 24
HEADER_BYTES = 64
SLOT_HEAD = struct.Struct("<QQdQ")
POLL_S = 0.002
TRIES = 4


class RingWriter:
    """Writes frames into a new ring file; one writer a file, any number of readers."""

    def __init__(self, path: Path, slots: int = 4, slot_bytes: int = 1 << 20) -> None:
        """Create the file under a temporary name and move it into place, so that a reader never sees half of it."""
        self.path = path
        self._slots, self._slot_bytes = slots, slot_bytes
        self._count = 0
        size = HEADER_BYTES + slots * (SLOT_HEAD.size + slot_bytes)
        fresh = path.with_name(path.name + ".new")
        with fresh.open("wb+") as file:
            file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        stamp = int(monotonic() * 1e9) & 0xFFFFFFFF
        HEADER.pack_into(self._map, 0, MAGIC, slots, slot_bytes, stamp, 0)
        fresh.replace(path)

    def write(self, jpeg: bytes, seq: int, t_capture: float) -> None:
        """Publish one frame; raises ValueError when it is larger than a slot."""
        if len(jpeg) > self._slot_bytes:
            raise ValueError(
                f"a frame of {len(jpeg)} bytes does not fit a slot of {self._slot_bytes}; widen the ring"
            )
        at = HEADER_BYTES + (self._count % self._slots) * (SLOT_HEAD.size + self._slot_bytes)
        mark = 2 * self._count + 1
        SLOT_HEAD.pack_into(self._map, at, mark, seq, t_capture, len(jpeg))
        self._map[at + SLOT_HEAD.size : at + SLOT_HEAD.size + len(jpeg)] = jpeg
        SLOT_HEAD.pack_into(self._map, at, mark + 1, seq, t_capture, len(jpeg))
        self._count += 1
        struct.pack_into("<Q", self._map, COUNT_AT, self._count)

    def close(self) -> None:
        """Release the memory; the file stays for readers until its owner removes it."""
        self._map.close()


class RingCamera:
    """Reads the newest frame of a ring file; follows a writer that starts anew."""

    def __init__(self, camera_id: str, path: Path) -> None:
        """Open the ring; raises CameraError when there is none."""
        self._camera_id = camera_id
        self._path = path
        self._seen = 0
        self._wait = threading.Event()
        self._inode = -1
        self._open()

    @property
    def camera_id(self) -> str:
        """The camera's name."""
        return self._camera_id

    def read(self, timeout_s: float) -> Frame | None:
        """Return the newest frame not yet read, or None after `timeout_s`; raises CameraError on a lost ring."""
        until = monotonic() + timeout_s
        while True:
            self._follow_writer()
            (count,) = struct.unpack_from("<Q", self._map, COUNT_AT)
            if count != self._seen:
                frame = self._newest(count)
                if frame is not None:
                    self._seen = count
                    return frame
            if monotonic() >= until:
                return None
            self._wait.wait(POLL_S)

    def close(self) -> None:
        """Release the memory."""
        self._map.close()

    def _newest(self, count: int) -> Frame | None:
        """Return the frame written as number `count`, or None when the writer overtook us."""
        at = HEADER_BYTES + ((count - 1) % self._slots) * (SLOT_HEAD.size + self._slot_bytes)
        for _ in range(TRIES):
            mark, seq, t_capture, size = SLOT_HEAD.unpack_from(self._map, at)
            # Odd: being written. Not this count's: overtaken, and the newer frame comes with its own count.
            if mark != 2 * count or size > self._slot_bytes:
                continue
            data = self._map[at + SLOT_HEAD.size : at + SLOT_HEAD.size + size]
            if SLOT_HEAD.unpack_from(self._map, at)[0] != mark:
                continue
            try:
                image = jpeg.decode(data)
            except ValueError as error:
                raise CameraError(
                    f"camera {self._camera_id}: {self._path} holds a picture that is no JPEG ({error}); mend its writer"
                ) from error
            return Frame(self._camera_id, seq, t_capture, image, data)
        return None

    def _open(self) -> None:
        try:
            with self._path.open("rb") as file:
                self._inode = os.fstat(file.fileno()).st_ino
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise CameraError(
                f"camera {self._camera_id}: {self._path} cannot be opened ({error}); start the program that feeds it"
            ) from error
        if len(self._map) < HEADER_BYTES:
            raise self._not_a_ring()
        magic, self._slots, self._slot_bytes, _, _ = HEADER.unpack_from(self._map, 0)
        wanted = HEADER_BYTES + self._slots * (SLOT_HEAD.size + self._slot_bytes)
        if magic != MAGIC or len(self._map) < wanted or not self._slots:
            raise self._not_a_ring()
        self._seen = 0

    def _not_a_ring(self) -> CameraError:
        return CameraError(
            f"camera {self._camera_id}: {self._path} is not a frame ring; name the writer's file"
        )

    def _follow_writer(self) -> None:
        try:
            changed = self._path.stat().st_ino != self._inode
        except OSError as error:
            raise CameraError(
                f"camera {self._camera_id}: {self._path} is gone ({error.strerror}); start the program that feeds it"
            ) from error
        if changed:
            self._map.close()
            self._open()
