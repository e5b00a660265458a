"""Writes the catalogue into docs/faults.md: `python -m sim.fault_page docs/faults.md`."""

from __future__ import annotations

import sys
from pathlib import Path

from sim.faults import KINDS

BEGIN, END = "<!-- catalogue: python -m sim.fault_page -->", "<!-- end of the catalogue -->"


def catalogue() -> str:
    """Return the table of all faults."""
    lines = ["| fault | what breaks | told as | within |", "|---|---|---|---|"]
    for kind in KINDS.values():
        told = ", ".join(f"`{code}`" for code in kind.told) or (
            "mode stopped" if kind.within_s else "not told"
        )
        within = "-" if kind.within_s is None else f"{kind.within_s:g} s"
        where = ", lock-step only" if kind.lockstep_only else ""
        lines.append(f"| `{kind.name}` | {kind.text}{where} | {told} | {within} |")
    return "\n".join(lines)


def with_catalogue(page: str) -> str:
    """Return the page with the present table between its marks; raises ValueError when it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{catalogue()}\n{END}{after}"


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(with_catalogue(path.read_text(encoding="utf-8")), encoding="utf-8")
