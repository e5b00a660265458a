"""The unit files: systemd's own check, its security score, and that they run what this repository has."""

import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bombus.cli import app
from robot.config_handover import REQUEST

UNITS = Path(__file__).resolve().parents[2] / "packaging" / "systemd"
SERVICES = sorted(UNITS.glob("*.service"))
SYSTEM = Path("/usr/lib/systemd/system")
WORST_SCORE = {"bombus.service": 20, "bombus-dashboard.service": 13, "bombus-alerts.service": 13}
WORST_SCORE["bombus-home-assistant.service"] = 13
WORST_SCORE["bombus-config.service"] = 13
"""systemd's exposure times ten; 10 is the best a service with a network can do."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None or not SYSTEM.is_dir(), reason="systemd is not installed"
)


class Unit(configparser.RawConfigParser):
    """A unit file: keys keep their case, and the last of several wins."""

    def __init__(self, path: Path) -> None:
        super().__init__(strict=False)
        self.read(path)

    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A root with systemd's own units, ours, and something at each path that they run."""
    folder = tmp_path_factory.mktemp("root")
    shutil.copytree(SYSTEM, folder / "usr/lib/systemd/system", symlinks=True)
    for program in ("opt/bombus/bin/bombus", "bin/kill"):
        path = folder / program
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    for unit in UNITS.iterdir():
        shutil.copy(unit, folder / "usr/lib/systemd/system")
    yield folder


@needs_systemd
def test_systemd_finds_nothing_wrong(root: Path) -> None:
    command = [
        "systemd-analyze",
        "verify",
        "--man=no",
        f"--root={root}",
        *(path.name for path in UNITS.iterdir()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    ours = [line for line in done.stderr.splitlines() if "bombus" in line]
    assert (done.returncode, ours) == (0, []), done.stderr


@needs_systemd
@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_systemd_scores_it_well_confined(service: Path) -> None:
    worst = WORST_SCORE[service.name]
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={worst}", str(service)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_it_runs_a_command_that_there_is(service: Path) -> None:
    words = shlex.split(Unit(service)["Service"]["ExecStart"])
    assert words[0] == "/opt/bombus/bin/bombus"
    assert words[-2:] == ["--config", "/etc/bombus/machine.toml"]
    before_options = [word for word in words[1:-2] if not word.startswith("--")]
    shown = CliRunner().invoke(app, [*before_options, "--help"])
    assert shown.exit_code == 0, shown.output
    for option in (word for word in words if word.startswith("--")):
        assert option in re.sub(r"\x1b\[[\d;]*m", "", shown.output)


def test_the_control_process_is_watched_and_a_wrong_machine_file_does_not_loop() -> None:
    service = Unit(UNITS / "bombus.service")["Service"]
    assert (service["Type"], service["NotifyAccess"]) == ("notify", "main")
    assert float(service["WatchdogSec"]) <= 5
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == "2"


def test_the_page_has_an_account_of_its_own_and_no_device() -> None:
    control, page = (Unit(UNITS / name)["Service"] for name in ("bombus.service", "bombus-dashboard.service"))
    assert page["User"] != control["User"]
    assert page["PrivateDevices"] == "yes"
    assert "DeviceAllow" not in page
    for service in SERVICES:
        assert Unit(service)["Service"]["User"] != "root"


def test_the_page_asks_for_a_machine_file_and_another_account_writes_it() -> None:
    page, writer = (
        Unit(UNITS / f"{name}.service")["Service"] for name in ("bombus-dashboard", "bombus-config")
    )
    watched = Path(Unit(UNITS / "bombus-config.path")["Path"]["PathExists"])
    for service in (page, writer):
        words = shlex.split(service["ExecStart"])
        assert Path(words[words.index("--handover") + 1]) == watched.parent
        assert str(watched.parent) in service["ReadWritePaths"]
    assert watched.name == REQUEST
    assert "/etc/bombus" in writer["ReadWritePaths"] and "/etc/bombus" not in page["ReadWritePaths"]
    assert writer["User"] not in {page["User"], "root"}
    made = (UNITS.parent / "debian" / "tmpfiles.conf").read_text()
    assert f"d {watched.parent} 2770 {writer['User']} {writer['Group']} -" in made
