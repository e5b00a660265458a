"""Check this machine and a machine file: what is there, what is missing, what to do about it."""

from __future__ import annotations

import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from bombus.checks import Check
from bombus.output import WorkFailedError, WrongUseError, note_for_caller, people

if TYPE_CHECKING:
    from robot.mission.fiducials import FrontCameraConfig
    from robot.settings import CameraConfig, RobotConfig

FREE_GIB = 2.0
"""Less free disk than this is worth a warning: a recorded hour takes more (assumed)."""

CONNECT_S = 1.0
LEAST_TAG_REACH_M = 1.5
"""Row tags are corrected by from as far as this (`robot/mission/row_place.py`)."""


def doctor(
    config: Annotated[
        Path | None, typer.Option(help="machine file (TOML); the demo machine by default")
    ] = None,
    port: Annotated[
        str | None, typer.Option(help="serial port to look at, instead of the machine file's")
    ] = None,
    no_link: Annotated[
        bool, typer.Option("--no-link", help="leave the serial port alone: a robot may use it")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object, a check a line")] = False,
) -> None:
    """Print a check a line; exit 1 when one failed."""
    if no_link and port is not None:
        raise WrongUseError(f"--port {port}: means nothing with --no-link; leave one out")
    checks: list[Check] = []
    for check in _checks(config, port, link=not no_link):
        checks.append(check)
        note_for_caller(f"{check.name}: {check.detail}")
    if json:
        _print_lines(checks)
    else:
        table = Table("", "check", "found", "remedy", title="doctor", title_justify="left")
        for check in checks:
            table.add_row(
                "[green]ok[/]" if check.ok else "[red]no[/]",
                check.name,
                escape(check.detail),
                escape(check.remedy),
            )
        people.print(table)
    bad = [check.name for check in checks if not check.ok]
    if bad:
        raise WorkFailedError(f"doctor: {len(bad)} of {len(checks)} checks failed: {', '.join(bad)}")


def _print_lines(checks: list[Check]) -> None:
    """Print one JSON object with each check on a line of its own: for programs as for grep."""
    lines = ",\n".join(msgspec.json.encode(check).decode() for check in checks)
    ok = "true" if all(check.ok for check in checks) else "false"
    sys.stdout.write(f'{{"ok": {ok}, "checks": [\n{lines}\n]}}\n')


def _checks(config: Path | None, port: str | None, *, link: bool) -> Iterator[Check]:
    from bombus.doctor_link import link_checks
    from bombus.doctor_state import state_checks
    from robot.config import DEMO_MACHINE, load_config

    yield Check("python", True, sys.version.split()[0])
    yield _attempt("firmware core", _core, "run `make setup` again; it needs a C compiler")
    yield _attempt("MCU host process", _mcu_host, "run `make setup` again; it needs a C compiler")
    settings = load_config(config or DEMO_MACHINE)
    yield Check("machine file", True, str(config or DEMO_MACHINE))
    yield _attempt(
        "detector",
        lambda: _detector(settings.detector.model, settings.detector.threads, settings.detector.provider),
        "name another model in [detector]",
    )
    yield from (_view(settings, camera) for camera in settings.cameras if camera.side in settings.banks)
    yield _disk(settings.ledger.path.parent)
    if config is not None:
        yield from state_checks(settings)
    if link and (config is not None or port is not None):
        yield from link_checks(config, port)
    if config is not None:
        for camera in settings.cameras:
            yield _camera(camera.source, camera.camera_id)
        front = settings.mission.front
        if front.source is not None:
            yield _camera(front.source, "front")
            yield _tags(front)
        if settings.mission.base.address is not None:
            yield _base(settings.mission.base.address)
        if link:  # else the page itself is likely to ask
            yield _port(settings.dashboard.host, settings.dashboard.port)


def _attempt(name: str, look: Callable[[], str], remedy: str) -> Check:
    from bombus.errors import EXPECTED

    try:
        return Check(name, True, look())
    except EXPECTED as error:
        return Check(name, False, " ".join(str(error).split()), remedy)


def _core() -> str:
    from firmware_bridge.core import Core
    from firmware_bridge.core_config import CoreConfig

    core = Core(CoreConfig(), boot_id=1)
    return f"loads, {CoreConfig().nozzles} nozzles, valves {'closed' if core.valves == 0 else 'OPEN'}"


def _mcu_host() -> str:
    from sim.mcu_process import MCU_PROGRAM

    if not MCU_PROGRAM.is_file():
        raise FileNotFoundError(f"{MCU_PROGRAM} is missing")
    return str(MCU_PROGRAM)


def _detector(model: Path, threads: int, provider: str) -> str:
    from vision.detector import Detector

    return f"{Detector(model, threads, provider=provider).model.said}; {model.name} loads and runs"


def _view(settings: RobotConfig, camera: CameraConfig) -> Check:
    from robot.view import heights_seen, sees_before_nozzles, unseen_nozzles

    bank, jet, name = settings.banks[camera.side], settings.jet, f"view of {camera.camera_id}"
    low, high = heights_seen(camera.model(), bank.d_mouth + jet.best_distance)
    seen = f"sees {low:.2f} to {high:.2f} m above the rail"
    unseen = unseen_nozzles(camera.model(), bank, jet)
    blind = [
        way
        for way, direction in (("in", 1), ("back", -1))
        if not sees_before_nozzles(camera.model(), bank, jet, direction)
    ]
    late = f"; on the way {' and '.join(blind)} only after the nozzles have passed" if blind else ""
    if not unseen:
        return Check(name, True, f"{seen}: all {bank.count} nozzles{late}")
    remedy = "set the camera farther back (d), give it a wider lens, or another height (h)"
    return Check(
        name, False, f"{seen}: {unseen} of {bank.count} nozzles blow at flowers it never sees", remedy
    )


def _disk(folder: Path) -> Check:
    there = next(place for place in (folder, *folder.resolve().parents) if place.exists())
    free_gib = shutil.disk_usage(there).free / 2**30
    ok = free_gib >= FREE_GIB
    return Check("disk", ok, f"{free_gib:.0f} GiB free for {folder}", "" if ok else "remove old recordings")


def _camera(source: str, camera_id: str) -> Check:
    kind, _, rest = source.partition(":")
    path = Path(rest if rest.startswith("/") else f"/dev/video{rest}")
    if kind not in {"v4l2", "ring", "file"}:
        return Check(f"camera {camera_id}", True, f"{source} (not tried)")
    ok = path.exists()
    return Check(
        f"camera {camera_id}",
        ok,
        str(path) if ok else f"{path} is not there",
        "" if ok else "plug it in, or set its source",
    )


def _tags(front: FrontCameraConfig) -> Check:
    lens = front.calibrated or "lens not calibrated"
    far = f"reads tags of {1000 * front.tag_size:.0f} mm from up to {front.reach_m:.1f} m; {lens}"
    ok = front.reach_m >= LEAST_TAG_REACH_M
    return Check("front tags", ok, far, "" if ok else "use larger tags, more pixels or a longer lens")


def _base(address: str) -> Check:
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), CONNECT_S).close()
    except OSError as error:
        remedy = "start the base's program (docs/headland.md), or mend mission.base.address"
        return Check("headland base", False, f"{address}: {error.strerror or error}", remedy)
    return Check("headland base", True, f"{address} answers")


def _port(host: str, port: int) -> Check:
    with socket.socket() as probe:
        ok = probe.connect_ex((host, port)) != 0
    detail = f"{host}:{port} is {'free' if ok else 'taken'}"
    return Check("dashboard port", ok, detail, "" if ok else "stop what uses it, or set dashboard.port")
