"""Results of requests on the real database: kept, replayed, and forgotten after fourteen days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid4

import asyncpg
import pytest

from api.runtime.database import Database
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.requests.actions import forget_old_results, open_requests
from loyalty.requests.rules import RequestKey, fingerprint
from tests.seeding import NOW


class Size(StrEnum):
    SMALL = "SMALL"


@dataclass(frozen=True)
class Piece:
    name: str
    on: date | None


@dataclass(frozen=True)
class Outcome:
    id: UUID
    at: datetime
    size: Size
    pieces: tuple[Piece, ...]
    count: int


OUTCOME = Outcome(
    uuid4(), NOW + timedelta(microseconds=7), Size.SMALL, (Piece("茶", None), Piece("b", NOW.date())), 2**40
)


def key(what: str = "a", *, scope: UUID | None = None, request_id: UUID | None = None) -> RequestKey:
    return RequestKey(scope or uuid4(), request_id or uuid4(), fingerprint("do", {"what": what}))


async def test_a_result_comes_back_as_it_was_kept(shared_database: Database) -> None:
    asked = key()
    async with shared_database.work() as work:
        requests = await open_requests(work, [asked])
        assert requests.replay(asked, Outcome) is None
        requests.keep(asked, None, "do", OUTCOME, NOW)
        assert requests.replay(asked, Outcome) == OUTCOME, "within the batch too"
        await requests.save(work)
    async with shared_database.work() as work:
        requests = await open_requests(work, [asked, key()])
        assert requests.replay(asked, Outcome) == OUTCOME
        with pytest.raises(LoyaltyRefused) as refused:
            requests.replay(key("b", scope=asked.scope, request_id=asked.id), Outcome)
        assert refused.value.code is LoyaltyCode.REQUEST_ID_REUSED
        assert requests.replay(key(request_id=asked.id), Outcome) is None, "another scope, another request"


async def test_a_request_is_kept_once(shared_database: Database) -> None:
    asked = key()
    async with shared_database.work() as work:
        (requests := await open_requests(work, [asked])).keep(asked, None, "do", OUTCOME, NOW)
        late = await open_requests(work, [asked])
        await requests.save(work)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with shared_database.work() as work:
            late.keep(asked, None, "do", OUTCOME, NOW)
            await late.save(work)


async def test_results_are_forgotten_after_fourteen_days(database: Database) -> None:
    ages = [timedelta(days=15), timedelta(days=14, seconds=1), timedelta(days=14), timedelta(0)]
    keys = [key() for _ in ages]
    async with database.work() as work:
        requests = await open_requests(work, keys)
        for asked, age in zip(keys, ages, strict=True):
            requests.keep(asked, None, "do", OUTCOME, NOW - age)
        await requests.save(work)
    async with database.work() as work:
        assert [await forget_old_results(work, NOW, limit=1) for _ in range(3)] == [1, 1, 0]
    async with database.work() as work:
        requests = await open_requests(work, keys)
        assert [requests.replay(asked, Outcome) is None for asked in keys] == [True, True, False, False]
