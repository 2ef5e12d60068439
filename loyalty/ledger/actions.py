"""The books: wallets of locked members, opened, changed by transfers, and saved once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import Finding, examine
from loyalty.ledger import facts, rules, store
from loyalty.ledger.rules import Currency, LotKey, Parts, Posting, Provenance, Wallet
from loyalty.members import actions as members
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.sheets.actions import open_sheets
from loyalty.timeline.actions import Timeline
from loyalty.work import Work

ISSUE_RECEIPT = "issue:receipt"
ISSUE_WELCOME = "issue:welcome"
ISSUE_ADJUST = "issue:adjust"
ISSUE_PRIZE = "issue:prize"
ISSUE_CHECKIN = "issue:checkin"
ISSUE_ORDER = "issue:order"
ISSUE_LEVEL = "issue:level"
ISSUE_CARE = "issue:care"
ISSUE_CHEST = "issue:chest"
ISSUE_QUEST = "issue:quest"
SINK_ADJUST = "sink:adjust"
SINK_COUPON = "sink:coupon"
SINK_TENDER = "sink:tender"
SINK_GACHA = "sink:gacha"
SINK_REPAIR = "sink:repair"
SINK_CATALOGUE = "sink:catalogue"
SINK_SEASON = "sink:season"
SINK_CHEST = "sink:chest"
SINK_BUBBLE = "sink:bubble"
SINK_ENERGY = "sink:energy"
SINK_REROLL = "sink:reroll"
CLEARING_HOLD = "clearing:hold"
CLEARING_GIFT = "clearing:gift"
CLEARING_PICK = "clearing:pick"
BREAKAGE = "breakage"
ACCOUNTS = {
    ISSUE_RECEIPT: "points and stamps for receipts, and their revocation by returns",
    ISSUE_WELCOME: "the welcome of new members",
    ISSUE_ADJUST: "value that an operator gave, with a reason",
    ISSUE_PRIZE: "value won in draws",
    ISSUE_CHECKIN: "what check-ins and made-up days pay",
    ISSUE_ORDER: "what delivered orders pay",
    ISSUE_LEVEL: "what claimed levels of the board pay",
    ISSUE_CARE: "what compensations give",
    ISSUE_CHEST: "diamonds and tickets out of chests",
    ISSUE_QUEST: "diamonds and tickets for quests",
    SINK_ADJUST: "value that an operator took, with a reason",
    SINK_COUPON: "points paid for coupons",
    SINK_TENDER: "points paid at tills",
    SINK_GACHA: "diamonds and tickets paid for draws",
    SINK_REPAIR: "diamonds paid for repairs of streaks",
    SINK_CATALOGUE: "stamps paid for things of the catalogue",
    SINK_SEASON: "what expired with a season",
    SINK_CHEST: "diamonds paid to hurry chests",
    SINK_BUBBLE: "diamonds paid to pop bubbles of the board",
    SINK_ENERGY: "diamonds paid for refills of energy",
    SINK_REROLL: "diamonds paid to reroll orders",
    CLEARING_HOLD: "points held by a till until it settles or lets go",
    CLEARING_GIFT: "value on its way from one member to another",
    CLEARING_PICK: "stamps held for things of the catalogue until a store takes the cash, or the time is over",
    BREAKAGE: "value that expired",
}

# A batch reads thousands of lots; asking an enum for its member costs several times as much as a look into a table.
_CURRENCIES = {each.value: each for each in Currency}
_PROVENANCES = {each.value: each for each in Provenance}


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer as the ledger knows it; `reversed` is how much of it was given back so far."""

    member_id: UUID
    id: UUID
    currency: Currency
    account: str
    amount: int
    parts: Parts
    reversed: int


@dataclass(frozen=True, slots=True)
class Note:
    """What a transfer is for: the operator account, a reason code, what caused it, and when."""

    account: str
    reason: str
    source_id: UUID | None
    at: datetime


