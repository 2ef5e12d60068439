"""The arithmetic of wallets: examples, and properties over random wallets."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loyalty.ledger.rules import (
    LIMIT,
    NEVER,
    Currency,
    LotKey,
    Parts,
    Posting,
    Provenance,
    Wallet,
    check_reason,
    credit,
    expire,
    pass_through,
    points_expire_on,
    restore,
    revoke,
    spend,
)
from loyalty.refusals import LoyaltyCode, LoyaltyRefused

TODAY = date(2026, 6, 15)
POINTS = Currency.POINTS

KEYS = st.builds(
    LotKey, st.sampled_from(Provenance), st.integers(-40, 400).map(lambda days: TODAY + timedelta(days=days))
)
WALLETS = st.builds(Wallet, st.integers(0, 500) | st.just(0), st.dictionaries(KEYS, st.integers(0, 1000), max_size=6))
AMOUNTS = st.integers(1, 2500)


def key(days: int, provenance: Provenance = Provenance.PURCHASE) -> LotKey:
    """A lot that lasts this many days more; negative: it has expired."""
    return LotKey(provenance, TODAY + timedelta(days=days))


def net(wallet: Wallet) -> int:
    return wallet.balance - wallet.owed


def check_posting(before: Wallet, after: Wallet, posting: Posting) -> None:
    """What a transfer must say of any movement between two states of a wallet."""
    assert net(after) - net(before) == posting.amount
    assert after.owed - before.owed == posting.owed_change
    assert sum(units for _, units in posting.parts) - posting.owed_change == posting.amount
    assert len({lot for lot, _ in posting.parts}) == len(posting.parts)
    moved = dict(posting.parts)
    for lot in {*before.lots, *after.lots}:
        assert after.lots.get(lot, 0) - before.lots.get(lot, 0) == moved.get(lot, 0)
    assert all(units >= 0 for units in after.lots.values())
    assert after.owed >= 0


def full(wallet: Wallet) -> tuple[int, dict[LotKey, int]]:
    """A wallet's holdings without its empty lots."""
    return wallet.owed, {lot: units for lot, units in wallet.lots.items() if units}


# Credit


@given(WALLETS, KEYS, AMOUNTS)
def test_a_credit_conserves_and_settles_the_debt_first(wallet: Wallet, lot: LotKey, amount: int) -> None:
    after, posting = credit(wallet, lot, amount)
    check_posting(wallet, after, posting)
    assert posting.amount == amount
    assert after.owed == max(0, wallet.owed - amount)
    assert after.owed == 0 or not posting.parts, "nothing is put aside while something is owed"


def test_a_debt_takes_the_whole_credit_and_leaves_no_part() -> None:
    after, posting = credit(Wallet(50), key(10), 30)
    assert (after.owed, after.balance) == (20, 0)
    assert posting == Posting(30, (), -30)


@pytest.mark.parametrize("amount", [0, -1, LIMIT + 1, 10**30])
def test_an_amount_beyond_the_range_is_refused(amount: int) -> None:
    wallet = Wallet(0, {key(10): 100})
    for attempt in (
        lambda: credit(wallet, key(10), amount),
        lambda: spend(wallet, amount, TODAY, currency=POINTS),
        lambda: revoke(wallet, amount, key(10), TODAY),
        lambda: restore(wallet, ((key(10), 100),), 0, amount, TODAY, grace_days=30),
    ):
        with pytest.raises(LoyaltyRefused) as refused:
            attempt()
        assert refused.value.code is LoyaltyCode.AMOUNT_OUT_OF_RANGE


def test_a_wallet_holds_at_most_the_limit() -> None:
    after, _ = credit(Wallet(0, {key(10): LIMIT - 5}), key(20), 5)
    assert after.balance == LIMIT
    for more in (lambda: credit(after, key(20), 1), lambda: restore(after, ((key(1), 1),), 0, 1, TODAY, grace_days=30)):
        with pytest.raises(LoyaltyRefused) as refused:
            more()
        assert refused.value.code is LoyaltyCode.AMOUNT_OUT_OF_RANGE


def test_what_settles_a_debt_needs_no_room() -> None:
    after, _ = credit(Wallet(5, {key(-1): LIMIT}), key(20), 5)
    assert (after.owed, after.balance) == (0, LIMIT)


def test_a_wallet_owes_at_most_the_limit() -> None:
    assert revoke(Wallet(LIMIT - 5), 5, key(10), TODAY)[0].owed == LIMIT
    with pytest.raises(LoyaltyRefused) as refused:
        revoke(Wallet(LIMIT - 5), 6, key(10), TODAY)
    assert refused.value.code is LoyaltyCode.AMOUNT_OUT_OF_RANGE


# Spend


