"""Corrections of wallets, by one person or by two, and notes on a case."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import Request
from nicegui import ui

from api.console import say
from api.console.desk import Desk
from api.console.edge import Said
from api.console.forms import Values, area, button, choice, field, form, reason_field
from api.console.frame import BASE, Console
from api.console.markup import Markup, badge, h, link, number, numbers, show, table

CURRENCIES = ("POINTS", "DIAMONDS", "STAMPS", "TICKETS")
READERS = ("support", "auditor")
STATES = {"PROPOSED": "wait", "DONE": "good", "WITHDRAWN": ""}
PAGE = 50
NOTE_LENGTH = 1_000


def add(console: Console) -> None:
    @console.page("/adjustments", "adjustments")
    async def adjustments(desk: Desk, request: Request) -> None:
        t, after = desk.t, request.query_params.get("after") or None
        show(h("h1", t("adjustments")), h("p", t("adjustments_lead"), klass="lead"))
        waiting, page = await asyncio.gather(
            desk.ask("Adjustments", first=100, waiting=True), desk.ask("Adjustments", first=PAGE, after=after)
        )
        show(h("h2", t("wait_for_second")))
        if not waiting["nodes"]:
            show(h("p", t("nothing_waits"), klass="calm"))
        for each in waiting["nodes"]:
            show_waiting(desk, each)
        decided = [each for each in page["nodes"] if each["state"] != "PROPOSED"]
        show(h("h2", t("decided")), _decided(desk, decided), classes="card flush")
        if page["pageInfo"]["hasNextPage"]:
            show(link(t("older_ones"), f"{BASE}/adjustments?after={quote(page['pageInfo']['endCursor'])}"))


def amount_of(desk: Desk, adjustment: Mapping[str, Any]) -> str:
    """What moves, with its sign and currency."""
    sign = "+" if adjustment["amount"] > 0 else "−"
    return f"{sign}{say.whole(abs(adjustment['amount']))} {desk.t('currency_' + adjustment['currency'].lower())}"


def member_link(desk: Desk, member_id: str) -> Markup:
    """A member by the end of the id: a name is shown to who opens the page."""
    text = desk.t("member_of", end=member_id[-6:])
    if not desk.may(*READERS):
        return h("span", text, title=member_id)
    return link(text, f"{BASE}/members/{member_id}")


def show_waiting(desk: Desk, adjustment: Mapping[str, Any], *, of: bool = True) -> None:
    """A proposal with what this operator may do about it; `of`: it says whose wallet it is."""
    t, own = desk.t, adjustment["proposedBy"] == desk.session.operator

    async def act(name: str, values: Values) -> None:
        if name == "approve":
            asked = desk.ask("ApproveAdjustment", adjustmentId=adjustment["id"])
        else:
            asked = desk.ask("WithdrawAdjustment", adjustmentId=adjustment["id"], reason=values["reason"])
        if await desk.attempt(asked):
            ui.navigate.reload()

    proposer = h("span", desk.who(adjustment["proposedBy"]), " · ", desk.at(adjustment["proposedAt"]))
    facts: list[tuple[str, Any]] = [(t("reason"), adjustment["reason"]), (t("proposed_by"), proposer)]
    if of:
        facts.insert(0, (t("whose_wallet"), member_link(desk, adjustment["memberId"])))
    acts: list[Markup] = []
    if desk.may("support"):
        approve = button(t("approve"), "approve", kind="main", free=True, sure=t("press_again"))
        down = button(t("take_back" if own else "turn_down"), "down", sure=t("press_again"))
        acts = [
            h("p", t("another_approves_it"), klass="soft") if own else h("div", approve, klass="row"),
            h("div", reason_field(t("reason_to_take_back" if own else "reason_to_turn_down")), down, klass="row"),
        ]
    form(
        h("div", badge(t("adj_proposed"), "wait"), h("h3", amount_of(desk, adjustment)), klass="heading"),
        h("dl", *(each for name, value in facts for each in (h("dt", name), h("dd", value))), klass="plain"),
        *acts, on_act=act, classes="card stack waiting",
    )  # fmt: skip


def _decided(desk: Desk, found: Sequence[Mapping[str, Any]]) -> Markup:
    t = desk.t
    if not found:
        return h("p", t("none"), klass="empty")
    rows = [
        [
            number(amount_of(desk, each)),
            h("td", badge(t(f"adj_{each['state'].lower()}"), STATES[each["state"]])),
            h("td", member_link(desk, each["memberId"]), data_head=t("whose_wallet")),
            h("td", desk.who(each["proposedBy"]), data_head=t("proposed_by")),
            h("td", desk.who(each["decidedBy"]), " ", desk.at(each["decidedAt"]), data_head=t("decided_by"),
              klass="full"),
            h("td", each["reason"], klass="full"),
        ]
        for each in found
    ]  # fmt: skip
    heads = [numbers(t("amount")), t("state"), t("whose_wallet"), t("proposed_by"), t("decided_by"), t("reason")]
    return table(heads, rows, t("decided"), klass="fold")


def adjust_form(desk: Desk, member: Mapping[str, Any]) -> None:
    """Gives or takes value; beyond one person's limit it becomes a proposal. And suspends or reinstates."""
    t, suspended = desk.t, member["status"] == "SUSPENDED"

    async def act(name: str, values: Values) -> None:
        if name == "status":
            asked = desk.ask("SetMemberStatus", memberId=member["id"], suspended=not suspended)
        else:
            asked = _adjust(desk, member["id"], values)
        if await desk.attempt(asked):
            ui.navigate.reload()

    label = t("reinstate") if suspended else t("suspend")
    form(
        h("div", h("h2", t("adjust")), h("span", klass="gap"),
          button(label, "status", kind="quiet", free=True, sure=t("press_again")), klass="heading"),
        h("div", choice(t("wallet"), "currency", [(each, t(f"currency_{each.lower()}")) for each in CURRENCIES]),
          field(t("amount_note"), "amount", required=True, inputmode="numeric", pattern="[+\\-]?[0-9]{1,9}"),
          reason_field(t("reason_note")),
          button(t("adjust"), "adjust", kind="main", sure=t("press_again")), klass="row"),
        h("p", t("adjust_note"), klass="soft"),
        on_act=act, classes="card stack",
    )  # fmt: skip