class Ledger:
    """The open books of locked members.

    Every method checks before it changes anything, so a refusal leaves the books as they were.
    """

    def __init__(self, wallets: dict[tuple[UUID, Currency], Wallet]) -> None:
        self._wallets = wallets
        self._touched: dict[tuple[UUID, Currency], datetime] = {}
        self._touched_lots: dict[tuple[UUID, Currency], set[LotKey]] = {}
        self._transfers: dict[UUID, Transfer] = {}
        self._new: list[tuple[Any, ...]] = []

    def wallet(self, member_id: UUID, currency: Currency) -> Wallet:
        """The wallet as it stands, with everything done in this batch."""
        return self._wallets.get((member_id, currency)) or Wallet()

    def spendable(self, member_id: UUID, currency: Currency, today: date) -> int:
        """What the member can spend on that day of the season's zone."""
        return self.wallet(member_id, currency).spendable(today)

    def check_room(self, member_id: UUID, currency: Currency, amount: int) -> None:
        """Refuses AMOUNT_OUT_OF_RANGE where the wallet could not hold `amount` more; changes nothing."""
        wallet = self.wallet(member_id, currency)
        if wallet.balance + max(0, amount - wallet.owed) > rules.LIMIT:
            raise LoyaltyRefused(LoyaltyCode.AMOUNT_OUT_OF_RANGE, limit=rules.LIMIT)

    def check_debt(self, member_id: UUID, currency: Currency, amount: int) -> None:
        """Refuses AMOUNT_OUT_OF_RANGE where the wallet could not owe `amount` more; changes nothing."""
        if self.wallet(member_id, currency).owed + amount > rules.LIMIT:
            raise LoyaltyRefused(LoyaltyCode.AMOUNT_OUT_OF_RANGE, limit=rules.LIMIT)

    def credit(self, work: Work, member_id: UUID, currency: Currency, amount: int, lot: LotKey, note: Note) -> Transfer:
        """Adds value; a debt is settled first. Refuses AMOUNT_OUT_OF_RANGE."""
        wallet, posting = rules.credit(self.wallet(member_id, currency), lot, amount)
        return self._post(work, member_id, currency, wallet, posting, note)

    def spend(self, work: Work, member_id: UUID, currency: Currency, amount: int, today: date, note: Note) -> Transfer:
        """Takes value in spending order. Refuses NOT_ENOUGH, AMOUNT_OUT_OF_RANGE."""
        wallet, posting = rules.spend(self.wallet(member_id, currency), amount, today, currency=currency)
        return self._post(work, member_id, currency, wallet, posting, note)

    def revoke(
        self, work: Work, member_id: UUID, currency: Currency, amount: int, lot: LotKey, today: date, note: Note
    ) -> Transfer:
        """Takes back what was credited to `lot`; what cannot be found is owed. Refuses AMOUNT_OUT_OF_RANGE."""
        wallet, posting = rules.revoke(self.wallet(member_id, currency), amount, lot, today)
        return self._post(work, member_id, currency, wallet, posting, note)

    def restore(
        self, work: Work, transfer_id: UUID, amount: int, today: date, note: Note, *, grace_days: int
    ) -> Transfer:
        """Gives back `amount` of a transfer that took value, to the lots it came from; the new transfer names the old.

        The transfer must have been loaded with `load_transfers` or made in this batch. Giving back more than was taken
        is a bug of the caller. Refuses AMOUNT_OUT_OF_RANGE.
        """
        transfer = self._transfers[transfer_id]
        taken = tuple((key, -units) for key, units in transfer.parts)
        before = self.wallet(transfer.member_id, transfer.currency)
        wallet, posting = rules.restore(before, taken, transfer.reversed, amount, today, grace_days=grace_days)
        self._transfers[transfer_id] = replace(transfer, reversed=transfer.reversed + amount)
        return self._post(work, transfer.member_id, transfer.currency, wallet, posting, note, reverses=transfer_id)

    def take_held(self, work: Work, transfer_id: UUID, note: Note) -> Transfer:
        """Turns a transfer into `clearing:hold` or `clearing:pick` into one to `note.account`.

        It takes a reversal and a new transfer. The lots are as before, even those that have expired since. The whole
        of the hold must still be there.
        """
        held = self._transfers[transfer_id]
        assert held.account in (CLEARING_HOLD, CLEARING_PICK), "only what is held can be taken"
        assert held.reversed == 0, "what was let go cannot be taken"
        back, gone = rules.pass_through(tuple((key, -units) for key, units in held.parts))
        wallet = self.wallet(held.member_id, held.currency)
        self._transfers[transfer_id] = replace(held, reversed=back.amount)
        release = replace(note, account=held.account)
        self._post(work, held.member_id, held.currency, wallet, back, release, reverses=transfer_id)
        return self._post(work, held.member_id, held.currency, wallet, gone, note)

    def expire(self, work: Work, member_id: UUID, currency: Currency, today: date, note: Note) -> Transfer | None:
        """Books expired lots to `note.account`; None where nothing has expired."""
        expired = rules.expire(self.wallet(member_id, currency), today)
        return self._post(work, member_id, currency, *expired, note) if expired else None

    async def load_transfers(self, work: Work, keys: Sequence[tuple[UUID, UUID]]) -> dict[UUID, Transfer]:
        """Loads transfers by (member, transfer), so that they can be restored or taken."""
        missing = [key for key in keys if key[1] not in self._transfers]
        if missing:
            for row in await store.load_transfers(work, [key[0] for key in missing], [key[1] for key in missing]):
                self._transfers[row["id"]] = Transfer(
                    row["member_id"], row["id"], Currency(row["currency"]), row["account"], row["amount"],
                    _read_parts(row["parts"]), row["reversed"],
                )  # fmt: skip
        return {key[1]: self._transfers[key[1]] for key in keys if key[1] in self._transfers}

    async def save(self, work: Work) -> None:
        """Writes new transfers, and each touched wallet and lot once, in its final state."""
        if not self._new:
            return
        await store.insert_transfers(work, self._new)
        keys = sorted(self._touched)
        wallets = [
            (member, currency.value, self._wallets[member, currency].balance, self._wallets[member, currency].owed, at)
            for (member, currency), at in ((key, self._touched[key]) for key in keys)
        ]
        await store.save_wallets(work, wallets)
        lots = [
            (member, currency.value, lot.provenance.value, lot.expires_on, self._wallets[member, currency].lots[lot])
            for member, currency in keys
            for lot in sorted(self._touched_lots[member, currency], key=LotKey.spending_order)
        ]
        if lots:
            await store.save_lots(work, lots)

    def _post(
        self,
        work: Work,
        member_id: UUID,
        currency: Currency,
        wallet: Wallet,
        posting: Posting,
        note: Note,
        *,
        reverses: UUID | None = None,
    ) -> Transfer:
        key = (member_id, currency)
        self._wallets[key] = wallet
        self._touched[key] = max(note.at, self._touched.get(key, note.at))
        self._touched_lots.setdefault(key, set()).update(lot for lot, _ in posting.parts if lot in wallet.lots)
        transfer = Transfer(member_id, work.mint(note.at), currency, note.account, posting.amount, posting.parts, 0)
        self._transfers[transfer.id] = transfer
        self._new.append((
            member_id, transfer.id, currency.value, note.account, posting.amount, posting.owed_change,
            _write_parts(posting.parts), note.reason, note.source_id, reverses, note.at,
        ))  # fmt: skip
        return transfer


