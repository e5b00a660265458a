"""Every fault, notice, wait and refusal has an entry in docs/troubleshooting.md, with the operator's own sentence."""

import re
from pathlib import Path

import pytest

from robot.alerts.catalogue import ALERTS, REFUSALS, WAITS
from robot.faults import FAULTS, Fault
from robot.types import Mode, Reason

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ENTRIES = {
    code: " ".join(body.split())
    for code, body in re.findall(r"^### `(\w+)`\n(.*?)(?=^##|\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
}


def table(title: str) -> dict[str, tuple[str, str]]:
    """Return a chapter's table: code -> sentence, remedy."""
    chapter = TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (.+?) \| (.+?) \|$", chapter, flags=re.MULTILINE)
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
    assert table("What it waits for") == {mode.value: (w.text, w.remedy) for mode, w in WAITS.items()}


def test_every_refusal_is_explained() -> None:
    assert set(REFUSALS) == set(Reason)
    assert table("Why a flower was left alone") == {
        reason.value: (told.text, told.remedy) for reason, told in REFUSALS.items()
    }
