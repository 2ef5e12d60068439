"""The fairness monitor: whether draws follow from their seeds, and whether rolls look like fair dice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from nicegui import ui

from api.console import charts, say
from api.console.desk import Desk
from api.console.frame import Console
from api.console.markup import Markup, element, h, show


def add(console: Console) -> None:
    @console.page("/monitor", "monitor")
    async def monitor(desk: Desk, request: Request) -> None:
        found, looks = await asyncio.gather(desk.ask("FairnessMonitor"), desk.ask("FairnessReadings", first=100))
        t = desk.t
        show(h("h1", t("monitor")), h("p", t("monitor_lead"), klass="lead"))
        if found is None:
            show(h("p", t("no_look_yet"), klass="note"))
            return
        if found["alarmSince"]:
            show(h("p", t("alarm_since"), " ", desk.at(found["alarmSince"]), klass="told", role="alert"))
        else:
            show(h("p", t("no_alarm"), klass="calm"))
        show(_figures(desk, found))
        with element("section", "chart"):
            show(h("h2", t("evidence")), h("p", t("evidence_note", at=say.decimal(found["alarmAt"], 2)), klass="soft"))
            words = {name: t(f"evidence_{name}") for name in ("all", "bins", "alarm", "power")}
            ui.echart(charts.evidence(looks, found["alarmAt"], words), renderer="svg")


def _figures(desk: Desk, found: Mapping[str, Any]) -> Markup:
    t = desk.t
    lines = [
        (t("weighed"), say.whole(found["draws"])), (t("evidence_all"), say.decimal(found["evidence"], 3)),
        (t("evidence_bins"), say.decimal(found["binsEvidence"], 3)),
        (t("alarm_at"), say.decimal(found["alarmAt"], 2)), (t("made_again"), say.whole(found["replayed"])),
        (t("do_not_follow"), say.whole(found["broken"])), (t("last_look"), desk.at(found["at"])),
    ]  # fmt: skip
    return h("dl", *(h("div", h("dt", name), h("dd", value)) for name, value in lines), klass="figures")
