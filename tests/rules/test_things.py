"""Things think: their sheets, the tax of a year, the ways of a life, and papers that open in their place alone."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

import rewards
from loyalty.refusals import Refused
from loyalty.sheets.rules import SheetInvalid
from rewards.fairness.actions import AesVault
from rewards.prizes.actions import PapersVault
from rewards.prizes.rules import lives
from rewards.prizes.rules.codes import CODES, read_code, write_code
from rewards.prizes.rules.law import DEFAULT_LAW, Law, assess, parse_law
from rewards.prizes.rules.lives import ENDS, PrizeState, Source, Won
from rewards.prizes.rules.papers import place_of
from rewards.prizes.rules.things import Delivery, over_at, parse_thing
from rewards.prizes.store.prizes import COLUMNS
from tests.races.things_shop import thing_body

NOW = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)
SHEETS = Path(rewards.__file__).parent / "prizes" / "sheets"


def won(state: PrizeState = PrizeState.WON, **changes: Any) -> Won:
    plain: dict[str, Any] = {
        "member_id": UUID(int=1), "id": UUID(int=2), "source": Source.DRAW, "thing": "pot", "version": 1, "law": "TW",
        "code": "c", "state": state, "value_minor": 68_000, "taxed": False, "won_at": NOW, "updated_at": NOW,
        "due_at": NOW + timedelta(days=1),
    }  # fmt: skip
    return Won(**{**plain, **changes})


def refusal(act: Any) -> str:
    with pytest.raises(Refused) as refused:
        act()
    return str(refused.value.code)


def test_a_prize_is_written_in_the_order_of_its_columns() -> None:
    assert ", ".join(each.name for each in fields(Won)) == COLUMNS


def test_the_shipped_things_read() -> None:
    thing = parse_thing("thing.enamel-pot", tomllib.loads((SHEETS / "thing.enamel-pot.toml").read_text("utf-8")))
    assert thing.pick is not None
    assert (thing.value_minor, thing.pick.stamps, thing.pick.cash_minor) == (68_000, 20, 19_900)
    assert (thing.name("en"), thing.name("zh-TW"), thing.name("ja")) == ("Enamel pot", "琺瑯鍋", "Enamel pot")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"delivery": []}, "one or both of POST, STORE"),
        ({"delivery": ["PIGEON"]}, "one or both of POST, STORE"),
        ({"delivery": ["POST"]}, "the cash is paid at a store"),
        ({"value_minor": 0}, "from 1"),
        ({"claim_days": 0}, "from 1"),
        ({"pick": {"stamps": 0, "cash_minor": 1, "hours": 1}}, "from 1"),
        ({"pick": {"stamps": 1, "cash_minor": 1, "hours": 1, "gift": True}}, "is not known here"),
        ({"colour": "red"}, "is not known here"),
        ({"name": {"en": "x"}}, "zh-TW"),
    ],
)
def test_a_wrong_thing_is_told_what_is_wrong(changes: dict[str, Any], rule: str) -> None:
    with pytest.raises(SheetInvalid) as refused:
        parse_thing("thing.pot", thing_body(**changes))
    assert any(rule in str(fault) for fault in refused.value.faults), refused.value.faults


@pytest.mark.parametrize(
    ("before", "value", "resident", "held", "withheld"),
    [
        (0, 100_000, True, False, 0),  # at the step, not above it
        (0, 100_001, True, True, 0),
        (32_000, 68_000, True, False, 0),
        (32_001, 68_000, True, True, 0),
        (0, 2_000_000, True, True, 0),
        (0, 2_000_001, True, True, 200_000),
        (1_990_000, 20_000, True, True, 2_000),  # the prize that passes the step, and it alone
        (2_500_000, 999, True, True, 99),  # rounded down
        (0, 100_000, False, False, 0),
        (0, 100_001, False, True, 20_000),
        (2_500_000, 100_000, False, True, 20_000),
    ],
)
def test_the_tax_of_taiwan(before: int, value: int, *, resident: bool, held: bool, withheld: int) -> None:
    found = assess(DEFAULT_LAW, before, value, taxed=False, resident=resident)
    assert (found.held, found.withheld_minor) == (held, withheld)


def test_the_sheet_of_a_prize_may_ask_for_the_step_and_dials_may_be_other() -> None:
    assert assess(DEFAULT_LAW, 0, 1, taxed=True, resident=True).held
    law = parse_law("law.XX", {
        "currency": "USD", "tax_step_above_minor": 60_000, "withhold_above_minor": 500_000,
        "withhold_resident_ppm": 240_000, "withhold_other_above_minor": 0, "withhold_other_ppm": 300_000,
        "keep_identity_days": 0,
    })  # fmt: skip
    assert law == Law("USD", 60_000, 0, 0, 500_000, 240_000, 0, 300_000, 0)
    assert assess(law, 0, 500_001, taxed=False, resident=True).withheld_minor == 120_000
    assert not assess(Law("USD", 0, 0, 0), 10**9, 10**9, taxed=False, resident=True).held, "0 bounds nothing"


@given(before=st.integers(0, 10**9), values=st.lists(st.integers(1, 10**8), max_size=8), resident=st.booleans())
def test_a_year_never_withholds_more_than_its_rate_and_never_less_for_more(
    before: int, values: list[int], *, resident: bool
) -> None:
    total = before
    for value in values:
        found = assess(DEFAULT_LAW, total, value, taxed=False, resident=resident)
        assert (
            found.withheld_minor <= value * (DEFAULT_LAW.resident_ppm if resident else DEFAULT_LAW.other_ppm) // 10**6
        )
        assert found.held or found.withheld_minor == 0
        assert (
            assess(DEFAULT_LAW, total + 1, value, taxed=False, resident=resident).withheld_minor >= found.withheld_minor
        )
        total += value


def test_a_day_is_over_at_midnight_of_the_season() -> None:
    taipei = ZoneInfo("Asia/Taipei")
    assert over_at(date(2027, 3, 10), 1, taipei).astimezone(UTC) == datetime(2027, 3, 11, 16, tzinfo=UTC)
    assert over_at(date(2027, 12, 31), 0, taipei).isoformat() == "2028-01-01T00:00:00+08:00"


@pytest.mark.parametrize("state", list(PrizeState))
def test_every_state_says_why_it_is_not_the_one_that_is_asked_for(state: PrizeState) -> None:
    code = {
        PrizeState.FULFILLED: "PRIZE_HANDED_OVER", PrizeState.FORFEITED: "PRIZE_FORFEITED",
        PrizeState.EXPIRED: "PRIZE_EXPIRED",
    }.get(state, "PRIZE_STATE")  # fmt: skip
    others = [each for each in PrizeState if each is not state]
    assert refusal(lambda: lives.refuse_unless(won(state), NOW, *others)) == code
    over = won(state, due_at=NOW)
    if state not in ENDS:
        lives.refuse_unless(won(state), NOW, state)
        assert refusal(lambda: lives.refuse_unless(over, NOW, state)) == "PRIZE_EXPIRED", "its first instant too late"


def test_what_is_not_fulfilled_is_nobodys_income() -> None:
    taxed = won(PrizeState.READY, tax_year=2027, withheld_minor=5, delivery=Delivery.POST)
    kept = lives.end(taxed, PrizeState.FULFILLED, NOW)
    lost = lives.end(taxed, PrizeState.FORFEITED, NOW, "a bot")
    assert (kept.tax_year, kept.withheld_minor, kept.due_at, kept.ended_at) == (2027, 5, None, NOW)
    assert (lost.tax_year, lost.withheld_minor, lost.reason) == (None, 0, "a bot")


@pytest.mark.parametrize("state", list(PrizeState))
def test_stock_is_kept_between_the_claim_and_the_end(state: PrizeState) -> None:
    kept = state in (PrizeState.TAX_HOLD, PrizeState.CLAIMED, PrizeState.READY)
    assert won(state, store_id=uuid4(), delivery=Delivery.STORE).keeps_stock is kept
    assert not won(state).keeps_stock


@given(
    number=st.integers(0, CODES - 1), at=st.integers(0, 15), symbol=st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
)
def test_a_code_with_one_wrong_symbol_is_no_code(number: int, at: int, symbol: str) -> None:
    code = write_code(number)
    wrong = code[:at] + symbol + code[at + 1 :]
    assert read_code(code.lower()) == code
    assert wrong == code or read_code(wrong) is None


def test_a_paper_opens_in_its_own_place_and_with_its_own_key_alone() -> None:
    vault, mine, other = PapersVault(b"secret"), place_of(UUID(int=1), UUID(int=2), "identity"), b"elsewhere"
    sealed = vault.seal(b"A223456781", b"n" * 12, mine)
    assert b"A223" not in sealed
    assert vault.unseal(sealed, mine) == b"A223456781"
    for opener, place in ((vault, other), (PapersVault(b"another"), mine), (AesVault(b"secret"), mine),
                          (vault, place_of(UUID(int=2), UUID(int=1), "identity")),
                          (vault, place_of(UUID(int=1), UUID(int=2), "address"))):  # fmt: skip
        with pytest.raises(InvalidTag):
            opener.unseal(sealed, place)
