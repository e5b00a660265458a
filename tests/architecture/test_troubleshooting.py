"""Every fault, notice, wait and refusal has an entry in docs/troubleshooting.md, with the operator's own sentence."""

import re
from pathlib import Path

import pytest

from robot.alerts.catalogue import ALERTS, ASKS, DAY_WAITS, MISSION_WAITS, REFUSALS, WAITS
from robot.faults import FAULTS, Fault
from robot.mission.waits import Wait
from robot.refusals import COMMAND_REFUSALS, Refusal
from robot.types import Mode, Reason

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ENTRIES = {
    code: " ".join(body.split())
    for code, body in re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
}


def table(title: str) -> dict[str, tuple[str, str]]:
    """Return a chapter's table: code -> sentence, remedy."""
    chapter = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    return rows_of(chapter)


def rows_of(text: str) -> dict[str, tuple[str, str]]:
    """Return the rows of the tables in a text."""
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", text, flags=re.MULTILINE)
    return {code: (sentence, remedy) for code, sentence, remedy in rows}


@pytest.mark.parametrize("code", sorted(ALERTS))
def test_alert_has_an_entry_with_its_severity_and_sentence(code: str) -> None:
    told = ALERTS[code]
    assert code in ENTRIES, f"docs/troubleshooting.md: add '### `{code}`'"
    assert ENTRIES[code].startswith(f'{told.severity}: "{told.text}"'), code
    assert told.remedy


def test_no_entry_is_of_a_code_that_is_gone() -> None:
    assert set(ENTRIES) == set(ALERTS)


def test_every_fault_has_its_texts() -> None:
    assert set(FAULTS) == set(Fault)


def test_every_wait_is_explained() -> None:
    assert set(WAITS) == set(Mode) - {Mode.RUNNING}
    modes = {mode.value: (told.text, told.remedy) for mode, told in WAITS.items()}
    waits = {**{phase.value: told for phase, told in DAY_WAITS.items()}, **ASKS}
    assert set(MISSION_WAITS) == set(Wait) and not set(MISSION_WAITS) & set(waits)
    waits |= {code.value: told for code, told in MISSION_WAITS.items()}
    day = {code: (told.text, told.remedy) for code, told in waits.items()}
    before, _, during = TEXT.partition("### During a day")
    assert rows_of(before.partition("## What it waits for")[2]) == modes
    assert rows_of(during.partition("\n## ")[0]) == day


def test_everything_that_the_mission_asks_people_for_is_explained() -> None:
    words = (ROOT / "robot" / "mission" / "words.py").read_text(encoding="utf-8")
    assert set(re.findall(r'AskView\(\s*"(\w+)"', words)) == set(ASKS)


def test_every_refused_command_is_explained() -> None:
    assert set(COMMAND_REFUSALS) == set(Refusal)
    assert table("Why a command was refused") == {
        code.value: (why.text, why.remedy) for code, why in COMMAND_REFUSALS.items()
    }


def test_every_refusal_is_explained() -> None:
    assert set(REFUSALS) == set(Reason)
    assert table("Why a flower was left alone") == {
        reason.value: (told.text, told.remedy) for reason, told in REFUSALS.items()
    }
