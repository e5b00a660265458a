"""Time a 1280x720 frame's way, from JPEG to placed flowers, and the link to the valves, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bombus.output import print_json, print_table


def bench(
    frames: Annotated[int, typer.Option(min=20, max=10_000, help="frames to time")] = 200,
    seed: Annotated[int, typer.Option(min=0, help="seed of the rendered row")] = 1,
    config: Annotated[
        Path | None, typer.Option(help="machine file (TOML), for its model and threads")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Print p50 and p99 of each stage, and the link's figures beside their targets."""
    from bombus.machine import detector_settings
    from sim.bench import bench_frame_way
    from sim.bench_link import bench_link

    path, threads = detector_settings(config, None)
    result = bench_frame_way(path, threads, frames, seed)
    result["link"] = bench_link()
    if json:
        print_json(result)
        return
    rows = {
        name: f"{stage['p50_ms']:.2f} / {stage['p99_ms']:.2f} ms" for name, stage in result["stages"].items()
    }
    print_table(f"a 1280x720 frame's way, p50 / p99, {result['machine']}", rows)
    link = result["link"]
    targets = link["targets"]
    figures = {**link["clock_sync"], **link["round_trip"], **link["codec"]}
    shown = {
        name: f"{value} (target {targets[name]:g})" if name in targets else value
        for name, value in figures.items()
    }
    print_table("the link, on a pty", shown)
