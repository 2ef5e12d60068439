"""What a return takes back: any split of returns revokes the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.receipts.rules import (
    BoughtLine,
    Earned,
    ReturnLine,
    Share,
    all_back,
    earn,
    returned_shares,
    take_back,
)
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from tests.rules.test_receipts import LINES, PERCENTS, TWD, USD, Line
from tests.seeding import line

MONDAY = date(2026, 6, 15)


def bought(lines: list[Line], earned: Earned) -> dict[int, BoughtLine]:
    return {
        each.line_no: BoughtLine(each.line_no, each.quantity, each.amount_minor, weight, 0, 0)
        for each, weight in zip(lines, earned.weights, strict=True)
    }


@dataclass(frozen=True)
class Revoked:
    points: int
    stamps: int
    credits: int


def revoked(lines: dict[int, BoughtLine], earned: Earned) -> Revoked:
    weight, amount = returned_shares(lines.values())
    return Revoked(weight.of(earned.points), amount.of(earned.stamps), amount.of(earned.credits))


@st.composite
def pieces(draw: st.DrawFn, lines: list[Line]) -> list[list[ReturnLine]]:
    """Returns of parts of a receipt, in several goes; never more than was bought."""
    left = {each.line_no: (each.quantity, each.amount_minor) for each in lines}
    goes = []
    for _ in range(draw(st.integers(1, 5))):
        go = []
        for line_no in draw(st.lists(st.sampled_from(sorted(left)), max_size=6)):
            quantity, amount = left[line_no]
            taken = (draw(st.integers(0, quantity)), draw(st.integers(0, amount) | st.just(amount)))
            if taken != (0, 0):
                go.append(ReturnLine(line_no, *taken))
                left[line_no] = (quantity - taken[0], amount - taken[1])
        goes.append(go)
    return goes


@given(LINES, PERCENTS, st.sampled_from([TWD, USD]), st.data())
def test_any_split_of_returns_revokes_the_same(
    lines: list[Line], percent: int, sheet: object, data: st.DataObject
) -> None:
    earned = earn(sheet, lines, percent, MONDAY)  # type: ignore[arg-type]
    goes = data.draw(pieces(lines))
    step = bought(lines, earned)
    taken = Revoked(0, 0, 0)
    for go in goes:
        step = take_back(step, go)
        now = revoked(step, earned)
        # Never less than before: what was revoked is not given back by returning more.
        assert (now.points, now.stamps, now.credits) >= (taken.points, taken.stamps, taken.credits)
        assert now.points >= taken.points
        assert now.stamps >= taken.stamps
        assert now.credits >= taken.credits
        taken = now
    at_once = take_back(bought(lines, earned), [each for go in goes for each in go])
    assert at_once == step
    assert revoked(at_once, earned) == taken


@given(LINES, PERCENTS, st.sampled_from([TWD, USD]))
def test_everything_returned_revokes_everything_earned(lines: list[Line], percent: int, sheet: object) -> None:
    earned = earn(sheet, lines, percent, MONDAY)  # type: ignore[arg-type]
    everything = [
        ReturnLine(each.line_no, each.quantity, each.amount_minor)
        for each in lines
        if each.quantity or each.amount_minor
    ]
    after = take_back(bought(lines, earned), everything)
    assert all_back(after.values())
    assert revoked(after, earned) == Revoked(earned.points, earned.stamps, earned.credits)


@given(LINES, PERCENTS, st.data())
def test_nothing_is_revoked_beyond_what_was_earned(lines: list[Line], percent: int, data: st.DataObject) -> None:
    earned = earn(TWD, lines, percent, MONDAY)
    after = bought(lines, earned)
    for go in data.draw(pieces(lines)):
        after = take_back(after, go)
    taken = revoked(after, earned)
    assert 0 <= taken.points <= earned.points
    assert 0 <= taken.stamps <= earned.stamps
    assert 0 <= taken.credits <= earned.credits


def test_a_half_returned_takes_back_half_rounded_down() -> None:
    lines = [line(3_000), line(2_000, line_no=2)]
    earned = earn(TWD, lines, 100, MONDAY)
    after = take_back(bought(lines, earned), [ReturnLine(1, 1, 1_500)])
    assert earned.points == 5
    assert revoked(after, earned) == Revoked(1, 0, 15)
    after = take_back(after, [ReturnLine(1, 0, 1_500)])
    assert revoked(after, earned) == Revoked(3, 0, 30)


def test_a_line_that_earned_a_bonus_takes_the_bonus_back() -> None:
    lines = [line(10_000, category="PRODUCE"), line(10_000, line_no=2)]
    earned = earn(TWD, lines, 100, date(2026, 6, 20))
    assert earned.points == 30
    assert revoked(take_back(bought(lines, earned), [ReturnLine(1, 1, 10_000)]), earned).points == 20


def test_excluded_goods_and_goods_for_nothing_take_nothing_back() -> None:
    lines = [line(10_000, category="TOBACCO"), line(0, line_no=2, quantity=3), line(10_000, line_no=3)]
    earned = earn(TWD, lines, 100, MONDAY)
    after = take_back(bought(lines, earned), [ReturnLine(1, 1, 10_000), ReturnLine(2, 3, 0)])
    assert revoked(after, earned) == Revoked(0, 0, 0)
    assert not all_back(after.values())


def test_a_receipt_of_which_nothing_counted_has_nothing_to_take_back() -> None:
    lines = [line(10_000, category="TOBACCO")]
    earned = earn(TWD, lines, 100, MONDAY)
    after = take_back(bought(lines, earned), [ReturnLine(1, 1, 10_000)])
    assert revoked(after, earned) == Revoked(0, 0, 0)
    assert all_back(after.values())


@pytest.mark.parametrize(("quantity", "amount"), [(3, 0), (0, 1_001), (3, 1_001), (2**40, 0)])
def test_more_than_was_bought_never_comes_back(quantity: int, amount: int) -> None:
    lines = {1: BoughtLine(1, 3, 1_500, 1, 1, 500)}
    with pytest.raises(LoyaltyRefused) as refused:
        take_back(lines, [ReturnLine(1, quantity, amount)])
    assert refused.value.code is LoyaltyCode.RETURN_EXCEEDS
    assert refused.value.facts == {"line": 1, "quantity_left": 2, "amount_left": 1_000}
    assert lines[1].returned_minor == 500


def test_one_return_that_names_a_line_twice_counts_it_twice() -> None:
    lines = {1: BoughtLine(1, 3, 1_500, 1, 0, 0)}
    assert take_back(lines, [ReturnLine(1, 1, 500), ReturnLine(1, 2, 1_000)])[1].returned_minor == 1_500
    with pytest.raises(LoyaltyRefused) as refused:
        take_back(lines, [ReturnLine(1, 2, 500), ReturnLine(1, 2, 500)])
    assert refused.value.code is LoyaltyCode.RETURN_EXCEEDS


@pytest.mark.parametrize(
    "wrong", [ReturnLine(9, 1, 1), ReturnLine(1, 0, 0), ReturnLine(1, -1, 5), ReturnLine(1, 1, -5)]
)
def test_what_makes_no_return_is_refused_by_field(wrong: ReturnLine) -> None:
    with pytest.raises(LoyaltyRefused) as refused:
        take_back({1: BoughtLine(1, 3, 1_500, 1, 0, 0)}, [ReturnLine(1, 1, 1), wrong])
    assert refused.value.code is LoyaltyCode.INVALID_INPUT
    assert str(refused.value.facts["field"]).startswith("lines[1]")


def test_a_share_of_nothing_is_nothing() -> None:
    assert Share(0, 0).of(7) == 0
    assert Share(1, 3).of(10) == 3
