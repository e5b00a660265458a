"""Talk to the valve controller at the bench: status, counters, fire one train, watch the frames, stop."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from bombus.output import (
    WorkFailedError,
    WrongUseError,
    ask_for_yes,
    errors_in_one_line,
    people,
    print_json,
    print_table,
)

Config = Annotated[Path | None, typer.Option(help="machine file (TOML); the demo machine by default")]
Port = Annotated[str | None, typer.Option(help="serial port, instead of the machine file's")]
Json = Annotated[bool, typer.Option("--json", help="print JSON on standard output")]

app = typer.Typer(help=__doc__, no_args_is_help=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True)
def console(context: typer.Context, config: Config = None, port: Port = None) -> None:
    """Open a prompt when no command is given; each of its commands has a session of its own."""
    if context.invoked_subcommand is None:
        _prompt(config, port)
    else:
        context.obj = (config, port)


@app.command()
def status(context: typer.Context, config: Config = None, port: Port = None, json: Json = False) -> None:
    """Show session, firmware, limits, state, pressure, battery and encoder."""
    from firmware_bridge.messages import PROTOCOL_HASH

    with _session(context, config, port) as (link, up):
        state = link.telemetry()
        link.wait(lambda: link.bridge.clock.samples > 4, 1.0)
        limits = link.bridge.limits
        result: dict[str, Any] = {
            "port": link.port,
            "session": f"{up.session:#010x}",
            "boot_id": f"{up.boot_id:#010x}",
            "reset_cause": up.reset_cause,
            "firmware_version": up.firmware_version,
            "protocol_hash": f"{PROTOCOL_HASH:#010x}",
            "protocol_match": not up.protocol_mismatch,
            "config_crc": f"{up.config_crc:#010x}",
            "nozzles": up.nozzles,
            "ticks_per_m": up.ticks_per_m,
            "last_pulse_id": up.last_pulse_id,
            "round_trip_ms": _ms(link.bridge.link.round_trip_s),
            "problem": link.bridge.link.problem,
            "state": msgspec.structs.asdict(state),
            "limits": None if limits is None else limits._asdict(),
        }
    if json:
        print_json(result)
        return
    state_rows, limit_rows = result.pop("state"), result.pop("limits") or {}
    print_table("session", result)
    print_table("state", state_rows)
    print_table("limits that the board enforces", limit_rows)


@app.command()
def counters(context: typer.Context, config: Config = None, port: Port = None, json: Json = False) -> None:
    """Show what both ends have counted: frames, damage, repeats, openings, refusals, dead-man trips."""
    with _session(context, config, port) as (link, _):
        link.wait(lambda: link.bridge.clock.samples > 8, 2.0)
        state = link.telemetry()
        names = ("openings", "bad_frames", "refused", "deadman_trips", "queued", "unreported")
        result = {
            "host": msgspec.to_builtins(link.bridge.link.counters),
            "board": {name: getattr(state, name) for name in names},
        }
    if json:
        print_json(result)
        return
    print_table("this program, in this session", result["host"])
    print_table("the board, since its start", result["board"])


@app.command()
def fire(
    context: typer.Context,
    nozzle: Annotated[int, typer.Argument(min=0, max=63, help="number of the nozzle")],
    on_ms: Annotated[float, typer.Option(min=0.1, max=100.0, help="length of each opening")] = 15.0,
    count: Annotated[int, typer.Option(min=1, max=100, help="openings in the train")] = 1,
    period_ms: Annotated[float, typer.Option(min=1.0, max=1000.0, help="opening to opening")] = 50.0,
    yes: Annotated[bool, typer.Option("--yes", help="fire without asking, for scripts")] = False,
    config: Config = None,
    port: Port = None,
    json: Json = False,
) -> None:
    """Fire one train on one nozzle, after a typed yes."""
    if not yes:
        ask_for_yes(f"fire nozzle {nozzle}: {count} x {on_ms:g} ms, air and noise", "nothing was done")
    with _session(context, config, port) as (link, up):
        if nozzle >= up.nozzles:
            raise WrongUseError(f"nozzle {nozzle}: the board has 0 to {up.nozzles - 1}; name one of those")
        link.arm()
        end = link.fire(nozzle, round(on_ms * 1000), round(period_ms * 1000), count)
    result = {"nozzle": nozzle, "asked": count, **msgspec.structs.asdict(end)}
    if json:
        print_json(result)
    else:
        print_table(f"nozzle {nozzle}", result)
    if end.outcome != "fired":
        raise WorkFailedError(f"nozzle {nozzle}: {end.outcome} after {end.openings} of {count}: {end.cause}")


@app.command()
def sniff(
    context: typer.Context,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="end by itself after this")] = None,
    config: Config = None,
    port: Port = None,
    json: Annotated[bool, typer.Option("--json", help="print a JSON object a frame")] = False,
) -> None:
    """Print every frame of both directions as it passes, until Ctrl-C."""
    from firmware_bridge.sniffer import Heard
    from robot.clock import MonotonicClock

    t0 = MonotonicClock().now()

    def hear(heard: Heard) -> None:
        if json:
            print_json(heard)
        else:
            sys.stdout.write(heard.line(t0) + "\n")
            sys.stdout.flush()

    with _session(context, config, port, hear) as (link, _):
        try:
            link.wait(lambda: not link.bridge.link.connected, seconds or float("inf"))
        except KeyboardInterrupt:
            return
        if seconds is None:
            raise WorkFailedError(link.bridge.link.problem)


@app.command()
def stop(context: typer.Context, config: Config = None, port: Port = None, json: Json = False) -> None:
    """Latch the emergency stop: every valve closes, the drive halts."""
    with _session(context, config, port) as (link, _):
        link.command("stop", link.bridge.stop)
        latched = link.telemetry().estop
    if json:
        print_json({"stopped": latched})
    else:
        people.print("stopped; release it from the dashboard or at the next start of the robot")
    if not latched:
        raise WorkFailedError("stop: the board took it and does not show it latched; cut its power")


@contextmanager
def _session(
    context: typer.Context | None,
    config: Path | None,
    port: str | None,
    hear: Callable[[Any], None] | None = None,
) -> Iterator[tuple[Any, Any]]:
    """Open a session on the port of the options, of `console` itself, or of the machine file."""
    from bombus.bench_port import open_bench

    outer_config, outer_port = (context.obj if context is not None else None) or (None, None)
    with open_bench(config or outer_config, port or outer_port, hear) as opened:
        yield opened


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(1000.0 * seconds, 3)


def _prompt(config: Path | None, port: str | None) -> None:
    command = typer.main.get_command(app)
    people.print(
        "commands: status, counters, fire NOZZLE, sniff, stop; --help after one tells more; quit ends"
    )
    around = [*(["--config", str(config)] if config else []), *(["--port", port] if port else [])]
    while True:
        people.print("bombus> ", end="")
        line = sys.stdin.readline()
        words = line.split()
        if not line or words[:1] in (["quit"], ["exit"]):
            return
        if not words:
            continue
        try:
            with errors_in_one_line():
                command.main([*around, *words], prog_name="console")
        except SystemExit:
            # A command ends the process it believes to be its own; here the next one follows.
            continue