@given(WALLETS, AMOUNTS)
def test_spending_conserves_and_never_touches_what_has_expired(wallet: Wallet, amount: int) -> None:
    if amount > wallet.spendable(TODAY):
        with pytest.raises(LoyaltyRefused) as refused:
            spend(wallet, amount, TODAY, currency=POINTS)
        assert refused.value.code is LoyaltyCode.NOT_ENOUGH
        assert refused.value.facts == {"currency": POINTS, "available": wallet.spendable(TODAY), "needed": amount}
        return
    after, posting = spend(wallet, amount, TODAY, currency=POINTS)
    check_posting(wallet, after, posting)
    assert posting.amount == -amount
    assert posting.owed_change == 0
    assert after.spendable(TODAY) == wallet.spendable(TODAY) - amount
    assert all(lot.expires_on >= TODAY for lot, _ in posting.parts)


@given(WALLETS, AMOUNTS)
def test_spending_empties_the_sooner_lot_before_it_touches_a_later_one(wallet: Wallet, amount: int) -> None:
    assume(amount <= wallet.spendable(TODAY))
    after, posting = spend(wallet, amount, TODAY, currency=POINTS)
    touched = [lot for lot, _ in posting.parts]
    assert touched == sorted(touched, key=LotKey.spending_order)
    for lot in touched[:-1]:
        assert after.lots[lot] == 0
    skipped = [lot for lot, units in wallet.lots.items() if units and lot.expires_on >= TODAY and lot not in touched]
    assert all(lot.spending_order() > touched[-1].spending_order() for lot in skipped)


def test_the_soonest_goes_first_and_free_goes_first_on_a_tie() -> None:
    lots = {
        key(20, Provenance.FREE): 10,
        key(10, Provenance.PURCHASE): 10,
        key(10, Provenance.SPONSOR): 10,
        key(10, Provenance.FREE): 10,
        key(-1, Provenance.FREE): 10,
    }
    _, posting = spend(Wallet(0, lots), 35, TODAY, currency=POINTS)
    assert posting.parts == (
        (key(10, Provenance.FREE), -10),
        (key(10, Provenance.SPONSOR), -10),
        (key(10, Provenance.PURCHASE), -10),
        (key(20, Provenance.FREE), -5),
    )


def test_a_lot_can_be_spent_on_its_last_day_and_not_on_the_next() -> None:
    wallet = Wallet(0, {key(0): 10})
    assert wallet.spendable(TODAY) == 10
    assert spend(wallet, 10, TODAY, currency=POINTS)[0].balance == 0
    tomorrow = TODAY + timedelta(days=1)
    assert wallet.spendable(tomorrow) == 0
    with pytest.raises(LoyaltyRefused):
        spend(wallet, 1, tomorrow, currency=POINTS)


# Revoke


@given(WALLETS, KEYS, AMOUNTS)
def test_a_revocation_takes_what_is_there_and_owes_the_rest(wallet: Wallet, lot: LotKey, amount: int) -> None:
    after, posting = revoke(wallet, amount, lot, TODAY)
    check_posting(wallet, after, posting)
    assert posting.amount == -amount
    assert posting.owed_change == max(0, amount - wallet.spendable(TODAY))
    if lot.expires_on >= TODAY:
        assert wallet.lots.get(lot, 0) - after.lots.get(lot, 0) >= min(amount, wallet.lots.get(lot, 0))


@given(WALLETS, KEYS, st.lists(AMOUNTS, min_size=1, max_size=6))
def test_any_split_of_revocations_ends_the_same(wallet: Wallet, lot: LotKey, amounts: list[int]) -> None:
    at_once, _ = revoke(wallet, sum(amounts), lot, TODAY)
    step = wallet
    for amount in amounts:
        step, _ = revoke(step, amount, lot, TODAY)
    assert full(step) == full(at_once)


def test_a_revocation_debits_the_lot_credited_then_in_spending_order_then_a_debt() -> None:
    wallet = Wallet(0, {key(30): 10, key(10): 10, key(20, Provenance.FREE): 10, key(-1): 99})
    after, posting = revoke(wallet, 35, key(30), TODAY)
    assert posting.parts == ((key(30), -10), (key(10), -10), (key(20, Provenance.FREE), -10))
    assert (after.owed, after.balance) == (5, 99)


@given(KEYS, AMOUNTS)
def test_a_credit_and_its_revocation_leave_nothing(lot: LotKey, amount: int) -> None:
    assume(lot.expires_on >= TODAY)
    after, _ = credit(Wallet(), lot, amount)
    assert full(revoke(after, amount, lot, TODAY)[0]) == (0, {})


# Restore


def spent(wallet: Wallet, amount: int) -> tuple[Wallet, Parts]:
    after, posting = spend(wallet, amount, TODAY, currency=POINTS)
    return after, tuple((lot, -units) for lot, units in posting.parts)


@given(WALLETS, AMOUNTS)
def test_what_was_spent_and_given_back_leaves_the_wallet_as_it_was(wallet: Wallet, amount: int) -> None:
    assume(amount <= wallet.spendable(TODAY))
    debtless = Wallet(0, wallet.lots)
    after, taken = spent(debtless, amount)
    back, posting = restore(after, taken, 0, amount, TODAY, grace_days=30)
    check_posting(after, back, posting)
    assert full(back) == full(debtless)


