"""Train a detector: renders rows, mixes them with your labelled photographs, exports and measures the model."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from bombus.output import WrongUseError, people, print_json, print_table
from bombus.train_bodies import show_bodies
from bombus.train_folds import show_folds

if TYPE_CHECKING:
    from sim.render.scenes import SceneSampler
    from sim.shapes import Look
    from vision.training.bodies import Body
    from vision.training.course import CourseConfig, Material, Observer
    from vision.training.folds import CrossValidation
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
GOLDEN = 0.6180339887498949
"""Its multiples spread evenly over 0..1 however many are taken (Weyl): a share of any run of seeds."""


class RenderedRows:
    """Rendered scenes as the training wants them; each 1000 seeds have plants and lenses of their own."""

    def __init__(self, size: tuple[int, int], first_pool: int, photo_look: float = 0.0) -> None:
        self._size, self._first_pool, self._photo_look = size, first_pool, photo_look
        self._samplers: dict[Look, tuple[int, SceneSampler]] = {}

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of every picture."""
        return self._size

    def sample(self, seed: int) -> Sample:
        """Return the picture of a seed; the same seed gives the same picture."""
        from sim.render.scenes import SceneSampler
        from vision.training.scenes import Sample

        pool = self._first_pool + seed // SCENES_A_POOL
        look: Look = "photo" if seed * GOLDEN % 1.0 < self._photo_look else "plain"
        if look not in self._samplers or self._samplers[look][0] != pool:
            self._samplers[look] = pool, SceneSampler(*self._size, pool=pool, look=look)
        return Sample(*self._samplers[look][1].sample(seed))


