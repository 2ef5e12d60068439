"""The timeline: every action writes one event in its own transaction."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from loyalty.invariants import Finding, examine
from loyalty.timeline import store
from loyalty.timeline.rules import EventKind
from loyalty.work import Work

Fact = str | int | bool | None
Facts = dict[str, Fact | list[Fact]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Ids are cut to milliseconds; the instant itself decides, so a wide margin costs nothing.
_MARGIN = timedelta(minutes=1)
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class EventRow:
    """One event as it was recorded."""

    id: UUID
    member_id: UUID
    kind: str
    at: datetime
    facts: dict[str, Any]


class Timeline:
    """The events of one batch."""

    def __init__(self) -> None:
        self._events: list[tuple[UUID, UUID, str, datetime, str, UUID | None]] = []
        self._exposures: list[tuple[UUID, UUID, str, datetime, str, UUID | None]] = []
        self._outbox: list[tuple[UUID, UUID, str, datetime]] = []

    def record(
        self, work: Work, member_id: UUID, kind: EventKind, at: datetime, facts: Facts, request_id: UUID | None = None
    ) -> UUID:
        """Adds an event; returns its id. `facts` never hold personal data."""
        event_id = work.mint(at)
        text = _ENCODER.encode(facts)
        rows = self._exposures if kind.exposure else self._events
        rows.append((member_id, event_id, kind.name, at, text, request_id))
        if kind.outbox:
            self._outbox.append((event_id, member_id, kind.name, at))
        return event_id

    async def save(self, work: Work) -> None:
        """Writes the events, and the outbox rows of those that are carried outside."""
        if self._events:
            await store.insert_events(work, self._events)
        if self._exposures:
            await store.insert_exposures(work, self._exposures)
        if self._outbox:
            await store.insert_outbox(work, self._outbox)


async def load_events(connection: Any, member_id: UUID, *, first: int, before: UUID | None = None) -> list[EventRow]:
    """A page of a member's timeline, newest first, by keyset: at most `first` events older than `before`."""
    rows = await store.load_page(connection, member_id, before, first)
    return [_read_event(row) for row in rows]


async def load_event(connection: Any, member_id: UUID, event_id: UUID) -> EventRow | None:
    """A member's own event by its id."""
    row = await store.load_event(connection, member_id, event_id)
    return _read_event(row) if row else None


