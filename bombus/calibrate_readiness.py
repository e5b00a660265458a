"""`bombus calibrate readiness`: how far the stage beliefs hold, on simulated rows with the truth beside them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from bombus.number_list import numbers_named
from bombus.output import WrongUseError, people, print_json, print_table

if TYPE_CHECKING:
    from sim.readiness import Judged


def readiness(
    scenario: Annotated[str, typer.Option(help="scenario name or TOML file")] = "row",
    seeds: Annotated[str, typer.Option(help="rows to drive, as 21-24 or 21,25")] = "21-24",
    length: Annotated[float | None, typer.Option(min=1, max=400, help="row length, m")] = None,
    config: Annotated[Path | None, typer.Option(help="machine file (TOML)")] = None,
    detector: Annotated[Literal["onnx", "truth"], typer.Option(help="what sees the flowers")] = "onnx",
    most_buds: Annotated[
        float, typer.Option(min=0, max=1, help="share of buds allowed among flowers taken for ready")
    ] = 0.005,
    plot: Annotated[Path | None, typer.Option(help="write the reliability diagram to this PNG")] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Drive simulated rows, hold the map's beliefs against the truth, and say which settings they ask for."""
    from rich.progress import Progress

    from sim.readiness import judge_rows
    from sim.scenario import load_scenario

    plan = load_scenario(scenario, length_m=length)
    wanted = numbers(seeds)
    with Progress(console=people, transient=True) as bars:
        task = bars.add_task("driving rows", total=1.0)
        judged = judge_rows(plan, wanted, config, detector, lambda share: bars.update(task, completed=share))
    result = {"rows": len(wanted), "detector": detector, **_result(judged, config, most_buds)}
    if plot is not None:
        _draw(result, plot)
    if json:
        print_json(result)
        return
    _show(result, plot)


def numbers(text: str) -> list[int]:
    """Return the numbers that `21-24,30` names; raises WrongUseError."""
    found = numbers_named(text, "--seeds", "21-24,30")
    if not 1 <= len(found) <= 100:
        raise WrongUseError(f"--seeds {text}: {len(found)} rows; name 1 to 100")
    return found


def _result(judged: Judged, config: Path | None, most_buds: float) -> dict[str, Any]:
    import msgspec
    import numpy as np

    from robot.config import DEMO_MACHINE, load_config
    from vision.readiness import calibration_error, fit_temperature, reliability, tempered, threshold_for
    from vision.types import Stage

    settings = load_config(config or DEMO_MACHINE)
    if not (judged.stages >= 0).any():
        raise WrongUseError("the map held no flower of these rows: name longer rows or other seeds")
    temperature = fit_temperature(judged.beliefs, judged.stages)
    is_open = judged.stages == Stage.OPEN
    said = judged.beliefs[:, Stage.OPEN]
    after = tempered(judged.beliefs, temperature)[:, Stage.OPEN]
    before_bins, after_bins = reliability(said, is_open), reliability(after, is_open)
    threshold = threshold_for(said, judged.stages, most_buds)
    return {
        "flowers": int(np.count_nonzero(judged.stages >= 0)),
        "nothing_there": int(np.count_nonzero(judged.stages < 0)),
        "temperature": round(temperature, 3),
        "stage_temper": {
            "now": settings.map.stage_temper,
            "asked_for": round(settings.map.stage_temper / temperature, 3),
        },
        "calibration_error": {
            "now": round(calibration_error(before_bins), 4),
            "tempered": round(calibration_error(after_bins), 4),
        },
        "most_buds": most_buds,
        "open_threshold": {
            "now": settings.planner.open_threshold,
            "asked_for": None if threshold is None else msgspec.to_builtins(threshold),
        },
        "reliability": msgspec.to_builtins(before_bins),
        "reliability_tempered": msgspec.to_builtins(after_bins),
    }


def _draw(result: dict[str, Any], path: Path) -> None:
    from vision.reliability_diagram import draw_reliability

    try:
        draw_reliability(result["reliability"], result["reliability_tempered"], path)
    except OSError as error:
        raise WrongUseError(
            f"--plot {path}: cannot be written ({error.strerror}); name another file"
        ) from error


def _show(result: dict[str, Any], plot: Path | None) -> None:
    threshold = result["open_threshold"]["asked_for"]
    asked = (
        f"none keeps buds below {result['most_buds']:.1%}"
        if threshold is None
        else f"{threshold['belief']}: precision {threshold['precision']:.1%}, recall {threshold['recall']:.1%}"
    )
    print_table(
        f"beliefs of {result['flowers']} flowers in {result['rows']} simulated rows, {result['detector']} detector",
        {
            "calibration error of 'open', now / tempered": " / ".join(
                f"{result['calibration_error'][key]:.3f}" for key in ("now", "tempered")
            ),
            "temperature": result["temperature"],
            "map.stage_temper, now / asked for": " / ".join(map(str, result["stage_temper"].values())),
            f"open_threshold for at most {result['most_buds']:.1%} buds": asked,
            "map flowers where nothing is": result["nothing_there"],
            **({"diagram": str(plot)} if plot is not None else {}),
        },
    )
    for one in result["reliability"]:
        people.print(f"  said {one['said']:.2f}  was {one['was']:.2f}  {one['count']:5d} flowers")
