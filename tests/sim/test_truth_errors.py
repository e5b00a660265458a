import json
from pathlib import Path

import pytest

from robot.config import ConfigError
from sim.truth_errors import SHIPPED, load_errors


def test_the_shipped_errors_are_measured_not_assumed() -> None:
    errors = load_errors()
    assert errors.measured_by.startswith("bombus measure detector")
    assert all(0.5 < share <= 1.0 for share in errors.found)
    assert all(errors.misread[k][k] > 0.7 for k in range(3))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"found": [0.5, 0.5, 1.5]}, "found"),
        ({"misread": [[0.5, 0, 0], [0, 1, 0], [0, 0, 1]]}, "misread of bud sums to 0.5"),
        ({"certainty": [[0.1, 0.5]]}, "certainty"),
        ({"wrong_key": 1}, "wrong_key"),
    ],
)
def test_errors_that_cannot_be_used_are_told_in_one_line(
    change: dict[str, object], told: str, tmp_path: Path
) -> None:
    path = tmp_path / "detector.json"
    path.write_text(json.dumps(json.loads(SHIPPED.read_text()) | change))
    with pytest.raises(ConfigError, match=told) as caught:
        load_errors(path)
    assert "\n" not in str(caught.value) and "bombus measure detector" in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_errors(tmp_path / "none.json")
