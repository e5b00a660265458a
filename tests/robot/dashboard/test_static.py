"""The page's files: nothing from elsewhere, nothing inline, a word for everything the robot may say."""

import re
from pathlib import Path

import pytest

from robot.dashboard.server import MEDIA_TYPES, STATIC
from robot.faults import Severity
from robot.types import Mode, Reason

FILES = sorted(STATIC.iterdir())
STRINGS = "".join((STATIC / name).read_text() for name in ("strings.js", "strings_people.js"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_names_no_other_server(path: Path) -> None:
    found = set(re.findall(r"https?://[^\s\"')]+", path.read_text()))
    assert found <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_short_and_served(path: Path) -> None:
    assert path.suffix in MEDIA_TYPES
    assert path.read_text().count("\n") <= 300


def test_the_page_has_no_inline_script_or_style() -> None:
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", page)


@pytest.mark.parametrize("key", [f"reason_{reason}" for reason in Reason])
def test_every_reason_has_a_text(key: str) -> None:
    assert re.search(rf"^  {key}: ", STRINGS, re.MULTILINE)


@pytest.mark.parametrize("key", [f"mode_{mode}" for mode in Mode] + [f"severity_{one}" for one in Severity])
def test_every_mode_and_severity_has_a_text(key: str) -> None:
    assert re.search(rf"^  {key}: ", STRINGS, re.MULTILINE)


def test_every_text_that_the_page_asks_for_exists() -> None:
    asked = {
        key
        for path in FILES
        if path.suffix == ".js"
        for key in re.findall(r"\b(?:t|key|set)\(\"([a-z_]+)\"", path.read_text())
    }
    known = set(re.findall(r"^  ([a-z_0-9]+): ", STRINGS, re.MULTILINE))
    assert asked <= known, asked - known
