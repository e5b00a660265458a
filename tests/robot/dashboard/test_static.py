"""The page's files: nothing from elsewhere, nothing inline, a word for everything, in every language."""

import json
import re
from pathlib import Path

import pytest

from robot.alerts.catalogue import MISSION_WAITS
from robot.dashboard.server import MEDIA_TYPES, PAGES, STATIC
from robot.faults import FAULTS, Severity
from robot.ledger import PulseState
from robot.refusals import COMMAND_REFUSALS
from robot.types import CommandName, Mode, Reason

FILES = sorted(STATIC.iterdir())
VENDORED = {"uplot.js", "uplot.css"}
"""As their authors built them."""
SCRIPTS = [
    path
    for path in FILES
    if path.suffix == ".js" and not path.name.startswith("words_") and path.name not in VENDORED
]
LANGUAGES = ("en", "nl", "es", "fr")
ENTRY = re.compile(r'^  ([a-z_0-9]+): ("(?:[^"\\]|\\.)*"),$', re.MULTILINE)
SAME_IN_ALL = {
    "stop",
    "said_stop",
    "share",
    "lag",
    "seconds",
    "minutes",
    "coverage_value",
    "row_sides_sum",
    "chart_weeks",
    "job_line",
}
"""Texts that hold next to no words, or a word that every language uses."""


def words_of(language: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in STATIC.glob(f"words_{language}_*.js"):
        text = path.read_text(encoding="utf-8")
        entries = ENTRY.findall(text)
        assert len(entries) == text.count("\n") - 3, f"{path.name}: one text a line"
        assert not found.keys() & {key for key, _ in entries}, f"{path.name}: a key twice"
        found |= {key: json.loads(value) for key, value in entries}
    return found


WORDS = {language: words_of(language) for language in LANGUAGES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_names_no_other_server(path: Path) -> None:
    found = set(re.findall(r"https?://[^\s\"')]+", path.read_text()))
    assert found <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_file_is_short_and_served(path: Path) -> None:
    assert path.suffix in MEDIA_TYPES
    text = path.read_text()
    assert text.count("\n") <= 300
    assert not re.search(r"^(<<<<<<<|=======|>>>>>>>)", text, re.MULTILINE)


def test_what_others_made_keeps_its_licence_and_asks_nobody() -> None:
    text = (STATIC / "uplot.js").read_text()
    assert "The MIT License" in text and "Leon Sorokin" in text
    assert not re.search(r"\bfetch\(|XMLHttpRequest|WebSocket|\beval\(|new Function", text)


def test_the_page_has_no_inline_script_or_style() -> None:
    page = (STATIC / "index.html").read_text()
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", page)


@pytest.mark.parametrize("key", [f"reason_{reason}" for reason in Reason])
def test_every_reason_has_a_text(key: str) -> None:
    assert key in WORDS["en"]


@pytest.mark.parametrize("key", [f"mode_{mode}" for mode in Mode] + [f"severity_{one}" for one in Severity])
def test_every_mode_and_severity_has_a_text(key: str) -> None:
    assert key in WORDS["en"]


@pytest.mark.parametrize("name", list(CommandName))
def test_every_command_has_a_word_for_who_pressed_it_and_for_the_log(name: CommandName) -> None:
    assert {f"said_{name}", f"did_{name}"} <= WORDS["en"].keys()


def test_every_fault_is_told_in_the_words_of_the_table_and_its_detail_stands_behind_the_first_colon() -> None:
    for code, told in FAULTS.items():
        assert WORDS["en"][f"fault_{code.value}"] == told.text
        assert WORDS["en"][f"remedy_{code.value}"] == told.remedy
        assert ": " not in told.text


def test_every_refusal_of_a_command_is_told_in_the_words_of_the_table() -> None:
    for code, why in COMMAND_REFUSALS.items():
        assert WORDS["en"][f"refusal_{code}"] == f"{why.text}. {why.remedy}."


def test_every_wait_of_the_mission_is_told_in_the_words_of_the_table() -> None:
    for code, told in MISSION_WAITS.items():
        assert WORDS["en"][f"wait_{code}"] == f"{told.text}. {told.remedy}."


@pytest.mark.parametrize("state", [*PulseState, "arming", "firing", "disarming"])
def test_every_state_of_a_valve_test_has_a_text(state: str) -> None:
    assert f"valve_state_{state}" in WORDS["en"]


def asked_keys() -> set[str]:
    """Return the keys that the scripts name outright."""
    return {
        key
        for path in SCRIPTS
        for key in re.findall(r"(?:\bt\(|\bset\(|title: |[^.]\badd\()\"([a-z_]+)\"", path.read_text())
    }


def test_every_text_that_the_page_asks_for_exists() -> None:
    assert asked_keys() <= WORDS["en"].keys(), asked_keys() - WORDS["en"].keys()


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_every_language_has_every_text_with_the_same_values(language: str) -> None:
    words = WORDS[language]
    assert words.keys() == WORDS["en"].keys()
    for key, text in words.items():
        values, others = (set(re.findall(r"\{\w+\}", one)) for one in (text, WORDS["en"][key]))
        assert values == others, (language, key)
        assert text.strip() == text and text


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_no_sentence_is_left_untranslated(language: str) -> None:
    same = {key for key, text in WORDS[language].items() if text == WORDS["en"][key]}
    sentences = {
        key for key in same - SAME_IN_ALL if len(re.sub(r"\{\w+\}", "", WORDS["en"][key]).split()) > 1
    }
    assert not sentences


def test_no_text_for_people_stands_in_a_script() -> None:
    """A sentence between quotes in a script would be in one language only."""
    loose = []
    for path in SCRIPTS:
        code = re.sub(r"^\s*(?://|/?\*).*$", "", path.read_text(), flags=re.MULTILINE)
        for text in re.findall(
            r'(?:make|say|append|replaceChildren|draw)\([^;\n]*?"([A-Z][a-z]+ [a-z][^"]*)"', code
        ):
            loose.append((path.name, text))
    assert not loose


def test_the_switch_and_the_early_script_know_the_same_languages() -> None:
    early, strings = ((STATIC / name).read_text() for name in ("early.js", "strings.js"))
    known = re.search(r"const known = (\[.*\]);", early)
    assert known is not None and tuple(json.loads(known[1])) == LANGUAGES
    offered = re.search(r"LANGUAGES = \{(.*)\};", strings)
    assert offered is not None and tuple(re.findall(r"(\w+):", offered[1])) == LANGUAGES
    areas = [re.search(r"(?:AREAS = |of )(\[\"robot.*?\])", text) for text in (early, strings)]
    assert len({match[1] for match in areas if match is not None}) == 1
    assert None not in areas


def test_every_page_of_the_server_is_one_of_the_scripts() -> None:
    table = (STATIC / "pages.js").read_text()
    assert set(re.findall(r'^  "(/[a-z-]*)": \{', table, re.MULTILINE)) == set(PAGES)
    for title, module in re.findall(r'title: "(\w+)", module: "\./(\w+\.js)"', table):
        assert title in WORDS["en"]
        assert (STATIC / module).is_file()
