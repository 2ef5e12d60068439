"""What tables of odds cost, as every page shows it: figures beside those in force, prizes, last week made again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.console import say
from api.console.desk import Desk
from api.console.frame import BASE
from api.console.markup import Markup, badge, h, joined, link, number, numbers, table

Figures = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pool:
    """The version of a pool's odds that is in force, and its figures; None where the API refused them."""

    sheet: Mapping[str, Any]
    body: Mapping[str, Any]
    figures: Figures | None


async def read_pools(desk: Desk) -> list[Pool]:
    """Every pool with its figures."""
    found = await desk.ask("Sheets", kind="odds", state="ACTIVE", first=100)
    return list(await asyncio.gather(*(read_pool(desk, each) for each in found)))


async def read_pool(desk: Desk, sheet: Mapping[str, Any]) -> Pool:
    """One version with its figures."""
    preview = await desk.ask("OddsTyping", key=sheet["key"], body=sheet["body"])
    return Pool(sheet, json.loads(sheet["body"]), preview["odds"]["proposed"] if preview["odds"] else None)


def name_of(named: Mapping[str, Any], language: str) -> str:
    """The name of a pool or a prize in the operator's language; its code where it has none, as while one types."""
    names = named.get("name")
    found = names.get(language) or names.get("en") if isinstance(names, Mapping) else None
    return str(found or named.get("code", ""))


def prize_names(body: Mapping[str, Any], language: str) -> dict[str, str]:
    """Code -> name of a table's prizes."""
    prizes = [each for each in body.get("prizes", ()) if isinstance(each, Mapping)]
    return {str(each.get("code", "")): name_of(each, language) for each in prizes}


def top_percent(figures: Figures, body: Mapping[str, Any]) -> str:
    """The share of TOP among all draws, in per cent: that of its prizes together."""
    tops = {each.get("code") for each in body["prizes"] if each.get("class") == "TOP"}
    total = sum(
        (int(each["consolidatedPercent"].replace(".", "")) for each in figures["prizes"] if each["prize"] in tops), 0
    )
    return f"{total // 10_000}.{total % 10_000:04d}%"


def summary(desk: Desk, pools: Sequence[Pool]) -> Markup:
    """The table of all pools."""
    t = desk.t
    rows = []
    for each in pools:
        title = h("td", link(name_of(each.body, desk.words.language), f"{BASE}/pools/{each.sheet['key']}"),
                  h("small", f"{each.sheet['key']} · v{each.sheet['version']}"), klass="name")  # fmt: skip
        found = each.figures
        if found is None:
            rows.append([title, h("td", badge(t("has_faults"), "bad"), colspan=6)])
            continue
        rows.append([
            title,
            number(f"{each.body['price_diamonds']} 💎", data_head=t("price")),
            number(top_percent(found, each.body), data_head=t("top_share")),
            number(desk.money(found["perDrawMinor"], 4), data_head=t("per_draw")),
            number(say.whole(found["weekDraws"]), data_head=t("week_draws")),
            number(desk.money(found["weekExpectedMinor"]), data_head=t("week_expected")),
            number(desk.money(found["spentMinor"]), h("small", _budget(desk, found)), data_head=t("spent")),
        ])  # fmt: skip
    heads = [
        t("pool"),
        *(numbers(t(each)) for each in ("price", "top_share", "per_draw", "week_draws", "week_expected", "spent")),
    ]
    return table(heads, rows, t("pools"), klass="fold")


def _budget(desk: Desk, found: Figures) -> str | None:
    if found["budgetMinor"] is None:
        return None
    return desk.t("of_budget", money=desk.money(found["budgetMinor"], 0))


