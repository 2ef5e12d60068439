"""The ledger's book against a model that moves one unit at a time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from api.runtime.clock import SeededDice
from loyalty.ledger import actions as ledgers
from loyalty.ledger.actions import Ledger, Note, Transfer
from loyalty.ledger.rules import Currency, LotKey, Provenance
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.work import Work
from tests.seeding import CountingMint

MEMBER = UUID(int=1)
START = date(2026, 6, 15)
GRACE = 30
AMOUNTS = st.integers(1, 12)
LOTS = st.builds(
    lambda provenance, days: (provenance, days), st.sampled_from(Provenance), st.sampled_from([0, 1, 2, 5, 9, 40])
)


class LedgerMachine(RuleBasedStateMachine):
    """Units are a plain list of lots; what takes or gives does so one unit at a time."""

    @initialize()
    def open(self) -> None:
        self.ledger = Ledger({})
        self.work = Work(connection=Any, mint=CountingMint(), dice=SeededDice(1))
        self.today = START
        self.units: list[LotKey] = []
        self.owed = 0
        self.taken: dict[UUID, list[LotKey]] = {}  # of each spending, in the order in which it comes back
        self.holds: set[UUID] = set()
        self.untouched_holds: set[UUID] = set()
        self.transfers: list[Transfer] = []

    # What the book is asked

    def note(self, account: str) -> Note:
        at = datetime(self.today.year, self.today.month, self.today.day, 4, tzinfo=UTC)
        return Note(account, "test", None, at)

    @rule(lot=LOTS, amount=AMOUNTS)
    def credit(self, lot: tuple[Provenance, int], amount: int) -> None:
        key = LotKey(lot[0], self.today + timedelta(days=lot[1]))
        self.keep(self.ledger.credit(self.work, MEMBER, Currency.POINTS, amount, key, self.note(ledgers.ISSUE_RECEIPT)))
        for _ in range(amount):
            self.give(key)

    @rule(amount=AMOUNTS, hold=st.booleans())
    def spend(self, amount: int, hold: bool) -> None:
        note = self.note(ledgers.CLEARING_HOLD if hold else ledgers.SINK_COUPON)
        alive = self.alive()
        if len(alive) < amount:
            with pytest.raises(LoyaltyRefused) as refused:
                self.ledger.spend(self.work, MEMBER, Currency.POINTS, amount, self.today, note)
            assert refused.value.code is LoyaltyCode.NOT_ENOUGH
            return
        transfer = self.keep(self.ledger.spend(self.work, MEMBER, Currency.POINTS, amount, self.today, note))
        gone = alive[:amount]
        for key in gone:
            self.units.remove(key)
        self.taken[transfer.id] = gone[::-1]
        if hold:
            self.untouched_holds.add(transfer.id)

    @rule(lot=LOTS, amount=AMOUNTS)
    def revoke(self, lot: tuple[Provenance, int], amount: int) -> None:
        key = LotKey(lot[0], self.today + timedelta(days=lot[1]))
        self.keep(
            self.ledger.revoke(
                self.work, MEMBER, Currency.POINTS, amount, key, self.today, self.note(ledgers.ISSUE_RECEIPT)
            )
        )
        for _ in range(amount):
            if key in self.units:
                self.units.remove(key)
            elif alive := self.alive():
                self.units.remove(alive[0])
            else:
                self.owed += 1

    @precondition(lambda self: any(self.taken.values()))
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        transfer_id = data.draw(st.sampled_from(sorted(each for each, left in self.taken.items() if left)))
        left = self.taken[transfer_id]
        amount = data.draw(st.integers(1, len(left)))
        account = self.note(ledgers.SINK_COUPON)
        self.keep(self.ledger.restore(self.work, transfer_id, amount, self.today, account, grace_days=GRACE))
        for key in left[:amount]:
            lives = key.expires_on >= self.today
            self.give(key if lives else LotKey(key.provenance, self.today + timedelta(days=GRACE)))
        self.taken[transfer_id] = left[amount:]
        self.untouched_holds.discard(transfer_id)

    @precondition(lambda self: self.untouched_holds)
    @rule(data=st.data())
    def take_held(self, data: st.DataObject) -> None:
        transfer_id = data.draw(st.sampled_from(sorted(self.untouched_holds)))
        before = self.ledger.wallet(MEMBER, Currency.POINTS)
        gone = self.ledger.take_held(self.work, transfer_id, self.note(ledgers.SINK_TENDER))
        # The pair that it posts has no effect: give back and take again.
        assert gone.amount == -len(self.taken[transfer_id])
        assert self.ledger.wallet(MEMBER, Currency.POINTS) == before
        self.taken[gone.id] = self.taken.pop(transfer_id)
        self.untouched_holds.discard(transfer_id)

    @rule()
    def expire(self) -> None:
        transfer = self.ledger.expire(self.work, MEMBER, Currency.POINTS, self.today, self.note(ledgers.BREAKAGE))
        expired = [key for key in self.units if key.expires_on < self.today]
        assert (transfer is None) == (not expired)
        if transfer:
            self.keep(transfer)
        self.units = self.alive()

    @rule(days=st.sampled_from([1, 2, 7]))
    def days_pass(self, days: int) -> None:
        self.today += timedelta(days=days)

    # What must hold after each step

    @invariant()
    def the_book_agrees_with_the_model(self) -> None:
        wallet = self.ledger.wallet(MEMBER, Currency.POINTS)
        assert Counter(self.units) == Counter({key: units for key, units in wallet.lots.items() if units})
        assert wallet.owed == self.owed
        assert wallet.balance == len(self.units)
        assert self.ledger.spendable(MEMBER, Currency.POINTS, self.today) == len(self.alive())

    @invariant()
    def transfers_add_up_to_the_wallet(self) -> None:
        assert sum(transfer.amount for transfer in self.transfers) == len(self.units) - self.owed

    # The model

    def alive(self) -> list[LotKey]:
        spendable = [key for key in self.units if key.expires_on >= self.today]
        order = [Provenance.FREE, Provenance.SPONSOR, Provenance.PURCHASE]
        return sorted(spendable, key=lambda key: (key.expires_on, order.index(key.provenance)))

    def give(self, key: LotKey) -> None:
        if self.owed:
            self.owed -= 1
        else:
            self.units.append(key)

    def keep(self, transfer: Transfer) -> Transfer:
        self.transfers.append(transfer)
        return transfer


TestLedgerMachine = LedgerMachine.TestCase
TestLedgerMachine.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
