"""Compensations on the real database: a cohort, two people, several workers, members who go on playing meanwhile."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime.database import Database
from api.runtime.jobs.polling import run_job
from api.runtime.jobs.work import jobs_of
from game.checkin.actions import check_in, read_streaks
from game.checkin.rules.streaks import StreakState
from game.compensation import actions as compensations
from game.compensation.rules import Cohort, Compensation, Cost, Gift, State
from loyalty.care.rules import Gifts
from loyalty.ledger.rules import Currency
from loyalty.members.actions import set_status
from loyalty.members.rules import MemberStatus
from loyalty.refusals import Refused
from tests.journeys.test_jobs import Kept
from tests.races.test_checkin import DAY, HOUR, NOW, a_member, check_books, code, come, coming, kinds, seed_calendar
from tests.seeding import lock_one, make_shoppers, wallet_of

AT_ONCE = 16
ANN, BOB = uuid4(), uuid4()
KEY = "outage-june"
EVERYONE = Cohort(everyone=True)
SMALL = Gift(Gifts(diamonds=10, energy=5, tickets=1))


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url, pool_size=AT_ONCE)
    await seed_calendar(database)
    yield database
    await database.close()


async def dry_run(
    database: Database, cohort: Cohort = EVERYONE, gift: Gift = SMALL, *, key: str = KEY, by: UUID = ANN,
    now: Any = NOW,
) -> Cost:  # fmt: skip
    async with database.read() as connection:
        return await compensations.preview(connection, key, cohort, gift, operator=by, now=now)


async def propose(
    database: Database, cohort: Cohort = EVERYONE, gift: Gift = SMALL, *, key: str = KEY, by: UUID = ANN,
    members: int | None = None, now: Any = NOW,
) -> Compensation:  # fmt: skip
    seen = (await dry_run(database, cohort, gift, key=key, by=by, now=now)).members if members is None else members
    async with database.work() as work:
        return await compensations.propose(
            work, key, cohort, gift, seen, operator=by, reason="the outage of June", now=now
        )  # fmt: skip


async def approve(database: Database, made: Compensation, by: UUID = BOB, members: int | None = None) -> None:
    async with database.work() as work:
        seen = made.members if members is None else members
        await compensations.approve(work, made.id, seen, operator=by, now=NOW)


async def stop(database: Database, made: Compensation, by: UUID = ANN) -> None:
    async with database.work() as work:
        await compensations.stop(work, made.id, operator=by, reason="it was no outage", now=NOW)


async def run(database: Database, now: Any = NOW) -> None:
    job = next(job for job in jobs_of(Kept()) if job.name == "compensations")
    assert await run_job(database, job, now), "the job failed; the log says where"


async def outcome(waiting: Any) -> str:
    try:
        await waiting
    except Refused as refused:
        return str(refused.code)
    return "ok"


async def state_of(database: Database, made: Compensation) -> tuple[str, int, int, int]:
    async with database.read() as connection:
        found = await compensations.load_compensation(connection, made.id)
    assert found is not None
    progress = found[1]
    return found[0].state.value, progress.granted, progress.skipped, progress.waiting


async def credited(database: Database) -> list[tuple[Any, ...]]:
    async with database.read() as connection:
        rows = await connection.fetch(
            "SELECT currency, count(*), count(DISTINCT member_id), sum(amount) FROM transfers "
            "WHERE account = 'issue:care' GROUP BY 1 ORDER BY 1"
        )
    return [tuple(row) for row in rows]


async def check(database: Database, *member_ids: UUID) -> None:
    async with database.read() as connection:
        assert [each for each in await compensations.audit(connection, NOW) if not each.ok] == []
    for member_id in member_ids:
        await check_books(database, member_id)


@asynccontextmanager
async def workers(database: Database, count: int = 4) -> AsyncIterator[list[Database]]:
    url = database.engine.url.render_as_string(hide_password=False)
    opened = [Database(url, pool_size=2) for _ in range(count)]
    yield opened
    for each in opened:
        await each.close()


async def crowd(database: Database, number: int) -> Sequence[UUID]:
    return [each.id for each in await make_shoppers(database, number)]


# -- whom, and what it costs -------------------------------------------------------------------------------------------


async def test_a_dry_run_counts_whom_the_rules_name_and_changes_nothing(shop: Database) -> None:
    players = await make_shoppers(shop, 3)
    idle, *_ = await make_shoppers(shop, 2)
    for each in players:
        await come(shop, each.id, NOW)
    window = {"active_from": NOW - HOUR, "active_to": NOW + HOUR}
    played = Cohort(**window)
    for cohort, members in (
        (EVERYONE, 5), (played, 3), (Cohort(active_from=NOW + HOUR, active_to=NOW + 2 * HOUR), 0),
        (Cohort(tiers=("general",)), 5), (Cohort(tiers=("gold", "black")), 0),
        (Cohort(cards=(players[0].card_no, idle.card_no)), 2),
        (Cohort(cards=(players[0].card_no, idle.card_no), **window), 1),
    ):  # fmt: skip
        assert (await dry_run(shop, cohort, now=NOW + 3 * HOUR)).members == members, cohort
    cost = await dry_run(shop, played, now=NOW + 3 * HOUR)
    assert (cost.total, cost.needs_two) == (Gifts(30, 15, 3), False)
    async with shop.work() as work:
        await set_status(work, players[0].id, MemberStatus.SUSPENDED, operator="ann", now=NOW)
    assert (await dry_run(shop, played, now=NOW + 3 * HOUR)).members == 2
    async with shop.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM compensated") == 0


async def test_what_cannot_be_is_refused_and_nothing_is_written(shop: Database) -> None:
    await crowd(shop, 2)
    for asked, refusal in (
        ({"members": 3}, "COHORT_CHANGED"), ({"cohort": Cohort(tiers=("copper",)), "members": 1}, "INVALID_INPUT"),
        ({"cohort": Cohort(tiers=("gold",)), "members": 0}, "INVALID_INPUT"),
        ({"cohort": Cohort(cards=("2900000000001",)), "members": 1}, "INVALID_INPUT"),
        ({"gift": Gift(Gifts(), (NOW.date(),)), "members": 2}, "INVALID_INPUT"),
        ({"key": "No Key", "members": 2}, "INVALID_INPUT"),
    ):  # fmt: skip
        assert await outcome(propose(shop, **asked)) == refusal, asked
    async with shop.read() as connection:
        assert await connection.fetchval("SELECT count(*) FROM compensations") == 0


async def test_small_ones_begin_at_once_and_the_day_of_one_person_is_counted_together(shop: Database) -> None:
    members = await crowd(shop, 30)
    first = await propose(shop)
    assert (first.state, first.alone) == (State.RUNNING, True)
    await run(shop)
    assert await state_of(shop, first) == ("DONE", 30, 0, 0)
    assert await credited(shop) == [("DIAMONDS", 30, 30, 300), ("TICKETS", 30, 30, 30)]
    second = await propose(shop, key="outage-july")
    assert (second.state, second.alone) == (State.PROPOSED, False), "sixty members are more than one may alone"
    later = await propose(shop, key="outage-august", now=NOW + 25 * HOUR)
    assert later.state is State.RUNNING
    await check(shop, *members[:3])


# -- two people --------------------------------------------------------------------------------------------------------


async def test_of_sixteen_approvers_one_wins_and_the_proposer_never(shop: Database) -> None:
    await crowd(shop, 60)
    made = await propose(shop)
    assert made.state is State.PROPOSED
    await run(shop)
    assert await state_of(shop, made) == ("PROPOSED", 0, 0, 60)
    assert await outcome(approve(shop, made, ANN)) == "SHEET_OWN"
    assert await outcome(approve(shop, made, BOB, members=59)) == "COHORT_CHANGED"
    answers = await asyncio.gather(*(outcome(approve(shop, made, uuid4())) for _ in range(AT_ONCE)))
    assert Counter(answers) == {"ok": 1, "COMPENSATION_STATE": AT_ONCE - 1}
    await run(shop)
    assert await state_of(shop, made) == ("DONE", 60, 0, 0)
    assert await outcome(approve(shop, made)) == "COMPENSATION_STATE"
    assert await outcome(stop(shop, made)) == "COMPENSATION_STATE"
    async with shop.read() as connection:
        acts = await connection.fetch("SELECT act FROM trail WHERE subject = $1 ORDER BY id", f"compensation:{made.id}")
    assert [row["act"] for row in acts] == ["PROPOSED", "APPROVED"]
    await check(shop)


async def test_of_sixteen_who_propose_the_same_incident_one_does_and_it_is_given_once(shop: Database) -> None:
    await crowd(shop, 20)
    answers = await asyncio.gather(*(outcome(propose(shop, by=uuid4(), members=20)) for _ in range(AT_ONCE)))
    assert Counter(answers) == {"ok": 1, "COMPENSATION_EXISTS": AT_ONCE - 1}
    await run(shop)
    assert await outcome(propose(shop, members=0)) == "COMPENSATION_EXISTS"
    await run(shop)
    assert await credited(shop) == [("DIAMONDS", 20, 20, 200), ("TICKETS", 20, 20, 20)]
    await check(shop)


# -- the work ----------------------------------------------------------------------------------------------------------


async def test_four_workers_give_each_member_once(shop: Database) -> None:
    await crowd(shop, 900)
    made = await propose(shop, gift=Gift(Gifts(diamonds=10)))
    await approve(shop, made)
    async with workers(shop) as servers:
        await asyncio.gather(*(run(each) for each in servers))
    await run(shop)
    assert await state_of(shop, made) == ("DONE", 900, 0, 0)
    assert await credited(shop) == [("DIAMONDS", 900, 900, 9_000)]
    await check(shop)


async def test_sixteen_connections_that_take_two_members_at_a_time_serve_each_once(shop: Database) -> None:
    """Batches this small end while others pick theirs, so that a place taken without its lock is served again."""
    await crowd(shop, 400)
    made = await propose(shop, gift=Gift(Gifts(diamonds=10)))
    await approve(shop, made)

    async def serve() -> None:
        decided = 1
        while decided:
            async with shop.work() as work:
                decided = await compensations.grant_some(work, made.id, NOW, 2)

    await asyncio.gather(*(serve() for _ in range(AT_ONCE)))
    await run(shop)
    assert await credited(shop) == [("DIAMONDS", 400, 400, 4_000)]
    assert await state_of(shop, made) == ("DONE", 400, 0, 0)
    await check(shop)


async def test_who_plays_meanwhile_keeps_both_what_he_earned_and_what_he_was_given(shop: Database) -> None:
    members = await crowd(shop, 48)
    made = await propose(shop)

    async def play(member_id: UUID, now: Any) -> str:
        return await code(shop, check_in, coming(member_id, now))

    answers = await asyncio.gather(run(shop), *(play(each, NOW) for each in members), run(shop))
    assert answers.count("ok") == 48
    await run(shop)
    assert await state_of(shop, made) == ("DONE", 48, 0, 0)
    assert {(await wallet_of(shop, each, Currency.DIAMONDS)).balance for each in members} == {40}
    await check(shop, *members)


async def test_a_member_who_is_busy_is_passed_over_and_comes_next(shop: Database) -> None:
    busy, free = await crowd(shop, 2)
    made = await propose(shop)
    async with shop.work() as work:
        await lock_one(work, busy)
        async with asyncio.timeout(5):
            await run(shop)
        assert await state_of(shop, made) == ("RUNNING", 1, 0, 1)
    await run(shop)
    assert await state_of(shop, made) == ("DONE", 2, 0, 0)
    await check(shop, busy, free)


async def test_who_may_not_act_any_more_is_passed_over_for_good_with_the_reason(shop: Database) -> None:
    gone, there = await crowd(shop, 2)
    made = await propose(shop)
    async with shop.work() as work:
        await set_status(work, gone, MemberStatus.SUSPENDED, operator="ann", now=NOW)
    await run(shop)
    assert await state_of(shop, made) == ("DONE", 1, 1, 0)
    async with shop.read() as connection:
        why = await connection.fetchval("SELECT why FROM compensated WHERE member_id = $1", gone)
    assert (why, (await wallet_of(shop, gone, Currency.DIAMONDS)).balance) == ("MEMBER_SUSPENDED", 0)
    await check(shop, there)


async def test_a_stop_among_workers_leaves_nobody_half_and_another_one_leaves_out_who_was_served(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.runtime.jobs.work._COMPENSATED", 5)
    await crowd(shop, 900)
    made = await propose(shop, gift=Gift(Gifts(diamonds=10)))
    await approve(shop, made)

    async def stop_soon() -> None:
        while (await state_of(shop, made))[1] < 100:  # noqa: ASYNC110 - the database alone tells it
            await asyncio.sleep(0.005)
        await stop(shop, made)

    async with workers(shop) as servers:
        await asyncio.gather(stop_soon(), *(run(each) for each in servers))
    state, granted, _, waiting = await state_of(shop, made)
    assert (state, waiting) == ("STOPPED", 0)
    assert 100 <= granted < 900, "it was to be stopped half way"
    assert await credited(shop) == [("DIAMONDS", granted, granted, 10 * granted)]
    await check(shop)
    again = await propose(shop, gift=Gift(Gifts(diamonds=10)))
    assert again.members == 900 - granted
    await approve(shop, again)
    await run(shop)
    assert await credited(shop) == [("DIAMONDS", 900, 900, 9_000)]
    await check(shop)


# -- forgiven days -----------------------------------------------------------------------------------------------------


async def streak_of(database: Database, member_id: UUID, now: Any) -> Any:
    async with database.read() as connection:
        return (await read_streaks(connection, [member_id], now))[member_id]


async def test_forgiven_days_close_gaps_give_freezes_back_and_show_in_the_calendar(shop: Database) -> None:
    gapped, frozen, came, broken = [await a_member(shop) for _ in range(4)]
    for member, days in ((gapped, 3), (frozen, 7), (came, 8), (broken, 3)):
        for each in range(8 - days, 8):
            await come(shop, member, NOW + each * DAY)
    now = NOW + 9 * DAY
    await come(shop, came, NOW + 8 * DAY)
    missed = (NOW + 8 * DAY).date()
    assert (await streak_of(shop, frozen, now)).state is StreakState.FROZEN
    assert (await streak_of(shop, gapped, now)).state is StreakState.REPAIRABLE
    later = NOW + 12 * DAY
    assert await code(shop, check_in, coming(broken, later)) == "ok"  # the break is written down
    assert (await streak_of(shop, broken, later)).length == 3  # two of three stayed, and today
    made = await propose(shop, gift=Gift(Gifts(diamonds=1), (missed,)), now=now)
    await run(shop, now)
    assert await state_of(shop, made) == ("DONE", 4, 0, 0)
    assert (await streak_of(shop, gapped, now)).state is StreakState.AT_RISK
    assert (await streak_of(shop, frozen, now)).freezes == 1
    assert (await streak_of(shop, came, now)).length == 9
    assert "days_forgiven" not in await kinds(shop, came)
    assert (await streak_of(shop, broken, later)).length == 3, "three more days of that gap are not forgiven"
    rest = tuple(date.fromordinal(missed.toordinal() + each) for each in range(4))
    await propose(shop, gift=Gift(Gifts(), rest), key="typhoon", now=later)
    await run(shop, later)
    assert (await streak_of(shop, broken, later)).length == 4
    assert (await kinds(shop, gapped))[:2] == ["compensated", "days_forgiven"]
    await check(shop, gapped, frozen, came, broken)


async def test_where_the_day_is_not_over_yet_the_member_waits_for_it(shop: Database) -> None:
    member = await a_member(shop)
    async with shop.work() as work:
        await work.connection.execute("UPDATE members SET timezone = 'America/Los_Angeles' WHERE id = $1", member)
    await come(shop, member, NOW)
    day = NOW.date()
    soon = NOW + 14 * HOUR + timedelta(minutes=30)  # past midnight in Taipei, half past eleven in the morning there
    made = await propose(shop, gift=Gift(Gifts(diamonds=1), (day,)), now=soon)
    await run(shop, soon)
    assert await state_of(shop, made) == ("RUNNING", 0, 0, 1)
    await run(shop, soon + timedelta(minutes=5))
    assert await state_of(shop, made) == ("RUNNING", 0, 0, 1)
    await run(shop, NOW + 32 * HOUR)
    assert await state_of(shop, made) == ("DONE", 1, 0, 0)
    await check(shop, member)
