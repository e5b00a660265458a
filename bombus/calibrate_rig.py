"""`bombus calibrate rig`: how a camera is mounted and how late its time stamps are, from a recorded drive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer
from rich.table import Table

from bombus.calibrate_camera import named_camera
from bombus.output import WrongUseError, ask_for_yes, people, print_json, share_bar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from robot.calibration.rig_drive import Drive
    from robot.settings import CameraConfig, RobotConfig
    from vision.rig_fit import RigFit
    from vision.tags import TagPlaces

T = TypeVar("T")
LANDMARKS = ("tags", "flowers")
TIMES = frozenset({"latency_s", "readout_s"})
LENGTHS = frozenset({"s_offset", "h", "d"})
MARKS_SHOWN = 24
ROUNDS = 2
MISPLACED = 3.0
"""A tag that stands so many times the stated error from its measured place is pointed at."""


def rig(
    recording: Annotated[Path, typer.Argument(help="recording of a drive past tags or flowers")],
    config: Annotated[Path, typer.Option(help="machine file (TOML), measured for and written to")],
    camera_id: Annotated[str, typer.Option("--camera", help="which one; may be left out with one")] = "",
    landmarks: Annotated[str, typer.Option(help="what stands along the row: tags or flowers")] = "tags",
    tags: Annotated[Path | None, typer.Option(help="TOML file with the places of measured tags")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="measure and show, write nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="write without asking")] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Measure a camera's latency, read-out, place and turn, and write what the drive told."""
    from robot.config import load_config, read_config
    from vision.tags import TagPlaces

    if landmarks not in LANDMARKS:
        raise WrongUseError(f"--landmarks {landmarks}: unknown; choose from {', '.join(LANDMARKS)}")
    if tags is not None and landmarks != "tags":
        raise WrongUseError("--tags: goes with --landmarks tags; flowers have no measured places")
    settings = load_config(config)
    chosen = named_camera(settings, camera_id)
    known = None if tags is None else read_config(tags, TagPlaces, "file of tags")
    found = _measured(recording, settings, chosen, landmarks, known)
    if not json or not yes:
        _show(found, chosen, known)
    written = False if dry_run or not found.told else _write(config, chosen, found, landmarks, yes)
    if json:
        print_json(_result(found, chosen, landmarks, written))


def _measured(
    path: Path, settings: RobotConfig, chosen: CameraConfig, landmarks: str, known: TagPlaces | None
) -> RigFit:
    from robot.calibration.rig_drive import flower_sightings, tag_sightings
    from vision.calibration import CameraModel
    from vision.detector import Detector
    from vision.rig_fit import fit_rig
    from vision.tags import TagFinder

    camera = before = chosen.model()
    if landmarks == "flowers":
        wanted = settings.detector
        detector = Detector(wanted.model, wanted.threads, provider=wanted.provider)
        seen = _drive(path, chosen, detector.detect)
        for _ in range(ROUNDS):
            found = fit_rig(flower_sightings(seen, camera, settings.map), seen.track, before)
            # A better mount tells flowers apart better, above all between two directions of travel.
            camera = CameraModel.model_validate(before.model_dump() | found.told)
        return found
    drive = _drive(path, chosen, TagFinder().find)
    if known is None:
        return fit_rig(tag_sightings(drive.looks), drive.track, camera)
    if not drive.placed and any(tag.s is not None for tag in known.tags):
        raise WrongUseError(
            f"{path}: the cart did not know its place, so the tags' s mean nothing; set the position, then record"
        )
    return fit_rig(tag_sightings(drive.looks), drive.track, camera, known.known, 1e-3 * known.error_mm)


def _drive(path: Path, chosen: CameraConfig, find: Callable[[NDArray[np.uint8]], T]) -> Drive[T]:
    """Read the recording with the machine file that it was made with; its encoder and row count."""
    from robot.calibration.rig_drive import read_drive
    from robot.config import parse_config
    from robot.recording_reader import read_recording

    recording = read_recording(path)
    try:
        recorded = parse_config(recording.header.config_toml, f"{path}: its machine file")
        if chosen.side not in recorded.sides:
            raise WrongUseError(
                f"{path}: shows no {chosen.side} side, where camera '{chosen.camera_id}' looks"
            )
        with share_bar("looking") as progress:
            return read_drive(recording, recorded, chosen.side, find, progress)
    finally:
        recording.close()


def _show(found: RigFit, chosen: CameraConfig, known: TagPlaces | None) -> None:
    table = Table("", "before", "measured", "±", "", title=f"camera {chosen.camera_id}", title_justify="left")
    for one in found.estimates:
        unit = "ms" if one.name in TIMES else "mm" if one.name in LENGTHS else "mrad"
        values = [f"{1e3 * value:.1f}" for value in (one.before, one.value, one.std)]
        if not one.told:
            values[1] = "-"
        table.add_row(f"{one.name}, {unit}", *values, "" if one.told else "not told: stays")
    people.print(table)
    most = 1e-3 * (MISPLACED * known.error_mm if known is not None else 1.0)
    marks = Table("", "seen", "off by, px", "s, h, d in m", "", title="landmarks", title_justify="left")
    for mark in sorted(found.landmarks, key=lambda one: -one.rms_px)[:MARKS_SHOWN]:
        wrong = mark.misplaced_m is not None and mark.misplaced_m > most
        note = f"{1e3 * (mark.misplaced_m or 0.0):.0f} mm from where it was measured" if wrong else ""
        place = " ".join(f"{x:.3f}" for x in mark.place)
        marks.add_row(mark.name, str(mark.sightings), f"{mark.rms_px:.2f}", place, note)
    people.print(marks)
    people.print(f"{len(found.landmarks)} landmarks, off by {found.rms_px:.2f} px")
    untold = [one.name for one in found.estimates if not one.told]
    if "latency_s" in untold:
        people.print("latency: drive past the same landmarks in both directions", style="yellow")
    if {"s_offset", "h", "d", "pitch"} & set(untold):
        people.print("s_offset, h, d, pitch: need tags of measured place (--tags)", style="yellow")


def _write(path: Path, chosen: CameraConfig, found: RigFit, landmarks: str, yes: bool) -> bool:
    from robot.calibration.machine_file import replace_file, with_mount
    from robot.clock import MonotonicClock

    text = path.read_text(encoding="utf-8")
    day = MonotonicClock().wall().date()
    text = with_mount(text, str(path), chosen.camera_id, found, landmarks, day)
    if not yes:
        ask_for_yes(f"write {', '.join(found.told)} to {path}", "nothing was written")
    replace_file(path, text)
    people.print(f"written to {path}")
    return True


def _result(found: RigFit, chosen: CameraConfig, landmarks: str, written: bool) -> dict[str, Any]:
    return {
        "camera": chosen.camera_id,
        "landmarks": landmarks,
        "written": written,
        "rms_px": round(found.rms_px, 4),
        "noise_px": round(found.noise_px, 4),
        "told": {name: round(value, 5) for name, value in found.told.items()},
        "parameters": {
            one.name: {"before": one.before, "value": one.value, "std": one.std, "told": one.told}
            for one in found.estimates
        },
        "seen": [
            {
                "name": mark.name,
                "sightings": mark.sightings,
                "rms_px": round(mark.rms_px, 4),
                "place": [round(x, 5) for x in mark.place],
                "misplaced_mm": None if mark.misplaced_m is None else round(1e3 * mark.misplaced_m, 2),
            }
            for mark in found.landmarks
        ],
    }
