"""Prizes that are things: what is to do, by state, store and deadline, and each one's way to its winner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import quote

from fastapi import Request
from nicegui import ui

from api.console.desk import Desk
from api.console.forms import Values, button, choice, field, form, reason_field
from api.console.frame import BASE, Console
from api.console.markup import Markup, badge, h, link, number, numbers, show, table
from api.console.pages.care import member_link
from api.console.pages.winners import export_form
from api.console.say import MINOR

READERS = ("support", "auditor", "tax_officer")
STATES: Mapping[str, str] = {
    "CLAIMED": "wait", "TAX_HOLD": "wait", "READY": "plan", "WON": "", "FULFILLED": "good", "FORFEITED": "",
    "EXPIRED": "",
}  # fmt: skip
ENDS = ("FULFILLED", "FORFEITED", "EXPIRED")
PAGE = 100


def add(console: Console) -> None:
    @console.page("/prizes", "prizes_due")
    async def prizes(desk: Desk, request: Request) -> None:
        t, asked = desk.t, request.query_params
        show(h("h1", t("prizes_due")), h("p", t("prizes_lead"), klass="lead"))
        if not desk.may(*READERS):
            show(h("p", t("forbidden_here"), klass="told", role="alert"))
            return
        state, code = asked.get("state", ""), asked.get("store", "").strip()
        if state not in STATES:
            state = "TAX_HOLD" if desk.holds("tax_officer") else "CLAIMED"
        _choose(desk, state, code)
        store = await desk.ask("Store", code=code) if code else None
        if code and store is None:
            show(h("p", t("no_such_store", code=code), klass="told", role="alert"))
            return
        page = await desk.ask(
            "Prizes", state=state, first=PAGE, after=asked.get("after") or None, storeId=store["id"] if store else None
        )
        show(_listed(desk, page["nodes"]), classes="card flush")
        if page["pageInfo"]["hasNextPage"]:
            cursor = quote(page["pageInfo"]["endCursor"])
            show(link(t("later_ones"), f"{BASE}/prizes?state={state}&store={quote(code)}&after={cursor}"))
        if desk.holds("tax_officer"):
            export_form(desk)

    @console.page("/prizes/{id}", "prizes_due")
    async def prize(desk: Desk, request: Request) -> None:
        found = await desk.ask("Prize", id=request.path_params["id"])
        if not found:
            show(h("h1", desk.t("prizes_due")), h("p", desk.t("none"), klass="empty"))
            return
        _title(desk, found)
        show(_life(desk, found), classes="card flush")
        _next(desk, found)


def _choose(desk: Desk, state: str, code: str) -> None:
    t = desk.t

    async def act(name: str, values: Values) -> None:
        ui.navigate.to(f"/prizes?state={quote(values['state'])}&store={quote(values['store'].strip())}")

    form(
        h("div", choice(t("state"), "state", [(each, t(f"prize_{each.lower()}")) for each in STATES], state),
          field(t("store_code"), "store", code, maxlength=60, placeholder="taipei-1"),
          button(t("show"), "choose", kind="main", enter=True), klass="row"),
        on_act=act, classes="card",
    )  # fmt: skip


def _listed(desk: Desk, found: Sequence[Mapping[str, Any]]) -> Markup:
    """The one that is due first stands first; what has no deadline, by when it was won."""
    t = desk.t
    if not found:
        return h("p", t("no_prizes"), klass="empty")
    rows = [
        [
            h("td", link(each["name"], f"{BASE}/prizes/{each['id']}"), h("small", each["thing"]), klass="name"),
            h("td", badge(t(f"prize_{each['state'].lower()}"), STATES[each["state"]])),
            h("td", _where(desk, each), data_head=t("delivery")),
            number(desk.money(each["valueMinor"], 0), data_head=t("value")),
            h("td", desk.at(each["dueAt"]), data_head=t("due"), klass="full"),
            h("td", member_link(desk, each["memberId"]), data_head=t("winner")),
            h("td", desk.at(each["wonAt"]), data_head=t("won_at"), klass="full"),
        ]
        for each in sorted(found, key=lambda one: (one["dueAt"] is None, one["dueAt"] or one["wonAt"]))
    ]  # fmt: skip
    heads = [t("prize"), t("state"), t("delivery"), numbers(t("value")), t("due"), t("winner"), t("won_at")]
    return table(heads, rows, t("prizes_due"), klass="fold")


def _where(desk: Desk, prize: Mapping[str, Any]) -> str:
    if prize["delivery"] is None:
        return "—"
    return prize["store"]["name"] if prize["store"] else desk.t("delivery_post")


def _title(desk: Desk, prize: Mapping[str, Any]) -> None:
    t = desk.t
    facts = [
        (t("winner"), member_link(desk, prize["memberId"])), (t("thing"), h("code", prize["thing"])),
        (t("source"), t(f"source_{prize['source'].lower()}")), (t("value"), desk.money(prize["valueMinor"])),
        (t("delivery"), _where(desk, prize)),
        (t("tax"), t("tax_of", money=desk.money(prize["withheldMinor"]), year=prize["taxYear"])
         if prize["taxYear"] else t("tax_none")),
    ]  # fmt: skip
    if prize["stamps"] or prize["cashMinor"]:
        facts.append((t("pays"), t("pays_of", stamps=prize["stamps"], money=desk.money(prize["cashMinor"]))))
    for name in ("trackingNo", "receiptNo", "reason"):
        if prize[name]:
            facts.append((t({"trackingNo": "tracking_no", "receiptNo": "receipt_no"}.get(name, name)), prize[name]))
    show(
        link(t("prizes_due"), f"{BASE}/prizes"),
        h("div", h("h1", prize["name"]), badge(t(f"prize_{prize['state'].lower()}"), STATES[prize["state"]]),
          klass="heading"),
    )  # fmt: skip
    show(h("dl", *(each for name, value in facts for each in (h("dt", name), h("dd", value))), klass="plain"),
         classes="card")  # fmt: skip


def _life(desk: Desk, prize: Mapping[str, Any]) -> Markup:
    """What happened to it, step by step, and until when the next one is due."""
    t, over = desk.t, prize["state"] in ENDS
    steps = [(t("won_at"), prize["wonAt"]), (t("claimed_at"), prize["claimedAt"]), (t("ready_at"), prize["readyAt"])]
    if over:
        steps.append((t(f"prize_{prize['state'].lower()}"), prize["endedAt"]))
    elif prize["dueAt"]:
        steps.append((t(f"due_{prize['state'].lower()}"), prize["dueAt"]))
    rows = [[h("th", name, scope="row"), h("td", desk.at(at))] for name, at in steps if at]
    return table([t("step"), t("at")], rows, t("steps"))


def _next(desk: Desk, prize: Mapping[str, Any]) -> None:
    """What this operator may do with it now."""
    state, support = prize["state"], desk.may("support")
    if state == "TAX_HOLD":
        if desk.holds("tax_officer"):
            _clear(desk, prize)
        else:
            show(h("p", desk.t("tax_officer_clears"), klass="note"))
    if state == "CLAIMED" and support:
        _make_ready(desk, prize)
    if state == "READY" and prize["delivery"] == "STORE":
        show(h("p", desk.t("till_hands_over"), klass="note"))
    if state == "READY" and prize["delivery"] == "POST" and support:
        _arrive(desk, prize)
    if state not in ENDS and support:
        _forfeit(desk, prize)


def _arrive(desk: Desk, prize: Mapping[str, Any]) -> None:
    t = desk.t

    async def act(name: str, values: Values) -> None:
        if await desk.attempt(desk.ask("MarkPrizeFulfilled", prizeId=prize["id"])):
            ui.navigate.reload()

    form(
        h("h2", t("arrived")), h("p", t("arrived_note"), klass="soft"),
        h("div", button(t("arrived"), "arrived", kind="main", sure=t("press_again")), klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip


def _clear(desk: Desk, prize: Mapping[str, Any]) -> None:
    """The tax officer looks at the identity, and says what was received."""
    t = desk.t

    async def act(name: str, values: Values) -> None:
        if name == "look":
            seen = await desk.attempt(desk.ask("PrizeToClear", id=prize["id"]))
            if seen is not None:
                told.set_content(_papers(desk, seen["identity"], ("name", "number", "resident", "address"), "identity"))
            return
        asked = desk.ask("ClearPrizeTax", prizeId=prize["id"], receivedMinor=minor_of(values["received"]))
        if await desk.attempt(asked):
            ui.navigate.reload()

    form(
        h("h2", t("clear_tax")), h("p", t("clear_tax_note", money=desk.money(prize["withheldMinor"])), klass="soft"),
        h("div", button(t("show_identity"), "look", free=True), klass="row"),
        h("div", field(t("received", currency=desk.currency), "received", required=True, inputmode="decimal",
                       pattern="[0-9]{1,9}([.][0-9]{1,2})?"),
          button(t("clear_tax"), "clear", kind="main", sure=t("press_again")), klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip
    told = show(classes="card results")


def minor_of(text: str) -> int:
    """Money that was typed, in minor units; -1, which the API refuses, where it is none."""
    try:
        minor = Decimal(text.strip()) * MINOR
    except InvalidOperation:
        return -1
    return int(minor) if minor == minor.to_integral_value() and 0 <= minor < 2**31 else -1


def _papers(desk: Desk, papers: Mapping[str, Any] | None, names: Sequence[str], kind: str) -> Markup:
    """Personal data of a winner; gone once it is not needed any more."""
    if papers is None:
        return h("p", desk.t("papers_gone"), klass="soft")
    told = [(desk.t(f"{kind}_{name}"), papers[name]) for name in names]
    shown = [(name, desk.t("yes" if value else "no") if isinstance(value, bool) else value) for name, value in told]
    return h("dl", *(each for name, value in shown for each in (h("dt", name), h("dd", value))), klass="plain")


def _make_ready(desk: Desk, prize: Mapping[str, Any]) -> None:
    t, post = desk.t, prize["delivery"] == "POST"

    async def act(name: str, values: Values) -> None:
        if name == "look":
            seen = await desk.attempt(desk.ask("PrizeToPost", id=prize["id"]))
            if seen is not None:
                told.set_content(_papers(desk, seen["address"], ("recipient", "phone", "postcode", "lines"), "address"))
            return
        tracking = values.get("tracking", "").strip() or None
        if await desk.attempt(desk.ask("MarkPrizeReady", prizeId=prize["id"], trackingNo=tracking)):
            ui.navigate.reload()

    done = button(t("posted" if post else "laid_out"), "ready", kind="main", sure=t("press_again"))
    if post:
        inside = [
            h("div", button(t("show_address"), "look", free=True), klass="row"),
            h("div", field(t("tracking_no"), "tracking", required=True, maxlength=60), done, klass="row"),
        ]
    else:
        inside = [h("div", done, klass="row")]
    form(
        h("h2", t("posted" if post else "laid_out")),
        h("p", t("posted_note" if post else "laid_out_note"), klass="soft"),
        *inside, on_act=act, classes="card stack",
    )  # fmt: skip
    told = show(classes="card results")


def _forfeit(desk: Desk, prize: Mapping[str, Any]) -> None:
    t = desk.t

    async def act(name: str, values: Values) -> None:
        if await desk.attempt(desk.ask("ForfeitPrize", prizeId=prize["id"], reason=values["reason"])):
            ui.navigate.reload()

    form(
        h("h2", t("forfeit")), h("p", t("forfeit_note"), klass="soft"),
        h("div", reason_field(t("reason_note")), button(t("forfeit"), "forfeit", sure=t("press_again")), klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip
