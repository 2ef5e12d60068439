"""Things go their way once each: won, claimed, cleared, handed over, picked, over; and nobody gets what is not his."""

from __future__ import annotations

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.runtime.database import Database
from loyalty.members.actions import RightsCommand, erase_due, request_erasures
from loyalty.refusals import Refused
from rewards.prizes import actions as prizes
from rewards.prizes.rules.lives import PrizeState
from rewards.prizes.rules.papers import Address
from tests.races.gacha_fair import NOW, ask, check_books, code_of
from tests.races.things_shop import (
    ABROAD,
    ADDRESS,
    RESIDENT,
    VAULT,
    Counter,
    claim_prizes,
    open_counter,
    pool_of,
    thing_body,
)

DAY = timedelta(days=1)


@pytest.fixture
async def counter(database: Database) -> Counter:
    return await open_counter(database)


async def refusal(acting: Awaitable[Any]) -> str:
    """The code that an operator's act is refused with."""
    with pytest.raises(Refused) as refused:
        await acting
    return str(refused.value.code)


async def expire(counter: Counter, after: timedelta) -> int:
    async with counter.database.work() as work:
        return await prizes.expire_prizes(work, NOW + after, 100)


async def papers(counter: Counter, member_id: UUID, prize_id: UUID) -> prizes.Papers | None:
    async with counter.database.read() as connection:
        return (await prizes.read_papers(connection, VAULT, [(member_id, prize_id)])).get((member_id, prize_id))


async def test_a_draw_that_wins_a_thing_makes_its_prize(counter: Counter) -> None:
    member = await counter.member()
    prize_id = await counter.win(member)
    async with counter.database.read() as connection:
        [view] = await prizes.read_prizes(connection, member, NOW, first=10)
    assert (view.won.id, view.won.state, view.won.value_minor) == (prize_id, PrizeState.WON, 68_000)
    assert view.won.due_at is not None
    assert view.won.due_at.isoformat() == "2027-04-09T16:00:00+00:00", "thirty whole days of Taipei after the draw's"
    kinds = await counter.fair.rows("SELECT kind FROM events WHERE member_id = $1 ORDER BY id", member)
    assert [kind for (kind,) in kinds if "prize" in kind] == ["prize_won", "prizes_drawn"]
    await check_books(counter.fair)


async def test_a_ten_makes_a_prize_for_each(counter: Counter) -> None:
    member = await counter.member()
    await counter.fair.publish("ten", **pool_of("pot", stock=4))
    drawn = await counter.fair.draw(member, "ten", 10)
    assert [each.prize for each in drawn.draws] == ["pot"] * 4 + ["rest"] * 6
    found = await counter.fair.rows("SELECT id FROM prizes WHERE member_id = $1 ORDER BY id", member)
    assert [each for (each,) in found] == [each.id for each in drawn.draws[:4]]
    await check_books(counter.fair)


async def test_a_parcel_goes_from_the_claim_to_the_door(counter: Counter) -> None:
    member = await counter.member()
    prize_id = await counter.win(member)
    claimed = await counter.claim(member, prize_id)
    assert (claimed.state, claimed.withheld_minor) == (PrizeState.CLAIMED, 0)
    sealed = await counter.fair.rows("SELECT address, identity FROM prize_papers WHERE prize_id = $1", prize_id)
    assert "王小美".encode() not in sealed[0][0] and sealed[0][1] is None
    assert (await papers(counter, member, prize_id)) == prizes.Papers(ADDRESS, None)
    assert await refusal(counter.act(prizes.mark_ready, prize_id, tracking_no=None)) == "INVALID_INPUT"
    assert (await counter.act(prizes.mark_ready, prize_id, tracking_no="TW-1")).state is PrizeState.READY
    assert await refusal(counter.act(prizes.mark_ready, prize_id, tracking_no="TW-2")) == "PRIZE_STATE"
    assert code_of(await counter.hand(await counter.code(prize_id))) == "PRIZE_OTHER_STORE", "no till has it"
    assert (await counter.act(prizes.mark_fulfilled, prize_id)).state is PrizeState.FULFILLED
    assert await refusal(counter.act(prizes.mark_fulfilled, prize_id)) == "PRIZE_HANDED_OVER"
    async with counter.database.work() as work:
        assert await prizes.forget_papers(work, NOW, 10) == 1, "an address goes with the end"
    assert await papers(counter, member, prize_id) is None
    await check_books(counter.fair)


