"""One setting, many values: each replayed over footage, or driven over simulated rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from robot.build import open_detector
from robot.recording_reader import read_recording
from sim.footage.compare import replay_source
from sim.replay_pictures import is_film
from sim.replay_setting import Setting, is_truth, machine_of
from vision.types import Detections

THRESHOLD = "detector.threshold"

Value = float | int | str | bool
Progress = Callable[[float], None]


class FootagePoint(msgspec.Struct, frozen=True):
    """All sources replayed with one value. `refusals` are flowers passed untreated, by reason."""

    value: Value
    frames: int
    shots: int
    not_shot: int
    refusals: dict[str, int]
    decisions_sha256: list[str]


def over_footage(
    sources: Sequence[Path], setting: Setting, key: str, values: Sequence[Value], progress: Progress
) -> list[FootagePoint]:
    """Replay every source with every value of a key; a picture goes through the model once where that is enough.

    Raises what a replay raises: ConfigError for a key or value that the machine file does not take.
    """
    results: dict[int, list[tuple[int, int, Mapping[str, int], str]]] = {i: [] for i in range(len(values))}
    runs = len(sources) * len(values)
    for number, source in enumerate(sources):
        base = _with_cache(source, setting, key, values)
        for index, value in enumerate(values):
            done = number * len(values) + index
            one = replace(base, overrides={**base.overrides, key: value})
            result = replay_source(
                source,
                one,
                None,
                None,
                lambda share, done=done: progress((done + share) / runs),  # type: ignore[misc]
            )
            results[index].append((result.frames, result.pulses, result.refusals, result.decisions_sha256))
    return [_point(value, results[index]) for index, value in enumerate(values)]


def _point(value: Value, results: Sequence[tuple[int, int, Mapping[str, int], str]]) -> FootagePoint:
    refusals: Counter[str] = Counter()
    for _, _, reasons, _ in results:
        refusals.update(reasons)
    return FootagePoint(
        value,
        sum(frames for frames, _, _, _ in results),
        sum(shots for _, shots, _, _ in results),
        refusals.total(),
        dict(sorted(refusals.items())),
        [sha256 for _, _, _, sha256 in results],
    )


def _with_cache(source: Path, setting: Setting, key: str, values: Sequence[Value]) -> Setting:
    """Return a setting that keeps what the model finds, where no value of the key changes what it is shown."""
    looks_again = key.startswith("detector.") and key != THRESHOLD
    if is_film(source) or setting.recorded_detections or setting.detector is not None or looks_again:
        return setting
    recording = read_recording(source)
    recording.close()
    if is_truth(recording):
        return setting
    config = machine_of(recording, setting)
    lowest = [float(value) for value in values if isinstance(value, int | float)] if key == THRESHOLD else []
    wanted = config.detector.model_copy(update={"threshold": min(lowest)} if lowest else {})
    cache: dict[tuple[str, int], Detections] = {}
    return replace(setting, detector=open_detector(wanted, setting.model), cache=cache)
