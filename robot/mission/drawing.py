"""Draws a house and its plan as one SVG picture: rows by how due they are, and each robot's way in its colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from robot.mission.due import Due
from robot.mission.house_map import House, Place, Row
from robot.mission.plan_types import Plan, Stop, StopKind

PITCH_PX, WIDEST_PITCH_PX = 11.0, 22.0
WIDTH_PX = 900.0
ROW_PX = 190.0
BAND_PX = 34.0
MARGIN_PX = 46.0
LEGEND_PX = 128.0
LONGEST_ROW_M = 160.0
GOLDEN_ANGLE = 137.508
STATES = {
    "resting": ("#cfe3c6", "treated, resting"),
    "due": ("#f7d560", "due"),
    "must": ("#f0913a", "must be done today"),
    "late": ("#d64545", "overdue"),
    "no_go": ("#8a8f94", "no entry"),
}


def drawing(house: House, dues: Mapping[str, Sequence[Due]], plan: Plan | None = None) -> str:
    """Return the SVG text; `dues` are each row's sides that are due, `plan` adds the robots' ways."""
    sheet = _Sheet(house)
    parts = [
        *sheet.headlands(),
        *(
            part
            for row in house.rows.values()
            for part in sheet.row(row, _state(row, dues.get(row.name, ())))
        ),
        *([sheet.route(plan, robot) for robot in range(len(plan.routes))] if plan is not None else []),
        *sheet.labels(),
        *sheet.docks(),
        *sheet.legend(plan),
    ]
    width, height = sheet.width, sheet.height
    style = "text{font-family:Helvetica,Arial,sans-serif;fill:#26302b}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}"><style>{style}</style>'
        f'<rect width="100%" height="100%" fill="#fbfbf8"/>{HATCH}' + "\n".join(parts) + "</svg>\n"
    )


HATCH = (
    '<defs><pattern id="infected" width="6" height="6" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><rect width="2.4" height="6" fill="#7b2d8b"/></pattern></defs>'
)


def _state(row: Row, dues: Sequence[Due]) -> str:
    if row.no_go:
        return "no_go"
    if any(due.late for due in dues):
        return "late"
    if any(due.must for due in dues):
        return "must"
    return "due" if dues else "resting"


def colour_of(robot: int) -> str:
    """Return a robot's colour; neighbours in number differ most."""
    return f"hsl({(210 + robot * GOLDEN_ANGLE) % 360:.0f},70%,{34 + 10 * (robot % 2)}%)"


@dataclass(frozen=True)
class _Scale:
    """Pixels a metre along one axis, and the metre that lies at pixel 0."""

    pixels: float
    origin: float

    def __call__(self, metre: float) -> float:
        return (metre - self.origin) * self.pixels


