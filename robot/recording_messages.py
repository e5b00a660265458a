"""Our own protobuf messages of a recording, described in Python: no compiler, no generated file.

The description goes into each MCAP file as its schema, so Foxglove, Rerun and any protobuf reader show the fields.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from robot.types import (
    FlowerKey,
    FlowerRefusal,
    Mode,
    Place,
    PlannedPulse,
    PulseRefusal,
    Reason,
    StepRecord,
    Train,
)
from vision.types import Detections, Pose

PACKAGE = "bombus"


class Decisions(msgspec.Struct, frozen=True):
    """What was decided in one step, and where each refused flower stands."""

    index: int
    now: float
    mode: Mode
    pose: Pose | None
    pulses: tuple[PlannedPulse, ...]
    pulse_refusals: tuple[PulseRefusal, ...]
    flower_refusals: tuple[FlowerRefusal, ...]
    places: Mapping[FlowerKey, Place]


_TYPES: Mapping[str, int] = {"double": 1, "float": 2, "int64": 3, "bool": 8, "string": 9, "bytes": 12}
"""Numbers of FieldDescriptorProto.Type."""

_MESSAGES: Mapping[str, Sequence[str]] = {
    "Place": ("double s", "double h", "double d"),
    "Pose": ("double t", "double s", "double velocity", "double s_std"),
    "Pulse": (
        "int64 pulse_id",
        "string side",
        "int64 nozzle",
        "int64 trigger_ticks",
        "int64 direction",
        "int64 on_us",
        "int64 period_us",
        "int64 count",
        "Place aim",
        "int64* flower_ids",
        "Place* places",
    ),
    "PulseRefusal": ("Pulse pulse", "string reason", "string detail"),
    "FlowerRefusal": ("string side", "int64 flower_id", "string reason", "bool final", "Place place"),
    "Decisions": (
        "int64 index",
        "double now",
        "string mode",
        "Pose pose",
        "Pulse* pulses",
        "PulseRefusal* pulse_refusals",
        "FlowerRefusal* flower_refusals",
    ),
    "Detections": (
        "string camera_id",
        "int64 seq",
        "float* boxes",
        "float* stages",
        "float* scores",
    ),
    "StepInputs": ("int64 index", "double now", "bytes msgpack"),
}
"""Fields by message, numbered from 1 in this order; a star means repeated. Only ever append to a message."""


def _file() -> descriptor_pb2.FileDescriptorProto:
    file = descriptor_pb2.FileDescriptorProto(name="bombus.proto", package=PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for number, field in enumerate(fields, start=1):
            kind, field_name = field.split()
            label, kind = (3, kind[:-1]) if kind.endswith("*") else (1, kind)
            added = message.field.add(name=field_name, number=number, label=label)
            if kind in _TYPES:
                added.type = _TYPES[kind]
            else:
                added.type, added.type_name = 11, f".{PACKAGE}.{kind}"
    return file


_FILE = _file()
SCHEMA = descriptor_pb2.FileDescriptorSet(file=[_FILE]).SerializeToString()
"""The schema that MCAP wants: a serialised FileDescriptorSet."""

_pool = descriptor_pool.DescriptorPool()
_pool.Add(_FILE)
_CLASSES: Mapping[str, Any] = {
    name: message_factory.GetMessageClass(_pool.FindMessageTypeByName(f"{PACKAGE}.{name}"))
    for name in _MESSAGES
}


def message(name: str, **fields: Any) -> Any:
    """Return a new protobuf message of ours."""
    return _CLASSES[name](**fields)


def parsed(name: str, data: bytes) -> Any:
    """Return the message in `data`; raises ValueError when it is none."""
    try:
        return _CLASSES[name].FromString(data)
    except DecodeError as error:
        raise ValueError(str(error)) from error


def decisions_message(record: StepRecord, index: int) -> bytes:
    """Return one step's decisions as a serialised `bombus.Decisions`."""
    told = message("Decisions", index=index, now=record.now, mode=record.mode.value)
    if record.pose is not None:
        pose = record.pose
        told.pose.CopyFrom(message("Pose", t=pose.t, s=pose.s, velocity=pose.velocity, s_std=pose.s_std))
    told.pulses.extend(_pulse(pulse) for pulse in record.pulses)
    told.pulse_refusals.extend(
        message("PulseRefusal", pulse=_pulse(one.pulse), reason=one.reason.value, detail=one.detail)
        for one in record.pulse_refusals
    )
    told.flower_refusals.extend(_refusal(one, record.places) for one in record.flower_refusals)
    data: bytes = told.SerializeToString()
    return data


