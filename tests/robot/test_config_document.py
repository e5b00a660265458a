from pathlib import Path

from robot.config_document import document
from robot.settings import RobotConfig

PAGE = Path(__file__).resolve().parents[2] / "docs" / "config.md"


def test_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), (
        "run: python -m robot.config_document > docs/config.md"
    )


def test_every_section_and_key_is_on_the_page() -> None:
    page = document()
    for section in RobotConfig.model_fields:
        assert f"## {section}" in page or f"`{section}`" in page
    for key in ("commit_distance", "ticks_per_m", "horizontal_fov_deg", "heartbeat_s", "first_nozzle"):
        assert f"| `{key}` |" in page


def test_every_key_has_a_meaning() -> None:
    lines = [line for line in document().splitlines() if line.startswith("| `")]
    assert [line for line in lines if line.rstrip(" |").endswith(("``", "|"))] == []
    assert len(lines) > 120
