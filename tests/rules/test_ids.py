"""TypeIDs, by the vectors of the specification (version 0.3), and the minting of UUIDv7."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.runtime.clock import Mint, SeededDice
from loyalty.ids import from_typeid, to_typeid, typeid_prefix

VECTORS = [
    ("00000000-0000-0000-0000-000000000000", "00000000000000000000000000"),
    ("00000000-0000-0000-0000-000000000001", "00000000000000000000000001"),
    ("00000000-0000-0000-0000-00000000000a", "0000000000000000000000000a"),
    ("00000000-0000-0000-0000-000000000010", "0000000000000000000000000g"),
    ("00000000-0000-0000-0000-000000000020", "00000000000000000000000010"),
    ("ffffffff-ffff-ffff-ffff-ffffffffffff", "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
    ("0110c853-1d09-52d8-d73e-1194e95b5f19", "0123456789abcdefghjkmnpqrs"),
    ("01890a5d-ac96-774b-bcce-b302099a8057", "01h455vb4pex5vsknk084sn02q"),
]


@pytest.mark.parametrize(("number", "suffix"), VECTORS)
def test_an_id_is_written_and_read_as_the_specification_says(number: str, suffix: str) -> None:
    assert to_typeid("mem", UUID(number)) == f"mem_{suffix}"
    assert from_typeid("mem", f"mem_{suffix}") == UUID(number)


@given(st.uuids())
def test_every_id_comes_back(value: UUID) -> None:
    text = to_typeid("cpn", value)
    assert from_typeid("cpn", text) == value
    assert typeid_prefix(text) == "cpn"


@given(st.uuids(), st.uuids())
def test_written_ids_sort_as_the_ids_do(one: UUID, other: UUID) -> None:
    assert (to_typeid("mem", one) < to_typeid("mem", other)) == (one < other)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mem",
        "mem_",
        "_00000000000000000000000000",
        "00000000000000000000000000",
        "cpn_00000000000000000000000000",
        "mem_0000000000000000000000000",
        "mem_000000000000000000000000000",
        "mem_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "mem_0000000000000000000000000A",
        "mem_0000000000000000000000000i",
        "mem_0000000000000000000000000l",
        "mem_0000000000000000000000000o",
        "mem_0000000000000000000000000u",
        "mem_0000000000000000000000000-",
        "mem_000000000000000000000000é0",
        "mem_ffffffff-ffff-ffff-ffff-ff",
        "MEM_00000000000000000000000000",
        " mem_00000000000000000000000000",
        "mem_mem_00000000000000000000000000",
    ],
)
def test_what_is_no_id_of_this_kind_is_nobody(text: str) -> None:
    assert from_typeid("mem", text) is None


def test_minted_ids_are_version_7_of_their_instant() -> None:
    at = datetime(2026, 6, 15, 4, 0, 0, 123456, tzinfo=UTC)
    minted = Mint(SeededDice(1))(at)
    assert minted.version == 7
    assert minted.variant == "specified in RFC 4122"
    assert minted.int >> 80 == int(at.timestamp() * 1000)


def test_ids_minted_in_one_millisecond_ascend() -> None:
    mint = Mint(SeededDice(1))
    at = datetime(2026, 6, 15, tzinfo=UTC)
    minted = [mint(at + timedelta(microseconds=index // 100)) for index in range(20_000)]
    assert all(one < other for one, other in pairwise(minted)), "more than twelve bits of a sequence could tell apart"
    assert {each.int >> 80 for each in minted} == {int(at.timestamp() * 1000)}
    assert {(each.version, each.variant) for each in minted} == {(7, RFC_4122)}


def test_ids_of_instants_that_take_turns_ascend_within_each() -> None:
    mint = Mint(SeededDice(2))
    instants = [datetime(2026, 6, 15, tzinfo=UTC) + timedelta(milliseconds=each) for each in (5, 0, 9)]
    minted = [[mint(each) for each in instants] for _ in range(3_000)]
    for column in zip(*minted, strict=True):
        assert all(one < other for one, other in pairwise(column))
