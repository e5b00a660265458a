"""COCO to YOLO and back: every box, class, group and undecided region comes back, to 1e-6 of itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vision.datasets.folder import read_dataset, write_dataset
from vision.datasets.labels import DataSet, Mark, Picture, of_stages
from vision.types import STAGE_NAMES

NAMES = st.sampled_from(STAGE_NAMES)


@st.composite
def marks(draw: st.DrawFn, width: int, height: int) -> tuple[Mark, ...]:
    """Boxes inside a picture, some of them undecided for one class or for all."""
    found = []
    for _ in range(draw(st.integers(0, 6))):
        w, h = (draw(st.floats(1e-3, 1.0)) * side for side in (width, height))
        x, y = draw(st.floats(0, 1)) * (width - w), draw(st.floats(0, 1)) * (height - h)
        whole = draw(st.booleans())
        of = STAGE_NAMES if whole else (draw(NAMES),)
        ignore = whole or draw(st.booleans())
        found += [Mark(name, x, y, w, h, ignore) for name in of]
    return tuple(found)


@st.composite
def data_sets(draw: st.DrawFn, folder: Path) -> DataSet:
    pictures = []
    for k in range(draw(st.integers(1, 4))):
        width, height = draw(st.integers(8, 60)), draw(st.integers(8, 60))
        path = folder / f"{k}_{width}x{height}.png"
        if not path.exists():
            cv2.imwrite(str(path), np.zeros((height, width, 3), np.uint8))
        name = draw(st.sampled_from(["{}.png", "deep/er/{}.png", "mit Blüte {}.png"])).format(k)
        group = draw(st.text('ab,"ß ', max_size=4)).strip()
        pictures.append(Picture(path, name, width, height, group, draw(marks(width, height))))
    return DataSet(folder, STAGE_NAMES, tuple(pictures))


def same(one: DataSet, two: DataSet) -> None:
    assert one.classes == two.classes
    ours, theirs = ({picture.name: picture for picture in data.pictures} for data in (one, two))
    assert ours.keys() == theirs.keys()
    for name, picture in ours.items():
        other = theirs[name]
        assert (picture.width, picture.height, picture.group) == (other.width, other.height, other.group)
        assert picture.path.read_bytes() == other.path.read_bytes()
        kinds = [
            sorted((m.name, m.ignore, round(m.x, 4), round(m.y, 4), i) for i, m in enumerate(p.marks))
            for p in (picture, other)
        ]
        assert [kind[:2] for kind in kinds[0]] == [kind[:2] for kind in kinds[1]]
        for mine, yours in zip(*kinds, strict=True):
            a, b = picture.marks[mine[-1]], other.marks[yours[-1]]
            # A corner near 0 is compared by the box's size: the text keeps digits of the middle.
            assert (b.width, b.height) == pytest.approx((a.width, a.height), rel=1e-6)
            assert (b.x, b.y) == pytest.approx((a.x, a.y), rel=1e-6, abs=1e-6 * min(a.width, a.height))


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_data_set_survives_yolo_and_coco(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("round")
    first = data.draw(data_sets(folder))
    write_dataset(first, folder / "coco", "coco")
    coco = read_dataset(folder / "coco")
    same(first, coco)
    write_dataset(coco, folder / "yolo", "yolo")
    yolo = read_dataset(folder / "yolo")
    same(first, yolo)
    write_dataset(yolo, folder / "again", "coco")
    same(first, of_stages(read_dataset(folder / "again")))


def test_coco_keeps_every_digit(coco_folder: Path, tmp_path: Path) -> None:
    first = read_dataset(coco_folder)
    write_dataset(first, tmp_path / "copy", "coco")
    copy = read_dataset(tmp_path / "copy")
    assert [picture.marks for picture in copy.pictures] == [picture.marks for picture in first.pictures]


def test_an_undecided_region_travels_as_a_class_of_its_own(coco_folder: Path, tmp_path: Path) -> None:
    write_dataset(read_dataset(coco_folder), tmp_path / "yolo", "yolo")
    assert "3: ignore" in (tmp_path / "yolo" / "data.yaml").read_text()
    lines = (tmp_path / "yolo" / "labels" / "p0.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["0", "1", "3"]
    assert read_dataset(tmp_path / "yolo").counts() == {"bud": 1, "open": 1, "spent": 1, "undecided": 1}


def test_a_yolo_data_set_by_hand_has_the_boxes_it_says(yolo_folder: Path) -> None:
    data = read_dataset(yolo_folder)
    assert [picture.name for picture in data.pictures] == ["p0.jpg", "p1.png", "p2.png"]
    assert data.pictures[0].marks[0] == Mark("open", 24.0, 12.0, 16.0, 24.0)
    assert data.pictures[0].marks[1].name == "bud"
    assert data.pictures[1].marks == data.pictures[2].marks == ()
    assert (data.pictures[2].width, data.pictures[2].height) == (33, 77)


@pytest.mark.parametrize("layout", ["roboflow", "cvat"])
def test_yolo_as_other_tools_lay_it_out(yolo_folder: Path, layout: str) -> None:
    (yolo_folder / "classes.txt").unlink()
    if layout == "roboflow":
        (yolo_folder / "train").mkdir()
        (yolo_folder / "images").rename(yolo_folder / "train" / "images")
        (yolo_folder / "labels").rename(yolo_folder / "train" / "labels")
        (yolo_folder / "data.yaml").write_text(
            "train: ../train/images\nnc: 3\nnames: ['bud', 'open', 'spent']\n"
        )
    else:
        (yolo_folder / "images").rename(yolo_folder / "obj_train_data")
        for path in (yolo_folder / "labels").iterdir():
            path.rename(yolo_folder / "obj_train_data" / path.name)
        (yolo_folder / "obj.names").write_text("bud\nopen\nspent\n")
        (yolo_folder / "obj.data").write_text("classes = 3\n")
        (yolo_folder / "train.txt").write_text("data/obj_train_data/p0.jpg\n")
    data = read_dataset(yolo_folder)
    assert len(data.pictures) == 3
    assert data.counts() == {"bud": 1, "open": 1, "spent": 0, "undecided": 0}


@pytest.mark.parametrize(
    ("labels", "pictures"),
    [
        ("annotations/instances_default.json", "images"),
        ("result.json", "images"),
        ("_annotations.coco.json", "."),
        ("instances_val.json", "."),
    ],
)
def test_coco_as_other_tools_lay_it_out(coco_folder: Path, labels: str, pictures: str) -> None:
    (coco_folder / labels).parent.mkdir(exist_ok=True)
    (coco_folder / "labels.json").rename(coco_folder / labels)
    for path in list((coco_folder / "images").iterdir()):
        path.rename(coco_folder / pictures / path.name)
    data = read_dataset(coco_folder)
    assert [picture.name for picture in data.pictures] == ["p0.jpg", "p1.png", "p2.png"]
    assert len(read_dataset(coco_folder / labels).pictures) == 3


@pytest.mark.parametrize("before", ["images/", "../../tool/media/", "/srv/tool/", "images\\", ""])
def test_file_names_that_tell_where_a_tool_ran_are_taken_by_their_last_part(
    coco_folder: Path, document: dict[str, Any], before: str, tmp_path: Path
) -> None:
    for image in document["images"]:
        image["file_name"] = before + image["file_name"]
    (coco_folder / "labels.json").write_text(json.dumps(document))
    write_dataset(read_dataset(coco_folder), tmp_path / "copy", "coco")
    assert sorted(path.name for path in (tmp_path / "copy" / "images").iterdir()) == [
        "p0.jpg",
        "p1.png",
        "p2.png",
    ]
