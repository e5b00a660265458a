"""A row's settings: what is wrong is said with the key, the value and the remedy."""

from __future__ import annotations

import tomllib

import pytest
from pydantic import ValidationError

from sim.world_config import WorldConfig


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("stems_per_metre = 3", ["stems_per_metre", "Extra inputs"]),
        ("row_length_m = -1", ["row_length_m", "-1", "greater than"]),
        ("row_length_m = nan", ["row_length_m", "nan", "finite"]),
        ("flowers_per_truss = [9, 6]", ["flowers_per_truss", "[9, 6]", "must not be above"]),
        ("flowers_per_truss = [1, 2]\nopen_per_truss = [2, 2]", ["flowers_per_truss", "raise it"]),
        ("flowers_per_truss = [0, 2]", ["flowers_per_truss", "greater than or equal to 1"]),
        ('light = "candle"', ["light", "candle", "diffuse"]),
    ],
)
def test_a_bad_row_is_refused_and_says_why(text: str, parts: list[str]) -> None:
    with pytest.raises(ValidationError) as refused:
        WorldConfig.model_validate(tomllib.loads(text))
    assert all(part in str(refused.value) for part in parts), str(refused.value)


def test_every_key_is_described() -> None:
    assert all(field.description for field in WorldConfig.model_fields.values())
