"""What `bombus doctor` looks at on the disk and around it: ledger, alerts, clock, folders, secrets, services."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from bombus.checks import Check
from robot.disk import ENOUGH_MIB, why_full
from robot.read_only import read_only

if TYPE_CHECKING:
    from robot.settings import RobotConfig

UNITS = ("bombus", "bombus-dashboard", "bombus-alerts")


def state_checks(settings: RobotConfig) -> Iterator[Check]:
    """Yield a check for each thing that outlives a run."""
    from robot.ledger_schema import SCHEMA_VERSION

    yield _database("ledger", settings.ledger.path, SCHEMA_VERSION)
    yield _database("alerts file", settings.alerts.path, None)
    for key, folder in (
        ("ledger.path", settings.ledger.path.parent),
        ("alerts.path", settings.alerts.path.parent),
        ("dashboard.socket", settings.dashboard.socket.parent),
    ):
        yield _writable(key, folder)
    yield _clock()
    yield from _secrets(settings)
    yield from _services()


def _database(name: str, path: Path, newest: int | None) -> Check:
    """Look at a SQLite file without changing it; one that is not there yet is fine."""
    if not path.exists():
        return Check(name, True, f"{path}: not there yet, made at the first run")
    try:
        with read_only(path) as db:
            verdict = str(db.execute("PRAGMA quick_check(1)").fetchone()[0])
            version = int(db.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        return Check(name, False, f"{path}: {error}", "check disk and owner, or move the file away")
    if verdict != "ok":
        return Check(name, False, f"{path}: damaged ({verdict})", "move it away to begin a new one")
    if newest is not None and version > newest:
        return Check(
            name, False, f"{path}: of a newer Bombus (schema {version})", "install that Bombus again"
        )
    return Check(name, True, f"{path}: sound")


def _writable(key: str, folder: Path) -> Check:
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    ok = os.access(there, os.W_OK | os.X_OK)
    who = "this user may write there" if ok else f"this user (number {os.geteuid()}) may not write to {there}"
    remedy = "" if ok else "run it as the robot's own user, or change the folder's owner"
    full = why_full(folder / "any", ENOUGH_MIB) if ok else ""
    if full:
        return Check(f"folder of {key}", False, full, "free some: bombus recordings prune")
    return Check(f"folder of {key}", ok, f"{folder}: {who}", remedy)


def _clock() -> Check:
    """Tell whether the clock is kept; many a greenhouse has no network, so it is advice and no failure."""
    from robot.wall_guard import clock_is_synchronised

    if clock_is_synchronised():
        return Check("clock", True, "kept by NTP or alike")
    advice = "timedatectl set-ntp true, if there is a network; steps of the clock are not followed until then"
    return Check("clock", True, "nothing synchronises the computer's clock", advice)


def _secrets(settings: RobotConfig) -> Iterator[Check]:
    from robot.alerts.channels import ChannelError, read_secret

    alerts = settings.alerts
    files = {
        "alerts.webhook.secret_file": alerts.webhook.secret_file if alerts.webhook is not None else None,
        "alerts.mail.password_file": alerts.mail.password_file if alerts.mail is not None else None,
    }
    for key, path in files.items():
        if path is None:
            continue
        try:
            read_secret(path, key)
        except ChannelError as error:
            yield Check(key, False, str(error), "write the secret there, readable by the robot's user")
            continue
        others = path.stat().st_mode & 0o007
        yield Check(
            key,
            not others,
            f"{path}: {'everybody may read it' if others else 'there'}",
            f"chmod o= {path}" if others else "",
        )


def _services() -> Iterator[Check]:
    """Yield the state of installed services, where systemd runs."""
    if not Path("/run/systemd/system").is_dir() or shutil.which("systemctl") is None:
        return
    for unit in UNITS:
        asked = ["systemctl", "show", "--property=LoadState,ActiveState,Result", "--value", f"{unit}.service"]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        words = done.stdout.split()
        if done.returncode or len(words) != 3 or words[0] == "not-found":
            continue
        ok = words[1] != "failed"
        remedy = "" if ok else f"journalctl -u {unit} -n 50"
        yield Check(f"service {unit}", ok, f"{words[1]}, last result {words[2]}", remedy)
