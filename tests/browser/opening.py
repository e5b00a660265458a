"""Opens pages for the tests, each in a browser of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page


def opener(browser: Browser, place: Any, first: str, name: str) -> Iterator[Callable[..., Page]]:
    """Yield what opens a page of a `place` with `url` and `sign_in` in a browser of its own; no page may err."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(path: str = first, name: str = name, **options: Any) -> Page:
        options = {"viewport": {"width": 1024, "height": 768}, "locale": "en-GB", **options}
        context = browser.new_context(**options)
        contexts.append(context)
        if name:
            place.sign_in(context, name)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(place.url.rstrip("/") + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not errors
