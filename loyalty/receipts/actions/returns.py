"""The book of returns: what a return takes back of points, stamps and tier.

The mutation stands in `rewards/coupons`, since a return may also reopen a coupon.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note
from loyalty.ledger.rules import Currency, LotKey, Provenance
from loyalty.receipts import facts, rules, store
from loyalty.receipts.rules import BoughtLine, ReturnLine
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.requests.rules import fingerprint
from loyalty.sheets.rules import Season
from loyalty.tiers.actions import Tiers
from loyalty.timeline.actions import Timeline
from loyalty.work import Work

ReceiptKey = tuple[UUID, str]


@dataclass(frozen=True, slots=True)
class Returning:
    """Goods that come back: which lines of which receipt, by the store's own return number."""

    store_id: UUID
    return_no: str
    receipt: ReceiptKey
    lines: tuple[ReturnLine, ...]
    request_id: UUID
    now: datetime

    def content_hash(self) -> bytes:
        """SHA-256 of what makes the return."""
        lines = sorted(self.lines, key=lambda line: line.line_no)
        return fingerprint("return", {"store": self.receipt[0], "receipt": self.receipt[1], "lines": lines})


@dataclass(frozen=True, slots=True)
class GivenBack:
    """What a return revoked, the tier after it, and whether the whole receipt has now come back."""

    member_id: UUID
    return_id: UUID
    receipt_id: UUID
    points: int
    stamps: int
    credits: int
    tier: str
    everything: bool


@dataclass(slots=True)
class _Bought:
    """A receipt under return."""

    row: Any
    lines: dict[int, BoughtLine]
    points: int
    stamps: int
    credits: int


