"""Cursors, `first`, ids, locales, messages and request ids: what every schema shares."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from api.graphql.errors import HttpError
from api.graphql.headers import read_once
from api.graphql.http import check_content_type, choose_media_type
from api.graphql.messages import LOCALES, WORDINGS, choose_locale, say
from api.graphql.nodes import parse_id, write_id
from api.graphql.pages import check_first, connection, read_cursor, write_cursor
from api.graphql.refusal import CODES, HOUSES, gather_codes, refusal_from, request_key
from api.graphql.scalars import DATE, DATE_TIME
from api.identity.rules import MemberCaller
from api.refusals import BadInput, EdgeCode, EdgeRefused
from loyalty.refusals import LoyaltyCode, LoyaltyRefused


@given(st.text(max_size=40), st.integers(-(2**40), 2**40))
def test_a_cursor_gives_back_its_keys(text: str, number: int) -> None:
    assert read_cursor("rows", write_cursor("rows", text, number), str, int) == (text, number)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "é",
        "=",
        "W10",
        write_cursor("other", "a"),
        write_cursor("rows", 1),
        write_cursor("rows", "a", "b"),
        "W" * 9999,
    ],
)
def test_a_cursor_of_another_list_or_hand_is_refused(cursor: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_cursor("rows", cursor, str)
    assert refused.value.field == "after"


@given(st.text())
def test_any_text_for_a_cursor_is_read_or_refused(text: str) -> None:
    with suppress(BadInput):
        read_cursor("rows", text, str)


def test_no_cursor_begins_at_the_beginning() -> None:
    assert read_cursor("rows", None, str) is None


def test_first_is_one_to_a_hundred() -> None:
    assert [check_first(first) for first in (1, 100)] == [1, 100]
    for first in (0, -1, 101, 2**31 - 1):
        with pytest.raises(BadInput, match="1 to 100"):
            check_first(first)


def test_a_page_knows_whether_more_follows() -> None:
    page = connection([1, 2, 3], 2, str, lambda row: f"c{row}")
    assert (page.nodes, page.page_info.has_next_page, page.page_info.end_cursor) == (["1", "2"], True, "c2")
    last = connection([3], 2, str, lambda row: f"c{row}")
    assert (last.page_info.has_next_page, last.page_info.end_cursor) == (False, "c3")
    assert connection([], 2, str, str).page_info.end_cursor is None


def test_ids_are_read_as_they_were_written_and_nothing_else() -> None:
    value = uuid4()
    assert parse_id("off", write_id("off", value), "offerId") == value
    for text in ("", "off_", str(value), write_id("cpn", value), write_id("off", value).upper(), "off_" + "z" * 26):
        with pytest.raises(BadInput) as refused:
            parse_id("off", text, "offerId")
        assert refused.value.field == "offerId"


@pytest.mark.parametrize(
    ("header", "locale"),
    [
        (None, "en"),
        ("", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh-TW"),
        ("zh-Hant-HK", "zh-TW"),
        ("en;q=0.5, zh;q=0.6", "zh-TW"),
        ("fr, de;q=0.9", "en"),
        ("zh;q=0, en;q=0.1", "en"),
        ("zh;q=x", "en"),
        ("," * 9999, "en"),
    ],
)
def test_the_language_follows_accept_language(header: str | None, locale: str) -> None:
    assert choose_locale(header) == choose_locale(header) == locale


def test_headers_that_were_refused_are_refused_again() -> None:
    for _ in range(2):
        with pytest.raises(HttpError) as refused:
            choose_media_type("text/csv")
        assert refused.value.status == 406
        with pytest.raises(HttpError) as refused:
            check_content_type("text/csv")
        assert refused.value.status == 415


def test_a_header_is_read_once_unless_it_is_long_or_pushed_out() -> None:
    read: list[str | None] = []

    def meaning(header: str | None) -> int:
        read.append(header)
        return len(header or "")

    look = read_once(meaning)
    assert [look(each) for each in ("a", "a", None, None, "bb", "a")] == [1, 1, 0, 0, 2, 1]
    assert read == ["a", None, "bb"]
    assert [look("c" * 5_000) for _ in range(2)] == [5_000, 5_000]
    assert len(read) == 5
    for number in range(1_000):
        look(f"{number}")
    assert look("a") == 1
    assert read[-1] == "a"


def test_every_code_of_every_house_is_worded_in_both_languages_and_says_what_to_do() -> None:
    assert set(WORDINGS) == set(CODES)
    for code, wording in WORDINGS.items():
        assert wording.en and wording.zh_tw and wording.what_to_do, code
        assert wording.en != wording.zh_tw, code
        for locale in LOCALES:
            assert say(wording, locale, {})


def test_two_houses_cannot_use_one_code() -> None:
    assert gather_codes(*HOUSES)
    with pytest.raises(AssertionError, match="is a code of"):
        gather_codes("loyalty.refusals", "loyalty.refusals")


def test_a_refusal_is_told_in_the_callers_language_with_its_facts() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    refused = LoyaltyRefused(LoyaltyCode.NOT_ENOUGH, currency="POINTS", needed=500, available=20)
    assert refusal_from(refused, "en").message == "Not enough points: 500 needed, 20 available."
    assert refusal_from(refused, "zh-TW").message == "點數不足：需要 500，目前可用 20。"
    later = refusal_from(EdgeRefused(EdgeCode.RATE_LIMITED, retryable=True, retry_at=at), "en")
    assert (later.code.name, later.retryable, later.retry_at) == ("RATE_LIMITED", True, at)


def context() -> Any:
    return SimpleNamespace(caller=MemberCaller(UUID(int=7)))


def test_a_request_is_named_by_its_caller_its_id_and_what_it_asks() -> None:
    identity = str(uuid4())
    key = request_key(context(), "buyCoupon", identity, {"offerId": "off_1", "note": None})
    assert (key.scope, str(key.id)) == (UUID(int=7), identity)
    assert key == request_key(context(), "buyCoupon", identity.upper(), {"offerId": "off_1"})
    assert key.hash != request_key(context(), "buyCoupon", identity, {"offerId": "off_2"}).hash
    assert key.hash != request_key(context(), "buyGift", identity, {"offerId": "off_1"}).hash


@pytest.mark.parametrize("text", ["", "1", "g" * 36, "{" + "0" * 32 + "}", "0" * 32, "x" * 10_000])
def test_a_request_id_that_is_no_uuid_is_refused(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        request_key(context(), "buyCoupon", text, {})
    assert refused.value.field == "requestId"


def test_times_are_written_in_utc_and_read_with_any_offset() -> None:
    taipei = datetime(2026, 1, 31, 20, tzinfo=timezone(timedelta(hours=8)))
    assert DATE_TIME.serialize is not None
    assert DATE_TIME.parse_value is not None
    assert DATE_TIME.serialize(taipei) == "2026-01-31T12:00:00+00:00"
    assert DATE_TIME.parse_value("2026-01-31T20:00:00+08:00") == taipei
    for text in ("2026-01-31T12:00:00", "yesterday", 5, None, "0001-01-01T00:00:00+14:00"):
        with pytest.raises(GraphQLError):
            DATE_TIME.parse_value(text)


def test_days_are_written_and_read_whole() -> None:
    assert DATE.serialize is not None
    assert DATE.parse_value is not None
    assert DATE.serialize(date(2026, 1, 31)) == "2026-01-31"
    assert DATE.parse_value("2026-01-31") == date(2026, 1, 31)
    for text in ("2026-02-30", "20260131", "2026-W05-6", 5, ""):
        with pytest.raises(GraphQLError):
            DATE.parse_value(text)
