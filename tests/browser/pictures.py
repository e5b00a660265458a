"""Takes a picture of each page at three sizes into docs/pages/, over a made-up day: `make pictures`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect, sync_playwright

from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE
from robot.dashboard.rights import Role
from tests.browser.made_up_crop import count_crop, with_controls
from tests.browser.made_up_ledger import fill
from tests.browser.signing_in import add_person, sign_in

ROOT = Path(__file__).parents[2]
INTO = ROOT / "docs" / "pages"
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}
PAGES = {
    "today": "/", "row": "/row?name=north-001", "live": "/live", "alerts": "/alerts", "plan": "/plan",
    "results": "/results", "history": "/history", "workshop": "/workshop", "people": "/users", "audit": "/audit",
}  # fmt: skip
QUALITY = 55
BROWSER: dict[str, Any] = {
    "executable_path": "/usr/bin/chromium",
    "args": ["--headless", "--no-sandbox", "--disable-gpu"],
}


def main() -> None:
    """Start a made-up robot with its dashboard, look at every page, and end both."""
    INTO.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        url, accounts = made_up_robot(stack, Path(name), MonotonicClock())
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**BROWSER)
            context = browser.new_context(locale="en-GB")
            sign_in(context, accounts, url, "Ines")
            _look(context.new_page(), url)
            browser.close()


def made_up_robot(stack: ExitStack, folder: Path, clock: MonotonicClock) -> tuple[str, Path]:
    """Start a made-up robot and its dashboard until `stack` ends; returns its address and the accounts of Ines."""
    with_controls(folder / "house.toml")
    fill(folder / "l.sqlite", clock.wall().timestamp(), house=folder / "house.toml")
    add_person(folder / "a.sqlite", "Ines", Role.ADMIN)
    count_crop(folder / "a.sqlite", clock)
    _start(stack, "-m", "tests.browser.fake_control", "--socket", str(folder / "t.sock"))
    url = _dashboard(stack, folder)
    return url, folder / "a.sqlite"


def _dashboard(stack: ExitStack, folder: Path) -> str:
    options = [
        "--socket",
        folder / "t.sock",
        "--ledger",
        folder / "l.sqlite",
        "--accounts",
        folder / "a.sqlite",
    ]
    options += [
        "--house",
        folder / "house.toml",
        "--machine",
        DEMO_MACHINE,
        "--alerts",
        folder / "none.sqlite",
        "--port",
        0,
    ]
    process = _start(stack, "-m", "robot.dashboard", *(str(option) for option in options))
    if process.stdout is None:
        raise LookupError("the dashboard says nothing")
    return process.stdout.readline().split()[-1].rstrip("/")


def _start(stack: ExitStack, *command: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    stack.callback(process.wait, 10)
    stack.callback(process.terminate)
    return process


def _look(page: Page, url: str) -> None:
    for name, path in PAGES.items():
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(url + path)
            page.wait_for_selector("h1")
            page.wait_for_timeout(1000)
            expect(page.get_by_text("Loading …", exact=True)).to_have_count(0, timeout=15_000)
            file = INTO / f"{name}-{size}.jpg"
            page.screenshot(path=file, type="jpeg", quality=QUALITY)
            sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
