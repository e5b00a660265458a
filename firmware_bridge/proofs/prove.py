"""Proves the core by model checking: `python -m firmware_bridge.proofs.prove [--only NAME]`.

Prints a line for each proof. A proof stands when every claim holds and every "reach" assertion fails, that is,
when the harness does get to the places the claims speak of. Ends 0 when all stand, 1 when one does not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.proofs.sources import BUILD, PROOFS, SHORT_FRAMES, SMALLER, copy_core

_LOOPS = "bb_core_valves.0:4,bb_config_valid.0:4,config_tied.0:30,bb_pulses_init.0:4,bb_get.0:5,bb_put.0:9"


_CLAIMS = ("--no-standard-checks", "--unwinding-assertions")


@dataclass(frozen=True)
class Proof:
    """One run of the model checker: an entry function of a harness, and how far its loops go."""

    name: str
    harness: str
    about: str
    pool: int = 2
    unwind: int = 4
    loops: str = _LOOPS
    options: tuple[str, ...] = ()
    short_frames: bool = False


PROOFS_OF_THE_CORE = (
    Proof("base", "messages", "the start meets the invariant, closed and disarmed"),
    Proof("step", "induction", "any sensors after any stall: caps, dead-man, no late train", options=_CLAIMS),
    Proof("message", "messages", "any message: ids, sessions, refusals, clear", options=_CLAIMS),
    Proof("lists", "lists", "the queue's operations are as the induction takes them", pool=3, unwind=5),
    Proof("drop", "lists", "dropping all is as the induction takes it"),
    Proof("air", "parts", "what pressure is believed"),
    Proof("speed", "parts", "speed and lead stay within their limits"),
    Proof("motor", "parts", "the ramp keeps its slope and its target"),
    Proof("output", "parts", "the outbox gives each byte once", unwind=9),
    Proof("report", "reports", "words change nothing but words", unwind=66, loops="same_words_apart.1:1000"),
    Proof("deframer", "frames", "any bytes stay inside the buffer", unwind=25, loops="", short_frames=True),
    Proof("round_trip", "frames", "what is encoded is decoded", unwind=25, loops="", short_frames=True),
    Proof("crc", "frames", "the CRC reads its bytes only", unwind=25, loops="", short_frames=True),
)


@dataclass(frozen=True)
class Verdict:
    """What became of a proof."""

    proof: str
    stands: bool
    claims: int
    reached: int
    seconds: float
    faults: tuple[str, ...]


def find_cbmc() -> str | None:
    """Return the command that starts the model checker, fetching it where Debian 12 has none."""
    done = subprocess.run([str(PROOFS / "get_cbmc.sh")], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"SKIPPED: no model checker ({done.stderr.strip()}); install cbmc 6", file=sys.stderr)
        return None
    return done.stdout.strip()


def judge(proof: str, results: Sequence[dict[str, str]], seconds: float) -> Verdict:
    """Sort cbmc's results into claims, which must hold, and reach assertions, which must fail."""
    count = Counter[str]()
    faults = []
    for result in results:
        reach = result["description"].startswith("reach: ")
        holds = result["status"] == "SUCCESS"
        count["reach" if reach else "claim"] += 1
        if holds == reach:
            faults.append(f"{'never reached' if reach else result['status']}: {result['description']}")
    if not count["reach"]:
        faults.append("no reach assertion: the proof might be of nothing")
    return Verdict(proof, not faults, count["claim"], count["reach"], seconds, tuple(faults))


def run(
    cbmc: str, proof: Proof, limit_s: float, defines: Sequence[str] = (), source: Path | None = None
) -> Verdict:
    """Run one proof over the prepared copy of the core, or another `source` folder."""
    folder = source or BUILD / ("short" if proof.short_frames else "core")
    command = [
        cbmc,
        "--json-ui",
        "--slice-formula",
        "--drop-unused-functions",
        "--function",
        f"prove_{proof.name}",
    ]
    command += ["-I", str(folder), "-I", str(PROOFS), f"-DBB_POOL={proof.pool}u", *defines, *proof.options]
    command += ["--unwind", str(proof.unwind), *(("--unwindset", proof.loops) if proof.loops else ())]
    begin = time.monotonic()
    try:
        done = subprocess.run(
            [*command, str(PROOFS / f"{proof.harness}.c")],
            capture_output=True, text=True, check=False, timeout=limit_s, cwd=PROOFS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Verdict(proof.name, False, 0, 0, limit_s, (f"no answer within {limit_s:.0f} s",))
    seconds = time.monotonic() - begin
    try:
        messages = json.loads(done.stdout)
    except json.JSONDecodeError:
        return Verdict(proof.name, False, 0, 0, seconds, (done.stderr.strip()[-400:] or "cbmc said nothing",))
    found = [message["result"] for message in messages if "result" in message]
    if not found:
        errors = [m["messageText"] for m in messages if m.get("messageType") == "ERROR"]
        return Verdict(proof.name, False, 0, 0, seconds, tuple(errors) or ("cbmc gave no result",))
    return judge(proof.name, found[0], seconds)


def tell(proof: Proof, verdict: Verdict) -> None:
    """Print a proof's line and what is wrong with it."""
    word = "proved" if verdict.stands else "FAILED"
    print(f"{verdict.proof:<11} {word}  {verdict.seconds:6.1f} s  {verdict.claims:5} claims", end="")
    print(f", {verdict.reached:2} reached: {proof.about}", flush=True)
    for fault in verdict.faults[:10]:
        print(f"            {fault}")


def main(arguments: Sequence[str]) -> int:
    """Run every proof, or those named."""
    parser = argparse.ArgumentParser(prog="prove", description="Prove the C core with cbmc.")
    parser.add_argument("--only", nargs="+", choices=[p.name for p in PROOFS_OF_THE_CORE], help="these alone")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds for one proof")
    options = parser.parse_args(arguments)
    cbmc = find_cbmc()
    if cbmc is None:
        return 1 if os.environ.get("BOMBUS_REQUIRE_CBMC") == "1" else 0
    copy_core(BUILD / "core", SMALLER)
    copy_core(BUILD / "short", SHORT_FRAMES)
    wanted = [p for p in PROOFS_OF_THE_CORE if not options.only or p.name in options.only]
    verdicts = []
    for proof in wanted:
        verdicts.append(run(cbmc, proof, options.limit))
        tell(proof, verdicts[-1])
    standing = sum(verdict.stands for verdict in verdicts)
    print(f"{standing} of {len(verdicts)} proofs stand")
    return 0 if standing == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
