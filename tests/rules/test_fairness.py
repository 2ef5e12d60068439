"""Seeds, commitments and rolls, against vectors that another program made."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from loyalty.sheets.rules import canonical_json
from rewards.fairness.actions import AesVault
from rewards.fairness.rules import Place, Roll, check_client_seed, commitment, roll, seal_document
from rewards.refusals import RewardsCode, RewardsRefused

VECTORS = Path(__file__).parent / "vectors"
ROLLS = json.loads((VECTORS / "rolls.json").read_text(encoding="utf-8"))
SEED = bytes(range(32))
PLACE = Place("pool-a", "v1", "m-1", "alice", 0)


def test_the_golden_rolls_are_those_that_the_design_names() -> None:
    assert commitment(SEED).hex() == "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
    values = [roll(SEED, "gf1", 10**6, replace(PLACE, nonce=nonce)).value for nonce in range(3)]
    assert values == [144_209, 183_329, 16_174]


@pytest.mark.parametrize("vector", ROLLS["rolls"], ids=lambda each: f"{each['label']}-{each['limit']}-{each['nonce']}")
def test_every_vector_rolls_as_it_says(vector: dict[str, str]) -> None:
    place = Place(*(vector[key] for key in ("pool", "oddsVersion", "member", "clientSeed")), int(vector["nonce"]))
    found = roll(bytes.fromhex(ROLLS["serverSeedHex"]), vector["label"], int(vector["limit"]), place)
    assert found == Roll(vector["label"], int(vector["limit"]), int(vector["block"]), int(vector["value"]))


def test_the_vectors_reach_rejected_blocks() -> None:
    assert {int(each["block"]) for each in ROLLS["rolls"]} >= {0, 2, 5}


@pytest.mark.parametrize("vector", json.loads((VECTORS / "canonical.json").read_text(encoding="utf-8")))
def test_canonical_json_is_that_of_the_vectors(vector: dict[str, str]) -> None:
    assert canonical_json(vector["value"]) == vector["text"]


@given(st.binary(min_size=32, max_size=32), st.integers(1, 2**64), st.integers(0, 2**31 - 1))
def test_a_roll_stays_below_its_limit(seed: bytes, limit: int, nonce: int) -> None:
    found = roll(seed, "gf1", limit, replace(PLACE, nonce=nonce))
    assert 0 <= found.value < limit
    assert found == roll(seed, "gf1", limit, replace(PLACE, nonce=nonce))


@pytest.mark.parametrize(
    "other",
    [
        replace(PLACE, pool="pool-b"), replace(PLACE, odds_version="v2"), replace(PLACE, member="m-2"),
        replace(PLACE, client_seed="alicf"), replace(PLACE, nonce=1),
    ],
)  # fmt: skip
def test_every_part_of_the_place_counts(other: Place) -> None:
    assert roll(SEED, "gf1", 2**64, other) != roll(SEED, "gf1", 2**64, PLACE)
    assert roll(SEED, "gf1p", 2**64, PLACE).value != roll(SEED, "gf1", 2**64, PLACE).value


@pytest.mark.parametrize("text", ["a", "A-z_0" * 12 + "1234", "-", "_"])
def test_a_legal_client_seed_is_taken(text: str) -> None:
    assert check_client_seed(text) == text


@pytest.mark.parametrize("text", ["", "a" * 65, "a b", "a|b", "é", "a\n", "種", "１", "a.b"])
def test_an_illegal_client_seed_is_refused(text: str) -> None:
    with pytest.raises(RewardsRefused) as refused:
        check_client_seed(text)
    assert refused.value.code is RewardsCode.CLIENT_SEED_INVALID


def test_the_seal_covers_everything_but_itself_and_the_seed() -> None:
    document = {"nonce": 1, "pool": "pool-a"}
    sealed = seal_document(SEED, document)
    assert seal_document(SEED, {**document, "seal": sealed, "serverSeedHex": SEED.hex()}) == sealed
    assert seal_document(SEED, {**document, "nonce": 2}) != sealed
    assert seal_document(SEED, {**document, "more": 2}) != sealed
    assert seal_document(bytes(32), document) != sealed


def test_the_vault_gives_a_seed_back_at_its_place_alone() -> None:
    vault = AesVault(b"a secret")
    sealed = vault.seal(SEED, b"n" * 12, b"member and epoch")
    assert SEED not in sealed
    assert AesVault(b"a secret").unseal(sealed, b"member and epoch") == SEED
    for other, place, text in (
        (vault, b"another epoch", sealed),
        (AesVault(b"another secret"), b"member and epoch", sealed),
        (vault, b"member and epoch", sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(InvalidTag):
            other.unseal(text, place)
