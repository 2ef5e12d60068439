"""What waits for a second person, and what is scheduled."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import Request

from api.console.desk import Desk
from api.console.frame import Console
from api.console.markup import Markup, h, show
from api.console.states import version_table


def add(console: Console) -> None:
    @console.page("/reviews", "reviews")
    async def reviews(desk: Desk, request: Request) -> None:
        waiting, drafts = await asyncio.gather(
            desk.ask("Sheets", state="IN_REVIEW", first=100), desk.ask("Sheets", state="DRAFT", first=100)
        )
        show(h("h1", desk.t("reviews")), h("p", desk.t("reviews_lead"), klass="lead"))
        show(h("h2", desk.t("in_review")), sheet_table(desk, waiting), classes="card flush")
        show(h("h2", desk.t("drafts")), sheet_table(desk, drafts), classes="card flush")

    @console.page("/schedule", "schedule")
    async def schedule(desk: Desk, request: Request) -> None:
        scheduled, active = await asyncio.gather(
            desk.ask("Sheets", state="SCHEDULED", first=100), desk.ask("Sheets", state="ACTIVE", first=100)
        )
        show(h("h1", desk.t("schedule")), h("p", desk.t("schedule_lead", zone=desk.zone.key), klass="lead"))
        coming = sorted(scheduled, key=lambda each: str(each["activeAt"]))
        show(h("h2", desk.t("scheduled")), sheet_table(desk, coming), classes="card flush")
        lately = sorted(active, key=lambda each: str(each["activeAt"]), reverse=True)[:20]
        show(h("h2", desk.t("latest_in_force")), sheet_table(desk, lately), classes="card flush")


def sheet_table(desk: Desk, found: Sequence[Mapping[str, Any]]) -> Markup:
    """Versions of any sheets, or that there are none."""
    return version_table(desk, found, named=True) if found else h("p", desk.t("none"), klass="empty")
