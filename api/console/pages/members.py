"""Member support: find somebody, read wallet, timeline and draws, and give or take value with a reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from fastapi import Request

from api.console import say
from api.console.desk import Desk
from api.console.forms import Values, button, field, form
from api.console.frame import BASE, Console
from api.console.markup import Markup, badge, h, link, number, numbers, show, table
from api.console.pages.care import READERS, adjust_form, notes, show_waiting

STATES = {"ACTIVE": "good", "SUSPENDED": "bad"}
EVENTS = 25
DRAWS = 20
NOTES = 20


def add(console: Console) -> None:
    @console.page("/members", "members")
    async def members(desk: Desk, request: Request) -> None:
        t = desk.t
        show(h("h1", t("members")), h("p", t("members_lead"), klass="lead"))
        if not desk.may(*READERS):
            show(h("p", t("forbidden_here"), klass="told", role="alert"))
            return

        async def act(name: str, values: Values) -> None:
            found = await desk.attempt(desk.ask("Members", text=values["text"], first=50))
            if found is not None:
                told.set_content(_found(desk, found) if found else h("p", t("nobody_found"), klass="more soft"))

        # What is searched for is personal data: it goes into no address, which browsers and proxies would keep.
        form(
            h("div", field(t("find_member"), "text", required=True, minlength=2, maxlength=128, autofocus=True),
              button(t("search"), "search", kind="main", enter=True), klass="row"),
            on_act=act, classes="card",
        )  # fmt: skip
        told = show(classes="card flush results")

    @console.page("/members/{id}", "members")
    async def member(desk: Desk, request: Request) -> None:
        member_id, after = request.path_params["id"], request.query_params.get("after")
        seen, checks, noted, proposed = await asyncio.gather(
            desk.ask("MemberNode", id=member_id, first=EVENTS, after=after),
            desk.ask("MemberDrawChecks", id=member_id, first=DRAWS),
            desk.ask("CaseNotes", id=member_id, first=NOTES, after=request.query_params.get("notes")),
            desk.ask("Adjustments", first=100, waiting=True),
        )
        if seen is None:
            show(h("h1", desk.t("members")), h("p", desk.t("nobody_found"), klass="empty"))
            return
        _person(desk, seen)
        show(_wallets(desk, seen["wallets"]), classes="card flush")
        if desk.may("support"):
            adjust_form(desk, seen)
        for each in proposed["nodes"]:
            if each["memberId"] == member_id:
                show_waiting(desk, each, of=False)
        notes(desk, member_id, noted["notes"])
        show(h("h2", desk.t("draws_verified")), _draws(desk, checks["drawChecks"]["nodes"]), classes="card flush")
        show(h("h2", desk.t("timeline")), _timeline(desk, seen), classes="card flush")
        if desk.may("support"):
            _known_as(desk, seen)


def _found(desk: Desk, found: Sequence[Mapping[str, Any]]) -> Markup:
    t = desk.t
    rows = [
        [
            h("td", link(each["displayName"] or t("no_name"), f"{BASE}/members/{each['id']}"), klass="name"),
            h("td", h("code", each["cardNo"] or "—")),
            h("td", badge(t(f"member_{each['status'].lower()}"), STATES.get(each["status"], ""))),
            h("td", desk.at(each["createdAt"]), data_head=t("since")),
        ]
        for each in found
    ]  # fmt: skip
    return table([t("name"), t("card"), t("state"), t("since")], rows, t("members"), klass="fold")


def _person(desk: Desk, member: Mapping[str, Any]) -> None:
    t, streak = desk.t, member["streak"]
    state = badge(t(f"member_{member['status'].lower()}"), STATES.get(member["status"], ""))
    facts = [
        (t("card"), h("code", member["cardNo"] or "—")), (t("tier"), member["tier"] or "—"),
        (t("since"), desk.at(member["createdAt"])), (t("zone"), f"{member['timezone']} · {member['locale']}"),
        (t("streak"), t("streak_of", days=streak["length"], longest=streak["longest"]) if streak else "—"),
        ("ID", h("code", member["id"])),
    ]  # fmt: skip
    if member["eraseAt"]:
        facts.append((t("erased_at"), desk.at(member["eraseAt"])))
    show(
        link(t("members"), f"{BASE}/members"),
        h("div", h("h1", member["displayName"] or t("no_name")), state, klass="heading"),
    )
    show(h("dl", *(each for name, value in facts for each in (h("dt", name), h("dd", value))), klass="plain"),
         classes="card")  # fmt: skip


def _wallets(desk: Desk, wallets: Sequence[Mapping[str, Any]]) -> Markup:
    t = desk.t
    rows = []
    for each in wallets:
        lots = ", ".join(f"{say.whole(lot['units'])} → {_until(desk, lot['expiresOn'])}" for lot in each["lots"][:3])
        more = len(each["lots"]) - 3
        rows.append([
            h("td", t(f"currency_{each['currency'].lower()}")),
            number(say.whole(each["spendable"]), data_head=t("spendable")),
            number(say.whole(each["balance"]), data_head=t("balance")),
            number(say.whole(each["owed"]), data_head=t("owed")),
            h("td", lots + (f" +{more}" if more > 0 else ""), klass="full soft"),
        ])  # fmt: skip
    heads = [t("wallet"), numbers(t("spendable")), numbers(t("balance")), numbers(t("owed")), t("lots")]
    return table(heads, rows, t("wallet"), klass="fold")


def _until(desk: Desk, day: str) -> str:
    """The last day of a lot; what never expires stands at the end of the calendar."""
    return desk.t("no_end") if day.startswith("9999-") else day


def _draws(desk: Desk, checks: Sequence[Mapping[str, Any]]) -> Markup:
    t = desk.t
    if not checks:
        return h("p", t("none"), klass="empty")
    rows = []
    for each in checks:
        draw = each["draw"]
        verdict = badge(t("holds"), "good") if each["holds"] else badge(t("broken"), "bad")
        lines = [h("li", line) for line in (each["wrong"] or each["proved"])]
        told = h("details", h("summary", t("what_was_checked")), h("ul", *lines, klass="faults", lang="en"))
        rows.append([
            h("td", desk.at(draw["at"], seconds=True)),
            h("td", draw["name"], h("small", _said_of(desk, draw)), klass="name"),
            h("td", badge(draw["prizeClass"], "good" if draw["prizeClass"] == "TOP" else "")),
            number(f"{draw['epoch']} / {draw['nonce']}", data_head=t("epoch_nonce")),
            number(draw["pityBefore"], data_head=t("pity")),
            h("td", verdict, " ", badge(t("revealed") if each["revealed"] else t("sealed")), told, klass="full"),
        ])  # fmt: skip
    heads = [t("at"), t("prize"), t("class"), numbers(t("epoch_nonce")), numbers(t("pity")), t("verdict")]
    return table(heads, rows, t("draws_verified"), klass="fold")


def _said_of(desk: Desk, draw: Mapping[str, Any]) -> str:
    """The prize's code, what it stands in for, and the version of the odds."""
    instead = "" if draw["prize"] == draw["rolled"] else f" · {desk.t('instead_of', prize=draw['rolled'])}"
    return f"{draw['prize']} · {draw['oddsVersion']}{instead}"


