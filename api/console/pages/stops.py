"""The stop switch: one person, at once; looked at by another afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request
from nicegui import ui

from api.console.desk import Desk
from api.console.forms import Values, button, choice, field, form, reason_area, reason_field
from api.console.frame import Console
from api.console.markup import badge, h, show, table

STOPPERS = ("campaign_manager", "odds_approver")
REVIEWERS = (*STOPPERS, "auditor")
WHOLE = ("pools", "earning", "offers", "board", "checkin")


def add(console: Console) -> None:
    @console.page("/stops", "stops")
    async def stops(desk: Desk, request: Request) -> None:
        pauses, active = await asyncio.gather(
            desk.ask("Pauses", first=100), desk.ask("Sheets", state="ACTIVE", first=100)
        )
        t = desk.t
        show(h("h1", t("stops")), h("p", t("stops_lead"), klass="lead"))
        stopped = [each for each in pauses if not each["resumedAt"]]
        if not stopped:
            show(h("p", t("nothing_stopped"), klass="calm"))
        for each in stopped:
            _running(desk, each)
        if desk.may(*STOPPERS):
            _stop(desk, active)
        show(h("h2", t("stops_before")))
        for each in pauses:
            if each["resumedAt"] and not each["reviewedAt"]:
                _to_review(desk, each)
        done = [each for each in pauses if each["resumedAt"] and each["reviewedAt"]]
        show(_table(desk, done) if done else h("p", t("none"), klass="empty"), classes="card flush")


def _targets(desk: Desk, active: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """What can be stopped: whole parts first, then each pool, currency and offer."""
    nouns = {"odds": "pool", "earning": "earning", "offer": "offer"}
    single = sorted(f"{nouns[each['kind']]}:{each['key']}" for each in active if each["kind"] in nouns)
    ranked = sorted(single, key=lambda each: not each.startswith("pool:"))
    return [(each, f"{desk.t('target_' + each)} ({each})") for each in WHOLE] + [(each, each) for each in ranked]


def _stop(desk: Desk, active: Sequence[Mapping[str, Any]]) -> None:
    t = desk.t

    async def act(name: str, values: Values) -> None:
        asked = {"target": values["target"], "message": values["message"], "reason": values["reason"]}
        if await desk.attempt(desk.ask("Pause", **asked)):
            ui.navigate.reload()

    form(
        h("h2", t("stop_something")),
        h("div", choice(t("target"), "target", _targets(desk, active)),
          field(t("message_to_members"), "message", required=True, maxlength=300),
          reason_field(t("reason")), klass="row"),
        h("div", button(t("stop_now"), "stop", kind="stop", sure=t("press_again")),
          h("span", t("stop_note"), klass="soft"), klass="heading"),
        on_act=act, classes="card stack",
    )  # fmt: skip


def _running(desk: Desk, pause: Mapping[str, Any]) -> None:
    t = desk.t

    async def act(name: str, values: Values) -> None:
        if await desk.attempt(desk.ask("Resume", target=pause["target"])):
            ui.navigate.reload()

    go_on = button(t("resume"), "resume", sure=t("press_again")) if desk.may(*STOPPERS) else None
    form(
        h("div", badge(t("stopped"), "bad"), h("h2", pause["target"]), h("span", klass="gap"), go_on, klass="heading"),
        _facts(desk, pause),
        on_act=act, classes="card stack stopped",
    )  # fmt: skip


def _to_review(desk: Desk, pause: Mapping[str, Any]) -> None:
    t = desk.t

    async def act(name: str, values: Values) -> None:
        if await desk.attempt(desk.ask("ReviewPause", pauseId=pause["id"], note=values["note"])):
            ui.navigate.reload()

    may = desk.may(*REVIEWERS) and pause["pausedBy"] != desk.session.operator
    asked = [
        reason_area(t("found"), "note"),
        h("div", button(t("review_done"), "review", kind="main"), klass="row"),
    ]
    form(
        h("div", badge(t("to_review"), "wait"), h("h2", pause["target"]), klass="heading"), _facts(desk, pause),
        *(asked if may else [h("p", t("another_reviews"), klass="soft")]),
        on_act=act, classes="card stack",
    )  # fmt: skip


def _facts(desk: Desk, pause: Mapping[str, Any]) -> Any:
    t = desk.t
    facts = [
        (t("message_to_members"), pause["message"]), (t("reason"), pause["reason"]),
        (t("stopped"), h("span", desk.at(pause["pausedAt"]), " · ", desk.who(pause["pausedBy"]))),
    ]  # fmt: skip
    if pause["resumedAt"]:
        facts.append((t("resumed"), h("span", desk.at(pause["resumedAt"]), " · ", desk.who(pause["resumedBy"]))))
    return h("dl", *(each for name, value in facts for each in (h("dt", name), h("dd", value))), klass="plain")


def _table(desk: Desk, pauses: Sequence[Mapping[str, Any]]) -> Any:
    t = desk.t
    rows = [
        [
            each["target"], h("td", desk.at(each["pausedAt"]), " ", desk.who(each["pausedBy"])),
            h("td", desk.at(each["resumedAt"]), " ", desk.who(each["resumedBy"])),
            h("td", each["reason"], klass="full"),
            h("td", each["reviewNote"], h("small", desk.who(each["reviewedBy"])), klass="full"),
        ]
        for each in pauses
    ]  # fmt: skip
    heads = [t("target"), t("stopped"), t("resumed"), t("reason"), t("found")]
    return table(heads, rows, t("stops_before"), klass="fold")
