"""Reading sheets: every mistake at once, with file and key; and the sheets that are shipped."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.care.rules import Limits
from loyalty.receipts.rules import Earning, parse_earning
from loyalty.refusals import LoyaltyCode
from loyalty.sheets.rules import Reader, Season, SheetInvalid, canonical_json, check_plain, digest, parse_season
from loyalty.tiers.rules import Ladder, parse_ladder
from tests.seeding import PARSERS, shipped_sheets

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
SHIPPED = shipped_sheets()


def body_of(name: str) -> dict[str, Any]:
    return tomllib.loads(SHIPPED[name])


def faults_of(parser: Any, body: Any) -> dict[str, str]:
    with pytest.raises(SheetInvalid) as refused:
        parser("a.sheet", body)
    faults = refused.value.faults
    assert refused.value.code is LoyaltyCode.SHEET_INVALID
    assert refused.value.facts["count"] == len(faults)
    assert all(fault.sheet == "a.sheet" for fault in faults)
    assert refused.value.facts["faults"] == "\n".join(f"a.sheet: {fault.key}: {fault.rule}" for fault in faults)
    return {fault.key: fault.rule for fault in faults}


# What is shipped


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_sheet_is_right(name: str) -> None:
    body = body_of(name)
    assert check_plain(name, body) == []
    parsed = PARSERS[name.split(".", maxsplit=1)[0]](name, body)
    assert isinstance(parsed, Earning | Ladder | Limits | Season)


def test_the_shipped_sheets_say_what_the_season_promises() -> None:
    season = parse_season("season", body_of("season.current.toml"))
    assert (season.zone, season.currency, season.points_expiry_months) == (ZoneInfo("Asia/Taipei"), "TWD", 12)
    assert (season.reversal_grace_days, season.tender_points_per_major, season.hold_seconds) == (30, 100, 600)
    twd = parse_earning("earning", body_of("earning.TWD.toml"))
    assert (twd.minor_per_point, twd.minor_per_stamp, twd.visit_tickets) == (1000, 10_000, 1)
    assert "TOBACCO" in twd.excluded_categories
    ladder = parse_ladder("ladder", body_of("ladder.current.toml"))
    assert [tier.code for tier in ladder.tiers] == ["general", "silver", "gold", "black"]
    assert ladder.notice.days == 30
    assert "FUEL" in parse_earning("earning", body_of("earning.USD.toml")).excluded_categories


# Mistakes


def test_five_mistakes_are_reported_at_once_with_file_and_key() -> None:
    body = body_of("earning.TWD.toml")
    body["minor_per_point"] = 0
    body["visit_enrgy"] = 20
    del body["visit_energy"]
    body["bonuses"][0]["weekdays"] = ["SAT", "FUNDAY"]
    body["bonuses"][1]["percent"] = "150"
    assert faults_of(parse_earning, body) == {
        "minor_per_point": "must be a whole number from 1 to 1000000000, not 0",
        "visit_enrgy": "is not known here; take it out or correct its name",
        "visit_energy": "is missing",
        "bonuses[0].weekdays": "must be of MON, TUE, WED, THU, FRI, SAT, SUN, not FUNDAY",
        "bonuses[1].percent": "must be a whole number from 100 to 2000, not '150'",
    }


def test_a_ladder_that_does_not_climb_is_refused_with_every_reason() -> None:
    body = body_of("ladder.current.toml")
    body["tiers"][0]["threshold"] = 5
    body["tiers"][1]["code"] = "general"
    body["tiers"][2]["threshold"] = 20_000
    body["tiers"][3]["name"] = {"en": "Black"}
    body["notice_days"] = 0
    with pytest.raises(SheetInvalid) as refused:
        parse_ladder("a.sheet", body)
    assert [(fault.key, fault.rule) for fault in refused.value.faults] == [
        ("tiers[3].name.zh-TW", "is missing"),
        ("tiers", "gold must have a higher threshold than general"),
        ("tiers", "the lowest tier must have threshold 0"),
        ("tiers", "each code may stand once"),
        ("notice_days", "must be a whole number from 1 to 180, not 0"),
    ]


def test_a_bonus_that_ends_before_it_begins_is_refused() -> None:
    body = body_of("earning.TWD.toml")
    body["bonuses"][0] |= {"first_day": "2026-06-15", "last_day": "2026-06-14"}
    body["bonuses"][1] |= {"first_day": "June"}
    assert faults_of(parse_earning, body) == {
        "bonuses[0].last_day": "must not be before first_day",
        "bonuses[1].first_day": "must be a date such as 2026-12-31, not 'June'",
    }


def test_an_empty_sheet_names_everything_that_is_missing() -> None:
    missing = faults_of(parse_season, {})
    assert set(missing.values()) == {"is missing"}
    assert set(missing) == set(body_of("season.current.toml"))


@pytest.mark.parametrize("parser", [parse_season, parse_earning, parse_ladder])
@given(body=st.dictionaries(st.text(max_size=12), ANYTHING, max_size=4))
def test_whatever_stands_in_a_sheet_is_refused_and_never_breaks_the_parser(parser: Any, body: dict[str, Any]) -> None:
    with pytest.raises(SheetInvalid):
        parser("a.sheet", body)


@pytest.mark.parametrize("name", SHIPPED)
@given(data=st.data())
def test_a_damaged_sheet_is_read_or_refused_and_never_breaks_the_parser(name: str, data: st.DataObject) -> None:
    body = body_of(name)
    spot: Any = body
    while True:
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot)))
        key = data.draw(st.sampled_from(keys))
        if isinstance(spot[key], dict | list) and spot[key] and data.draw(st.booleans()):
            spot = spot[key]
            continue
        spot[key] = data.draw(ANYTHING)
        break
    faults = check_plain(name, body)
    try:
        PARSERS[name.split(".", maxsplit=1)[0]](name, body)
    except SheetInvalid as refused:
        faults.extend(refused.faults)
    assert all(fault.sheet == name for fault in faults)


def test_a_reader_reads_what_is_right() -> None:
    reader = Reader(
        "s", {"n": 3, "t": "x", "on": "2026-06-15", "list": ["a"], "flag": True, "in": {"n": 1}, "kind": "B"}
    )
    assert reader.integer("n", low=0, high=3) == 3
    assert reader.integer("absent", low=0, high=9, default=7) == 7
    assert reader.text("t") == "x"
    assert reader.day("on") == date(2026, 6, 15)
    assert reader.day("never") is None
    assert reader.texts("list") == ("a",)
    assert reader.texts("none") == ()
    assert reader.flag("flag", default=False) is True
    assert reader.choice("kind", str, ["A", "B"]) == "B"
    assert reader.table("in").integer("n", low=0, high=9) == 1
    reader.finish()


@pytest.mark.parametrize("value", [True, 1.0, "1", None, [], -1, 11])
def test_a_whole_number_is_nothing_else(value: Any) -> None:
    reader = Reader("s", {"n": value})
    reader.integer("n", low=0, high=10)
    with pytest.raises(SheetInvalid):
        reader.finish()


# Canonical JSON


def test_canonical_json_is_what_rfc_8785_says() -> None:
    assert (
        canonical_json({"b": [1, True, "é\n"], "a": {}, "\u20ac": "\u20ac"}) == '{"a":{},"b":[1,true,"é\\n"],"€":"€"}'
    )
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": [1, 2]}) != digest({"a": [2, 1]})


def test_a_fraction_a_null_a_foreign_key_and_a_huge_number_are_mistakes_anywhere() -> None:
    body = {"a": 1.5, "b": [{"c": None}], "名": "x", "d": {"e": 2**53 + 1}, "f": date(2026, 6, 15), "ok": [2**53, "名"]}
    assert [fault.key for fault in check_plain("s", body)] == ["名", "a", "b[0].c", "d.e", "f"]