async def open_ledger(work: Work, member_ids: Sequence[UUID]) -> Ledger:
    """Opens the books of members. Expects their locks."""
    return Ledger(await read_wallets(work.connection, member_ids))


async def read_wallets(connection: Any, member_ids: Sequence[UUID]) -> dict[tuple[UUID, Currency], Wallet]:
    """Wallets as they stand, for reading; what is spendable depends on the day."""
    owed: dict[tuple[UUID, Currency], int] = {}
    lots: dict[tuple[UUID, Currency], dict[LotKey, int]] = {}
    for row in await store.load_wallets(connection, member_ids):
        key = (row["member_id"], _CURRENCIES[row["currency"]])
        owed[key] = row["owed"]
        held = lots.setdefault(key, {})
        if row["remaining"] is not None:
            held[LotKey(_PROVENANCES[row["provenance"]], row["expires_on"])] = row["remaining"]
    return {key: Wallet(owed[key], lots[key]) for key in owed}


async def credited_since(
    connection: Any, member_ids: Sequence[UUID], since: datetime
) -> dict[tuple[UUID, Currency], int]:
    """What each wallet was credited from an instant on."""
    rows = await store.load_credited(connection, member_ids, since)
    return {(row["member_id"], _CURRENCIES[row["currency"]]): row["units"] for row in rows}


