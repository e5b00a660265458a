"""Lays a house file out: every row's place, length and neighbours, and the metres between any two places."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra

from robot.config import ConfigError
from robot.mission.house import (
    MOST_ROWS,
    BlockConfig,
    DockConfig,
    HeadlandConfig,
    HouseConfig,
    RowConfig,
)
from robot.mission.problem import Floats
from vision.types import SIDES, Side

TOWARD = {"up": (0.0, 1.0), "down": (0.0, -1.0), "left": (-1.0, 0.0), "right": (1.0, 0.0)}
FAR_END_M = 5.0
"""A row's other end may lie this far from its far headland, m."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point of a headland: index among the places, coordinates (m) and the zone that a cart takes up there."""

    index: int
    x: float
    y: float
    zone: int
    headland: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row, between two crop rows; a robot goes in at its head and out there or at its open far end."""

    name: str
    length: float
    sides: tuple[Side, ...]
    head: Place
    far: Place | None
    direction: tuple[float, float]
    pitch: float
    tag: int | None = None
    infected: bool = False
    no_go: bool = False
    tags: tuple[tuple[int, float], ...] = ()
    """Tags along it: number, and s in m."""
    cultivar: str = ""
    control: bool = False

    @property
    def end(self) -> tuple[float, float]:
        """The coordinates of the far end, m."""
        return self.head.x + self.direction[0] * self.length, self.head.y + self.direction[1] * self.length


@dataclass(frozen=True)
class House:
    """A house laid out; `rows` and `docks` by name in the file's order."""

    config: HouseConfig
    rows: Mapping[str, Row]
    docks: Mapping[str, Place]
    edges: tuple[tuple[int, int, float], ...]
    """The headlands and links as pairs of nodes with metres; the first nodes are the places."""
    places: int

    @cached_property
    def distance(self) -> Floats:
        """Metres between places, (places, places); infinite where no way leads."""
        nodes = 1 + max((max(a, b) for a, b, _ in self.edges), default=self.places)
        start, end, metres = (np.array(column) for column in zip(*self.edges, strict=True))
        # Zero metres would mean no edge to the sparse graph.
        graph = coo_matrix((np.maximum(metres, 1e-9), (start, end)), shape=(nodes, nodes)).tocsr()
        found: Floats = dijkstra(graph, directed=False, indices=range(self.places))
        return found[:, : self.places]


def lay_out(config: HouseConfig, name: str = "house") -> House:
    """Return the house laid out; raises ConfigError in one line that begins with `name`."""
    house = _Builder(config, name).house()
    _check_reachable(house, name)
    return house


