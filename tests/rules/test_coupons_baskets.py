"""Discounts and points on a basket."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from rewards.coupons.rules.baskets import (
    Basket,
    Candidate,
    Discounts,
    Line,
    Place,
    allocate,
    check_basket,
    discount,
    fingerprint,
    tender_minor,
)
from rewards.coupons.rules.offers import Offer, parse_offer
from rewards.refusals import RewardsCode, RewardsRefused

STORE = Place("xinyi", "STORE")


def offer(**changes: Any) -> Offer:
    plain: dict[str, Any] = {
        "kind": "AMOUNT_OFF", "source": "LIST", "currency": "TWD", "funder": "mergemart", "stacking": "basket",
        "on_return": "VOID", "name": {"en": "x", "zh-TW": "x"}, "terms": {"en": "x", "zh-TW": "x"},
        "validity": {"days": 30},
    }  # fmt: skip
    whole = {**plain, **changes}
    if whole["kind"] == "AMOUNT_OFF":
        whole.setdefault("amount_minor", 1000)
    return parse_offer("offer.x", whole)


def line(number: int, amount: int, quantity: int = 1, category: str = "dairy", **rest: str) -> Line:
    return Line(number, rest.get("sku", f"s{number}"), "name", rest.get("brand", "b"), category, quantity, amount)


def basket(*lines: Line, currency: str = "TWD") -> Basket:
    return Basket(currency, lines)


def use(basket: Basket, *offers: Offer, place: Place = STORE) -> Discounts:
    return discount(basket, [Candidate(UUID(int=n), f"code{n}", each) for n, each in enumerate(offers)], place)


def off(found: Discounts) -> list[int]:
    return [each.discount_minor for each in found.lines]


def test_an_amount_is_shared_by_what_lines_cost() -> None:
    assert off(use(basket(line(1, 20000), line(2, 10000), line(3, 1)), offer(amount_minor=10000))) == [6667, 3333, 0]


def test_an_amount_above_the_basket_takes_the_basket() -> None:
    assert off(use(basket(line(1, 300), line(2, 200)), offer(amount_minor=10000))) == [300, 200]


def test_a_percentage_stops_at_its_cap() -> None:
    tenth = offer(kind="PERCENT_OFF", percent_ppm=100_000, cap_minor=1500)
    assert off(use(basket(line(1, 10009)), tenth)) == [1000]
    assert off(use(basket(line(1, 90000)), tenth)) == [1500]


def test_a_free_item_is_the_cheapest_unit_that_matches() -> None:
    free = offer(kind="FREE_ITEM", scope={"categories": ["dairy"]})
    assert off(use(basket(line(1, 9000, 3), line(2, 4000), line(3, 10, category="fruit")), free)) == [3000, 0, 0]
    assert off(use(basket(line(1, 500, 0)), free)) == [500]
    capped = offer(kind="FREE_ITEM", cap_minor=100, scope={"categories": ["dairy"]})
    assert off(use(basket(line(1, 9000, 3)), capped)) == [100]


def test_stamps_and_cash_leave_the_cash_price() -> None:
    mug = offer(kind="STAMPS_PLUS_CASH", cash_minor=9900, scope={"skus": ["mug"]})
    assert off(use(basket(line(1, 39900, sku="mug"), line(2, 100)), mug)) == [30000, 0]
    cheap = use(basket(line(1, 9900, sku="mug")), mug)
    assert [each.reason for each in cheap.not_applied] == [RewardsCode.BASKET_NO_MATCH]


def test_restricted_goods_are_never_discounted() -> None:
    found = use(basket(line(1, 50000, category="BEERS ALCOHOL"), line(2, 2000)), offer(amount_minor=3000))
    assert off(found) == [0, 2000]
    only = use(basket(line(1, 50000, category="tobacco")), offer())
    assert only.not_applied[0].reason is RewardsCode.BASKET_NO_MATCH


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"minimum_minor": 20001}, RewardsCode.BASKET_TOO_SMALL),
        ({"currency": "USD"}, RewardsCode.BASKET_NO_MATCH),
        ({"scope": {"brands": ["other"]}}, RewardsCode.BASKET_NO_MATCH),
        ({"scope": {"stores": ["banqiao"]}}, RewardsCode.COUPON_WRONG_STORE),
        ({"scope": {"channels": ["ONLINE"]}}, RewardsCode.COUPON_WRONG_STORE),
    ],
)
def test_a_coupon_that_does_not_fit_is_named_with_its_reason(changes: dict[str, Any], reason: RewardsCode) -> None:
    found = use(basket(line(1, 20000)), offer(**changes))
    assert [(each.code, each.reason) for each in found.not_applied] == [("code0", reason)]
    assert found.total_minor == 0
    assert found.applied == ()


def test_a_minimum_counts_matching_lines_alone() -> None:
    dairy = offer(minimum_minor=10000, scope={"categories": ["dairy"]})
    assert use(basket(line(1, 9999), line(2, 90000, category="fruit")), dairy).total_minor == 0
    assert use(basket(line(1, 10000), line(2, 90000, category="fruit")), dairy).total_minor == 1000


def test_of_one_stacking_group_the_better_coupon_applies() -> None:
    found = use(basket(line(1, 20000)), offer(amount_minor=500), offer(amount_minor=900), offer(amount_minor=900))
    assert [each.coupon_id.int for each in found.applied] == [1]
    assert [(each.code, each.reason.value) for each in found.not_applied] == [
        ("code0", "COUPON_STACKING"), ("code2", "COUPON_STACKING"),
    ]  # fmt: skip


def test_groups_stack_items_first_then_percentages_then_amounts() -> None:
    half = offer(kind="PERCENT_OFF", percent_ppm=500_000, cap_minor=10**6, stacking="percent")
    free = offer(kind="FREE_ITEM", scope={"skus": ["s2"]}, stacking="item")
    found = use(basket(line(1, 20000), line(2, 2000)), offer(amount_minor=1000), half, free)
    assert off(found) == [11000, 2000]
    assert [(each.coupon_id.int, each.discount_minor) for each in found.applied] == [(2, 2000), (1, 10000), (0, 1000)]


def test_a_coupon_that_finds_nothing_left_is_not_used_up() -> None:
    free = offer(kind="FREE_ITEM", scope={"skus": ["s1"]}, stacking="item")
    found = use(basket(line(1, 2000)), offer(), free)
    assert [each.coupon_id.int for each in found.applied] == [1]
    assert found.not_applied[0].reason is RewardsCode.BASKET_NO_MATCH


LINES = st.lists(
    st.builds(
        lambda amount, quantity, category: (amount, quantity, category),
        st.integers(0, 50_000), st.integers(0, 5), st.sampled_from(["dairy", "fruit", "tobacco"]),
    ),
    min_size=1, max_size=6,
)  # fmt: skip
OFFERS = st.lists(
    st.one_of(
        st.builds(
            lambda amount, group: offer(amount_minor=amount, stacking=group),
            st.integers(1, 60_000), st.sampled_from("abc"),
        ),
        st.builds(
            lambda ppm, cap, group, minimum: offer(
                kind="PERCENT_OFF", percent_ppm=ppm, cap_minor=cap, stacking=group, minimum_minor=minimum
            ),
            st.integers(1, 1_000_000), st.integers(1, 60_000), st.sampled_from("abc"), st.integers(0, 60_000),
        ),
        st.builds(
            lambda category, group: offer(kind="FREE_ITEM", scope={"categories": [category]}, stacking=group),
            st.sampled_from(["dairy", "fruit"]), st.sampled_from("abc"),
        ),
    ),
    max_size=6,
)  # fmt: skip


@given(LINES, OFFERS)
def test_discounts_are_exact_whatever_is_combined(lines: list[tuple[int, int, str]], offers: list[Offer]) -> None:
    whole = basket(*(line(number, *each) for number, each in enumerate(lines)))
    found = use(whole, *offers)
    for each, taken in zip(whole.lines, found.lines, strict=True):
        assert 0 <= taken.discount_minor <= each.amount_minor
        assert each.category != "tobacco" or taken.discount_minor == 0
    assert found.total_minor == sum(each.discount_minor for each in found.applied)
    assert all(each.discount_minor > 0 for each in found.applied)
    used = {each.coupon_id.int for each in found.applied}
    groups = [offers[n].stacking for n in used]
    assert len(groups) == len(set(groups))
    assert sorted([f"code{n}" for n in used] + [each.code for each in found.not_applied]) == sorted(
        f"code{n}" for n in range(len(offers))
    )


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=20), st.data())
def test_a_split_sums_exactly_and_no_share_exceeds_its_weight(weights: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(weights)))
    shares = allocate(amount, weights)
    assert sum(shares) == amount
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))
    whole = sum(weights) or 1
    assert all(abs(share * whole - amount * weight) < whole for share, weight in zip(shares, weights, strict=True))


@pytest.mark.parametrize(
    ("points", "per_major", "worth"), [(0, 100, 0), (250, 100, 250), (30, 3, 1000), (400, 200, 200)]
)
def test_points_pay_their_worth(points: int, per_major: int, worth: int) -> None:
    assert tender_minor(points, per_major, "TWD", "TWD", 1000) == worth


@pytest.mark.parametrize(
    ("points", "per_major", "currency", "code", "fact"),
    [
        (100, 100, "USD", RewardsCode.TENDER_CURRENCY, ("currency", "TWD")),
        (3, 200, "TWD", RewardsCode.TENDER_NOT_WHOLE, ("step", 2)),
        (2002, 200, "TWD", RewardsCode.TENDER_TOO_LARGE, ("most", 2000)),
    ],
)
def test_points_that_cannot_pay_are_refused(
    points: int, per_major: int, currency: str, code: RewardsCode, fact: tuple[str, object]
) -> None:
    with pytest.raises(RewardsRefused) as refused:
        tender_minor(points, per_major, currency, "TWD", 1000)
    assert refused.value.code is code
    assert refused.value.facts[fact[0]] == fact[1]


@pytest.mark.parametrize(
    ("wrong", "codes", "points", "field"),
    [
        (basket(), [], 0, "basket.lines"),
        (basket(line(1, 1), line(1, 2)), [], 0, "basket.lines.lineNo"),
        (basket(line(1, -1)), [], 0, "basket.lines.amountMinor"),
        (basket(line(1, 1, -1)), [], 0, "basket.lines.quantity"),
        (basket(line(-1, 1)), [], 0, "basket.lines.lineNo"),
        (basket(line(1, 1, sku="x" * 201)), [], 0, "basket.lines"),
        (basket(line(1, 1), currency="NT$"), [], 0, "basket.currency"),
        (basket(line(1, 1)), ["x"] * 21, 0, "codes"),
        (basket(line(1, 1)), [], -1, "payPoints"),
    ],
)
def test_a_basket_that_makes_no_sense_is_refused(wrong: Basket, codes: list[str], points: int, field: str) -> None:
    with pytest.raises(LoyaltyRefused) as refused:
        check_basket(wrong, codes, points)
    assert (refused.value.code, refused.value.facts["field"]) == (LoyaltyCode.INVALID_INPUT, field)


def test_an_enormous_basket_is_refused() -> None:
    with pytest.raises(LoyaltyRefused, match="AMOUNT_OUT_OF_RANGE"):
        check_basket(basket(line(1, 2**31 - 1), line(2, 1)), [], 0)


def test_the_same_basket_is_known_by_its_content() -> None:
    one = basket(line(1, 100))
    assert fingerprint(one, ["b", "a"], 5) == fingerprint(basket(line(1, 100)), ["a", "b"], 5)
    others = [(basket(line(1, 101)), ["a", "b"], 5), (one, ["a"], 5), (one, ["a", "b"], 6)]
    assert len({fingerprint(*each) for each in others} | {fingerprint(one, ["a", "b"], 5)}) == 4
