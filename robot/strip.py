"""Flowers treated and missed along the row, counted in equal bins: what the page's strip shows."""

from __future__ import annotations

from robot.snapshot import RowStrip
from robot.types import FlowerKey
from vision.types import SIDES, Side

STRIP_BINS = 160
"""Bins of the row strip: one a metre in a large house, 4 px each on a tablet."""


class Strip:
    """Counts each flower of the row once, by its last word: a newer one takes the older one's place."""

    def __init__(self) -> None:
        self._row = ("", 1.0)
        self._bins = _empty()
        self._flowers: dict[FlowerKey, tuple[list[int], int]] = {}

    def begin(self, name: str, length: float) -> None:
        """Forget the flowers when this is another row than before."""
        if (name, length) != self._row:
            self._row, self._bins = (name, length), _empty()
            self._flowers.clear()

    def mark(self, flower: FlowerKey, s: float, kind: str) -> None:
        """Count a flower at `s` as treated or missed; as any other `kind` it is not shown."""
        if flower in self._flowers:
            bins, place = self._flowers.pop(flower)
            bins[place] -= 1
        if kind in self._bins:
            bins = self._bins[kind][flower[0]]
            place = min(max(int(s / self._row[1] * STRIP_BINS), 0), STRIP_BINS - 1)
            bins[place] += 1
            self._flowers[flower] = bins, place

    def state(self) -> RowStrip:
        """Return the counts as they are now."""
        treated, missed = (
            {side: list(bins) for side, bins in self._bins[kind].items()} for kind in ("treated", "missed")
        )
        return RowStrip(self._row[1] / STRIP_BINS, treated, missed)


def _empty() -> dict[str, dict[Side, list[int]]]:
    return {kind: {side: [0] * STRIP_BINS for side in SIDES} for kind in ("treated", "missed")}
