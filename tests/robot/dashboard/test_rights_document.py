"""docs/dashboard.md tells who may what as the code has it."""

from pathlib import Path

from robot.dashboard.rights import ANYONE, ANYONE_HERE, NEEDED_FOR, RIGHTS_OF, SCOPES, Right, Role

TEXT = (Path(__file__).resolve().parents[3] / "docs" / "dashboard.md").read_text(encoding="utf-8")
LINES = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.splitlines()
    if line.startswith("| `")
]
TABLE = {cells[0].strip("`"): cells[1:] for cells in LINES}


def token_cell(right: Right) -> str:
    return "yes" if right in ANYONE else "scope" if right in SCOPES else "no"


def test_every_right_has_its_line_as_the_code_has_it() -> None:
    assert list(TABLE) == [right.value for right in Right]
    holders = [ANYONE, ANYONE_HERE, *(RIGHTS_OF[role] for role in Role)]
    for right in Right:
        expected = ["yes" if right in held else "no" for held in holders] + [token_cell(right)]
        assert TABLE[right][1:] == expected, right


def test_every_command_stands_in_the_line_of_its_right() -> None:
    for name, right in NEEDED_FOR.items():
        assert name.value in TABLE[right][0].lower().replace(",", " ").split()
