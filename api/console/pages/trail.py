"""The audit trail: who did what, when, field by field, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import Request
from nicegui import ui

from api.console.desk import Desk
from api.console.findings import diff_table
from api.console.forms import Values, button, field, form, tick
from api.console.frame import BASE, Console
from api.console.markup import Markup, badge, h, link, show, table

PAGE = 50


def add(console: Console) -> None:
    @console.page("/trail", "trail")
    async def trail(desk: Desk, request: Request) -> None:
        subject = request.query_params.get("subject") or None
        after = request.query_params.get("after") or None
        looks = request.query_params.get("looks") == "1"
        show(h("h1", desk.t("trail")), h("p", desk.t("trail_lead"), klass="lead"))

        async def act(name: str, values: Values) -> None:
            also = "&looks=1" if values["looks"] == "true" else ""
            ui.navigate.to(f"/trail?subject={quote(values['subject'].strip())}{also}")

        form(
            h("div", field(desk.t("subject"), "subject", subject or "", placeholder="odds.daily", maxlength=120),
              button(desk.t("search"), "search", enter=True), klass="row"),
            tick(desk.t("looks_too"), "looks", looks),
            on_act=act, classes="card",
        )  # fmt: skip
        page = await desk.ask("Trail", first=PAGE, after=after, subject=subject, looks=looks)
        show(trail_table(desk, page["nodes"]), classes="card flush")
        if page["pageInfo"]["hasNextPage"]:
            more = f"after={quote(page['pageInfo']['endCursor'])}&subject={quote(subject or '')}&looks={int(looks)}"
            show(link(desk.t("older_ones"), f"{BASE}/trail?{more}"))


def trail_table(desk: Desk, nodes: Sequence[Mapping[str, Any]]) -> Markup:
    """Entries of the trail, each with its changes to unfold."""
    if not nodes:
        return h("p", desk.t("none"), klass="empty")
    t = desk.t
    rows = []
    for each in nodes:
        subject = each["subject"] + (f" v{each['version']}" if each["version"] else "")
        changes = each["changes"]
        told = (
            h("details", h("summary", t("changes", count=len(changes))), diff_table(desk, changes)) if changes else ""
        )
        rows.append([
            h("td", desk.at(each["at"], seconds=True), klass="nowrap"),
            h("td", desk.who(each["operator"])),
            h("td", badge(t(f"act_{each['act'].lower()}"))),
            h("td", link(subject, f"{BASE}/trail?subject={quote(each['subject'])}"), klass="nowrap"),
            h("td", each["reason"], told, klass="full"),
        ])  # fmt: skip
    heads = [t("at"), t("who"), t("act"), t("subject"), t("reason")]
    return table(heads, rows, t("trail"), klass="fold")
