"""Serve the operator's page of a machine file: what the unit bombus-dashboard runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Handover = Annotated[
    Path | None,
    typer.Option(help="folder where changes of the machine file are handed to `bombus config take`"),
]


def dashboard(
    config: Annotated[Path, typer.Option(help="machine file (TOML)")], handover: Handover = None
) -> None:
    """Run the page by itself, until stopped; `bombus run` starts it as well, unless it is told --alone."""
    from robot.children import page_arguments
    from robot.config import load_config
    from robot.dashboard.__main__ import main

    settings = load_config(config)
    arguments = page_arguments(settings, config, settings.dashboard.port)
    code = main(arguments if handover is None else [*arguments, "--handover", str(handover)])
    if code:
        raise SystemExit(code)
