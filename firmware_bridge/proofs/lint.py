"""Reads the core as a stranger would: `python -m firmware_bridge.proofs.lint`.

The compiler with every warning that finds something, cppcheck, and cppcheck's MISRA C:2012 rules against the reviewed
list of deviations, misra.toml. Ends 0 when there is nothing beyond the list and nothing in it is stale, 1 when there
is, 2 when a tool is missing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from firmware_bridge.core_build import CORE_SOURCES
from firmware_bridge.proofs.sources import FIRMWARE, PROOFS

DEVIATIONS = PROOFS / "misra.toml"
WARNINGS = (
    *("-Wall", "-Wextra", "-Wshadow", "-Wundef", "-Wvla", "-Wpointer-arith", "-Wcast-qual", "-Wcast-align"),
    *("-Wstrict-prototypes", "-Wmissing-prototypes", "-Wswitch-default", "-Wformat=2"),
    *("-Wconversion", "-Wsign-conversion", "-Wdouble-promotion", "-fanalyzer"),
)
_PREFIX = "misra-c2012-"
# Said of the run and not of the code.
_REMARKS = {"missingIncludeSystem", "unmatchedSuppression", "toomanyconfigs"}


class Finding(NamedTuple):
    """One line of cppcheck: what, where, and its words."""

    name: str
    file: str
    line: int
    text: str


class Entry(NamedTuple):
    """A reviewed exception: a MISRA rule or a finding of cppcheck, in these files or (none named) in all."""

    name: str
    about: str
    files: tuple[str, ...]

    def covers(self, finding: Finding) -> bool:
        """Return whether this finding is one of those reviewed."""
        return finding.name == self.name and (not self.files or finding.file in self.files)


def entries(path: Path = DEVIATIONS) -> list[Entry]:
    """Return the reviewed exceptions; raises SystemExit for one without a reason or twice."""
    listed = tomllib.loads(path.read_text(encoding="utf-8"))
    found: list[Entry] = []
    for row in (*listed.get("deviation", ()), *listed.get("accepted", ())):
        name = f"{_PREFIX}{row['rule']}" if "rule" in row else row["id"]
        if not row.get("about") or not row.get("why"):
            raise SystemExit(f"{path.name}: {name} gives no reason; add about = '...' and why = '...'")
        if any(entry.name == name for entry in found):
            raise SystemExit(f"{path.name}: {name} is listed twice; list it once")
        files = row.get("files", ()) if "rule" in row else (row["file"],)
        found.append(Entry(name, row["about"], tuple(files)))
    return found


def parsed(output: str) -> list[Finding]:
    """Return cppcheck's findings, each once, however many files include its place."""
    rows = (line.split("\t") for line in output.splitlines() if line.count("\t") == 3)
    found = {
        Finding(name, Path(file).name, int(line), text)
        for name, file, line, text in rows
        if name not in _REMARKS
    }
    return sorted(found, key=lambda finding: finding[1:3])


def judge(findings: Sequence[Finding], listed: Iterable[Entry]) -> list[str]:
    """Return what is wrong: findings that no entry covers, and entries or files of theirs that nothing needs."""
    listed = tuple(listed)
    faults = [
        f"{f.file}:{f.line}: {f.name}: {f.text}" for f in findings if not any(e.covers(f) for e in listed)
    ]
    for entry in listed:
        covered = {finding.file for finding in findings if entry.covers(finding)}
        if not covered:
            faults.append(f"{DEVIATIONS.name}: {entry.name} is nowhere broken any more; take it out")
        elif idle := sorted(set(entry.files) - covered):
            faults.append(f"{DEVIATIONS.name}: {entry.name} is not broken any more in {', '.join(idle)}")
    return faults


def _sources() -> list[str]:
    return [str(FIRMWARE / f"{name}.c") for name in CORE_SOURCES]


def _compile() -> str:
    """Return the compiler's warnings."""
    said = ""
    for source in _sources():
        command = ["cc", "-std=c11", "-O2", *WARNINGS, "-I", str(FIRMWARE), "-c", source, "-o", "/dev/null"]
        said += subprocess.run(command, capture_output=True, text=True, check=False).stderr
    return said


def _cppcheck() -> list[Finding]:
    checks = ["--enable=warning,style,performance,portability", "--addon=misra", "--inconclusive"]
    # The integers and pointers of a microcontroller.
    command = ["cppcheck", "--quiet", "--std=c11", "--platform=unix32", *checks, f"-I{FIRMWARE}"]
    command += [r"--template={id}\t{file}\t{line}\t{message}", *_sources()]
    return parsed(subprocess.run(command, capture_output=True, text=True, check=True).stderr)


def main(arguments: Sequence[str]) -> int:
    """Run all three and print a line for each deviation."""
    if arguments:
        print("usage: python -m firmware_bridge.proofs.lint", file=sys.stderr)
        return 2
    for tool, package in (("cc", "build-essential"), ("cppcheck", "cppcheck")):
        if shutil.which(tool) is None:
            print(f"no {tool}: apt-get install {package}", file=sys.stderr)
            return 2
    warnings = _compile()
    findings = _cppcheck()
    listed = entries()
    faults = judge(findings, listed)
    count = Counter(finding.name for finding in findings)
    for entry in listed:
        print(f"{entry.name.removeprefix(_PREFIX):<24}{count[entry.name]:>4}  {entry.about}")
    misra = sum(number for name, number in count.items() if name.startswith(_PREFIX))
    rules = sum(entry.name.startswith(_PREFIX) for entry in listed)
    print(
        f"{len(_sources())} files: {warnings.count('warning: ')} warnings, {len(findings) - misra} findings of cppcheck,"
        f" {rules} MISRA rules deviated from in {misra} places; {len(faults)} not reviewed or stale"
    )
    print(warnings + "\n".join(faults), file=sys.stderr, end="\n" if faults else "")
    return 1 if warnings or faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
