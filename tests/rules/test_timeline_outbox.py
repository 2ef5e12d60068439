"""The timeline's pages, and what is carried outside: at least once, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest

from api.runtime.database import Database
from loyalty.timeline.actions import EventRow, Timeline, carry_outside, load_events
from loyalty.timeline.rules import Drives, EventKind
from tests.seeding import NOW, make_shopper

LOUD = EventKind("loud_one", Drives(), outbox=True)
QUIET = EventKind("quiet_one", Drives())


async def record(database: Database, member_id: UUID, *kinds: EventKind) -> list[UUID]:
    async with database.work() as work:
        timeline = Timeline()
        ids = [
            timeline.record(work, member_id, kind, NOW + timedelta(seconds=at), {"at": at})
            for at, kind in enumerate(kinds)
        ]
        await timeline.save(work)
    return ids


async def test_pages_of_a_timeline_join_without_gap_or_repetition(shared_database: Database) -> None:
    ada = await make_shopper(shared_database)
    ids = await record(shared_database, ada.id, *[QUIET] * 7)
    seen: list[UUID] = []
    before: UUID | None = None
    async with shared_database.read() as connection:
        while page := await load_events(connection, ada.id, first=3, before=before):
            seen += [event.id for event in page]
            before = page[-1].id
            await record(shared_database, ada.id)  # nothing
    assert seen[:7] == ids[::-1]
    assert len(seen) == len(set(seen)) == 8


async def test_loud_events_are_carried_once_when_they_are_due(database: Database) -> None:
    ids = await record(database, UUID(int=1), LOUD, QUIET, LOUD)
    carried: list[UUID] = []

    async def carry(events: Sequence[EventRow]) -> None:
        carried.extend(event.id for event in events)

    for now, expected in ((NOW, 1), (NOW, 0), (NOW + timedelta(seconds=2), 1), (NOW + timedelta(days=1), 0)):
        async with database.work() as work:
            assert await carry_outside(work, now, carry, limit=10) == expected
    assert carried == [ids[0], ids[2]]


async def test_what_could_not_be_carried_waits_two_minutes_and_is_not_lost(database: Database) -> None:
    await record(database, UUID(int=1), LOUD)

    async def fail(events: Sequence[EventRow]) -> None:
        raise ConnectionRefusedError

    async def carry(events: Sequence[EventRow]) -> None:
        assert len(events) == 1

    async with database.work() as work:
        assert await carry_outside(work, NOW, fail, limit=10) == 0
    async with database.work() as work:
        assert await carry_outside(work, NOW + timedelta(seconds=119), carry, limit=10) == 0
    async with database.work() as work:
        assert await carry_outside(work, NOW + timedelta(seconds=120), carry, limit=10) == 1


async def test_a_crash_before_the_commit_carries_again(database: Database) -> None:
    await record(database, UUID(int=1), LOUD)
    carried = 0

    async def carry(events: Sequence[EventRow]) -> None:
        nonlocal carried
        carried += len(events)

    with pytest.raises(RuntimeError):
        async with database.work() as work:
            await carry_outside(work, NOW, carry, limit=10)
            raise RuntimeError
    async with database.work() as work:
        assert await carry_outside(work, NOW, carry, limit=10) == 1
    assert carried == 2


async def test_workers_at_once_carry_each_event_once(database: Database) -> None:
    await record(database, UUID(int=1), *[LOUD] * 20)
    carried: list[UUID] = []

    async def carry(events: Sequence[EventRow]) -> None:
        await asyncio.sleep(0.02)
        carried.extend(event.id for event in events)

    async def worker() -> None:
        for _ in range(5):
            async with database.work() as work:
                await carry_outside(work, NOW + timedelta(days=1), carry, limit=5)

    await asyncio.gather(*(worker() for _ in range(4)))
    assert len(carried) == len(set(carried)) == 20
