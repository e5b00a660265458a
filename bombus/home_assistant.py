"""Tell Home Assistant over MQTT how the robot stands: what the unit bombus-home-assistant runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def home_assistant(
    config: Annotated[Path, typer.Option(help="machine file (TOML)")],
    forget: Annotated[
        bool, typer.Option("--forget", help="take the robot out of Home Assistant, and end")
    ] = False,
) -> None:
    """Tell until stopped; `bombus run` starts it as well, unless it is told --alone. docs/home_assistant.md."""
    from robot.home_assistant.__main__ import main

    code = main(["--config", str(config), *(["--forget"] if forget else [])])
    if code:
        raise SystemExit(code)
