"""The grower's pages in Chromium: what they show, languages, units, accessibility, and no request to elsewhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

from tests.browser.opening import opener

if TYPE_CHECKING:
    from typing import Protocol

    class House(Protocol):
        """What tests/browser/conftest.py gives."""

        url: str
        said: list[str]
        start_control: Callable[..., None]
        stop_control: Callable[[], None]
        sign_in: Callable[[BrowserContext, str], None]


pytestmark = [pytest.mark.browser, pytest.mark.realtime]

GROWERS = ("/", "/row?name=north-001", "/live", "/alerts", "/plan", "/results", "/history")
ADMINS = ("/workshop", "/account", "/users", "/tokens", "/audit")
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


@pytest.fixture
def visit(browser: Browser, house: House) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a page of the house's dashboard in a browser of its own."""
    yield from opener(browser, house, "/", "Tim")


def test_today_says_how_the_day_stands_and_leads_to_a_row(visit: Callable[..., Page]) -> None:
    page = visit("/")
    expect(page.locator(".day-sentence")).to_contain_text("of 78 row-sides")
    expect(page.locator(".house-map .side-bar")).to_have_count(80)
    expect(page.locator("main")).to_contain_text("no entry")
    page.locator("td, th").get_by_role("link", name="north-0").first.click()
    expect(page.locator("main")).to_contain_text("ready flowers treated")
    expect(page.locator("#mode")).to_have_text("Working")


def test_a_row_is_shown_metre_by_metre_with_keyboard_too(visit: Callable[..., Page]) -> None:
    page = visit("/row?name=north-001")
    slider = page.locator("input.metre").first
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".metre-detail").first).to_contain_text("1.0 m to 2.0 m")
    expect(page.locator(".flowers li").first).to_contain_text("Flower")
    expect(page.locator("main")).to_contain_text("There are no pictures of it")


def test_what_if_moves_a_row_by_keyboard_and_changes_nothing(visit: Callable[..., Page]) -> None:
    page = visit("/plan", name="Ana")
    first = page.locator(".plan-list li strong").first
    expect(first).to_have_text(re.compile(r"^1\. "))
    row = first.inner_text()[3:]
    page.get_by_role("button", name=f"Later: {row}").press("Enter")
    expect(page.locator(".plan-list li strong").nth(1)).to_have_text(f"2. {row}")
    expect(page.locator(".note").first).to_contain_text("instead of")
    page.click("text=Forget what if")
    expect(page.locator(".plan-list li strong").first).to_have_text(f"1. {row}")


@pytest.mark.slow
def test_results_and_downloads_come_from_the_ledger(visit: Callable[..., Page]) -> None:
    page = visit("/results")
    expect(page.locator(".share-line").first).to_contain_text("%")
    expect(page.locator("dd").first).to_contain_text(" to ")
    page.goto(page.url.replace("/results", "/history"))
    with page.expect_download() as saved:
        page.click("text=Passes (XLSX)")
    assert re.fullmatch(r"bombus-passes-\d{4}-\d\d-\d\d\.xlsx", saved.value.suggested_filename)


@pytest.mark.slow
def test_a_count_that_a_person_enters_becomes_fruit_set_and_is_taken_back(visit: Callable[..., Page]) -> None:
    page = visit("/results", name="Ana")
    form = page.locator("#count form")
    for name, value in (("flowers", "50"), ("fruits", "60")):
        form.locator(f"input[name={name}]").fill(value)
    form.get_by_role("button").click()
    expect(form.locator(".note")).to_contain_text("more than the 50 flowers")
    form.locator("input[name=fruits]").fill("40")
    form.get_by_role("button").click()
    expect(form.locator(".note")).to_have_text("The count is kept.")
    expect(page.locator("main")).to_contain_text("80.0 %")
    expect(page.locator(".week-plot canvas")).to_have_count(2)  # coverage, fruit set
    page.click("summary:text('Counts')")
    page.get_by_role("button", name="Take back").click()
    page.get_by_role("button", name="Take north-001 back?").click()
    expect(page.locator("main")).to_contain_text("Nobody has counted anything")


