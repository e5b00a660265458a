"""Set-up, signing in, roles, people, tokens and the log in Chromium; STOP works on every page, for everyone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.opening import opener
from tests.browser.signing_in import PASSWORD

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Protocol

    class Robot(Protocol):
        """What tests/browser/conftest.py gives."""

        url: str
        said: list[str]
        accounts: Path
        people: bool
        start_board: Callable[..., str]
        stop_control: Callable[[], None]
        stop_board: Callable[[], None]
        sign_in: Callable[[BrowserContext, str], None]


pytestmark = [pytest.mark.browser, pytest.mark.realtime]

SIZES = ((390, 844), (1024, 768), (1440, 900))
ELSEWHERE = {"x-forwarded-for": "192.0.2.7"}


@pytest.fixture
def visit(browser: Browser, robot: Robot) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page in a browser of its own, signed in as `name` or as nobody."""
    yield from opener(browser, robot, "/live", "")


def test_the_printed_link_makes_the_admin_who_may_then_act(visit: Callable[..., Page], robot: Robot) -> None:
    robot.stop_board()
    robot.accounts.unlink()
    robot.people = False
    link = robot.start_board()
    page = visit()
    expect(page.locator("#mode")).to_have_text("Working")  # looking needs no account at the robot
    page.click("#acts >> text=Create the admin")
    expect(page.locator("h1")).to_have_text("Create the admin")
    page.goto(link)
    page.fill("input[name=name]", "Ines")
    page.fill("input[name=password]", PASSWORD)
    page.fill("input[name=again]", "something else")
    page.click("button[type=submit]")
    expect(page.locator(".note")).to_contain_text("differ")
    page.fill("input[name=again]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_url(robot.url)
    page.click("#acts >> text=Pause")
    expect(page.locator("#last")).to_contain_text("You pressed PAUSE")
    expect(page.locator("#nav")).to_contain_text("Ines")


def test_two_people_see_each_others_presses(visit: Callable[..., Page]) -> None:
    ana, tim = visit(name="Ana"), visit(name="Tim")
    ana.click("#acts >> text=Pause")
    expect(tim.locator("#last")).to_have_text(re.compile(r"^Ana pressed PAUSE \d s ago$"))
    tim.click("#acts >> text=Start")
    expect(ana.locator("#last")).to_have_text(re.compile(r"^Tim pressed START \d s ago$"))
    visit(path="/sign-in").click("#stop")
    expect(ana.locator("#last")).to_have_text(re.compile(r"^Someone at the robot pressed STOP \d s ago$"))


@pytest.mark.slow
def test_signing_in_says_what_is_wrong_and_goes_on_to_where_one_wanted(visit: Callable[..., Page]) -> None:
    page = visit("/users")
    page.wait_for_url("**/sign-in?to=%2Fusers")
    page.fill("input[name=name]", "Ines")
    page.click("button[type=submit]")
    expect(page.locator(".note")).to_contain_text("Password")
    page.fill("input[name=password]", "wrong")
    page.press("input[name=password]", "Enter")
    expect(page.locator(".note")).to_contain_text("name or password: wrong")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/users")
    expect(page.locator(".list li")).to_have_count(4)


@pytest.mark.slow
def test_after_signing_in_nobody_is_sent_to_another_site(visit: Callable[..., Page], robot: Robot) -> None:
    page = visit("/sign-in?to=//evil.example/")
    page.fill("input[name=name]", "Ana")
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(robot.url)


@pytest.mark.slow
def test_a_viewer_sees_the_robot_and_may_stop_and_nothing_else(
    visit: Callable[..., Page], robot: Robot
) -> None:
    page = visit(name="Vera")
    expect(page.locator("#mode")).to_have_text("Working")
    expect(page.locator("#acts button")).to_have_count(0)
    expect(page.locator("#setup")).to_be_hidden()
    expect(page.locator("#acts")).to_contain_text("You may look and stop")
    page.click("#stop")
    expect(page.locator("#stop-note")).to_contain_text("confirmed", timeout=3000)
    robot.stop_control()
    assert robot.said == ["stop"]


@pytest.mark.slow
def test_an_operator_does_not_set_the_speed(visit: Callable[..., Page]) -> None:
    page = visit(name="Ana")
    page.click("#setup summary")
    expect(page.locator("#field-set_position")).to_be_visible()
    expect(page.locator("#field-set_speed")).to_be_hidden()


@pytest.mark.slow
def test_from_the_network_one_signs_in_to_look_but_not_to_stop(
    visit: Callable[..., Page], robot: Robot
) -> None:
    page = visit(extra_http_headers=ELSEWHERE)
    expect(page.locator("#banner")).to_contain_text("Sign in to see the robot")
    expect(page.locator("main")).to_be_hidden()
    page.click("#stop")
    expect(page.locator("#stop-note")).to_contain_text("STOP was handed to the robot")
    page.wait_for_timeout(1500)
    expect(page.locator("#stop-note")).to_contain_text("STOP was handed to the robot")
    robot.stop_control()
    assert robot.said == ["stop"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    ["/", "/row", "/results", "/history", "/sign-in", "/setup", "/account", "/users", "/tokens", "/audit"],
)
def test_stop_works_on_every_page(visit: Callable[..., Page], robot: Robot, path: str) -> None:
    page = visit(path, name="Ines")
    expect(page.locator("h1")).to_be_visible()
    page.click("#stop")
    expect(page.locator("#stop-note")).to_contain_text("The valve controller confirmed it", timeout=5000)
    robot.stop_control()
    assert robot.said == ["stop"]
    page.click("#stop")
    expect(page.locator("#stop-note")).to_contain_text("did not get through", timeout=5000)


@pytest.mark.slow
def test_signing_out_everywhere_ends_the_other_browser_too(visit: Callable[..., Page]) -> None:
    here, there = visit("/account", name="Ana"), visit(name="Ana", extra_http_headers=ELSEWHERE)
    expect(there.locator("#mode")).to_have_text("Working")
    here.click("text=Sign out everywhere")
    here.wait_for_url("**/sign-in")
    expect(there.locator("#banner")).to_contain_text("Sign in to see the robot", timeout=8000)
    expect(there.locator("#acts button")).to_have_count(0)


@pytest.mark.slow
def test_the_password_is_changed(visit: Callable[..., Page]) -> None:
    page = visit("/account", name="Ana")
    expect(page.locator(".who")).to_have_text("You are Ana, operator.")
    for name, value in (("old", PASSWORD), ("password", "green bucket fork"), ("again", "green bucket fork")):
        page.fill(f"input[name={name}]", value)
    page.click("button:text('Change password')")
    expect(page.locator(".note").last).to_contain_text("The password is changed")


@pytest.mark.slow
def test_the_admin_looks_after_people(visit: Callable[..., Page]) -> None:
    page = visit("/users", name="Ines")
    page.fill("input[name=name]", "Þóra O'Brien")
    page.fill("section.narrow input[name=password]", PASSWORD)
    page.click("button:text('Add a person')")
    row = page.locator(".list li", has_text="Þóra O'Brien")
    expect(row).to_be_visible()
    row.get_by_role("combobox").select_option("technician")
    expect(page.locator(".note").first).to_have_text("Þóra O'Brien is now technician.")
    row.get_by_role("button", name="Remove").click()
    expect(row).to_be_visible()  # one press asks, the second acts
    row.get_by_role("button", name="Remove Þóra O'Brien?").click()
    expect(row).to_have_count(0)
    own = page.locator(".list li", has_text="that is you")
    own.get_by_role("combobox").select_option("viewer")
    expect(page.locator(".note").first).to_contain_text("only admin")


@pytest.mark.slow
def test_a_token_is_shown_once_and_revoked(visit: Callable[..., Page]) -> None:
    page = visit("/tokens", name="Ines")
    page.fill("input[name=name]", "climate computer")
    page.click("button:text('Make a token')")
    expect(page.locator(".secret input")).to_have_value(re.compile("^bombus_"))
    page.click("text=I have copied it")
    page.reload()
    row = page.locator(".list li", has_text="climate computer")
    expect(row).to_contain_text("see · made by Ines")
    assert "bombus_" not in page.content()
    row.get_by_role("button", name="Revoke").click()
    row.get_by_role("button", name="Revoke climate computer?").click()
    expect(row).to_have_count(0)


@pytest.mark.slow
def test_the_log_tells_who_did_what_and_is_saved_as_json(visit: Callable[..., Page]) -> None:
    visit(name="Ana").click("#acts >> text=Pause")
    page = visit("/audit", name="Ines")
    line = page.locator(".audit li").first
    expect(line).to_contain_text("Ana pressed PAUSE")
    expect(line).to_contain_text("operator, at the robot")
    expect(line.locator(".outcome")).to_have_text("done")
    with page.expect_download() as saved:
        page.click("text=Export (JSON)")
    assert saved.value.suggested_filename == "bombus-audit.json"


PAGES = [("/live", ""), ("/live", "Ana"), ("/sign-in", ""), ("/setup", "")]
PAGES += [(path, "Ines") for path in ("/account", "/users", "/tokens", "/audit")]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "name"), PAGES)
def test_every_page_is_readable_named_and_large_enough_for_gloves(
    visit: Callable[..., Page], low_contrast: str, path: str, name: str, scheme: str
) -> None:
    page = visit(path, name=name, color_scheme=scheme)
    expect(page.locator("#nav a").first).to_be_visible()
    page.wait_for_timeout(500)
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (width, height)
        stop = page.locator("#stop").bounding_box()
        assert stop is not None and stop["height"] >= 72 and stop["width"] >= 200
        assert page.evaluate(TOO_SMALL) == []
    assert page.evaluate(low_contrast) == []
    assert page.evaluate(UNNAMED) == []


TOO_SMALL = """() => [...document.querySelectorAll("button, a, select, input:not([type=checkbox]), .tickbox label")]
    .filter((one) => one.id !== "skip" && one.checkVisibility() && one.getBoundingClientRect().height < 43)
    .map((one) => one.outerHTML.slice(0, 80))"""
UNNAMED = """() => [...document.querySelectorAll("button, a, input, select")]
    .filter((one) => one.checkVisibility() && !one.textContent.trim() && !one.labels?.length && !one.ariaLabel)
    .map((one) => one.outerHTML)"""
