"""Card numbers, statuses and what recognises a person who comes back."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.members.rules import (
    IdentityKind,
    Member,
    MemberStatus,
    card_number,
    check_digit,
    is_card_number,
    person_hash,
    refuse_unfit,
    search_subjects,
)
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from tests.seeding import NOW

SERIALS = st.integers(0, 10**10 - 1)
MEMBER = Member(UUID(int=1), "2900000000001", MemberStatus.ACTIVE, "Asia/Taipei", "zh-TW", None, None, NOW, None)


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        ("629104150021", "3"),  # the worked example of GS1's General Specifications
        ("400638133393", "1"),
        ("590123412345", "7"),
        ("978014300723", "4"),
        ("000000000000", "0"),
    ],
)
def test_a_check_digit_is_what_gs1_says(body: str, digit: str) -> None:
    assert check_digit(body) == digit


@given(SERIALS)
def test_a_card_number_has_thirteen_digits_our_prefix_and_a_check_digit(serial: int) -> None:
    card = card_number(serial)
    assert len(card) == 13
    assert card.startswith("29")
    assert int(card[2:12]) == serial
    assert is_card_number(card)


@given(SERIALS, st.integers(0, 12), st.integers(1, 9))
def test_one_wrong_digit_is_noticed(serial: int, place: int, step: int) -> None:
    card = card_number(serial)
    wrong = card[:place] + str((int(card[place]) + step) % 10) + card[place + 1 :]
    assert not is_card_number(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "29",
        "6291041500213",
        card_number(1)[:12],
        card_number(1) + "0",
        " " + card_number(1)[1:],
        "２９" + "0" * 11,
        "29\x00" + "0" * 10,
    ],
)
def test_what_is_no_card_of_ours_is_none(text: str) -> None:
    assert not is_card_number(text)


def test_only_an_active_member_may_act() -> None:
    assert refuse_unfit(MEMBER) is MEMBER
    for unfit, code in (
        (None, LoyaltyCode.MEMBER_NOT_FOUND),
        (replace(MEMBER, status=MemberStatus.SUSPENDED), LoyaltyCode.MEMBER_SUSPENDED),
        (replace(MEMBER, status=MemberStatus.ERASED), LoyaltyCode.MEMBER_ERASED),
    ):
        with pytest.raises(LoyaltyRefused) as refused:
            refuse_unfit(unfit)
        assert refused.value.code is code
        assert not refused.value.facts


def test_a_person_is_recognised_only_with_the_pepper() -> None:
    known = person_hash(b"pepper", IdentityKind.EMAIL, "ada@example.com")
    assert known == person_hash(b"pepper", IdentityKind.EMAIL, "ada@example.com")
    assert len(known) == 32
    assert b"ada" not in known
    others = {
        person_hash(b"other", IdentityKind.EMAIL, "ada@example.com"),
        person_hash(b"pepper", IdentityKind.PHONE, "ada@example.com"),
        person_hash(b"pepper", IdentityKind.EMAIL, "eve@example.com"),
    }
    assert len({known, *others}) == 4


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("0912-345-678", ["0912-345-678", "0912345678", "+886912345678"]),
        ("+886 912 345 678", ["+886 912 345 678", "+886912345678"]),
        ("29 20967 844470", ["29 20967 844470", "2920967844470"]),
        ("mei lin", ["mei lin"]),
        ("٠٩١٢٣٤٥٦٧٨", ["٠٩١٢٣٤٥٦٧٨"]),
    ],
)
def test_a_number_is_found_however_it_was_spaced(text: str, subjects: list[str]) -> None:
    assert search_subjects(text) == subjects
