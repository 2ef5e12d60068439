"""Odds sheets and their exact chances."""

from __future__ import annotations

import hashlib
import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.sheets.rules import SheetInvalid, canonical_json
from rewards.gacha.rules import chances
from rewards.gacha.rules.hazard import PPM, Hazard, Step
from rewards.gacha.rules.odds import parse_odds
from rewards.gacha.rules.rails import parse_rails
from tests.gacha_sheets import bodies, odds, odds_body, prize, shipped

HAZARDS = json.loads((Path(__file__).parent / "vectors" / "hazards.json").read_text(encoding="utf-8"))


def hazard_of(vector: dict[str, Any]) -> Hazard:
    steps: tuple[Step, ...] = ()
    if "rises_from" in vector:
        steps = (Step(vector["rises_from"], vector["base"] + vector["step_ppm"], vector["step_ppm"]),)
    elif "raised" in vector:
        steps = tuple(Step(each["draw"], each["ppm"], 0) for each in vector["raised"])
    return Hazard(vector["base"], steps, vector.get("ceiling", 0))


@pytest.mark.parametrize("vector", HAZARDS)
def test_a_hazard_has_the_chances_and_the_expectation_of_its_vector(vector: dict[str, Any]) -> None:
    hazard = hazard_of(vector)
    assert {draw: hazard.chance(int(draw)) for draw in vector["chances"]} == vector["chances"]
    expected = chances.expected_draws(hazard)
    assert expected is not None
    assert f"{float(round(expected, 4)):.4f}" == vector["expected_draws"]
    assert chances.percent(chances.consolidated_top(hazard)) == vector["consolidated_percent"]


def test_the_ten_draw_guarantee_at_ten_percent_gives_its_golden_figure() -> None:
    assert chances.in_ten(Fraction(1, 10)) == Fraction(13_486_784_401, 10**10)
    assert chances.ten_expectation(odds()) == Fraction(13_486_784_401, 10**10)
    assert chances.ten_expectation(odds(ten_guarantee=False)) == 1


def test_the_shipped_pools_have_the_golden_hazards() -> None:
    for name, percent in (("odds.daily", "1.6052"), ("odds.treasure", "2.7375")):
        found = parse_odds(name, shipped(name))
        assert chances.percent(chances.consolidated_top(found.hazard)) == percent
    assert parse_rails("rails.current", shipped("rails.current")).minor_day == 3


def test_the_hash_is_that_of_the_canonical_json_of_the_whole_sheet() -> None:
    body = shipped("odds.daily")
    found = parse_odds("odds.daily", body).sha256
    assert found == hashlib.sha256(canonical_json(body).encode()).hexdigest()
    body["prizes"][0]["name"]["en"] += "!"
    assert parse_odds("odds.daily", body).sha256 != found


@given(bodies(), st.integers(0, 300), st.data())
def test_chances_of_any_sheet_sum_to_one_and_the_consolidated_one_is_what_a_top_takes(
    body: dict[str, Any], pity: int, data: st.DataObject
) -> None:
    found = odds(body)
    gone = frozenset(
        data.draw(st.sets(st.sampled_from([each.code for each in found.stocked]))) if found.stocked else ()
    )
    for shares in (chances.stated(found), chances.consolidated(found), chances.effective(found, pity, gone)):
        assert sum(shares) == 1
        assert all(share >= 0 for share in shares)
    top = sum(
        share
        for entry, share in zip(found.entries, chances.consolidated(found), strict=True)
        if entry.prize_class == "TOP"
    )
    expected = chances.expected_draws(found.hazard)
    assert top == (1 / expected if expected else 0)
    assert expected == slow_expectation(found.hazard) or expected is None
    effective = dict(zip(found.by_code, chances.effective(found, pity, gone), strict=True))
    assert all(effective[code] == 0 for code in gone)


def slow_expectation(hazard: Hazard) -> Fraction | None:
    """E[T] by its definition over draws: sum of k * P(T = k), the tail from draw 400 on in closed form."""
    total, survival = Fraction(0), Fraction(1)
    for draw in range(1, 400):
        chance = Fraction(hazard.chance(draw), PPM)
        total += draw * survival * chance
        survival *= 1 - chance
        if not survival:
            return total
    settled = Fraction(hazard.chance(400), PPM)
    return total + survival * (399 + 1 / settled) if settled else None


@given(st.fractions(0, 1))
def test_a_percentage_is_exact_to_its_last_decimal(share: Fraction) -> None:
    shown = Fraction(chances.percent(share))
    assert abs(shown - share * 100) <= Fraction(1, 20_000)
    assert chances.percent(Fraction(1_234, PPM)) == "0.1234"


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("weights", {"prizes": [prize("a", "PLAIN", 999_999)]}, "sum to exactly 1000000"),
    ("twice", {"prizes": [prize("a", "PLAIN", 400_000), prize("a", "GUARANTEE", 600_000)]}, "stands twice"),
    ("guarantee", {"hazard": None, "prizes": [prize("a", "PLAIN", 10**6)]}, "class GUARANTEE"),
    ("no top", {"prizes": [prize("a", "GUARANTEE", 10**6)]}, "class TOP"),
    ("falls", {"hazard": {"raised": [{"draw": 3, "ppm": 10_000}]}}, "only rises"),
    ("order", {"hazard": {"raised": [{"draw": 3, "ppm": 50_000}, {"draw": 3, "ppm": 60_000}]}}, "later"),
    ("ceiling", {"hazard": {"rises_from": 9, "step_ppm": 5, "ceiling": 8}}, "before the chance is raised"),
    ("window", {"window": {"opens_on": "2027-02-01", "closes_on": "2027-01-31"}}, "before `opens_on`"),
    ("unknown", {"price": 3}, "is not known here"),
    ("price", {"price_diamonds": 0}, "whole number from 1"),
    ("fraction", {"price_diamonds": 1.5}, "whole number"),
    ("gates", {"gates": {"min_age": -1}}, "whole number from 0"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "rule"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_a_wrong_sheet_is_told_what_is_wrong(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(SheetInvalid, match="SHEET_INVALID") as refused:
        odds(**changes)
    assert any(rule in str(fault) for fault in refused.value.faults), refused.value.faults


STAND_INS = [
    ({"stock": 5, "when_gone": "FALLBACK", "fallback": "plain"}, "class TOP or above"),
    ({"stock": 5, "when_gone": "FALLBACK", "fallback": "nothing"}, "the code of another prize"),
    ({"stock": 5, "when_gone": "FALLBACK", "fallback": "top"}, "the code of another prize"),
    ({"stock": 5, "when_gone": "CLOSE_POOL"}, "fallback: is missing"),
    ({"stock": 0, "when_gone": "CLOSE_POOL", "fallback": "top"}, "whole number from 1"),
    ({"when_gone": "CLOSE_POOL"}, "is not known here"),
    ({"kind": "THING", "thing": "pot", "value_minor": 1}, "how many there are of a THING"),
    ({"kind": "COUPON"}, "offer: is missing"),
    ({"kind": "STAMPS"}, "days: is missing"),
    ({"weight": 0}, "stands in for another"),
    ({"code": "a b"}, "ASCII letters"),
]


@pytest.mark.parametrize(("changes", "rule"), STAND_INS)
def test_a_wrong_prize_is_told_what_is_wrong(changes: dict[str, Any], rule: str) -> None:
    body = odds_body()
    body["prizes"][0] |= changes
    if changes.get("kind") in ("COUPON", "THING"):
        del body["prizes"][0]["amount"]
    with pytest.raises(SheetInvalid) as refused:
        odds(body)
    assert any(rule in str(fault) for fault in refused.value.faults), refused.value.faults


def test_every_mistake_is_told_at_once() -> None:
    body = odds_body(price_diamonds=-1, hazard={"ceiling": 0}, extra=1, name={"en": "x"})
    body["prizes"][1] |= {"weight": "heavy", "class": "BEST"}
    with pytest.raises(SheetInvalid) as refused:
        odds(body)
    places = {fault.key for fault in refused.value.faults}
    assert places >= {"price_diamonds", "hazard.ceiling", "extra", "name.zh-TW", "prizes[1].weight", "prizes[1].class"}
