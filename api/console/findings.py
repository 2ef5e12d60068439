"""What is shown of a table or a version wherever it stands: its charts, its mistakes, what changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from nicegui import ui

from api.console import charts
from api.console.costs import prize_names
from api.console.desk import Desk
from api.console.markup import Markup, badge, element, h, show, table

CUT = 400


def draw_charts(desk: Desk, body: Mapping[str, Any], found: Mapping[str, Any], before: Mapping[str, Any] | None) -> Any:
    """The charts of a table; returns them for who keeps them up to date."""
    made = []
    with element("div", "columns charts"):
        for name, options in chart_options(desk, body, found, before).items():
            with element("section", "chart", aria_label=desk.t(name)):
                show(h("h2", desk.t(name)))
                made.append(ui.echart(options, renderer="svg"))
    return made


def chart_options(
    desk: Desk, body: Mapping[str, Any], found: Mapping[str, Any], before: Mapping[str, Any] | None
) -> dict[str, dict[str, Any]]:
    """The options of each chart by the name of its title."""
    words = {name: desk.t(name) for name in ("proposed", "current")}
    names = prize_names(body, desk.words.language)
    made = {"chart_cost": charts.cost_per_draw(found, before, names, words)}
    if found["topWithin"]:
        made["chart_top"] = charts.top_within(found, before, words)
    stock = charts.stock(found, date.fromisoformat(desk.today), names)
    if stock:
        made["chart_stock"] = stock
    return made


def fault_list(desk: Desk, faults: Sequence[Mapping[str, Any]]) -> Markup:
    """Every mistake at once."""
    lines = [h("li", h("code", each["key"]), " ", each["rule"]) for each in faults]
    return h("div", h("strong", desk.t("faults", count=len(faults))), h("ul", *lines, klass="faults"), klass="told",
             role="alert")  # fmt: skip


def diff_table(desk: Desk, changes: Sequence[Mapping[str, Any]]) -> Markup:
    """Changes field by field."""
    if not changes:
        return h("p", desk.t("nothing_changed"), klass="empty")
    rows = [
        [h("td", h("code", each["path"])), h("td", _side("del", each["old"])), h("td", _side("ins", each["new"]))]
        for each in changes
    ]
    heads = [desk.t("field"), desk.t("before"), desk.t("after")]
    return table(heads, rows, desk.t("changed"), klass="diff")


def _side(tag: str, value: str | None) -> Markup:
    if value is None:
        return badge("—")
    return h(tag, value if len(value) <= CUT else value[:CUT] + "…")
