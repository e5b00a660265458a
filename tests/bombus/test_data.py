"""`bombus data` from the front door."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

Bombus = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four pictures of two groups, labelled for one class by an earlier name."""
    place = tmp_path / "own"
    (place / "images").mkdir(parents=True)
    images, boxes = [], []
    for k in range(4):
        cv2.imwrite(str(place / "images" / f"{k}.png"), np.full((40, 60, 3), 30 * k, np.uint8))
        images.append({"id": k, "file_name": f"{k}.png", "group": "ab"[k // 2]})
        boxes.append({"image_id": k, "category_id": 1 + k % 3, "bbox": [5.5, 6, 10, 12.25]})
    names = ("bud", "flower", "spent")
    categories = [{"id": k + 1, "name": name} for k, name in enumerate(names)]
    document = {"images": images, "annotations": boxes, "categories": categories}
    (place / "labels.json").write_text(json.dumps(document))
    return place


def test_import_export_and_back(bombus: Bombus, folder: Path, tmp_path: Path) -> None:
    done = bombus("data", "import", folder, "--out", tmp_path / "in", "--rename", "flower=open", "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert figures["boxes"] == {"bud": 2, "open": 1, "spent": 1, "undecided": 0}
    assert (figures["pictures"], figures["groups"]) == (4, 2)
    assert bombus("data", "export", tmp_path / "in", "--out", tmp_path / "yolo").returncode == 0
    assert (tmp_path / "yolo" / "labels" / "3.txt").read_text().startswith("0 0.175 ")
    assert bombus("data", "import", tmp_path / "yolo", "--out", tmp_path / "back").returncode == 0
    first, back = (json.loads((tmp_path / name / "labels.json").read_text()) for name in ("in", "back"))
    assert first["images"] == back["images"] and first["categories"] == back["categories"]
    for one, two in zip(first["annotations"], back["annotations"], strict=True):
        assert one["bbox"] == pytest.approx(two["bbox"], rel=1e-6)


def test_split_by_group_with_a_seed(bombus: Bombus, folder: Path, tmp_path: Path) -> None:
    done = bombus("data", "split", folder, "--out", tmp_path / "parts", "--held-out", 0.5, "--json")
    assert done.returncode == 0, done.stderr
    parts = json.loads(done.stdout)
    groups = [
        {
            image["group"]
            for image in json.loads((tmp_path / "parts" / name / "labels.json").read_text())["images"]
        }
        for name in ("train", "held_out")
    ]
    assert sorted(map(sorted, groups)) == [["a"], ["b"]]
    assert parts["train"]["pictures"] == parts["held_out"]["pictures"] == 2
    again = bombus("data", "split", folder, "--out", tmp_path / "again", "--held-out", 0.5)
    assert again.returncode == 0 and "held_out" in again.stderr
    kept = [(tmp_path / name / "train" / "labels.json").read_text() for name in ("parts", "again")]
    assert kept[0] == kept[1]


def test_a_sheet_is_a_jpeg_with_the_pictures_and_boxes(bombus: Bombus, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "sheet.jpg"
    assert bombus("data", "sheet", folder, "--out", path, "--columns", 2, "--count", 3).returncode == 0
    assert path.read_bytes()[:3] == b"\xff\xd8\xff"
    sheet = cv2.imread(str(path))
    assert sheet is not None and sheet.shape == (2 * (300 + 22 + 6) + 28, 2 * 406 + 6, 3)
    green = (sheet[..., 1] > 150) & (sheet[..., 0] < 120) & (sheet[..., 2] < 120)
    assert green[30:330, :406].sum() > 100, "the bud's box in the first picture"


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (
            ["import", "{}", "--out", "{}/new"],
            "class 'flower' is none of bud, open, spent; rename or drop it",
        ),
        (["import", "{}", "--out", "{}/new", "--rename", "flower"], "--rename flower: must be OLD=NEW"),
        (["import", "{}/none", "--out", "{}/new"], "none: not there; name a folder"),
        (["export", "{}", "--out", "{}"], "is not empty; name a new folder"),
        (["sheet", "{}", "--out", "{}/sheet.png"], "the sheet is a JPEG; name a file that ends in .jpg"),
        (["pull", "{}/labels.json", "--out", "{}/new"], "labels.json"),
        (["pull", "{}/none.mcap", "--out", "{}/new"], "none.mcap"),
        (["pull", "{}/none.mcap", "--out", "{}"], "is not empty; name a new folder"),
    ],
)
def test_wrong_use_ends_in_one_line_and_exit_2(
    bombus: Bombus, folder: Path, words: list[str], wanted: str
) -> None:
    done = bombus("data", *(word.format(folder) for word in words))
    assert done.returncode == 2, done.stderr
    assert wanted in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert done.stdout == ""


def test_a_damaged_picture_is_found_at_import(bombus: Bombus, folder: Path, tmp_path: Path) -> None:
    text = (folder / "labels.json").read_text().replace('"file_name": "3.png"', '"file_name": "3.jpg"')
    (folder / "labels.json").write_text(text)
    done, data = cv2.imencode(".jpg", np.zeros((40, 60, 3), np.uint8))
    assert done
    # The header alone: its size is right, its pixels are not there.
    start = data.tobytes().index(b"\xff\xda")
    (folder / "images" / "3.jpg").write_bytes(data.tobytes()[:start])
    done = bombus("data", "import", folder, "--out", tmp_path / "in", "--rename", "flower=open")
    assert done.returncode == 2
    assert "3.jpg: not a readable picture" in done.stderr
    assert not (tmp_path / "in").exists()


def test_one_group_cannot_be_split(bombus: Bombus, folder: Path, tmp_path: Path) -> None:
    text = (folder / "labels.json").read_text().replace('"group": "b"', '"group": "a"')
    (folder / "labels.json").write_text(text)
    done = bombus("data", "split", folder, "--out", tmp_path / "parts")
    assert done.returncode == 2
    assert "all pictures are of one group; give `group` in the labels" in done.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_pull_picks_frames_of_a_recorded_row_and_says_why(bombus: Bombus, tmp_path: Path) -> None:
    row = tmp_path / "row.mcap"
    done = bombus("sim", "--length", 0.5, "--speed", 0.3, "--record", row, "--json")
    assert row.is_file(), done.stderr
    done = bombus("data", "pull", row, "--out", tmp_path / "picked", "--count", 6, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    labels = json.loads((tmp_path / "picked" / "labels.json").read_text())
    with (tmp_path / "picked" / "reasons.csv").open(newline="") as file:
        reasons = list(csv.DictReader(file))
    assert told["pictures"] == len(labels["images"]) == len(reasons) == 6
    assert sum(told["reasons"].values()) == 6
    assert [line["file"] for line in reasons] == [image["file_name"] for image in labels["images"]]
    assert {line["reason"] for line in reasons} <= {"uncertain", "contradicted", "shifted", "spread"}
    assert labels["annotations"] and all(box["score"] >= 0.3 for box in labels["annotations"])
    for image in labels["images"]:
        picture = cv2.imread(str(tmp_path / "picked" / "images" / image["file_name"]))
        assert picture is not None and picture.shape[1::-1] == (image["width"], image["height"])
    assert bombus("data", "sheet", tmp_path / "picked", "--out", tmp_path / "s.jpg").returncode == 0
    assert bombus("data", "import", tmp_path / "picked", "--out", tmp_path / "in").returncode == 0
