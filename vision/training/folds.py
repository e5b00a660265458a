"""Cross-validation by group: each photograph is judged by a model that saw no picture of its plants."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean, median, stdev
from time import perf_counter
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from vision.datasets.split import group_folds
from vision.detector import Detector
from vision.stills import StillRule
from vision.training import TrainingError
from vision.training.assess import figures, on_stills
from vision.training.card import SCORE_THRESHOLD, STILL_RULE, write_card
from vision.training.course import MODEL, SCORE_FLOOR, CourseConfig, Observer, export, learn_from
from vision.training.photos import Photo, PhotoSet
from vision.training.scenes import SceneCache
from vision.types import STAGE_NAMES, Detections

RESULT: Final = "figures.json"

SHIPPED_LOOK: Final = "0.25 + 0.5 + 1, mirrored"
LOOKS: Final[dict[str, StillRule]] = {
    "0.25": StillRule(scales=(0.25,)),
    "0.5": StillRule(scales=(0.5,)),
    "1": StillRule(scales=(1.0,)),
    "0.25 + 0.5": StillRule(scales=(0.25, 0.5)),
    "0.25 + 0.5, mirrored": StillRule(scales=(0.25, 0.5), mirrored=True),
    SHIPPED_LOOK: StillRule.model_validate(STILL_RULE),
}
"""Ways to look at a photograph: its scales, each in tiles of the detector's size. The shipped one gives the figures."""


class Look(msgspec.Struct, frozen=True):
    """What one way of looking finds: AP50 of each stage and their mean, and median ms a photograph on one thread."""

    ap50: dict[str, float | None]
    ms: float


class Fold(msgspec.Struct, frozen=True):
    """One fold: what it held out and the AP50 of each stage there; None where no box is of that stage.

    `course` tells what it was trained by: another one's figures are never taken over by --resume.
    """

    fold: int
    groups: list[str]
    pictures: int
    boxes: dict[str, int]
    ap50: dict[str, float | None]
    looks: dict[str, Look]
    steps: int
    minutes: float
    course: str


class CrossValidation(msgspec.Struct, frozen=True):
    """All folds, and mean and standard deviation over the folds that have a figure (None below two).

    `looks` are means over the folds, of the ways to look at a photograph.
    """

    folds: list[Fold]
    mean: dict[str, float | None]
    std: dict[str, float | None]
    looks: dict[str, Look]
    photographs: int
    seed: int


def folds_of(photos: Sequence[Photo], count: int, seed: int) -> list[list[Photo]]:
    """Return whole groups in `count` folds of about equally many judged boxes; raises TrainingError."""
    try:
        return group_folds(
            photos, lambda photo: photo.group, lambda photo: float((~photo.ignore).sum()), count, seed
        )
    except ValueError as error:
        raise TrainingError(
            f"--cross-validate {count}: {error}; label `group` in more pictures, or ask for fewer folds"
        ) from error


def cross_validate(
    config: CourseConfig,
    photos: Sequence[Photo],
    scenes: SceneCache | None,
    out: Path,
    count: int,
    resume: bool,
    observe: Callable[[int], Observer],
) -> CrossValidation:
    """Train and judge every fold in `out`/fold-K; a resumed run takes over finished folds of the same course.

    `observe(k)` gives whom fold k tells how far it is. Raises TrainingError.
    """
    results = []
    for number, apart in enumerate(folds_of(photos, count, config.train.seed), start=1):
        held = {photo.path for photo in apart}
        learned = [photo for photo in photos if photo.path not in held]
        folder = out / f"fold-{number}"
        done = _finished(folder, config, apart) if resume else None
        results.append(
            done or _one_fold(config, (scenes, learned), apart, folder, number, resume, observe(number))
        )
    return CrossValidation(
        folds=results,
        mean={
            name: _over([fold.ap50 for fold in results], name, fmean, 1) for name in (*STAGE_NAMES, "mean")
        },
        std={name: _over([fold.ap50 for fold in results], name, stdev, 2) for name in (*STAGE_NAMES, "mean")},
        looks={name: _mean_look([fold.looks[name] for fold in results]) for name in LOOKS},
        photographs=len(photos),
        seed=config.train.seed,
    )


def _one_fold(
    config: CourseConfig,
    sources: tuple[SceneCache | None, Sequence[Photo]],
    apart: Sequence[Photo],
    folder: Path,
    number: int,
    resume: bool,
    observer: Observer,
) -> Fold:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RESULT).unlink(missing_ok=True)
    checkpoint = folder / "checkpoint.pt"
    trainer = learn_from(config, sources, folder, resume and checkpoint.is_file(), observer)
    model = folder / MODEL
    export(config, sources, folder)
    about = {"fold": number, "held_out": _groups(apart), "credits": list(config.credits)}
    write_card(model, f"fold-{number}", about)
    detector = Detector(model, score_threshold=SCORE_FLOOR)
    looks = {name: _look(detector, rule, apart) for name, rule in LOOKS.items()}
    result = Fold(
        fold=number,
        groups=_groups(apart),
        pictures=len(apart),
        boxes={
            name: sum(int((~p.ignore & (p.stages == stage)).sum()) for p in apart)
            for stage, name in enumerate(STAGE_NAMES)
        },
        ap50=looks[SHIPPED_LOOK].ap50,
        looks=looks,
        steps=trainer.step,
        minutes=round(trainer.elapsed_s / 60.0, 2),
        course=config.model_dump_json(),
    )
    part = folder / f"{RESULT}.part"
    part.write_bytes(msgspec.json.format(msgspec.json.encode(result), indent=1))
    part.replace(folder / RESULT)
    return result


def _finished(folder: Path, config: CourseConfig, apart: Sequence[Photo]) -> Fold | None:
    """Return a fold's result when it was finished with this course on these groups and looked at in every way."""
    try:
        result = msgspec.json.decode((folder / RESULT).read_bytes(), type=Fold)
    except (OSError, msgspec.DecodeError):
        return None
    same = result.course == config.model_dump_json() and result.looks.keys() == LOOKS.keys()
    return result if same and result.groups == _groups(apart) and result.pictures == len(apart) else None


def _groups(photos: Sequence[Photo]) -> list[str]:
    return sorted({photo.group for photo in photos})


def _look(detector: Detector, rule: StillRule, apart: Sequence[Photo]) -> Look:
    pictures, taken_s = PhotoSet(apart), []
    predict = on_stills(detector, rule)

    def timed(image: NDArray[np.uint8]) -> Detections:
        before = perf_counter()
        found = predict(image)
        taken_s.append(perf_counter() - before)
        return found

    found = figures((pictures.sample(k) for k in range(len(pictures))), timed, SCORE_THRESHOLD)
    return Look(found["ap50"], round(1e3 * median(taken_s), 1))


def _mean_look(looks: Sequence[Look]) -> Look:
    means = {name: _over([look.ap50 for look in looks], name, fmean, 1) for name in (*STAGE_NAMES, "mean")}
    return Look(means, round(fmean(look.ms for look in looks), 1))


def _over(
    figures: Sequence[dict[str, float | None]], name: str, how: Callable[[list[float]], float], least: int
) -> float | None:
    known = [value for ap50 in figures if (value := ap50[name]) is not None]
    return round(how(known), 3) if len(known) >= least else None
