"""Proves the core by model checking: `python -m firmware_bridge.proofs.prove [--only NAME] [--self-check]`.

Prints a line for each proof. A proof stands when every claim holds and every "reach" assertion fails, that is,
when the harness does get to the places the claims speak of. Ends 0 when all stand, 1 when one does not.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from firmware_bridge.proofs.proof_list import PROOFS_OF_THE_CORE, SPOILT, Proof
from firmware_bridge.proofs.sources import BUILD, COPIES, PROOFS, copy_core

_ALWAYS = ("--json-ui", "--slice-formula", "--drop-unused-functions", "--unwinding-assertions")
_MARK = "reach: "


@dataclass(frozen=True)
class Verdict:
    """What became of a proof; the seconds are processor time."""

    proof: str
    stands: bool
    claims: int
    reached: int
    seconds: float
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What cbmc said to one question: a description and a status for each assertion, or what kept it from them."""

    results: tuple[tuple[str, str], ...]
    seconds: float
    trouble: str | None = None


def find_cbmc() -> str | None:
    """Return the command that starts the model checker, fetching it where Debian 12 has none."""
    done = subprocess.run([str(PROOFS / "get_cbmc.sh")], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        print(f"SKIPPED: no model checker ({done.stderr.strip()}); install cbmc 6", file=sys.stderr)
        return None
    return done.stdout.strip()


def read_answer(stdout: str, stderr: str, seconds: float) -> Answer:
    """Read what cbmc prints with --json-ui."""
    try:
        messages = json.loads(stdout)
    except json.JSONDecodeError:
        return Answer((), seconds, stderr.strip()[-400:] or "cbmc said nothing that can be read")
    for message in messages:
        if "result" in message:
            pairs = tuple((result["description"], result["status"]) for result in message["result"])
            return Answer(pairs, seconds)
    errors = [message["messageText"] for message in messages if message.get("messageType") == "ERROR"]
    return Answer((), seconds, "; ".join(errors) or "cbmc gave no result")


def judge(proof: str, claims: Answer, reaches: Answer) -> Verdict:
    """Every claim must hold, every reach assertion must fail, and there must be some of both."""
    faults = [answer.trouble for answer in (claims, reaches) if answer.trouble]
    faults += [f"{status}: {text}" for text, status in claims.results if status != "SUCCESS"]
    reach = [(text, status) for text, status in reaches.results if text.startswith(_MARK)]
    faults += [f"never reached: {text.removeprefix(_MARK)}" for text, status in reach if status != "FAILURE"]
    if not claims.results and not claims.trouble:
        faults.append("no claim: the proof is of nothing")
    if not reach and not reaches.trouble:
        faults.append("no reach assertion: the proof might be of nothing")
    seconds = claims.seconds + reaches.seconds
    return Verdict(proof, not faults, len(claims.results), len(reach), seconds, tuple(faults))


def ask(cbmc: str, proof: Proof, limit_s: float, folder: Path, reach: bool) -> Answer:
    """Run cbmc once: for the claims, or for the reach assertions."""
    command = [cbmc, *_ALWAYS, "--function", f"prove_{proof.name.partition('.')[0]}", "-I", str(folder)]
    command += ["-I", str(PROOFS), f"-DBB_POOL={proof.pool}u", *(f"-D{define}" for define in proof.defines)]
    command += ["--unwind", str(proof.unwind), *(("--unwindset", proof.loops) if proof.loops else ())]
    command += ["--no-standard-checks"] if reach or not proof.memory_too else []
    command += ["-DBB_ASK_REACH"] if reach else []
    begin = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    try:
        done = subprocess.run(
            [*command, str(PROOFS / f"{proof.harness}.c")],
            capture_output=True, text=True, check=False, timeout=limit_s, cwd=PROOFS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Answer((), limit_s, f"no answer within {limit_s:.0f} s; give more with --limit")
    seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begin
    return read_answer(done.stdout, done.stderr, seconds)


def run(cbmc: str, proof: Proof, limit_s: float) -> Verdict:
    """Run one proof over the prepared copy of the core."""
    folder = BUILD / proof.copy
    claims = ask(cbmc, proof, limit_s, folder, reach=False)
    return judge(proof.name, claims, ask(cbmc, proof, limit_s, folder, reach=True))


def tell(proof: Proof, verdict: Verdict) -> None:
    """Print a proof's line and what is wrong with it."""
    word = "proved" if verdict.stands else "FAILED"
    print(f"{verdict.proof:<14} {word} {verdict.claims:7} {verdict.reached:8}", end="")
    print(f" {verdict.seconds:9.1f}  {proof.about}", flush=True)
    for fault in verdict.faults[:10]:
        print(f"    {fault}")


def prove(cbmc: str, wanted: Sequence[Proof], limit_s: float) -> int:
    """Run the proofs and print the table."""
    print(f"{'proof':<14} {'':6} {'claims':>7} {'reached':>8} {'CPU s':>9}  of what")
    standing = 0
    for proof in wanted:
        verdict = run(cbmc, proof, limit_s)
        standing += verdict.stands
        tell(proof, verdict)
    print(f"{standing} of {len(wanted)} proofs stand")
    return 0 if standing == len(wanted) else 1


def check_itself(cbmc: str, limit_s: float) -> int:
    """Take a safeguard out of the core, one after the other: the proof that speaks of it must fail each time."""
    named = {proof.name: proof for proof in PROOFS_OF_THE_CORE}
    caught = 0
    for spoilt in SPOILT:
        proof = named[spoilt.proof]
        changes = COPIES[proof.copy]
        folder = copy_core(BUILD / "spoilt", changes, (spoilt.file, spoilt.line, spoilt.becomes))
        answer = ask(cbmc, proof, limit_s, folder, reach=False)
        broken = [text for text, status in answer.results if status == "FAILURE"]
        caught += bool(broken)
        said = ("noticed: " + "; ".join(broken[:2])) if broken else f"NOT NOTICED {answer.trouble or ''}"
        print(f"{spoilt.what:<38} {spoilt.proof:<14} {answer.seconds:6.1f} s  {said}", flush=True)
    print(f"{caught} of {len(SPOILT)} missing safeguards noticed")
    return 0 if caught == len(SPOILT) else 1


def main(arguments: Sequence[str]) -> int:
    """Run every proof, or those named, or the check of the proofs themselves."""
    parser = argparse.ArgumentParser(prog="prove", description="Prove the C core with cbmc.")
    parser.add_argument("--only", nargs="+", choices=[p.name for p in PROOFS_OF_THE_CORE], help="these alone")
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds for one question")
    parser.add_argument("--self-check", action="store_true", help="do the proofs notice a missing safeguard?")
    options = parser.parse_args(arguments)
    cbmc = find_cbmc()
    if cbmc is None:
        return 1 if os.environ.get("BOMBUS_REQUIRE_CBMC") == "1" else 0
    if options.self_check:
        return check_itself(cbmc, options.limit)
    for name, changes in COPIES.items():
        copy_core(BUILD / name, changes)
    return prove(
        cbmc, [p for p in PROOFS_OF_THE_CORE if not options.only or p.name in options.only], options.limit
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
