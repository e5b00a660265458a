"""A person with an account, and the cookie that signs a browser in as them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext

from robot.clock import MonotonicClock
from robot.dashboard.accounts import Accounts
from robot.dashboard.passwords import hash_now
from robot.dashboard.rights import Role
from robot.dashboard.store import Store

PASSWORD = "blue ladder tomato"


def add_person(accounts: Path, name: str, role: Role) -> None:
    """Make an account in the dashboard's accounts file."""
    store = Store(accounts)
    Accounts(store, MonotonicClock()).add_user(name, role, hash_now(PASSWORD))
    store.close()


def sign_in(context: BrowserContext, accounts: Path, url: str, name: str) -> None:
    """Give a browser the cookie of a session of somebody at the dashboard `url`."""
    store = Store(accounts)
    found = Accounts(store, MonotonicClock())
    user = found.user(name)
    if user is None:
        raise LookupError(f"{name}: has no account")
    secret = found.open_session(user, "here")
    store.close()
    cookie = f"bombus-{urlsplit(url).port}"
    context.add_cookies([{"name": cookie, "value": secret, "url": url, "sameSite": "Strict"}])
