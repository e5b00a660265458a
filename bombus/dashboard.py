"""Serve the operator's page of a machine file: what the unit bombus-dashboard runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def dashboard(config: Annotated[Path, typer.Option(help="machine file (TOML)")]) -> None:
    """Run the page by itself, until stopped; `bombus run` starts it as well, unless it is told --alone."""
    from robot.children import page_arguments
    from robot.config import load_config
    from robot.dashboard.__main__ import main

    settings = load_config(config)
    code = main(page_arguments(settings, config, settings.dashboard.port))
    if code:
        raise SystemExit(code)
