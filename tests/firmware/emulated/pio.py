"""Runs rp2040/valves.pio as it is written, one instruction a turn, with eight 74HC595 on its pins."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

CLOCK, LATCH = 1, 2
WORD = 0xFFFF_FFFF
_SIDE = re.compile(r"^(.*?)\s*(?:\bside (\d))?$")


@dataclass
class Chain:
    """Eight shift registers in a row; output n of the chain is bit n. OE_N high floats them all."""

    bits: int = 0
    latched: int = 0
    oe_n: int = 1
    side: int = 0

    @property
    def outputs(self) -> int:
        """What drives the gates; the pull-downs make a floating output zero."""
        return 0 if self.oe_n else self.latched

    def set_side(self, side: int, data: int) -> None:
        """Move clock and latch; both act on their rising edge."""
        rising = side & ~self.side
        self.side = side
        if rising & CLOCK:
            self.bits = (self.bits << 1 | data) & (1 << 64) - 1
        if rising & LATCH:
            self.latched = self.bits


@dataclass
class StateMachine:
    """The instructions and registers that the program uses; anything else is a KeyError."""

    source: Path
    wait_turns: int
    fifo: deque[int] = field(default_factory=deque)
    chain: Chain = field(default_factory=Chain)
    data: int = 0
    at: int = 0

    def __post_init__(self) -> None:
        self._labels: dict[str, int] = {}
        self._code: list[tuple[str, int | None]] = []
        self._registers = {"x": 0, "y": 0, "isr": self.wait_turns, "osr": 0}
        for line in self.source.read_text().splitlines():
            text = line.partition(";")[0].strip()
            if text.endswith(":"):
                self._labels[text[:-1]] = len(self._code)
            elif text and not text.startswith("."):
                found = _SIDE.match(text)
                assert found is not None
                self._code.append((found[1], int(found[2]) if found[2] else None))

    def turn(self) -> None:
        """Carry out one instruction; side-set acts with it, and the end wraps to the start."""
        text, side = self._code[self.at]
        name, _, rest = text.partition(" ")
        arguments = rest.replace(",", " ").split()
        if name == "pull" and not self.fifo:
            return
        self.at = (self.at + 1) % len(self._code)
        if name == "jmp":
            self._jump(arguments)
        elif name == "mov":
            self._registers[arguments[0]] = self._read(arguments[1])
        elif name == "set":
            self._set(arguments[0], int(arguments[1]))
        elif name == "pull":
            self._registers["osr"] = self.fifo.popleft()
        elif name == "out":
            self.data = self._registers["osr"] >> 31
            self._registers["osr"] = self._registers["osr"] << 1 & WORD
        elif name != "nop":
            raise KeyError(text)
        if side is not None:
            self.chain.set_side(side, self.data)

    def _read(self, name: str) -> int:
        if name == "status":
            return WORD if len(self.fifo) < 2 else 0
        return self._registers[name]

    def _set(self, name: str, value: int) -> None:
        if name == "pins":
            self.chain.oe_n = value
        else:
            self._registers[name] = value

    def _jump(self, arguments: list[str]) -> None:
        condition, target = arguments if len(arguments) == 2 else ("", arguments[0])
        taken = not condition
        if condition.startswith("!"):
            taken = self._registers[condition[1:]] == 0
        elif condition.endswith("--"):
            taken = self._registers[condition[:-2]] != 0
            self._registers[condition[:-2]] = self._registers[condition[:-2]] - 1 & WORD
        if taken:
            self.at = self._labels[target]
