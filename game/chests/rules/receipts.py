"""The receipt of an opened chest, and its check offline. docs/fairness.md defines each key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from game.chests.rules import rolling
from game.chests.rules.content import PPM, ChestKind, parse_chests
from loyalty.ids import to_typeid
from loyalty.refusals import Refused
from loyalty.sheets.rules import canonical_json, check_plain, digest
from rewards.fairness.rules import CLIENT_SEED, Place, Roll, SetBy, roll, seal_document
from rewards.gacha.rules.verifying import ROLL_KEYS, SEED_KEY, Verdict

FORMAT = "mergemart-chest-1"
KEYS: dict[str, type] = {
    "format": str, "chest": int, "kind": str, "contentsVersion": str, "contentsHash": str, "contents": dict,
    "openedAt": str, "member": str, "epoch": int, "commitSha256": str, "nextCommitSha256": str, "clientSeed": str,
    "clientSeedBy": str, "rolls": list, "drops": list, "seal": str,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Opening:
    """How a chest was opened. `drops`: prize, amount, roll and block each."""

    member_id: UUID
    number: int
    kind: str
    version: int
    epoch: int
    client_seed: str
    set_by: SetBy
    drops: tuple[tuple[Any, ...], ...]
    at: datetime

    def place(self) -> Place:
        """What its rolls were made for."""
        return rolling.place_of(self.kind, self.version, self.member_id, self.client_seed, self.number)


def write_receipt(
    opening: Opening, contents: Mapping[str, Any], rolls: Sequence[Roll], *, commit: bytes, next_commit: bytes,
    seed: bytes, revealed: bool,
) -> str:  # fmt: skip
    """The canonical JSON of a chest's receipt; the server seed stands in it once it is revealed."""
    document: dict[str, Any] = {
        "format": FORMAT,
        "chest": opening.number,
        "kind": opening.kind,
        "contentsVersion": f"v{opening.version}",
        "contentsHash": digest(contents).hex(),
        "contents": contents,
        "openedAt": opening.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "member": to_typeid("mem", opening.member_id),
        "epoch": opening.epoch,
        "commitSha256": commit.hex(),
        "nextCommitSha256": next_commit.hex(),
        "clientSeed": opening.client_seed,
        "clientSeedBy": opening.set_by.value,
        "rolls": [
            {"label": each.label, "limit": each.limit, "block": each.block, "value": each.value} for each in rolls
        ],
        "drops": [{"prize": each[0], "amount": each[1]} for each in opening.drops],
    }
    document["seal"] = seal_document(seed, document)
    if revealed:
        document[SEED_KEY] = seed.hex()
    return canonical_json(document)


def is_receipt(document: Mapping[str, Any]) -> bool:
    """Whether that says to be the receipt of a chest."""
    return document.get("format") == FORMAT


def verify(name: str, document: Mapping[str, Any], seeds: Mapping[str, bytes]) -> Verdict:
    """What one receipt of a chest proves; `seeds` are those known, by their commitment."""
    verdict = Verdict(name, document)
    verdict.wrong += _check_shape(document)
    kind = None if verdict.wrong else _check_contents(verdict, document)
    if kind is None:
        return verdict
    _check_meaning(verdict, document, kind)
    seed = seeds.get(document["commitSha256"])
    if SEED_KEY in document and (seed is None or document[SEED_KEY] != seed.hex()):
        verdict.wrong.append(f"{SEED_KEY} is not the seed of commitSha256")
    elif seed is not None:
        verdict.seeded = True
        verdict.proved.append("the server seed is the one that commitSha256 committed to")
        _check_seed(verdict, document, kind, seed)
    else:
        verdict.claimed.append("the rolls, since the server seed is not revealed yet: reveal it and verify again")
    if document["clientSeedBy"] == SetBy.SERVER.value:
        verdict.claimed.append("unground not shown: the server made this client seed itself")
    verdict.claimed.append("who opened it, when, and what was in fact given")
    return verdict


def check_together(verdicts: Sequence[Verdict]) -> None:
    """Marks receipts that tell two stories of one chest: it can be opened once."""
    seen: dict[tuple[str, int], Verdict] = {}
    for verdict in verdicts:
        if _check_shape(verdict.document):
            continue
        key = (verdict.document["member"], verdict.document["chest"])
        other = seen.setdefault(key, verdict)
        if other is not verdict and other.document["seal"] != verdict.document["seal"]:
            verdict.wrong.append(f"chest: {other.name} is another opening of the same chest")