async def export_wallets(connection: Any, member_id: UUID) -> dict[str, Any]:
    """A member's wallets and transfers, newest first, for `exportMyData`."""
    wallets = await read_wallets(connection, [member_id])
    return {
        "balances": {
            currency.value: {
                "balance": wallet.balance,
                "owed": wallet.owed,
                "lots": [
                    {"provenance": lot.provenance.value, "lastDay": lot.expires_on.isoformat(), "units": units}
                    for lot, units in sorted(wallet.lots.items(), key=lambda held: held[0].spending_order())
                ],
            }
            for (_, currency), wallet in sorted(wallets.items())
        },
        "transfers": [
            {
                "currency": row["currency"],
                "amount": row["amount"],
                "account": row["account"],
                "reason": row["reason"],
                "at": row["at"].isoformat(),
            }
            for row in await store.load_transfers_of(connection, member_id)
        ],
    }


async def expire_lots(work: Work, now: datetime, limit: int) -> int:
    """Books lots whose last day is over to `breakage`; returns the members that it booked for.

    Members that another transaction has are passed over; the job comes again. Takes the locks of the others.
    """
    season = await (await open_sheets(work.connection, now)).season(work.connection)
    today = season.day(now)
    due = await store.load_members_with_expired_lots(work.connection, today, limit)
    free = await members.lock_free(work, due) if due else {}
    ledger, timeline, booked = await open_ledger(work, sorted(free)), Timeline(), set()
    for member_id in sorted(free):
        for currency in Currency:
            gone = ledger.expire(work, member_id, currency, today, Note(BREAKAGE, "expired", None, now))
            if gone is not None:
                booked.add(member_id)
                told: dict[str, Any] = {"currency": currency, "amount": -gone.amount, "transfer": str(gone.id)}
                timeline.record(work, member_id, facts.LOTS_EXPIRED, now, told)
    await ledger.save(work)
    await timeline.save(work)
    return len(booked)


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What all members hold of a currency together, what they owe, and how many hold any."""

    currency: Currency
    balance: int
    owed: int
    holders: int


async def read_outstanding(connection: Any) -> list[Outstanding]:
    """What stands in all wallets, by currency; reads every wallet."""
    return [
        Outstanding(_CURRENCIES[row["currency"]], *list(row.values())[1:])
        for row in await store.load_outstanding(connection)
    ]


def _write_parts(parts: Parts) -> str:
    # What JSON would say of texts that need no escapes: this is written for every transfer.
    written = (f'["{key.provenance.value}", "{key.expires_on.isoformat()}", {units}]' for key, units in parts)
    return f"[{', '.join(written)}]"


def _read_parts(text: str) -> Parts:
    return tuple(
        (LotKey(Provenance(provenance), date.fromisoformat(day)), units) for provenance, day, units in json.loads(text)
    )


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every wallet, lot and transfer; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
