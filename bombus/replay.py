"""Replay recordings, pictures or a video through the robot's own loop: compare, explain, sweep a setting."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bombus.output import WorkFailedError, WrongUseError, people, print_json, share_bar

if TYPE_CHECKING:
    from sim.replay_setting import Setting


def replay(
    sources: Annotated[
        list[Path],
        typer.Argument(help="recording, folder of pictures, picture or video; several for --sweep"),
    ],
    against: Annotated[
        Path | None,
        typer.Option(help="compare with a recording, a MODEL.onnx or a MACHINE.toml; itself by default"),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="machine file (TOML); the recorded one by default")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="ONNX model; the machine's by default")] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE of the machine file; may be given often")
    ] = None,
    recorded_detections: Annotated[
        bool, typer.Option("--recorded-detections", help="take what was detected then; runs no model")
    ] = False,
    speed: Annotated[
        float | None, typer.Option(min=0.02, max=0.5, help="speed of a video's cart in m/s")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="write the comparison as one HTML file")] = None,
    why: Annotated[str | None, typer.Option(help="tell a flower's story: 12, left:12 or right:12")] = None,
    sweep: Annotated[
        str | None, typer.Option(help="KEY=FROM:TO:STEP or KEY=A,B,C: replay with each value")
    ] = None,
    plot: Annotated[Path | None, typer.Option(help="draw the sweep into this SVG file")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Replay SOURCE and print what was decided, and every difference."""
    for source in sources:
        if not source.exists():
            raise WrongUseError(f"{source}: not there; name a recording, a folder of pictures or a video")
    setting = _setting(config, model, set_ or [], recorded_detections, speed)
    if sweep is not None:
        _no_others("--sweep", {"--against": against, "--report": report, "--why": why})
        from bombus.sweep import sweep_footage

        with share_bar("replaying") as progress:
            told = sweep_footage(sources, setting, sweep, plot, progress)
        print_json(told) if json else told.show()
        return
    if len(sources) > 1:
        raise WrongUseError(f"{sources[1]}: one source at a time, but for --sweep; leave it out")
    _no_others("without --sweep", {"--plot": plot})
    if why is not None:
        _no_others("--why", {"--against": against, "--report": report})
        _tell_story(sources[0], setting, why, json)
        return
    _compare(sources[0], setting, against, report, json)


def _compare(source: Path, setting: Setting, against: Path | None, report: Path | None, json: bool) -> None:
    from bombus.replay_show import show_result
    from sim.footage.compare import compare
    from sim.footage.report import write_report

    if report is not None and report.exists():
        raise WrongUseError(f"--report {report}: exists; name a new file, nothing is overwritten")
    with share_bar("replaying") as progress:
        compared = compare(source, setting, against, None, progress)
        pictures = None if report is None else write_report(report, source, compared)
    if json:
        print_json(compared.result)
    else:
        show_result(compared.result)
        if report is not None:
            people.print(f"report: {report}, {pictures} pictures", markup=False)
    if compared.result.truncated:
        raise WorkFailedError(compared.result.note)


def _tell_story(source: Path, setting: Setting, why: str, json: bool) -> None:
    from bombus.replay_show import show_story
    from sim.footage.compare import replay_source
    from sim.footage.story import StoryTeller, flower_key

    teller = StoryTeller(*flower_key(why))
    with share_bar("replaying") as progress:
        replay_source(source, setting, None, teller, progress)
    story = teller.story()
    print_json(story) if json else show_story(story)


def _setting(
    config: Path | None, model: Path | None, sets: list[str], recorded_detections: bool, speed: float | None
) -> Setting:
    from bombus.sweep import parsed_value
    from sim.replay_setting import Setting

    if recorded_detections and model is not None:
        raise WrongUseError(
            f"--model {model}: not with --recorded-detections, which runs no model; leave one out"
        )
    overrides: dict[str, object] = {}
    for text in sets:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise WrongUseError(f"--set {text}: no KEY=VALUE; name it as planner.min_views=3")
        overrides[key.strip()] = parsed_value(value)
    return Setting(config, model, overrides, recorded_detections, speed)


def _no_others(with_what: str, given: dict[str, object]) -> None:
    for name, value in given.items():
        if value is not None:
            raise WrongUseError(f"{name} {value}: means nothing {with_what}; leave it out")
