"""One version of a sheet: what changed, what it costs, and what can be done with it in its state."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from nicegui import ui

from api.console.costs import figures, funders, prizes, replayed
from api.console.desk import Desk
from api.console.findings import diff_table, draw_charts, fault_list
from api.console.forms import Values, button, field, form, reason_area, reason_field
from api.console.frame import BASE, Console
from api.console.markup import element, h, link, show
from api.console.pages import editor
from api.console.states import state_badge

WRITERS: Mapping[str, tuple[str, ...]] = dict.fromkeys(("odds", "rails", "law"), ("odds_editor", "odds_approver"))
JUDGES: Mapping[str, tuple[str, ...]] = dict.fromkeys(WRITERS, ("odds_approver",))
OTHERS = ("campaign_manager",)


def add(console: Console) -> None:
    @console.page("/sheets/{id}", "sheets")
    async def version(desk: Desk, request: Request) -> None:
        review = await desk.ask("SheetReview", id=request.path_params["id"])
        if review is None:
            show(h("h1", desk.t("sheets")), h("p", desk.t("none"), klass="empty"))
            return
        sheet = review["sheet"]
        if sheet["kind"] == "odds":
            desk.move("pools")
        _title(desk, sheet)
        may_write = desk.may(*WRITERS.get(sheet["kind"], OTHERS))
        if sheet["state"] == "DRAFT":
            await _given_back(desk, sheet)
        if sheet["state"] == "DRAFT" and may_write:
            await _write(desk, review)
            return
        _act(desk, sheet)
        _read(desk, review)


async def _write(desk: Desk, review: Mapping[str, Any]) -> None:
    if review["sheet"]["kind"] == "odds":
        await editor.open_table(desk, review)
    else:
        editor.open_text(desk, review)


def _title(desk: Desk, sheet: Mapping[str, Any]) -> None:
    t = desk.t
    back = f"{BASE}/pools/{sheet['key']}" if sheet["kind"] == "odds" else f"{BASE}/all/{sheet['kind']}/{sheet['key']}"
    facts = [t("by"), " ", desk.who(sheet["author"]), " · ", t("based_on", version=sheet["basedOn"]), " · ",
             t("revision", number=sheet["revision"])]  # fmt: skip
    if sheet["activeAt"]:
        facts += [" · ", t("active_at"), " ", desk.at(sheet["activeAt"])]
    trail = f"{BASE}/trail?subject={sheet['kind']}.{sheet['key']}"
    show(
        link(f"{sheet['kind']}.{sheet['key']}", back),
        h("div", h("h1", f"{sheet['kind']}.{sheet['key']} v{sheet['version']}"), state_badge(desk, sheet["state"]),
          h("span", klass="gap"), link(t("trail"), trail), klass="heading"),
        h("p", *facts, klass="lead"), h("p", "“", sheet["reason"], "”", klass="lead"),
    )  # fmt: skip


async def _given_back(desk: Desk, sheet: Mapping[str, Any]) -> None:
    """What a reviewer wrote who gave it back, until it is submitted again."""
    trail = await desk.ask("Trail", first=50, subject=f"{sheet['kind']}.{sheet['key']}")
    handed = [
        each for each in trail["nodes"]
        if each["version"] == sheet["version"] and each["act"] in {"RETURNED", "SUBMITTED"}
    ]  # fmt: skip
    if handed and handed[0]["act"] == "RETURNED":
        last = handed[0]
        show(h("strong", desk.t("given_back")), " ", desk.at(last["at"]), " · ", desk.who(last["operator"]),
             h("p", last["reason"]), classes="note given-back")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Deed:
    """What a button does: the operation, and what it sends of the form."""

    operation: str
    sends: tuple[str, ...]


_DEEDS = {
    "approve": _Deed("ApproveSheet", ("revision", "reason", "at")),
    "return": _Deed("ReturnSheet", ("comment",)),
    "withdraw": _Deed("WithdrawSheet", ("reason",)),
}


def _act(desk: Desk, sheet: Mapping[str, Any]) -> None:
    t, state = desk.t, sheet["state"]
    judge = desk.may(*JUDGES.get(sheet["kind"], OTHERS))
    writer = desk.may(*WRITERS.get(sheet["kind"], OTHERS))
    own = sheet["author"] == desk.session.operator

    async def act(name: str, values: Values) -> None:
        deed = _DEEDS[name]
        known = {"revision": sheet["revision"], "comment": values.get("reason"), "reason": values.get("reason"),
                 "at": values.get("at") or None}  # fmt: skip
        sent = {key: known[key] for key in deed.sends}
        if await desk.attempt(desk.ask(deed.operation, sheetId=sheet["id"], **sent), t(f"done_{name}")):
            ui.navigate.reload()

    withdraw = button(t("withdraw"), "withdraw", sure=t("press_again"))
    if state == "IN_REVIEW" and judge and not own:
        form(
            h("h2", t("your_judgement")),
            h("div", reason_area(t("reason_or_comment")),
              field(t("from_when", zone=desk.zone.key), "at", kind="datetime-local"), klass="row"),
            h("div", button(t("approve"), "approve", kind="main", sure=t("press_again")),
              button(t("give_back"), "return"), klass="row"),
            on_act=act, classes="card stack",
        )  # fmt: skip
    elif state in {"IN_REVIEW", "SCHEDULED"} and writer:
        told = t("another_approves") if state == "IN_REVIEW" else t("may_withdraw")
        form(
            h("p", told, klass="soft"), h("div", reason_field(t("reason")), withdraw, klass="row"),
            on_act=act, classes="card stack",
        )  # fmt: skip


def _read(desk: Desk, review: Mapping[str, Any]) -> None:
    t, sheet = desk.t, review["sheet"]
    body = json.loads(sheet["body"])
    if review["faults"]:
        show(fault_list(desk, review["faults"]))
    odds = review["odds"]
    if odds:
        show(figures(desk, odds["proposed"], odds["current"]))
    show(
        h("h2", t("changed_since", version=sheet["basedOn"])), diff_table(desk, review["changes"]), classes="card flush"
    )
    if odds:
        draw_charts(desk, body, odds["proposed"], odds["current"])
        show(h("h2", t("prizes")), prizes(desk, body, odds["proposed"]), classes="card flush")
        with element("div", "columns"):
            show(h("h2", t("replay")), replayed(desk, odds["replay"]), classes="card flush")
            show(h("h2", t("funders")), funders(desk, odds["proposed"]), classes="card flush")
    text = json.dumps(body, ensure_ascii=False, indent=2)
    show(h("details", h("summary", t("whole_text")), h("pre", h("code", text)), h("p", h("code", sheet["sha256"]))),
         classes="card")  # fmt: skip
