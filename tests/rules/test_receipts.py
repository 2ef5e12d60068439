"""What a receipt earns."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.receipts.rules import (
    AHEAD,
    MOST_LINES,
    MOST_MINOR,
    MOST_QUANTITY,
    Bonus,
    Earning,
    Line,
    business_day,
    check_bought_at,
    check_lines,
    check_number,
    earn,
    may_be_recorded,
    parse_earning,
)
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from tests.seeding import NOW, line, shipped_sheets

MONDAY, SATURDAY = date(2026, 6, 15), date(2026, 6, 20)
SHEETS = shipped_sheets()
TWD = parse_earning("earning.TWD", tomllib.loads(SHEETS["earning.TWD.toml"]))
USD = parse_earning("earning.USD", tomllib.loads(SHEETS["earning.USD.toml"]))

LINES = st.lists(
    st.builds(
        lambda amount, quantity, brand, category: (amount, quantity, brand, category),
        st.integers(0, 30_000) | st.just(0) | st.just(1),
        st.integers(0, 90_000),
        st.sampled_from(["", "Private", "National"]),
        st.sampled_from(["", "PRODUCE", "TOBACCO", "DAIRY"]),
    ),
    min_size=1,
    max_size=12,
).map(
    lambda rows: [
        Line(at, f"s{at}", "", brand, category, quantity, amount)
        for at, (amount, quantity, brand, category) in enumerate(rows, 1)
    ]
)
PERCENTS = st.sampled_from([100, 110, 125, 150, 333])


def earned(*lines: Line, percent: int = 100, day: date = MONDAY, sheet: Earning = TWD) -> int:
    return earn(sheet, lines, percent, day).points


def refused_field(check: object, *arguments: object) -> str:
    with pytest.raises(LoyaltyRefused) as refused:
        check(*arguments)  # type: ignore[operator]
    assert refused.value.code is LoyaltyCode.INVALID_INPUT
    assert refused.value.facts["rule"]
    return str(refused.value.facts["field"])


# Earning


def test_a_point_for_ten_dollars_a_stamp_for_a_hundred_a_credit_for_one() -> None:
    result = earn(TWD, [line(123_456)], 100, MONDAY)
    assert (result.points, result.stamps, result.credits, result.eligible_minor) == (123, 12, 1234, 123_456)


def test_the_tier_multiplies_points_and_nothing_else() -> None:
    result = earn(TWD, [line(100_000)], 125, MONDAY)
    assert (result.points, result.stamps, result.credits) == (125, 10, 1000)


def test_small_lines_add_up_before_the_one_floor() -> None:
    assert earned(*(line(100, line_no=each) for each in range(1, 11))) == 1
    assert earned(*(line(999, line_no=each) for each in range(1, 3))) == 1


def test_a_receipt_of_odd_cents_is_floored_once_and_not_by_line() -> None:
    # 33 cents are a point, however they are spread over lines.
    assert earned(line(33), sheet=USD) == 1
    assert earned(line(16), line(17, line_no=2), sheet=USD) == 1
    assert earned(*(line(1, line_no=each) for each in range(1, 34)), sheet=USD) == 1


def test_a_bonus_counts_on_its_days_and_for_its_goods_alone() -> None:
    assert earned(line(1000, category="PRODUCE"), day=SATURDAY) == 2
    assert earned(line(1000, category="PRODUCE"), day=MONDAY) == 1
    assert earned(line(1000, category="DAIRY"), day=SATURDAY) == 1


def test_of_several_bonuses_the_best_counts_alone() -> None:
    both = line(100_000, category="PRODUCE", brand="Private")
    assert earned(both, day=SATURDAY) == 200
    assert earned(both, day=MONDAY) == 150


def test_bonus_and_tier_multiply() -> None:
    assert earned(line(100_000, brand="Private"), percent=110) == 165


def test_a_bonus_lasts_from_its_first_to_its_last_day() -> None:
    bonus = Bonus(300, frozenset(), frozenset(), frozenset(), MONDAY, MONDAY + timedelta(days=1), {})
    sheet = replace(TWD, bonuses=(bonus,))
    points = [earned(line(1000), day=MONDAY + timedelta(days=each), sheet=sheet) for each in (-1, 0, 1, 2)]
    assert points == [1, 3, 3, 1]


def test_excluded_goods_earn_nothing_of_anything() -> None:
    result = earn(TWD, [line(50_000, category="TOBACCO"), line(5_000, line_no=2)], 100, SATURDAY)
    assert (result.points, result.stamps, result.credits, result.eligible_minor) == (5, 0, 50, 5_000)
    assert (result.weights[0], result.visit) == (0, False)


def test_a_visit_needs_the_minimum_of_what_counts() -> None:
    assert earn(TWD, [line(10_000)], 100, MONDAY).visit
    assert not earn(TWD, [line(9_999)], 100, MONDAY).visit
    assert not earn(TWD, [line(9_999), line(50_000, line_no=2, category="TOBACCO")], 100, MONDAY).visit


@given(LINES, PERCENTS, st.sampled_from([MONDAY, SATURDAY]), st.sampled_from([TWD, USD]))
def test_points_are_the_floor_of_the_exact_sum(lines: list[Line], percent: int, day: date, sheet: Earning) -> None:
    result = earn(sheet, lines, percent, day)
    exact = Fraction(0)
    for each in lines:
        if each.category not in sheet.excluded_categories:
            best = max((bonus.percent for bonus in sheet.bonuses if bonus.fits(each, day)), default=100)
            exact += Fraction(each.amount_minor * percent * best, sheet.minor_per_point * 100 * 100)
    assert result.points == exact.__floor__()
    assert sum(result.weights) == (exact * 1000).__floor__()
    counted = sum(each.amount_minor for each in lines if each.category not in sheet.excluded_categories)
    assert (result.eligible_minor, result.stamps) == (counted, counted // sheet.minor_per_stamp)
    assert result.credits == counted // sheet.minor_per_credit
    assert result.visit == (counted >= sheet.visit_minimum_minor)


@given(LINES, PERCENTS)
def test_unit_counts_earn_nothing(lines: list[Line], percent: int) -> None:
    assert earn(TWD, lines, percent, MONDAY) == earn(
        TWD, [replace(each, quantity=1) for each in lines], percent, MONDAY
    )


@given(LINES, PERCENTS, st.sampled_from([TWD, USD]))
def test_a_line_weighs_its_own_share_to_the_thousandth_and_nothing_where_it_does_not_count(
    lines: list[Line], percent: int, sheet: Earning
) -> None:
    plain = replace(sheet, bonuses=())
    for each, weight in zip(lines, earn(plain, lines, percent, MONDAY).weights, strict=True):
        counts = each.amount_minor > 0 and each.category not in sheet.excluded_categories
        share = Fraction(each.amount_minor * percent * 10, plain.minor_per_point) if counts else Fraction(0)
        assert abs(weight - share) < 1
        assert (weight > 0) == counts


@given(LINES, PERCENTS, st.randoms())
def test_the_order_of_lines_changes_nothing(lines: list[Line], percent: int, random: object) -> None:
    turned = list(lines)
    random.shuffle(turned)  # type: ignore[attr-defined]
    one, other = earn(TWD, lines, percent, SATURDAY), earn(TWD, turned, percent, SATURDAY)
    assert (one.points, one.stamps, one.credits) == (other.points, other.stamps, other.credits)


# Bad input


@pytest.mark.parametrize("number", ["1", "A-1/2.3_z", "0" * 64])
def test_a_number_that_tills_print_is_taken(number: str) -> None:
    check_number("receiptNo", number)


@pytest.mark.parametrize("number", ["", "0" * 65, "a b", "收據", "1\n", "1\x00", "a%"])
def test_a_number_that_no_till_prints_is_refused(number: str) -> None:
    assert refused_field(check_number, "receiptNo", number) == "receiptNo"


@pytest.mark.parametrize(
    ("lines", "field"),
    [
        ([], "lines"),
        ([line(1, line_no=each) for each in range(1, MOST_LINES + 2)], "lines"),
        ([line(1), line(1)], "lines"),
        ([line(-1)], "lines[0].amountMinor"),
        ([line(MOST_MINOR + 1)], "lines[0].amountMinor"),
        ([line(MOST_MINOR), line(1, line_no=2)], "lines"),
        ([line(1), line(1, line_no=2, quantity=-1)], "lines[1].quantity"),
        ([line(1, quantity=MOST_QUANTITY + 1)], "lines[0].quantity"),
        ([line(1, line_no=0)], "lines[0].lineNo"),
        ([line(1, line_no=10_000)], "lines[0].lineNo"),
        ([line(1, category="x" * 101)], "lines[0].category"),
        ([line(1, brand="\x00")], "lines[0].brand"),
        ([replace(line(1), sku="x" * 65)], "lines[0].sku"),
        ([replace(line(1), name="x" * 201)], "lines[0].name"),
    ],
)
def test_lines_that_no_till_prints_are_refused_by_field(lines: list[Line], field: str) -> None:
    assert refused_field(check_lines, lines) == field


def test_odd_lines_of_the_real_world_are_taken() -> None:
    check_lines([line(0, quantity=0), line(0, line_no=2, quantity=89_638), line(MOST_MINOR, line_no=9999, quantity=0)])


def test_a_purchase_of_the_future_or_of_too_long_ago_is_refused() -> None:
    check_bought_at(NOW + AHEAD, NOW, 365)
    check_bought_at(NOW - timedelta(days=365), NOW, 365)
    for wrong in (NOW + AHEAD + timedelta(seconds=1), NOW - timedelta(days=365, seconds=1)):
        assert refused_field(check_bought_at, wrong, NOW, 365) == "boughtAt"


@given(st.datetimes(timezones=st.just(UTC)), st.integers(1, 3650))
def test_what_is_not_looked_up_is_always_refused(bought_at: datetime, late_days: int) -> None:
    if may_be_recorded(bought_at, NOW):
        business_day(bought_at, ZoneInfo("Pacific/Kiritimati"))
        business_day(bought_at, ZoneInfo("Pacific/Pago_Pago"))
    else:
        assert refused_field(check_bought_at, bought_at, NOW, late_days) == "boughtAt"


def test_the_business_day_is_the_date_where_the_shop_stands() -> None:
    at = datetime(2026, 6, 15, 2, 30, tzinfo=UTC)
    assert business_day(at, ZoneInfo("Asia/Taipei")) == date(2026, 6, 15)
    assert business_day(at, ZoneInfo("America/New_York")) == date(2026, 6, 14)