class _Builder:
    def __init__(self, config: HouseConfig, name: str) -> None:
        self.config, self.name = config, name
        self.headlands = {headland.name: headland for headland in config.headlands}
        self._places: list[Place] = []
        self._on: dict[str, list[tuple[float, int]]] = {headland: [] for headland in self.headlands}

    def house(self) -> House:
        config = self.config
        _no_twins(self.name, "headlands", [headland.name for headland in config.headlands])
        _no_twins(self.name, "docks", [dock.name for dock in config.docks])
        _no_twins(self.name, "robots", [robot.name for robot in config.robots])
        rows = {row.name: row for row in self._rows()}
        for what, names in (
            ("no_go", config.no_go),
            ("controls", config.controls),
            ("infected", config.infected),
        ):
            for row in names:
                self._known(row, rows, what, "row")
        for tag in self.config.tags:
            self._known(tag.row, rows, f"tags.{tag.number}.row", "row")
        docks = {dock.name: self._dock(dock) for dock in config.docks}
        for robot in config.robots:
            self._known(robot.dock, docks, f"robots.{robot.name}.dock", "dock")
        return House(config, rows, docks, tuple(self._edges()), len(self._places))

    def _rows(self) -> Iterator[Row]:
        plain = {row.name: row for block in self.config.blocks for row in _rows_of(block)}
        listed = [row for block in self.config.blocks for row in (r.name for r in _rows_of(block))]
        _no_twins(self.name, "blocks", listed)
        _no_twins(self.name, "rows", [row.name for row in self.config.rows])
        for own in self.config.rows:
            given = own.model_dump(exclude_none=True)
            base = plain[own.name].model_dump(exclude_none=True) if own.name in plain else {}
            plain[own.name] = RowConfig.model_validate({**base, **given})
        if not plain:
            raise ConfigError(f"{self.name}: no rows; add [[blocks]] or [[rows]]")
        if len(plain) > MOST_ROWS:
            raise ConfigError(f"{self.name}: {len(plain)} rows, {MOST_ROWS} are allowed; split the house")
        pitches = {row.name: block.pitch for block in self.config.blocks for row in _rows_of(block)}
        for row in plain.values():
            yield self._row(row, pitches.get(row.name, 1.6))

    def _row(self, row: RowConfig, pitch: float) -> Row:
        what = f"rows.{row.name}"
        if row.headland is None or row.at is None or row.length is None:
            raise ConfigError(f"{self.name}: {what}: headland, at or length is missing; add it")
        direction = TOWARD[row.toward or "up"]
        head = self._place(row.headland, row.at, what)
        far = None
        if row.far_headland is not None:
            end = head.x + direction[0] * row.length, head.y + direction[1] * row.length
            far = self._far_place(row.far_headland, end, what)
        return Row(
            row.name,
            row.length,
            row.sides or SIDES,
            head,
            far,
            direction,
            pitch,
            row.tag,
            row.name in self.config.infected,
            row.name in self.config.no_go or row.name in self.config.controls,
            tuple((tag.number, tag.s) for tag in self.config.tags if tag.row == row.name),
            row.cultivar or "",
            row.name in self.config.controls,
        )

    def _dock(self, dock: DockConfig) -> Place:
        return self._place(dock.headland, dock.at, f"docks.{dock.name}")

    def _place(self, headland: str, at: float, what: str) -> Place:
        self._known(headland, self.headlands, f"{what}.headland", "headland")
        path = self.headlands[headland]
        if at > path.length + 1e-6:
            raise ConfigError(
                f"{self.name}: {what}.at = {at:g}: headland '{headland}' is {path.length:g} m long; lower it"
            )
        x, y = _point(path, at)
        place = Place(len(self._places), x, y, self._zone(headland, at), headland)
        self._places.append(place)
        self._on[headland].append((at, place.index))
        return place

    def _far_place(self, headland: str, end: tuple[float, float], what: str) -> Place:
        self._known(headland, self.headlands, f"{what}.far_headland", "headland")
        path = self.headlands[headland]
        along = (np.array(path.end) - np.array(path.start)) / path.length
        at = float(np.clip(np.dot(np.array(end) - np.array(path.start), along), 0.0, path.length))
        x, y = _point(path, at)
        gap = float(np.hypot(end[0] - x, end[1] - y))
        if gap > FAR_END_M:
            raise ConfigError(
                f"{self.name}: {what}.far_headland = '{headland}': {gap:.1f} m from the row's end; mend its length"
            )
        return self._place(headland, at, what)

    def _zone(self, headland: str, at: float) -> int:
        """Return the number of the stretch of headland; each place its own when zones have no length."""
        if self.config.zone_length <= 0.0:
            return len(self._places)
        number = list(self.headlands).index(headland)
        return number * 100_000 + int(at // self.config.zone_length)

    def _edges(self) -> Iterator[tuple[int, int, float]]:
        node = len(self._places)
        for number, link in enumerate(self.config.links):
            what = f"links.{number}"
            for headland, at in ((link.from_headland, link.from_at), (link.to_headland, link.to_at)):
                self._known(headland, self.headlands, what, "headland")
                if at > self.headlands[headland].length + 1e-6:
                    raise ConfigError(
                        f"{self.name}: {what}: {at:g} m is beyond headland '{headland}'; lower it"
                    )
                self._on[headland].append((at, node))
                node += 1
            yield node - 2, node - 1, link.length
        for on in self._on.values():
            ordered = sorted(on)
            for (at, a), (next_at, b) in pairwise(ordered):
                yield a, b, next_at - at

    def _known(self, wanted: str, names: Iterable[str], what: str, kind: str) -> None:
        names = list(names)
        if wanted in names:
            return
        guess = get_close_matches(wanted, names, n=1, cutoff=0.5)
        hint = f"did you mean '{guess[0]}'?" if guess else f"known are {_few(names)}"
        raise ConfigError(f"{self.name}: {what} = '{wanted}': no such {kind}; {hint}")


def _rows_of(block: BlockConfig) -> Iterator[RowConfig]:
    for number in range(block.count):
        yield RowConfig(
            name=f"{block.name}-{number + 1:03d}",
            headland=block.headland,
            at=round(block.first_at + number * block.pitch, 6),
            length=block.length,
            toward=block.toward,
            far_headland=block.far_headland,
            tag=None if block.first_tag is None else block.first_tag + number,
            cultivar=block.cultivar,
        )


def _point(path: HeadlandConfig, at: float) -> tuple[float, float]:
    share = at / path.length
    (x0, y0), (x1, y1) = path.start, path.end
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def _no_twins(name: str, what: str, names: Sequence[str]) -> None:
    seen: set[str] = set()
    for found in names:
        if found in seen:
            raise ConfigError(f"{name}: {what}: '{found}' twice; give each its own name")
        seen.add(found)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")


def _check_reachable(house: House, name: str) -> None:
    docks = list(house.docks.values())
    for row in house.rows.values():
        if not row.no_go and not np.isfinite(house.distance[docks[0].index, row.head.index]):
            raise ConfigError(
                f"{name}: row '{row.name}' cannot be reached from dock '{next(iter(house.docks))}'; add a link"
            )
    for dock, place in house.docks.items():
        if not np.isfinite(house.distance[docks[0].index, place.index]):
            raise ConfigError(f"{name}: dock '{dock}' cannot be reached from the others; add a link")
