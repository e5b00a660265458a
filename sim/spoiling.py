"""What bad cables do to a piece of bytes: lose, double, cut or damage it."""

from __future__ import annotations

from random import Random


def spoilt(data: bytes, rng: Random) -> bytes:
    """Return a non-empty piece as a bad cable would deliver it."""
    at = rng.randrange(len(data))
    kind = rng.randrange(4)
    damaged = data[:at] + rng.randbytes(1) + data[at + 1 :]
    return [b"", data + data, data[:at], damaged][kind]
