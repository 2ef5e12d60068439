"""What a reviewer reads: mistakes, what changed, what it costs, and who did what."""

import json
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import strawberry

from api.admin.sheets import SheetNode, check_key, read_body, show_sheet
from api.batches import vault_of
from api.content import checker
from api.graphql.context import Context
from api.graphql.nodes import parse_id, show_id, write_id
from api.graphql.pages import Connection, check_first, connection, read_id_cursor, write_cursor
from api.graphql.schema import Info
from api.refusals import BadInput
from loyalty.sheets import actions as sheets
from loyalty.sheets.rules import Act, Change, Fault, SheetVersion, changes_between
from rewards.gacha.actions.reviewing import OddsReview, Replayed, replay_week, review_odds
from rewards.gacha.rules.chances import percent
from rewards.gacha.rules.costing import Costing, PrizeCost
from rewards.gacha.rules.odds import Odds, parse_odds

DIGITS = 6
SUBJECT_LENGTH_MAX = 120
strawberry.enum(Act, name="OperatorAct", description="What an operator did. Open.")


@strawberry.type(description="One mistake of a sheet: where, and what would be right.")
class SheetFault:
    key: str
    rule: str


@strawberry.type(description="One field that changed: its JSON pointer, and its JSON before and after.")
class FieldChange:
    path: str
    old: str | None = strawberry.field(description="Null: it was not there.")
    new: str | None = strawberry.field(description="Null: it is no longer there.")


@strawberry.type(description="One act of one operator.")
class TrailEntry:
    id: strawberry.ID
    subject: str
    version: int | None
    act: Act
    operator: str
    at: datetime
    reason: str
    changes: list[FieldChange]


@strawberry.type(description="What one funder pays.")
class FunderCost:
    funder: str
    per_draw_minor: str


@strawberry.type(description="A point of a curve: the chance that a TOP came within so many draws after the last one.")
class TopWithin:
    draws: int
    percent: str


@strawberry.type(description="One prize of a table. Percentages and money are decimal strings from exact fractions.")
class OddsPrizeFigures:
    prize: str
    base_percent: str = strawberry.field(description="By the weights alone.")
    consolidated_percent: str = strawberry.field(description="Of all single draws in the long run.")
    effective_percent: str = strawberry.field(description="At the next draw after a TOP, with what is sold out now.")
    cost_minor: str
    funder: str
    stock_left: int | None
    runs_out_on: date | None = strawberry.field(description="At last week's pace; null for never.")


@strawberry.type(description="What one table of odds costs, in minor units of `currency`, exact to six decimals.")
class OddsFigures:
    currency: str
    prizes: list[OddsPrizeFigures]
    expected_draws_to_top: str | None
    draws_to_top: list[int | None] = strawberry.field(
        description="Within so many draws a TOP has come in 50, 90 and 99 of 100 cases."
    )
    top_within: list[TopWithin] = strawberry.field(
        description="The curve up to where 99 of 100 have one, at most 60 points and 600 draws."
    )
    ten_expectation: str = strawberry.field(description="The mean number of GUARANTEE or above in a ten.")
    funders: list[FunderCost]
    per_draw_minor: str
    per_diamond_minor: str = strawberry.field(description="Value that a diamond brings back.")
    diamonds_back: str = strawberry.field(description="Diamonds that a draw gives back on average.")
    tickets_back: str
    week_draws: int = strawberry.field(description="Last week's draws from this pool.")
    week_expected_minor: str
    week_worst_minor: str = strawberry.field(description="The most that so many draws can cost.")
    stock_liability_minor: str = strawberry.field(description="What is left of limited prizes is worth that.")
    budget_minor: int | None
    spent_minor: str = strawberry.field(description="What the pool has cost so far.")
    budget_runs_out_on: date | None


@strawberry.type(description="How often a prize was paid last week, and would have been.")
class ReplayedPrize:
    prize: str
    paid: int
    would_be: int


@strawberry.type(description="Last week's draws made again under the proposed table, from the same seeds and nonces.")
class OddsReplay:
    draws: int
    tops: int
    would_be_tops: int
    paid_minor: str
    would_be_minor: str
    prizes: list[ReplayedPrize]


