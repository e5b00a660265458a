"""What people must be told: list the alerts, try the ways out, or send them (the unit's own command)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from bombus.output import WorkFailedError, WrongUseError, people, print_json

app = typer.Typer(no_args_is_help=True, help=__doc__)
Machine = Annotated[Path, typer.Option("--config", help="machine file (TOML)")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]
PAST = 20


@app.command("list")
def list_alerts(config: Machine, json: Json = False) -> None:
    """Print what nobody has acknowledged yet, and the last ones that somebody has."""
    from robot.alerts.store import read_alerts
    from robot.config import load_config

    path = load_config(config).alerts.path
    if not path.is_file():
        raise WorkFailedError(f"alerts.path = '{path}': not there; it is made when the robot first runs")
    waiting, past, channels = read_alerts(path, None, PAST)
    if json:
        print_json({"open": waiting, "past": past, "channels": channels})
        return
    table = Table("since", "severity", "code", "what", "seen by", title="alerts", title_justify="left")
    for alert in [*waiting, *past]:
        since = datetime.fromtimestamp(alert.raised).strftime("%Y-%m-%d %H:%M")
        times = f" ({alert.count} times)" if alert.count > 1 else ""
        table.add_row(
            since, alert.severity, alert.code, escape(alert.text) + times, escape(alert.acknowledged_by)
        )
    people.print(table)
    for channel in channels:
        if channel.problem:
            people.print(f"{channel.name}: {channel.tries} tries in vain: {channel.problem}", markup=False)


@app.command("test")
def try_channels(config: Machine, json: Json = False) -> None:
    """Send one made-up alert by each channel that is set, now; exit 1 when one fails."""
    from robot.alerts.channels import ChannelError, channels_of
    from robot.alerts.store import Alert
    from robot.clock import MonotonicClock
    from robot.config import load_config

    settings = load_config(config)
    channels = channels_of(settings.alerts, settings.name)
    if not channels:
        raise WrongUseError(f"{config}: no [alerts.webhook] and no [alerts.mail]; set one of them")
    wall = MonotonicClock().wall().timestamp()
    made_up = Alert(0, "test", "notice", "warn", "This is a test", "Nothing needs to be done", wall, wall)
    results: list[dict[str, Any]] = []
    for channel in channels:
        problem = ""
        try:
            channel.send([made_up])
        except ChannelError as error:
            problem = str(error)
        results.append({"channel": channel.name, "ok": not problem, "problem": problem})
        if not json:
            people.print(f"{channel.name}: {problem or 'taken'}", markup=False)
    if json:
        print_json({"channels": results})
    failed = [one["problem"] for one in results if not one["ok"]]
    if failed:
        raise WorkFailedError(failed[0])


@app.command("send")
def send(config: Machine) -> None:
    """Send alerts out until told to end: what the unit bombus-alerts runs."""
    from robot.alerts.__main__ import main

    code = main(["--config", str(config)])
    if code:
        raise SystemExit(code)
