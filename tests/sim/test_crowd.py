"""The crowd asks this computer alone, in bounds, and counts what it got; how fast the page is, no test judges."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from sim import crowd

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("url", "viewers", "rate", "seconds", "named"),
    [
        ("http://192.0.2.1:8080/", 1, 1.0, 1.0, "--url"),
        ("http://127.0.0.1/", 1, 1.0, 1.0, "--url"),
        ("http://127.0.0.1:8080/live", 1, 1.0, 1.0, "--url"),
        ("http://127.0.0.1:8080/", 99, 1.0, 1.0, "--viewers 99"),
        ("http://127.0.0.1:8080/", 1, 1e6, 1.0, "--rate 1e+06"),
        ("http://127.0.0.1:8080/", 1, 1.0, float("nan"), "--seconds nan"),
    ],
)
def test_what_is_not_this_computers_or_has_no_bound_is_not_asked(
    url: str, viewers: int, rate: float, seconds: float, named: str
) -> None:
    assert named in crowd.wrong_use(url, viewers, rate, seconds)


def test_wrong_use_ends_with_2_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert crowd.main(["--url", "http://example.com:80/"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.realtime
def test_hostile_requests_are_all_refused_and_none_breaks_the_page(tmp_path: Path) -> None:
    options = [
        "--socket",
        tmp_path / "t",
        "--ledger",
        tmp_path / "l",
        "--accounts",
        tmp_path / "a",
        "--port",
        0,
    ]
    command = [sys.executable, "-m", "robot.dashboard", *(str(one) for one in options)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdout=pipe, stderr=subprocess.DEVNULL, text=True) as board:
        assert board.stdout is not None
        url = board.stdout.readline().split()[-1]
        for _ in range(20):  # a busy machine may answer nobody in the first second
            told = asyncio.run(crowd.crowd(url, viewers=1, rate=200.0, seconds=1.0))
            if told["answers"] and told["states"]:
                break
        board.terminate()
    answers = told["answers"]
    assert isinstance(answers, dict) and told["states"] and told["lost_tabs"] == 0
    assert answers and set(answers) <= {"400", "401", "403", "404", "405", "413", "422", "429", "503"}
