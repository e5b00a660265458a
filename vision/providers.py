"""Where inference runs: execution providers by short names, which of them are here, and what to fall back to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from vision.model_card import ModelError

AUTO: Final = "auto"
CPU: Final = "cpu"

FULL_NAMES: Final[Mapping[str, str]] = {
    "cpu": "CPUExecutionProvider",
    "openvino": "OpenVINOExecutionProvider",
    "cuda": "CUDAExecutionProvider",
    "tensorrt": "TensorrtExecutionProvider",
}
"""onnxruntime's names by ours."""

INSTALL: Final[Mapping[str, str]] = {
    "openvino": "onnxruntime-openvino",
    "cuda": "onnxruntime-gpu",
    "tensorrt": "onnxruntime-gpu and TensorRT",
}
"""What brings a provider; it replaces the package onnxruntime."""

AUTO_ORDER: Final = ("cuda", "openvino", "cpu")
"""What "auto" tries. TensorRT builds an engine for minutes at the first start: it must be asked for by name."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The provider to load with, and why it is not the one asked for (None when it is)."""

    name: str
    fallback: str | None = None


def present() -> tuple[str, ...]:
    """Return the known providers that the installed onnxruntime was built with, by short name."""
    import onnxruntime as ort  # slow to load, and the machine file alone does not need it

    built = ort.get_available_providers()
    return tuple(name for name, full in FULL_NAMES.items() if full in built)


def checked(name: str) -> str:
    """Return `name` when it is "auto" or a known provider; raises ModelError."""
    known = (AUTO, *FULL_NAMES)
    if name in known:
        return name
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ModelError(
        f"provider {name!r} is not known; {hint}known: {', '.join(known)}; present here: {', '.join(present())}"
    )


def choose(name: str, here: tuple[str, ...] | None = None) -> Chosen:
    """Return what to load with for a setting; an absent provider gives way to the CPU and says so."""
    name = checked(name)
    here = present() if here is None else here
    if name == AUTO:
        return Chosen(next((one for one in AUTO_ORDER if one in here), CPU))
    if name in here:
        return Chosen(name)
    remedy = f"install {INSTALL[name]}" if name in INSTALL else "install onnxruntime"
    return Chosen(
        CPU,
        f"provider {name} is not in this onnxruntime (present: {', '.join(here)}); using {CPU}: {remedy}",
    )


def session_providers(name: str, threads: int) -> list[str | tuple[str, dict[str, Any]]]:
    """Return onnxruntime's list for a session: the provider with its options, then the CPU for the rest."""
    cpu = FULL_NAMES[CPU]
    if name == CPU:
        return [cpu]
    if name == "openvino":
        # fp32 on purpose: OpenVINO would take bf16 where the processor has it, and scores would move.
        return [
            (FULL_NAMES[name], {"device_type": "CPU", "num_of_threads": str(threads), "precision": "FP32"}),
            cpu,
        ]
    if name == "tensorrt":
        return [(FULL_NAMES[name], {"trt_engine_cache_enable": "1"}), FULL_NAMES["cuda"], cpu]
    return [FULL_NAMES[name], cpu]


def short_name(full: str) -> str:
    """Return our name of onnxruntime's."""
    return next((name for name, other in FULL_NAMES.items() if other == full), full)