async def test_a_prize_waits_at_its_store_and_leaves_once(counter: Counter) -> None:
    member = await counter.member()
    await counter.count(1)
    prize_id = await counter.win(member)
    assert code_of(await counter.claim(member, prize_id, "banqiao")) == "STORE_STOCK_OUT"
    assert (await counter.claim(member, prize_id, "xinyi")).state is PrizeState.CLAIMED
    assert await counter.stock() == (1, 1)
    code = await counter.code(prize_id)
    assert code_of(await counter.hand(code)) == "PRIZE_STATE", "not laid out yet"
    assert await refusal(counter.act(prizes.mark_ready, prize_id, tracking_no="TW-1")) == "INVALID_INPUT"
    await counter.act(prizes.mark_ready, prize_id, tracking_no=None)
    assert await refusal(counter.act(prizes.mark_fulfilled, prize_id)) == "PRIZE_OTHER_STORE", "the till hands it over"
    assert code_of(await counter.hand(code, "banqiao")) == "PRIZE_OTHER_STORE"
    assert code_of(await counter.hand(code, cash=100)) == "CASH_DIFFERS"
    assert code_of(await counter.hand(code, receipt_no="R-1")) == "INVALID_INPUT"
    assert code_of(await counter.hand(code[:-1] + ("0" if code[-1] != "0" else "1"))) == "PRIZE_NOT_FOUND"
    request = uuid4()
    done = await counter.hand(code, request_id=request)
    assert (done.prize_id, done.thing) == (prize_id, "pot")
    assert await counter.hand(code, request_id=request) == done
    assert code_of(await counter.hand(code)) == "PRIZE_HANDED_OVER"
    assert (await counter.state(prize_id), await counter.stock()) == ("FULFILLED", (0, 0))
    await check_books(counter.fair)


async def test_a_claim_is_refused_for_what_it_is(counter: Counter) -> None:
    member, other = await counter.member(), await counter.member()
    prize_id = await counter.win(member)
    assert code_of(await counter.claim(other, prize_id)) == "PRIZE_NOT_FOUND"
    assert code_of(await counter.claim(member, uuid4())) == "PRIZE_NOT_FOUND"
    bad = counter.claiming(member, prize_id)
    for address in (Address("", "0912345678", "106", "x"), Address("x", "call me", "106", "x"),
                    Address("x", "0912345678", "!", "x"), Address("x", "0912345678", "106", "x\n")):  # fmt: skip
        asked = prizes.ClaimPrize(bad.request, member, prize_id, address, None, None, NOW)
        assert code_of(await ask(counter.database, claim_prizes, asked)) == "INVALID_INPUT"
    assert code_of(await counter.claim(member, prize_id, now=NOW + 31 * DAY)) == "PRIZE_EXPIRED"
    assert code_of(await counter.claim(member, prize_id)) == "ok"
    assert code_of(await counter.claim(member, prize_id)) == "PRIZE_STATE"
    await counter.publish("heavy", delivery=["STORE"])
    await counter.fair.publish("heavy", **pool_of("heavy"))
    assert code_of(await counter.claim(member, await counter.win(member, "heavy"))) == "DELIVERY_NOT_OFFERED"
    async with counter.database.work() as work:
        await work.connection.execute("UPDATE members SET status = 'SUSPENDED' WHERE id = $1", member)
    assert code_of(await counter.claim(member, prize_id)) == "MEMBER_SUSPENDED"


async def test_a_prize_above_the_step_waits_for_the_tax(counter: Counter) -> None:
    member = await counter.member()
    await counter.fair.publish("grand", **pool_of("pot", value_minor=2_500_000))
    prize_id = await counter.win(member, "grand")
    assert code_of(await counter.claim(member, prize_id)) == "IDENTITY_NEEDED"
    held = await counter.claim(member, prize_id, identity=RESIDENT)
    assert (held.state, held.withheld_minor) == (PrizeState.TAX_HOLD, 250_000)
    assert (await papers(counter, member, prize_id)) == prizes.Papers(ADDRESS, RESIDENT)
    assert await refusal(counter.act(prizes.mark_ready, prize_id, tracking_no="TW-1")) == "PRIZE_STATE"
    assert await refusal(counter.act(prizes.clear_tax, prize_id, received_minor=249_999)) == "INVALID_INPUT"
    assert (await counter.act(prizes.clear_tax, prize_id, received_minor=250_000)).state is PrizeState.CLAIMED
    assert await refusal(counter.act(prizes.clear_tax, prize_id, received_minor=250_000)) == "PRIZE_STATE"
    assert await expire(counter, 400 * DAY) == 0, "what is claimed is owed"
    await check_books(counter.fair)


