"""Execution providers by name."""

from __future__ import annotations

import pytest

from vision.model_card import ModelError
from vision.providers import FULL_NAMES, checked, choose, present, session_providers, short_name


def test_auto_takes_the_quickest_that_is_here_but_never_tensorrt() -> None:
    assert choose("auto", ("cpu", "openvino")).name == "openvino"
    assert choose("auto", ("cpu", "openvino", "cuda", "tensorrt")).name == "cuda"
    assert choose("auto", ("cpu", "tensorrt")).name == "cpu"
    assert choose("auto", ("cpu",)).fallback is None


def test_one_asked_for_by_name_is_taken_or_told_of() -> None:
    assert choose("tensorrt", ("cpu", "tensorrt")).name == "tensorrt"
    missing = choose("openvino", ("cpu",))
    assert missing.name == "cpu"
    assert missing.fallback == (
        "provider openvino is not in this onnxruntime (present: cpu); using cpu: install onnxruntime-openvino"
    )


@pytest.mark.parametrize("name", ["", "gpu", "CPUExecutionProvider", "Cuda"])
def test_other_names_are_refused_with_those_known_and_present(name: str) -> None:
    with pytest.raises(ModelError, match=r"known: auto, cpu, openvino, cuda, tensorrt; present here: .*cpu"):
        checked(name)


def test_every_provider_has_the_cpu_behind_it_and_a_name_both_ways() -> None:
    assert "cpu" in present()
    for name, full in FULL_NAMES.items():
        wanted = session_providers(name, 3)
        assert wanted[-1] == "CPUExecutionProvider"
        assert full in (wanted[0], wanted[0][0])
        assert short_name(full) == name
    assert short_name("XyzExecutionProvider") == "XyzExecutionProvider"
    first = session_providers("openvino", 3)[0]
    assert first[1] == {"device_type": "CPU", "num_of_threads": "3", "precision": "FP32"}
