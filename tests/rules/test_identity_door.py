"""Keys, demo tokens, operators and partners, on a real database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from api.identity import actions
from api.identity.actions import KeyMade, MakeKey, RevokeKey, RotateKey
from api.identity.authenticate import Authenticator
from api.identity.rules import KEY_CACHE_SECONDS, KeyKind, Role
from api.refusals import EdgeCode, EdgeRefused, Forbidden, Unauthenticated
from api.runtime.database import Database
from loyalty.refusals import LoyaltyCode, LoyaltyRefused
from loyalty.requests.rules import RequestKey, fingerprint

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
PEPPER = b"a pepper for tests only, 32 bytes"
OPERATOR = UUID(int=9)
STORE = UUID(int=5)


def request(what: str = "x") -> RequestKey:
    return RequestKey(OPERATOR, uuid4(), fingerprint(what, {}))


def make(kind: KeyKind = KeyKind.TILL, bound_to: UUID = STORE) -> MakeKey:
    return MakeKey(request(), NOW, kind, bound_to, "till 1")


async def made(database: Database, command: MakeKey | None = None) -> KeyMade:
    async with database.work() as work:
        return await actions.make_key(work, PEPPER, command or make())


def door(database: Database, *, demo: bool = False) -> Authenticator:
    return Authenticator(database, PEPPER, demo=demo)


def text_of(key: KeyMade) -> str:
    assert key.text is not None
    return f"Key {key.text}"


async def test_a_key_opens_the_till_of_its_store_and_no_other_schema(database: Database) -> None:
    key = await made(database)
    opened = door(database)
    caller = await opened.till(text_of(key), NOW)
    assert (caller.store_id, caller.key_id, caller.scope) == (STORE, key.key_id, STORE)
    for schema in (opened.member, opened.partner, opened.operator):
        with pytest.raises(Unauthenticated):
            await schema(text_of(key), NOW)


async def test_a_key_is_kept_hashed_and_a_wrong_secret_answers_like_an_unknown_key(database: Database) -> None:
    key = await made(database)
    secret = text_of(key).partition(".")[2]
    async with database.read() as connection:
        row = str(await connection.fetchrow("SELECT * FROM api_keys"))
        kept = str(await connection.fetch("SELECT outcome FROM request_results"))
    assert secret not in row + kept
    messages = set()
    for text in (text_of(key)[:-43] + "A" * 43, f"Key key_{'0' * 26}.{'A' * 43}"):
        with pytest.raises(Unauthenticated) as refused:
            await door(database).till(text, NOW)
        messages.add(refused.value.message)
    assert len(messages) == 1


async def test_another_servers_pepper_opens_nothing(database: Database) -> None:
    key = await made(database)
    with pytest.raises(Unauthenticated):
        await Authenticator(database, b"another pepper").till(text_of(key), NOW)


async def test_a_repeated_request_makes_one_key_and_shows_its_text_once(database: Database) -> None:
    command = make()
    first = await made(database, command)
    assert await made(database, command) == replace(first, text=None)
    with pytest.raises(LoyaltyRefused) as refused:
        await made(database, replace(command, request=replace(command.request, hash=b"other")))
    assert refused.value.code is LoyaltyCode.REQUEST_ID_REUSED
    async with database.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM api_keys") == 1


async def test_a_rotated_key_works_beside_its_successor_until_the_overlap_ends(database: Database) -> None:
    old = await made(database)
    async with database.work() as work:
        new = await actions.rotate_key(work, PEPPER, RotateKey(request(), NOW, old.key_id, timedelta(hours=24)))
    opened = door(database)
    for key in (old, new):
        assert (await opened.till(text_of(key), NOW)).store_id == STORE
    late = NOW + timedelta(hours=24)
    assert (await opened.till(text_of(new), late)).key_id == new.key_id
    with pytest.raises(Unauthenticated):
        await opened.till(text_of(old), late)


async def test_a_key_is_rotated_once_and_never_after_its_end(database: Database) -> None:
    key = await made(database)

    async def rotate(overlap: timedelta = timedelta(hours=1), key_id: UUID = key.key_id) -> None:
        async with database.work() as work:
            await actions.rotate_key(work, PEPPER, RotateKey(request(), NOW, key_id, overlap))

    for overlap in (timedelta(seconds=-1), timedelta(days=31)):
        with pytest.raises(LoyaltyRefused):
            await rotate(overlap)
    with pytest.raises(EdgeRefused) as unknown:
        await rotate(key_id=uuid4())
    assert unknown.value.code is EdgeCode.KEY_NOT_FOUND
    async with database.work() as work:
        await actions.rotate_key(work, PEPPER, RotateKey(request(), NOW, key.key_id, timedelta(hours=1)))
        waiting = asyncio.create_task(rotate())
        await asyncio.sleep(0.1)
        assert not waiting.done(), "a second rotation waits for the first to commit"
    with pytest.raises(EdgeRefused) as ended:
        await waiting
    assert ended.value.code is EdgeCode.KEY_ENDED


async def test_a_revoked_key_stops_within_five_seconds_everywhere(database: Database) -> None:
    key = await made(database)
    here, there = door(database), door(database)
    for opened in (here, there):
        await opened.till(text_of(key), NOW)
    async with database.work() as work:
        revoked = await actions.revoke_key(work, RevokeKey(request(), NOW, key.key_id))
    here.forget(key.key_id)
    with pytest.raises(Unauthenticated):
        await here.till(text_of(key), NOW)
    with pytest.raises(Unauthenticated):
        await there.till(text_of(key), NOW + timedelta(seconds=KEY_CACHE_SECONDS))
    async with database.work() as work:
        again = await actions.revoke_key(work, RevokeKey(request(), NOW + timedelta(days=1), key.key_id))
    assert again == revoked, "a second revocation changes nothing"


async def test_last_use_is_written_once_an_hour(database: Database) -> None:
    key = await made(database)

    async def used(at: datetime) -> datetime | None:
        await door(database).till(text_of(key), at)
        async with database.read() as connection:
            found = await actions.find_key(connection, key.key_id)
        assert found is not None
        return found.last_used_at

    assert await used(NOW) == NOW
    assert await used(NOW + timedelta(minutes=59)) == NOW
    assert await used(NOW + timedelta(minutes=60)) == NOW + timedelta(minutes=60)


async def test_a_partner_key_needs_a_partner(database: Database) -> None:
    with pytest.raises(EdgeRefused) as refused:
        await made(database, make(KeyKind.PARTNER, uuid4()))
    assert refused.value.code is EdgeCode.PARTNER_NOT_FOUND
    async with database.work() as work:
        partner_id = await actions.ensure_partner(work, "Brand", NOW)
    key = await made(database, make(KeyKind.PARTNER, partner_id))
    assert (await door(database).partner(text_of(key), NOW)).partner_id == partner_id
    with pytest.raises(Unauthenticated):
        await door(database).till(text_of(key), NOW)


async def test_demo_tokens_open_each_schema_in_demo_mode_only(database: Database) -> None:
    opened = door(database, demo=True)
    mei = await opened.member("Bearer demo:mei", NOW)
    assert await door(database, demo=True).member("Bearer demo:mei", NOW) == mei
    assert await opened.member("Bearer demo:li", NOW) != mei
    assert await opened.till("Bearer demo:store-1", NOW) == await opened.till("Bearer demo:store-1", NOW)
    assert await opened.partner("Bearer demo:brand", NOW) == await opened.partner("Bearer demo:brand", NOW)
    operator = await opened.operator("Bearer demo:ada:support", NOW)
    assert operator.has(Role.SUPPORT) and not operator.has(Role.OWNER)
    for role in ("", ":emperor"):
        with pytest.raises(Forbidden):
            await opened.operator(f"Bearer demo:ada{role}", NOW)
    closed = door(database)
    for schema in (closed.member, closed.till, closed.partner, closed.operator):
        with pytest.raises(Unauthenticated, match="demo mode only"):
            await schema("Bearer demo:mei", NOW)


async def test_sixteen_first_sign_ins_at_once_make_one_of_each(database: Database) -> None:
    doors = [door(database, demo=True) for _ in range(16)]
    assert (
        len({caller.scope for caller in await asyncio.gather(*(d.member("Bearer demo:mei", NOW) for d in doors))}) == 1
    )
    assert len({caller.scope for caller in await asyncio.gather(*(d.till("Bearer demo:s", NOW) for d in doors))}) == 1
    assert (
        len({caller.scope for caller in await asyncio.gather(*(d.partner("Bearer demo:b", NOW) for d in doors))}) == 1
    )
    assert len({c.scope for c in await asyncio.gather(*(d.operator("Bearer demo:a:owner", NOW) for d in doors))}) == 1
    async with database.read() as connection:
        for table in ("members", "stores", "partners", "operators"):
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1, table


async def test_without_a_credential_the_answer_says_what_is_missing(database: Database) -> None:
    for header in (None, "", "Basic x", "Bearer a.b.c"):
        with pytest.raises(Unauthenticated):
            await door(database).member(header, NOW)
