"""Verifying receipts of draws with nothing but the receipts: what is proved, what is only claimed, what is wrong.

Needs no server and no database. docs/fairness.md says the same in words, so that anybody can write another verifier.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from loyalty.ledger.rules import Currency
from loyalty.refusals import Refused
from loyalty.sheets.rules import check_plain, digest
from rewards.fairness.rules import CLIENT_SEED, Place, Roll, SetBy, commitment, roll, seal_document
from rewards.gacha.rules.drawing import Outcome, draw_many, draw_one
from rewards.gacha.rules.odds import COUNTS, TEN, Odds, parse_odds
from rewards.gacha.rules.receipts import FORMAT, SOLD_OUT

# Each key of a receipt and the type of its value; nothing else may stand in one.
KEYS: dict[str, tuple[type, ...]] = {
    "format": (str,), "id": (str,), "set": (str,), "drawnAt": (str,), "member": (str,), "pool": (str,),
    "oddsVersion": (str,), "oddsHash": (str,), "odds": (dict,), "epoch": (int,), "commitSha256": (str,),
    "nextCommitSha256": (str,), "clientSeed": (str,), "clientSeedBy": (str,), "nonce": (int,), "count": (int,),
    "index": (int,), "pityAtStart": (int,), "pityBefore": (int,), "pityAfter": (int,), "guarantee": (dict,),
    "rolls": (list,), "payment": (dict,), "rolledPrize": (str,), "awardedPrize": (str,), "why": (str, type(None)),
    "coupon": (str, type(None)), "seal": (str,),
}  # fmt: skip
INSIDE: dict[str, dict[str, type]] = {
    "guarantee": {"nothingBefore": bool, "applied": bool},
    "payment": {"currency": str, "amount": int},
}
ROLL_KEYS: dict[str, type] = {"label": str, "limit": int, "block": int, "value": int}
SEED_KEY = "serverSeedHex"
_SEED_HEX = 64


@dataclass(slots=True)
class Verdict:
    """What was found of one receipt. `seeded` says whether its server seed was at hand."""

    name: str
    document: Mapping[str, Any]
    proved: list[str] = field(default_factory=list)
    claimed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    seeded: bool = False

    @property
    def is_proved(self) -> bool:
        return self.seeded and not self.wrong


def read_document(text: str) -> Mapping[str, Any]:
    """One JSON object. Raises `ValueError` for anything else, for a key that stands twice and for a fraction."""
    found = json.loads(text, object_pairs_hook=_pairs, parse_float=_no_fraction, parse_constant=_no_fraction)
    if not isinstance(found, dict):
        raise ValueError("it must be one JSON object")
    return found


def read_documents(text: str) -> list[Mapping[str, Any]]:
    """A list of JSON objects, read as strictly. Raises `ValueError`."""
    found = json.loads(text, object_pairs_hook=_pairs, parse_float=_no_fraction, parse_constant=_no_fraction)
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise ValueError("it must be a list of JSON objects")
    return found


def seeds_of(documents: Sequence[Mapping[str, Any]]) -> dict[str, bytes]:
    """commitment -> server seed, of every seed that stands in these documents, receipts or answers of a reveal."""
    found = {}
    for document in documents:
        text = document.get(SEED_KEY)
        if isinstance(text, str) and (seed := _read_seed(text)) is not None:
            found[commitment(seed).hex()] = seed
    return found


def verify(name: str, document: Mapping[str, Any], seeds: Mapping[str, bytes]) -> Verdict:
    """What one receipt proves; `seeds` are those known, by their commitment."""
    verdict = Verdict(name, document)
    verdict.wrong += _check_shape(document)
    odds = None if verdict.wrong else _check_odds(verdict, document)
    if odds is None:
        return verdict
    _check_limits(verdict, document, odds)
    if not verdict.wrong:
        _check_meaning(verdict, document, odds)
        _check_award(verdict, document, odds)
    seed = seeds.get(document["commitSha256"])
    if SEED_KEY in document and (seed is None or document[SEED_KEY] != seed.hex()):
        verdict.wrong.append(f"{SEED_KEY} is not the seed of commitSha256")
    elif seed is not None:
        verdict.seeded = True
        verdict.proved.append("the server seed is the one that commitSha256 committed to")
        _check_seal(verdict, document, seed)
        if not verdict.wrong:
            _check_rolls(verdict, document, odds, seed)
    _claim(verdict, document)
    return verdict


def _check_shape(document: Mapping[str, Any]) -> list[str]:
    wrong = [f"{key} is missing" for key in KEYS if key not in document]
    wrong += [f"{key} is no key of a receipt" for key in document if key not in KEYS and key != SEED_KEY]
    if wrong:
        return wrong
    wrong = [f"{key} has the wrong type" for key, kinds in KEYS.items() if type(document[key]) not in kinds]
    if SEED_KEY in document and _read_seed(document[SEED_KEY]) is None:
        wrong.append(f"{SEED_KEY} must be 64 hexadecimal digits in lower case")
    for key, inside in INSIDE.items():
        if not _fits(document[key], inside):
            wrong.append(f"{key} must have {', '.join(inside)} and nothing else")
    rolls = document["rolls"]
    if not isinstance(rolls, list) or not all(_fits(each, ROLL_KEYS) for each in rolls):
        wrong.append(f"each of rolls must have {', '.join(ROLL_KEYS)} and nothing else")
    if not wrong and document["format"] != FORMAT:
        wrong.append(f"format must be {FORMAT}")
    return wrong


def _check_odds(verdict: Verdict, document: Mapping[str, Any]) -> Odds | None:
    """The odds that the receipt holds, if they are what the hash says."""
    faults = check_plain("odds", document["odds"])
    if faults or digest(document["odds"]).hex() != document["oddsHash"]:
        verdict.wrong.append("oddsHash is not the SHA-256 of the canonical JSON of odds")
        return None
    try:
        odds = parse_odds("odds", document["odds"])
    except Refused as refused:
        verdict.wrong.append(f"the odds are no odds sheet: {refused.facts.get('faults', refused.code)}")
        return None
    verdict.proved.append("the odds in the receipt are those of oddsHash")
    return odds


def _check_limits(verdict: Verdict, document: Mapping[str, Any], odds: Odds) -> None:
    count, index = document["count"], document["index"]
    for holds, sentence in (
        (count in COUNTS, "count must be 1 or 10"),
        (1 <= index <= max(COUNTS) and index <= count, "index must be from 1 to count"),
        (document["epoch"] >= 1, "epoch is counted from 1"),
        (document["nonce"] >= index - 1, "nonce is less than the draws before it in the same command"),
        (CLIENT_SEED.fullmatch(document["clientSeed"]), "clientSeed must be 1 to 64 of A-Z a-z 0-9 _ -"),
        (document["clientSeedBy"] in list(SetBy), "clientSeedBy must be MEMBER or SERVER"),
        (document["pityAtStart"] >= 0 and document["pityBefore"] >= 0, "pity is never negative"),
        (document["set"] == document["id"] or index > 1, "the first draw of a command gives the set its id"),
        (document["rolledPrize"] in odds.by_code, "rolledPrize is no prize of the odds"),
        (document["awardedPrize"] in odds.by_code, "awardedPrize is no prize of the odds"),
        (document["payment"] in _prices(odds), "payment is neither a ticket nor the price of the odds"),
    ):
        if not holds:
            verdict.wrong.append(sentence)


def _prices(odds: Odds) -> list[dict[str, Any]]:
    diamonds = {"currency": Currency.DIAMONDS.value, "amount": odds.price_diamonds}
    ticket = {"currency": Currency.TICKETS.value, "amount": 1}
    return [ticket, diamonds] if odds.takes_tickets else [diamonds]


def _check_meaning(verdict: Verdict, document: Mapping[str, Any], odds: Odds) -> None:
    """Whether the rolls as they stand mean the prize as it stands."""
    stated = [Roll(each["label"], each["limit"], each["block"], each["value"]) for each in document["rolls"]]
    waiting = list(stated)

    def replay(label: str, limit: int) -> Roll:
        if not waiting:
            raise ValueError("a roll is missing")
        found = waiting.pop(0)
        if (found.label, found.limit) != (label, limit) or not 0 <= found.value < limit or found.block < 0:
            raise ValueError(f"a roll must be {label} of {limit} sides")
        return found

    due = odds.ten_guarantee and document["index"] == TEN and document["guarantee"]["nothingBefore"]
    try:
        outcome = draw_one(odds, replay, document["pityBefore"], due=due)
    except ValueError as error:
        verdict.wrong.append(f"rolls: {error}")
        return
    if waiting:
        verdict.wrong.append("rolls: there are more than the draw needs")
    wrong = _compare(document, odds, outcome)
    verdict.wrong += wrong
    if not wrong and not verdict.wrong:
        verdict.proved.append("by these odds the rolls mean rolledPrize, and pityAfter follows from pityBefore")


def _check_award(verdict: Verdict, document: Mapping[str, Any], odds: Odds) -> None:
    rolled, awarded, why = document["rolledPrize"], document["awardedPrize"], document["why"]
    if rolled == awarded:
        if why is not None:
            verdict.wrong.append("why must be null where the rolled prize was awarded")
        else:
            verdict.proved.append("the rolled prize was awarded")
        return
    entry = odds.entries[odds.by_code[rolled]]
    if why != SOLD_OUT or not entry.stock or entry.fallback != awarded:
        verdict.wrong.append("the odds do not let awardedPrize stand in for rolledPrize")
        return
    verdict.proved.append(f"the odds name {awarded} as what stands in for {rolled} once that is sold out")
    verdict.claimed.append(f"that {rolled} was sold out is the server's claim")


def _check_seal(verdict: Verdict, document: Mapping[str, Any], seed: bytes) -> None:
    if seal_document(seed, document) != document["seal"]:
        verdict.wrong.append("seal: something in this receipt was altered after the server wrote it")
    else:
        verdict.proved.append("the receipt is as the holder of the server seed wrote it, every field of it")


def _check_rolls(verdict: Verdict, document: Mapping[str, Any], odds: Odds, seed: bytes) -> None:
    """Every draw of the command up to this one, made again from the seed."""
    first = document["nonce"] - document["index"] + 1

    def roller(number: int) -> Any:
        place = Place(
            document["pool"], document["oddsVersion"], document["member"], document["clientSeed"], first + number
        )
        return lambda label, limit: roll(seed, label, limit, place)

    outcomes = draw_many(odds, roller, document["pityAtStart"], document["count"])[: document["index"]]
    mine = outcomes[-1]
    stated = [Roll(each["label"], each["limit"], each["block"], each["value"]) for each in document["rolls"]]
    wrong = [] if list(mine.rolls) == stated else ["rolls: the seed gives others"]
    wrong += _compare(document, odds, mine)
    if document["pityBefore"] != mine.pity_before:
        wrong.append("pityBefore does not follow from pityAtStart")
    plain = all(odds.entries[each.rolled].prize_class == "PLAIN" for each in outcomes[:-1])
    if document["guarantee"]["nothingBefore"] != plain:
        wrong.append("guarantee.nothingBefore is not what the draws before it gave")
    verdict.wrong += wrong
    if not wrong:
        verdict.proved.append("the rolls follow from server seed, client seed and nonce")
        if document["count"] > 1:
            verdict.proved.append(
                f"pity and guarantee follow from pityAtStart and the draws 1 to {document['index']} of the command"
            )


def _compare(document: Mapping[str, Any], odds: Odds, outcome: Outcome) -> list[str]:
    wrong = []
    if odds.entries[outcome.rolled].code != document["rolledPrize"]:
        wrong.append(f"rolledPrize: the rolls mean {odds.entries[outcome.rolled].code}")
    if outcome.pity_after != document["pityAfter"]:
        wrong.append(f"pityAfter: the rolls mean {outcome.pity_after}")
    if outcome.guaranteed != document["guarantee"]["applied"]:
        wrong.append("guarantee.applied is not what the rolls mean")
    return wrong


def _claim(verdict: Verdict, document: Mapping[str, Any]) -> None:
    if not verdict.seeded:
        verdict.claimed.append("the rolls, since the server seed is not revealed yet: reveal it and verify again")
    if document["clientSeedBy"] == SetBy.SERVER.value:
        verdict.claimed.append("unground not shown: the server made this client seed itself")
    verdict.claimed.append(
        "the draws without a TOP before the command (pityAtStart), unless the receipts before it show them"
    )
    verdict.claimed.append("who drew, when, what was paid, and which coupon was given")


def _fits(value: Any, shape: Mapping[str, type]) -> bool:
    return isinstance(value, dict) and set(value) == set(shape) and all(type(value[key]) is shape[key] for key in shape)


def _read_seed(text: Any) -> bytes | None:
    if not isinstance(text, str) or len(text) != _SEED_HEX or text != text.lower():
        return None
    try:
        return bytes.fromhex(text)
    except ValueError:
        return None


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _no_fraction(text: str) -> Any:
    raise ValueError(f"{text} is no whole number")
