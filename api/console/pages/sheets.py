"""Every sheet that is in force, of any kind, and all versions of one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from nicegui import ui

from api.console.desk import Desk
from api.console.forms import Values, area, button, choice, field, form, reason_field
from api.console.frame import BASE, Console
from api.console.markup import badge, h, link, show, table
from api.console.pages.pools import base_of
from api.console.states import version_table

KINDS = (
    "season", "ladder", "earning", "offer", "welcome", "limits", "odds", "rails", "law", "thing", "calendar", "chains",
    "board", "levels", "orders", "chests", "quests",
)  # fmt: skip


def add(console: Console) -> None:
    @console.page("/sheets", "sheets")
    async def sheets(desk: Desk, request: Request) -> None:
        found = await desk.ask("Sheets", state="ACTIVE", first=100)
        t = desk.t
        show(h("h1", t("sheets")), h("p", t("sheets_lead"), klass="lead"))
        rows = [
            [
                link(f"{each['kind']}.{each['key']}", f"{BASE}/all/{each['kind']}/{each['key']}"),
                badge(f"v{each['version']}"), h("td", desk.at(each["activeAt"])), h("td", desk.who(each["author"])),
                h("td", each["reason"], klass="full"),
            ]
            for each in found
        ]  # fmt: skip
        heads = [t("sheet"), t("version"), t("active_at"), t("author"), t("reason")]
        show(table(heads, rows, t("sheets"), klass="fold"), classes="card flush")
        _new(desk)

    @console.page("/all/{kind}/{key}", "sheets")
    async def versions(desk: Desk, request: Request) -> None:
        kind, key = request.path_params["kind"], request.path_params["key"]
        found = await desk.ask("Sheets", kind=kind, key=key, first=100)
        if kind == "odds":
            desk.move("pools")
        show(link(desk.t("sheets"), f"{BASE}/sheets"), h("h1", f"{kind}.{key}"))
        show(version_table(desk, found), classes="card flush")
        _copy(desk, kind, key, found)


def _copy(desk: Desk, kind: str, key: str, versions: Sequence[Mapping[str, Any]]) -> None:
    if not versions or any(each["state"] in {"DRAFT", "IN_REVIEW"} for each in versions):
        return
    t = desk.t

    async def act(name: str, values: Values) -> None:
        asked = {"kind": kind, "key": key, "basedOn": base_of(versions), "fromVersion": int(values["version"])}
        made = await desk.attempt(desk.ask("DraftSheet", **asked, reason=values["reason"]))
        if made:
            ui.navigate.to(f"/sheets/{made['sheetId']}")

    options = [(str(each["version"]), f"v{each['version']}") for each in versions]
    form(
        h("h2", t("begin_draft")),
        h("div", choice(t("from_version"), "version", options),
          reason_field(t("reason")),
          button(t("edit_a_copy"), "draft", kind="main", enter=True), klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip


def _new(desk: Desk) -> None:
    t = desk.t

    async def act(name: str, values: Values) -> None:
        asked = {"kind": values["kind"], "key": values["key"].strip(), "basedOn": 0, "body": values["body"]}
        made = await desk.attempt(desk.ask("DraftSheet", **asked, reason=values["reason"]))
        if made:
            ui.navigate.to(f"/sheets/{made['sheetId']}")

    form(
        h("details", h("summary", t("new_sheet")), h("div",
          h("div", choice(t("kind"), "kind", [(each, each) for each in KINDS], "offer"),
            field(t("key"), "key", required=True, maxlength=60, pattern="[0-9A-Za-z][0-9A-Za-z._\\-]*"),
            reason_field(t("reason")), klass="row"),
          area(t("body"), "body", json.dumps({}, indent=2), rows=8, klass="code", spellcheck="false"),
          h("div", button(t("begin_draft"), "draft", kind="main"), klass="row"), klass="stack")),
        on_act=act, classes="card",
    )  # fmt: skip
