"""A real browser, a real dashboard process and a control process that has only its robot made up."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from robot.clock import MonotonicClock
from robot.config import DEMO_MACHINE
from robot.dashboard.rights import Role
from robot.mission.house import DEMO_HOUSE
from tests.browser.made_up_alerts import raise_alerts
from tests.browser.made_up_ledger import fill
from tests.browser.signing_in import add_person, sign_in

expect.set_options(timeout=15_000)  # a busy machine is no fault of the page
CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).parents[2]
PEOPLE = {"Ana": Role.OPERATOR, "Tim": Role.TECHNICIAN, "Ines": Role.ADMIN, "Vera": Role.VIEWER}


@dataclass
class Robot:
    """A control process and a dashboard, each of which can be ended and begun again."""

    folder: Path
    url: str = ""
    control: subprocess.Popen[str] | None = None
    board: subprocess.Popen[str] | None = None
    said: list[str] = field(default_factory=list)
    people: bool = False
    house: bool = False

    @property
    def hang_file(self) -> Path:
        """While this file is there, the control loop stands still."""
        return self.folder / "hang"

    def start_control(self, *options: str) -> None:
        self.control = self._start(
            "-m",
            "tests.browser.fake_control",
            "--socket",
            self._socket,
            "--hang-file",
            str(self.hang_file),
            *options,
        )

    def start_board(self, port: int = 0) -> str:
        """Start the dashboard; returns the set-up link when there is no admin yet, else nothing."""
        options = ["--socket", self._socket, "--ledger", str(self.folder / "l.sqlite"), "--port", str(port)]
        options += ["--accounts", str(self.accounts)]
        if self.house:
            options += [
                "--house",
                str(DEMO_HOUSE),
                "--machine",
                str(self.machine),
                "--alerts",
                str(self.alerts),
            ]
        self.board = self._start("-m", "robot.dashboard", *options)
        assert self.board.stdout is not None and self.board.stderr is not None
        self.url = self.board.stdout.readline().split()[-1]
        return "" if self.people else self.board.stderr.readline().split()[-1]

    def stop_control(self) -> None:
        """End the control process and keep the commands it has obeyed in `said`."""
        if self.control is not None:
            self.control.terminate()
            self.said += self.control.communicate(timeout=10)[0].split()
            self.control = None

    def stop_board(self) -> None:
        if self.board is not None:
            self.board.terminate()
            self.board.communicate(timeout=10)
            self.board = None

    @property
    def accounts(self) -> Path:
        """The dashboard's accounts file."""
        return self.folder / "accounts.sqlite"

    @property
    def alerts(self) -> Path:
        """The alerts of a robot in a house."""
        return self.folder / "alerts.sqlite"

    @property
    def machine(self) -> Path:
        """The machine file of a robot in a house."""
        path = self.folder / "robot.toml"
        if not path.exists():
            path.write_text(f'{DEMO_MACHINE.read_text()}\n[dashboard]\nsocket = "{self._socket}"\n')
        return path

    def add_people(self) -> None:
        """Make an account of each role."""
        self.people = True
        for name, role in PEOPLE.items():
            add_person(self.accounts, name, role)

    def sign_in(self, context: BrowserContext, name: str) -> None:
        """Give a browser the cookie of a session."""
        sign_in(context, self.accounts, self.url, name)

    @property
    def _socket(self) -> str:
        return str(self.folder / "t.sock")

    def _start(self, *command: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        return subprocess.Popen([sys.executable, *command], cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


@pytest.fixture
def robot(tmp_path: Path) -> Iterator[Robot]:
    robot = Robot(tmp_path)
    robot.add_people()
    robot.start_control()
    robot.start_board()
    yield robot
    robot.stop_control()
    robot.stop_board()


@pytest.fixture(scope="session")
def weeks_of_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of the demonstration house, filled as weeks of work would have."""
    path = tmp_path_factory.mktemp("weeks") / "l.sqlite"
    fill(path, MonotonicClock().wall().timestamp(), rows=12)
    return path


@pytest.fixture
def house(tmp_path: Path, weeks_of_work: Path) -> Iterator[Robot]:
    """A robot in the demonstration house, with people and a filled ledger."""
    robot = Robot(tmp_path, house=True)
    shutil.copy(weeks_of_work, tmp_path / "l.sqlite")
    raise_alerts(robot.alerts, MonotonicClock().wall().timestamp())
    robot.add_people()
    robot.start_control()
    robot.start_board()
    yield robot
    robot.stop_control()
    robot.stop_board()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, robot: Robot) -> Iterator[Page]:
    """The dashboard, open, Tim signed in; the test fails when the page says anything on its console."""
    context = browser.new_context(viewport={"width": 1024, "height": 768}, locale="en-GB")
    robot.sign_in(context, "Tim")
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: complaints.append(line.text) if "ERR_" not in line.text else None)
    page.goto(robot.url + "live")
    page.wait_for_selector("h1")
    yield page
    context.close()
    expected = ("WebSocket connection to", "status of 403", "status of 503")
    assert not [line for line in complaints if not any(part in line for part in expected)]


@pytest.fixture(scope="session")
def low_contrast() -> str:
    """A script that returns the texts of a page whose contrast is under 4.5:1."""
    return LOW_CONTRAST


LOW_CONTRAST = """() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = channels(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.querySelectorAll("body *:not(svg *):not(script):not(noscript)")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${element.tagName} ${element.textContent.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return low;
}"""
