"""Reads a machine file: TOML into one frozen model; a mistake ends in one line with the remedy."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

import robot
from robot.settings import RobotConfig

DEMO_MACHINE = Path(robot.__path__[0]) / "machines" / "demo.toml"
Model = TypeVar("Model", bound=BaseModel)


class ConfigError(Exception):
    """The machine file is unusable; the text names file, key, value and remedy in one line."""


def load_config(path: Path, overrides: Mapping[str, object] | None = None) -> RobotConfig:
    """Read a machine file; `overrides` maps dotted keys ("row.length") to values that go before the file's.

    Raises ConfigError in one line.
    """
    return read_config(path, RobotConfig, "machine file", overrides)


def read_config(
    path: Path, model: type[Model], kind: str, overrides: Mapping[str, object] | None = None
) -> Model:
    """Read any of our TOML files into its `model`; `kind` names it in "name an existing ..."."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name an existing {kind}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not TOML ({error}); mend the file at that place") from error
    return _validated(_parsed(text, str(path)), overrides or {}, str(path), model)


def parse_config(text: str, name: str, overrides: Mapping[str, object] | None = None) -> RobotConfig:
    """Return the machine that TOML `text` describes; `name` is what a ConfigError calls it."""
    return _validated(_parsed(text, name), overrides or {}, name, RobotConfig)


def config_id(text: str) -> str:
    """Return the name of a machine file's content that people and programs compare."""
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def with_overrides(config: RobotConfig, overrides: Mapping[str, object]) -> RobotConfig:
    """Return the same machine with some values changed, checked like a file; raises ConfigError."""
    return _validated(config.model_dump(exclude_unset=True), overrides, "machine", RobotConfig)


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{name}: not TOML ({error}); mend the file at that place") from error


def _validated(data: dict[str, Any], overrides: Mapping[str, object], name: str, model: type[Model]) -> Model:
    for key, value in overrides.items():
        *sections, last = key.split(".")
        into = data
        for section in sections:
            into = into.setdefault(section, {})
            if not isinstance(into, dict):
                raise ConfigError(f"{name}: {section} = {_shown(into)}: must be a section, not a value")
        into[last] = value
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError(" ".join(f"{name}: {_in_one_line(error, model)}".split())) from error


def _in_one_line(error: ValidationError, model: type[BaseModel]) -> str:
    """Return the first problem as key, value, limit and remedy, and how many more there are."""
    problems = error.errors(include_url=False)
    first = problems[0]
    loc = first["loc"]
    key = ".".join(str(part) for part in loc)
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    if first["type"] == "extra_forbidden":
        guess = get_close_matches(str(loc[-1]), _known_keys(model, loc[:-1]), n=1, cutoff=0.5)
        hint = (
            f"did you mean '{guess[0]}'?" if guess else f"known are {', '.join(_known_keys(model, loc[:-1]))}"
        )
        return f"{key} = {_shown(first['input'])}: unknown key; {hint}{more}"
    if first["type"] == "missing":
        return f"{key}: missing; add it{more}"
    message = first["msg"].removeprefix("Value error, ").replace("\n", " ")
    return f"{key} = {_shown(first['input'])}: {message}{more}" if key else message + more


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _known_keys(model: type[BaseModel], loc: Sequence[int | str]) -> list[str]:
    """Return the keys of the section of `model` at `loc`."""
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:
            kind = model.model_fields[part].annotation
            inner = [kind, *get_args(kind)]
            model = next((k for k in inner if isinstance(k, type) and issubclass(k, BaseModel)), model)
    return list(model.model_fields)