async def test_small_prizes_of_one_year_reach_the_step_together_and_a_new_year_begins_at_nothing(
    counter: Counter,
) -> None:
    member = await counter.member()
    first, second, third = [await counter.win(member) for _ in range(3)]
    assert code_of(await counter.claim(member, first)) == "ok"
    assert code_of(await counter.claim(member, second)) == "IDENTITY_NEEDED", "1,360 together"
    abroad = await counter.claim(member, second, identity=ABROAD)
    assert (abroad.state, abroad.withheld_minor) == (PrizeState.TAX_HOLD, 13_600), "a fifth of the one at the step"
    assert await counter.fair.rows("SELECT year, value_minor FROM prize_years WHERE member_id = $1", member) == [
        (2027, 136_000)
    ]
    assert await expire(counter, 11 * DAY) == 1, "nobody brought the tax"
    assert await counter.fair.rows("SELECT value_minor FROM prize_years WHERE member_id = $1", member) == [(68_000,)]
    async with counter.database.work() as work:
        assert await prizes.forget_papers(work, NOW + 11 * DAY, 10) == 1, "who pays no tax leaves no identity"
    async with counter.database.work() as work:
        await work.connection.execute("UPDATE prizes SET due_at = $2 WHERE id = $1", third, NOW + 400 * DAY)
    claimed = await counter.claim(member, third, now=NOW + 300 * DAY)
    assert claimed.state is PrizeState.CLAIMED, "in January the year is young"
    await check_books(counter.fair)


async def test_an_identity_leaves_once_and_goes_when_the_law_lets_it(counter: Counter) -> None:
    member = await counter.member()
    await counter.fair.publish("grand", **pool_of("pot", value_minor=2_500_000))
    prize_id = await counter.win(member, "grand")
    await counter.claim(member, prize_id, identity=RESIDENT)

    async def export() -> Any:
        async with counter.database.work() as work:
            return await prizes.take_export(work, 2027, operator="op", now=NOW)

    await counter.act(prizes.clear_tax, prize_id, received_minor=250_000)
    assert await refusal(export()) == "NOTHING_TO_EXPORT", "not before it was handed over"
    await counter.act(prizes.mark_ready, prize_id, tracking_no="TW-1")
    await counter.act(prizes.mark_fulfilled, prize_id)
    done = await export()
    async with counter.database.read() as connection:
        [(won, identity)] = await prizes.read_export(connection, VAULT, done.export_id)
    assert (won.id, won.withheld_minor, identity) == (prize_id, 250_000, RESIDENT)
    assert await refusal(export()) == "NOTHING_TO_EXPORT"
    async with counter.database.work() as work:
        rights = RightsCommand(counter.key(member, "eraseMe", {}, None), member, NOW)
        await request_erasures(work, [rights])
        assert await erase_due(work, NOW + 31 * DAY, limit=5) == 1
    async with counter.database.work() as work:
        assert await prizes.forget_papers(work, NOW + 31 * DAY, 10) == 1, "the address"
    assert (await papers(counter, member, prize_id)) == prizes.Papers(None, RESIDENT), "the law asks for seven years"
    async with counter.database.work() as work:
        assert await prizes.forget_papers(work, NOW + 2_558 * DAY, 10) == 1
    assert await papers(counter, member, prize_id) is None
    await check_books(counter.fair)


async def test_what_nobody_collects_goes_back(counter: Counter) -> None:
    member = await counter.member()
    await counter.count(3)
    lazy, late = await counter.win(member), await counter.win(member)
    await counter.claim(member, late, "xinyi", identity=RESIDENT)
    await counter.act(prizes.mark_ready, late, tracking_no=None)
    assert await expire(counter, 14 * DAY) == 0
    assert await expire(counter, 15 * DAY) == 1
    assert (await counter.state(late), await counter.stock()) == ("EXPIRED", (3, 0))
    assert code_of(await counter.hand(await counter.code(late))) == "PRIZE_EXPIRED"
    assert await expire(counter, 31 * DAY) == 1
    assert await counter.state(lazy) == "EXPIRED"
    assert await expire(counter, 31 * DAY) == 0
    await check_books(counter.fair)


async def test_an_operator_forfeits_and_an_erased_members_prizes_end(counter: Counter) -> None:
    member, gone = await counter.member(), await counter.member(stamps=20)
    await counter.count(3)
    prize_id = await counter.win(member)
    await counter.claim(member, prize_id, "xinyi")
    assert await refusal(counter.act(prizes.forfeit, prize_id, reason="")) == "INVALID_INPUT"
    await counter.act(prizes.forfeit, prize_id, reason="drawn by a bot")
    assert (await counter.state(prize_id), await counter.stock()) == ("FORFEITED", (3, 0))
    assert await refusal(counter.act(prizes.forfeit, prize_id, reason="drawn by a bot")) == "PRIZE_FORFEITED"
    assert await refusal(counter.act(prizes.forfeit, uuid4(), reason="drawn by a bot")) == "PRIZE_NOT_FOUND"
    mine = await counter.win(gone)
    await counter.claim(gone, mine)
    picked = await counter.pick(gone)
    async with counter.database.work() as work:
        await request_erasures(work, [RightsCommand(counter.key(gone, "eraseMe", {}, None), gone, NOW)])
        assert await prizes.forfeit_erased(work, [member, gone], NOW) == 0
        assert await erase_due(work, NOW + 31 * DAY, limit=5) == 1
    async with counter.database.work() as work:
        owners = await prizes.find_owners(work, UUID(int=0), 10)
        assert owners == [gone]
        assert await prizes.forfeit_erased(work, owners, NOW + 31 * DAY) == 2
        assert await prizes.forget_papers(work, NOW + 31 * DAY, 10) == 1
    assert [await counter.state(each) for each in (mine, picked.prize_id)] == ["FORFEITED"] * 2
    assert await counter.stock() == (3, 0)
    assert await counter.fair.rows("SELECT count(*) FROM prize_papers") == [(0,)]
    await check_books(counter.fair)


