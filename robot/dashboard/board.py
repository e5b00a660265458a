"""The parts that the dashboard's routes share."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from robot.clock import Clock
from robot.dashboard.accounts import Accounts
from robot.dashboard.audit import AuditLog
from robot.dashboard.command_desk import CommandDesk
from robot.dashboard.counts import Counts
from robot.dashboard.house_view import HouseShelf
from robot.dashboard.identity import Authority
from robot.dashboard.jobs import Jobs
from robot.dashboard.lens_wizard import LensWizard
from robot.dashboard.limiter import SignInLimiter
from robot.dashboard.live import Live
from robot.dashboard.passwords import Passwords
from robot.dashboard.plan_desk import PlanDesk
from robot.dashboard.store import Store
from robot.types import Mode

CODE_LETTERS = "ABCDEFGHJKMNPQRSTVWXYZ23456789"
"""Without letters that are taken for others when read aloud or off a screen."""


def new_code() -> str:
    """Return eight letters and digits in two groups: 39 random bits, tried at most a few times a minute."""
    letters = "".join(secrets.choice(CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard: its line to the robot, its accounts, its log."""

    live: Live
    ledger: Path
    store: Store
    accounts: Accounts
    audit: AuditLog
    authority: Authority
    desk: CommandDesk
    limiter: SignInLimiter
    counts: Counts
    jobs: Jobs
    lens: LensWizard
    clock: Clock
    house: HouseShelf
    plans: PlanDesk
    machine: Path | None = None
    """The machine file, only read; None shows none."""
    alerts: Path | None = None
    """The alerts file, only read; None shows none."""
    handover: Path | None = None
    """Where changes of the machine file are handed over; None writes it ourselves."""
    passwords: Passwords = field(default_factory=Passwords)
    set_up_code: str = field(default_factory=new_code)
    """Whoever makes the first admin must know it: it stands in the terminal where the robot was started."""

    @property
    def is_set_up(self) -> bool:
        """Whether there is an admin."""
        return self.accounts.any_admin()

    def at_work(self) -> str:
        """Return why the robot's computer has no time to spare, or nothing."""
        return _at_work(self.live)

    def close(self) -> None:
        """Let go of the accounts file."""
        self.passwords.close()
        self.store.close()


def _at_work(live: Live) -> str:
    """Return why the robot's computer has no time to spare, or nothing."""
    snapshot = live.link.snapshot
    if not live.link.connected or snapshot is None or snapshot.mode is not Mode.RUNNING:
        return ""
    return "the robot works a row and needs its computer; pause it first"


def make_board(
    socket_path: Path,
    ledger: Path,
    accounts_file: Path,
    clock: Clock,
    alerts: Path | None = None,
    house: Path | None = None,
    machine: Path | None = None,
    handover: Path | None = None,
) -> Board:
    """Open the accounts file and put the parts together; raises StoreError."""
    store = Store(accounts_file)
    accounts, audit, live = Accounts(store, clock), AuditLog(store, clock), Live(socket_path, clock)
    lens = LensWizard(clock, live.watch_for)
    live.on_picture = lens.offer
    desk, limiter = CommandDesk(live.link, audit, clock), SignInLimiter(clock)
    shelf, plans = HouseShelf(house), PlanDesk(clock)
    return Board(
        live,
        ledger,
        store,
        accounts,
        audit,
        Authority(accounts),
        desk,
        limiter,
        Counts(store),
        Jobs(clock, partial(_at_work, live)),
        lens,
        clock,
        shelf,
        plans,
        machine,
        alerts,
        handover,
    )