@strawberry.type(name="OddsReview", description="A table of odds beside the one in force.")
class OddsReviewNode:
    proposed: OddsFigures
    successors: list[OddsFigures] = strawberry.field(description="What takes over when a stock ends, in order.")
    current: OddsFigures | None
    key: strawberry.Private[str]
    odds: strawberry.Private[Odds]

    @strawberry.field(description="Made when it is asked for: it is the dear part.")
    async def replay(self, info: Info) -> OddsReplay:
        context: Context = info.context
        async with context.database.read() as connection:
            made = await replay_week(connection, vault_of(context.services), self.key, self.odds, context.now)
        return show_replay(made)


@strawberry.type(description="Everything that a reviewer needs of one version.")
class SheetReview:
    sheet: SheetNode
    replaces: SheetNode | None
    faults: list[SheetFault]
    changes: list[FieldChange] = strawberry.field(description="Against the version that it was made from.")
    odds: OddsReviewNode | None = strawberry.field(description="Of a sheet of kind odds without mistakes.")


@strawberry.type(description="A table of odds that is being tried out; nothing is saved.")
class OddsPreview:
    faults: list[SheetFault]
    odds: OddsReviewNode | None


@strawberry.type
class ReviewQuery:
    @strawberry.field(description="One version with its mistakes, changes and exact costs; null where there is none.")
    async def sheet_review(self, info: Info, id: strawberry.ID) -> SheetReview | None:
        context: Context = info.context
        wanted = parse_id("sht", id)
        async with context.database.read() as connection:
            sheet = await sheets.load_version(connection, wanted)
            if sheet is None:
                return None
            body = json.loads(sheet.body)
            versions = await sheets.load_scheduled(
                connection, sheet.kind, sheet.key, sheet.based_on - 1, sheet.based_on
            )  # fmt: skip
            base = versions[0] if versions else None
            faults = await checker(connection, context.now)(sheet.kind, sheet.key, body)
            odds = await _review(context, connection, sheet.key, body) if sheet.kind == "odds" and not faults else None
        return SheetReview(
            sheet=show_sheet(sheet),
            replaces=show_sheet(base) if base else None,
            faults=[show_fault(each) for each in faults],
            changes=[show_change(each) for each in changes_between(_body(base), body)],
            odds=odds,
        )

    @strawberry.field(description="What a table of odds would cost, as one types; `body` is its JSON object.")
    async def odds_preview(self, info: Info, key: str, body: str) -> OddsPreview:
        context: Context = info.context
        check_key(key)
        parsed = read_body(body)
        async with context.database.read() as connection:
            faults = await checker(connection, context.now)("odds", key, parsed)
            odds = None if faults else await _review(context, connection, key, parsed)
        return OddsPreview(faults=[show_fault(each) for each in faults], odds=odds)

    @strawberry.field(description="What differs between two versions of one sheet, from the older to the newer.")
    async def sheet_changes(self, info: Info, older: strawberry.ID, newer: strawberry.ID) -> list[FieldChange]:
        context: Context = info.context
        wanted = parse_id("sht", older, "older"), parse_id("sht", newer, "newer")
        async with context.database.read() as connection:
            found = [await sheets.load_version(connection, each) for each in wanted]
        one, other = found
        if one is None or other is None or (one.kind, one.key) != (other.kind, other.key):
            raise BadInput("newer", "both must be versions of one sheet")
        return [show_change(each) for each in changes_between(_body(one), _body(other))]

    @strawberry.field(
        description="Who did what, newest first. `subject`: `<kind>.<key>` of a sheet, `pause:<target>`, "
        "`operator:<id>`; of who looked at personal data, which is listed with its subject or by `looks` alone: "
        "`members` (a search), `member:<id>`, `prize:<id>`."
    )
    async def trail(
        self, info: Info, first: int, after: str | None = None, subject: str | None = None, looks: bool = False
    ) -> Connection[TrailEntry]:
        context: Context = info.context
        check_first(first)
        if subject is not None and not (len(subject) <= SUBJECT_LENGTH_MAX and subject.isprintable()):
            raise BadInput("subject", f"it must be at most {SUBJECT_LENGTH_MAX} printable characters")
        before = read_id_cursor("trail", after)
        async with context.database.read() as reader:
            found = await sheets.read_trail(reader, subject=subject, before=before, limit=first + 1, looks=looks)
        return connection(found, first, show_entry, lambda each: write_cursor("trail", str(each.id)))


