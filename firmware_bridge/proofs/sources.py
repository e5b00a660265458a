"""The copy of the core that the model checker reads: the same code with smaller tables."""

from __future__ import annotations

import re
from pathlib import Path

PROOFS = Path(__file__).resolve().parent
FIRMWARE = PROOFS.parent / "firmware"
BUILD = PROOFS.parents[1] / "build" / "proofs"

_NUMBER = r"(#define {} )\d+u"
SMALLER: dict[str, list[tuple[str, str]]] = {
    "protocol.h": [
        (_NUMBER.format("BB_MAX_NOZZLES"), r"\g<1>2u"),
        (r"\{12000(?:, 12000){63}\}", "{12000, 12000}"),
    ],
    "core.h": [(_NUMBER.format("BB_OUTBOX_SIZE"), r"\g<1>128u")],
    "drive.h": [(_NUMBER.format("BB_SPEED_SAMPLES"), r"\g<1>2u")],
    # A slot that is looked for is tried one after the other, so that no access is through an unknown index.
    "fire.c": [
        (r"continue_train\(core, lane->running\);", "AT_SLOT(lane->running, continue_train(core, at));"),
        (r"\(void\)try_start\(core, index\);", "AT_SLOT(index, (void)try_start(core, at));"),
        (r"(bb_valve_step\(.*\n.*\n *)book_closing", r"\g<1>book_anything"),
    ],
}
# For the frames: a payload of eight bytes, and a CRC that is any value instead of one to be inverted.
SHORT_FRAMES = {
    "protocol.h": [*SMALLER["protocol.h"], (_NUMBER.format("BB_MAX_PAYLOAD"), r"\g<1>8u")],
    "core.h": SMALLER["core.h"],
    "drive.h": SMALLER["drive.h"],
    "frame.c": [
        (r", bb_crc32\(raw, size\)", ", any_crc(raw, size)"),
        (r"\(bb_crc32\(bytes", "(any_crc(bytes"),
    ],
}


def copy_core(folder: Path, changes: dict[str, list[tuple[str, str]]]) -> Path:
    """Write the core's files into the folder with the changes; raises SystemExit when one finds no place."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(FIRMWARE.glob("*.[ch]")):
        text = path.read_text(encoding="utf-8")
        for pattern, replacement in changes.get(path.name, []):
            text, count = re.subn(pattern, replacement, text)
            if count != 1:
                raise SystemExit(f"{path.name}: '{pattern}' stands {count} times; adapt {__file__}")
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder
