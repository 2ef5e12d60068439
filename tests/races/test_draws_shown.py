"""What draws show beside their results: wallets out of the batch, against those that are read after it."""

from __future__ import annotations

from functools import partial

from api.mobile.members import show_wallet
from api.runtime.batcher import run_action
from api.runtime.database import Database
from loyalty.ledger.actions import read_wallets
from rewards.gacha import actions as gacha
from tests.races.gacha_fair import VAULT, check_books, code_of, open_fair


async def test_the_wallets_that_draws_show_are_those_that_stand_after_their_batch(database: Database) -> None:
    fair = await open_fair(database)
    rich, poor, bare = await fair.member(diamonds=500, tickets=1), await fair.member(diamonds=220), await fair.member()
    first = fair.drawing(rich)
    commands = [first, fair.drawing(rich), fair.drawing(poor, count=10), fair.drawing(bare), fair.drawing(rich), first]
    show = partial(gacha.draw_and_show, vault=VAULT)
    for batch, refused in ((commands, 1), (commands[:1], 0)):
        answers = await run_action(database, show, batch)
        async with database.read() as connection:
            stand = await read_wallets(connection, [rich, poor, bare])
        shown = {}
        for command, answer in zip(batch, answers, strict=True):
            if isinstance(answer, gacha.DrawsShown):
                held = {currency: wallet for (owner, currency), wallet in stand.items() if owner == command.member_id}
                shown[command.member_id] = show_wallet(answer.wallets, answer.today)
                assert shown[command.member_id] == show_wallet(held, answer.today)
            else:
                assert code_of(answer) == "NOT_ENOUGH"
        assert len([answer for answer in answers if code_of(answer) != "ok"]) == refused
        assert answers[0] == answers[-1], "a retry shows the first draws"
        assert shown[rich].diamonds + shown[rich].points > 0
    await check_books(fair)
