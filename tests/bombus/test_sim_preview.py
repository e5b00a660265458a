"""`bombus sim --preview` writes a sheet once, and names what is wrong."""

import json
from pathlib import Path
from typing import Any

import cv2
import pytest


def test_sheet_is_written_and_told(bombus: Any, tmp_path: Path) -> None:
    out = tmp_path / "sheet.jpg"
    done = bombus("sim", "--preview", out, "--length", "0.6", "--look", "photo", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    picture = cv2.imread(str(out))
    assert picture is not None
    assert told["size"] == [picture.shape[1], picture.shape[0]]
    assert told["look"] == "photo"
    again = bombus("sim", "--preview", out)
    assert again.returncode == 2
    assert "the file exists" in again.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--preview", "sheet.gif"], "--preview sheet.gif: name a file that ends in .png"),
        (["--preview", "nowhere/sheet.png", "--length", "0.6"], "cannot be written"),
        (["--look", "oil"], "world.look = 'oil'"),
    ],
)
def test_wrong_use_is_named_in_one_line(bombus: Any, words: list[str], named: str) -> None:
    done = bombus("sim", *words)
    assert done.returncode == 2
    assert named in done.stderr
