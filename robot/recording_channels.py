"""The topics of a recording that Foxglove and other viewers draw: pictures, marks, lenses, places, log."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import sqrt

from foxglove import Context
from foxglove.channels import (
    CameraCalibrationChannel,
    CompressedImageChannel,
    FrameTransformsChannel,
    ImageAnnotationsChannel,
    LogChannel,
)
from foxglove.messages import (
    CameraCalibration,
    Color,
    CompressedImage,
    FrameTransform,
    FrameTransforms,
    ImageAnnotations,
    Log,
    LogLevel,
    Point2,
    PointsAnnotation,
    PointsAnnotationType,
    Quaternion,
    TextAnnotation,
    Timestamp,
    Vector3,
)

from robot.recording_format import image_topic
from robot.types import StepRecord
from vision.calibration import CameraModel
from vision.types import STAGE_NAMES, Detections, Frame, Side

HALF = sqrt(0.5)
_CAMERA_TURN: Mapping[Side, Quaternion] = {
    "left": Quaternion(x=-HALF, y=0.0, z=0.0, w=HALF),
    "right": Quaternion(x=0.0, y=HALF, z=-HALF, w=0.0),
}
"""From the cart (x ahead, y to the left, z up) to a camera (x right, y down, z into the crop)."""

_STAGE_COLORS = (
    Color(r=0.35, g=0.75, b=1.0, a=1.0),
    Color(r=1.0, g=0.85, b=0.1, a=1.0),
    Color(r=0.75, g=0.55, b=0.4, a=1.0),
)


class ViewerChannels:
    """Draws steps for people; replay reads only the pictures' bytes of it. `stamp` maps t to wall ns."""

    def __init__(
        self, context: Context, cameras: Mapping[Side, CameraModel], stamp: Callable[[float], int]
    ) -> None:
        self._stamp = stamp
        self._cameras = cameras
        self._images = {
            side: CompressedImageChannel(image_topic(side), context=context) for side in ("left", "right")
        }
        self._marks = {
            side: ImageAnnotationsChannel(f"/camera/{side}/annotations", context=context)
            for side in ("left", "right")
        }
        self._lenses = {
            side: CameraCalibrationChannel(f"/camera/{side}/calibration", context=context) for side in cameras
        }
        self._places = FrameTransformsChannel("/tf", context=context)
        self._log = LogChannel("/log", context=context)
        self._last_mode = ""

    def begin(self, t: float) -> None:
        """Write what holds for the whole file: lenses and their mounts."""
        at = self._stamp(t)
        for side, model in self._cameras.items():
            self._lenses[side].log(_calibration(model, at), log_time=at)
        mounts = [_mount(side, model, at) for side, model in self._cameras.items()]
        self._places.log(FrameTransforms(transforms=mounts), log_time=at)

    def image(self, side: Side, frame: Frame, data: bytes, kind: str, now: float) -> None:
        """Write one frame's picture, encoded as `kind`."""
        stamp = _time(self._stamp(frame.t_capture))
        message = CompressedImage(timestamp=stamp, frame_id=frame.camera_id, data=data, format=kind)
        self._images[side].log(message, log_time=self._stamp(now))

    def step(self, record: StepRecord) -> None:
        """Write marks, the cart's place and the log lines of one step."""
        at = self._stamp(record.now)
        for side, frame in record.frames.items():
            detections = record.detections.get(side)
            if isinstance(detections, Detections):
                marks = _annotations(detections, _time(self._stamp(frame.t_capture)))
                self._marks[side].log(marks, log_time=at)
        if record.pose is not None and record.frames:
            place = _transform("row", "cart", Vector3(x=record.pose.s, y=0.0, z=0.0), None, at)
            self._places.log(FrameTransforms(transforms=[place]), log_time=at)
        for level, name, line in self._lines(record):
            self._log.log(Log(timestamp=_time(at), level=level, message=line, name=name), log_time=at)

    def _lines(self, record: StepRecord) -> Iterable[tuple[LogLevel, str, str]]:
        for command in record.commands:
            value = "" if command.value is None else f" {command.value:g}"
            by = f" by {command.by}" if command.by else ""
            yield LogLevel.Info, "loop", f"command {command.name}{value} {command.text}".rstrip() + by
        if record.mode != self._last_mode:
            yield LogLevel.Info, "loop", f"mode {record.mode}"
            self._last_mode = record.mode
        for pulse in record.pulses:
            flowers = ", ".join(map(str, pulse.flower_ids))
            shot = f"pulse {pulse.pulse_id}: nozzle {pulse.nozzle} at {pulse.side} flowers {flowers}"
            yield LogLevel.Info, "shots", shot
        for refused in record.pulse_refusals:
            line = f"pulse {refused.pulse.pulse_id} not sent: {refused.reason.value} {refused.detail}"
            yield LogLevel.Warning, "shots", line.rstrip()
        for one in record.flower_refusals:
            left = "passed untreated" if one.final else "left for now"
            line = f"{one.side} flower {one.flower_id} {left}: {one.reason.value}"
            yield LogLevel.Info if one.final else LogLevel.Debug, "flowers", line


def _annotations(detections: Detections, stamp: Timestamp) -> ImageAnnotations:
    boxes, texts = [], []
    for box, stages, score in zip(
        detections.boxes.tolist(), detections.stages.tolist(), detections.scores.tolist(), strict=True
    ):
        x0, y0, x1, y1 = box
        stage = stages.index(max(stages))
        corners = [Point2(x=x, y=y) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))]
        boxes.append(
            PointsAnnotation(
                timestamp=stamp,
                type=PointsAnnotationType.LineLoop,
                points=corners,
                outline_color=_STAGE_COLORS[stage],
                thickness=2.0,
            )
        )
        texts.append(
            TextAnnotation(
                timestamp=stamp,
                position=Point2(x=x0, y=y0),
                text=f"{STAGE_NAMES[stage]} {score:.2f}",
                font_size=12.0,
                text_color=_STAGE_COLORS[stage],
                background_color=Color(r=0.0, g=0.0, b=0.0, a=0.6),
            )
        )
    return ImageAnnotations(timestamp=stamp, points=boxes, texts=texts)


def _calibration(model: CameraModel, at: int) -> CameraCalibration:
    k = [model.fx, 0.0, model.cx, 0.0, model.fy, model.cy, 0.0, 0.0, 1.0]
    return CameraCalibration(
        timestamp=_time(at),
        frame_id=model.camera_id,
        width=model.width,
        height=model.height,
        distortion_model="plumb_bob",
        D=list(model.distortion),
        K=k,
        R=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        P=[*k[:3], 0.0, *k[3:6], 0.0, *k[6:], 0.0],
    )


def _mount(side: Side, model: CameraModel, at: int) -> FrameTransform:
    """Place a camera on the cart; its small yaw, pitch and roll are left out: this is only drawn."""
    y = model.d if side == "left" else -model.d
    where = Vector3(x=model.s_offset, y=y, z=model.h)
    return _transform("cart", model.camera_id, where, _CAMERA_TURN[side], at)


def _transform(parent: str, child: str, where: Vector3, turn: Quaternion | None, at: int) -> FrameTransform:
    return FrameTransform(
        timestamp=_time(at),
        parent_frame_id=parent,
        child_frame_id=child,
        translation=where,
        rotation=turn or Quaternion(x=0.0, y=0.0, z=0.0, w=1.0),
    )


def _time(ns: int) -> Timestamp:
    return Timestamp(sec=ns // 1_000_000_000, nsec=ns % 1_000_000_000)
