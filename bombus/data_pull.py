"""`bombus data pull`: picks the frames of a recording that are worth labelling and writes them pre-labelled."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from numpy.typing import NDArray

from bombus.output import WorkFailedError, people, print_json, print_table

if TYPE_CHECKING:
    from robot.recording_format import RecordedFrame
    from robot.settings import RobotConfig
    from robot.types import StepRecord
    from vision.datasets.labels import DataSet, Picture
    from vision.datasets.pick import FrameView, Pick, Reason
    from vision.detector import Detector
    from vision.flower_map import FlowerMap
    from vision.types import Detections, Side

LOOK_DOWN_TO = 0.5
"""Detections down to this share of the threshold are looked at: what was nearly seen teaches most."""

COLUMNS = ("file", "reason", "why", "camera", "side", "seq", "t_capture_s", "s_m", "detections")
VALUES: tuple[Reason, ...] = ("uncertain", "contradicted", "shifted")


def pull(
    recording: Annotated[Path, typer.Argument(help="MCAP recording")],
    out: Annotated[Path, typer.Option(help="new folder: labels.json, images/ and reasons.csv")],
    count: Annotated[int, typer.Option(min=1, max=10_000, help="frames to pick")] = 50,
    model: Annotated[
        Path | None, typer.Option(help="ONNX model to look with; the recorded machine's by default")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="machine file (TOML); the recorded one by default")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Pick frames that are uncertain, contradicted by other views, or unlike training; pre-label them."""
    from rich.progress import Progress

    from vision.datasets.folder import write_labels
    from vision.datasets.labels import LabelError
    from vision.datasets.pick import choose_frames

    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise LabelError(f"{out}: is not empty; name a new folder, nothing is overwritten")
    with Progress(console=people, transient=True, disable=not people.is_terminal) as bar:
        task = bar.add_task("looking", total=1.0)
        looker = _look(recording, config, model, lambda share: bar.update(task, completed=share))
    picks = choose_frames(looker.views, count, looker.threshold, looker.colours)
    if not picks:
        raise WorkFailedError(f"{recording}: holds no usable frame; record with the cameras running")
    data = _write_pictures(recording, out, looker, picks)
    write_labels(data, out)
    _write_reasons(out / "reasons.csv", data.pictures, looker.views, picks)
    reasons = {name: sum(p.reason == name for p in picks) for name in (*VALUES, "spread")}
    boxes = data.counts()
    if json:
        figures = {"out": str(out), "pictures": len(picks), "of_frames": len(looker.views)}
        print_json({**figures, "reasons": reasons, "pre_labels": boxes})
        return
    rows: dict[str, object] = {"frames looked at": len(looker.views), "picked": len(picks)}
    rows |= {f"picked as {name}": number for name, number in reasons.items()}
    rows |= {f"pre-labelled {name}": number for name, number in boxes.items()}
    print_table(f"pulled: {out}", rows)


class Looker:
    """Stands in for the loop's detector: looks lower than the loop does and remembers what it saw."""

    def __init__(self, detector: Detector, threshold: float) -> None:
        self._detector, self.threshold = detector, threshold
        self.colours = _card_colours(detector)
        self.views: list[FrameView] = []
        self._latest: list[tuple[Detections, Detections, tuple[float, float, float]]] = []

    def detect(self, image: NDArray[np.uint8]) -> Detections:
        """Return what the loop would see; `all_of` tells the rest."""
        from vision.types import Detections

        found = self._detector.detect(image)
        blue, green, red = image[::8, ::8].reshape(-1, 3).mean(axis=0).tolist()
        count = int((found.scores >= self.threshold).sum())
        shown = Detections(found.boxes[:count], found.stages[:count], found.scores[:count])
        self._latest = [*self._latest[-3:], (shown, found, (blue, green, red))]
        return shown

    def all_of(self, shown: object) -> tuple[Detections, tuple[float, float, float]] | None:
        """Return all that was seen where the loop saw `shown`, and the picture's mean colour."""
        return next(((found, mean) for kept, found, mean in self._latest if kept is shown), None)


def _opened(config: RobotConfig, model: Path, threshold: float) -> Detector:
    from vision.detector import Detector

    wanted = config.detector
    return Detector(model, wanted.threads, LOOK_DOWN_TO * threshold, wanted.provider)


def _card_colours(detector: Detector) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Return the mean and spread of training pictures' colours, where the model card tells them."""
    told = getattr(detector.model.card, "channels", None)
    if not isinstance(told, dict):
        return None
    try:
        mean, std = (np.array(told[key], np.float64).reshape(3) for key in ("mean_bgr", "std_bgr"))
    except (KeyError, ValueError, TypeError):
        return None
    return mean, std


