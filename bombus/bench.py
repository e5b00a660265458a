"""Time a 1280x720 frame's way, from JPEG to placed flowers, and the link to the valves, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from bombus.output import people, print_json, print_table

MODEL_RUNS = 60
"""Frames for each model and provider; all take turns, so that the machine's load hits them alike."""


def bench(
    frames: Annotated[int, typer.Option(min=20, max=10_000, help="frames to time")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="seed of the rendered row")] = 1,
    config: Annotated[
        Path | None, typer.Option(help="machine file (TOML), for its model and threads")
    ] = None,
    rows: Annotated[
        int | None,
        typer.Option(min=1, max=2000, help="also time the simulator, up to a house of so many rows"),
    ] = None,
    pages: Annotated[
        float | None,
        typer.Option(min=2, max=90, help="also time the loop with a crowd on the page, so many s a phase"),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Print p50 and p99 of each stage, and the link's figures beside their targets."""
    from bombus.bench_models import compare_models, compare_providers, model_rows, provider_rows
    from bombus.machine import detector_settings
    from sim.bench import bench_frame_way
    from sim.bench_link import bench_link

    path, threads = detector_settings(config, None)
    result = bench_frame_way(path, threads, frames, seed)
    result["link"] = bench_link()
    result["rivals"] = compare_models(path, threads, min(frames, MODEL_RUNS))
    result["providers"] = compare_providers(path, threads, min(frames, MODEL_RUNS))
    if rows is not None:
        from sim.bench_speed import bench_speed

        result["simulator"] = bench_speed(rows)
    if pages is not None:
        from sim.bench_pages import bench_pages

        result["pages"] = bench_pages(pages, people)
    if result["rivals"]["note"]:
        people.print(f"note: {result['rivals']['note']}", markup=False)
    if json:
        print_json(result)
        return
    stages = {
        name: f"{stage['p50_ms']:.2f} / {stage['p99_ms']:.2f} ms" for name, stage in result["stages"].items()
    }
    print_table(f"a 1280x720 frame's way, p50 / p99, {result['machine']}", stages)
    size = "x".join(str(side) for side in result["rivals"]["input"])
    print_table(f"picture to boxes, 1280x720 seen at {size}, least / p50 / p99", model_rows(result["rivals"]))
    print_table("one inference, least / p50 / p99", provider_rows(result["providers"]))
    link = result["link"]
    targets = link["targets"]
    figures = {**link["clock_sync"], **link["round_trip"], **link["codec"]}
    shown = {
        name: f"{value} (target {targets[name]:g})" if name in targets else value
        for name, value in figures.items()
    }
    print_table("the link, on a pty", shown)
    if rows is not None:
        _show_simulator(result["simulator"])
    if pages is not None:
        _show_pages(result["pages"])


def _show_simulator(found: dict[str, Any]) -> None:
    shown: dict[str, object] = {
        f"{name}, times real time": f"{row['times_real_time']} (target {found['targets'][name]:g}; "
        f"{row['times_real_time_by_cpu']} by processor time)"
        for name, row in found["lockstep"].items()
    }
    season = found["season"]
    house = f"{season['rows']} rows"
    shown[f"season of {season['days']} days in {house}, s"] = (
        f"{season['seconds']} (target {found['targets']['season_s']:g})"
    )
    shown |= {f"most memory in {days} of {house}, MiB": mib for days, mib in season["peak_mib"].items()}
    shown |= {f"ms a frame, {name}": ms for name, ms in found["cpu_ms_per_frame"].items()}
    shown |= {
        f"season, us a flower and day, {name}": us
        for name, us in found["season_us_per_flower_and_day"].items()
    }
    print_table("the simulator", shown)


def _show_pages(found: dict[str, Any]) -> None:
    shown: dict[str, object] = {
        f"{name}, {phase}": f"{lap['p50_ms']:.2f} / {lap['p99_ms']:.2f} / {lap['worst_p99_ms']:.2f} ms"
        for name in found["loop"]["before"]
        for phase, laps in found["loop"].items()
        for lap in [laps[name]]
    }
    crowd = found["crowd"]
    shown["camera views"] = f"{crowd['camera_views']}, {crowd['pictures']} pictures"
    shown["hostile requests"] = f"{crowd['requests']}, {crowd['requests_per_s']} a second"
    shown["their answers"] = ", ".join(f"{status}: {count}" for status, count in crowd["answers"].items())
    shown["load of the machine, 1, 5 and 15 min"] = ", ".join(str(one) for one in found["load"])
    print_table("the loop with a crowd on the page, p50 / p99 / worst p99", shown)
