"""Takes a picture of each page at three sizes into docs/pages/: `make pictures`.

The house is made up, with weeks of work behind it; Row, Live and Workshop show a simulated robot at work.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE
from robot.dashboard.rights import Role
from robot.snapshot import Snapshot
from robot.types import CommandName
from sim.realtime import Operator
from tests.browser.live_day import READY_S, LiveDay, live_day
from tests.browser.made_up_alerts import raise_alerts
from tests.browser.made_up_crop import count_crop, with_controls
from tests.browser.made_up_ledger import fill
from tests.browser.signing_in import add_person, sign_in

ROOT = Path(__file__).parents[2]
INTO = ROOT / "docs" / "pages"
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desktop": (1440, 900)}
MADE_UP = {
    "today": "/", "alerts": "/alerts", "plan": "/plan", "results": "/results", "history": "/history",
    "people": "/users", "audit": "/audit",
}  # fmt: skip
AT_WORK = {"row": "/row", "live": "/live", "workshop": "/workshop"}
WORKED_M = 4.0
METRE = "1"
"""Which metre of the row is touched, to see its flowers."""

QUALITY = 55
BROWSER: dict[str, Any] = {
    "executable_path": "/usr/bin/chromium",
    "args": ["--headless", "--no-sandbox", "--disable-gpu"],
}


def main() -> None:
    """Start a made-up house, then a robot at work, look at every page of both, and end them."""
    INTO.mkdir(exist_ok=True)
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as name:
        browser, folder = playwright.chromium.launch(**BROWSER), Path(name)
        (folder / "day").mkdir()
        with ExitStack() as stack:
            url, accounts = made_up_robot(stack, folder, MonotonicClock())
            _look(browser, url, accounts, MADE_UP)
        with robot_at_work(folder / "day") as day:
            _look(browser, day.url.rstrip("/"), day.accounts, AT_WORK)
        browser.close()


def made_up_robot(stack: ExitStack, folder: Path, clock: MonotonicClock) -> tuple[str, Path]:
    """Start a made-up robot and its dashboard until `stack` ends; returns its address and the accounts of Ines."""
    wall = clock.wall().timestamp()
    with_controls(folder / "house.toml")
    fill(folder / "l.sqlite", wall, house=folder / "house.toml")
    raise_alerts(folder / "alerts.sqlite", wall)
    add_person(folder / "a.sqlite", "Ines", Role.ADMIN)
    count_crop(folder / "a.sqlite", clock)
    _start(stack, "-m", "tests.browser.fake_control", "--socket", str(folder / "t.sock"))
    url = _dashboard(stack, folder)
    return url, folder / "a.sqlite"


@contextmanager
def robot_at_work(folder: Path) -> Iterator[LiveDay]:
    """Give a simulated robot that has recorded some metres of its first row."""
    with live_day(folder, record=folder / "recordings") as day:
        add_person(day.accounts, "Ines", Role.ADMIN)
        operator = Operator(folder / "telemetry.sock")
        pressed: set[CommandName] = set()
        until = MonotonicClock().now() + READY_S
        while (seen := operator.snapshot) is None or (seen.row.s or 0.0) < WORKED_M:
            if MonotonicClock().now() > until:
                raise TimeoutError((folder / "log").read_text())
            operator.look(0.5)
            if seen is not None:
                _answer(operator, seen, pressed)
        operator.close()
        yield day


def _answer(operator: Operator, seen: Snapshot, pressed: set[CommandName]) -> None:
    """Begin the day, and confirm that the cart stands where the mission asks for it; each once."""
    mission = seen.mission
    if seen.mode == "ready" and CommandName.START not in pressed:
        pressed.add(CommandName.START)
        operator.press(CommandName.START)
    elif mission is not None and mission.ask is not None and CommandName.CONFIRM not in pressed:
        pressed.add(CommandName.CONFIRM)
        operator.press(CommandName.CONFIRM, mission.ask.tag)


def _dashboard(stack: ExitStack, folder: Path) -> str:
    options: dict[str, object] = {
        "--socket": folder / "t.sock", "--ledger": folder / "l.sqlite", "--accounts": folder / "a.sqlite",
        "--house": folder / "house.toml", "--machine": DEMO_MACHINE, "--alerts": folder / "alerts.sqlite",
        "--port": 0,
    }  # fmt: skip
    words = [str(word) for option in options.items() for word in option]
    process = _start(stack, "-m", "robot.dashboard", *words)
    if process.stdout is None:
        raise LookupError("the dashboard says nothing")
    return process.stdout.readline().split()[-1].rstrip("/")


def _start(stack: ExitStack, *command: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    stack.callback(process.wait, 10)
    stack.callback(process.terminate)
    return process


def _look(browser: Browser, url: str, accounts: Path, pages: Mapping[str, str]) -> None:
    context = browser.new_context(locale="en-GB")
    sign_in(context, accounts, url, "Ines")
    page = context.new_page()
    for name, path in pages.items():
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            page.goto(url + path)
            page.wait_for_selector("h1")
            page.wait_for_timeout(1000)
            expect(page.get_by_text("Loading …", exact=True)).to_have_count(0, timeout=15_000)
            if name == "row":
                _touch_a_metre(page)
            file = INTO / f"{name}-{size}.jpg"
            page.screenshot(path=file, type="jpeg", quality=QUALITY)
            sys.stdout.write(f"{file.relative_to(ROOT)}: {file.stat().st_size / 1000:.0f} kB\n")
    context.close()


def _touch_a_metre(page: Page) -> None:
    page.locator(".metre").first.fill(METRE)
    page.wait_for_selector(".cut-out img", timeout=60_000)
    page.locator(".strip.tall").first.evaluate(
        "(strip) => window.scrollTo(0, strip.getBoundingClientRect().top - 250)"
    )
    page.wait_for_timeout(500)


if __name__ == "__main__":
    main()
