"""What several receipts prove together: seeds, nonces and pity follow each other from draw to draw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from loyalty.sheets.rules import check_plain, digest, successors_of
from rewards.gacha.rules.receipts import write_version
from rewards.gacha.rules.verifying import Verdict

Key = tuple[str, int]


def check_together(verdicts: Sequence[Verdict]) -> list[str]:
    """Adds to each verdict what contradicts another receipt; returns what they prove together, in sentences.

    Expects receipts whose shape was found right.
    """
    sound = [each for each in verdicts if not each.wrong]
    epochs: dict[Key, dict[int, Verdict]] = {}
    for each in sound:
        document = each.document
        found = epochs.setdefault((document["member"], document["epoch"]), {})
        other = found.setdefault(document["nonce"], each)
        if other is not each and other.document["seal"] != document["seal"]:
            each.wrong.append(f"nonce {document['nonce']} of this epoch is also that of {other.document['id']}")
    _check_sets(sound)
    proved = []
    for key, by_nonce in sorted(epochs.items()):
        _check_commits(epochs, key, by_nonce)
        proved += _check_nonces(key, by_nonce)
    return proved


def check_sheets(verdicts: Sequence[Verdict], odds: Sequence[Mapping[str, Any]]) -> None:
    """Adds to each verdict whether its odds are among those that were published, successors of them too."""
    published = {
        digest(body).hex() for each in odds for body in (each, *successors_of(each)) if not check_plain("", body)
    }
    for verdict in verdicts:
        if verdict.wrong:
            continue
        if verdict.document["oddsHash"] in published:
            verdict.proved.append("the odds in the receipt are among the published ones that were given")
        else:
            verdict.wrong.append("oddsHash is none of the published odds that were given")


def find_gaps(verdicts: Sequence[Verdict]) -> list[str]:
    """The nonces of each epoch, from 0 to the last one that is there, of which no sound receipt is."""
    last: dict[Key, int] = {}
    sound: dict[Key, set[int]] = {}
    for each in verdicts:
        document = each.document
        if not all(
            isinstance(document.get(key), kind) for key, kind in (("member", str), ("epoch", int), ("nonce", int))
        ):
            continue
        key = (document["member"], document["epoch"])
        if not each.wrong:
            sound.setdefault(key, set()).add(document["nonce"])
            last[key] = max(last.get(key, -1), document["nonce"])
    return [
        f"{member}, epoch {epoch}: no sound receipt of nonce {nonce}"
        for (member, epoch), top in sorted(last.items())
        for nonce in range(top)
        if nonce not in sound[member, epoch]
    ]


def _check_sets(verdicts: Sequence[Verdict]) -> None:
    """Draws of one command share everything but their place in it."""
    first: dict[str, Mapping[str, Any]] = {}
    for each in verdicts:
        document = each.document
        other = first.setdefault(document["set"], document)
        shared = (
            "member",
            "pool",
            "oddsVersion",
            "oddsHash",
            "epoch",
            "clientSeed",
            "clientSeedBy",
            "count",
            "drawnAt",
        )
        if (
            any(document[key] != other[key] for key in (*shared, "pityAtStart"))
            or document["nonce"] - document["index"] != other["nonce"] - other["index"]
        ):
            each.wrong.append(f"it is said to be of the same command as {other['id']}, which says otherwise")


def _check_commits(epochs: Mapping[Key, Mapping[int, Verdict]], key: Key, by_nonce: Mapping[int, Verdict]) -> None:
    first = next(iter(by_nonce.values())).document
    for each in by_nonce.values():
        for name in ("commitSha256", "nextCommitSha256"):
            if each.document[name] != first[name]:
                each.wrong.append(f"{name} is another one than in {first['id']} of the same epoch")
    for following in epochs.get((key[0], key[1] + 1), {}).values():
        if following.document["commitSha256"] != first["nextCommitSha256"]:
            following.wrong.append("commitSha256 is not what the epoch before had committed to")


def _check_nonces(key: Key, by_nonce: Mapping[int, Verdict]) -> list[str]:
    """Runs without a gap: within one every draw of the member is there, so that pity must follow."""
    proved = []
    for run in _runs(sorted(by_nonce)):
        latest: dict[str, Mapping[str, Any]] = {}
        for nonce in run:
            each = by_nonce[nonce]
            before = latest.get(each.document["pool"])
            starts = run[0] == 0 and key[1] == 1
            if (fault := _pity_fault(each.document, before, starts=starts)) is not None:
                each.wrong.append(fault)
            latest[each.document["pool"]] = each.document
        if len(run) > 1:
            proved.append(
                f"{key[0]}, epoch {key[1]}: the draws with nonce {run[0]} to {run[-1]} are all here, and pity follows "
                "from each to the next of its pool"
            )
    return proved


def _pity_fault(document: Mapping[str, Any], before: Mapping[str, Any] | None, *, starts: bool) -> str | None:
    pity = document["pityBefore"]
    if before is None:
        if starts and pity != 0:
            return "pityBefore: nothing was drawn from this pool before, so it must be 0"
        return None
    carried = before["pityAfter"]
    if document["oddsVersion"] == before["oddsVersion"]:
        return None if pity == carried else f"pityBefore: it was {carried} after {before['id']}"
    if document["oddsVersion"] == _next_version(before["oddsVersion"]):
        carried = carried if document["odds"].get("carries_pity", True) else 0
        return None if pity == carried else f"pityBefore: it must be {carried} under the new odds"
    # Versions that nobody here drew under lie between; each may have let the pity end.
    return None if pity in (0, carried) else f"pityBefore: it must be 0 or {carried} under the new odds"


def _next_version(version: str) -> str:
    return write_version(int(version[1:]) + 1) if version[1:].isdigit() and version[0] == "v" else ""


def _runs(nonces: Sequence[int]) -> Iterator[list[int]]:
    run = list(nonces[:1])
    for before, after in pairwise(nonces):
        if after != before + 1:
            yield run
            run = []
        run.append(after)
    if run:
        yield run
