"""A line chart as SVG text: axes with round numbers, a legend, a note; nothing to install."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 520
LEFT, RIGHT, TOP, BOTTOM = 70, 30, 56, 92
COLORS = ("#1b7f4b", "#c0392b", "#2c6fbb", "#b7791f", "#7b3fa0", "#5a6b66")
TICKS = 6


@dataclass(frozen=True)
class Dot:
    """One measured point; `label` is written beside it."""

    x: float
    y: float
    label: str = ""


@dataclass(frozen=True)
class Curve:
    """Points joined in their order."""

    name: str
    dots: Sequence[Dot]


def chart(title: str, axes: tuple[str, str], curves: Sequence[Curve], note: str) -> str:
    """Return the SVG text."""
    dots = [dot for curve in curves for dot in curve.dots] or [Dot(0.0, 0.0)]
    x_axis = _Axis.around([dot.x for dot in dots], LEFT, WIDTH - RIGHT)
    y_axis = _Axis.around(
        [0.0, *(dot.y for dot in dots)] if len(curves) > 1 else [dot.y for dot in dots], HEIGHT - BOTTOM, TOP
    )
    middle = f'x="{(LEFT + WIDTH - RIGHT) / 2:.0f}" y="{HEIGHT - BOTTOM + 42}" text-anchor="middle"'
    parts = [
        f'<text x="{LEFT}" y="26" font-size="17" font-weight="bold">{escape(title)}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 10}" font-size="12" fill="#5c6661">{escape(note)}</text>',
        f"<text {middle}>{escape(axes[0])}</text>",
        f'<text transform="translate(18 {(TOP + HEIGHT - BOTTOM) / 2:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escape(axes[1])}</text>",
        *_grid(x_axis, y_axis),
        *(
            part
            for index, curve in enumerate(curves)
            for part in _curve(curve, COLORS[index % len(COLORS)], x_axis, y_axis)
        ),
        *_legend(curves),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">'
        "<style>text{font-family:Helvetica,Arial,sans-serif;font-size:13px;fill:#26302b}</style>"
        f'<rect width="100%" height="100%" fill="#fbfbf8"/>' + "\n".join(parts) + "</svg>\n"
    )


@dataclass(frozen=True)
class _Axis:
    low: float
    high: float
    step: float
    from_px: float
    to_px: float

    @classmethod
    def around(cls, values: Sequence[float], from_px: float, to_px: float) -> _Axis:
        low, high = min(values), max(values)
        if high - low < 1e-12:
            low, high = low - 0.5, high + 0.5
        raw = (high - low) / TICKS
        scale = 10.0 ** floor(log10(raw))
        step = next(scale * nice for nice in (1, 2, 5, 10) if scale * nice >= raw - 1e-12)
        return cls(floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step, step, from_px, to_px)

    def px(self, value: float) -> float:
        return self.from_px + (value - self.low) / (self.high - self.low) * (self.to_px - self.from_px)

    def ticks(self) -> list[float]:
        return [
            self.low + index * self.step for index in range(round((self.high - self.low) / self.step) + 1)
        ]

    def text(self, value: float) -> str:
        return f"{value:.{max(0, -floor(log10(self.step) + 1e-9))}f}"


def _grid(x_axis: _Axis, y_axis: _Axis) -> Iterator[str]:
    bottom, top = y_axis.from_px, y_axis.to_px
    for value in x_axis.ticks():
        x = x_axis.px(value)
        yield f'<line x1="{x:.1f}" y1="{bottom}" x2="{x:.1f}" y2="{top}" stroke="#e3e4de"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{x_axis.text(value)}</text>'
    for value in y_axis.ticks():
        y = y_axis.px(value)
        yield f'<line x1="{x_axis.from_px}" y1="{y:.1f}" x2="{x_axis.to_px}" y2="{y:.1f}" stroke="#e3e4de"/>'
        yield f'<text x="{x_axis.from_px - 8}" y="{y + 4:.1f}" text-anchor="end">{y_axis.text(value)}</text>'


def _curve(curve: Curve, color: str, x_axis: _Axis, y_axis: _Axis) -> Iterator[str]:
    points = [(x_axis.px(dot.x), y_axis.px(dot.y), dot.label) for dot in curve.dots]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    yield f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>'
    for x, y, label in points:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}"/>'
        if label:
            yield f'<text x="{x + 7:.1f}" y="{y - 7:.1f}" font-size="12">{escape(label)}</text>'


def _legend(curves: Sequence[Curve]) -> Iterator[str]:
    x = float(LEFT)
    for index, curve in enumerate(curves):
        if curve.name:
            yield f'<rect x="{x:.0f}" y="36" width="12" height="4" fill="{COLORS[index % len(COLORS)]}"/>'
            yield f'<text x="{x + 17:.0f}" y="43" font-size="12">{escape(curve.name)}</text>'
            x += 30 + 6.6 * len(curve.name)
