"""The front door: `bombus COMMAND`. One command a file; this one only joins them."""

from __future__ import annotations

import sys

import typer

from bombus import (
    alerts,
    bench,
    calibrate,
    config,
    console,
    dashboard,
    data,
    doctor,
    evaluate,
    home_assistant,
    measure,
    plan,
    recordings,
    replay,
    run,
    season,
    sim,
    train,
)
from bombus.output import errors_in_one_line

app = typer.Typer(
    name="bombus",
    help="Control stack for greenhouse pollination robots.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for module in (run, sim, replay, season, plan, evaluate, train, bench, doctor, dashboard, home_assistant):
    app.command(help=module.__doc__)(getattr(module, module.__name__.rpartition(".")[2]))
app.add_typer(console.app, name="console")
app.add_typer(alerts.app, name="alerts")
app.add_typer(config.app, name="config")
app.add_typer(calibrate.app, name="calibrate")
app.add_typer(data.app, name="data")
app.add_typer(measure.app, name="measure")
app.add_typer(recordings.app, name="recordings")


def main() -> None:
    """Run the command line; never ends in a traceback for something the user can mend."""
    with errors_in_one_line():
        app(sys.argv[1:])
