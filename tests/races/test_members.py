"""Sixteen connections of two servers fight for the same person."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from api.identity.authenticate import Authenticator
from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.members.actions import (
    NewMember,
    RightsCommand,
    create_members,
    erase_due,
    load_identities_of,
    lock,
    request_erasures,
    sign_in,
)
from loyalty.members.rules import IdentityKind
from loyalty.refusals import LoyaltyCode, Refused
from loyalty.requests.rules import RequestKey, fingerprint
from tests.seeding import NOW, count_rows, make_shopper, make_shoppers, two_servers

Servers = tuple[Database, Database]


@pytest.fixture
async def servers(shared_database: Database) -> AsyncIterator[Servers]:
    async with two_servers(shared_database) as opened:
        yield opened


async def test_sixteen_first_sign_ins_at_once_make_one_member(servers: Servers) -> None:
    new = NewMember(IdentityKind.FIREBASE, uuid4().hex, NOW)

    async def enter(server: Database) -> tuple[UUID, bool]:
        async with server.work() as work:
            signed = (await sign_in(work, [new]))[0]
            await asyncio.sleep(0.005)
        return signed.member_id, signed.created

    answers = await asyncio.gather(*(enter(servers[at % 2]) for at in range(16)))
    members = {member_id for member_id, _ in answers}
    assert len(members) == 1
    assert sum(created for _, created in answers) == 1
    member_id = members.pop()
    assert await count_rows(servers[0], "identities", member_id) == 2
    assert await count_rows(servers[0], "events", member_id) == 1
    async with servers[0].read() as connection:
        assert {each["kind"] for each in await load_identities_of(connection, member_id)} == {"card", "firebase"}
        strays = await connection.fetchval(
            "SELECT count(*) FROM members m WHERE NOT EXISTS (SELECT 1 FROM identities i WHERE i.member_id = m.id) "
            "AND m.status <> 'ERASED'"
        )
    assert strays == 0, "who lost left no member behind"


async def test_crowds_that_come_to_two_servers_at_once_are_made_once_each(servers: Servers) -> None:
    crowd = [f"Bearer demo:crowd-{uuid4().hex}" for _ in range(20)]
    doors = [Authenticator(server, b"a pepper", demo=True) for server in servers]
    callers = await asyncio.gather(
        *(doors[at % 2].member(each, NOW) for at in range(4) for each in crowd[:: (1, -1)[at // 2]])
    )
    members = {each.member_id for each in callers}
    assert len(members) == len(crowd)
    for member_id in members:
        assert await count_rows(servers[0], "identities", member_id) == 2
        assert await count_rows(servers[0], "events", member_id) == 1


async def test_a_sign_in_that_is_rolled_back_lets_the_next_one_make_the_member(servers: Servers) -> None:
    new = NewMember(IdentityKind.FIREBASE, uuid4().hex, NOW)
    entered = asyncio.Event()

    async def fail() -> None:
        async with servers[0].work() as work:
            await sign_in(work, [new])
            entered.set()
            await asyncio.sleep(0.05)
            raise RuntimeError

    failing = asyncio.create_task(fail())
    await entered.wait()
    async with servers[1].work() as work:
        signed = (await sign_in(work, [new]))[0]
    assert signed.created
    with pytest.raises(RuntimeError):
        await failing


async def test_the_same_people_created_in_opposite_orders_are_made_once(servers: Servers) -> None:
    new = [NewMember(IdentityKind.LEGACY, uuid4().hex, NOW) for _ in range(20)]

    async def create(server: Database, wanted: list[NewMember]) -> dict[str, UUID]:
        async with server.work() as work:
            return await create_members(work, wanted)

    answers = await asyncio.gather(*(create(servers[at % 2], new[:: (1, -1)[at % 2]]) for at in range(16)))
    made = [subject for answer in answers for subject in answer]
    assert sorted(made) == sorted(each.subject for each in new)


async def test_members_locked_in_opposite_orders_wait_and_never_lock_each_other_out(servers: Servers) -> None:
    ids = [each.id for each in await make_shoppers(servers[0], 12)]
    inside: set[UUID] = set()

    async def hold(server: Database, wanted: list[UUID]) -> None:
        for _ in range(3):
            async with server.work() as work:
                assert set(await lock(work, wanted)) == set(wanted)
                assert not inside & set(wanted), "two transactions have the same member"
                inside.update(wanted)
                await asyncio.sleep(0.002)
                inside.difference_update(wanted)

    orders = [ids, ids[::-1], ids[6:] + ids[:6], ids[::2] + ids[1::2]] * 4
    await asyncio.wait_for(asyncio.gather(*(hold(servers[at % 2], order) for at, order in enumerate(orders))), 20)


async def test_of_sixteen_wishes_to_be_erased_one_is_pending(servers: Servers) -> None:
    ada = await make_shopper(servers[0])
    wishes = [RightsCommand(RequestKey(ada.id, uuid4(), fingerprint("eraseMe", {})), ada.id, NOW) for _ in range(16)]
    answers = await asyncio.gather(
        *(run_action(servers[at % 2], request_erasures, [wish]) for at, wish in enumerate(wishes))
    )
    refused = [answer.code for (answer,) in answers if isinstance(answer, Refused)]
    assert refused == [LoyaltyCode.ERASURE_PENDING] * 15


async def test_workers_at_once_erase_each_member_once(database: Database) -> None:
    shoppers = await make_shoppers(database, 20)
    async with database.work() as work:
        await work.connection.execute("UPDATE members SET erase_at = $1", NOW)

    async def worker(server: Database) -> int:
        erased = 0
        for _ in range(4):
            async with server.work() as work:
                erased += await erase_due(work, NOW + timedelta(days=1), limit=5)
        return erased

    async with two_servers(database) as servers:
        done = await asyncio.gather(*(worker(servers[at % 2]) for at in range(8)))
    assert sum(done) == 20
    assert [await count_rows(database, "events", each.id) for each in shoppers] == [2] * 20
