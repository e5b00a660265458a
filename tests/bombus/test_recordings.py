"""`bombus recordings`: list, info, recover, prune, mark and export, as people and programs use them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from robot.recorder import McapRecorder
from robot.recording_store import RecordingConfig
from tests.robot.recorded_steps import CAMERAS, HEADER, steps

Bombus = Callable[..., Any]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two runs of two files each and one single file, the single file newest."""
    folder = tmp_path / "recordings"
    config = RecordingConfig.model_construct(roll_s=0.2, keep_free_gib=0.0, max_gib=0.0, max_age_days=0.0)
    for age, name in enumerate(("three.mcap", "two", "one")):
        recorder = McapRecorder(folder / name, HEADER, CAMERAS, config=config, synchronous=True)
        for record in steps(40):
            recorder.record_step(record)
        recorder.close()
        files = [folder / name] if name.endswith("mcap") else (folder / name).iterdir()
        for file in files:
            os.utime(file, (1e9 - age * 86_400, 1e9 - age * 86_400))
    return folder


def asked(bombus: Bombus, *words: object) -> Any:
    done = bombus("recordings", *words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_list_tells_length_size_state_and_mark(bombus: Bombus, folder: Path) -> None:
    asked(bombus, "mark", "one", "--why", "[odd] one", "--folder", folder)
    cut = folder / "two" / "two-0001.mcap"
    cut.write_bytes(cut.read_bytes()[:-2000])
    os.utime(cut, (1e9 - 86_400, 1e9 - 86_400))
    told = asked(bombus, "list", "--folder", folder)
    found = [(one["name"], one["files"], one["state"], one["mark"]) for one in told["recordings"]]
    assert found == [
        ("one", 2, "whole", "[odd] one"),
        ("two", 2, "cut off", ""),
        ("three.mcap", 1, "whole", ""),
    ]
    assert told["recordings"][0]["seconds"] == pytest.approx(0.4, abs=0.1)
    assert told["bytes"] > told["marked_bytes"] > 0
    assert "[odd] one" in bombus("recordings", "list", "--folder", folder).stderr


def test_info_counts_what_was_recorded(bombus: Bombus, folder: Path) -> None:
    told = asked(bombus, "info", "one", "--folder", folder)
    assert (told["steps"], told["lost_steps"], told["pulses"], told["files"]) == (40, 0, 20, 2)
    assert told["cameras"] == {"cam-left": {"frames": 20, "fps": 7.5}}
    assert told["refusals"] == {"unsure": 14}
    assert told["pulse_refusals"] == {"late": 8}
    assert asked(bombus, "info", "latest", "--folder", folder)["name"] == "three.mcap"
    assert "20 frames" in bombus("recordings", "info", folder / "one").stderr


def test_recover_tells_each_file(bombus: Bombus, folder: Path) -> None:
    cut = folder / "two" / "two-0001.mcap"
    cut.write_bytes(cut.read_bytes()[:-2000])
    told = asked(bombus, "recover", "two", "--folder", folder)
    assert [one["state"] for one in told["files"]] == ["whole", "recovered"]
    assert asked(bombus, "info", "two", "--folder", folder)["cut_off_because"] == ""


def test_prune_removes_the_oldest_but_not_the_marked(bombus: Bombus, folder: Path) -> None:
    asked(bombus, "mark", "one", "--folder", folder)
    words = ("prune", "--folder", folder, "--max-age-days", 1, "--keep-free-gib", 0, "--max-gib", 0)
    would = asked(bombus, *words, "--dry-run")
    assert [Path(one["path"]).name for one in would["removed"]] == ["two", "three.mcap"]
    assert len(list(folder.iterdir())) == 3
    assert asked(bombus, *words)["bytes"] == would["bytes"]
    assert [path.name for path in folder.iterdir()] == ["one"]
    asked(bombus, "unmark", "one", "--folder", folder)
    assert len(asked(bombus, *words)["removed"]) == 1


def test_export_writes_one_file_pictures_or_a_table(bombus: Bombus, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "one.mcap"
    asked(bombus, "export", "one", "--folder", folder, "--out", out, "--compress")
    assert asked(bombus, "info", out)["steps"] == 40
    told = asked(
        bombus, "export", folder / "one", "--as", "pictures", "--out", tmp_path / "jpg", "--from", 0.2
    )
    assert told["pictures"] == 10
    with (tmp_path / "jpg" / "frames.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 10
    assert all((tmp_path / "jpg" / row["file"]).read_bytes()[:2] == b"\xff\xd8" for row in rows)
    asked(bombus, "export", folder / "one", "--as", "csv", "--out", tmp_path / "one.csv")
    with (tmp_path / "one.csv").open() as file:
        lines = list(csv.DictReader(file))
    assert {line["what"] for line in lines} == {"pulse", "pulse refused", "flower left"}
    assert {line["reason"] for line in lines} == {"", "late", "unsure"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("info", "nothing"), "nothing: no such recording here or in"),
        (("list", "--folder", "/nowhere"), "folder /nowhere: No such file or directory; name the folder"),
        (("list", "--config", "/nowhere.toml"), "/nowhere.toml: cannot be read"),
        (("export", "one", "--out", "x", "--from", 3, "--to", 2), "--to 2: not behind --from 3"),
        (("prune", "--max-gib", "-1"), "greater than or equal to 0"),
    ],
)
def test_wrong_use_is_one_line(bombus: Bombus, folder: Path, words: tuple[object, ...], told: str) -> None:
    more = () if {"--folder", "--config"} & set(words) else ("--folder", folder)
    done = bombus("recordings", *words, *more)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