def _timeline(desk: Desk, member: Mapping[str, Any]) -> Markup:
    t, page = desk.t, member["timeline"]
    if not page["nodes"]:
        return h("p", t("none"), klass="empty")
    rows = [
        [
            h("td", desk.at(each["at"], seconds=True)), h("td", badge(each["kind"])),
            h("td", h("code", _facts(each["facts"])), klass="full"),
        ]
        for each in page["nodes"]
    ]  # fmt: skip
    made = table([t("at"), t("event"), t("facts")], rows, t("timeline"), klass="fold")
    if not page["pageInfo"]["hasNextPage"]:
        return made
    older = f"{BASE}/members/{member['id']}?after={quote(page['pageInfo']['endCursor'])}"
    return h("div", made, h("p", link(t("older_ones"), older), klass="more"))


def _facts(text: str) -> str:
    """An event's facts in a line; ids by their ends."""
    found = json.loads(text)
    return "  ".join(f"{name}={_short(value)}" for name, value in found.items())


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"…{text[-6:]}" if len(text) == 36 and text.count("-") == 4 else text


def _known_as(desk: Desk, member: Mapping[str, Any]) -> None:
    t = desk.t

    async def act(name: str, values: Values) -> None:
        found = await desk.attempt(desk.ask("Identities", id=member["id"]))
        if found is None:
            return
        rows = [[each["kind"], h("code", each["subject"]), desk.at(each["at"])] for each in found["identities"]]
        told.set_content(table([t("kind"), t("subject_of"), t("since")], rows, t("identities")))

    form(h("h2", t("identities")), h("p", t("identities_note"), klass="soft"),
         h("div", button(t("show"), "show"), klass="row"), on_act=act, classes="card stack")  # fmt: skip
    told = show(classes="stack")
