"""Receipts: what verifies, and that altering any field of one is caught; a second verifier, written from the page."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rewards.fairness.rules import SetBy, seal_document
from rewards.gacha.rules.chains import check_together
from rewards.gacha.rules.verifying import Verdict, read_document, seeds_of, verify
from tests.gacha_receipts import NEXT_SEED, SEED, receipts
from tests.gacha_sheets import bodies, odds_body, prize

Json = Any


def judge(document: Json, *others: Json) -> Verdict:
    return verify("file", document, seeds_of([document, *others]))


def limited_body() -> dict[str, Any]:
    return odds_body(
        prizes=[
            prize("top", "TOP", 300_000, stock=2, when_gone="FALLBACK", fallback="stand-in"),
            prize("stand-in", "TOP", 0), prize("good", "GUARANTEE", 50_000), prize("plain", "PLAIN", 650_000),
        ]
    )  # fmt: skip


# --- a second verifier, from docs/fairness.md alone: no import of the house


def second_opinion(text: str) -> str | None:
    """None where the receipt holds, else what is wrong."""
    receipt = json.loads(text)
    seed = bytes.fromhex(receipt.pop("serverSeedHex"))
    stated_seal = receipt.pop("seal")
    odds, key = receipt["odds"], receipt["index"] - 1
    if hashlib.sha256(seed).hexdigest() != receipt["commitSha256"]:
        return "commitment"
    if hmac.new(seed, b"gf1r|" + plain_json(receipt), hashlib.sha256).hexdigest() != stated_seal:
        return "seal"
    if hashlib.sha256(plain_json(odds)).hexdigest() != receipt["oddsHash"]:
        return "odds"
    pity, lucky, made = receipt["pityAtStart"], False, {}
    for number in range(receipt["index"]):
        nonce = receipt["nonce"] - key + number
        last_of_ten = odds.get("ten_guarantee", False) and receipt["count"] == 10 and number == 9
        made = second_draw(seed, receipt, odds, nonce, pity, last_of_ten and not lucky)
        made |= {"pityBefore": pity, "guarantee": {"nothingBefore": not lucky, "applied": len(made["rolls"]) == 3}}
        pity = made["pityAfter"]
        lucky = lucky or made["class"] != "PLAIN"
    differing = [name for name in made if name != "class" and made[name] != receipt[name]]
    if differing:
        return ", ".join(differing)
    stand_in = {each["code"]: each.get("fallback") for each in odds["prizes"]}[receipt["rolledPrize"]]
    award = (receipt["awardedPrize"], receipt["why"])
    return None if award in ((receipt["rolledPrize"], None), (stand_in, "SOLD_OUT")) else "award"


def second_draw(seed: bytes, receipt: Json, odds: Json, nonce: int, pity: int, due: bool) -> dict[str, Any]:
    rolls: list[dict[str, Any]] = []

    def roll(label: str, limit: int) -> int:
        block = 0
        while True:
            parts = [receipt[name] for name in ("pool", "oddsVersion", "member", "clientSeed")]
            message = "|".join([label, *parts, str(nonce), str(block)])
            number = int.from_bytes(hmac.new(seed, message.encode(), hashlib.sha256).digest()[:8], "big")
            if number < 2**64 // limit * limit:
                rolls.append({"label": label, "limit": limit, "block": block, "value": number % limit})
                return number % limit
            block += 1

    def pick(label: str, prizes: list[Any]) -> Any:
        value = roll(label, sum(each["weight"] for each in prizes))
        total = 0
        for each in prizes:
            total += each["weight"]
            if value < total:
                return each
        raise AssertionError(label)

    tops = [each for each in odds["prizes"] if each["class"] == "TOP"]
    top = roll("gf1", 1_000_000) < second_hazard(odds.get("hazard", {}), sum(each["weight"] for each in tops), pity + 1)
    chosen = pick("gf1p", tops if top else [each for each in odds["prizes"] if each["class"] != "TOP"])
    if due and chosen["class"] == "PLAIN":
        chosen = pick("gf1t", [each for each in odds["prizes"] if each["class"] == "GUARANTEE"])
    after = 0 if top else pity + 1
    return {"rolls": rolls, "rolledPrize": chosen["code"], "pityAfter": after, "class": chosen["class"]}


def second_hazard(hazard: Json, base: int, draw: int) -> int:
    if "ceiling" in hazard and draw >= hazard["ceiling"]:
        return 1_000_000
    if "rises_from" in hazard and draw >= hazard["rises_from"]:
        return int(min(1_000_000, base + hazard["step_ppm"] * (draw - hazard["rises_from"] + 1)))
    reached = [each["ppm"] for each in hazard.get("raised", []) if each["draw"] <= draw]
    return int(reached[-1]) if reached else base


def plain_json(value: Json) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# --- the tests


@settings(max_examples=150)
@given(bodies(), st.sampled_from([1, 10]), st.integers(0, 50), st.integers(0, 300), st.booleans())
def test_two_verifiers_agree_on_receipts_of_any_sheet(
    body: dict[str, Any], count: int, nonce: int, pity: int, sold_out: bool
) -> None:
    stocked = frozenset(each["code"] for each in body["prizes"] if "stock" in each)
    for document in receipts(body, count=count, nonce=nonce, pity=pity, gone=stocked if sold_out else frozenset()):
        verdict = judge(document)
        assert verdict.is_proved, verdict.wrong
        assert second_opinion(json.dumps(document)) is None


def paths(value: Json, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside, objects and lists too."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from paths(each, (*path, key))


def altered(value: Json) -> list[Json]:
    """Other values for one: of the same type, of another, and none."""
    if isinstance(value, bool):
        return [not value, int(value)]
    if isinstance(value, int):
        return [value + 1, value - 1, str(value), float(value), bool(value) if value in (0, 1) else None]
    if isinstance(value, str):
        last = "0" if value[-1:] != "0" else "1"
        return [value[:-1] + last, value + "x", "", None, value.upper() if value.upper() != value else "x"]
    if value is None:
        return ["x", 0, False]
    return [None, {} if value else {"x": 1}, []]


def at(document: Json, path: tuple[Any, ...]) -> tuple[Json, Any]:
    for key in path[:-1]:
        document = document[key]
    return document, path[-1]


@pytest.mark.parametrize("index", [1, 10])
def test_every_field_that_is_altered_is_caught(index: int) -> None:
    document = receipts(odds_body(), count=10, nonce=3, pity=2)[index - 1]
    assert judge(document).is_proved
    tried = 0
    for path in list(paths(document)):
        for other in altered(at(document, path)[0][path[-1]]):
            changed = copy.deepcopy(document)
            inside, key = at(changed, path)
            inside[key] = other
            assert judge(changed, document).wrong, (path, other)
            tried += 1
        gone = copy.deepcopy(document)
        inside, key = at(gone, path)
        del inside[key]
        if path != ("serverSeedHex",):
            assert judge(gone, document).wrong, path
        if isinstance(inside, dict):
            inside[f"{key}2"] = 1
            assert judge({**gone}, document).wrong, path
    assert tried > 300
    assert judge({**document, "more": 1}).wrong


def test_each_check_stands_by_itself_when_a_forger_makes_the_seal_anew() -> None:
    """Who has the revealed seed can seal again; what the seed proves still cannot be altered."""
    # A command without a TOP before this draw, so that its pity tells where the command began.
    commands = (receipts(odds_body(hazard=None), count=10, nonce=nonce, pity=2) for nonce in range(100))
    document = next(drawn[4] for drawn in commands if drawn[4]["pityBefore"] == 6)
    proved = {
        "pool": "pol_x", "oddsVersion": "v2", "member": "mem_x", "clientSeed": "bob", "nonce": 200,
        "pityAtStart": 3, "pityBefore": 7, "pityAfter": 9, "rolledPrize": "good", "awardedPrize": "good",
        "why": "SOLD_OUT", "commitSha256": "00", "oddsHash": "00", "format": "x", "rolls": document["rolls"][::-1],
        "payment": {"currency": "DIAMONDS", "amount": 11},
        "guarantee": {**document["guarantee"], "applied": not document["guarantee"]["applied"]},
    }  # fmt: skip
    for key, other in proved.items():
        forged = {**document, key: other}
        forged["seal"] = seal_document(SEED, forged)
        assert judge(forged).wrong, key
    nothing = {**document["guarantee"], "nothingBefore": not document["guarantee"]["nothingBefore"]}
    forged = {**document, "guarantee": nothing}
    forged["seal"] = seal_document(SEED, forged)
    assert judge(forged).wrong


def test_a_receipt_before_the_reveal_is_not_proved_and_nothing_in_it_is_wrong() -> None:
    [document] = receipts(odds_body(), revealed=False)
    verdict = judge(document)
    assert (verdict.wrong, verdict.is_proved) == ([], False)
    assert any("not revealed" in each for each in verdict.claimed)
    assert judge(document, {"serverSeedHex": SEED.hex()}).is_proved
    assert judge({**document, "serverSeedHex": NEXT_SEED.hex()}).wrong


def test_what_the_server_alone_knows_is_said_to_be_its_claim() -> None:
    body = limited_body()
    found = receipts(body, count=10, gone=frozenset({"top"}), set_by=SetBy.SERVER)
    sold = next(each for each in found if each["why"])
    verdict = judge(sold)
    assert verdict.is_proved
    assert any("sold out is the server's claim" in each for each in verdict.claimed)
    assert any("unground not shown" in each for each in verdict.claimed)


def together(documents: list[Json]) -> tuple[list[str], list[str]]:
    """What receipts prove together, and what is wrong with any of them."""
    verdicts = [verify(each["id"], each, seeds_of(documents)) for each in documents]
    proved = check_together(verdicts)
    return proved, [wrong for each in verdicts for wrong in each.wrong]


def test_receipts_in_a_row_prove_that_nonces_and_pity_follow() -> None:
    body = odds_body()
    first = receipts(body, count=10)
    then = receipts(body, nonce=10, pity=first[-1]["pityAfter"])
    proved, wrong = together([*then, *first])
    assert wrong == []
    assert len(proved) == 1
    assert "nonce 0 to 10" in proved[0]


def test_receipts_that_contradict_each_other_are_caught() -> None:
    body = odds_body()
    first = receipts(body, count=10)
    after = first[-1]["pityAfter"]
    assert "pityBefore" in str(together([*first, *receipts(body, nonce=10, pity=after + 1)])[1])
    assert "pityBefore" in str(together(receipts(body, pity=3))[1])
    assert "nonce 0" in str(together([*receipts(body), *receipts(body, client_seed="bob")])[1])
    other = receipts(body, epoch=2, seed=bytes(32), next_seed=SEED)
    assert "had committed to" in str(together([*first, *other])[1])
    fine = receipts(body, epoch=2, seed=NEXT_SEED, next_seed=SEED, pity=after)
    assert together([*first, *fine])[1] == []
    assert "nextCommitSha256" in str(together([*first, *receipts(body, nonce=10, pity=after, next_seed=SEED)])[1])


def test_draws_of_one_command_must_stand_together() -> None:
    third, fourth = receipts(odds_body(), count=10)[2:4]
    moved = {**fourth, "index": 5}
    moved["seal"] = seal_document(SEED, moved)
    assert "same command" in str(together([third, moved])[1])
    assert together([third, fourth])[1] == []


def test_pity_may_end_with_a_new_version_only_as_the_odds_say() -> None:
    first = receipts(odds_body(), count=10)
    after = first[-1]["pityAfter"]
    assert after > 0
    fresh = odds_body(carries_pity=False)
    assert together([*first, *receipts(fresh, nonce=10, version=2)])[1] == []
    assert "under the new odds" in str(together([*first, *receipts(fresh, nonce=10, version=2, pity=after)])[1])
    assert together([*first, *receipts(odds_body(), nonce=10, version=2, pity=after)])[1] == []
    assert "under the new odds" in str(together([*first, *receipts(odds_body(), nonce=10, version=2)])[1])


@pytest.mark.parametrize("text", ["", "[]", "1", '{"a":1,"a":2}', '{"a":1.5}', '{"a":NaN}', "{"])
def test_what_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_document(text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inside: (
    st.lists(inside, max_size=4) | st.dictionaries(st.text(max_size=5), inside, max_size=4)
)))  # fmt: skip
def test_no_document_whatever_makes_the_verifier_fall_over(value: Json) -> None:
    document = receipts(odds_body())[0]
    assert judge(value if isinstance(value, dict) else {"format": value}).wrong
    for key in ("odds", "rolls", "guarantee", "payment", "clientSeed", "nonce"):
        if value != document[key]:
            assert judge({**document, key: value}).wrong
