"""Starting the dashboard: where it listens, what it says, and one line with a remedy for what it cannot do."""

import re
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
import uvicorn

from robot.dashboard.__main__ import DashboardError, listen, main
from tests.robot.certificates import self_signed


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


def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> tuple[str, int]:
    """Start until the server would run; return the address it listens at."""
    listened: list[tuple[str, int]] = []

    def run(server: uvicorn.Server, sockets: list[socket.socket]) -> None:
        listened.append(sockets[0].getsockname()[:2])
        for one in sockets:
            one.close()

    monkeypatch.setattr(uvicorn.Server, "run", run)
    assert main(arguments(tmp_path, "--port", "0", *more)) == 0
    return listened[0]


def test_without_an_admin_it_listens_on_this_machine_only_and_prints_the_link(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    host, port = start(tmp_path, monkeypatch, "--host", "0.0.0.0")
    said = capsys.readouterr()
    assert host == "127.0.0.1"
    assert said.out == f"dashboard: http://127.0.0.1:{port}/\n"
    link, where = said.err.splitlines()
    assert re.fullmatch(rf"dashboard: .*: http://127\.0\.0\.1:{port}/setup#[A-Z2-9]{{4}}-[A-Z2-9]{{4}}", link)
    assert "until there is an admin" in where


def test_with_an_admin_it_opens_and_warns_where_passwords_can_be_read(
    tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(filled, tmp_path / "a")
    host, _ = start(tmp_path, monkeypatch, "--host", "0.0.0.0")
    said = capsys.readouterr()
    assert host == "0.0.0.0"
    assert said.err.startswith("dashboard: without TLS passwords can be read") and said.err.count("\n") == 1
    assert "setup#" not in said.err + said.out


def test_on_this_machine_with_an_admin_there_is_nothing_to_say(
    tmp_path: Path, filled: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(filled, tmp_path / "a")
    start(tmp_path, monkeypatch)
    assert capsys.readouterr().err == ""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key."""
    return self_signed(tmp_path_factory.mktemp("tls"))


def test_with_a_certificate_the_page_is_served_by_https_with_a_secure_cookie(
    tmp_path: Path, filled: Path, pair: tuple[Path, Path]
) -> None:
    shutil.copy(filled, tmp_path / "a")
    options = ["--port", "0", "--certificate", str(pair[0]), "--private-key", str(pair[1])]
    command = [sys.executable, "-m", "robot.dashboard", *arguments(tmp_path, *options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        assert url.startswith("https://127.0.0.1:")
        body = {"name": "the viewer", "password": "blue ladder tomato"}
        trust = ssl.create_default_context(cafile=str(pair[0]))
        answer = httpx.post(f"{url}api/v1/session", json=body, verify=trust, timeout=10)
        process.terminate()
    assert answer.status_code == 200
    assert answer.headers["set-cookie"].startswith("__Host-bombus-")
    assert "; Secure" in answer.headers["set-cookie"]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--certificate", "{cert}"], "belong together"),
        (["--private-key", "{key}"], "belong together"),
        (["--certificate", "{key}", "--private-key", "{key}"], "not PEM, or not one pair"),
        (["--certificate", "/no/such", "--private-key", "{key}"], "No such file"),
        (["--accounts", "/dev/null/a"], "check the disk"),
        (["--accounts", "{cert}"], "accounts file"),
    ],
)
def test_files_that_do_not_fit_end_in_one_line_and_exit_1(
    tmp_path: Path,
    pair: tuple[Path, Path],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    told: str,
) -> None:
    filled_in = [option.format(cert=pair[0], key=pair[1]) for option in options]
    assert main(arguments(tmp_path, "--port", "0", *filled_in)) == 1
    said = capsys.readouterr().err
    assert told in said and said.count("\n") == 1