class _Sheet:
    """Turns metres into pixels: generous across the rows, so that each can be read, and short along them."""

    def __init__(self, house: House) -> None:
        self.house = house
        rows = house.rows.values()
        points = [point for row in rows for point in ((row.head.x, row.head.y), row.end)]
        points += [point for headland in house.config.headlands for point in (headland.start, headland.end)]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        upright = any(row.direction[0] == 0.0 for row in rows)
        lying = any(row.direction[0] != 0.0 for row in rows)
        pitch = min(row.pitch for row in rows)
        span = max(max(xs) - min(xs) if upright else max(ys) - min(ys), pitch)
        wide = (WIDTH_PX - 2 * MARGIN_PX) * pitch / span
        self.pitch = min(max(PITCH_PX, wide), WIDEST_PITCH_PX)
        across, along = self.pitch / pitch, ROW_PX / LONGEST_ROW_M
        self.x = _Scale(across if upright else along, min(xs))
        self.y = _Scale(-(across if lying else along), max(ys))
        self.left, self.top = MARGIN_PX, MARGIN_PX + LEGEND_PX + BAND_PX
        self.width = max(WIDTH_PX, self.x(max(xs)) + 2 * MARGIN_PX)
        self.height = self.y(min(ys)) + self.top + BAND_PX + MARGIN_PX

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return the pixel of a point of the house."""
        return self.x(x) + self.left, self.y(y) + self.top

    def headlands(self) -> Iterator[str]:
        """Yield the paths as pale bands with their names."""
        for headland in self.house.config.headlands:
            (x0, y0), (x1, y1) = self.point(*headland.start), self.point(*headland.end)
            yield (
                f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="#e4e2d8" '
                f'stroke-width="{BAND_PX:.0f}" stroke-linecap="square"/>'
            )
            yield _text(x0 - 14, y0 + 4, headland.name, 10, "#6b6f6a")

    def row(self, row: Row, state: str) -> Iterator[str]:
        """Yield a row as a bar from the edge of its headland to its far end."""
        (x0, y0), (x1, y1) = self.ends(row)
        fill = STATES[state][0]
        title = f"<title>{escape(row.name)}: {STATES[state][1]}{', infected' if row.infected else ''}</title>"
        bar = f'x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke-width="{self.pitch - 2:.1f}"'
        yield f'<line {bar} stroke="{fill}">{title}</line>'
        if row.infected:
            half = self.pitch / 2 - 1
            wide, high = (half, 0.0) if x0 == x1 else (0.0, half)
            yield (
                f'<rect x="{min(x0, x1) - wide:.1f}" y="{min(y0, y1) - high:.1f}" '
                f'width="{abs(x1 - x0) + 2 * wide:.1f}" height="{abs(y1 - y0) + 2 * high:.1f}" '
                'fill="url(#infected)"/>'
            )
        if row.no_go:
            yield _text((x0 + x1) / 2 - 3.4, (y0 + y1) / 2 + 4, "×", 12, "#ffffff")

    def labels(self) -> Iterator[str]:
        """Yield the number of every tenth row of a block, and the first one's name."""
        for row in self.house.rows.values():
            number = row.name.rpartition("-")[2]
            if number.isdigit() and (int(number) % 10 == 0 or int(number) == 1):
                (dx, dy), (x, y) = row.direction, self.point(*row.end)
                label = row.name if int(number) == 1 else number.lstrip("0")
                yield _text(x + dx * 12 - 8, y - dy * 16 + 4, label, 10, "#26302b")

    def ends(self, row: Row) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return a row's pixels, from the headland's edge on."""
        x0, y0 = self.point(row.head.x, row.head.y)
        x1, y1 = self.point(*row.end)
        dx, dy = row.direction
        return (x0 + dx * BAND_PX / 2, y0 - dy * BAND_PX / 2), (x1, y1)

    def route(self, plan: Plan, robot: int) -> str:
        """Return one robot's way: its lane along the headland, a line in each row and the order at its end."""
        colour = colour_of(robot)
        places = self._places()
        lane = ((robot % 6) - 2.5) * BAND_PX / 8
        at = places[plan.problem.robots[robot].place]
        way = [self._in_lane(at, lane)]
        parts = []
        for number, stop in enumerate(_visits(plan.routes[robot]), start=1):
            job = plan.problem.jobs[stop.job]
            way.append(self._in_lane(places[job.entrance], lane))
            way.append(self._in_lane(places[job.exit], lane))
            parts.append(self._visit(self.house.rows[job.row], colour, number))
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in way)
        name = escape(plan.problem.robots[robot].name)
        return (
            f'<g><title>{name}</title><polyline points="{line}" fill="none" stroke="{colour}" '
            f'stroke-width="2" stroke-opacity="0.85"/>{"".join(parts)}</g>'
        )

    def _visit(self, row: Row, colour: str, number: int) -> str:
        (x0, y0), (x1, y1) = self.ends(row)
        dx, dy = row.direction
        end = x1 - dx * 6, y1 + dy * 6
        return (
            f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke="{colour}" '
            f'stroke-width="2.6"/><circle cx="{end[0]:.1f}" cy="{end[1]:.1f}" r="5.4" fill="{colour}"/>'
            + _text(end[0], end[1] + 2.5, str(number), 7, "#ffffff", "middle")
        )

    def _in_lane(self, place: Place, lane: float) -> tuple[float, float]:
        x, y = self.point(place.x, place.y)
        upright = any(row.direction[0] == 0.0 for row in self.house.rows.values())
        return (x, y + lane) if upright else (x + lane, y)

    def _places(self) -> dict[int, Place]:
        rows = self.house.rows.values()
        ends = [place for row in rows for place in (row.head, row.far) if place is not None]
        return {place.index: place for place in (*ends, *self.house.docks.values())}

    def docks(self) -> Iterator[str]:
        """Yield the docks as dark squares with their names."""
        for name, place in self.house.docks.items():
            x, y = self.point(place.x, place.y)
            yield (
                f'<rect x="{x - 8:.1f}" y="{y - 8:.1f}" width="16" height="16" rx="3" fill="#26302b">'
                f"<title>{escape(name)}</title></rect>"
            )
            yield f'<path d="M{x + 1.5:.1f},{y - 5.5:.1f} l-5,7 h3.4 l-1.4,4.5 l5,-7 h-3.4 z" fill="#f7d560"/>'

    def legend(self, plan: Plan | None) -> Iterator[str]:
        """Yield the title, the colours and the robots with how many rows each does."""
        yield _text(MARGIN_PX, 40, self.house.config.name, 20, "#26302b")
        x = MARGIN_PX
        for fill, text in [*STATES.values(), ("url(#infected)", "infected: last")]:
            yield f'<rect x="{x:.0f}" y="54" width="14" height="14" fill="{fill}" stroke="#26302b22"/>'
            yield _text(x + 20, 66, text, 12, "#26302b")
            x += 40 + 6.4 * len(text)
        yield f'<rect x="{x:.0f}" y="53" width="16" height="16" rx="3" fill="#26302b"/>'
        yield _text(x + 22, 66, "dock", 12, "#26302b")
        if plan is None:
            return
        done, musts = len(plan.visited), len(plan.must_missed)
        text = (
            f"{done} of {len(plan.problem.jobs)} due rows planned; {musts} that must be done today left out"
        )
        yield _text(MARGIN_PX, 92, text, 13, "#26302b")
        columns = max(1, int((self.width - 2 * MARGIN_PX) // 92))
        for robot, route in enumerate(plan.routes):
            x, y = MARGIN_PX + 92 * (robot % columns), 114 + 17 * (robot // columns)
            yield f'<circle cx="{x + 5:.0f}" cy="{y - 4:.0f}" r="5" fill="{colour_of(robot)}"/>'
            rows = sum(stop.kind is StopKind.VISIT for stop in route)
            yield _text(x + 14, y, f"{plan.problem.robots[robot].name}: {rows}", 11, "#26302b")


def _visits(route: Sequence[Stop]) -> Iterator[Stop]:
    return (stop for stop in route if stop.kind is StopKind.VISIT)


def _text(x: float, y: float, text: str, size: float, fill: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}" text-anchor="{anchor}" '
        f'style="fill:{fill}">{escape(text)}</text>'
    )
