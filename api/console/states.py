"""Versions of sheets in tables, and their states in a word and a colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from api.console.desk import Desk
from api.console.frame import BASE
from api.console.markup import Markup, badge, h, link, table

KINDS = {"DRAFT": "", "IN_REVIEW": "wait", "SCHEDULED": "plan", "ACTIVE": "good"}


def state_badge(desk: Desk, state: str) -> Markup:
    """The state of a version."""
    return badge(desk.t(f"state_{state.lower()}"), KINDS.get(state, ""))


def version_table(desk: Desk, found: Sequence[Mapping[str, Any]], *, named: bool = False) -> Markup:
    """Versions, of one sheet or, `named`, of many."""
    t = desk.t
    rows = []
    for each in found:
        title = f"{each['kind']}.{each['key']} v{each['version']}" if named else f"v{each['version']}"
        rows.append([
            h("td", link(title, f"{BASE}/sheets/{each['id']}"), klass="nowrap"),
            h("td", state_badge(desk, each["state"])),
            h("td", desk.at(each["activeAt"]), data_head=t("active_at")),
            h("td", desk.who(each["author"]), data_head=t("author")),
            h("td", desk.who(each["approver"]), data_head=t("approver")),
            h("td", each["reason"], klass="full"),
        ])  # fmt: skip
    heads = [t("version"), t("state"), t("active_at"), t("author"), t("approver"), t("reason")]
    return table(heads, rows, t("versions"), klass="fold")