def figures(desk: Desk, found: Figures, before: Figures | None) -> Markup:
    """The figures of a table beside those of the one in force."""
    t, was = desk.t, before or found
    draws = [t("never") if each is None else str(each) for each in found["drawsToTop"]]
    lines = [
        (t("per_draw"), desk.money(found["perDrawMinor"], 4), _moved(was, found, "perDrawMinor")),
        (t("week_expected"), desk.money(found["weekExpectedMinor"]), _moved(was, found, "weekExpectedMinor")),
        (t("week_worst"), desk.money(found["weekWorstMinor"], 0), _moved(was, found, "weekWorstMinor")),
        (t("stock_liability"), desk.money(found["stockLiabilityMinor"], 0), _moved(was, found, "stockLiabilityMinor")),
        (t("draws_to_top"), " / ".join(draws), h("small", t("p50_90_99"))),
        (t("per_diamond"), desk.money(found["perDiamondMinor"], 4), _moved(was, found, "perDiamondMinor")),
        (t("diamonds_back"), say.decimal(found["diamondsBack"], 3), _moved(was, found, "diamondsBack")),
        (t("ten_expectation"), say.decimal(found["tenExpectation"], 3), _moved(was, found, "tenExpectation")),
    ]
    if found["budgetMinor"] is not None:
        ends = found["budgetRunsOutOn"] or t("never")
        lines.append((t("budget"), desk.money(found["budgetMinor"], 0), h("small", t("runs_out", day=ends))))
    inside = [h("div", h("dt", label), h("dd", value, more)) for label, value, more in lines]
    return h("dl", *inside, klass="figures", aria_live="polite")


def _moved(before: Figures, after: Figures, key: str) -> Markup:
    text = say.change(before[key], after[key])
    return h("small", text, klass="up" if text.startswith("+") else "down" if text.startswith("−") else None)


def funders(desk: Desk, found: Figures) -> Markup:
    """Who pays how much of a draw."""
    rows = [[each["funder"], number(desk.money(each["perDrawMinor"], 4))] for each in found["funders"]]
    return table([desk.t("funder"), numbers(desk.t("per_draw"))], rows, desk.t("funders"))


def prizes(desk: Desk, body: Mapping[str, Any], found: Figures) -> Markup:
    """Each prize: its chances, its worth, what is left."""
    t, names = desk.t, prize_names(body, desk.words.language)
    classes = {each["code"]: each["class"] for each in body["prizes"]}
    rows = []
    for each in found["prizes"]:
        left = "—" if each["stockLeft"] is None else say.whole(each["stockLeft"])
        ends = h("small", t("runs_out", day=each["runsOutOn"])) if each["runsOutOn"] else None
        rows.append([
            h("td", names.get(each["prize"], each["prize"]), h("small", each["prize"]), klass="name"),
            h("td", badge(classes[each["prize"]], "good" if classes[each["prize"]] == "TOP" else "")),
            number(say.percent(each["basePercent"]), data_head=t("base")),
            number(say.percent(each["consolidatedPercent"]), data_head=t("consolidated")),
            number(say.percent(each["effectivePercent"]), data_head=t("effective")),
            number(desk.money(each["costMinor"]), data_head=t("worth")),
            number(left, ends, data_head=t("left")),
        ])  # fmt: skip
    heads = [
        t("prize"),
        t("class"),
        *(numbers(t(each)) for each in ("base", "consolidated", "effective", "worth", "left")),
    ]
    return table(heads, rows, t("prizes"), klass="fold")


def replayed(desk: Desk, found: Mapping[str, Any]) -> Markup:
    """Last week's draws made again under the table."""
    t = desk.t
    rows = [
        [each["prize"], number(say.whole(each["paid"])), number(say.whole(each["wouldBe"]))] for each in found["prizes"]
    ]
    totals = [
        [t("tops"), number(say.whole(found["tops"])), number(say.whole(found["wouldBeTops"]))],
        [t("money"), number(desk.money(found["paidMinor"])), number(desk.money(found["wouldBeMinor"]))],
    ]
    told = h("p", t("replay_note", draws=say.whole(found["draws"])), klass="soft")
    heads = [t("prize"), numbers(t("was_paid")), numbers(t("would_be"))]
    return joined((h("div", told, klass="more"), table(heads, rows + totals, t("replay"))))
