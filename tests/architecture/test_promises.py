"""Every promise of docs/safety.md names tests or proofs that exist, and limits that are keys of the machine file."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from pydantic import BaseModel

from robot.settings import RobotConfig

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "safety.md").read_text(encoding="utf-8")
REFERENCE = re.compile(r"`([\w./-]+)::(\w+)`")
CONFIG_KEY = re.compile(r"`([a-z_]+(?:\.[a-z_]+)+)`")


def promises() -> list[tuple[str, str]]:
    """Return each promise's heading and text; the last one ends where the next chapter begins."""
    parts = re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]
    pairs = [(part.partition("\n")[0], part.partition("\n")[2]) for part in parts]
    return [(heading, text) for heading, text in pairs if re.match(r"P\d+ ", heading)]


@cache
def names_in(path: Path) -> set[str]:
    """Return the tests of a Python file, or the functions that a C file defines."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)}
    return set(re.findall(r"^\w[\w\s*]*?\b(\w+)\([^;{]*\)\s*\{", text, flags=re.MULTILINE))


def config_has(model: type[BaseModel], keys: list[str]) -> bool:
    """Say whether a dotted key is one of the machine file."""
    field = model.model_fields.get(keys[0])
    if field is None:
        return False
    inner = field.annotation
    if len(keys) == 1:
        return True
    return isinstance(inner, type) and issubclass(inner, BaseModel) and config_has(inner, keys[1:])


def limits() -> Iterator[str]:
    """Return the dotted keys under each promise's Limit."""
    for _, text in promises():
        for limit in re.findall(r"^- \*\*Limit:\*\*(.*?)(?=^- |\Z)", text, flags=re.MULTILINE | re.DOTALL):
            yield from CONFIG_KEY.findall(limit)


def test_promises_are_numbered_in_order_without_gaps() -> None:
    numbers = [int(heading.split()[0].removeprefix("P")) for heading, _ in promises()]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 13, "every hazard of the design has its promise"


@pytest.mark.parametrize(("heading", "text"), promises(), ids=[h.split()[0] for h, _ in promises()])
def test_promise_says_what_it_promises_what_keeps_it_its_limit_and_what_holds_it(
    heading: str, text: str
) -> None:
    assert "- **Promise:** " in text, heading
    assert "- **Mechanism:** " in text, heading
    assert "- **Limit:** " in text, heading
    assert "- **Held by:**" in text, heading
    assert REFERENCE.search(text), f"{heading}: names no test and no proof"


@pytest.mark.parametrize(("file", "name"), sorted(set(REFERENCE.findall(TEXT))))
def test_named_test_or_proof_exists(file: str, name: str) -> None:
    path = ROOT / file
    assert path.is_file(), f"docs/safety.md names {file}, which is not there"
    assert name in names_in(path), f"docs/safety.md names {file}::{name}, which is not there"


@pytest.mark.parametrize("key", sorted(set(limits())))
def test_named_limit_is_a_key_of_the_machine_file(key: str) -> None:
    assert config_has(RobotConfig, key.split(".")), f"docs/safety.md names {key}, which is no key"


def test_a_name_that_is_not_there_would_be_found() -> None:
    here = names_in(Path(__file__))
    assert "test_named_test_or_proof_exists" in here
    assert "test_that_nobody_wrote" not in here
    assert not config_has(RobotConfig, ["controller", "no_such_limit"])