async def _adjust(desk: Desk, member_id: str, values: Values) -> Any:
    text = values["amount"].strip()
    amount = int(text) if text.lstrip("+-").isdigit() and text.isascii() else 0
    asked = {"memberId": member_id, "currency": values["currency"], "amount": amount, "reason": values["reason"]}
    try:
        return await desk.ask("AdjustWallet", **asked)
    except Said as said:
        if said.code != "ADJUSTMENT_NEEDS_TWO":
            raise
        return await desk.ask("ProposeAdjustment", **asked)


def notes(desk: Desk, member_id: str, page: Mapping[str, Any]) -> None:
    """Notes on the member's case, newest first, and a field for another one."""
    t = desk.t

    async def act(name: str, values: Values) -> None:
        if await desk.attempt(desk.ask("AddCaseNote", memberId=member_id, text=values["note"])):
            ui.navigate.reload()

    lines = [
        h("li", h("p", each["text"]), h("small", desk.at(each["at"]), " · ", desk.who(each["operator"])))
        for each in page["nodes"]
    ]
    older = f"{BASE}/members/{member_id}?notes={quote(page['pageInfo']['endCursor'] or '')}"
    written = [
        h("div", area(t("note_text"), "note", required=True, minlength=3, maxlength=NOTE_LENGTH),
          button(t("note_add"), "note"), klass="stack"),
    ]  # fmt: skip
    form(
        h("h2", t("case_notes")),
        *(written if desk.may("support") else ()),
        h("ul", *lines, klass="notes") if lines else h("p", t("no_notes"), klass="soft"),
        h("p", link(t("older_ones"), older)) if page["pageInfo"]["hasNextPage"] else None,
        on_act=act, classes="card stack",
    )  # fmt: skip
