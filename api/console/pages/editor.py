"""Writing a draft: odds as a table whose figures move as one types, other sheets as text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nicegui import ui

from api.console import say
from api.console.costs import figures, name_of
from api.console.desk import Desk
from api.console.edge import Said
from api.console.findings import chart_options, diff_table, draw_charts, fault_list
from api.console.forms import Later, Values, area, button, choice, enter, form, paint, reason_field
from api.console.forms import field as written
from api.console.frame import refused
from api.console.markup import Markup, badge, element, h, joined, number, numbers, show, table

PAUSE_SECONDS = 0.25
HAZARD = ("rises_from", "step_ppm", "ceiling")
_ARROWS = (
    "(e) => { const step = {ArrowDown: 1, ArrowUp: -1}[e.key]; if (!step || e.target.tagName !== 'INPUT') return; "
    "const all = [...e.target.closest('.form').querySelectorAll(`input[data-column='${e.target.dataset.column}']`)]; "
    "const next = all[all.indexOf(e.target) + step]; if (next) { e.preventDefault(); next.focus(); next.select(); } }"
)


@dataclass(slots=True)
class Draft:
    """A draft while somebody types: the text as it is kept, and as it stands on the page."""

    sheet: Mapping[str, Any]
    body: dict[str, Any]
    kept: str
    revision: int
    prizes: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def of(cls, sheet: Mapping[str, Any]) -> Draft:
        body = json.loads(sheet["body"])
        found = body.get("prizes")
        rows = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
        return cls(sheet, body, json.dumps(body, sort_keys=True), sheet["revision"], rows)

    @property
    def is_changed(self) -> bool:
        return json.dumps(self.body, sort_keys=True) != self.kept

    def take(self, values: Values) -> None:
        """The fields of the table, into the body; what is no whole number stays as text, for the API to name."""
        for name in ("price_diamonds", "budget_minor"):
            _set(self.body, name, values.get(name))
        hazard = self.body.get("hazard")
        inside = dict(hazard) if isinstance(hazard, dict) else {}
        for name in HAZARD:
            _set(inside, name, values.get(name))
        if inside:
            self.body["hazard"] = inside
        else:
            self.body.pop("hazard", None)
        for at, prize in enumerate(self.prizes):
            _set(prize, "weight", values.get(f"weight-{at}"), empty=0)
            if "stock" in prize or values.get(f"stock-{at}"):
                _set(prize, "stock", values.get(f"stock-{at}"))

    @property
    def total(self) -> int:
        return sum(weight_of(each) for each in self.prizes)


def _set(inside: dict[str, Any], name: str, text: str | None, empty: int | None = None) -> None:
    if text is None:
        return
    text = text.strip().replace(",", "")
    if not text and empty is None:
        inside.pop(name, None)
    elif not text:
        inside[name] = empty
    else:
        inside[name] = int(text) if text.isascii() and text.isdigit() else text


def weight_of(prize: Mapping[str, Any]) -> int:
    """The weight of a prize; 0 while it is no whole number."""
    found = prize.get("weight")
    return found if isinstance(found, int) else 0


async def open_table(desk: Desk, review: Mapping[str, Any]) -> None:
    """The editor of a table of odds."""
    draft = Draft.of(review["sheet"])
    desk_of_table = _Table(desk, draft, review)
    desk_of_table.draw()
    await desk_of_table.preview()


class _Table:
    """The table, its figures and its charts; the figures follow what is typed."""

    def __init__(self, desk: Desk, draft: Draft, review: Mapping[str, Any]) -> None:
        self.desk = desk
        self.draft = draft
        self.review = review
        self.client = ui.context.client
        self.typed = Later(PAUSE_SECONDS, self.preview)
        self.charts: list[Any] = []
        self.shown: Markup | None = None

    def draw(self) -> None:
        """Puts everything on the page."""
        t = self.desk.t
        self.told = show(classes="figuring")
        self.form = form(
            h("h2", t("odds_table")), self._rules(), self._rows(), self._foot(),
            on_act=self.act, on_input=self.change, classes="card flush odds",
        )  # fmt: skip
        self.form.on("keydown", js_handler=_ARROWS)
        self.drawn = element("div")
        show(
            h("h2", t("changed_since", version=self.draft.sheet["basedOn"])),
            diff_table(self.desk, self.review["changes"]),
            classes="card flush",
        )  # fmt: skip
        open_text(self.desk, self.review, folded=True)

    def _rules(self) -> Markup:
        t, body = self.desk.t, self.draft.body
        hazard = body.get("hazard") if isinstance(body.get("hazard"), dict) else {}
        fields = [written(t("price_diamonds"), "price_diamonds", body.get("price_diamonds", ""), inputmode="numeric")]
        fields += [written(t(name), name, (hazard or {}).get(name, ""), inputmode="numeric") for name in HAZARD]
        fields.append(written(t("budget_minor"), "budget_minor", body.get("budget_minor", ""), inputmode="numeric"))
        return h("div", *fields, klass="row more")

    def _rows(self) -> Markup:
        t = self.desk.t
        rows = []
        for at, prize in enumerate(self.draft.prizes):
            code = str(prize.get("code", at))
            title = name_of(prize, self.desk.words.language)
            rows.append([
                h("td", title, h("small", f"{code} · {prize.get('kind', '')}"), klass="name full"),
                h("td", badge(str(prize.get("class", "")), "good" if prize.get("class") == "TOP" else "")),
                number(_entry(f"weight-{at}", prize.get("weight", 0), "weight", t("weight_of", prize=title)),
                       data_head=t("weight")),
                number(h("span", id=f"base-{at}"), h("span", id=f"bar-{at}"), data_head=t("base")),
                number(h("span", id=f"long-{at}"), data_head=t("consolidated")),
                number(h("span", id=f"cost-{at}"), data_head=t("worth")),
                number(h("span", id=f"adds-{at}"), data_head=t("adds")),
                number(_entry(f"stock-{at}", prize.get("stock", ""), "stock", t("stock_of", prize=title)),
                       data_head=t("stock")),
                number(h("span", id=f"ends-{at}"), data_head=t("lasts")),
            ])  # fmt: skip
        heads = [t("prize"), t("class"), *(
            numbers(t(each)) for each in ("weight", "base", "consolidated", "worth", "adds", "stock", "lasts")
        )]  # fmt: skip
        return table(heads, rows, t("odds_table"), klass="fold")

    def _foot(self) -> Markup:
        t = self.desk.t
        return h(
            "div",
            h("span", t("sum"), " ", h("output", id="sum", klass="sum"), klass="field"),
            choice(t("even_into"), "even", self._targets(), self._plainest()), button(t("even"), "even", free=True),
            reason_field(t("reason")),
            button(t("save"), "save"), button(t("submit_to_review"), "submit", kind="main"),
            button(t("withdraw"), "withdraw", kind="quiet", sure=t("press_again")),
            klass="row sticky",
        )  # fmt: skip

    def _targets(self) -> list[tuple[str, str]]:
        language = self.desk.words.language
        return [(str(at), name_of(prize, language)) for at, prize in enumerate(self.draft.prizes)]

    def _plainest(self) -> str:
        """The prize that a difference is best put into: the commonest plain one."""
        plain = [at for at, prize in enumerate(self.draft.prizes) if prize.get("class") == "PLAIN"]
        return str(max(plain, key=lambda at: weight_of(self.draft.prizes[at]), default=0))

    async def change(self, name: str, values: Values) -> None:
        """Somebody typed: percentages at once, money a moment later."""
        if name in {"reason", "even"}:
            return
        self.draft.take(values)
        self.paint({})
        self.told.classes(add="stale")
        self.typed()

    def paint(self, found: Mapping[str, Any]) -> None:
        """Shares of the weights, and what is known of the prizes beside."""
        total, texts = self.draft.total, {}
        for at, prize in enumerate(self.draft.prizes):
            texts[f"base-{at}"] = (say.share(weight_of(prize)), "")
        off = total - say.PPM
        told = "" if not off else f"  ({'+' if off > 0 else '−'}{say.whole(abs(off))})"
        texts["sum"] = (f"{say.whole(total)} / {say.whole(say.PPM)} ppm{told}", "sum off" if off else "sum")
        for at, each in enumerate(found.get("prizes", ())):
            share = int(each["consolidatedPercent"].replace(".", ""))
            adds = f"{int(each['costMinor'].replace('.', '')) * share / 10**12:.6f}"
            texts[f"long-{at}"] = (say.percent(each["consolidatedPercent"]), "")
            texts[f"cost-{at}"] = (self.desk.money(each["costMinor"]), "")
            texts[f"adds-{at}"] = (self.desk.money(adds, 4), "")
            texts[f"ends-{at}"] = (
                each["runsOutOn"] or ("—" if each["stockLeft"] is None else self.desk.t("never")),
                "",
            )
        paint(self.client, texts)

    async def preview(self) -> None:
        """Asks what the table costs as it stands, and shows it."""
        body = json.dumps(self.draft.body)
        try:
            found = await self.desk.ask("OddsTyping", key=self.draft.sheet["key"], body=body)
        except Said as said:
            self.told.set_content(refused(self.desk.words, said))
            return
        self.told.classes(remove="stale")
        if found["faults"]:
            before = h("div", self.shown, klass="stale") if self.shown else None
            self.told.set_content(joined((fault_list(self.desk, found["faults"]), before)))
            self.paint({})
            return
        odds = found["odds"]
        self.shown = figures(self.desk, odds["proposed"], odds["current"])
        self.told.set_content(self.shown)
        self.paint(odds["proposed"])
        self._chart(odds)

    def _chart(self, odds: Mapping[str, Any]) -> None:
        options = chart_options(self.desk, self.draft.body, odds["proposed"], odds["current"])
        if len(options) != len(self.charts):
            self.drawn.clear()
            with self.drawn:
                self.charts = draw_charts(self.desk, self.draft.body, odds["proposed"], odds["current"])
            return
        for chart, wanted in zip(self.charts, options.values(), strict=True):
            chart.options.clear()
            chart.options.update(wanted)
            chart.update()

    async def act(self, name: str, values: Values) -> None:
        """Saves, hands in, or takes back."""
        self.draft.take(values)
        if name == "even":
            at = int(values["even"]) if values["even"].isdigit() else 0
            if at < len(self.draft.prizes):
                weight = weight_of(self.draft.prizes[at]) + say.PPM - self.draft.total
                enter(self.client, f"weight-{at}", str(max(0, weight)))
            return
        body = json.dumps(self.draft.body, ensure_ascii=False)
        await act_on_draft(self.desk, self.draft, name, body, values["reason"])


async def act_on_draft(desk: Desk, draft: Draft, name: str, body: str, reason: str) -> None:
    """Saves a draft where it changed, and does what was pressed; then the page is drawn again."""
    known = {"sheetId": draft.sheet["id"], "reason": reason}
    if name == "withdraw":
        done = await desk.attempt(desk.ask("WithdrawSheet", **known), desk.t("done_withdraw"))
        if done:
            ui.navigate.reload()
        return
    if draft.is_changed or name == "save":
        edited = await desk.attempt(desk.ask("EditSheet", **known, revision=draft.revision, body=body))
        if edited is None:
            return
        draft.revision, draft.kept = edited["revision"], json.dumps(draft.body, sort_keys=True)
    if name == "submit" and await desk.attempt(desk.ask("SubmitSheet", **known, revision=draft.revision)) is None:
        return
    ui.navigate.reload()


def _entry(name: str, value: object, column: str, label: str) -> Markup:
    made = h("input", name=name, value=value, inputmode="numeric", data_column=column, aria_label=label)
    return Markup(made.removesuffix("</input>"))


def open_text(desk: Desk, review: Mapping[str, Any], *, folded: bool = False) -> None:
    """The editor of a sheet as text; `folded` under a table, for what the table has no field of."""
    t, sheet = desk.t, review["sheet"]
    draft = Draft.of(sheet)
    text = json.dumps(draft.body, ensure_ascii=False, indent=2)

    async def act(name: str, values: Values) -> None:
        try:
            draft.body = json.loads(values["body"])
        except ValueError as error:
            ui.notify(t("no_json", error=str(error)), type="negative", position="top")
            return
        await act_on_draft(desk, draft, name, values["body"], values["reason"])

    inside = joined((
        area(t("body"), "body", text, rows=22, klass="code", spellcheck="false"),
        h("div", reason_field(t("reason")), button(t("save"), "save"),
          None if folded else button(t("submit_to_review"), "submit", kind="main"),
          None if folded else button(t("withdraw"), "withdraw", kind="quiet", sure=t("press_again")), klass="row"),
    ))  # fmt: skip
    if folded:
        form(h("details", h("summary", t("as_text")), h("div", inside, klass="stack")), on_act=act, classes="card")
        return
    if review["faults"]:
        show(fault_list(desk, review["faults"]))
    form(h("h2", t("body")), inside, on_act=act, classes="card stack")
    show(
        h("h2", t("changed_since", version=sheet["basedOn"])), diff_table(desk, review["changes"]), classes="card flush"
    )