def _look(path: Path, machine: Path | None, model: Path | None, progress: Callable[[float], None]) -> Looker:
    """Drive the recording through the robot's own loop once more and remember every usable frame."""
    from robot.recording_reader import read_recording
    from robot.settings import SHIPPED_MODEL
    from sim.replay import Replay
    from sim.replay_setting import LiveEye, Setting, machine_of
    from vision.flower_map import FlowerMap
    from vision.model_card import model_card

    recording = read_recording(path)
    try:
        config = machine_of(recording, Setting(machine))
        chosen = model or (config.detector.model if config.detector.model.exists() else SHIPPED_MODEL)
        threshold = model_card(chosen).score_threshold
        looker = Looker(_opened(config, chosen, threshold), threshold)
        maps = {camera.side: FlowerMap(camera.model(), config.map) for camera in config.cameras}
        replay = Replay(recording.header, config, {side: LiveEye(looker) for side in config.sides})
        for step in recording:
            replay.step(step)
            if replay.seen.record is not None:
                looker.views += _views(replay.seen.record, looker, maps, config)
            progress(recording.share_read)
    finally:
        recording.close()
    return looker


def _views(
    record: StepRecord, looker: Looker, maps: Mapping[Side, FlowerMap], config: RobotConfig
) -> Iterator[FrameView]:
    """Return the usable frames of a step, their detections joined to flowers where the place is known."""
    from vision.datasets.pick import FrameView
    from vision.types import Pose

    latency = {camera.side: camera.latency_s for camera in config.cameras}
    for side, shown in record.detections.items():
        seen = looker.all_of(shown)
        frame = record.frames.get(side)
        if seen is None or frame is None:
            continue
        found, mean = seen
        ids = np.full(len(found), -1, np.int64)
        pose = record.pose
        if pose is not None:
            back = record.now - (frame.t_capture - latency[side])
            then = Pose(frame.t_capture, pose.s - pose.velocity * back, pose.velocity, pose.s_std)
            ids = maps[side].update(found, then, frame.seq)
        place = None if pose is None else pose.s
        yield FrameView(side, frame.seq, frame.t_capture, place, mean, found, ids)


def _write_pictures(recording: Path, out: Path, looker: Looker, picks: Sequence[Pick]) -> DataSet:
    """Take the picked pictures out of the recording as they lie there; return them with their pre-labels."""
    from robot.recording_reader import read_recording
    from vision.datasets.labels import DataSet
    from vision.types import STAGE_NAMES

    wanted = {(looker.views[pick.index].side, looker.views[pick.index].seq): pick for pick in picks}
    written: dict[int, Picture] = {}
    (out / "images").mkdir(parents=True, exist_ok=True)
    opened = read_recording(recording)
    try:
        for step in opened:
            for side, frame in step.frames.items():
                pick = wanted.pop((side, frame.ref.seq), None)
                if pick is not None:
                    view = looker.views[pick.index]
                    group = f"{recording.stem}-{side}"
                    written[pick.index] = _picture(out, frame, view, group, looker.threshold)
    finally:
        opened.close()
    return DataSet(recording, STAGE_NAMES, tuple(written[pick.index] for pick in picks))


def _picture(out: Path, frame: RecordedFrame, view: FrameView, group: str, threshold: float) -> Picture:
    from vision.datasets.labels import Mark, Picture
    from vision.types import STAGE_NAMES

    ending = "png" if frame.ref.format == "png" else "jpg"
    name = f"{re.sub(r'[^A-Za-z0-9_-]', '_', frame.ref.camera_id)}-{frame.ref.seq:06d}.{ending}"
    path = out / "images" / name
    path.write_bytes(frame.image)
    height, width = frame.decode().image.shape[:2]
    marks = [
        Mark(STAGE_NAMES[int(stages.argmax())], x0, y0, x1 - x0, y1 - y0, score=round(score, 4))
        for (x0, y0, x1, y1), stages, score in zip(
            view.found.boxes.tolist(), view.found.stages, view.found.scores.tolist(), strict=True
        )
        if score >= threshold and x1 > x0 and y1 > y0
    ]
    return Picture(path, name, width, height, group, tuple(marks))


def _write_reasons(
    path: Path, pictures: Sequence[Picture], views: Sequence[FrameView], picks: Sequence[Pick]
) -> None:
    """One line a picture: why it was picked, in words and in numbers."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow([*COLUMNS, *VALUES])
        for picture, pick in zip(pictures, picks, strict=True):
            view = views[pick.index]
            place = "" if view.s is None else f"{view.s:.3f}"
            values = [f"{pick.values[name]:.3f}" for name in VALUES]
            camera = picture.name.rpartition("-")[0]
            about = [camera, view.side, view.seq, f"{view.t:.3f}", place, len(picture.marks)]
            rows.writerow([picture.name, pick.reason, _why(pick), *about, *values])


def _why(pick: Pick) -> str:
    told = {
        "uncertain": f"scores near the threshold or stages undecided ({pick.values['uncertain']:.2f} of 1)",
        "contradicted": f"other views of a flower say another stage ({pick.values['contradicted']:.2f} of 1)",
        "shifted": f"colours {pick.values['shifted']:.1f} standard deviations from training",
        "spread": "nothing stands out; evenly spread",
    }
    return told[pick.reason]