@given(WALLETS, AMOUNTS, st.integers(0, 600), st.integers(0, 60), st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_any_split_of_restores_ends_the_same(
    wallet: Wallet, amount: int, owed: int, later: int, pieces: list[int]
) -> None:
    assume(amount <= wallet.spendable(TODAY))
    after, taken = spent(wallet, amount)
    indebted = Wallet(owed, after.lots)
    day = TODAY + timedelta(days=later)
    at_once, posting = restore(indebted, taken, 0, amount, day, grace_days=30)
    check_posting(indebted, at_once, posting)
    step, given_back = indebted, 0
    for piece in [*pieces, amount]:
        part = min(piece, amount - given_back)
        if part:
            step, posting = restore(step, taken, given_back, part, day, grace_days=30)
            given_back += part
    assert full(step) == full(at_once)


def test_the_lot_that_lasts_longest_is_refilled_first() -> None:
    taken = ((key(10), 10), (key(20), 10))
    after, posting = restore(Wallet(), taken, 0, 15, TODAY, grace_days=30)
    assert dict(posting.parts) == {key(20): 10, key(10): 5}
    after, posting = restore(after, taken, 15, 5, TODAY, grace_days=30)
    assert full(after) == (0, {key(10): 10, key(20): 10})


def test_value_that_comes_back_to_an_expired_lot_gets_thirty_days() -> None:
    taken = ((key(-1), 7), (key(-2), 3), (key(5), 1))
    after, _ = restore(Wallet(), taken, 0, 11, TODAY, grace_days=30)
    assert full(after) == (0, {key(30): 10, key(5): 1})


def test_value_that_comes_back_settles_a_debt_first() -> None:
    after, posting = restore(Wallet(4), ((key(10), 10),), 0, 10, TODAY, grace_days=30)
    assert full(after) == (0, {key(10): 6})
    assert posting == Posting(10, ((key(10), 6),), -4)


def test_more_than_was_taken_is_never_given_back() -> None:
    with pytest.raises(AssertionError):
        restore(Wallet(), ((key(10), 10),), 5, 6, TODAY, grace_days=30)


@given(WALLETS, AMOUNTS)
def test_what_passes_through_leaves_no_trace_in_the_lots(wallet: Wallet, amount: int) -> None:
    assume(amount <= wallet.spendable(TODAY))
    _, taken = spent(wallet, amount)
    back, gone = pass_through(taken)
    assert (back.amount, gone.amount) == (amount, -amount)
    assert dict(back.parts) == {lot: -units for lot, units in gone.parts}
    assert (back.owed_change, gone.owed_change) == (0, 0)


# Expiry


@given(WALLETS)
def test_expiry_takes_exactly_what_cannot_be_spent_and_only_once(wallet: Wallet) -> None:
    expired = expire(wallet, TODAY)
    if expired is None:
        assert wallet.balance == wallet.spendable(TODAY)
        return
    after, posting = expired
    check_posting(wallet, after, posting)
    assert after.balance == wallet.spendable(TODAY) == after.spendable(TODAY)
    assert after.owed == wallet.owed
    assert expire(after, TODAY) is None


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(1, 60))
def test_points_last_to_the_end_of_a_month(earned_on: date, months: int) -> None:
    last = points_expire_on(earned_on, months)
    assert (last + timedelta(days=1)).day == 1
    between = (last.year - earned_on.year) * 12 + last.month - earned_on.month
    assert between == months


@pytest.mark.parametrize(
    ("earned_on", "months", "last"),
    [
        (date(2026, 1, 31), 12, date(2027, 1, 31)),
        (date(2026, 12, 1), 12, date(2027, 12, 31)),
        (date(2027, 2, 1), 12, date(2028, 2, 29)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 6, 15), 1, date(2026, 7, 31)),
        (date(2026, 11, 15), 1, date(2026, 12, 31)),
        (date(2026, 12, 15), 1, date(2027, 1, 31)),
    ],
)
def test_points_expire_at_the_end_of_the_month_so_many_months_on(earned_on: date, months: int, last: date) -> None:
    assert points_expire_on(earned_on, months) == last


@given(st.dates(date(2000, 1, 1), date(2100, 12, 30)))
def test_what_is_earned_later_never_expires_sooner(earned_on: date) -> None:
    days = [points_expire_on(earned_on + timedelta(days=each), 12) for each in range(40)]
    assert all(sooner <= later for sooner, later in pairwise(days))


def test_what_never_expires_can_always_be_spent() -> None:
    assert Wallet(0, {LotKey(Provenance.FREE, NEVER): 3}).spendable(NEVER) == 3


# Reasons


@pytest.mark.parametrize(
    "reason", ["", "  ", "ok", "x" * 201, "ask ada@example.com", "call 0912 345 678", "card 2900000001"]
)
def test_a_reason_that_says_nothing_or_names_a_person_is_refused(reason: str) -> None:
    with pytest.raises(LoyaltyRefused) as refused:
        check_reason(reason)
    assert refused.value.code is LoyaltyCode.INVALID_INPUT
    assert refused.value.facts["field"] == "reason"


@pytest.mark.parametrize("reason", ["wrong price", "複核退貨 2026", "x" * 200])
def test_a_plain_reason_is_taken(reason: str) -> None:
    check_reason(reason)
