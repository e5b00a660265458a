"""The machine file: check it, compare it, put it in force while the robot stands, and go back."""

from __future__ import annotations

import getpass
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from bombus.output import WorkFailedError, WrongUseError, people, print_json

if TYPE_CHECKING:
    from robot.config_history import Difference
    from robot.reload import MachineFile

app = typer.Typer(no_args_is_help=True, help=__doc__)
Machine = Annotated[Path, typer.Option("--config", help="the machine file that is in force")]
New = Annotated[Path, typer.Argument(help="another machine file (TOML)")]
Json = Annotated[bool, typer.Option("--json", help="print one JSON object")]


@app.command("check")
def check(file: New, json: Json = False) -> None:
    """Say whether a machine file is sound; exit 2 with one line when it is not."""
    from robot.config import config_id
    from robot.reload import read_machine

    found = read_machine(file)
    if json:
        print_json({"ok": True, "name": found.config.name, "config": config_id(found.text)})
    else:
        people.print(f"{file}: sound, machine '{found.config.name}', {config_id(found.text)}", markup=False)


@app.command("diff")
def diff(file: New, config: Machine, json: Json = False) -> None:
    """Print what changes from the file in force to another."""
    from robot.config_history import differences
    from robot.reload import read_machine

    _show(differences(read_machine(config).config, read_machine(file).config), json)


@app.command("apply")
def apply(file: New, config: Machine, json: Json = False) -> None:
    """Put another file in force: checked, kept in the history, taken by the running robot, or all as before."""
    from robot.reload import read_machine

    _put_in_force(config, read_machine(file), json)


@app.command("rollback")
def rollback(
    config: Machine,
    to: Annotated[int | None, typer.Option(min=1, help="number from `history`; else the one before")] = None,
    json: Json = False,
) -> None:
    """Put an earlier file of the history in force again."""
    from robot.config_history import folder_of, versions
    from robot.reload import read_machine

    now = read_machine(config)
    kept = versions(config)
    if to is not None:
        chosen = [version for version in kept if version.number == to]
    else:
        others = [version for version in kept if read_machine(version.path).text != now.text]
        chosen = others[-1:]
    if not chosen:
        which = "no earlier one" if to is None else f"no number {to}"
        raise WrongUseError(f"{folder_of(config)}: {which}; see `bombus config history`")
    _put_in_force(config, read_machine(chosen[0].path), json)


@app.command("take")
def take(
    config: Machine,
    handover: Annotated[Path, typer.Option(help="folder in which the page laid its request")],
    json: Json = False,
) -> None:
    """Put in force what the page handed over: what the unit bombus-config runs."""
    from robot.clock import MonotonicClock
    from robot.config_handover import take as take_request

    answer = take_request(handover, config, MonotonicClock())
    if json:
        print_json(answer)
    else:
        said = answer.problem or f"number {answer.number} is in force; {answer.text}"
        people.print(f"{config}: {said}", markup=False)


@app.command("history")
def history(config: Machine, json: Json = False) -> None:
    """List the files that were in force, oldest first."""
    from robot.config_history import versions

    kept = versions(config)
    if json:
        listed = [
            {"number": one.number, "when": one.when, "by": one.by, "path": str(one.path)} for one in kept
        ]
        print_json({"versions": listed})
        return
    table = Table("number", "when (UTC)", "by", "file", title="machine files", title_justify="left")
    for one in kept:
        table.add_row(str(one.number), one.when, escape(one.by), escape(one.path.name))
    people.print(table)


def _put_in_force(machine: Path, new: MachineFile, json: bool) -> None:
    from robot.clock import MonotonicClock
    from robot.config_apply import NotTakenError, put_in_force

    try:
        applied = put_in_force(machine, new, _who(), MonotonicClock())
    except NotTakenError as error:
        raise WorkFailedError(str(error)) from error
    if json:
        listed = [{"key": one.key, "old": one.old, "new": one.new} for one in applied.changes]
        print_json(
            {"number": applied.number, "taken": applied.taken, "text": applied.text, "changes": listed}
        )
        return
    _show(applied.changes, json=False)
    people.print(f"{machine}: number {applied.number} is in force; {applied.text}", markup=False)


def _show(changes: list[Difference], json: bool) -> None:
    from robot.config_history import unit_of

    if json:
        listed = [{"key": one.key, "old": one.old, "new": one.new} for one in changes]
        print_json({"changes": listed})
        return
    table = Table("key", "now", "then", "restart, under systemd", title="changes", title_justify="left")
    for one in changes:
        table.add_row(escape(one.key), escape(_shown(one.old)), escape(_shown(one.new)), unit_of(one.key))
    people.print(table if changes else "nothing changes but comments and spaces, if anything")


def _shown(value: object) -> str:
    return "-" if value is None else str(value)


def _who() -> str:
    """Return who types: through sudo, the person behind it."""
    return os.environ.get("SUDO_USER") or getpass.getuser()
