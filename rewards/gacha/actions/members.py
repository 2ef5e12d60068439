"""What draws keep of a member: pity in each pool, and guard rails over all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from loyalty.work import Work
from rewards.gacha.rules.rails import Tally, add_draws, tally_on
from rewards.gacha.store import draws as store


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's draws without a TOP in a pool, the version last drawn under, and what the pool's caps count."""

    version: int
    pity: int
    tally: Tally

    def pity_under(self, pity_from: int) -> int:
        """The pity under a version to which it carries from `pity_from` on."""
        return self.pity if self.version >= pity_from else 0


@dataclass(frozen=True, slots=True)
class Rail:
    """A member's draws over all pools, and until when the member wants none."""

    tally: Tally | None = None
    excluded_until: datetime | None = None


class Standings:
    """The pity and guard rails of members: read, or opened under their locks and saved once."""

    def __init__(self, pity: dict[tuple[UUID, UUID], Standing], rails: dict[UUID, Rail]) -> None:
        self._pity = pity
        self._rails = rails
        self._touched_pity: set[tuple[UUID, UUID]] = set()
        self._touched_rails: set[UUID] = set()

    def rail(self, member_id: UUID) -> Rail:
        return self._rails.get(member_id, Rail())

    def tally(self, member_id: UUID, today: date) -> Tally:
        """Draws over all pools, as of a day."""
        return tally_on(self.rail(member_id).tally, today)

    def pool_tally(self, member_id: UUID, pool_id: UUID, today: date) -> Tally:
        """Draws from one pool, as of a day."""
        found = self._pity.get((member_id, pool_id))
        return tally_on(found.tally if found else None, today)

    def has_drawn(self, member_id: UUID, pool_id: UUID) -> bool:
        """Whether the member ever drew from the pool."""
        return (member_id, pool_id) in self._pity

    def pity(self, member_id: UUID, pool_id: UUID, pity_from: int) -> int:
        """Draws without a TOP, as they count under a version to which pity carries from `pity_from` on."""
        found = self._pity.get((member_id, pool_id))
        return found.pity_under(pity_from) if found else 0

    def count(self, member_id: UUID, pool_id: UUID, version: int, pity: int, count: int, today: date) -> None:
        """Notes `count` draws, after which the pity is `pity`."""
        tally = add_draws(self.pool_tally(member_id, pool_id, today), count)
        self._pity[member_id, pool_id] = Standing(version, pity, tally)
        self._touched_pity.add((member_id, pool_id))
        over_all = add_draws(self.tally(member_id, today), count)
        self._rails[member_id] = replace(self.rail(member_id), tally=over_all)
        self._touched_rails.add(member_id)

    def exclude(self, member_id: UUID, until: datetime | None, today: date) -> None:
        """Notes until when the member wants no draws."""
        self._rails[member_id] = Rail(self.tally(member_id, today), until)
        self._touched_rails.add(member_id)

    async def save(self, work: Work) -> None:
        """Writes each touched row once."""
        if self._touched_pity:
            found = [(key, self._pity[key]) for key in sorted(self._touched_pity)]
            rows = [
                (*key, each.version, each.pity, each.tally.day, each.tally.day_draws, each.tally.month_draws)
                for key, each in found
            ]
            await store.save_pity(work, rows)
        if self._touched_rails:
            await store.save_rails(work, [self._write_rail(each) for each in sorted(self._touched_rails)])

    def _write_rail(self, member_id: UUID) -> tuple[UUID, date, int, int, datetime | None]:
        rail = self._rails[member_id]
        assert rail.tally is not None, "a rail that was touched has a day"
        return member_id, rail.tally.day, rail.tally.day_draws, rail.tally.month_draws, rail.excluded_until


async def open_standings(connection: Any, member_ids: Sequence[UUID], pool_ids: Sequence[UUID]) -> Standings:
    """The standings of these members in these pools. To change them, expects the members' locks."""
    pity: dict[tuple[UUID, UUID], Standing] = {}
    rails: dict[UUID, Rail] = {}
    for row in await store.load_standings(connection, member_ids, pool_ids):
        tally = Tally(row["day"], row["day_draws"], row["month_draws"])
        if row["pool_id"] is None:
            rails[row["member_id"]] = Rail(tally, row["excluded_until"])
        else:
            pity[row["member_id"], row["pool_id"]] = Standing(row["version"], row["pity"], tally)
    return Standings(pity, rails)
