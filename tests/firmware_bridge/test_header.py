import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_bridge import header
from firmware_bridge.core_build import CORE_SOURCES

FIRMWARE = Path(header.__file__).parent / "firmware"


def test_generated_header_and_document_are_current() -> None:
    assert header.stale() == [], "run: python -m firmware_bridge.header"


def test_check_names_what_is_stale(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert header.main(["--check"]) == 0
    monkeypatch.setattr(header, "HEADER", tmp_path / "protocol.h")
    assert header.main(["--check"]) == 1
    assert "protocol.h" in capsys.readouterr().err
    monkeypatch.setattr(header, "DOCUMENT", tmp_path / "docs" / "protocol.md")
    assert header.main([]) == 0
    assert header.main(["--check"]) == 0


def test_other_arguments_are_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert header.main(["--wrong"]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
@pytest.mark.parametrize("source", [*CORE_SOURCES, "board", "board_virtual", "board_host"])
def test_source_compiles_without_a_warning(source: str, tmp_path: Path) -> None:
    flags = ["-std=c11", "-Wall", "-Wextra", "-Wshadow", "-Wconversion", "-Werror", "-O2", "-c"]
    command = ["gcc", *flags, str(FIRMWARE / f"{source}.c"), "-o", str(tmp_path / "x.o")]
    subprocess.run(command, check=True, timeout=60)


@pytest.mark.skipif(shutil.which("nm") is None, reason="needs nm")
@pytest.mark.parametrize("source", CORE_SOURCES)
def test_core_has_no_globals_and_calls_nothing_but_itself(source: str, tmp_path: Path) -> None:
    compiled = tmp_path / "x.o"
    command = ["gcc", "-std=c11", "-O2", "-c", str(FIRMWARE / f"{source}.c"), "-o", str(compiled)]
    subprocess.run(command, check=True, timeout=60)
    symbols = subprocess.run(["nm", str(compiled)], check=True, capture_output=True, text=True, timeout=60)
    rows = [line.split()[-2:] for line in symbols.stdout.splitlines()]
    assert [name for kind, name in rows if kind in "bBdDC"] == []
    undefined = {name for kind, name in rows if kind == "U" and not name.startswith("bb_")}
    assert undefined <= {"memset", "memcpy", "memmove", "_GLOBAL_OFFSET_TABLE_", "__stack_chk_fail"}
