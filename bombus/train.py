"""Train a detector: renders rows, mixes them with your labelled photographs, exports and measures the model."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bombus.output import people, print_json, print_table

if TYPE_CHECKING:
    from sim.render.scenes import SceneSampler
    from vision.training.course import CourseConfig, Observer
    from vision.training.scenes import Sample

SMOKE: dict[str, Any] = {
    "scenes": 16,
    "validation_scenes": 4,
    "train": {"steps": 20, "batch": 4, "warm_up": 5, "checkpoint_s": 0.0},
}
"""About a minute of everything, to see that it works; the model is of no use."""

VALIDATION_POOL, TRAINING_POOL = 1, 2
"""First pools of plants and lenses; scenes of different pools share none of them."""

SCENES_A_POOL = 1000


class RenderedRows:
    """Rendered scenes as the training wants them; each 1000 seeds have plants and lenses of their own."""

    def __init__(self, size: tuple[int, int], first_pool: int) -> None:
        self._size, self._first_pool = size, first_pool
        self._sampler: tuple[int, SceneSampler] | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every picture."""
        return self._size

    def sample(self, seed: int) -> Sample:
        """Return the picture of a seed; the same seed gives the same picture."""
        from sim.render.scenes import SceneSampler
        from vision.training.scenes import Sample

        pool = self._first_pool + seed // SCENES_A_POOL
        if self._sampler is None or self._sampler[0] != pool:
            self._sampler = pool, SceneSampler(*self._size, pool=pool)
        return Sample(*self._sampler[1].sample(seed))


def train(
    config: Annotated[
        Path | None, typer.Option(help="training file (TOML); the defaults without one")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="folder with labels.json (COCO) and images/; may be given often")
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for checkpoint, model, card and curves")] = Path(
        "trained"
    ),
    minutes: Annotated[float | None, typer.Option(min=0.01, help="training time")] = None,
    images: Annotated[int | None, typer.Option(min=0, help="rendered scenes to learn from")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="of weights, batches and the split of photos")
    ] = None,
    start: Annotated[Path | None, typer.Option(help="model.onnx or checkpoint.pt to go on from")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="continue the run in --out")] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="a minute of everything, to see that it works")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Train, export and measure a detector; the model lands in OUT/flowers.onnx with its card beside it."""
    from vision.training import require_torch

    require_torch()
    course = _course(config, smoke, {"scenes": images, "start": start}, {"minutes": minutes, "seed": seed})
    card = _run(course, data or [], out, resume)
    if json:
        print_json({"model": str(out / "flowers.onnx"), **card})
        return
    print_table(f"{out / 'flowers.onnx'}, measured on what was kept apart", _rows(card))


def _course(
    config: Path | None, smoke: bool, options: dict[str, Any], train_options: dict[str, Any]
) -> CourseConfig:
    """The training file, the smoke settings over it, the options that were given over both."""
    from vision.training.course import CourseConfig, read_course

    course = read_course(config) if config is not None else CourseConfig()
    values = course.model_dump()
    smoked = SMOKE if smoke else {"train": {}}
    given = {key: value for key, value in train_options.items() if value is not None}
    if "minutes" in given:
        given["steps"] = None
    train = {**values["train"], **smoked["train"], **given}
    values |= {
        **smoked,
        **{key: value for key, value in options.items() if value is not None},
        "train": train,
    }
    return CourseConfig.model_validate(values)


def _run(course: CourseConfig, data: list[Path], out: Path, resume: bool) -> dict[str, Any]:
    from vision.training.card import INPUT_SIZE
    from vision.training.course import gather, learn, publish

    out.mkdir(parents=True, exist_ok=True)
    sources = RenderedRows(INPUT_SIZE, TRAINING_POOL), RenderedRows(INPUT_SIZE, VALIDATION_POOL)
    with _progress() as observer:
        material = gather(course, sources, data, out, observer.scenes)
        trainer = learn(course, material, out, resume, observer)
    people.print("exporting and measuring ...")
    return publish(course, material, out, trainer, shlex.join(["bombus", *sys.argv[1:]]))


@contextmanager
def _progress() -> Iterator[Observer]:
    """Bars with the time that is left, on standard error."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from vision.training.course import Observer
    from vision.training.train import StepReport

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=people) as bars:
        drawing = bars.add_task("drawing scenes", total=None, visible=False)
        training = bars.add_task("training", total=1.0, visible=False)

        def scenes(done: int, total: int) -> None:
            bars.update(drawing, completed=done, total=total, visible=True)

        def step(report: StepReport) -> None:
            text = f"training, step {report.step}, loss {report.heat_loss:.2f} + {report.box_loss:.2f}"
            bars.update(training, completed=min(report.progress, 1.0), description=text, visible=True)

        yield Observer(scenes, step)


def _rows(card: dict[str, Any]) -> dict[str, object]:
    rows: dict[str, object] = {}
    for where, found in card["figures"].items():
        if where == "inference_ms":
            rows["ms a frame, one thread, least / median"] = f"{found['min']} / {found['p50']}"
            continue
        rows |= {f"AP50 {name}, {where.replace('_', ' ')}": value for name, value in found["ap50"].items()}
        taken = found["open_at_threshold"]
        wrong = f"{taken['on_bud']} buds, {taken['on_spent']} spent, {taken['on_nothing']} nothing"
        rows[f"taken for open, {where.replace('_', ' ')}"] = (
            f"{taken['right']} of {taken['present']} open; {wrong}"
        )
    return rows
