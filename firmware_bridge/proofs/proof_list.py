"""The proofs that `make prove` runs, and the safeguards that its self-check takes out of the core."""

from __future__ import annotations

from dataclasses import dataclass

_REPORTS = "bb_report_send.0:50,bb_config_valid.0:4"
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
    copy: str = "core"


_MESSAGES = (
    *("HELLO", "HEARTBEAT", "PING", "PULSE_ACK", "PULSE_QUERY", "DRIVE"),
    *("ESTOP", "CLEAR", "ARM", "DISARM", "SET_LAG", "LIMITS_QUERY"),
)


def _message(name: str) -> Proof:
    about = f"any {name}: what it may do, and no more"
    return Proof(f"message.{name.lower()}", "messages", about, defines=(f"MESSAGE=BB_MSG_{name}",))


def _pulse(name: str, about: str, *defines: str) -> Proof:
    return Proof(name, "messages", about, defines=("MESSAGE=BB_MSG_PULSE", *defines))


PROOFS_OF_THE_CORE = (
    Proof("base", "induction", "the start meets the invariant, closed and disarmed", memory_too=True),
    Proof("step", "induction", "any sensors after any stall: dead-man, e-stop, drive"),
    Proof("valve", "nozzle", "a valve's step: caps, gap, no late opening of a train"),
    Proof("trigger", "nozzle", "a waiting pulse: air, time and place, one train for an id"),
    Proof("visits", "nozzle", "a step comes by every train and waiting pulse once", pool=3, unwind=5),
    Proof("lists", "lists", "the queue's operations are as the others take them", pool=3, unwind=5, memory_too=True),
    Proof("search", "lists", "a spare slot is found when there is one", pool=3, unwind=5, memory_too=True),
    Proof("drop", "lists", "dropping everything does what the others take it for"),
    *map(_message, _MESSAGES),
    _pulse("again", "a PULSE whose id is not fresh changes nothing"),
    _pulse("nowhere", "a PULSE for a nozzle that does not exist is refused"),
    _pulse("fresh", "a fresh PULSE: ids, caps, arming, air, time"),
    _pulse("fresh.full", "the same while no slot is spare", "FOUND=BB_NO_SLOT"),
    Proof("foreign", "messages", "other sessions, wrong sizes, unknown types do nothing"),
    Proof("report", "reports", "words change nothing but words", unwind=9, loops=_REPORTS),
    Proof("air", "parts", "what pressure is believed", memory_too=True),
    Proof("speed", "parts", "speed and lead stay within their limits"),
    Proof("motor", "parts", "the ramp keeps its slope and its target"),
    Proof("output", "parts", "the outbox gives each byte once", unwind=9, memory_too=True),
    Proof("deframer", "frames", "any bytes: no access outside", unwind=70, loops="", memory_too=True, copy="frames"),
    Proof("round_trip", "frames", "what is encoded is decoded", unwind=20, loops="", copy="short"),
    Proof("crc", "frames", "the CRC reads its bytes only", unwind=64, loops="", memory_too=True, copy="frames"),
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
    Spoilt(
        "another protocol may arm",
        "core.c",
        "    if (!core->same_protocol)\n        return BB_RESULT_PROTOCOL_MISMATCH;\n",
        "",
        "message.arm",
    ),
    Spoilt(
        "cleared with the button pressed",
        "core.c",
        "core->inputs.button || core->inputs.bumper)\n        return",
        "false)\n        return",
        "message.clear",
    ),
    Spoilt(
        "a new session stays armed",
        "core.c",
        "        disarm(core, BB_RESULT_NEW_SESSION);\n",
        "",
        "message.hello",
    ),
    Spoilt("any session may act", "core.c", " && frame->session == core->session", "", "foreign"),
    Spoilt("any size will do", "core.c", "request_size(frame->type) != (int)frame->size", "false", "foreign"),
    Spoilt(
        "moved while not armed",
        "core.c",
        "request.velocity_mm_s != 0 && !core->armed",
        "false",
        "message.drive",
    ),
    Spoilt("an id acts again", "fire.c", "pulse->pulse_id <= core->pulses.last_id", "false", "again"),
    Spoilt(
        "a nozzle beyond the last", "admit.c", "pulse->nozzle >= core->config.nozzles", "false", "nowhere"
    ),
    Spoilt("an old reading is believed", "air.c", "stuck || old || ", "stuck || ", "air"),
    Spoilt("no end of the frame's buffer", "frame.c", "deframer->size < BB_WIRE_MAX", "true", "deframer"),
    Spoilt(
        "an id is not spent", "fire.c", "    core->pulses.last_id = pulse->pulse_id;", "   ", "fresh.full"
    ),
)
