"""Which errors are wrong use (exit 2) and which are work that failed (exit 1); all others are our bugs."""

from __future__ import annotations

