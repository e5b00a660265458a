"""Two operators and a real mission: what it asks, rows left out and pinned, a network that goes, a program that dies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from playwright.sync_api import Browser, Page, expect

from robot.dashboard.rights import Role
from tests.browser.live_day import LiveDay, live_day
from tests.browser.signing_in import add_person, sign_in

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = [pytest.mark.browser, pytest.mark.realtime, pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE_MS = 120_000
"""Everything is real, and a busy machine is no fault of it."""


class Scene(NamedTuple):
    """The day, and what two operators have before them."""

    day: LiveDay
    ana: Page
    tim: Page


@pytest.fixture
def scene(browser: Browser, tmp_path: Path) -> Iterator[Scene]:
    with live_day(tmp_path) as day:
        contexts = [
            browser.new_context(locale="en-GB", viewport={"width": 1024, "height": 900}) for _ in "at"
        ]
        pages = []
        for name, context in zip(("Ana", "Tim"), contexts, strict=True):
            context.set_default_timeout(PATIENCE_MS)
            add_person(day.accounts, name, Role.OPERATOR)
            sign_in(context, day.accounts, day.url, name)
            page = context.new_page()
            page.goto(f"{day.url}plan")
            pages.append(page)
        yield Scene(day, *pages)
        for context in contexts:
            context.close()


def own_row(page: Page, row: str) -> Locator:
    """Return the line of a row in what the robot itself means to do."""
    return page.get_by_role("region", name="What the robot itself means to do").get_by_role("row", name=row)


def shows(found: Locator, text: str) -> None:
    expect(found).to_contain_text(text, timeout=PATIENCE_MS)


def test_a_mission_is_led_by_two_operators_through_a_cut_network_and_a_killed_program(scene: Scene) -> None:
    day, ana, tim = scene
    shows(ana.locator("main"), "What the robot itself means to do")
    ana.click("#acts >> text=Start")

    # Both are asked; a wrong tag is refused, the right one begins the row.
    for page in (ana, tim):
        shows(page.locator(".ask"), "Bring the cart to the head of row north-00")
    row = tim.locator(".ask .wanted").inner_text().split(",")[0].rpartition(" ")[2]
    shows(tim.locator("#last"), "Ana pressed START")
    tim.fill("#tag", "99")
    tim.click(".ask button")
    shows(tim.locator(".ask"), "99")
    tim.fill("#tag", str(int(row[-3:])))
    tim.click(".ask button")
    for page in (ana, tim):
        shows(page.locator("main"), "Works into the row")

    # A row left out by one is left out for both, and comes back when the other pins it.
    other = next(name for name in ("north-002", "north-003", "north-001") if name != row)
    ana.get_by_role("button", name=f"Do {other} today, whatever gives way").click()
    shows(tim.locator("#last"), "Ana")
    ana.locator(f"li[data-row={other}]").get_by_role("button", name=f"What if nobody enters {other}").click()
    ana.get_by_role("button", name=f"Leave {other} out today").click()
    shows(tim.locator("main"), f"Row {other} is left out today (Ana")
    expect(own_row(tim, other)).to_have_count(0, timeout=PATIENCE_MS)

    # A Wi-Fi shadow: grey and said so, and live again by itself.
    ana.context.set_offline(True)
    expect(ana.locator("#mode")).to_have_text("No contact", timeout=PATIENCE_MS)
    shows(ana.locator("#banner"), "No contact with the dashboard")
    expect(tim.locator("#mode")).not_to_have_text("No contact")
    ana.context.set_offline(False)
    expect(ana.locator("#mode")).not_to_have_text("No contact", timeout=PATIENCE_MS)

    # The control program dies and begins again: both pages say so, and the mission knows where it was.
    day.kill_daemon()
    for page in (ana, tim):
        shows(page.locator("#banner"), "control program does not run")
    day.start_daemon()
    for page in (ana, tim):
        expect(page.locator("#banner")).to_be_hidden(timeout=PATIENCE_MS)
    shows(tim.locator("main"), f"Row {other} is left out today (Ana")
    tim.click("#stop")
    for page in (ana, tim):
        expect(page.locator("#mode")).to_have_text("Stopped", timeout=PATIENCE_MS)
    shows(ana.locator("#last"), "Tim pressed STOP")
