"""The wheels off the rails, on hardware: JSON lines over TCP with the program that drives them (docs/headland.md).

A thread of its own talks; it sends an order only when the loop has given a new one, so that a hung loop halts the cart.
"""

from __future__ import annotations

import socket
import threading
from math import isfinite

import msgspec
from pydantic import BaseModel, ConfigDict, Field, field_validator

from robot.clock import Clock
from robot.mission.navigator import Wheels

RETRY_S = 1.0
POLL_S = 0.02
CONNECT_S = 1.0
LONGEST_LINE = 1024
MOST_BAD = 10
"""Lines in a row that make no sense before the connection is given up."""

FASTEST_M_S, FASTEST_RAD_S = 3.0, 6.0
"""What no cart does: a count that jumps by more between two lines is lost."""


class BaseConfig(BaseModel):
    """The program that drives the cart on the headland."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    address: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9.-]+:[0-9]{1,5}$",
        description="HOST:PORT where it listens (docs/headland.md); left out: people move the cart",
    )

    @field_validator("address")
    @classmethod
    def _port_is_one(cls, address: str | None) -> str | None:
        if address is not None and not 1 <= int(address.rpartition(":")[2]) <= 65_535:
            raise ValueError(f"'{address}': no such port; give HOST:1 to HOST:65535")
        return address

    valid_ms: int = Field(
        300, ge=100, le=1000, description="ms after which an order ends by itself (assumed)"
    )
    silent_s: float = Field(
        0.5, ge=0.1, le=5, description="s without a word from it before a person is asked (assumed)"
    )


class Order(msgspec.Struct, frozen=True):
    """What the wheels are to do: m/s ahead, rad/s to the left, and for how long without another order."""

    speed: float
    turn: float
    valid_ms: int


class Said(msgspec.Struct, frozen=True):
    """What the wheels did since the base began (m, rad to the left); `boot` differs at each of its starts."""

    boot: int
    rolled: float
    turned: float
    halted: str = ""
    """Why the base does not roll, for people; '' when it may."""


class BaseLink:
    """A HeadlandDrive. The loop's thread calls all but `_work` and below."""

    def __init__(self, config: BaseConfig, clock: Clock) -> None:
        """Begin to reach for the base at `config.address`; it may come and go."""
        host, _, port = (config.address or "").rpartition(":")
        self._address = host, int(port)
        self._config, self._clock = config, clock
        self._lock = threading.Lock()
        # Under the lock: written by the talking thread, read by the loop, and the other way round.
        self._order: Order | None = None
        self._said: Said | None = None
        self._said_t = float("-inf")
        self._rolled = self._turned = 0.0
        self._lost = False
        self._trouble = "not reached yet"
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._work, name="headland-base", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why the base cannot be relied on, or ''."""
        with self._lock:
            said, age, trouble = self._said, self._clock.now() - self._said_t, self._trouble
        if said is None or age > self._config.silent_s:
            return f"no word from {self._config.address} ({trouble or 'silent'}); start the base's program"
        return said.halted[:200]

    def command(self, wheels: Wheels, now: float) -> None:
        """Have the wheels do so until the next order, or until it ends by itself."""
        with self._lock:
            self._order = Order(round(wheels.speed, 4), round(wheels.turn, 4), self._config.valid_ms)

    def take(self) -> tuple[float, float] | None:
        """Return how far the wheels rolled (m) and turned (rad, left) since the last call; None when that is lost."""
        with self._lock:
            moved, lost = (self._rolled, self._turned), self._lost
            self._rolled = self._turned = 0.0
            self._lost = False
        return None if lost else moved

    def close(self) -> None:
        """End the thread; the base halts by itself."""
        self._ending.set()
        self._thread.join(2 * CONNECT_S)

    def _work(self) -> None:
        while not self._ending.is_set():
            try:
                with socket.create_connection(self._address, CONNECT_S) as link:
                    self._talk(link)
            except (OSError, ValueError) as error:
                self._tell(str(error))
            self._ending.wait(RETRY_S)

    def _talk(self, link: socket.socket) -> None:
        """Send and hear until the link breaks; raises OSError or ValueError in words."""
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.settimeout(POLL_S)
        held, bad = b"", 0
        while not self._ending.is_set():
            self._send(link)
            try:
                data = link.recv(4096)
            except TimeoutError:
                continue
            if not data:
                raise ValueError("it hung up")
            *lines, held = (held + data).split(b"\n")
            for line in lines:
                bad = 0 if self._hear(line) else bad + 1
            if bad >= MOST_BAD or len(held) > LONGEST_LINE:
                raise ValueError("it speaks no lines of docs/headland.md")

    def _send(self, link: socket.socket) -> None:
        with self._lock:
            order, self._order = self._order, None
        if order is not None:
            link.sendall(msgspec.json.encode(order) + b"\n")

    def _hear(self, line: bytes) -> bool:
        """Take one line; False when it makes no sense."""
        try:
            said = msgspec.json.decode(line, type=Said)
        except msgspec.MsgspecError:
            return False
        if not (isfinite(said.rolled) and isfinite(said.turned)):
            return False
        now = self._clock.now()
        with self._lock:
            before, age = self._said, now - self._said_t
            self._said, self._said_t, self._trouble = said, now, ""
            if before is None:
                return True
            rolled, turned = said.rolled - before.rolled, said.turned - before.turned
            slow = abs(rolled) <= FASTEST_M_S * (age + 0.1) and abs(turned) <= FASTEST_RAD_S * (age + 0.1)
            if said.boot != before.boot or not slow:
                self._lost = True
                return True
            self._rolled += rolled
            self._turned += turned
        return True

    def _tell(self, trouble: str) -> None:
        with self._lock:
            self._trouble = trouble
