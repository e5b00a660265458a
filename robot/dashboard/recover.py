"""When no admin can sign in: `python -m robot.dashboard.recover --accounts PATH --name NAME`, at the robot's terminal."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Sequence
from pathlib import Path

from robot.clock import MonotonicClock
from robot.dashboard.accounts import AccountError, Accounts
from robot.dashboard.audit import Actor, AuditLog
from robot.dashboard.identity import HERE
from robot.dashboard.passwords import hash_now, problem_of_password
from robot.dashboard.rights import Role
from robot.dashboard.store import Store, StoreError

TERMINAL = Actor("someone at the terminal", "anyone", HERE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make NAME an admin with a new password, asked for twice or read from standard input; 0 when done."""
    parser = argparse.ArgumentParser(
        prog="python -m robot.dashboard.recover", description="Give an admin a new password."
    )
    parser.add_argument("--accounts", type=Path, required=True, help="the dashboard's accounts file")
    parser.add_argument("--name", required=True, help="the admin's name; made when there is none of it")
    options = parser.parse_args(arguments)
    if not options.accounts.is_file():
        print(f"--accounts {options.accounts}: is not there; name the file of the machine", file=sys.stderr)
        return 2
    try:
        return _recover(options.accounts, options.name)
    except (StoreError, AccountError) as error:
        print(error, file=sys.stderr)
        return 1


def _recover(path: Path, name: str) -> int:
    store = Store(path)
    try:
        password = _ask()
        problem = problem_of_password(password, name)
        if problem:
            print(problem, file=sys.stderr)
            return 2
        accounts = Accounts(store, MonotonicClock())
        if accounts.user(name) is None:
            accounts.add_user(name, Role.ADMIN, hash_now(password))
        else:
            accounts.set_password(name, hash_now(password))
            accounts.set_role(name, Role.ADMIN)
        AuditLog(store, MonotonicClock()).note(TERMINAL, "recover", name)
    finally:
        store.close()
    print(f"{name} is admin and can sign in with the new password")
    return 0


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    while True:
        first = getpass.getpass("new password: ")
        if first == getpass.getpass("once more: "):
            return first
        print("the two differ; again", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
