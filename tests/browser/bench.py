"""Times what a person waits for, in headless Chromium: STOP on a simulated robot, pages on a processor slowed fourfold.

`python -m tests.browser.bench [--json]`. It prints figures beside their targets and judges nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from rich.console import Console
from rich.table import Table

from robot.clock import MonotonicClock
from robot.dashboard.rights import Role
from sim.bench import machine_said
from sim.realtime import LiveRobot, live_robot
from sim.scenario import load_scenario
from tests.browser.pictures import BROWSER, MADE_UP, made_up_robot
from tests.browser.signing_in import add_person, sign_in

PAGES = {**MADE_UP, "row": "/row?name=north-001", "live": "/live", "workshop": "/workshop"}
SLOWED = 4
"""Chromium's Emulation.setCPUThrottlingRate."""
STOPS = 10
LOADS = 3
TARGETS_MS = {"stop": 100.0, "load": 1000.0, "interaction": 100.0}
console = Console(stderr=True)

# Notes when the page is whole (its heading is there and nothing is loading), and the longest interaction.
WATCH = """
window.bench = { drawn: null, longest: 0 };
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (one.interactionId) bench.longest = Math.max(bench.longest, one.duration);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
const loading = () => [...document.querySelectorAll("main p")].some((one) => one.textContent === "Loading …");
const look = () => {
  const whole = document.querySelector("main h1") && !loading();
  if (whole) requestAnimationFrame(() => (bench.drawn = performance.now()));
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""

DRAWN = """async () => {
  while (!bench.drawn) await new Promise(requestAnimationFrame);
  return bench.drawn;
}"""

# Presses STOP as a finger does; returns ms from the press until the page says that it is confirmed.
PRESS = """async () => {
  const note = document.getElementById("stop-note");
  const pressed = performance.now();
  document.getElementById("stop").dispatchEvent(new PointerEvent("pointerdown", { bubbles: true }));
  while (!note.textContent.includes("confirmed it")) {
    if (performance.now() - pressed > 5000) throw new Error(`STOP is not confirmed: ${note.textContent}`);
    await new Promise(requestAnimationFrame);
  }
  const took = performance.now() - pressed;
  const { snapshot } = await (await fetch("/api/v1/status")).json();
  return [took, snapshot.stop.confirmed_after_s * 1000];
}"""


def stops(browser: Browser) -> list[dict[str, float]]:
    """Press STOP on a simulated robot at work, again and again; ms to the confirmation, and from it to the eye."""
    with live_robot(load_scenario("demo", length_m=40.0), 1, None, 0, None, console) as live:
        context = browser.new_context(locale="en-GB", viewport={"width": 820, "height": 1180})
        _sign_in(context, live)
        page = context.new_page()
        page.goto(live.url + "live")
        found = []
        for _ in range(STOPS):
            page.click("#acts >> text=Start", timeout=30_000)
            page.wait_for_selector("#mode:text('Working')", timeout=15_000)
            page.wait_for_timeout(1000)
            took, confirmed = page.evaluate(PRESS)
            found.append({"confirmed_ms": round(confirmed, 1), "shown_after_ms": round(took - confirmed, 1)})
            page.click("#acts button.release", timeout=15_000)
        context.close()
    return found


def _sign_in(context: BrowserContext, live: LiveRobot) -> None:
    live.await_page()
    accounts = live.folder / "accounts.sqlite"
    add_person(accounts, "Ines", Role.ADMIN)
    sign_in(context, accounts, live.url, "Ines")


def pages(browser: Browser) -> dict[str, dict[str, float]]:
    """Load each page of a made-up robot in its house, work it, on a slowed processor; ms, the middle of a few."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        url, accounts = made_up_robot(stack, Path(name), MonotonicClock())
        context = browser.new_context(locale="en-GB", viewport={"width": 820, "height": 1180})
        sign_in(context, accounts, url, "Ines")
        context.add_init_script(WATCH)
        page = context.new_page()
        context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": SLOWED})
        found = {name: _one_page(page, url + path, WORK.get(name)) for name, path in PAGES.items()}
        context.close()
    return found


def _one_page(page: Page, url: str, work: Callable[[Page], None] | None) -> dict[str, float]:
    loads = []
    for _ in range(LOADS):
        page.goto(url)
        loads.append(float(page.evaluate(DRAWN)))
    (work or _menu)(page)
    page.wait_for_timeout(500)
    return {"load_ms": round(sorted(loads)[LOADS // 2]), "interaction_ms": page.evaluate("bench.longest")}


def _menu(page: Page) -> None:
    page.click("h1")
    page.keyboard.press("Tab")


def _row(page: Page) -> None:
    page.locator("input.metre").first.focus()
    for key in ("Home", *["ArrowRight"] * 5):
        page.keyboard.press(key)


def _plan(page: Page) -> None:
    for _ in range(3):
        page.get_by_role("button", name="Later: ").first.click()


def _live(page: Page) -> None:
    page.click("#setup summary")
    page.locator(".acts button").first.click()


def _chart(page: Page) -> None:
    page.click(".as-of")
    page.locator("main select").first.press("ArrowDown")


WORK: dict[str, Callable[[Page], None]] = {"row": _row, "plan": _plan, "live": _live, "results": _chart}
"""What a person does on a page; on the others, a touch and a key."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.browser.bench", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**BROWSER)
        result: dict[str, Any] = {"pages": pages(browser), "stops": stops(browser)}
        browser.close()
    load = [round(one, 1) for one in os.getloadavg()]
    result |= {"targets_ms": TARGETS_MS, "slowed": SLOWED, "load": load, "machine": machine_said()}
    if options.json:
        print(json.dumps(result))
    else:
        _show(result)
    return 0


def _show(result: dict[str, Any]) -> None:
    table = Table("page", "load, ms", "longest interaction, ms", title=f"processor slowed {SLOWED}-fold")
    for name, one in result["pages"].items():
        table.add_row(name, f"{one['load_ms']:.0f}", f"{one['interaction_ms']:.0f}")
    table.add_row("target", f"{TARGETS_MS['load']:.0f}", f"{TARGETS_MS['interaction']:.0f}")
    console.print(table)
    table = Table(
        "STOP",
        "confirmed by the controller after, ms",
        f"shown so much later, ms (target {TARGETS_MS['stop']:.0f})",
    )
    for number, one in enumerate(result["stops"], 1):
        table.add_row(str(number), f"{one['confirmed_ms']:.1f}", f"{one['shown_after_ms']:.1f}")
    console.print(table)
    console.print(f"load of the machine {result['load']}, {result['machine']}")


if __name__ == "__main__":
    raise SystemExit(main())
