"""Changes the core in every small way and demands that a test notices: `python -m firmware_bridge.proofs.mutate`.

A change that no test can notice is listed in equivalent.toml with the reason. Ends 0 when every other one is
killed and the list holds nothing that is stale, else 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from firmware_bridge.core_build import CORE_SOURCES
from firmware_bridge.proofs.bench import HEADERS, Bench, all_mutants
from firmware_bridge.proofs.campaign import Campaign, Trial, Verdict, collect_and_run
from firmware_bridge.proofs.mutants import Key, Mutant
from firmware_bridge.proofs.sources import BUILD, PROOFS

EQUIVALENT = PROOFS / "equivalent.toml"
FILES = (*(f"{name}.c" for name in CORE_SOURCES), *(file for file, _ in HEADERS))
_FIELDS = ("file", "function", "line", "becomes", "why")
_WORDS_OF_A_REASON = 5


def equivalents(path: Path = EQUIVALENT) -> dict[Key, str]:
    """Return the listed changes with their reasons; raises SystemExit for an entry that lacks something."""
    listed: dict[Key, str] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", []):
        name = f"{path.name}: '{entry.get('becomes')}'"
        if missing := [field for field in _FIELDS if field not in entry]:
            raise SystemExit(f"{name} lacks {', '.join(missing)}")
        if len(entry["why"].split()) < _WORDS_OF_A_REASON:
            raise SystemExit(f"{name} gives no reason; say why no test can notice")
        key = (entry["file"], entry["function"], entry["line"], entry["becomes"], entry.get("nth", 0))
        if key in listed:
            raise SystemExit(f"{name} is listed twice; take one out")
        listed[key] = entry["why"]
    return listed


def entry_for(mutant: Mutant) -> str:
    """Return the lines of equivalent.toml that would name this mutant, its reason still to be given."""
    fields = {
        "file": mutant.file,
        "function": mutant.function,
        "line": mutant.line,
        "becomes": mutant.becomes,
    }
    rows = [f"{name} = '{value}'" for name, value in fields.items()]
    rows += [f"nth = {mutant.nth}"] if mutant.nth else []
    return "\n".join(["[[mutant]]", *rows])


def table(trials: Sequence[Trial], listed: Iterable[Key]) -> str:
    """Return a row for each file: mutants, killed, same code, equivalent, alive, seconds."""
    known = set(listed)
    rows = [f"{'file':<12}{'mutants':>9}{'killed':>8}{'same':>6}{'listed':>8}{'alive':>7}{'seconds':>9}"]
    for file in (*dict.fromkeys(trial.mutant.file for trial in trials), "all"):
        here = [trial for trial in trials if file in {trial.mutant.file, "all"}]
        count = Counter(trial.verdict for trial in here)
        alive = [trial for trial in here if trial.verdict is Verdict.ALIVE]
        lost = sum(trial.mutant.key() not in known for trial in alive)
        made = len(here) - count[Verdict.INVALID]
        rows.append(
            f"{file:<12}{made:>9}{count[Verdict.KILLED]:>8}{count[Verdict.SAME]:>6}{len(alive) - lost:>8}"
            f"{lost:>7}{sum(trial.seconds for trial in here):>9.0f}"
        )
    return "\n".join(rows)


def stale(trials: Sequence[Trial], listed: Iterable[Key]) -> list[str]:
    """Return what is wrong with the list: changes that are not made any more, are killed, or make the same code."""
    found = {trial.mutant.key(): trial.verdict for trial in trials}
    files = {trial.mutant.file for trial in trials}
    faults = []
    for key in listed:
        file, function, line, becomes, _ = key
        verdict = found.get(key)
        if file in files and verdict is not Verdict.ALIVE:
            state = verdict.name.lower() if verdict else "not a mutant of the core"
            faults.append(f"stale in {EQUIVALENT.name} ({state}): {file} {function}: '{line}' -> '{becomes}'")
    return faults


def main(arguments: Sequence[str]) -> int:
    """Try every mutant, or those of the files named."""
    parser = argparse.ArgumentParser(
        prog="mutate", description="Demand that the tests notice each small change."
    )
    parser.add_argument("--only", nargs="+", default=(), choices=FILES, help="these files alone")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="children at a time")
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error(f"--workers {options.workers}: at least 1")
    begin = time.monotonic()
    listed = equivalents()
    campaign = Campaign(Bench(BUILD / "mutants"), all_mutants(options.only), listed, options.workers)
    collect_and_run(campaign)
    if not campaign.sound:
        print("the tests of tests/firmware fail on the core as it is; mend them first", file=sys.stderr)
        return 1
    lost = [t for t in campaign.trials if t.verdict is Verdict.ALIVE and t.mutant.key() not in listed]
    faults = stale(campaign.trials, listed)
    print(f"\n{table(campaign.trials, listed)}")
    print(f"{campaign.tests} tests, {options.workers} at a time, {time.monotonic() - begin:.0f} s")
    for fault in faults:
        print(fault, file=sys.stderr)
    if lost:
        print(f"\nKill them by tests, or add to {EQUIVALENT.name} with a `why`:\n", file=sys.stderr)
        print("\n\n".join(entry_for(trial.mutant) for trial in lost), file=sys.stderr)
    return 1 if lost or faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
