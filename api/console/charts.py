"""Charts, as options of Apache ECharts: what was, in grey; what would be, in green; limits, in red."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

Figures = Mapping[str, Any]
LEAF, GREY, RED, BLUE, AMBER = "#1f6f4a", "#98a2ac", "#a8321f", "#2257a5", "#b7791f"
SERIES = (LEAF, BLUE, AMBER, "#7a5195", "#4c9aa8", "#b05c7a")
_FONT = 'system-ui,"Noto Sans TC","Noto Sans CJK TC",sans-serif'
_AXIS = {
    "axisLine": {"lineStyle": {"color": "#c6cdca"}}, "axisTick": {"show": False},
    "axisLabel": {"color": "#5d6875", "hideOverlap": True}, "splitLine": {"lineStyle": {"color": "#eceeed"}},
    "nameTextStyle": {"color": "#5d6875"},
}  # fmt: skip
DAYS_AHEAD = 120
WEEK = 7


def chart(
    x: Mapping[str, Any], y: Mapping[str, Any], series: Sequence[Mapping[str, Any]], **more: Any
) -> dict[str, Any]:
    """A chart of two axes in the console's look."""
    return {
        "animation": False, "textStyle": {"fontFamily": _FONT}, "color": list(SERIES),
        "grid": {"left": 8, "right": 18, "top": 34, "bottom": 6, "containLabel": True},
        "legend": {"type": "scroll", "top": 0, "left": 0, "itemWidth": 16, "itemHeight": 8, "icon": "roundRect",
                   "textStyle": {"color": "#5d6875"}},
        "tooltip": {"trigger": "axis", "confine": True}, "xAxis": {**_AXIS, **x}, "yAxis": {**_AXIS, **y},
        "series": list(series), **more,
    }  # fmt: skip


def line(name: str, points: Sequence[Sequence[Any]], color: str, **more: Any) -> dict[str, Any]:
    """A line of (x, y)."""
    return {
        "type": "line", "name": name, "data": [list(each) for each in points], "showSymbol": False, "color": color,
        "lineStyle": {"width": 2}, **more,
    }  # fmt: skip


def top_within(proposed: Figures, current: Figures | None, words: Mapping[str, str]) -> dict[str, Any]:
    """The chance of a TOP within so many draws, of the table and of the one in force."""
    series = [line(words["proposed"], _curve(proposed), LEAF, areaStyle={"opacity": 0.06})]
    if current is not None:
        series.insert(0, line(words["current"], _curve(current), GREY, lineStyle={"width": 2, "type": "dashed"}))
    x = {"type": "value", "max": proposed["topWithin"][-1]["draws"], "minInterval": 1}
    return chart(x, {"type": "value", "max": 100, "axisLabel": {"formatter": "{value}%"}}, series)


def _curve(figures: Figures) -> list[list[Any]]:
    return [[0, 0], *([each["draws"], _number(each["percent"])] for each in figures["topWithin"])]


def cost_per_draw(
    proposed: Figures, current: Figures | None, names: Mapping[str, str], words: Mapping[str, str]
) -> dict[str, Any]:
    """What each prize adds to the mean cost of a draw, in money."""
    added, before = _added(proposed), _added(current) if current else {}
    codes = [each for each in sorted(added, key=lambda code: added[code]) if added[each] or before.get(each)]
    series = [_bars(words["proposed"], [added[code] for code in codes], LEAF)]
    if current is not None:
        series.insert(0, _bars(words["current"], [before.get(code, 0) for code in codes], GREY))
    y = {"type": "category", "data": [names.get(code, code) for code in codes], "splitLine": {"show": False}}
    return chart({"type": "value"}, y, series)


def _added(figures: Figures) -> dict[str, float]:
    return {
        each["prize"]: round(float(Decimal(each["costMinor"]) * Decimal(each["consolidatedPercent"]) / 10_000), 4)
        for each in figures["prizes"]
    }


def _bars(name: str, values: Sequence[float], color: str) -> dict[str, Any]:
    return {"type": "bar", "name": name, "data": list(values), "color": color, "barMaxWidth": 10}


def stock(figures: Figures, today: date, names: Mapping[str, str]) -> dict[str, Any] | None:
    """What is left of each limited prize, day by day at last week's pace; None where nothing is limited."""
    limited = [each for each in figures["prizes"] if each["stockLeft"] is not None]
    if not limited:
        return None
    series = []
    for at, each in enumerate(limited):
        pace = Decimal(each["consolidatedPercent"]) * figures["weekDraws"] / 100 / WEEK
        left = Decimal(each["stockLeft"])
        days = min(DAYS_AHEAD, int(left / pace) + 1) if pace else DAYS_AHEAD
        ends = [(0, left), (days, max(Decimal(0), left - pace * days))]
        points = [[(today + timedelta(days=day)).isoformat(), round(float(value), 1)] for day, value in ends]
        series.append(line(names.get(each["prize"], each["prize"]), points, SERIES[at % len(SERIES)]))
    return chart({"type": "time", "min": today.isoformat()}, {"type": "value", "min": 0}, series)


def days(
    counted: Mapping[str, Mapping[str, int]], since: date, today: date, names: Mapping[str, str]
) -> dict[str, Any]:
    """Counts by day of several kinds, as lines; days without any are zero."""
    span = [(since + timedelta(days=each)).isoformat() for each in range((today - since).days + 1)]
    series = [
        line(text, [[day, counted.get(kind, {}).get(day, 0)] for day in span], SERIES[at % len(SERIES)],
             showSymbol=len(span) < 3)
        for at, (kind, text) in enumerate(names.items())
    ]  # fmt: skip
    return chart({"type": "time", "minInterval": 86_400_000}, {"type": "value", "minInterval": 1}, series)


def evidence(readings: Sequence[Mapping[str, Any]], alarm_at: str, words: Mapping[str, str]) -> dict[str, Any]:
    """The monitor's evidence over time, as powers of ten, with the line that it must not reach."""
    kept = list(reversed(readings))
    limit = _number(alarm_at)
    mark = {
        "silent": True, "symbol": "none", "lineStyle": {"color": RED, "type": "dashed"}, "data": [{"yAxis": limit}],
        "label": {"formatter": words["alarm"], "color": RED, "position": "insideStartTop"},
    }  # fmt: skip
    few = len(kept) < 3
    series = [
        line(words["all"], [[each["at"], _number(each["evidence"])] for each in kept], LEAF, markLine=mark,
             showSymbol=few),
        line(words["bins"], [[each["at"], _number(each["binsEvidence"])] for each in kept], GREY, showSymbol=few),
    ]  # fmt: skip
    return chart({"type": "time"}, {"type": "value", "max": round(limit + 1), "name": words["power"]}, series)


def _number(text: str) -> float:
    """A decimal string for the eye: charts alone are drawn with floats."""
    return float(Decimal(text))
