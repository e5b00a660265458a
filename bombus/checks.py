"""One thing that `bombus doctor` looked at."""

from __future__ import annotations

import msgspec


class Check(msgspec.Struct, frozen=True):
    """One thing looked at; `remedy` is empty when it is fine."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
