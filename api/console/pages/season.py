"""The season in figures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from fastapi import Request
from nicegui import ui

from api.console import charts, say
from api.console.costs import read_pools, summary
from api.console.desk import Desk
from api.console.frame import BASE, Console
from api.console.markup import Markup, element, h, number, numbers, show, table

SPANS = (7, 30, 92)
CHARTS = {
    "chart_members": (("app_opened", "members"), ("moves_played", "members"), ("prizes_drawn", "members"),
                      ("checked_in", "members")),
    "chart_acts": (("receipt_recorded", "events"), ("prizes_drawn", "events"), ("order_delivered", "events")),
    "chart_coupons": (("coupon_issued", "events"), ("coupon_bought", "events"), ("coupon_redeemed", "events")),
}  # fmt: skip
TOTALS = (
    "member_joined", "app_opened", "checked_in", "receipt_recorded", "order_delivered", "prizes_drawn", "top_prize_won",
    "coupon_issued", "coupon_bought", "coupon_redeemed",
)  # fmt: skip


def add(console: Console) -> None:
    @console.page("/season", "season")
    async def season(desk: Desk, request: Request) -> None:
        text = request.query_params.get("days", "")
        span = int(text) if text.isascii() and text.isdigit() and int(text) in SPANS else 30
        found, pools = await desk.ask("SeasonFigures", days=span), await read_pools(desk)
        t = desk.t
        spans = [
            h("a", t("last_days", days=each), href=f"{BASE}/season?days={each}", klass="button",
              aria_current="true" if each == span else None)
            for each in SPANS
        ]  # fmt: skip
        show(
            h("div", h("h1", t("season")), h("span", klass="gap"), *spans, klass="heading"),
            h("p", f"{found['code']} · {found['since']} – {found['today']} · {found['timezone']}", klass="lead"),
        )
        show(_totals(desk, found))
        _charts(desk, found)
        show(h("h2", t("held")), _held(desk, found), classes="card flush")
        show(h("h2", t("pools")), summary(desk, pools), classes="card flush")


def _totals(desk: Desk, found: Mapping[str, Any]) -> Markup:
    totals: dict[str, int] = defaultdict(int)
    for each in found["days"]:
        totals[each["kind"]] += each["events"]
    lines = [h("div", h("dt", desk.t(f"event_{kind}")), h("dd", say.whole(totals[kind]))) for kind in TOTALS]
    return h("dl", *lines, klass="figures")


def _charts(desk: Desk, found: Mapping[str, Any]) -> None:
    since, today = date.fromisoformat(found["since"]), date.fromisoformat(found["today"])
    with element("div", "columns"):
        for title, kinds in CHARTS.items():
            counted = {
                kind: {each["day"]: each[what] for each in found["days"] if each["kind"] == kind}
                for kind, what in kinds
            }
            names = {kind: desk.t(f"event_{kind}") for kind, _ in kinds}
            with element("section", "chart", aria_label=desk.t(title)):
                show(h("h2", desk.t(title)))
                ui.echart(charts.days(counted, since, today, names), renderer="svg")


def _held(desk: Desk, found: Mapping[str, Any]) -> Markup:
    t = desk.t
    rows = [
        [
            t(f"currency_{each['currency'].lower()}"), number(say.whole(each["balance"]), data_head=t("balance")),
            number(say.whole(each["owed"]), data_head=t("owed")),
            number(say.whole(each["holders"]), data_head=t("holders")),
            number(desk.money(each["worthMinor"], 0), data_head=t("worth_at_till")),
        ]
        for each in found["outstanding"]
    ]  # fmt: skip
    heads = [t("wallet"), *(numbers(t(each)) for each in ("balance", "owed", "holders", "worth_at_till"))]
    return table(heads, rows, t("held"), klass="fold")