@pytest.mark.parametrize(
    ("locale", "word", "mode"),
    [("nl-NL", "Vandaag", "Werkt"), pytest.param("es-ES", "Hoy", "Trabajando", marks=pytest.mark.slow)],
)
def test_the_browsers_language_is_spoken(
    visit: Callable[..., Page], locale: str, word: str, mode: str
) -> None:
    page = visit("/", locale=locale)
    expect(page.locator("h1")).to_have_text(word)
    expect(page.locator("#mode")).to_have_text(mode)
    assert page.evaluate("document.documentElement.lang") == locale[:2]


def test_language_units_and_colours_are_switched_and_kept(visit: Callable[..., Page]) -> None:
    page = visit("/live")
    expect(page.locator("#row")).to_contain_text("of 40 m")
    page.select_option("#view-language", "fr")
    expect(page.locator("#mode")).to_have_text("Au travail")
    page.select_option("#view-units", "feet")
    expect(page.locator("#row")).to_contain_text("sur 131 ft")
    page.select_option("#view-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("h1")).to_have_text("En direct")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


@pytest.mark.slow
def test_a_fault_is_told_in_the_persons_language(visit: Callable[..., Page], house: House) -> None:
    house.stop_control()
    house.start_control("--fault", "pressure_low")
    page = visit("/live", locale="nl-NL")
    expect(page.locator("#faults")).to_contain_text("Wacht op de compressor", timeout=10_000)


def test_stop_works_before_any_module_has_loaded(visit: Callable[..., Page], house: House) -> None:
    page = visit("/sign-in")
    page.route("**/static/*.js", lambda route: route.continue_() if "early" in route.request.url else None)
    page.goto(page.url, wait_until="commit")
    with page.expect_response("**/api/v1/stop") as answer:
        page.locator("#stop").dispatch_event("pointerdown")
    assert answer.value.status == 200
    # The answer comes when the command is on its way to the robot, not when the robot has read it.
    page.wait_for_timeout(1500)
    house.stop_control()
    assert house.said == ["stop"]


@pytest.mark.slow
def test_no_page_asks_anyone_else(visit: Callable[..., Page], house: House) -> None:
    asked: list[Request] = []
    page = visit("/", name="Ines")

    def note(request: Request) -> None:
        asked.append(request)

    page.on("request", note)
    for path in (*GROWERS, *ADMINS):
        page.goto(house.url.rstrip("/") + path)
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(150)
    own = urlsplit(house.url).netloc
    assert len(asked) > 50
    assert {urlsplit(one.url).netloc for one in asked if not one.url.startswith("blob:")} == {own}


@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_pages_hold_wcag_2_2_aa_as_far_as_axe_sees(
    visit: Callable[..., Page], house: House, scheme: str
) -> None:
    page = visit("/", name="Ines", color_scheme=scheme)
    wrong = []
    for path in (*GROWERS, *(ADMINS if scheme == "light" else ())):
        page.goto(house.url.rstrip("/") + path)
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(400)
        found = Axe().run(page, options={"runOnly": {"type": "tag", "values": WCAG}})
        for one in found.response["violations"]:
            wrong.append((path, one["id"], [node["html"][:90] for node in one["nodes"][:3]]))
    assert not wrong


@pytest.mark.parametrize(
    ("width", "height"),
    [(390, 844), *(pytest.param(*size, marks=pytest.mark.slow) for size in ((820, 1180), (1440, 900)))],
)
def test_pages_fit_each_screen_with_targets_for_gloves(
    visit: Callable[..., Page], house: House, width: int, height: int
) -> None:
    page = visit("/", name="Ines")
    page.set_viewport_size({"width": width, "height": height})
    for path in GROWERS:
        page.goto(house.url.rstrip("/") + path)
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        small = """() => [...document.querySelectorAll("button, a, select, summary, input")]
            .filter((one) => one.id !== "skip" && one.checkVisibility() && one.getBoundingClientRect().height < 43)
            .map((one) => one.outerHTML.slice(0, 80))"""
        assert page.evaluate(small) == [], path


@pytest.mark.slow
def test_old_data_turn_grey_when_the_dashboard_is_gone(visit: Callable[..., Page], house: House) -> None:
    page = visit("/")
    expect(page.locator("#mode")).to_have_text("Working")
    house.stop_control()
    expect(page.locator("#mode")).to_have_text("No contact")
    expect(page.locator("#banner")).to_contain_text("does not run")
