"""The invariants of draws: what SQL can see, and every draw made again from its seed and its odds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.invariants import MOST_ROWS, Finding, examine
from rewards.fairness import actions as fairness
from rewards.fairness.rules import Vault, roll
from rewards.gacha.actions.drawing import read_draw
from rewards.gacha.actions.pools import load_terms
from rewards.gacha.rules.drawing import Outcome, Roller, draw_many
from rewards.gacha.rules.odds import PrizeClass
from rewards.gacha.rules.pools import PoolVersion, Terms
from rewards.gacha.rules.receipts import DrawRecord
from rewards.gacha.store import draws as store
from rewards.gacha.store.audit import AUDIT

_PAGE = 10_000
FOLLOWS = "each draw follows from its seed and its odds, and pity from one draw of a pool to the next"


async def audit(connection: Any, now: datetime, *, vault: Vault | None = None) -> list[Finding]:
    """Examines pools and draws; with the vault also makes every draw again. Reads everything, changes nothing."""
    findings = await examine(connection, AUDIT, now)
    if vault is not None:
        findings.append(await _make_again(connection, vault))
    return findings


class _Chain:
    """Where each (member, pool) stood after the draw before: version and pity, as the draws themselves say."""

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._last: dict[tuple[UUID, UUID], tuple[int, int]] = {}

    def follows(self, record: DrawRecord, pity_from: int) -> bool:
        """Whether the pity before this draw is what the one before it left; before the first of a `whole` chain, 0."""
        begins = 0 if self._whole else record.pity_before
        version, pity = self._last.get((record.member_id, record.pool_id), (record.version, begins))
        self._last[record.member_id, record.pool_id] = (record.version, record.pity_after)
        return record.pity_before == (pity if version >= pity_from else 0)


async def _make_again(connection: Any, vault: Vault) -> Finding:
    chain = _Chain(whole=True)
    checked, broken = 0, []
    after = (UUID(int=0), 0, 0)
    held: list[DrawRecord] = []
    while True:
        records = [read_draw(row) for row in await store.load_by_nonce(connection, after, _PAGE)]
        if records:
            after = (records[-1].member_id, records[-1].epoch, records[-1].nonce)
        held += records
        # The last set of a page may go on in the next one.
        ready = held if not records else [each for each in held if each.set_id != held[-1].set_id]
        held = [] if not records else held[len(ready) :]
        terms = await load_terms(connection, {(each.pool_id, each.version) for each in ready})
        epochs = await fairness.read_epochs(connection, sorted({(each.member_id, each.epoch) for each in ready}))
        seeds = {key: fairness.try_unseal(vault, epoch) for key, epoch in epochs.items()}
        checked += len(ready)
        broken += [
            {"member_id": each.member_id, "draw_id": each.id, "epoch": each.epoch, "nonce": each.nonce}
            for each in _broken(ready, terms, seeds, chain)
        ]
        if not records:
            return Finding(FOLLOWS, checked, len(broken), tuple(broken[:MOST_ROWS]))


def count_broken(
    records: list[DrawRecord], terms: dict[PoolVersion, Terms], seeds: dict[tuple[UUID, int], bytes | None]
) -> dict[tuple[UUID, int], int]:
    """How many draws of each whole epoch do not follow; its first pity of each pool is taken as it stands."""
    found: dict[tuple[UUID, int], int] = {}
    for each in _broken(records, terms, seeds, _Chain(whole=False)):
        found[each.member_id, each.epoch] = found.get((each.member_id, each.epoch), 0) + 1
    return found


def _broken(
    records: list[DrawRecord], terms: dict[PoolVersion, Terms], seeds: dict[tuple[UUID, int], bytes | None],
    chain: _Chain,
) -> Iterator[DrawRecord]:  # fmt: skip
    for drawn in _sets(records):
        first = drawn[0]
        found, seed = terms.get((first.pool_id, first.version)), seeds.get((first.member_id, first.epoch))
        outcomes = _outcomes(first, found, seed) if found and seed else []
        for each in drawn:
            follows = found is not None and chain.follows(each, found.pity_from)
            if found is None or not outcomes or not follows or not _same(each, outcomes, found):
                yield each


def _sets(records: list[DrawRecord]) -> Iterator[list[DrawRecord]]:
    """The draws of each command, which stand together in the order of nonces."""
    drawn: list[DrawRecord] = []
    for record in records:
        if drawn and record.set_id != drawn[0].set_id:
            yield drawn
            drawn = []
        drawn.append(record)
    if drawn:
        yield drawn


def _outcomes(first: DrawRecord, terms: Terms, seed: bytes) -> list[Outcome]:
    """What the seed gives for the command that this draw belongs to."""
    start = first.nonce - first.position + 1

    def roller(number: int) -> Roller:
        place = first.place(start + number)
        return lambda label, limit: roll(seed, label, limit, place)

    return draw_many(terms.odds, roller, first.pity_start, first.count)


def _same(record: DrawRecord, outcomes: list[Outcome], terms: Terms) -> bool:
    """Whether the seed gives this draw just as it stands, and the award is one that the odds allow."""
    odds, mine = terms.odds, outcomes[record.position - 1]
    entry = odds.entries[mine.rolled]
    plain = all(odds.entries[each.rolled].prize_class is PrizeClass.PLAIN for each in outcomes[: record.position - 1])
    values = tuple(each.value for each in mine.rolls)
    stated = (record.roll, record.roll_prize, *(() if record.roll_ten is None else (record.roll_ten,)))
    return (
        values == stated
        and entry.code == record.rolled
        and record.awarded in (entry.code, entry.fallback)
        and (mine.pity_before, mine.pity_after) == (record.pity_before, record.pity_after)
        and (mine.guaranteed, plain) == (record.guaranteed, record.nothing_before)
    )