async def export_exposures(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """Everything that a member was shown, newest first, for `exportMyData`."""
    return [
        {"kind": row["kind"], "at": row["at"].isoformat(), "facts": json.loads(row["facts"])}
        for row in await store.load_exposures(connection, member_id)
    ]


async def export_events(connection: Any, member_id: UUID) -> list[dict[str, Any]]:
    """Every event of a member, newest first, for `exportMyData`."""
    events: list[EventRow] = []
    before: UUID | None = None
    while page := await load_events(connection, member_id, first=1000, before=before):
        events.extend(page)
        before = page[-1].id
    return [{"kind": event.kind, "at": event.at.isoformat(), "facts": event.facts} for event in events]


@dataclass(frozen=True, slots=True)
class ActiveDay:
    """One day: events of a kind, members who have any, and how many of these also have one of other kinds."""

    day: date
    events: int
    members: int
    among: int


async def count_kinds(connection: Any) -> dict[str, tuple[int, int]]:
    """Over all events of each kind: how many, and of how many members. Reads everything; for reports."""
    return {row["kind"]: (row["events"], row["members"]) for row in await store.count_kinds(connection)}


async def sum_fact(connection: Any, kind: str, fact: str) -> int:
    """The sum of a whole-number fact over all events of a kind."""
    return await store.sum_fact(connection, kind, fact)


async def sum_facts(
    connection: Any, kind: str, fact: str, since: datetime, *, by: tuple[str, str], of: Sequence[str], without: str
) -> dict[tuple[str, str], int]:
    """Sums of a whole-number fact, signs aside, over events of a kind after an instant, grouped by two other facts.

    Only events whose first such fact is one of `of`, and that have no fact `without`.
    """
    rows = await store.sum_facts(connection, kind, fact, since, by, of, without)
    return {(row["one"], row["other"]): row["total"] for row in rows}


async def members_with(connection: Any, kinds: Sequence[str], since: datetime, until: datetime) -> set[UUID]:
    """The members who have an event of these kinds from `since` on and before `until`."""
    return set(await store.load_members_with(connection, kinds, since, until))


async def load_last(connection: Any, member_ids: Sequence[UUID], kind: str, since: datetime) -> dict[UUID, EventRow]:
    """Each member's newest event of a kind since an instant, of those who have one."""
    rows = await store.load_last(connection, member_ids, kind, since)
    return {row["member_id"]: _read_event(row) for row in rows}


@dataclass(frozen=True, slots=True)
class TallyWindow:
    """A member's time from `since` on and before `until`."""

    member_id: UUID
    since: datetime
    until: datetime


async def tally(
    connection: Any, windows: Sequence[TallyWindow], sums: Sequence[tuple[str, str]]
) -> list[dict[tuple[str, str], int]]:
    """For each window, what each (kind of event, fact) comes to: the sum of that fact, or with no fact the events.

    One statement for all of them; what nothing happened of is left out.
    """
    if not windows:
        return []
    asked = [
        (
            place,
            each.member_id,
            _least_id(each.since - _MARGIN),
            _least_id(each.until + _MARGIN),
            each.since,
            each.until,
        )
        for place, each in enumerate(windows)
    ]
    found: list[dict[tuple[str, str], int]] = [{} for _ in windows]
    for row in await store.tally(connection, asked, sums):
        found[row["place"]][row["kind"], row["fact"]] = row["total"]
    return found


async def load_since(
    connection: Any, member_ids: Sequence[UUID], kind: str, since: datetime
) -> dict[UUID, list[EventRow]]:
    """Each member's events of a kind from an instant on, the earliest first, of those who have any."""
    found: dict[UUID, list[EventRow]] = {}
    for row in await store.load_since(connection, member_ids, kind, _least_id(since - _MARGIN), since):
        found.setdefault(row["member_id"], []).append(_read_event(row))
    return found


def _least_id(at: datetime) -> UUID:
    """The least id that an event of that instant has: ids begin with the milliseconds."""
    return UUID(int=max(0, (at - _EPOCH) // timedelta(milliseconds=1)) << 80)


async def count_members(connection: Any, kinds: Sequence[str], *, times: int = 1) -> int:
    """How many members have at least `times` events of these kinds together."""
    return await store.count_members(connection, kinds, times)


async def count_days(connection: Any, kind: str, among: Sequence[str], zone: str) -> list[ActiveDay]:
    """The days of a zone on which there are events of `kind`, the earliest first."""
    return [ActiveDay(*row.values()) for row in await store.count_days(connection, kind, among, zone)]


@dataclass(frozen=True, slots=True)
class DailyCount:
    """Events of a kind on one day of a zone, and of how many members."""

    day: date
    kind: str
    events: int
    members: int


async def count_daily(connection: Any, kinds: Sequence[str], since: datetime, zone: str) -> list[DailyCount]:
    """Events of these kinds by day of a zone, from an instant on, the earliest first; days without any are left out."""
    return [DailyCount(*row.values()) for row in await store.count_daily(connection, kinds, since, zone)]


async def count_hours(connection: Any, kind: str, zone: str) -> dict[int, int]:
    """The events of a kind by hour of the day in a zone, 0 to 23."""
    return {row["hour"]: row["events"] for row in await store.count_hours(connection, kind, zone)}


async def carry_outside(
    work: Work, now: datetime, carry: Callable[[Sequence[EventRow]], Awaitable[None]], *, limit: int
) -> int:
    """Hands due events to `carry` and deletes their outbox rows; a failure puts them off by two minutes.

    At least once: a crash after `carry` and before the commit hands them over again. Returns how many were carried.
    """
    rows = await store.take_outbox(work, now, limit)
    if not rows:
        return 0
    ids = [row["id"] for row in rows]
    try:
        await carry([_read_event(row) for row in rows])
    except OSError:
        await store.postpone_outbox(work, ids, now + timedelta(minutes=2))
        return 0
    await store.delete_outbox(work, ids)
    return len(ids)


def _read_event(row: Any) -> EventRow:
    return EventRow(row["id"], row["member_id"], row["kind"], row["at"], json.loads(row["facts"]))


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines what waits in the outbox; reads everything, changes nothing."""
    return await examine(connection, store.AUDIT, now)