async def _review(context: Context, connection: Any, key: str, body: dict[str, Any]) -> OddsReviewNode:
    odds = parse_odds(f"odds.{key}", body)
    return show_review(key, odds, await review_odds(connection, key, odds, context.now))


def _body(sheet: SheetVersion | None) -> Any:
    return json.loads(sheet.body) if sheet else {}


def show_fault(fault: Fault) -> SheetFault:
    return SheetFault(key=fault.key, rule=fault.rule)


def show_change(change: Change) -> FieldChange:
    return FieldChange(path=change.path, old=change.old, new=change.new)


def show_entry(entry: sheets.Entry) -> TrailEntry:
    return TrailEntry(
        id=write_id("trl", entry.id), subject=entry.subject, version=entry.version, act=entry.act,
        operator=show_id("opr", entry.operator), at=entry.at, reason=entry.reason,
        changes=[show_change(each) for each in entry.changes],
    )  # fmt: skip


def show_review(key: str, odds: Odds, review: OddsReview) -> OddsReviewNode:
    return OddsReviewNode(
        key=key,
        odds=odds,
        proposed=show_costing(review.proposed, review.currency),
        successors=[show_costing(each, review.currency) for each in review.successors],
        current=show_costing(review.current, review.currency) if review.current else None,
    )


def show_costing(costing: Costing, currency: str) -> OddsFigures:
    expected = costing.expected_draws
    return OddsFigures(
        currency=currency,
        prizes=[_show_prize(each) for each in costing.prizes],
        expected_draws_to_top=None if expected is None else decimal(expected),
        draws_to_top=list(costing.draws_to_top),
        top_within=[TopWithin(draws=draws, percent=percent(chance)) for draws, chance in costing.top_within],
        ten_expectation=decimal(costing.ten_expectation),
        funders=[
            FunderCost(funder=name, per_draw_minor=decimal(each)) for name, each in sorted(costing.per_funder.items())
        ],
        per_draw_minor=decimal(costing.per_draw),
        per_diamond_minor=decimal(costing.per_diamond),
        diamonds_back=decimal(costing.diamonds_back),
        tickets_back=decimal(costing.tickets_back),
        week_draws=costing.week_draws,
        week_expected_minor=decimal(costing.week_expected),
        week_worst_minor=decimal(costing.week_worst),
        stock_liability_minor=decimal(costing.stock_liability),
        budget_minor=costing.budget or None,
        spent_minor=decimal(costing.spent),
        budget_runs_out_on=costing.budget_runs_out_on,
    )


def _show_prize(line: PrizeCost) -> OddsPrizeFigures:
    return OddsPrizeFigures(
        prize=line.code, base_percent=percent(line.base), consolidated_percent=percent(line.consolidated),
        effective_percent=percent(line.effective), cost_minor=decimal(line.worth.minor), funder=line.worth.funder,
        stock_left=line.left, runs_out_on=line.runs_out_on,
    )  # fmt: skip


def show_replay(figures: Replayed) -> OddsReplay:
    made = figures.replay
    return OddsReplay(
        draws=made.draws, tops=made.tops, would_be_tops=made.would_be_tops, paid_minor=decimal(figures.paid_minor),
        would_be_minor=decimal(figures.replay_minor),
        prizes=[
            ReplayedPrize(prize=code, paid=made.paid[code], would_be=made.would_be[code])
            for code in sorted(made.paid.keys() | made.would_be.keys())
        ],
    )  # fmt: skip


def decimal(value: Fraction) -> str:
    """A number of zero or more as a decimal string, rounded half to even."""
    units = round(value * 10**DIGITS)
    return f"{units // 10**DIGITS}.{units % 10**DIGITS:0{DIGITS}d}"