def _check_shape(document: Mapping[str, Any]) -> list[str]:
    wrong = [f"{key} is missing" for key in KEYS if key not in document]
    wrong += [f"{key} is no key of a chest's receipt" for key in document if key not in KEYS and key != SEED_KEY]
    if wrong:
        return wrong
    wrong = [f"{key} has the wrong type" for key, kind in KEYS.items() if type(document[key]) is not kind]
    for key, shape in (("rolls", ROLL_KEYS), ("drops", {"prize": str, "amount": int})):
        if not wrong and not all(_fits(each, shape) for each in document[key]):
            wrong.append(f"each of {key} must have {', '.join(shape)} and nothing else")
    if not wrong and not CLIENT_SEED.fullmatch(document["clientSeed"]):
        wrong.append("clientSeed must be 1 to 64 of A-Z a-z 0-9 _ -")
    if not wrong and document["clientSeedBy"] not in list(SetBy):
        wrong.append("clientSeedBy must be MEMBER or SERVER")
    return wrong


def _check_contents(verdict: Verdict, document: Mapping[str, Any]) -> ChestKind | None:
    contents = document["contents"]
    if check_plain("contents", contents) or digest(contents).hex() != document["contentsHash"]:
        verdict.wrong.append("contentsHash is not the SHA-256 of the canonical JSON of contents")
        return None
    around = {"order_every": 1, "cycle": [document["kind"]], "slots": 1, "queue": 0, "diamond_seconds": 1,
              "tickets_days": 1, "kinds": [contents]}  # fmt: skip
    try:
        kind = parse_chests("contents", around).kinds[0]
    except Refused as refused:
        verdict.wrong.append(f"the contents are no kind of chest: {refused.facts.get('faults', refused.code)}")
        return None
    verdict.proved.append("the contents in the receipt are those of contentsHash")
    return kind


def _check_meaning(verdict: Verdict, document: Mapping[str, Any], kind: ChestKind) -> None:
    """Whether the rolls as they stand mean the drops as they stand."""
    stated = [Roll(each["label"], each["limit"], each["block"], each["value"]) for each in document["rolls"]]
    labels = [(each.label, each.limit) for each in stated]
    if labels != [(rolling.label_of(drop), PPM) for drop in range(1, kind.drops + 1)]:
        verdict.wrong.append("rolls: they are not those of the drops of this kind")
        return
    if not all(0 <= each.value < each.limit and each.block >= 0 for each in stated):
        verdict.wrong.append("rolls: a value is out of range")
        return
    waiting = iter(stated)
    drops = [
        {"prize": each.prize.value, "amount": each.amount} for _, each in rolling.fill(kind, lambda *_: next(waiting))
    ]
    if drops != document["drops"]:
        verdict.wrong.append("drops: the rolls mean others")
    else:
        verdict.proved.append("by these contents the rolls mean the drops")


def _check_seed(verdict: Verdict, document: Mapping[str, Any], kind: ChestKind, seed: bytes) -> None:
    if seal_document(seed, document) != document["seal"]:
        verdict.wrong.append("seal: something in this receipt was altered after the server wrote it")
    else:
        verdict.proved.append("the receipt is as the holder of the server seed wrote it, every field of it")
    place = Place(
        f"{rolling.PLACE}:{document['kind']}", document["contentsVersion"], document["member"], document["clientSeed"],
        document["chest"],
    )  # fmt: skip
    made = [each for each, _ in rolling.fill(kind, lambda label, limit: roll(seed, label, limit, place))]
    stated = [Roll(each["label"], each["limit"], each["block"], each["value"]) for each in document["rolls"]]
    if made != stated:
        verdict.wrong.append("rolls: the seed gives others")
    elif not verdict.wrong:
        verdict.proved.append("the rolls follow from server seed, client seed and the number of the order")


def _fits(value: Any, shape: Mapping[str, type]) -> bool:
    return isinstance(value, dict) and set(value) == set(shape) and all(type(value[key]) is shape[key] for key in shape)
