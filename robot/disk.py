"""Whether a file's disk is full, in words for people: a full disk is waited for, any other trouble is not."""

from __future__ import annotations

import os
from pathlib import Path

MIB = 2**20
FULL_MIB = 1
"""With less free than this, a file that cannot be written failed for want of room."""

ENOUGH_MIB = 16
"""With this much free again there is room for some days of ledger."""

MOUNTS = Path("/proc/self/mounts")


def why_full(path: Path, least_mib: int = FULL_MIB) -> str:
    """Return that the disk of `path` is full, with its place and free space, or nothing while it is not."""
    folder = next(there for there in path.absolute().parents if there.is_dir())
    try:
        room = os.statvfs(folder)
    except OSError:
        return ""
    free_mib = _free_blocks(room) * room.f_frsize / MIB
    mount = _mount_of(folder)
    on = f"{mount}{_device(mount)}"
    if free_mib < least_mib:
        size_mib = room.f_blocks * room.f_frsize / MIB
        return f"the disk at {on} is full: {free_mib:.1f} of {size_mib:,.0f} MiB free"
    if room.f_files and not room.f_favail:
        return f"the disk at {on} is full: no file can be added, {room.f_files:,} are there"
    return ""


def _free_blocks(room: os.statvfs_result) -> int:
    """Return what is left for us; a share is kept for root alone."""
    return room.f_bfree if os.geteuid() == 0 else room.f_bavail


def _mount_of(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.is_mount())


def _device(mount: Path) -> str:
    """Return the device in brackets, where the system tells it."""
    try:
        lines = MOUNTS.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    words = [line.split() for line in lines]
    found = [word[0] for word in words if len(word) > 1 and word[1] == str(mount)]
    return f" ({found[-1]})" if found else ""
