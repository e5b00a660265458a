"""Imports point down only: bombus -> sim -> robot -> {vision, firmware_bridge}."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {
    "vision": {"vision"},
    "firmware_bridge": {"firmware_bridge"},
    "robot": {"robot", "vision", "firmware_bridge"},
    "sim": {"sim", "robot", "vision", "firmware_bridge"},
    "bombus": {"bombus", "sim", "robot", "vision", "firmware_bridge"},
}
OURS = set(MAY_IMPORT)


def imported_packages(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("package", sorted(OURS))
def test_package_imports_only_what_lies_below_it(package: str) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted((ROOT / package).rglob("*.py"))
        for name in imported_packages(path.read_text())
        if (name in OURS and name not in MAY_IMPORT[package]) or name == "tests"
    ]
    assert not wrong


def test_robot_is_our_package_and_not_another_distributions() -> None:
    import robot

    assert Path(str(robot.__file__)).resolve().is_relative_to(ROOT)
