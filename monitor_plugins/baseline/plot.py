"""Draws a series with what was found in it, as SVG in one file.

Points are builds or samples. A line is the level, and the band around it what the series does by
itself: its noise floor. A change is a vertical line with its size. Words tell all of it too, and
no meaning hangs on colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple
from xml.sax.saxutils import escape

from monitor_plugins.baseline.changepoints import comparable
from monitor_plugins.baseline.robust import difference_scale, median, quantile
from monitor_plugins.baseline.telling import amount, percent

WIDTH, HEIGHT = 960, 360
LEFT, RIGHT, TOP, BOTTOM = 76, 16, 44, 40
NOISE_SIGMAS = 2.0
"""The band holds 19 of 20 values of a normal noise."""
STYLE = """
svg{background:#fff;color:#1f2328;font:12px system-ui,sans-serif}
@media(prefers-color-scheme:dark){svg{background:#0d1117;color:#e6edf3}}
text{fill:currentColor}.title{font-size:15px;font-weight:600}
.grid{stroke:currentColor;opacity:.15}.band{fill:#2f81f7;opacity:.16}
.level{stroke:#2f81f7;stroke-width:2;fill:none}.value{fill:currentColor;opacity:.55}
.change{stroke:#cf222e;stroke-width:1.5;stroke-dasharray:5 3}
"""


class Mark(NamedTuple):
    """Something that was found at a row; `effect` is relative, None where it is to be computed."""

    row: int
    effect: float | None


class Scale(NamedTuple):
    """From rows and values to pixels."""

    rows: int
    low: float
    high: float

    def x(self, row: float) -> float:
        """Pixels from the left."""
        return round(LEFT + (WIDTH - LEFT - RIGHT) * row / max(1, self.rows - 1), 1)

    def y(self, value: float) -> float:
        """Pixels from the top; what is further out than the axis stands at its edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)


def svg(
    values: Sequence[float], marks: Sequence[Mark], *, unit: str, title: str, are_levels: bool
) -> str:
    """The picture. `are_levels`: each mark begins a new level; else it is an incident."""
    known = [value for value in values if math.isfinite(value)]
    scale = _scale(len(values), known)
    sigma = _noise(known)
    parts = [*_grid(scale, unit)]
    cuts = [mark.row for mark in marks] if are_levels else []
    levels = list(_levels(values, cuts))
    if are_levels:
        parts += [part for level in levels for part in _level(scale, *level, sigma)]
    parts += [
        f'<circle class="value" cx="{scale.x(row)}" cy="{scale.y(value)}" r="2"/>'
        for row, value in enumerate(values)
        if math.isfinite(value)
    ]
    parts += [part for mark in marks for part in _mark(scale, mark, levels)]
    told = _words(len(known), sigma, len(marks), are_levels=are_levels)
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{escape(f"{title}: {told}", {chr(34): "&quot;"})}">',
            f"<style>{STYLE}</style>",
            f'<text class="title" x="{LEFT}" y="18">{escape(title)}</text>',
            f'<text x="{LEFT}" y="35">{escape(told)}</text>',
            *parts,
            "</svg>\n",
        )
    )


def _words(count: int, sigma: float, marks: int, *, are_levels: bool) -> str:
    noise = f"noise floor ±{100 * NOISE_SIGMAS * sigma:.1f} % (band)"
    what = "lasting change" if are_levels else "incident"
    found = f"{marks} {what}{'s' if marks != 1 else ''}" if marks else f"no {what}"
    return f"{count} values, {noise}, {found} found"


def _noise(values: Sequence[float]) -> float:
    """Standard deviation from value to value, relative."""
    return difference_scale(comparable(values)) if len(values) > 1 else 0.0


def _scale(count: int, values: Sequence[float]) -> Scale:
    """An axis that a few wild values do not squeeze: they stand at its edge."""
    if not values:
        return Scale(count, 0.0, 1.0)
    ordered = sorted(values)
    low, high = quantile(ordered, 0.005), quantile(ordered, 0.995)
    room = 0.12 * (high - low) or 0.1 * abs(high) or 1.0
    return Scale(count, low - room, high + room)


def _grid(scale: Scale, unit: str) -> Iterator[str]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        value = scale.low + (scale.high - scale.low) * share
        y = scale.y(value)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>'
        label = escape(amount(value, unit) if unit else f"{value:.4g}")
        yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{label}</text>'
    for share in (0.0, 0.5, 1.0):
        row = round((scale.rows - 1) * share)
        anchor = "end" if share == 1 else "middle"
        yield f'<text x="{scale.x(row)}" y="{HEIGHT - 14}" text-anchor="{anchor}">{row}</text>'


class _Level(NamedTuple):
    start: int
    end: int
    value: float


def _levels(values: Sequence[float], cuts: Sequence[int]) -> Iterator[_Level]:
    for start, end in pairwise([0, *cuts, len(values)]):
        known = [value for value in values[start:end] if math.isfinite(value)]
        if known:
            yield _Level(start, end, median(known))


def _level(scale: Scale, start: int, end: int, value: float, sigma: float) -> Iterator[str]:
    left, right = scale.x(start), scale.x(end - 1)
    reach = abs(value) * math.expm1(NOISE_SIGMAS * sigma)
    top, base = scale.y(value + reach), scale.y(value - reach)
    width, height = round(right - left, 1), round(base - top, 1)
    yield f'<rect class="band" x="{left}" y="{top}" width="{width}" height="{height}"/>'
    y = scale.y(value)
    yield f'<line class="level" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'


def _mark(scale: Scale, mark: Mark, levels: Sequence[_Level]) -> Iterator[str]:
    x = scale.x(mark.row)
    yield f'<line class="change" x1="{x}" x2="{x}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
    before = next((level.value for level in levels if level.end == mark.row), 0.0)
    after = next((level.value for level in levels if level.start == mark.row), 0.0)
    effect = (after - before) / abs(before) if mark.effect is None and before else mark.effect
    words = escape(f"{percent(effect)} from {mark.row}")
    is_late = x > WIDTH * 0.85
    place = f'x="{x - 5 if is_late else x + 5}" text-anchor="{"end" if is_late else "start"}"'
    yield f'<text {place} y="{TOP + 12}">{words}</text>'
