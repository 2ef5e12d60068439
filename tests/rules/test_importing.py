"""What the import makes of the sample: dates, ids, and the baskets themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.importing.rules import ZONE, Basket, household_subject, store_code, whole_weeks
from api.importing.sample import Sample
from loyalty.receipts.rules import Line

LAST = datetime(2018, 1, 1, 4, 1, 20, tzinfo=UTC)  # 23:01 of the day before in New York


def _moment(days: int, second: int) -> datetime:
    return datetime(2018, 1, 1, tzinfo=UTC) + timedelta(days=days, seconds=second)


@given(st.integers(9, 8000).flatmap(lambda days: st.integers(0, 86_399).map(lambda second: _moment(days, second))))
def test_dates_move_by_whole_weeks_to_yesterday_or_the_six_days_before(now: datetime) -> None:
    days = whole_weeks(LAST, now)
    zone = ZoneInfo(ZONE)
    last_day = (LAST + timedelta(days=days)).astimezone(zone).date()
    yesterday = now.astimezone(zone).date() - timedelta(days=1)
    assert days % 7 == 0
    assert timedelta(0) <= yesterday - last_day < timedelta(days=8)
    a_week_more = (LAST + timedelta(days=days + 7)).astimezone(zone).date()
    assert a_week_more > yesterday


def test_summer_time_does_not_carry_the_last_basket_into_today() -> None:
    # 23:01 of New York's winter is one minute past midnight in July: the week that fits by the date alone does not.
    monday = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)
    days = whole_weeks(LAST, monday)
    assert (LAST + timedelta(days=days)).astimezone(ZoneInfo(ZONE)).date().isoformat() == "2026-06-29"


def test_a_basket_has_the_same_request_id_for_good_and_another_hash_when_it_is_altered() -> None:
    lines = (Line(1, "1", "MILK", "Private", "DAIRY", 1, 199),)
    basket = Basket("31198570044", 900, 330, LAST, lines, first=True)
    assert str(basket.request_id) == "98ef94c0-dc99-578a-9e67-1d4da3bb082d"
    assert basket.request_id == replace(basket).request_id
    assert basket.request_id != replace(basket, number="31198570045").request_id
    assert basket.content_hash() == replace(basket).content_hash()
    dearer = replace(basket, lines=(replace(lines[0], amount_minor=200),))
    assert basket.content_hash() != dearer.content_hash()
    assert (household_subject(900), store_code(330)) == ("completejourney:900", "CJ-330")


def _sample() -> Sample:
    pa = pytest.importorskip("pyarrow", reason="the sample's optional packages are not installed")
    late, early = (datetime(2017, 3, day, 1, 0, tzinfo=UTC).replace(tzinfo=None) for day in (2, 1))
    transactions = pa.table(
        {
            "household_id": [7, 7, 8, 7, 8],
            "store_id": [330, 330, 331, 330, 331],
            "basket_id": [10, 10, 11, 12, 11],
            "product_id": [1, 2, 3, 999, 1],
            "quantity": [0, 89_638, 1, 2, 1],
            "sales_value": [1.1, 25.01, 0.29, 0.0, 4.35],
            "transaction_timestamp": pa.array([late, late, early, early, early], pa.timestamp("ns")),
        }
    )
    products = pa.table(
        {
            "product_id": [1, 2, 3],
            "department": ["GROCERY", "FUEL", "DELI"],
            "brand": ["National", "Private", None],
            "product_category": ["MILK", "FUEL", None],
            "product_type": ["WHOLE MILK", None, "HAM"],
        }
    )
    return Sample(transactions, products)


def test_baskets_come_in_the_order_of_time_with_their_lines_as_the_file_has_them() -> None:
    sample = _sample()
    assert (sample.total, sample.stores, sample.households) == (3, [330, 331], [7, 8])
    first, second, third = sample.baskets(0, 3)
    assert [each.number for each in (first, second, third)] == ["11", "12", "10"]
    assert [each.first for each in (first, second, third)] == [True, True, False]
    assert first.lines == (
        Line(1, "3", "HAM", "", "DELI", 1, 29),
        Line(2, "1", "WHOLE MILK", "National", "MILK", 1, 435),
    )
    assert second.lines == (Line(1, "999", "", "", "", 2, 0),)  # a line without a product row
    assert third.lines == (
        Line(1, "1", "WHOLE MILK", "National", "MILK", 0, 110),
        Line(2, "2", "", "Private", "FUEL", 89_638, 2501),
    )
    assert third.at == datetime(2017, 3, 2, 1, 0, tzinfo=UTC) == sample.last_at


def test_a_slice_of_the_sample_is_the_same_as_that_part_of_the_whole() -> None:
    sample = _sample()
    whole = sample.baskets(0, 3)
    assert [sample.baskets(index, index + 1)[0] for index in range(3)] == whole
    assert sample.baskets(1, 3) == whole[1:]
