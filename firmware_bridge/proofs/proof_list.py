"""The proofs that `make prove` runs, and the safeguards that its self-check takes out of the core."""

from __future__ import annotations

from dataclasses import dataclass

_LOOPS = "bb_core_valves.0:4,bb_config_valid.0:4,config_tied.0:30,bb_pulses_init.0:4,bb_get.0:5,bb_put.0:9"


@dataclass(frozen=True)
class Proof:
    """One question to the model checker: the entry function of a harness, and how far its loops go.

    What follows a dot in the name tells apart two runs of one function. `memory_too` asks as well that no access
    leaves its array and no signed number overflows.
    """

    name: str
    harness: str
    about: str
    pool: int = 2
    unwind: int = 4
    loops: str = _LOOPS
    defines: tuple[str, ...] = ()
    memory_too: bool = False
    short_frames: bool = False


PROOFS_OF_THE_CORE = (
    Proof("base", "induction", "the start meets the invariant, closed and disarmed", memory_too=True),
    Proof("step", "induction", "any sensors after any stall: dead-man, e-stop, drive"),
    Proof("valve", "nozzle", "a valve's step: caps, gap, no late opening of a train"),
    Proof("trigger", "nozzle", "a waiting pulse: air, time and place, one train for an id"),
    Proof("visits", "nozzle", "a step comes by every train and waiting pulse once", pool=3, unwind=5),
    Proof("lists", "lists", "the queue's operations are as the others take them", pool=3, unwind=5, memory_too=True),
    Proof("air", "parts", "what pressure is believed", memory_too=True),
    Proof("speed", "parts", "speed and lead stay within their limits"),
    Proof("motor", "parts", "the ramp keeps its slope and its target"),
    Proof("output", "parts", "the outbox gives each byte once", unwind=9, memory_too=True),
    Proof("crc", "frames", "the CRC reads its bytes only", unwind=18, loops="", memory_too=True, short_frames=True),
)  # fmt: skip


@dataclass(frozen=True)
class Spoilt:
    """A safeguard taken out: a piece of a line of the core, what stands there instead, and the proof that must fail."""

    what: str
    file: str
    line: str
    becomes: str
    proof: str


SPOILT = (
    Spoilt("no cap on an opening", "valve.c", " || elapsed >= config->max_on_us", "", "valve"),
    Spoilt("no rest between openings", "valve.c", "valve->open || valve->resting", "valve->open", "valve"),
    Spoilt(
        "trains go on however late", "fire.c", "late_us > (int32_t)core->config.late_us", "false", "valve"
    ),
    Spoilt("no dead-man", "core.c", "    disarm(core, BB_RESULT_DEADMAN);\n", "", "step"),
    Spoilt("no e-stop latch", "core.c", "    core->estop = true;\n", "", "step"),
    Spoilt("no air interlock at a start", "fire.c", "due && !core->air.ok", "false", "trigger"),
    Spoilt("times are never late", "admit.c", "late_us > (int32_t)core->config.late_us", "false", "trigger"),
    Spoilt(
        "places are never passed", "admit.c", "past > (int32_t)core->config.pass_ticks", "false", "trigger"
    ),
)
