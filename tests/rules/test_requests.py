"""The fingerprint of a request."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from game.board.rules.moves import Move, MoveKind
from loyalty.requests.rules import fingerprint, written

PLAIN = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
)
ARGUMENTS = st.dictionaries(st.text("abcdef", min_size=1, max_size=3), VALUES, max_size=5)


class Size(Enum):
    SMALL = 1
    LARGE = 2


@dataclass(frozen=True)
class Basket:
    code: str
    note: str | None = None


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@given(ARGUMENTS)
def test_the_order_of_keys_does_not_count(arguments: dict[str, Any]) -> None:
    turned = dict(reversed(arguments.items()))
    assert fingerprint("buy", arguments) == fingerprint("buy", turned)


@given(ARGUMENTS)
def test_null_and_absent_are_the_same_at_any_depth(arguments: dict[str, Any]) -> None:
    assert fingerprint("buy", arguments) == fingerprint("buy", without_nulls(arguments))
    assert fingerprint("buy", arguments) == fingerprint("buy", {**arguments, "zz": None})


@given(ARGUMENTS, ARGUMENTS)
def test_different_arguments_have_different_fingerprints(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = repr(sorted_keys(without_nulls(one))) == repr(sorted_keys(without_nulls(other)))
    assert (fingerprint("buy", one) == fingerprint("buy", other)) == same


def sorted_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    return [sorted_keys(item) for item in value] if isinstance(value, list) else value


def test_the_order_of_a_list_counts() -> None:
    assert fingerprint("buy", {"codes": ["a", "b"]}) != fingerprint("buy", {"codes": ["b", "a"]})
    assert fingerprint("buy", {"codes": ["a"]}) != fingerprint("buy", {"codes": ["a", None]})


def test_the_name_of_the_mutation_counts() -> None:
    assert fingerprint("buy", {"code": "a"}) != fingerprint("sell", {"code": "a"})


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, True), (0, False), (1, "1"), (None, ""), (None, 0), ("", []), ([], {}), ([[1], 2], [[1, 2]])],
)
def test_values_that_look_alike_are_not_the_same(one: Any, other: Any) -> None:
    assert fingerprint("buy", {"a": one}) != fingerprint("buy", {"a": other})


def test_typed_values_count_as_they_are_written() -> None:
    at = datetime(2026, 6, 15, 4, tzinfo=UTC)
    typed = {"size": Size.SMALL, "at": at, "on": date(2026, 6, 15), "id": UUID(int=7), "basket": Basket("x")}
    plain = {
        "size": "SMALL",
        "at": "2026-06-15T04:00:00+00:00",
        "on": "2026-06-15",
        "id": "00000000-0000-0000-0000-000000000007",
        "basket": {"code": "x"},
    }
    assert fingerprint("buy", typed) == fingerprint("buy", plain)
    assert fingerprint("buy", typed) != fingerprint("buy", {**typed, "size": Size.LARGE})
    assert fingerprint("buy", {"basket": Basket("x")}) != fingerprint("buy", {"basket": Basket("x", "gift")})


@pytest.mark.parametrize("value", [1.5, b"bytes", {1, 2}, object()])
def test_what_has_no_canonical_form_is_a_bug(value: object) -> None:
    with pytest.raises(TypeError):
        fingerprint("buy", {"a": value})


def test_the_fingerprint_is_stable_over_versions() -> None:
    # Requests that were answered before a deployment are retried after it.
    asked = {"storeId": UUID(int=1), "lines": [{"amount": 100, "name": "茶"}], "note": None}
    written = (
        '{"arguments":{"lines":[{"amount":100,"name":"茶"}],"storeId":"00000000-0000-0000-0000-000000000001"},'
        '"mutation":"recordReceipt"}'
    )
    assert fingerprint("recordReceipt", asked) == hashlib.sha256(written.encode()).digest()


@given(ARGUMENTS)
def test_a_fingerprint_is_that_of_compact_json_in_the_order_of_keys(arguments: dict[str, Any]) -> None:
    asked = {"mutation": "buy", "arguments": without_nulls(arguments)}
    told = json.dumps(asked, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert fingerprint("buy", arguments) == hashlib.sha256(told.encode()).digest()


@given(ARGUMENTS, st.integers())
@example({"a": -(2**63) - 1}, 2**64)
def test_what_was_written_before_counts_as_what_it_stands_for(arguments: dict[str, Any], number: int) -> None:
    asked = {"part": [arguments, {"a": 1}], "number": number}
    again = {"part": [written(arguments), written({"a": 1})], "number": number}
    assert fingerprint("buy", again) == fingerprint("buy", asked)


def test_a_move_that_was_written_counts_as_the_move() -> None:
    moves = [Move(MoveKind.TAP, 5), Move(MoveKind.MERGE, 1, 2)]
    assert fingerprint("play", {"moves": [written(each) for each in moves]}) == fingerprint("play", {"moves": moves})
    named = [{"kind": each.kind.name, "first": each.first, "second": each.second} for each in moves]
    assert fingerprint("play", {"moves": moves}) == fingerprint("play", {"moves": named})