def train(
    config: Annotated[
        Path | None, typer.Option(help="training file (TOML); the defaults without one")
    ] = None,
    data: Annotated[
        list[Path] | None, typer.Option(help="folder with a COCO or YOLO data set; may be given often")
    ] = None,
    out: Annotated[Path, typer.Option(help="folder for checkpoint, model, card and curves")] = Path(
        "trained"
    ),
    minutes: Annotated[float | None, typer.Option(min=0.01, help="training time (of each fold)")] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="batches to learn from instead, for runs to be repeated")
    ] = None,
    images: Annotated[int | None, typer.Option(min=0, help="rendered scenes to learn from")] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="of weights, batches and the split of photos")
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="flowers-float.onnx or checkpoint.pt to go on from")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="continue the run in --out")] = False,
    cross_validate: Annotated[
        int | None,
        typer.Option(min=2, max=50, help="train and judge this many models, each without some groups"),
    ] = None,
    bodies: Annotated[
        bool, typer.Option("--bodies", help="train each known body alike, from its beginning, and compare")
    ] = False,
    smoke: Annotated[
        bool, typer.Option("--smoke", help="a minute of everything, to see that it works")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Train, export and measure a detector; the model lands in OUT/flowers.onnx with its card beside it."""
    from vision.training import require_torch

    require_torch()
    timing = {"minutes": minutes, "steps": steps, "seed": seed}
    course = _course(config, smoke, {"scenes": images, "start": start}, timing)
    if bodies:
        if cross_validate is not None or resume or course.start is not None:
            raise WrongUseError(
                "--bodies: begins anew and once; leave out --cross-validate, --resume, --start"
            )
        show_bodies(_bodies(course, data or [], out), out, json)
        return
    if cross_validate is not None:
        show_folds(_folds(course, data or [], out, cross_validate, resume), out, json)
        return
    card = _run(course, data or [], out, resume)
    if json:
        print_json({"model": str(out / "flowers.onnx"), **card})
        return
    print_table(f"{out / 'flowers.onnx'}, measured on what was kept apart", _rows(card["figures"]))


def _course(
    config: Path | None, smoke: bool, options: dict[str, Any], train_options: dict[str, Any]
) -> CourseConfig:
    """The training file, the smoke settings over it, the options that were given over both."""
    from vision.training.course import CourseConfig, read_course
    from vision.training.train import network_of

    course = read_course(config) if config is not None else CourseConfig()
    values = course.model_dump()
    smoked = SMOKE if smoke else {"train": {}}
    given = {key: value for key, value in train_options.items() if value is not None}
    if "minutes" in given and "steps" in given:
        raise WrongUseError(
            f"--minutes {given['minutes']:g} and --steps {given['steps']}: each ends a run; give one"
        )
    if "minutes" in given:
        given["steps"] = None
    train = {**values["train"], **smoked["train"], **given}
    values |= {
        **smoked,
        **{key: value for key, value in options.items() if value is not None},
        "train": train,
    }
    result = CourseConfig.model_validate(values)
    if result.start is None or "network" in course.model_fields_set:
        return result
    return result.model_copy(update={"network": network_of(result.start) or result.network})


def _run(course: CourseConfig, data: list[Path], out: Path, resume: bool) -> dict[str, Any]:
    from vision.training.course import learn, publish

    with _progress() as bars:
        material = _gathered(course, data, out, bars)
        trainer = learn(course, material, out, resume, bars.observer)
    people.print("exporting and measuring ...")
    return publish(course, material, out, trainer, shlex.join(["bombus", *sys.argv[1:]]))


def _gathered(course: CourseConfig, data: list[Path], out: Path, bars: Bars) -> Material:
    from vision.training.card import INPUT_SIZE
    from vision.training.course import gather

    out.mkdir(parents=True, exist_ok=True)
    learned = RenderedRows(INPUT_SIZE, TRAINING_POOL, course.photo_look)
    sources = learned, RenderedRows(INPUT_SIZE, VALIDATION_POOL)
    return gather(course, sources, data, out, bars.observer.scenes)


def _bodies(course: CourseConfig, data: list[Path], out: Path) -> list[Body]:
    from vision.training.bodies import BODIES, compare_bodies

    with _progress() as bars:
        material = _gathered(course, data, out, bars)
        return compare_bodies(course, material, out, lambda number: bars.of_part("body", number, len(BODIES)))


def _folds(course: CourseConfig, data: list[Path], out: Path, count: int, resume: bool) -> CrossValidation:
    from vision.training.card import INPUT_SIZE
    from vision.training.course import photos_in
    from vision.training.folds import cross_validate, folds_of
    from vision.training.scenes import SceneCache

    if not data:
        raise WrongUseError(f"--cross-validate {count}: judges by photographs; give --data FOLDER")
    photos = photos_in(data)
    folds_of(photos, count, course.train.seed)  # refuses too few groups before anything is drawn
    if course.start is not None:
        people.print(
            f"note: {course.start}: weights that have seen these photographs make the figures too good",
            markup=False,
        )
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        bars = stack.enter_context(_progress())
        scenes = None
        if course.scenes:
            source = RenderedRows(INPUT_SIZE, TRAINING_POOL, course.photo_look)
            scenes = SceneCache(out / course.scenes_folder, source, 0, course.scenes)
            scenes.fill(bars.observer.scenes)
        return cross_validate(
            course, photos, scenes, out, count, resume, lambda fold: bars.of_part("fold", fold, count)
        )


class Bars(NamedTuple):
    """The bars of a run: whom it tells, and the same for one named part of several."""

    observer: Observer
    of_part: Callable[[str, int, int], Observer]


@contextmanager
def _progress() -> Iterator[Bars]:
    """Bars with the time that is left, on standard error."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from vision.training.course import Observer
    from vision.training.train import StepReport

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=people) as bars:
        drawing = bars.add_task("drawing scenes", total=None, visible=False, start=False)
        training = bars.add_task("training", total=1.0, visible=False, start=False)

        def scenes(done: int, total: int) -> None:
            bars.start_task(drawing)
            bars.update(drawing, completed=done, total=total, visible=True)

        def step(report: StepReport, what: str = "training", done: int = 0, total: int = 1) -> None:
            text = f"{what}, step {report.step}, loss {report.heat_loss:.2f} + {report.box_loss:.2f}"
            share = (done + min(report.progress, 1.0)) / total
            bars.start_task(training)
            bars.update(training, completed=share, description=text, visible=True)

        def of_part(name: str, number: int, total: int) -> Observer:
            what = f"{name} {number} of {total}"
            return Observer(scenes, lambda report: step(report, what, number - 1, total))

        yield Bars(Observer(scenes, step), of_part)


def _rows(figures: dict[str, Any]) -> dict[str, object]:
    rows: dict[str, object] = {}
    for where, found in figures.items():
        if where == "floats":
            rows |= {f"{name}, in floats": value for name, value in _rows(found).items()}
            continue
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
