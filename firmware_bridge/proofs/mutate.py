"""Changes the core in every small way and demands that a test notices: `python -m firmware_bridge.proofs.mutate`.

A change that no test can notice is listed in equivalent.toml with the reason. Ends 0 when every other one is
killed and the list holds nothing that is stale, else 1.
"""

from __future__ import annotations

import argparse
import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from firmware_bridge.core_build import CORE_SOURCES
from firmware_bridge.proofs.bench import Bench, Campaign, collect_and_run
from firmware_bridge.proofs.mutants import Mutant, mutants
from firmware_bridge.proofs.sources import FIRMWARE, PROOFS

EQUIVALENT = PROOFS / "equivalent.toml"
_WIDE = 3


def equivalents(path: Path = EQUIVALENT) -> dict[tuple[str, str, int, str, str], str]:
    """Return the listed changes with their reasons; raises SystemExit for an entry without one."""
    listed = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("mutant", []):
        if len(entry.get("why", "").split()) < _WIDE:
            raise SystemExit(
                f"{path.name}: '{entry.get('line')}' gives no reason; say why no test can notice"
            )
        key = (entry["file"], entry["line"], entry.get("nth", 0), entry["old"], entry["new"])
        listed[key] = entry["why"]
    return listed


def all_mutants(files: Sequence[str]) -> list[Mutant]:
    """Return every mutant of these files of the core."""
    return [
        m
        for name in files
        for m in mutants(f"{name}.c", (FIRMWARE / f"{name}.c").read_text(encoding="utf-8"))
    ]


def entry(mutant: Mutant) -> str:
    """Return the lines of equivalent.toml that would name this mutant, its reason still to be given."""
    nth = f"nth = {mutant.nth}\n" if mutant.nth else ""
    return f"[[mutant]]\nfile = '{mutant.file}'\nline = '{mutant.line}'\n{nth}old = '{mutant.old}'\nnew = '{mutant.new}'"


def main(arguments: Sequence[str]) -> int:
    """Try every mutant, or those of the files named."""
    parser = argparse.ArgumentParser(
        prog="mutate", description="Demand that the tests notice each small change."
    )
    parser.add_argument(
        "--only", nargs="+", default=CORE_SOURCES, choices=CORE_SOURCES, help="these files alone"
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="children at a time")
    options = parser.parse_args(arguments)
    listed = equivalents()
    wanted = all_mutants(options.only)
    campaign = Campaign(Bench(), wanted, listed, options.workers)
    collect_and_run(campaign)
    if not campaign.sound:
        print("the tests of tests/firmware fail on the core as it is; mend them first", file=sys.stderr)
        return 1
    left = {mutant.key(): mutant for mutant in campaign.left}
    here = {mutant.file for mutant in wanted}
    stale = [key for key in listed if key[0] in here and key not in left]
    lost = [mutant for key, mutant in left.items() if key not in listed]
    for key in stale:
        print(f"stale in {EQUIVALENT.name}: {key[0]}: '{key[3]}' -> '{key[4]}' in: {key[1]}")
    for mutant in lost:
        print(entry(mutant), file=sys.stderr)
    print(
        f"{campaign.killed} killed, {len(left) - len(lost)} equivalent, {len(lost)} survived, {len(stale)} stale"
    )
    return 1 if lost or stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
