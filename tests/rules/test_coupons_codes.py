"""Codes and tokens of coupons."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards.coupons.rules.codes import (
    ALPHABET,
    CHECKS,
    CODES,
    provisioning,
    read_code,
    split_presented,
    token_at,
    token_fits,
    write_code,
)

NUMBERS = st.integers(0, CODES - 1)
SECRET = b"12345678901234567890"


@given(NUMBERS)
def test_a_written_code_is_read_back(number: int) -> None:
    code = write_code(number)
    assert len(code) == 16
    assert read_code(code) == code
    assert read_code(f"{code[:4]}-{code[4:8]} {code[8:]}".lower()) == code


@given(NUMBERS, st.integers(0, 15), st.sampled_from(CHECKS))
def test_one_wrong_symbol_is_noticed(number: int, place: int, symbol: str) -> None:
    code = write_code(number)
    if code[place] == symbol:
        return
    assert read_code(code[:place] + symbol + code[place + 1 :]) is None


@given(NUMBERS, st.integers(0, 14))
def test_two_neighbours_swapped_are_noticed(number: int, place: int) -> None:
    code = write_code(number)
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    assert swapped == code or read_code(swapped) is None


def test_letters_that_look_like_digits_are_read_as_digits() -> None:
    number = next(n for n in range(32, 2000) if write_code(n)[-1] in "01" and "1" in write_code(n)[:-1])
    code = write_code(number)
    assert read_code(code.replace("0", "o").replace("1", "l")) == code
    assert read_code(code.replace("0", "O").replace("1", "I")) == code


@pytest.mark.parametrize("text", ["", ".", "0" * 15, "0" * 17, "U" * 16, "é" * 16, "0" * 15 + "1", "😀" * 16])
def test_what_is_no_code_is_not_read(text: str) -> None:
    assert read_code(text) is None


def test_a_scanned_text_is_parted_into_code_and_token() -> None:
    code = write_code(123456789)
    assert split_presented(f"{code}.123456") == (code, "123456")
    assert split_presented(code) == (code, None)
    assert split_presented(f" {code}. ") == (code, None)
    assert split_presented("nonsense.123456") == (None, "123456")
    assert ALPHABET in CHECKS


@pytest.mark.parametrize(
    ("algorithm", "length", "seconds", "token"),
    [
        ("sha1", 20, 59, "94287082"),
        ("sha256", 32, 59, "46119246"),
        ("sha512", 64, 59, "90693936"),
        ("sha1", 20, 1111111109, "07081804"),
        ("sha256", 32, 1111111109, "68084774"),
        ("sha512", 64, 1111111109, "25091201"),
        ("sha1", 20, 1234567890, "89005924"),
        ("sha1", 20, 2000000000, "69279037"),
        ("sha1", 20, 20000000000, "65353130"),
        ("sha256", 32, 20000000000, "77737706"),
        ("sha512", 64, 20000000000, "47863826"),
    ],
)
def test_tokens_agree_with_the_vectors_of_rfc_6238(algorithm: str, length: int, seconds: int, token: str) -> None:
    secret = (b"1234567890" * 7)[:length]
    at = datetime.fromtimestamp(seconds, UTC)
    assert token_at(secret, at, digits=8, algorithm=algorithm) == token


def test_a_token_lives_one_step_either_side() -> None:
    at = datetime(2026, 3, 1, 12, 0, 15, tzinfo=UTC)
    token = token_at(SECRET, at)
    for seconds in (-45, -30, 0, 14, 30, 44):
        assert token_fits(SECRET, token, at + timedelta(seconds=seconds))
    for seconds in (-46, 45, 3600):
        assert not token_fits(SECRET, token, at + timedelta(seconds=seconds))
    assert not token_fits(SECRET, "é", at)
    assert provisioning(SECRET) == "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
