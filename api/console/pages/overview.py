"""The first page: what needs somebody now, and how each pool stands."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import Request

from api.console.costs import read_pools, summary
from api.console.desk import Desk
from api.console.frame import BASE, Console
from api.console.markup import Markup, badge, h, link, show
from api.console.pages.reviews import sheet_table
from api.console.pages.trail import trail_table


def add(console: Console) -> None:
    @console.page("/", "overview")
    async def overview(desk: Desk, request: Request) -> None:
        waiting, scheduled, pauses, monitor, pools, trail = await asyncio.gather(
            desk.ask("Sheets", state="IN_REVIEW", first=20), desk.ask("Sheets", state="SCHEDULED", first=20),
            desk.ask("Pauses", first=50), desk.ask("FairnessMonitor"), read_pools(desk), desk.ask("Trail", first=8),
        )  # fmt: skip
        show(h("h1", desk.t("overview")))
        waiting_wallets = await desk.ask("Adjustments", first=100, waiting=True) if desk.may("support") else None
        show(*_needs(desk, pauses, monitor, waiting_wallets), classes="stack")
        show(
            h("h2", desk.t("pools")),
            summary(desk, pools),
            classes="card flush",
        )
        show(
            h("section", h("h2", desk.t("in_review")), sheet_table(desk, waiting), klass="card flush"),
            h("section", h("h2", desk.t("scheduled")), sheet_table(desk, scheduled), klass="card flush"),
            classes="columns",
        )
        show(
            h("div", h("h2", desk.t("lately")), h("span", klass="gap"), link(desk.t("all_of_it"), f"{BASE}/trail"),
              klass="heading"),
            trail_table(desk, trail["nodes"]),
            classes="card flush",
        )  # fmt: skip


def _needs(
    desk: Desk, pauses: list[dict[str, Any]], monitor: dict[str, Any] | None, wallets: dict[str, Any] | None
) -> list[Markup]:  # fmt: skip
    found = []
    if monitor and monitor["alarmSince"]:
        found.append(
            h("p", link(desk.t("alarm_since"), f"{BASE}/monitor"), " ", desk.at(monitor["alarmSince"]), klass="told")
        )
    stopped = [each for each in pauses if not each["resumedAt"]]
    if stopped:
        targets = [badge(each["target"], "bad") for each in stopped]
        found.append(h("p", link(desk.t("stopped_now"), f"{BASE}/stops"), " ", *targets, klass="told"))
    unseen = sum(1 for each in pauses if each["resumedAt"] and not each["reviewedAt"])
    if unseen:
        found.append(h("p", link(desk.t("pauses_unreviewed", count=unseen), f"{BASE}/stops"), klass="note"))
    others = [each for each in wallets["nodes"] if each["proposedBy"] != desk.session.operator] if wallets else []
    if others:
        text = desk.t("adjustments_wait", count=len(others))
        found.append(h("p", link(text, f"{BASE}/adjustments"), klass="note"))
    return found or [h("p", desk.t("nothing_needs_you"), klass="calm")]
