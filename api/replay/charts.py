"""Charts as inline SVG: bars and lines, with nothing loaded from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import pairwise

_WIDTH, _HEIGHT = 720, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 34
_COLOURS = ("#1b6ca8", "#d1495b", "#3a7d44", "#8d6a9f")
_TICKS = 4


def bars(labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]], unit: str) -> str:
    """Bars side by side for each label."""
    top = _round_up(max((max(values, default=0) for _, values in series), default=0))
    step = (_WIDTH - _LEFT - _RIGHT) / max(len(labels), 1)
    width = step * 0.8 / max(len(series), 1)
    drawn = []
    for number, (name, values) in enumerate(series):
        for index, value in enumerate(values):
            height = value / top * (_HEIGHT - _TOP - _BOTTOM)
            x, y = _LEFT + index * step + step * 0.1 + number * width, _HEIGHT - _BOTTOM - height
            shown = escape(f"{labels[index]}: {value:,.6g} {unit} {name}")
            drawn.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{_COLOURS[number]}">'
                f"<title>{shown}</title></rect>"
            )
    return _frame(drawn, labels, step, top, unit, [name for name, _ in series])


def lines(xs: Sequence[float], series: Sequence[tuple[str, Sequence[float]]], unit: str) -> str:
    """Lines over seconds."""
    top = _round_up(max((max(values, default=0) for _, values in series), default=0))
    most = max(xs, default=1) or 1
    drawn = []
    for number, (name, values) in enumerate(series):
        points = " ".join(
            f"{_LEFT + x / most * (_WIDTH - _LEFT - _RIGHT):.1f},"
            f"{_HEIGHT - _BOTTOM - value / top * (_HEIGHT - _TOP - _BOTTOM):.1f}"
            for x, value in zip(xs, values, strict=True)
        )
        drawn.append(
            f'<polyline points="{points}" fill="none" stroke="{_COLOURS[number]}" stroke-width="1.5">'
            f"<title>{escape(name)}</title></polyline>"
        )
    labels = [f"{most * tick / 10:.0f} s" for tick in range(11)]
    return _frame(drawn, labels, (_WIDTH - _LEFT - _RIGHT) / 10, top, unit, [name for name, _ in series])


def rates(seconds: Sequence[float], counts: Sequence[float]) -> list[float]:
    """What a count grew by in each second between two looks; the first look has no rate."""
    found = [(after - before) / max(later - sooner, 0.001)
             for (sooner, later), (before, after) in zip(pairwise(seconds), pairwise(counts), strict=True)]  # fmt: skip
    return [found[0] if found else 0.0, *found]


def _frame(
    drawn: Sequence[str], labels: Sequence[str], step: float, top: float, unit: str, names: Sequence[str]
) -> str:
    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">']
    for tick in range(_TICKS + 1):
        y = _HEIGHT - _BOTTOM - tick / _TICKS * (_HEIGHT - _TOP - _BOTTOM)
        parts.append(f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{top * tick / _TICKS:,.6g}</text>')
    every = max(1, len(labels) // 12)
    for index in range(0, len(labels), every):
        parts.append(f'<text x="{_LEFT + index * step:.1f}" y="{_HEIGHT - 18}">{escape(labels[index])}</text>')
    parts += drawn
    legend = " ".join(f'<tspan fill="{_COLOURS[number]}">■</tspan> {escape(name)}' for number, name in enumerate(names))
    parts.append(f'<text x="{_LEFT}" y="{_HEIGHT - 3}">{legend} ({escape(unit)})</text></svg>')
    return "".join(parts)


def _round_up(value: float) -> float:
    """The next 1, 2, 2.5 or 5 times a power of ten."""
    if value <= 0:
        return 1.0
    power = 1.0
    while power * 10 <= value:
        power *= 10
    while power > value:
        power /= 10
    return next(power * step for step in (1, 2, 2.5, 5, 10) if power * step >= value)
