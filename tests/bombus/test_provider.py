"""`detector.provider` from the machine file to what the user is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from robot.config import DEMO_MACHINE, ConfigError, load_config
from robot.recording_reader import Recording
from robot.settings import SHIPPED_MODEL
from sim.replay_setting import Setting, detector_of


@pytest.fixture
def machine(tmp_path: Path) -> Callable[[str], Path]:
    """Write the demo machine with inference somewhere else."""

    def written(provider: str) -> Path:
        path = tmp_path / "machine.toml"
        path.write_text(
            DEMO_MACHINE.read_text().replace("[detector]", f'[detector]\nprovider = "{provider}"')
        )
        return path

    return written


def test_doctor_tells_where_inference_runs_and_why_not_elsewhere(
    bombus: Callable[..., Any], machine: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: ["CPUExecutionProvider"])
    for provider, wanted in (
        ("auto", "flowers-6 on cpu; flowers.onnx loads and runs"),
        ("cuda", "flowers-6 on cpu (provider cuda is not in this onnxruntime (present: cpu); using cpu"),
    ):
        done = bombus("doctor", "--config", machine(provider), "--json")
        checks = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
        assert checks["detector"]["ok"]
        assert wanted in checks["detector"]["detail"]


def test_a_model_name_with_brackets_is_shown_as_it_is(
    bombus: Callable[..., Any], tmp_path: Path, machine: Callable[[str], Path]
) -> None:
    model = tmp_path / "other.onnx"
    model.write_bytes(SHIPPED_MODEL.read_bytes())
    card = json.loads(SHIPPED_MODEL.with_suffix(".json").read_text())
    model.with_suffix(".json").write_text(json.dumps(card | {"name": "[/red]"}))
    path = machine("cpu")
    path.write_text(path.read_text().replace("[detector]", f'[detector]\nmodel = "{model}"'))
    assert "[/red] on cpu" in " ".join(bombus("doctor", "--config", path).stderr.split())


def test_an_unknown_provider_in_the_machine_file_is_refused(
    bombus: Callable[..., Any], machine: Callable[[str], Path]
) -> None:
    done = bombus("doctor", "--config", machine("openvin"))
    assert done.returncode == 2
    assert "provider" in done.stderr and "did you mean openvino?" in done.stderr
    assert "present here: cpu" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    with pytest.raises(ConfigError, match="openvin"):
        load_config(machine("openvin"))


def test_a_replay_on_another_provider_says_so() -> None:
    def note(provider: str) -> str:
        header = SimpleNamespace(model_sha256="", extra={"provider": provider})
        recording = cast(Recording, SimpleNamespace(header=header))
        return detector_of(recording, load_config(DEMO_MACHINE, {"detector.provider": "cpu"}), Setting())[1]

    assert note("openvino") == "recorded with inference on openvino, replayed on cpu: last digits may differ"
    assert note("cpu") == note("") == ""
