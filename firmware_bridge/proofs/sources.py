"""The copy of the core that the model checker reads: the same code with smaller tables."""

from __future__ import annotations

import re
from pathlib import Path

PROOFS = Path(__file__).resolve().parent
FIRMWARE = PROOFS.parent / "firmware"
BUILD = PROOFS.parents[1] / "build" / "proofs"

_NUMBER = r"(#define {} )\d+u"
Changes = dict[str, list[tuple[str, str]]]
SMALLER: Changes = {
    "protocol.h": [
        (_NUMBER.format("BB_MAX_NOZZLES"), r"\g<1>2u"),
        (r"\{12000(?:, 12000){63}\}", "{12000, 12000}"),
        (_NUMBER.format("BB_CONFIG_SIZE"), r"\g<1>108u"),
    ],
    "core.h": [(_NUMBER.format("BB_OUTBOX_SIZE"), r"\g<1>128u")],
    "drive.h": [(_NUMBER.format("BB_SPEED_SAMPLES"), r"\g<1>2u")],
    # Products and quotients of two unknowns are taken for any function of the two (ghost.h says why that holds).
    "drive.c": [
        (r"config->ramp_mm_s2 \* elapsed / 1000u", "RAMP(config->ramp_mm_s2, elapsed)"),
        (
            r"\(int64_t\)(bb_difference\(ticks, speed->ticks\[oldest\]\)) \* 1000000 / span_us",
            r"RATE(\g<1>, span_us)",
        ),
    ],
    "admit.c": [
        (r"core->config\.max_wait_ms \* 1000u", "MILLI(core->config.max_wait_ms)"),
        (r"pulse->period_us \* \(pulse->openings - 1u\)", "PRODUCT(pulse->openings - 1u, pulse->period_us)"),
        (r"pulse->openings \* pulse->on_us\)", "PRODUCT(pulse->openings, pulse->on_us))"),
    ],
    "report.c": [
        (_NUMBER.format("SLOTS_PER_STEP"), r"\g<1>2u"),
        (r"(#define KEEP_FREE )512u", r"\g<1>16u"),
    ],
    # A slot that is looked for is tried one after the other, so that no access is through an unknown index.
    "fire.c": [
        (r"slot->openings \* slot->period_us", "PRODUCT(slot->openings, slot->period_us)"),
        (r"continue_train\(core, lane->running\);", "CONTINUE(core, nozzle, lane->running);"),
        (r"        try_start\(core, index\);", "        VISIT(core, nozzle, index);"),
        (r"(bb_valve_step\(.*\n.*\n *)book_closing", r"\g<1>book_anything"),
        (
            r"end_early\(core, lane->running, cause\);",
            "AT_SLOT(n, lane->running, end_early(core, at, cause));",
        ),
        (r"end_early\(core, lane->first, cause\);", "AT_SLOT(n, lane->first, end_early(core, at, cause));"),
    ],
}
# For the frames: a CRC that is any value instead of one to be inverted; to follow a frame there and back, a payload
# of four bytes (the code is the same for any length).
FRAMES: Changes = {
    **{name: SMALLER[name] for name in ("protocol.h", "core.h", "drive.h")},
    "frame.c": [
        (r", bb_crc32\(raw, size\)", ", any_crc(raw, size)"),
        (r"\(bb_crc32\(bytes", "(any_crc(bytes"),
    ],
}
SHORT_FRAMES: Changes = {
    **FRAMES,
    "protocol.h": [*SMALLER["protocol.h"], (_NUMBER.format("BB_MAX_PAYLOAD"), r"\g<1>4u")],
}
COPIES: dict[str, Changes] = {"core": SMALLER, "frames": FRAMES, "short": SHORT_FRAMES}


def copy_core(folder: Path, changes: Changes, spoil: tuple[str, str, str] | None = None) -> Path:
    """Write the core's files into the folder with the changes; raises SystemExit when one finds no place.

    `spoil` is a file, a piece of its text and what to write instead: a safeguard taken out, to try a proof.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(FIRMWARE.glob("*.[ch]")):
        text = path.read_text(encoding="utf-8")
        if spoil and spoil[0] == path.name:
            if text.count(spoil[1]) != 1:
                raise SystemExit(
                    f"{path.name}: '{spoil[1]}' stands {text.count(spoil[1])} times; adapt proof_list.py"
                )
            text = text.replace(spoil[1], spoil[2])
        for pattern, replacement in changes.get(path.name, []):
            text, count = re.subn(pattern, replacement, text)
            if count != 1:
                raise SystemExit(f"{path.name}: '{pattern}' stands {count} times; adapt {__file__}")
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder
