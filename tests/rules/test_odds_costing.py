"""What a table of odds costs: golden values, exact; what the law asks; and ten million draws against the algebra."""

from __future__ import annotations

import math
import random
import tomllib
from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.ledger.rules import Currency
from loyalty.sheets.rules import SheetInvalid, parse_season
from rewards.coupons.rules.offers import parse_offer
from rewards.fairness.rules import SetBy, roll
from rewards.gacha.rules import chances
from rewards.gacha.rules.costing import cost, draws_to_top, worst
from rewards.gacha.rules.drawing import draw_many
from rewards.gacha.rules.hazard import PPM, Hazard, Step
from rewards.gacha.rules.law import check_law
from rewards.gacha.rules.odds import Odds, parse_odds
from rewards.gacha.rules.receipts import DrawRecord
from rewards.gacha.rules.replaying import replay
from rewards.gacha.rules.worth import Worth, worths_of
from rewards.prizes.rules.law import DEFAULT_LAW, Law, parse_law
from tests.edge import offer_body
from tests.gacha_sheets import SHEETS, bodies, odds, odds_body, prize
from tests.seeding import shipped_sheets

TODAY = date(2027, 3, 10)
DAILY = Hazard(6_000, (Step(74, 66_000, 60_000),), 90)
TREASURE = Hazard(10_000, (Step(41, 60_000, 50_000),), 60)


def season() -> Any:
    return parse_season("season.current", tomllib.loads(shipped_sheets()["season.current.toml"]))


def slow_draws(hazard: Hazard, chance: Fraction) -> int:
    """By its definition, draw by draw."""
    survival, draw = Fraction(1), 0
    while survival > 1 - chance:
        draw += 1
        survival *= Fraction(PPM - hazard.chance(draw), PPM)
    return draw


@pytest.mark.parametrize(
    ("hazard", "expected", "percent", "within"),
    [(DAILY, "62.2973", "1.6052", (76, 80, 83)), (TREASURE, "36.5300", "2.7375", (43, 48, 51))],
)
def test_the_golden_hazards_have_their_golden_figures(
    hazard: Hazard, expected: str, percent: str, within: tuple[int, ...]
) -> None:
    found = chances.expected_draws(hazard)
    assert found is not None
    assert f"{round(found * 10_000) / 10_000:.4f}" == expected
    assert chances.percent(chances.consolidated_top(hazard)) == percent
    asked = (Fraction(1, 2), Fraction(9, 10), Fraction(99, 100))
    assert tuple(draws_to_top(hazard, each) for each in asked) == tuple(slow_draws(hazard, each) for each in asked)
    assert tuple(draws_to_top(hazard, each) for each in asked) == within


def test_without_a_ceiling_the_draws_to_a_top_are_exact_and_quick() -> None:
    assert draws_to_top(Hazard(10_000), Fraction(1, 2)) == slow_draws(Hazard(10_000), Fraction(1, 2)) == 69
    assert draws_to_top(Hazard(500_000), Fraction(3, 4)) == 2, "a bound that is met exactly"
    assert draws_to_top(Hazard(1), Fraction(99, 100)) == math.ceil(math.log(0.01) / math.log1p(-1e-6))
    assert draws_to_top(Hazard(0), Fraction(1, 2)) is None


def table() -> tuple[Odds, tuple[Worth, ...]]:
    """1% of NT$100 (of which two are left), 9% of NT$10 from a partner, the rest nothing."""
    found = odds(
        hazard=None, ten_guarantee=False, price_diamonds=20, budget_minor=100_000, prizes=[
            prize("top", "TOP", 10_000, stock=10, when_gone="FALLBACK", fallback="spare"), prize("spare", "TOP", 0),
            prize("good", "GUARANTEE", 90_000), prize("plain", "PLAIN", 900_000),
        ],
    )  # fmt: skip
    worths = (Worth(Fraction(10_000), "house"), Worth(Fraction(5_000), "house"), Worth(Fraction(1_000), "brand"),
              Worth(Fraction(0), "house"))  # fmt: skip
    return found, worths


def test_a_small_table_costs_what_one_reckons_by_hand() -> None:
    found, worths = table()
    costing = cost(found, worths, awarded={"top": 8}, spent=Fraction(40_000), week_draws=700, today=TODAY)
    assert costing.per_funder == {"house": 100, "brand": 90}
    assert (costing.per_draw, costing.per_diamond) == (190, Fraction(19, 2))
    assert costing.week_expected == 133_000
    assert costing.week_worst == 2 * 10_000 + 698 * 5_000, "the dearest while it lasts, then the next"
    assert costing.stock_liability == 20_000
    top, spare, good, plain = costing.prizes
    assert (top.left, top.runs_out_on) == (2, date(2027, 3, 12)), "seven a week: two go in two days"
    assert (spare.left, spare.runs_out_on) == (None, None)
    assert costing.budget_runs_out_on == date(2027, 3, 13), "600 of money left at 190 a draw, 100 draws a day"
    assert (top.base, top.consolidated, top.effective) == (Fraction(1, 100),) * 3
    assert costing.diamonds_back == 10
    gone = cost(found, worths, awarded={"top": 10}, spent=Fraction(100_000), week_draws=0, today=TODAY)
    assert (gone.prizes[0].effective, gone.prizes[1].effective) == (0, Fraction(1, 100))
    assert (gone.per_funder["house"], gone.prizes[0].runs_out_on, gone.budget_runs_out_on) == (50, TODAY, TODAY)
    assert (plain.worth.minor, good.worth.funder) == (0, "brand")


@given(bodies(), st.lists(st.integers(0, 10**6), min_size=24, max_size=24), st.integers(0, 500))
def test_the_worst_is_never_less_than_the_expected_and_stock_bounds_it(
    body: dict[str, Any], minors: list[int], draws: int
) -> None:
    found = odds(body)
    worths = tuple(Worth(Fraction(minor), "house") for minor in minors[: len(found.entries)])
    costing = cost(found, worths, awarded={}, spent=Fraction(0), week_draws=draws, today=TODAY)
    assert costing.week_worst <= draws * max(worth.minor for worth in worths)
    assert sum(line.consolidated for line in costing.prizes) == 1
    # Expected ignores that a stock ends on the way, so it is bounded by the worst without any stock.
    assert costing.week_expected <= worst(found, worths, {}, draws)


def test_a_prize_is_worth_what_its_sheet_says_else_its_offer_else_its_points() -> None:
    body = odds_body(hazard=None, ten_guarantee=False, prizes=[
        prize("a", "TOP", 10_000, kind="COUPON", amount=None, offer="ten"),
        prize("b", "PLAIN", 10_000, kind="COUPON", amount=None, offer="item"),
        prize("c", "PLAIN", 10_000, kind="COUPON", amount=None, offer="item", value_minor=700, funder="brand"),
        prize("d", "PLAIN", 10_000, kind="POINTS", amount=250), prize("e", "PLAIN", 960_000),
    ])  # fmt: skip
    item = offer_body(kind="FREE_ITEM", amount_minor=None, scope={"skus": ["MUG"]}, funder="maker")
    offers = {"ten": parse_offer("offer.ten", offer_body()), "item": parse_offer("offer.item", item)}
    found = worths_of(odds(body), offers, season())
    assert [(each.minor, each.funder, each.known) for each in found] == [
        (1000, "mergemart", True), (0, "maker", False), (700, "brand", True), (250, "mergemart", True),
        (0, "mergemart", True),
    ]  # fmt: skip


def test_the_law_finds_every_mistake_at_once() -> None:
    found = odds(hazard=None, ten_guarantee=False, prizes=[
        prize("a", "TOP", 10_000, stock=3, when_gone="FALLBACK", fallback="b"), prize("b", "TOP", 0, tax_step=True),
        prize("c", "PLAIN", 10_000, name={"en": "A bottle of wine", "zh-TW": "紅酒一瓶"}), prize("d", "PLAIN", 980_000),
    ])  # fmt: skip
    worths = tuple(Worth(Fraction(minor), "house", known) for minor, known in (
        (100_001, True), (100_001, True), (0, False), (0, True),
    ))  # fmt: skip
    law = Law("TWD", 100_000, 100_000, 300_000)
    assert [key for key, _ in check_law(found, worths, law)] == [
        "prizes[0].tax_step", "prizes[0].value_minor", "prizes[1].value_minor", "prizes[2].value_minor",
        "prizes[2].name", "prizes",
    ]  # fmt: skip
    free = tuple(Worth(Fraction(100_000), "house") for _ in worths)
    assert [key for key, _ in check_law(found, free, DEFAULT_LAW)] == ["prizes[2].name"], "the step is above, not at"
    text = (SHEETS.parents[1] / "prizes" / "sheets" / "law.TW.toml").read_text(encoding="utf-8")
    assert parse_law("law.TW", tomllib.loads(text)) == DEFAULT_LAW


@pytest.mark.parametrize("where", ["sheet", "prize"])
def test_a_prize_for_a_complete_set_is_never_allowed(where: str) -> None:
    body = odds_body()
    (body if where == "sheet" else body["prizes"][0])["complete_set"] = ["a", "b"]
    with pytest.raises(SheetInvalid) as refused:
        odds(body)
    assert any("never allowed" in fault.rule for fault in refused.value.faults)


# --- successors


def renormalising(**changes: Any) -> dict[str, Any]:
    """Three grand prizes; once they are gone the successor's odds are in force, with their weight given to `good`."""
    grand = prize("grand", "TOP", 20_000, stock=3, when_gone="RENORMALISE", fallback="top")
    after = odds_body(hazard=None, prizes=[
        prize("top", "TOP", 20_000), prize("good", "GUARANTEE", 100_000), prize("plain", "PLAIN", 880_000),
    ])  # fmt: skip
    before = odds_body(hazard=None, successor=after, prizes=[
        grand, prize("top", "TOP", 20_000), prize("good", "GUARANTEE", 80_000), prize("plain", "PLAIN", 880_000),
    ])  # fmt: skip
    return {**before, **changes}


def test_a_successor_has_a_hash_of_its_own_inside_the_hash_of_the_first() -> None:
    body = renormalising()
    found = parse_odds("odds.test", body)
    assert found.successor is not None
    assert found.successor.sha256 == odds(body["successor"]).sha256 != found.sha256
    body["successor"]["price_diamonds"] = 11
    assert parse_odds("odds.test", body).sha256 != found.sha256


def test_mistakes_of_a_successor_are_named_with_those_of_the_first() -> None:
    body = renormalising(price_diamonds=0)
    body["successor"]["prizes"][0] |= {"weight": 10_000}
    body["successor"]["prizes"].append(prize("grand", "PLAIN", 5))
    with pytest.raises(SheetInvalid) as refused:
        parse_odds("odds.test", body)
    keys = {fault.key for fault in refused.value.faults}
    assert keys >= {"price_diamonds", "successor.prizes", "successor.prizes[3].code"}
    lonely = renormalising()
    del lonely["successor"]
    with pytest.raises(SheetInvalid, match="SHEET_INVALID"):
        parse_odds("odds.test", lonely)


# --- the same draws again


SEED = bytes(range(32))


def drawn(found: Odds, commands: int, count: int) -> list[DrawRecord]:
    """Draws of one member as the action would have recorded them, stock aside."""
    records: list[DrawRecord] = []
    pity = 0
    for command in range(commands):
        ids = [UUID(int=(command * count + number + 1) << 64) for number in range(count)]
        at = datetime(2027, 3, 9, 4, command % 60, tzinfo=UTC)
        bare = DrawRecord(
            UUID(int=7), ids[0], ids[0], UUID(int=9), 1, 1, command * count, "alice", SetBy.MEMBER, count, 1, pity, 0,
            0, True, False, 0, 0, None, "", "", Currency.DIAMONDS, 10, None, at,
        )  # fmt: skip
        outcomes = draw_many(
            found,
            lambda at, one=bare: lambda label, limit: roll(SEED, label, limit, one.place(one.nonce + at)),
            pity,
            count,
        )  # fmt: skip
        for number, each in enumerate(outcomes):
            code = found.entries[each.rolled].code
            records.append(DrawRecord(
                UUID(int=7), ids[number], ids[0], UUID(int=9), 1, 1, bare.nonce + number, "alice", SetBy.MEMBER, count,
                number + 1, pity, each.pity_before, each.pity_after, True, each.guaranteed, each.rolls[0].value,
                each.rolls[1].value, None, code, code, Currency.DIAMONDS, 10, None, at,
            ))  # fmt: skip
        pity = outcomes[-1].pity_after
    return records


@pytest.mark.parametrize("count", [1, 10])
def test_draws_made_again_under_the_same_odds_pay_the_same(count: int) -> None:
    found = odds()
    records = drawn(found, 60, count)
    again = replay(records, found, lambda member, epoch: SEED, {}, carries=True)
    assert (again.draws, again.would_be, again.would_be_tops) == (60 * count, again.paid, again.tops)
    richer = odds(prizes=[prize("top", "TOP", 200_000), prize("good", "GUARANTEE", 80_000),
                          prize("plain", "PLAIN", 720_000)])  # fmt: skip
    assert replay(records, richer, lambda member, epoch: SEED, {}, carries=True).would_be_tops > again.tops


def test_made_again_no_more_is_paid_of_a_limited_prize_than_there_was() -> None:
    few = odds(hazard=None, ten_guarantee=False, prizes=[
        prize("few", "PLAIN", 500_000, stock=9, when_gone="FALLBACK", fallback="rest"), prize("rest", "PLAIN", 500_000),
    ])  # fmt: skip
    again = replay(drawn(odds(), 50, 1), few, lambda member, epoch: SEED, {"few": 4}, carries=False)
    assert (again.would_be["few"], again.would_be["rest"]) == (4, 46)


def test_ten_million_draws_need_as_many_to_a_top_as_the_algebra_says(seed: int) -> None:
    """The mean number of draws from one TOP to the next, against its exact value, within Hoeffding's bound."""
    chance = random.Random(seed).random
    hazard, tops, draws = TREASURE, 0, 10_000_000
    pity = 0
    bounds = [hazard.chance(k + 1) / PPM for k in range(60)]
    for _ in range(draws):
        if chance() < bounds[pity]:
            tops += 1
            pity = 0
        else:
            pity += 1
    expected = chances.expected_draws(hazard)
    assert expected is not None
    # `tops` cycles of length 1..60 took all but the last draws: their mean lies within Hoeffding's bound at 10^-10.
    bound = 59 * math.sqrt(math.log(2 / 1e-10) / (2 * tops))
    assert abs((draws - pity) / tops - float(expected)) < bound
    assert bound < 0.5, "a bound that would notice"
