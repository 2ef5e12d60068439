"""Pools: what is in force, what it costs, its versions, any two of them side by side, and going back to an old one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from nicegui import ui

from api.console.costs import Pool, figures, funders, name_of, prizes, read_pool, read_pools, summary
from api.console.desk import Desk
from api.console.findings import diff_table, draw_charts
from api.console.forms import Values, button, choice, form, reason_field
from api.console.frame import BASE, Console
from api.console.markup import badge, h, joined, link, show
from api.console.states import state_badge, version_table

EDITORS = ("odds_editor", "odds_approver")
Versions = Sequence[Mapping[str, Any]]


def add(console: Console) -> None:
    @console.page("/pools", "pools")
    async def pools(desk: Desk, request: Request) -> None:
        found = await read_pools(desk)
        show(h("h1", desk.t("pools")), h("p", desk.t("pools_lead"), klass="lead"))
        show(summary(desk, found), classes="card flush")
        drafts = await desk.ask("Sheets", kind="odds", state="DRAFT", first=50)
        if drafts:
            show(h("h2", desk.t("drafts")), version_table(desk, drafts, named=True), classes="card flush")

    @console.page("/pools/{key}", "pools")
    async def pool(desk: Desk, request: Request) -> None:
        key = request.path_params["key"]
        versions = await desk.ask("Sheets", kind="odds", key=key, first=100)
        active = next((each for each in versions if each["state"] == "ACTIVE"), None)
        if active is None:
            show(h("h1", key), h("p", desk.t("nothing_in_force"), klass="note"))
        else:
            await _in_force(desk, await read_pool(desk, active))
        _begin(desk, key, versions, active)
        show(h("h2", desk.t("versions")), version_table(desk, versions), classes="card flush")
        if len(versions) > 1:
            await _compare(desk, versions)
        if desk.may(*EDITORS):
            _roll_back(desk, key, versions)


async def _in_force(desk: Desk, pool: Pool) -> None:
    t, sheet = desk.t, pool.sheet
    title = h("div", h("h1", name_of(pool.body, desk.words.language)), badge(f"v{sheet['version']}"),
              state_badge(desk, sheet["state"]), klass="heading")  # fmt: skip
    since = h("p", t("in_force_since"), " ", desk.at(sheet["activeAt"]), " · ", h("code", sheet["sha256"][:16]),
              klass="lead")  # fmt: skip
    show(link(t("pools"), f"{BASE}/pools"), title, since)
    if pool.figures is None:
        return
    show(figures(desk, pool.figures, None))
    draw_charts(desk, pool.body, pool.figures, None)
    show(h("h2", t("prizes")), prizes(desk, pool.body, pool.figures), classes="card flush")
    show(h("h2", t("funders")), funders(desk, pool.figures), classes="card flush")


def base_of(versions: Versions) -> int:
    """The version that a new one follows: the newest in force or scheduled."""
    return max((each["version"] for each in versions if each["state"] in {"ACTIVE", "SCHEDULED"}), default=0)


def _begin(desk: Desk, key: str, versions: Versions, active: Mapping[str, Any] | None) -> None:
    open_one = next((each for each in versions if each["state"] in {"DRAFT", "IN_REVIEW"}), None)
    t = desk.t
    if open_one is not None:
        text = t("open_version", version=open_one["version"])
        show(state_badge(desk, open_one["state"]), " ", link(text, f"{BASE}/sheets/{open_one['id']}"), classes="note")
        return
    if active is None or not desk.may(*EDITORS):
        return

    async def act(name: str, values: Values) -> None:
        asked = {"kind": "odds", "key": key, "basedOn": base_of(versions), "fromVersion": active["version"]}
        made = await desk.attempt(desk.ask("DraftSheet", **asked, reason=values["reason"]))
        if made:
            ui.navigate.to(f"/sheets/{made['sheetId']}")

    form(
        h("h2", t("begin_draft")),
        h("div", reason_field(t("reason")),
          button(t("edit_a_copy"), "draft", kind="main", enter=True), klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip


async def _compare(desk: Desk, versions: Versions) -> None:
    t = desk.t
    options = [(each["id"], f"v{each['version']} · {t('state_' + each['state'].lower())}") for each in versions]
    by_id = {each["id"]: each for each in versions}

    async def act(name: str, values: Values) -> None:
        older, newer = values.get("older", ""), values.get("newer", "")
        changes = await desk.attempt(desk.ask("SheetChanges", older=older, newer=newer))
        if changes is None:
            return
        before, after = [await desk.attempt(read_pool(desk, by_id[each])) for each in (older, newer)]
        was, now = before.figures if before else None, after.figures if after else None
        told = figures(desk, now, was) if now and was else None
        found.set_content(joined((told, h("div", diff_table(desk, changes), klass="card flush"))))

    form(
        h("h2", t("compare")),
        h("div", choice(t("older"), "older", options, versions[1]["id"]),
          choice(t("newer"), "newer", options, versions[0]["id"]), button(t("compare"), "compare", enter=True),
          klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip
    found = show(classes="stack")


def _roll_back(desk: Desk, key: str, versions: Versions) -> None:
    t = desk.t
    old = [each for each in versions if each["state"] == "RETIRED"]
    if not old or any(each["state"] in {"DRAFT", "IN_REVIEW"} for each in versions):
        return

    async def act(name: str, values: Values) -> None:
        asked = {"kind": "odds", "key": key, "basedOn": base_of(versions), "fromVersion": int(values["version"])}
        made = await desk.attempt(desk.ask("DraftSheet", **asked, reason=values["reason"]))
        if made is None:
            return
        sent = {"sheetId": made["sheetId"], "revision": made["revision"], "reason": values["reason"]}
        await desk.attempt(desk.ask("SubmitSheet", **sent), t("sent_to_review"))
        ui.navigate.to(f"/sheets/{made['sheetId']}")

    options = [
        (str(each["version"]), f"v{each['version']} · {json.loads(each['body'])['price_diamonds']} 💎") for each in old
    ]
    form(
        h("h2", t("roll_back")), h("p", t("roll_back_note"), klass="soft"),
        h("div", choice(t("version"), "version", options),
          reason_field(t("reason")),
          button(t("roll_back"), "back", sure=t("press_again")), klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip
