"""The reading of the core by cppcheck and MISRA's rules: nothing beyond the reviewed list, nothing stale in it."""

import shutil
from pathlib import Path

import pytest

from firmware_bridge.proofs.lint import Entry, Finding, entries, judge, main, parsed

LISTED = "[[deviation]]\nrule = '1.1'\nabout = 'an example'\nwhy = 'so'\n"
BRACES = Finding("misra-c2012-15.6", "fire.c", 12, "misra violation")


def test_the_reviewed_list_names_each_rule_once_and_gives_each_a_reason() -> None:
    listed = entries()
    assert len({entry.name for entry in listed}) == len(listed) > 10


def test_finding_in_a_header_counts_once_however_many_files_include_it() -> None:
    row = "misra-c2012-2.4\t/somewhere/protocol.h\t14\tmisra violation\n"
    assert parsed(f"{row}{row}noise\nmissingIncludeSystem\t\t0\tremark\n") == [
        Finding("misra-c2012-2.4", "protocol.h", 14, "misra violation")
    ]


def test_rule_that_is_broken_and_not_listed_fails_naming_the_place() -> None:
    assert judge([BRACES], []) == ["fire.c:12: misra-c2012-15.6: misra violation"]
    assert judge([BRACES], [Entry("misra-c2012-15.6", "braces", ("core.c",))])[0].startswith("fire.c:12")


def test_rule_that_is_listed_and_not_broken_fails() -> None:
    assert judge([BRACES], [Entry("misra-c2012-15.6", "braces", ())]) == []
    (fault,) = judge([], [Entry("misra-c2012-15.6", "braces", ())])
    assert "nowhere broken any more" in fault
    (fault,) = judge([BRACES], [Entry("misra-c2012-15.6", "braces", ("core.c", "fire.c"))])
    assert "not broken any more in core.c" in fault


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[deviation]]\nrule = '1.1'\n", "gives no reason"),
        (f"{LISTED}{LISTED}", "listed twice"),
    ],
)
def test_list_that_says_too_little_or_too_much_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "misra.toml"
    path.write_text(text)
    with pytest.raises(SystemExit, match=complaint):
        entries(path)


def test_missing_tool_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "cppcheck" else name)
    assert main([]) == 2
    assert capsys.readouterr().err == "no cppcheck: apt-get install cppcheck\n"


def test_words_after_the_command_are_wrong_use() -> None:
    assert main(["--all"]) == 2