def decisions_of(data: bytes) -> Decisions:
    """Return the decisions as the loop made them; raises ValueError."""
    told = parsed("Decisions", data)
    pose = told.pose if told.HasField("pose") else None
    return Decisions(
        index=told.index,
        now=told.now,
        mode=Mode(told.mode),
        pose=None if pose is None else Pose(pose.t, pose.s, pose.velocity, pose.s_std),
        pulses=tuple(_planned(one) for one in told.pulses),
        pulse_refusals=tuple(
            PulseRefusal(_planned(one.pulse), Reason(one.reason), one.detail) for one in told.pulse_refusals
        ),
        flower_refusals=tuple(
            FlowerRefusal(_side(one.side), one.flower_id, Reason(one.reason), one.final)
            for one in told.flower_refusals
        ),
        places={
            (_side(one.side), one.flower_id): _tuple(one.place)
            for one in told.flower_refusals
            if one.HasField("place")
        },
    )


def detections_message(camera_id: str, seq: int, found: Detections) -> bytes:
    """Return what the detector found in one frame as a serialised `bombus.Detections`."""
    told = message(
        "Detections",
        camera_id=camera_id,
        seq=seq,
        boxes=found.boxes.ravel().tolist(),
        stages=found.stages.ravel().tolist(),
        scores=found.scores.tolist(),
    )
    data: bytes = told.SerializeToString()
    return data


def detections_of(data: bytes) -> tuple[int, Detections]:
    """Return the frame's seq and what the detector found in it, to the bit; raises ValueError."""
    told = parsed("Detections", data)
    scores = np.array(told.scores, np.float32)
    boxes = np.array(told.boxes, np.float32).reshape(-1, 4)
    stages = np.array(told.stages, np.float32).reshape(-1, 3)
    if not len(boxes) == len(stages) == len(scores):
        raise ValueError(f"{len(boxes)} boxes with {len(scores)} scores")
    return told.seq, Detections(boxes, stages, scores)


def _pulse(pulse: PlannedPulse) -> Any:
    return message(
        "Pulse",
        pulse_id=pulse.pulse_id,
        side=pulse.side,
        nozzle=pulse.nozzle,
        trigger_ticks=pulse.trigger_ticks,
        direction=pulse.direction,
        on_us=pulse.train.on_us,
        period_us=pulse.train.period_us,
        count=pulse.train.count,
        aim=_place(pulse.aim),
        flower_ids=pulse.flower_ids,
        places=[_place(place) for place in pulse.places],
    )


def _planned(told: Any) -> PlannedPulse:
    return PlannedPulse(
        pulse_id=told.pulse_id,
        side=_side(told.side),
        nozzle=told.nozzle,
        trigger_ticks=told.trigger_ticks,
        direction=told.direction,
        train=Train(told.on_us, told.period_us, told.count),
        aim=_tuple(told.aim),
        flower_ids=tuple(told.flower_ids),
        places=tuple(_tuple(place) for place in told.places),
    )


def _refusal(one: FlowerRefusal, places: Mapping[FlowerKey, Place]) -> Any:
    told = message(
        "FlowerRefusal", side=one.side, flower_id=one.flower_id, reason=one.reason.value, final=one.final
    )
    place = places.get((one.side, one.flower_id))
    if place is not None:
        told.place.CopyFrom(_place(place))
    return told


def _place(place: Place) -> Any:
    s, h, d = place
    return message("Place", s=s, h=h, d=d)


def _tuple(told: Any) -> Place:
    return told.s, told.h, told.d


def _side(name: str) -> Any:
    if name not in {"left", "right"}:
        raise ValueError(f"side '{name}'")
    return name
