"""Plots as SVG that a page carries inside it. Pure; all words are escaped, colours are the page's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

LEFT, RIGHT, ROW, TOP = 104, 52, 24, 8  # room for names, values, a row, the first row
WIDTH = 400


def intervals(figures: Mapping[str, Mapping[str, Any]], title: str) -> str:
    """A row a name: a dot for the value on 0..1, a line for its interval, the value in words."""
    height = TOP + ROW * len(figures) + 18
    rows = (_row(name, figure, TOP + ROW * (place + 0.5)) for place, (name, figure) in enumerate(figures.items()))
    grid = "".join(
        f'<line class="grid" x1="{_x(tick)}" x2="{_x(tick)}" y1="{TOP}" y2="{height - 18}"/>'
        f'<text class="tick" x="{_x(tick)}" y="{height - 4}" text-anchor="middle">{tick:g}</text>'
        for tick in (0, 0.25, 0.5, 0.75, 1)
    )
    return _svg(height, title, grid + "".join(rows))


def _row(name: str, figure: Mapping[str, Any], y: float) -> str:
    label = f'<text class="name" x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(name[:16])}</text>'
    value = figure["value"]
    if value is None:
        return label
    bar = ""
    if figure["low"] is not None:
        bar = f'<line class="range" x1="{_x(figure["low"])}" x2="{_x(figure["high"])}" y1="{y}" y2="{y}"/>'
    dot = f'<circle class="dot" cx="{_x(value)}" cy="{y}" r="4.5"/>'
    return f'{label}{bar}{dot}<text class="value" x="{WIDTH - RIGHT + 12}" y="{y + 4}">{value:.2f}</text>'


def _x(share: float) -> float:
    return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)


def risk_coverage(points: Sequence[Sequence[float]], title: str) -> str:
    """Risk (up) against coverage (right), both 0..1; points are threshold, coverage, risk."""
    height, left, bottom, top, right = 240, 44, 36, 12, 12
    width = WIDTH - left - right

    def place(coverage: float, risk: float) -> str:
        return f"{left + coverage * width:.1f},{top + (1 - risk) * (height - top - bottom):.1f}"

    line = " ".join(place(coverage, risk) for _, coverage, risk in points)
    ends = f"{place(points[-1][1], 0)} {place(points[0][1], 0)}" if points else ""
    grid = "".join(
        f'<polyline class="grid" points="{place(0, tick)} {place(1, tick)}"/>'
        f'<text class="tick" x="{left - 8}" y="{top + (1 - tick) * (height - top - bottom) + 4:.1f}" text-anchor="end">'
        f'{tick:g}</text><text class="tick" x="{left + tick * width:.1f}" y="{height - bottom + 16}" '
        f'text-anchor="middle">{tick:g}</text>'
        for tick in (0, 0.25, 0.5, 0.75, 1)
    )
    names = f'<text class="tick" x="{left + width}" y="{height - 4}" text-anchor="end">share answered</text>'
    shapes = (
        f'<polygon class="area" points="{line} {ends}"/><polyline class="curve" points="{line}"/>' if points else ""
    )
    return _svg(height, title, grid + shapes + names)


def change(difference: float, low: float | None, high: float | None, up: bool, most: float) -> str:
    """A difference and its interval about 0, on -most..most; better is to the right."""
    side, width, height = (1 if up else -1), 160, 22
    at = [width / 2 + side * (value if value is not None else difference) / most * (width / 2 - 6)
          for value in (difference, low, high)]  # fmt: skip
    shade = "bad" if side * difference < 0 else "good" if difference else ""
    body = (
        f'<line class="grid" x1="{width / 2}" x2="{width / 2}" y1="0" y2="{height}"/>'
        f'<line class="range" x1="{at[1]:.1f}" x2="{at[2]:.1f}" y1="{height / 2}" y2="{height / 2}"/>'
        f'<circle class="dot {shade}" cx="{at[0]:.1f}" cy="{height / 2}" r="4.5"/>'
    )
    return f'<svg class="change" viewBox="0 0 {width} {height}" aria-hidden="true">{body}</svg>'


def _svg(height: float, title: str, body: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{body}</svg>'