class Returns:
    """Receipts of locked members, with what has come back of them."""

    def __init__(
        self, season: Season, bought: dict[ReceiptKey, _Bought], known: dict[ReceiptKey, tuple[bytes, GivenBack]]
    ) -> None:
        self._season = season
        self._bought = bought
        self._known = known
        self._touched: set[ReceiptKey] = set()
        self._touched_lines: set[tuple[ReceiptKey, int]] = set()
        self._new: list[tuple[Any, ...]] = []

    def known(self, returning: Returning) -> GivenBack | None:
        """The first result of a return number. Refuses RETURN_MISMATCH where it stands for another return."""
        found = self._known.get((returning.store_id, returning.return_no))
        if found is None:
            return None
        if found[0] != returning.content_hash():
            raise LoyaltyRefused(LoyaltyCode.RETURN_MISMATCH, return_no=returning.return_no)
        return found[1]

    def receipt(self, key: ReceiptKey) -> tuple[UUID, UUID]:
        """(member, receipt) of a (store, receipt number). Refuses RECEIPT_NOT_FOUND."""
        found = self._bought.get(key)
        if found is None:
            raise LoyaltyRefused(LoyaltyCode.RECEIPT_NOT_FOUND, receipt_no=key[1])
        return found.row["member_id"], found.row["id"]

    def check(self, returning: Returning) -> dict[int, BoughtLine]:
        """The lines after the return, without doing it. Refuses INVALID_INPUT, RECEIPT_NOT_FOUND, RETURN_EXCEEDS."""
        rules.check_number("returnNo", returning.return_no)
        self.receipt(returning.receipt)
        if not returning.lines:
            rules.refuse_input("lines", "must be at least one line")
        return rules.take_back(self._bought[returning.receipt].lines, returning.lines)

    def give_back(
        self, work: Work, ledger: Ledger, tiers: Tiers, timeline: Timeline, returning: Returning
    ) -> GivenBack:
        """Takes back the share that the returned lines had earned, exactly, however the return is split.

        Expects `tiers.load_spend` for the member. Refuses what `check` refuses, and AMOUNT_OUT_OF_RANGE.
        """
        after = self.check(returning)
        bought = self._bought[returning.receipt]
        row = bought.row
        weight, amount = rules.returned_shares(after.values())
        points = weight.of(row["points"]) - bought.points
        stamps = amount.of(row["stamps"]) - bought.stamps
        credits = amount.of(row["credits"]) - bought.credits
        member_id, return_id = row["member_id"], work.mint(returning.now)
        today = self._season.day(returning.now)
        note = Note(ledgers.ISSUE_RECEIPT, "return", return_id, returning.now)
        revoked = (
            (Currency.POINTS, points, row["points_expire_on"]),
            (Currency.STAMPS, stamps, row["stamps_expire_on"]),
        )
        for currency, units, _ in revoked:
            ledger.check_debt(member_id, currency, units)
        for currency, units, last_day in revoked:
            if units:
                ledger.revoke(work, member_id, currency, units, LotKey(Provenance.PURCHASE, last_day), today, note)
        tier = tiers.disqualify(work, timeline, member_id, credits, row["day"], returning.now)
        for line_no, line in after.items():
            if line != bought.lines[line_no]:
                self._touched_lines.add((returning.receipt, line_no))
        bought.lines = after
        bought.points, bought.stamps, bought.credits = (
            bought.points + points, bought.stamps + stamps, bought.credits + credits,
        )  # fmt: skip
        self._touched.add(returning.receipt)
        everything = rules.all_back(after.values())
        result = GivenBack(member_id, return_id, row["id"], points, stamps, credits, tier.code, everything)
        self._keep(work, timeline, returning, result)
        return result

    def _keep(self, work: Work, timeline: Timeline, returning: Returning, result: GivenBack) -> None:
        content = returning.content_hash()
        self._known[returning.store_id, returning.return_no] = (content, result)
        self._new.append((
            result.member_id, result.return_id, result.receipt_id, returning.store_id, returning.return_no, content,
            result.points, result.stamps, result.credits, result.tier, result.everything, returning.now,
        ))  # fmt: skip
        timeline.record(
            work, result.member_id, facts.RECEIPT_RETURNED, returning.now,
            {
                "return": str(result.return_id), "receipt": str(result.receipt_id), "points": result.points,
                "stamps": result.stamps, "everything": result.everything,
            },
            returning.request_id,
        )  # fmt: skip

    async def save(self, work: Work) -> None:
        """Writes the returns, and each touched receipt and line once."""
        if not self._new:
            return
        await store.insert_return_directory(work, [(row[3], row[4], row[0], row[1]) for row in self._new])
        await store.insert_returns(work, self._new)
        lines = []
        for key, line_no in sorted(self._touched_lines):
            row, line = self._bought[key].row, self._bought[key].lines[line_no]
            lines.append((row["member_id"], row["id"], line_no, line.returned_quantity, line.returned_minor))
        if lines:
            await store.save_lines(work, lines)
        touched = [self._bought[key] for key in sorted(self._touched)]
        await store.save_revoked(
            work,
            [(each.row["member_id"], each.row["id"], each.points, each.stamps, each.credits) for each in touched],
        )


async def open_returns(
    work: Work, season: Season, receipts: Sequence[ReceiptKey], returns: Sequence[ReceiptKey]
) -> Returns:
    """Opens receipts by (store, receipt number), and returns by (store, return number). Expects the members' locks."""
    receipts = [key for key in receipts if rules.is_number(key[1])]
    returns = [key for key in returns if rules.is_number(key[1])]
    rows = await store.load_receipts(work.connection, [key[0] for key in receipts], [key[1] for key in receipts])
    bought = {
        (row["store_id"], row["receipt_no"]): _Bought(
            row, {}, row["revoked_points"], row["revoked_stamps"], row["revoked_credits"]
        )
        for row in rows
    }
    keys = {(each.row["member_id"], each.row["id"]): each for each in bought.values()}
    for row in await store.load_lines(work.connection, [key[0] for key in keys], [key[1] for key in keys]):
        keys[row["member_id"], row["receipt_id"]].lines[row["line_no"]] = BoughtLine(
            row["line_no"], row["quantity"], row["amount_minor"], row["weight"], row["returned_quantity"],
            row["returned_minor"],
        )  # fmt: skip
    known = {
        (row["store_id"], row["return_no"]): (
            row["content_hash"],
            GivenBack(
                row["member_id"], row["id"], row["receipt_id"], row["points"], row["stamps"], row["credits"],
                row["tier"], row["everything"],
            ),
        )
        for row in await store.load_returns(work, [key[0] for key in returns], [key[1] for key in returns])
    }  # fmt: skip
    return Returns(season, bought, known)
