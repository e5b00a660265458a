"""The detector beside others and on each provider, with very few runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from bombus.bench_models import compare_models, compare_providers, model_rows, provider_rows
from robot.settings import SHIPPED_MODEL


def test_the_detector_is_timed_beside_its_rivals() -> None:
    result = compare_models(SHIPPED_MODEL, 1, 2)
    assert list(result["ms"]) == [
        "flowers-6",
        "YOLOX-nano, architecture with random weights",
        "HSV threshold, no stages",
    ]
    for timed in result["ms"].values():
        assert 0 < timed["min_ms"] <= timed["p50_ms"] <= timed["p99_ms"]
    assert (result["input"], result["note"]) == ([640, 384], "")
    assert len(model_rows(result)) == 3


def test_without_what_builds_the_rival_it_is_skipped_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vision.rivals.can_build", lambda: False)
    result = compare_models(SHIPPED_MODEL, 1, 1)
    assert list(result["ms"]) == ["flowers-6", "HSV threshold, no stages"]
    assert "is skipped: it needs onnx; install with: pip install 'bombus[train]'" in result["note"]


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_each_provider_is_timed_or_said_to_be_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    here = ["OpenVINOExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: here)
    result = compare_providers(SHIPPED_MODEL, 1, 1)
    assert list(result["ms"]) == ["cpu"] and result["ms"]["cpu"]["score_difference"] == 0.0
    assert list(result["did_not_start"]) == ["openvino"], "this build only claims to have it"
    assert result["absent"] == ["cuda", "tensorrt"]
    rows = provider_rows(result)
    assert "scores within 0.0e+00 of cpu" in str(rows["cpu"])
    assert str(rows["openvino"]).startswith("did not start: provider openvino")
    assert rows["cuda"] == "not in this onnxruntime"


@pytest.mark.slow
def test_bench_prints_one_json_object_with_all_of_it(bombus: Callable[..., Any]) -> None:
    done = bombus("bench", "--frames", 20, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {"stages", "frames", "image", "model", "threads", "machine", "link"} < set(told)
    assert len(told["rivals"]["ms"]) == 3 and "cpu" in told["providers"]["ms"]
