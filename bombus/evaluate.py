"""Score the detector on labelled pictures (COCO boxes; `iscrowd` regions are ignored)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bombus.output import print_json, print_table


def evaluate(
    images: Annotated[Path, typer.Option(help="folder of pictures")],
    labels: Annotated[Path, typer.Option(help="COCO JSON file")],
    model: Annotated[Path | None, typer.Option(help="ONNX model; the shipped one by default")] = None,
    config: Annotated[
        Path | None, typer.Option(help="machine file (TOML), for its model and threads")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Print AP per stage, readiness precision and recall, and the time a picture takes."""
    from bombus.machine import detector_settings
    from vision.evaluate import evaluate_model

    path, threads = detector_settings(config, model)
    result = evaluate_model(images, labels, path, threads)
    if json:
        print_json(result)
        return
    ap50, ap = result.ap50, result.ap50_95
    print_table(
        f"{path.name} on {result.images} pictures, {result.boxes} boxes",
        {
            **{f"AP50 {name}": _rounded(value) for name, value in ap50.items()},
            **{f"AP50-95 {name}": _rounded(value) for name, value in ap.items()},
            **{f"ready {name}": _rounded(value) for name, value in result.ready.items()},
            **{f"ms a picture, {name}": value for name, value in result.ms_per_image.items()},
        },
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