async def test_a_pick_holds_stamps_until_the_till_takes_the_cash(counter: Counter) -> None:
    member = await counter.member(stamps=45)
    await counter.count(2)
    assert code_of(await counter.pick(member, thing="none")) == "THING_NOT_FOUND"
    assert code_of(await counter.pick(member, "banqiao")) == "STORE_STOCK_OUT"
    request = uuid4()
    picked = await counter.pick(member, request_id=request)
    assert (picked.stamps, picked.cash_minor, picked.due_at) == (20, 19_900, NOW + timedelta(hours=72))
    assert await counter.pick(member, request_id=request) == picked
    assert code_of(await counter.pick(member)) == "PICK_LIMIT"
    assert (await counter.fair.spendable(member, "STAMPS"), await counter.stock()) == (25, (2, 1))
    await check_books(counter.fair)
    code = await counter.code(picked.prize_id)
    assert code_of(await counter.hand(code, receipt_no="R-1")) == "CASH_DIFFERS"
    assert code_of(await counter.hand(code, cash=19_900)) == "INVALID_INPUT", "cash is on a receipt"
    done = await counter.hand(code, cash=19_900, receipt_no="R-1")
    assert (done.stamps, done.cash_minor) == (20, 19_900)
    assert (await counter.fair.spendable(member, "STAMPS"), await counter.stock()) == (25, (1, 0))
    accounts = await counter.fair.rows(
        "SELECT account, sum(amount)::int FROM transfers WHERE member_id = $1 AND currency = 'STAMPS' GROUP BY 1 "
        "ORDER BY 1",
        member,
    )
    assert accounts == [("clearing:pick", 0), ("issue:adjust", 45), ("sink:catalogue", -20)]
    assert code_of(await counter.pick(member)) == "ok"
    poor = await counter.member(stamps=19)
    await counter.count(9)
    assert code_of(await counter.pick(poor)) == "NOT_ENOUGH"
    assert await counter.stock() == (9, 1), "a refused pick sets nothing aside"
    await check_books(counter.fair)


async def test_a_pick_that_is_not_paid_gives_the_stamps_back(counter: Counter) -> None:
    member = await counter.member(stamps=20)
    await counter.count(1)
    picked = await counter.pick(member)
    assert await expire(counter, timedelta(hours=72) - timedelta(seconds=1)) == 0
    late = NOW + timedelta(hours=72)
    code = await counter.code(picked.prize_id)
    assert code_of(await counter.hand(code, cash=19_900, receipt_no="R-1", now=late)) == "PRIZE_EXPIRED"
    assert await expire(counter, timedelta(hours=72)) == 1
    assert (await counter.fair.spendable(member, "STAMPS"), await counter.stock()) == (20, (1, 0))
    await check_books(counter.fair)


async def test_an_operator_counts_what_is_there(counter: Counter) -> None:
    member = await counter.member(stamps=20)
    assert (await counter.count(5)).left == 5
    await counter.pick(member)
    assert await refusal(counter.count(0)) == "STOCK_RESERVED"
    assert await refusal(counter.count(-1)) == "INVALID_INPUT"
    assert await refusal(counter.count(1, thing="none")) == "THING_NOT_FOUND"
    assert (await counter.count(1)).left == 0
    await check_books(counter.fair)


async def test_odds_name_things_that_there_are_with_stock_and_value(counter: Counter) -> None:
    for changes in ({"thing": "none"}, {"stock": None, "when_gone": None, "fallback": None}, {"value_minor": None}):
        body = pool_of("pot")
        body["prizes"][0] = {key: value for key, value in {**body["prizes"][0], **changes}.items() if value is not None}
        assert await refusal(counter.fair.publish("bad", **body)) == "SHEET_INVALID"


async def test_a_prize_keeps_the_terms_that_it_was_won_under(counter: Counter) -> None:
    member = await counter.member()
    prize_id = await counter.win(member)
    await counter.publish("pot", based_on=1, delivery=["STORE"], claim_days=1)
    assert code_of(await counter.claim(member, prize_id, now=NOW + 5 * DAY)) == "ok", "posted, and within thirty days"
    assert thing_body()["claim_days"] == 30
