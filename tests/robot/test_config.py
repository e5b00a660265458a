import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from robot.config import DEMO_MACHINE, ConfigError, load_config, with_overrides
from robot.settings import RobotConfig

DEMO = load_config(DEMO_MACHINE)


def test_demo_machine_has_the_geometry_it_promises() -> None:
    left = DEMO.cameras[0].model()
    assert (left.fx, left.fy) == pytest.approx((409.6, 409.6), abs=0.1)
    assert (left.cx, left.cy) == (319.5, 191.5)
    assert (left.s_offset, left.h, left.d) == (0.45, 1.6, -0.10)
    assert DEMO.banks["left"].height(31) == pytest.approx(1.8325)
    assert DEMO.banks["right"].first_nozzle == 32
    assert DEMO.sides == ("left", "right")
    assert DEMO.machine.ticks_per_m == 10_000


def test_every_number_of_the_demo_machine_file_has_a_comment_somewhere_near() -> None:
    assumed = DEMO_MACHINE.read_text().count("(assumed")
    assert assumed >= 15


def test_overrides_go_before_the_file() -> None:
    config = load_config(DEMO_MACHINE, {"row.length": 12.5, "drive.cruise_speed": 0.2})
    assert (config.row.length, config.drive.cruise_speed) == (12.5, 0.2)
    assert with_overrides(config, {"row.length": 3.0}).drive.cruise_speed == 0.2


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("row.lenght", 3, ["row.lenght = 3", "did you mean 'length'"]),
        ("planer", {}, ["planer", "did you mean 'planner'"]),
        ("xyzzy", 1, ["unknown key", "known are name, row"]),
        ("drive.cruise_speed", 9, ["drive.cruise_speed = 9", "less than or equal to 0.5"]),
        ("drive.cruise_speed", float("nan"), ["drive.cruise_speed = nan", "finite"]),
        ("row.length", "long", ["row.length = 'long'", "number"]),
        ("dose.frequency_hz", 50, ["dose.frequency_hz = 50", "period"]),
        ("safety.max_openings", 2, ["dose", "caps of [safety]"]),
        ("jet.nearest", 0.4, ["jet.nearest = 0.4", "below jet.farthest = 0.3"]),
        ("drive.max_speed", 0.1, ["drive.cruise_speed = 0.15", "above drive.max_speed = 0.1"]),
        ("health.pressure_low_kpa", 100, ["health.pressure_low_kpa = 100", "safety.min_pressure_kpa"]),
        ("cameras", [], ["cameras = []"]),
    ],
)
def test_mistake_ends_in_one_line_with_key_value_and_remedy(
    key: str, value: object, words: list[str]
) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(DEMO_MACHINE, {key: value, **({"safety.min_period_us": 25_000} if "freq" in key else {})})
    text = str(caught.value)
    assert "\n" not in text and str(DEMO_MACHINE) in text
    for word in words:
        assert word in text


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "machine.toml"
    path.write_text(text)
    return path


def test_missing_section_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cameras: missing; add it"):
        load_config(written(tmp_path, 'name = "x"\n'))


def test_file_that_is_not_toml_is_named_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"not TOML.*line 1"):
        load_config(written(tmp_path, "name = = 3\n"))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "none.toml")


def demo_data() -> dict[str, list[dict[str, object]]]:
    return tomllib.loads(DEMO_MACHINE.read_text())


def test_two_cameras_on_one_side_are_refused() -> None:
    cameras = [{**camera, "side": "left"} for camera in demo_data()["cameras"]]
    with pytest.raises(ConfigError, match="cameras: two on the left side"):
        load_config(DEMO_MACHINE, {"cameras": cameras})


def test_overlapping_nozzle_numbers_are_refused() -> None:
    nozzles = [{**bank, "first_nozzle": 0} for bank in demo_data()["nozzles"]]
    with pytest.raises(ConfigError, match="nozzles: each needs its own number"):
        load_config(DEMO_MACHINE, {"nozzles": nozzles})


def test_calibrated_lens_goes_before_the_field_of_view() -> None:
    camera = DEMO.cameras[0].model_copy(update={"fx": 470.0, "cx": 311.0})
    assert (camera.model().fx, camera.model().fy, camera.model().cx) == (470.0, 470.0, 311.0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"mission.front.source": "v4l2:2"},
            "mission.front.source: tags belong to a house; set mission.house",
        ),
        (
            {"mission.base.address": "127.0.0.1:7411"},
            "rows are found by their tags; set mission.front.source",
        ),
        ({"mission.base.address": "base:0"}, "mission.base.address"),
        ({"mission.front.distortion": [-3.0, 0.0, 0.0, 0.0, 0.0]}, "distortion"),
        (
            {"end_switch.fitted": True, "end_switch.acts_m": 0.6},
            "end_switch.acts_m = 0.6: must be below row.overrun",
        ),
        ({"end_switch.at": "near"}, "end_switch.at"),
    ],
)
def test_front_camera_or_end_switch_that_does_not_fit_is_refused_in_one_line(
    changes: dict[str, object], words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        load_config(DEMO_MACHINE, changes)
    assert words in str(refused.value) and "\n" not in str(refused.value)


def test_lens_that_cannot_be_undone_is_refused_in_one_line() -> None:
    cameras = [{**camera, "distortion": [-3.0, 0, 0, 0, 0]} for camera in demo_data()["cameras"]]
    with pytest.raises(ConfigError, match="distortion"):
        load_config(DEMO_MACHINE, {"cameras": cameras})


numbers = [
    f"{section}.{key}"
    for section, inner in RobotConfig.model_fields.items()
    if isinstance(inner.annotation, type) and issubclass(inner.annotation, BaseModel)
    for key, field in inner.annotation.model_fields.items()
    if field.annotation in {int, float}
]


@given(st.sampled_from(numbers), st.one_of(st.floats(allow_nan=True), st.integers()))
def test_any_number_in_any_key_is_taken_or_refused_in_one_line(key: str, value: float) -> None:
    try:
        load_config(DEMO_MACHINE, {key: value})
    except ConfigError as error:
        assert "\n" not in str(error)


@given(st.dictionaries(st.text(max_size=8), st.recursive(st.integers(), st.lists, max_leaves=4), max_size=4))
def test_any_keys_are_taken_or_refused_in_one_line(data: dict[str, object]) -> None:
    try:
        load_config(DEMO_MACHINE, {key.replace(".", ""): value for key, value in data.items()})
    except ConfigError as error:
        assert "\n" not in str(error)
