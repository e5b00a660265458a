"""Starting the dashboard: a port that is taken ends in one line with a remedy."""

import socket
from pathlib import Path

import pytest

from robot.dashboard.__main__ import DashboardError, listen, main


def arguments(tmp_path: Path, *more: str) -> list[str]:
    return [
        "--socket",
        str(tmp_path / "s"),
        "--ledger",
        str(tmp_path / "l"),
        "--accounts",
        str(tmp_path / "a"),
        *more,
    ]


def test_a_taken_port_ends_in_one_line_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert main(arguments(tmp_path, "--port", str(port))) == 1
    said = capsys.readouterr()
    assert (
        said.err
        == f"dashboard: port {port} is taken; stop the program that uses it, or choose another with --port\n"
    )
    assert not said.out


@pytest.mark.parametrize("host", ["no.such.host.invalid", "203.0.113.1"])
def test_a_host_that_is_not_ours_is_told(host: str) -> None:
    with pytest.raises(DashboardError, match="check --host"):
        listen(host, 0)


def test_port_0_takes_a_free_one() -> None:
    with listen("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0


@pytest.mark.parametrize("port", ["-1", "65536", "eighty", "8080.5"])
def test_a_port_that_is_none_is_refused(
    tmp_path: Path, port: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments(tmp_path, f"--port={port}"))
    assert ended.value.code == 2
    assert "give a port from 0 to 65535" in capsys.readouterr().err
