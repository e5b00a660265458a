from pathlib import Path

import numpy as np
import pytest

from robot.config import ConfigError
from robot.mission.house import DEMO_HOUSE, load_house
from robot.mission.house_map import House, lay_out

DEMO = DEMO_HOUSE.read_text()


def house(text: str, folder: Path) -> House:
    path = folder / "house.toml"
    path.write_text(text)
    return lay_out(load_house(path), str(path))


def test_demo_house_has_what_it_says() -> None:
    demo = lay_out(load_house(DEMO_HOUSE))
    assert len(demo.rows) == 40
    assert demo.rows["south-001"].length == 96.0 and demo.rows["south-002"].length == 120.0
    assert demo.rows["north-019"].infected and demo.rows["south-020"].no_go
    assert (demo.rows["north-003"].tag, demo.rows["south-003"].tag) == (3, 103)
    assert demo.rows["north-002"].end == pytest.approx((2.4, 160.0))
    metres = demo.distance[demo.docks["dock"].index, demo.rows["north-001"].head.index]
    assert metres == pytest.approx(15.2)


def test_six_hundred_rows_take_one_table_each_block(tmp_path: Path) -> None:
    text = """
[[headlands]]
name = "path"
end = [480.0, 0.0]
[[blocks]]
name = "n"
headland = "path"
count = 300
[[blocks]]
name = "s"
headland = "path"
count = 300
toward = "down"
[[docks]]
name = "d"
headland = "path"
at = 0
"""
    made = house(text, tmp_path)
    assert len(made.rows) == 600
    first, last = made.rows["n-001"].head.index, made.rows["s-300"].head.index
    assert made.distance[first, last] == pytest.approx(299 * 1.6, abs=1e-3)


TWO_PATHS = """
[[headlands]]
name = "near"
end = [16.0, 0.0]
[[headlands]]
name = "far"
start = [0.0, 100.0]
end = [16.0, 100.0]
[[links]]
from_headland = "near"
from_at = 16.0
to_headland = "far"
to_at = 16.0
length = 110.0
[[blocks]]
name = "r"
headland = "near"
count = 10
length = 100.0
far_headland = "far"
[[docks]]
name = "d"
headland = "near"
at = 0.0
"""


def test_rows_open_at_both_ends_lead_from_path_to_path(tmp_path: Path) -> None:
    made = house(TWO_PATHS, tmp_path)
    row = made.rows["r-010"]
    assert row.far is not None and (row.far.x, row.far.y) == pytest.approx((15.2, 100.0))
    # Along the near path to its end, over the link and back to the row.
    assert made.distance[row.head.index, row.far.index] == pytest.approx(0.8 + 110.0 + 0.8)
    assert made.distance[row.far.index, row.head.index] == made.distance[row.head.index, row.far.index]


def test_distances_are_a_metric(tmp_path: Path) -> None:
    metres = house(TWO_PATHS, tmp_path).distance
    assert np.all(np.isfinite(metres)) and np.allclose(metres, metres.T)
    assert np.all(metres[:, None, :] <= metres[:, :, None] + metres[None, :, :] + 1e-6)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("pitch = 1.6 ", "pich = 1.6 ", ["blocks.0.pich = 1.6", "did you mean 'pitch'"]),
        ("count = 20", "count = 0", ["blocks.0.count = 0", "greater than or equal to 1"]),
        ("length = 160.0", "length = nan", ["blocks.0.length = nan", "finite"]),
        ('headland = "path"\ncount', 'headland = "pth"\ncount', ["north-001.headland = 'pth'", "'path'?"]),
        ("at = 16.0", "at = 99.0", ["docks.dock.at = 99", "32 m long"]),
        ("south-020", "south-021", ["no_go = 'south-021'", "did you mean 'south-02"]),
        ("north-019", "xyzzy", ["infected = 'xyzzy'", "known are north-001"]),
        ('dock = "dock"', 'dock = "dok"', ["robots.bee-1.dock = 'dok'", "did you mean 'dock'"]),
        ('name = "bee-2"', 'name = "bee-1"', ["robots: 'bee-1' twice"]),
        ('name = "south"\nheadland', 'name = "north"\nheadland', ["blocks: 'north-001' twice"]),
        ('toward = "up"', 'toward = "upp"', ["blocks.0.toward = 'upp'", "'up'"]),
        ("treat_speed", "treat_sped", ["motion.treat_sped", "did you mean 'treat_speed'"]),
        ("close_hour = 16.0", "close_hour = 9.0", ["climate", "open_hour = 10: must be below close_hour"]),
        ('name = "south-001"', 'name = "annex"', ["rows.annex", "is missing; add it"]),
        ("end = [32.0, 0.0]", "end = [0.0, 0.0]", ["headlands.0", "move one"]),
        ("first_at = 0.8 ", "first_at = 30.0 ", ["north-003.at = 33.2", "lower it"]),
    ],
)
def test_mistake_ends_in_one_line_with_key_value_and_remedy(
    tmp_path: Path, old: str, new: str, words: list[str]
) -> None:
    assert old in DEMO
    with pytest.raises(ConfigError) as caught:
        house(DEMO.replace(old, new, 1), tmp_path)
    text = str(caught.value)
    assert "\n" not in text and "house.toml" in text
    for word in words:
        assert word in text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("length = 100.0", "length = 80.0", "20.0 m from the row's end"),
        ("to_at = 16.0", "to_at = 17.0", "beyond headland 'far'"),
        ('from_headland = "near"', 'from_headland = "nar"', "did you mean 'near'"),
    ],
)
def test_far_ends_and_links_are_checked(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        house(TWO_PATHS.replace(old, new, 1), tmp_path)


def test_row_that_no_way_leads_to_is_told(tmp_path: Path) -> None:
    island = '[[headlands]]\nname = "island"\nstart = [0.0, 300.0]\nend = [16.0, 300.0]\n'
    text = island + TWO_PATHS.replace('name = "d"\nheadland = "near"', 'name = "d"\nheadland = "island"')
    with pytest.raises(ConfigError, match="row 'r-001' cannot be reached from dock 'd'; add a link"):
        house(text, tmp_path)


def test_house_without_or_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    blocks = TWO_PATHS[TWO_PATHS.index("[[blocks]]") : TWO_PATHS.index("[[docks]]")]
    with pytest.raises(ConfigError, match="no rows; add"):
        house(TWO_PATHS.replace(blocks, ""), tmp_path)
    many = blocks.replace("count = 10", "count = 1500\npitch = 0.5").replace('far_headland = "far"', "")
    text = TWO_PATHS.replace(blocks, many + many.replace('"r"', '"s"')).replace("16.0", "900.0")
    with pytest.raises(ConfigError, match="3000 rows, 2000 are allowed; split the house"):
        house(text, tmp_path)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="name an existing house file"):
        load_house(tmp_path / "none.toml")


def test_tags_along_a_row_are_the_rows(tmp_path: Path) -> None:
    tag = '[[tags]]\nnumber = 30\nrow = "north-002"\ns = 80.0\n'
    found = house(DEMO + tag, tmp_path)
    assert found.rows["north-002"].tags == ((30, 80.0),) and found.rows["north-003"].tags == ()
    with pytest.raises(ConfigError, match=r"tags\.30\.row = 'north-2': no such row; did you mean"):
        house(DEMO + tag.replace("north-002", "north-2"), tmp_path)
