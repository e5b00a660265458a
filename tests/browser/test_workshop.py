"""The technician's page in Chromium: the doctor, the machine file put in force and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

if TYPE_CHECKING:
    from typing import Protocol

    class House(Protocol):
        """What tests/browser/conftest.py gives."""

        url: str
        machine: Path
        start_control: Callable[..., None]
        stop_control: Callable[[], None]
        sign_in: Callable[[BrowserContext, str], None]


pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.slow, pytest.mark.timeout(600)]

PATIENCE_MS = 550_000
"""The doctor is a program of its own that stands back for the others."""


@pytest.fixture
def workshop(browser: Browser, house: House) -> Iterator[Page]:
    """The workshop, Tim signed in."""
    context = browser.new_context(viewport={"width": 1024, "height": 768}, locale="en-GB")
    house.sign_in(context, "Tim")
    page = context.new_page()
    page.goto(f"{house.url}workshop")
    yield page
    context.close()


def test_the_doctor_waits_until_the_robot_stands_and_tells_each_check(workshop: Page) -> None:
    expect(workshop.locator("#mode")).to_have_text("Working")
    workshop.click("#doctor button:text('Run the doctor')")
    expect(workshop.locator("#doctor .form .note")).to_contain_text("works a row and needs its computer")
    workshop.click("#acts >> text=Pause")
    expect(workshop.locator("#mode")).to_have_text("Ready")
    workshop.click("#doctor button:text('Run the doctor')")
    expect(workshop.locator("#doctor .job")).to_contain_text("under way")
    expect(workshop.locator("#doctor .job")).to_contain_text("done", timeout=PATIENCE_MS)
    expect(workshop.locator("#doctor table")).to_contain_text("firmware core")
    expect(workshop.locator("#doctor table")).not_to_contain_text("serial port")


def test_a_lens_is_measured_with_the_board_and_put_into_the_machine_file(
    workshop: Page, house: House
) -> None:
    house.stop_control()
    house.start_control("--board")
    expect(workshop.locator("#mode")).to_have_text("Working", timeout=PATIENCE_MS)
    lens = workshop.locator("#lens")
    lens.get_by_role("button", name="Begin").click()
    expect(lens.locator(".note").last).to_contain_text("works a row")
    workshop.click("#acts >> text=Pause")
    expect(workshop.locator("#mode")).to_have_text("Ready", timeout=PATIENCE_MS)
    lens.get_by_role("button", name="Begin").click()
    expect(lens.locator("circle.lens-corner").first).to_be_attached(timeout=PATIENCE_MS)
    measure, put = (lens.get_by_role("button", name=name) for name in ("Measure the lens", "Put in force"))
    measure.wait_for(timeout=PATIENCE_MS)
    for _ in range(30):  # on a busy computer the first pictures may be too few ways to hold the board
        if put.count():
            break
        if measure.count():
            measure.click()
        workshop.wait_for_timeout(3000)
    expect(lens).to_contain_text("focal length")
    house.stop_control()
    lens.get_by_role("button", name="Put in force").click()
    lens.get_by_role("button", name="Put in force now?").click()
    expect(lens.locator(".note").last).to_contain_text("is in force")
    assert "pictures" in house.machine.read_text()


def test_a_changed_machine_file_is_compared_put_in_force_and_taken_back(workshop: Page, house: House) -> None:
    house.stop_control()
    before = house.machine.read_text()
    area = workshop.locator("#config-text")
    expect(area).to_have_value(before)
    area.fill(before.replace("cruise_speed = 0.15", "cruise_speed = 9"))
    workshop.click("#config button:text('Check and compare')")
    expect(workshop.locator("#config .note").last).to_contain_text("It would be refused")
    area.fill(before.replace("cruise_speed = 0.15", "cruise_speed = 0.2"))
    workshop.click("#config button:text('Check and compare')")
    expect(workshop.locator("#config table")).to_contain_text("drive.cruise_speed")
    workshop.click("#config button:text('Put in force')")
    workshop.click("#config button:text('Put in force now?')")
    expect(workshop.locator("#config")).to_contain_text("number 2 is in force")
    assert "cruise_speed = 0.2" in house.machine.read_text()
    workshop.click("#config summary")
    workshop.click("#config button:text('Go back to it')")
    workshop.click("#config button:text('Go back to 1?')")
    expect(area).to_have_value(before)
    assert house.machine.read_text() == before


def test_a_valve_is_tested_by_who_stands_at_the_robot_and_then_the_whole_side(workshop: Page) -> None:
    valves = workshop.locator("#valves")
    expect(valves).to_contain_text("A row is being worked. Press Pause")
    workshop.click("#acts >> text=Pause")
    expect(valves.locator("[role=status]")).to_have_text("")
    valves.get_by_role("button", name="Test it").click()
    expect(valves.locator(".note")).to_contain_text("nobody is before its nozzles")
    valves.get_by_label("I stand at the robot").check()
    valves.get_by_role("button", name="Test it").click()
    row = valves.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Left 0opened3 of 3, 45 ms612 → 598 → 606 kPa8.2 ms")
    valves.get_by_label("Nozzle", exact=True).select_option("all")
    valves.get_by_role("button", name="Test it").click()
    expect(row).to_have_count(4)
    expect(row.first).to_contain_text("Left 3did not openair pressure too low")
    expect(valves.locator(".note")).to_contain_text("Left 3: air pressure too low")
