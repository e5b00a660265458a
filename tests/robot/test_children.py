"""The processes beside the control process: started as the machine file says, and ended with it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import tomlkit

from robot.alerts.store import AlertStore
from robot.build import BuildError
from robot.children import free_port, page, page_arguments, sender
from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE, load_config
from robot.dashboard.__main__ import _parser
from tests.robot.alerts.conftest import HookServer, alert, hook

__all__ = ["hook"]


def test_the_page_takes_what_it_is_given() -> None:
    overrides = {"dashboard.names": ["robot1.farm"], "dashboard.port": 8123, "alerts.path": "a.sqlite"}
    options = _parser().parse_args(page_arguments(load_config(DEMO_MACHINE, overrides), DEMO_MACHINE, 8123))
    assert (options.port, options.allow_host, options.alerts) == (8123, ["robot1.farm"], Path("a.sqlite"))
    assert options.certificate is None


def test_a_certificate_goes_to_the_page() -> None:
    overrides = {"dashboard.certificate": "c.pem", "dashboard.private_key": "k.pem"}
    options = _parser().parse_args(page_arguments(load_config(DEMO_MACHINE, overrides), DEMO_MACHINE, 1))
    assert (options.certificate, options.private_key) == (Path("c.pem"), Path("k.pem"))


def test_what_the_machine_file_does_not_want_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", None)
    said: list[str] = []
    config = load_config(DEMO_MACHINE, {"dashboard.enabled": False})
    with page(config, DEMO_MACHINE, said.append), sender(config, DEMO_MACHINE):
        assert said == []


def test_a_taken_port_is_told_with_its_key() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = load_config(DEMO_MACHINE, {"dashboard.port": taken.getsockname()[1]})
        with pytest.raises(BuildError, match=r"dashboard\.port = \d+: cannot be had"):
            free_port(config.dashboard)


@pytest.mark.realtime
def test_the_senders_process_sends_and_ends_when_it_is_told(tmp_path: Path, hook: HookServer) -> None:
    store = AlertStore(tmp_path / "alerts.sqlite")
    store.keep([alert(1)])
    data = load_config(DEMO_MACHINE).model_dump(mode="json", exclude_unset=True)
    data["alerts"] = {"path": str(tmp_path / "alerts.sqlite"), "webhook": {"url": hook.url}}
    machine = tmp_path / "machine.toml"
    machine.write_text(tomlkit.dumps(data))
    command = [sys.executable, "-m", "bombus", "alerts", "send", "--config", str(machine)]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}
    )
    clock = MonotonicClock()
    until = clock.now() + 60.0
    while store.unsent("webhook") and clock.now() < until and process.poll() is None:
        clock.sleep_until(clock.now() + 0.05)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, len(hook.got)) == (0, 1), said
    assert "alerts sent" in said
    store.close()
