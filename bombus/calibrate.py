"""Measure what the machine file must say: valve lags, a camera's lens and mount, how far stage beliefs hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress
from rich.table import Table

from bombus.calibrate_camera import camera
from bombus.calibrate_readiness import readiness
from bombus.calibrate_rig import rig
from bombus.number_list import numbers_named
from bombus.output import WrongUseError, ask_for_yes, people, print_json

if TYPE_CHECKING:
    from robot.bench_link import BenchLink
    from robot.calibration.lag_sensor import LagEstimate
    from robot.settings import RobotConfig

app = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def calibrate() -> None:
    """Measure what the machine file must say."""


app.command()(camera)
app.command()(readiness)
app.command()(rig)


@app.command()
def valves(
    config: Annotated[Path, typer.Option(help="machine file (TOML), measured for and written to")],
    port: Annotated[str | None, typer.Option(help="serial port, instead of the machine file's")] = None,
    nozzles: Annotated[
        str, typer.Option(help="which ones, as 0-31,40; all of the machine file's by default")
    ] = "",
    trains: Annotated[
        int | None, typer.Option(min=4, max=500, help="trains each, instead of calibration.trains")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="measure and show, write nothing")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="fire and write without asking")] = False,
    json: Annotated[bool, typer.Option("--json", help="print one JSON object")] = False,
) -> None:
    """Fire each nozzle, measure its valve's lag, show the table, and write it to the machine file."""
    from bombus.bench_port import open_bench
    from robot.config import load_config, with_overrides

    settings = load_config(config)
    if trains is not None:
        settings = with_overrides(settings, {"calibration.trains": trains})
    wanted = _wanted(nozzles, settings)
    asked = settings.calibration
    what = f"fire {asked.trains * asked.openings} openings of {asked.on_ms:g} ms on each of {len(wanted)} nozzles"
    if not yes:
        ask_for_yes(f"{what}; stand clear", "nothing was fired or written")
    with open_bench(config, port) as (link, up):
        beyond = [nozzle for nozzle in wanted if nozzle >= up.nozzles]
        if beyond:
            raise WrongUseError(f"--nozzles {beyond[0]}: the board has 0 to {up.nozzles - 1}")
        found = _measured(link, wanted, settings)
    if not json or not yes:
        _show(found, settings)
    written = False if dry_run else _write(config, port, settings, found, yes)
    if json:
        print_json(_result(found, settings, written))


def _measured(link: BenchLink, wanted: list[int], settings: RobotConfig) -> dict[int, LagEstimate]:
    from robot.build import open_camera
    from robot.calibration.valves import lag_sensor, measure

    named = settings.calibration.camera_id
    camera = next((one for one in settings.cameras if one.camera_id == named), settings.cameras[0])
    if named and camera.camera_id != named:
        raise WrongUseError(f"calibration.camera_id = '{named}': no such camera in the machine file")
    sensor = lag_sensor(settings.calibration, link.clock, lambda: open_camera(camera))
    found: dict[int, LagEstimate] = {}
    with Progress(console=people, transient=True) as progress:
        task = progress.add_task("measuring valves", total=len(wanted))
        for nozzle, estimate in measure(link, wanted, sensor, settings.calibration):
            found[nozzle] = estimate
            progress.advance(task)
    return found


def _write(
    path: Path, port: str | None, settings: RobotConfig, found: Mapping[int, LagEstimate], yes: bool
) -> bool:
    from bombus.bench_port import open_bench
    from robot.calibration.machine_file import merged_lags, replace_file, with_lags
    from robot.clock import MonotonicClock

    if not yes:
        ask_for_yes(f"write these lags to {path}", "nothing was written")
    lags_us = merged_lags(settings, found)
    # The board takes the lags now, and tells the configuration CRC that it has with them.
    with open_bench(path, port, bridge={"expected_config_crc": None}, lags_us=lags_us) as (_, up):
        crc = up.config_crc
    day = MonotonicClock().wall().date()
    replace_file(path, with_lags(path.read_text(encoding="utf-8"), str(path), found, day, crc))
    people.print(f"written to {path}")
    return True


def _wanted(nozzles: str, settings: RobotConfig) -> list[int]:
    """Return the nozzles that `0-31,40` names; the machine file's for nothing."""
    known = settings.nozzle_numbers
    if not nozzles:
        return sorted(known)
    wanted = set(numbers_named(nozzles, "--nozzles", "0-31,40"))
    strange = sorted(wanted - set(known))
    if strange or not wanted:
        raise WrongUseError(f"--nozzles {nozzles}: the machine file has {min(known)} to {max(known)}")
    return sorted(wanted)


def _show(found: Mapping[int, LagEstimate], settings: RobotConfig) -> None:
    table = Table("nozzle", "lag, ms", "± ms", "before, ms", title="valve lags", title_justify="left")
    for nozzle, one in found.items():
        before = settings.controller.lag_us[nozzle] / 1000
        table.add_row(str(nozzle), f"{one.lag_s * 1e3:.2f}", f"{one.error_s * 1e3:.2f}", f"{before:.2f}")
    people.print(table)


def _result(found: Mapping[int, LagEstimate], settings: RobotConfig, written: bool) -> dict[str, Any]:
    return {
        "sensor": settings.calibration.lag_sensor,
        "written": written,
        "valves": [
            {
                "nozzle": nozzle,
                "lag_us": round(one.lag_s * 1e6),
                "spread_us": round(one.error_s * 1e6),
                "before_us": settings.controller.lag_us[nozzle],
                "openings": one.openings,
            }
            for nozzle, one in found.items()
        ],
    }
