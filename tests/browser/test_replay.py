"""A recording made by `bombus sim`, replayed old against new from the workshop; its report opened."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from robot.settings import SHIPPED_MODEL

if TYPE_CHECKING:
    from typing import Protocol

    class House(Protocol):
        """What tests/browser/conftest.py gives."""

        url: str
        machine: Path
        folder: Path
        start_control: Callable[..., None]
        sign_in: Callable[[BrowserContext, str], None]


pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE_MS = 550_000
"""The replay stands back for every other program."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with a recording of a metre of row, seen by the shipped detector."""
    folder = tmp_path_factory.mktemp("recordings")
    command = [sys.executable, "-m", "bombus", "sim", "--length", "1", "--record", str(folder / "metre.mcap")]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    return folder


def stricter_model(folder: Path) -> Path:
    """The shipped network with a card that believes surer finds only, so that it shoots less."""
    folder.mkdir()
    card = json.loads(SHIPPED_MODEL.with_suffix(".json").read_text())
    (folder / "stricter.json").write_text(json.dumps({**card, "name": "stricter", "score_threshold": 0.9}))
    shutil.copy(SHIPPED_MODEL, folder / "stricter.onnx")
    return folder / "stricter.onnx"


def test_a_recording_is_replayed_with_another_model_and_its_report_opened(
    browser: Browser, house: House, recorded: Path
) -> None:
    model = stricter_model(house.folder / "models")
    text = house.machine.read_text().replace("[detector]\n", f'[detector]\nmodel = "{model}"\n')
    house.machine.write_text(f'{text}\n[recording]\nfolder = "{recorded}"\n')
    context = browser.new_context(viewport={"width": 1024, "height": 768}, locale="en-GB")
    house.sign_in(context, "Tim")
    page = context.new_page()
    page.goto(f"{house.url}workshop")
    page.click("#acts >> text=Pause")
    expect(page.locator("#mode")).to_have_text("Ready")
    card = page.locator("#replay")
    card.get_by_label("Recording").select_option("metre.mcap")
    card.get_by_label("Model").select_option("stricter")
    card.get_by_role("button", name="Replay and compare").click()
    expect(card.locator(".job")).to_contain_text("under way")
    expect(card.locator(".job")).to_contain_text("done", timeout=PATIENCE_MS)
    told = re.search(r"(\d+) shots are the same, (\d+) are gained, (\d+) lost", card.inner_text())
    assert told is not None and int(told[1]) + int(told[3]) > 0 and int(told[3]) > 0
    with page.expect_download() as download:
        card.get_by_role("link", name="Report with pictures").click()
    saved = house.folder / "report.html"
    download.value.save_as(saved)
    report = context.new_page()
    report.goto(saved.as_uri())
    expect(report).to_have_title(re.compile("metre"))
    expect(report.locator(".card").first).to_be_visible()
    assert report.evaluate("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
    context.close()
