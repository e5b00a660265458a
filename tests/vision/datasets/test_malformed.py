"""What is wrong with a data set is told in one line that names the place and the remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from vision.datasets.folder import read_dataset, write_dataset
from vision.datasets.labels import DataSet, LabelError, Picture, of_stages, renamed
from vision.stills import PictureError

Spoil = Callable[[dict[str, Any]], object]


def told(place: Path) -> str:
    with pytest.raises((LabelError, PictureError)) as caught:
        of_stages(read_dataset(place))
    line = str(caught.value)
    assert "\n" not in line
    assert str(place) in line
    return line


@pytest.mark.parametrize(
    ("spoil", "wanted"),
    [
        (lambda d: d["images"][1].update(file_name="none.png"), "none.png is missing; put the labelled pictures"),
        (lambda d: d["images"][1].update(id=10), "picture id 10 stands there twice"),
        (lambda d: d["images"][1].update(file_name="p0.jpg"), "file_name 'p0.jpg' stands there twice"),
        (lambda d: d["annotations"][1].update(id=1), "annotation id 1 stands there twice"),
        (lambda d: d["categories"][1].update(id=1), "category id 1 stands there twice"),
        (lambda d: d["categories"][1].update(name="bud"), "category name 'bud' stands there twice"),
        (lambda d: d["annotations"][0].update(category_id=9), "annotation 0: no category has the id 9"),
        (lambda d: d["annotations"][0].update(image_id=9), "annotation 0: no picture has the id 9"),
        (lambda d: d["annotations"][0].update(bbox=[1, 1, 0, 5]), "has no area; redraw or delete it"),
        (lambda d: d["annotations"][0].update(bbox=[50, 40, 20, 5]), "(p0.jpg): box [50, 40, 20, 5] lies 6.0 px outside"),
        (lambda d: d["annotations"][2].update(bbox=[-3, 0, 9, 5]), "(p1.png): box [-3, 0, 9, 5] lies 3.0 px"),
        (lambda d: d["annotations"][0].update(bbox=[1, 2, 3]), "not COCO labels (Expected `array` of length 4"),
        (lambda d: d["annotations"][0].update(bbox="wide"), "not COCO labels (Expected `array`, got `str`"),
        (lambda d: d["images"][0].update(width=640, height=480), "is 64x48, its labels were drawn on 640x480"),
        (lambda d: d["categories"][1].update(name="flower"), "class 'flower' is none of bud, open, spent"),
        (lambda d: (d["categories"].pop(), d.update(annotations=[])), "declares bud, open, not spent"),
        (lambda d: d.pop("categories"), "not COCO labels (Object missing required field `categories`)"),
        (lambda d: d.update(images=[], annotations=[]), "names no picture; label some"),
    ],
)  # fmt: skip
def test_coco_labels(coco_folder: Path, document: dict[str, Any], spoil: Spoil, wanted: str) -> None:
    spoil(document)
    (coco_folder / "labels.json").write_text(json.dumps(document))
    assert wanted in told(coco_folder)


@pytest.mark.parametrize("text", [b"", b"{", b"[1, 2]", b"\xff\xfe", b'{"images": NaN}'])
def test_bad_json(coco_folder: Path, text: bytes) -> None:
    (coco_folder / "labels.json").write_bytes(text)
    assert "labels.json: not COCO labels (" in told(coco_folder)


def test_a_box_that_is_not_finite(coco_folder: Path, document: dict[str, Any]) -> None:
    document["annotations"][0]["bbox"] = [1e308, 2.0, 1e308, 2.0]
    (coco_folder / "labels.json").write_text(json.dumps(document))
    assert "px outside" in told(coco_folder)


@pytest.mark.parametrize(
    ("file", "text", "wanted"),
    [
        ("labels/p0.txt", "7 0.5 0.5 0.1 0.1", "labels/p0.txt: line 1: class 7 is not among the 3 names"),
        ("labels/p0.txt", "0.5 0.5 0.5 0.1 0.1", "class 0.5 is not among the 3 names"),
        ("labels/p0.txt", "0 0.5 0.5 0.1", "line 1: 4 values, a box has 5"),
        (
            "labels/p0.txt",
            "\n0 .1 .1 .2 .1 .2 .2",
            "line 2: 7 values, a box has 5 (class cx cy w h); export boxes",
        ),
        ("labels/p0.txt", "0 a b c d", "'0 a b c d' is not five numbers"),
        ("labels/p0.txt", "0 0.5 0.5 nan 0.1", "is not finite; redraw or delete it"),
        ("labels/p0.txt", "0 0.95 0.5 0.2 0.1", "lies 3.2 px outside its 64x48 picture"),
        ("labels/p0.txt", "0 0.5 0.5 0 0.1", "has no area"),
        ("labels/lost.txt", "0 0.5 0.5 0.1 0.1", "lost.txt: has labels, but its picture is missing"),
        ("data.yaml", "names: {0: bud, 2: open}", "it must list the classes in order"),
        ("data.yaml", "names: [", "data.yaml: not YAML ("),
        ("data.yaml", "nc: 3", "names = None; it must list the classes in order"),
        ("data.yaml", "- 3", "names = None"),
        ("groups.csv", "file,group\np0.jpg\n", "groups.csv: 'p0.jpg' is not file,group; mend the line"),
        ("classes.txt", "bud\nopen\n", "declares bud, open, not spent"),
        ("images/p0.jpg", "no picture", "p0.jpg: not a readable picture"),
    ],
)
def test_yolo_labels(yolo_folder: Path, file: str, text: str, wanted: str) -> None:
    (yolo_folder / file).write_text(text)
    if file == "classes.txt":
        (yolo_folder / "labels" / "p0.txt").unlink()
    assert wanted in told(yolo_folder)


def test_folders_without_a_data_set(tmp_path: Path, coco_folder: Path, yolo_folder: Path) -> None:
    assert "not there; name a folder" in told(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    assert "neither a COCO data set" in told(tmp_path / "empty")
    (tmp_path / "empty" / "classes.txt").write_text("bud\n")
    assert "holds no picture" in told(tmp_path / "empty")
    for name in ("a", "b"):
        (coco_folder / f"instances_{name}.json").write_text("{}")
    (coco_folder / "labels.json").unlink()
    assert "holds several COCO files (instances_a.json, instances_b.json); name one" in told(coco_folder)


def test_a_photo_that_the_camera_turned_is_measured_as_it_is_decoded(
    coco_folder: Path, document: dict[str, Any]
) -> None:
    done, data = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))
    assert done
    # Orientation 6, turned by a quarter: 64x48 on disk is 48x64 when decoded.
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    block = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    (coco_folder / "images" / "p0.jpg").write_bytes(data.tobytes()[:2] + block + data.tobytes()[2:])
    assert "is 48x64, its labels were drawn on 64x48" in told(coco_folder)


def test_writing_overwrites_nothing_and_never_leaves_its_folder(coco_folder: Path, tmp_path: Path) -> None:
    data = read_dataset(coco_folder)
    with pytest.raises(LabelError, match="is not empty; name a new folder"):
        write_dataset(data, coco_folder, "coco")
    for name in ("../../out.png", "/etc/out.png"):
        bad = DataSet(data.source, data.classes, (Picture(data.pictures[0].path, name, 4, 4, "", ()),))
        with pytest.raises(LabelError, match="leads out of the data set"):
            write_dataset(bad, tmp_path / "new", "coco")
    twins = tuple(Picture(data.pictures[0].path, name, 64, 48, "", ()) for name in ("a.jpg", "a.png"))
    with pytest.raises(LabelError, match=r"a.png and a.jpg would share labels/a.txt; rename one"):
        write_dataset(DataSet(data.source, data.classes, twins), tmp_path / "twins", "yolo")


def test_classes_are_renamed_merged_and_dropped(coco_folder: Path) -> None:
    data = read_dataset(coco_folder)
    merged = renamed(data, {"spent": "open"}, ["bud"])
    assert merged.classes == ("open",)
    assert merged.counts() == {"open": 2, "undecided": 1}
    with pytest.raises(LabelError, match="has no class 'leaf' to rename or drop; it has bud, open, spent"):
        renamed(data, {"leaf": "open"})
