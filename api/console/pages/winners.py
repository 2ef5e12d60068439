"""The identities of a year's winners, for the tax office: shown to the tax officer who asks, and kept nowhere."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any
from urllib.parse import quote

from nicegui import ui

from api.console.desk import Desk
from api.console.forms import Values, button, field, form
from api.console.markup import Markup, h, number, numbers, show, table
from api.console.say import MINOR

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a program of tables would reckon with, if a text began so."""


def export_form(desk: Desk) -> None:
    """Each identity leaves once; whoever lost the answer sees the same lines again, while signed in."""
    t, last = desk.t, desk.session.exports

    async def act(name: str, values: Values) -> None:
        year = int(values["year"]) if values["year"].isdigit() and values["year"].isascii() else 0
        if name == "again" and year not in last:
            ui.notify(t("export_none_yet"), type="warning", position="top")
            return
        request_id = last[year] if name == "again" else desk.mint()
        found = await desk.attempt(desk.ask("ExportIdentities", requestId=request_id, year=year))
        if found is not None:
            last[year] = request_id  # kept before anything is drawn: these identities left, and leave no second time
            told.set_content(_lines(desk, found["year"], found["lines"]))

    form(
        h("h2", t("export")), h("p", t("export_note"), klass="soft"),
        h("div", field(t("year"), "year", desk.today[:4], required=True, inputmode="numeric", pattern="2[0-9]{3}"),
          button(t("export"), "export", kind="main", sure=t("press_again")),
          button(t("export_again"), "again"), klass="row"),
        on_act=act, classes="card stack",
    )  # fmt: skip
    told = show(classes="card flush results")


def _lines(desk: Desk, year: int, lines: Sequence[Mapping[str, Any]]) -> Markup:
    t = desk.t
    rows = [
        [
            h("td", each["identity"]["name"], klass="name"), h("td", h("code", each["identity"]["number"])),
            h("td", t("yes" if each["identity"]["resident"] else "no"), data_head=t("identity_resident")),
            h("td", each["identity"]["address"], klass="full"),
            h("td", each["thing"], data_head=t("thing")),
            number(desk.money(each["valueMinor"]), data_head=t("value")),
            number(desk.money(each["withheldMinor"]), data_head=t("withheld")),
            h("td", desk.at(each["handedOverAt"]), data_head=t("handed_over"), klass="full"),
        ]
        for each in lines
    ]  # fmt: skip
    heads = [
        t("identity_name"), t("identity_number"), t("identity_resident"), t("identity_address"), t("thing"),
        numbers(t("value")), numbers(t("withheld")), t("handed_over"),
    ]  # fmt: skip
    file = f"data:text/csv;charset=utf-8,{quote(chr(0xFEFF) + as_csv(lines))}"
    return h(
        "div", table(heads, rows, t("export"), klass="fold"),
        h("p", h("a", t("export_file"), href=file, download=f"winners-{year}.csv"), klass="more"),
    )  # fmt: skip


def as_csv(lines: Sequence[Mapping[str, Any]]) -> str:
    """The lines as a file for a program of tables; no text in it is taken for a formula."""
    written = StringIO()
    out = csv.writer(written)
    out.writerow(("prize", "name", "number", "resident", "address", "thing", "value", "withheld", "handed over"))
    for each in lines:
        who = each["identity"]
        texts = (each["prizeId"], who["name"], who["number"], "yes" if who["resident"] else "no", who["address"],
                 each["thing"])  # fmt: skip
        money = (f"{each[name] // MINOR}.{each[name] % MINOR:02d}" for name in ("valueMinor", "withheldMinor"))
        out.writerow((*(f"'{text}" if text.startswith(_FORMULA) else text for text in texts), *money,
                      each["handedOverAt"] or ""))  # fmt: skip
    return written.getvalue()
