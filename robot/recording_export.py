"""Takes pictures and decisions out of a recording, as files that any program reads."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from robot.recording_format import EVENT_TYPES, RecordedFrame, RecordedStep, RecordingError
from robot.recording_messages import Decisions
from robot.recording_reader import read_recording
from robot.types import PlannedPulse

Progress = Callable[[float], None]

FRAME_COLUMNS = ("file", "t_s", "t_capture_s", "camera", "side", "seq", "cart_s_m", "detections")
DECISION_COLUMNS = (
    "t_s",
    "step",
    "what",
    "side",
    "flowers",
    "reason",
    "final",
    "nozzle",
    "pulse",
    "s_m",
    "h_m",
    "d_m",
)


def export_pictures(path: Path, out: Path, window_s: tuple[float, float], progress: Progress) -> int:
    """Write the pictures of some seconds (since the run's start) and frames.csv; returns how many."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RecordingError(f"{out}: is not empty; name a new folder, nothing is overwritten")
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    with (out / "frames.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(FRAME_COLUMNS)
        for t, step in _steps(path, window_s, progress):
            pose = step.decisions.pose if step.decisions is not None else None
            for side, frame in step.frames.items():
                name = _picture_name(frame)
                (out / name).write_bytes(frame.image)
                count += 1
                place = "" if pose is None else f"{pose.s:.4f}"
                found = "" if frame.found is None else len(frame.found)
                ref = frame.ref
                taken = f"{ref.t_capture - step.now + t:.4f}"
                rows.writerow([name, f"{t:.4f}", taken, ref.camera_id, side, ref.seq, place, found])
    return count


def export_csv(path: Path, out: Path, window_s: tuple[float, float], progress: Progress) -> int:
    """Write one line per pulse and refusal of some seconds; returns how many."""
    if out.exists():
        raise RecordingError(f"{out}: exists; name a new file, nothing is overwritten")
    count = 0
    with out.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(DECISION_COLUMNS)
        for t, step in _steps(path, window_s, progress):
            for line in _lines(step.decisions):
                rows.writerow([f"{t:.3f}", step.index, *line])
                count += 1
    return count


def _steps(
    path: Path, window_s: tuple[float, float], progress: Progress
) -> Iterator[tuple[float, RecordedStep]]:
    recording = read_recording(path, EVENT_TYPES)
    try:
        for step in recording:
            t = step.now - recording.header.t_start
            if t > window_s[1]:
                return
            if t >= window_s[0]:
                yield t, step
            progress(recording.share_read)
    finally:
        recording.close()


def _picture_name(frame: RecordedFrame) -> str:
    camera = re.sub(r"[^A-Za-z0-9_-]", "_", frame.ref.camera_id)
    return f"{camera}-{frame.ref.seq:06d}.{'png' if frame.ref.format == 'png' else 'jpg'}"


def _lines(decisions: Decisions | None) -> Iterator[list[object]]:
    if decisions is None:
        return
    for pulse in decisions.pulses:
        yield _pulse_line("pulse", pulse, "")
    for refused in decisions.pulse_refusals:
        yield _pulse_line("pulse refused", refused.pulse, refused.reason.value)
    for one in decisions.flower_refusals:
        place = decisions.places.get((one.side, one.flower_id))
        where = ["", "", ""] if place is None else [f"{x:.4f}" for x in place]
        final = "yes" if one.final else "no"
        yield ["flower left", one.side, one.flower_id, one.reason.value, final, "", "", *where]


def _pulse_line(what: str, pulse: PlannedPulse, reason: str) -> list[object]:
    flowers = " ".join(map(str, pulse.flower_ids))
    where = [f"{x:.4f}" for x in pulse.aim]
    return [what, pulse.side, flowers, reason, "", pulse.nozzle, pulse.pulse_id, *where]
