"""Compensations after an incident: the dry run with its cost, a second person's word, and how far the work is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from fastapi import Request
from nicegui import ui

from api.console import say
from api.console.desk import Desk
from api.console.forms import Values, area, button, choice, field, form, reason_field
from api.console.frame import BASE, Console
from api.console.markup import Markup, badge, element, h, link, number, numbers, show, table

READERS = ("support", "campaign_manager", "auditor")
MAKERS = ("support", "campaign_manager")
STATES = {"PROPOSED": "wait", "RUNNING": "plan", "DONE": "good", "WITHDRAWN": "", "STOPPED": "bad"}
GIFTS = ("diamonds", "energy", "tickets")
PAGE = 50
KEY = "[a-z0-9][a-z0-9\\-]{2,59}"
LOOK_SECONDS = 3.0


def add(console: Console) -> None:
    @console.page("/compensations", "compensations")
    async def compensations(desk: Desk, request: Request) -> None:
        t = desk.t
        show(h("h1", t("compensations")), h("p", t("compensations_lead"), klass="lead"))
        page = await desk.ask("Compensations", first=PAGE, after=request.query_params.get("after") or None)
        if desk.may(*MAKERS):
            _begin(desk)
        show(h("h2", t("compensations_all")), _listed(desk, page["nodes"]), classes="card flush")
        if page["pageInfo"]["hasNextPage"]:
            show(link(t("older_ones"), f"{BASE}/compensations?after={quote(page['pageInfo']['endCursor'])}"))

    @console.page("/compensations/{id}", "compensations")
    async def compensation(desk: Desk, request: Request) -> None:
        found = await desk.ask("CompensationNode", id=request.path_params["id"])
        if not found:
            show(h("h1", desk.t("compensations")), h("p", desk.t("none"), klass="empty"))
            return
        _title(desk, found)
        progress = show(_progress(desk, found))
        if found["state"] == "RUNNING":
            _follow(desk, found, progress)
        _act(desk, found)


def _begin(desk: Desk) -> None:
    t = desk.t

    async def act(name: str, values: Values) -> None:
        plan = _plan(desk, values)
        counted = await desk.attempt(desk.ask("CompensationPreview", **plan))
        if counted is None:
            return
        told.clear()
        with told:
            two = counted["needsSecondPerson"]
            needs = h("p", t("dry_run_two" if two else "dry_run_alone"), klass="note" if two else "calm")
            show(_cost(desk, counted), needs, classes="stack")
            _propose(desk, plan, counted["members"])

    everybody = [("rules", t("cohort_rules")), ("everyone", t("cohort_everyone"))]
    played = [("PLAYED", t("active_played")), ("VISITED", t("active_visited"))]
    amounts = [
        field(t(f"gift_{each}"), each, "0", required=True, inputmode="numeric", pattern="[0-9]{1,7}") for each in GIFTS
    ]
    form(
        h("h2", t("dry_run")), h("p", t("dry_run_note"), klass="soft"),
        h("div", field(t("incident"), "key", required=True, pattern=KEY, placeholder="typhoon-1"),
          choice(t("cohort"), "who", everybody), klass="row"),
        h("div", field(t("active_from", zone=desk.zone.key), "from", kind="datetime-local"),
          field(t("active_to"), "to", kind="datetime-local"), choice(t("active_by"), "by", played),
          field(t("tiers"), "tiers", placeholder="gold, black"), klass="row"),
        area(t("cards"), "cards", rows=1),
        h("div", *amounts, field(t("forgiven_days"), "days", placeholder=desk.today), klass="row"),
        h("div", button(t("dry_run"), "count", kind="main", enter=True), klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip
    told = element("div", "stack results")


def _plan(desk: Desk, values: Values) -> dict[str, Any]:
    """What the form says, as the API takes it; what is wrong in it the API names."""
    cohort: dict[str, Any] = {"everyone": values["who"] == "everyone"}
    if not cohort["everyone"]:
        for name, end in (("activeFrom", "from"), ("activeTo", "to")):
            if values[end]:
                cohort[name] = datetime.fromisoformat(values[end]).replace(tzinfo=desk.zone).isoformat()
        cohort |= {"activeBy": values["by"], "tiers": _words(values["tiers"]), "cards": _words(values["cards"])}
    gift: dict[str, Any] = {each: int(values[each]) for each in GIFTS}
    return {"key": values["key"].strip(), "cohort": cohort, "gift": {**gift, "forgivenDays": _words(values["days"])}}


def _words(text: str) -> list[str]:
    """What is separated by commas, spaces or lines."""
    return text.replace(",", " ").split()


def _cost(desk: Desk, counted: Mapping[str, Any]) -> Markup:
    t = desk.t
    lines = [(t("members_counted"), counted["members"]), *((t(f"gift_{each}_all"), counted[each]) for each in GIFTS)]
    return h("dl", *(h("div", h("dt", name), h("dd", say.whole(value))) for name, value in lines), klass="figures")


def _propose(desk: Desk, plan: Mapping[str, Any], members: int) -> None:
    """Of what the dry run counted, whatever is typed into the fields since."""
    t = desk.t

    async def act(name: str, values: Values) -> None:
        asked = desk.ask("ProposeCompensation", **plan, members=members, reason=values["reason"])
        made = await desk.attempt(asked)
        if made:
            ui.navigate.to(f"/compensations/{made['compensation']['id']}")

    form(
        h("h2", t("propose_for", key=plan["key"], count=say.whole(members))),
        h("div", reason_field(t("reason_note")), button(t("propose"), "propose", kind="main", sure=t("press_again")),
          klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip


def _listed(desk: Desk, found: Sequence[Mapping[str, Any]]) -> Markup:
    t = desk.t
    if not found:
        return h("p", t("none"), klass="empty")
    rows = [
        [
            h("td", link(each["key"], f"{BASE}/compensations/{each['id']}"), h("small", each["reason"]), klass="name"),
            badge(t(f"comp_{each['state'].lower()}"), STATES[each["state"]]),
            number(say.whole(each["members"]), data_head=t("members_counted")),
            number(say.whole(each["granted"]), data_head=t("granted")),
            number(say.whole(each["skipped"]), data_head=t("skipped")),
            number(say.whole(each["waiting"]), data_head=t("waiting")),
            h("td", desk.who(each["proposedBy"]), " ", desk.at(each["proposedAt"]), data_head=t("proposed_by"),
              klass="full"),
        ]
        for each in found
    ]  # fmt: skip
    counts = [numbers(t(name)) for name in ("members_counted", "granted", "skipped", "waiting")]
    heads = [t("incident"), t("state"), *counts, t("proposed_by")]
    return table(heads, rows, t("compensations_all"), klass="fold")


def _title(desk: Desk, found: Mapping[str, Any]) -> None:
    t = desk.t
    gifts = " · ".join(f"{t(f'gift_{each}')} {say.whole(found[each])}" for each in GIFTS if found[each])
    facts = [
        (t("reason"), found["reason"]), (t("cohort"), h("code", _cohort(found["cohort"]))),
        (t("each_gets"), gifts or "—"), (t("forgiven_days"), ", ".join(found["forgivenDays"]) or "—"),
        (t("proposed_by"), h("span", desk.who(found["proposedBy"]), " · ", desk.at(found["proposedAt"]))),
    ]  # fmt: skip
    if found["approvedBy"]:
        facts.append((t("approver"), h("span", desk.who(found["approvedBy"]), " · ", desk.at(found["approvedAt"]))))
    elif found["alone"]:
        facts.append((t("approver"), t("within_limits")))
    if found["endedAt"]:
        facts.append((t("ended"), h("span", desk.who(found["endedBy"]), " · ", desk.at(found["endedAt"]))))
    show(
        link(t("compensations"), f"{BASE}/compensations"),
        h("div", h("h1", found["key"]), badge(t(f"comp_{found['state'].lower()}"), STATES[found["state"]]),
          klass="heading"),
    )  # fmt: skip
    show(h("dl", *(each for name, value in facts for each in (h("dt", name), h("dd", value))), klass="plain"),
         classes="card")  # fmt: skip


def _cohort(text: str) -> str:
    """The rules in a line."""
    return "  ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in json.loads(text).items())


def _progress(desk: Desk, found: Mapping[str, Any]) -> Markup:
    t = desk.t
    names = {"members": "members_counted", "granted": "granted", "skipped": "skipped", "waiting": "waiting"}
    lines = [h("div", h("dt", t(name)), h("dd", say.whole(found[fact]))) for fact, name in names.items()]
    done = found["granted"] + found["skipped"]
    share = h("progress", value=done, max=max(found["members"], 1), aria_label=t("progress"))
    return h("div", h("dl", *lines, klass="figures"), share, klass="stack")


def _follow(desk: Desk, found: Mapping[str, Any], progress: ui.html) -> None:
    """Looks again while the work goes on, and shows the page anew at its end."""

    async def look() -> None:
        now = await desk.attempt(desk.ask("CompensationNode", id=found["id"]))
        if now is None:
            watch.deactivate()
            return
        progress.set_content(_progress(desk, now))
        if now["state"] != "RUNNING":
            watch.deactivate()
            ui.navigate.reload()

    watch = ui.timer(LOOK_SECONDS, look, immediate=False)


def _act(desk: Desk, found: Mapping[str, Any]) -> None:
    t, own = desk.t, found["proposedBy"] == desk.session.operator
    if found["state"] not in {"PROPOSED", "RUNNING"} or not desk.may(*MAKERS):
        return

    async def act(name: str, values: Values) -> None:
        if name == "approve":
            asked = desk.ask("ApproveCompensation", compensationId=found["id"], members=found["members"])
        else:
            asked = desk.ask("StopCompensation", compensationId=found["id"], reason=values["reason"])
        if await desk.attempt(asked):
            ui.navigate.reload()

    proposed = found["state"] == "PROPOSED"
    if proposed and desk.may("campaign_manager") and not own:
        approve = button(t("approve_for", count=say.whole(found["members"])), "approve", kind="main", free=True,
                         sure=t("press_again"))  # fmt: skip
        first = h("div", approve, klass="row")
    else:
        first = h("p", t("manager_approves" if proposed else "runs_now"), klass="soft")
    stop = button(t("take_back" if proposed else "stop_now"), "stop", kind="" if proposed else "stop",
                  sure=t("press_again"))  # fmt: skip
    form(
        first, h("div", reason_field(t("reason_to_take_back" if proposed else "reason_note")), stop, klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip
