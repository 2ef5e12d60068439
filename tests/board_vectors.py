"""The cases that the rules in JavaScript (`api/play/rules.js`) are held to: random games, each step as an app sees it.

    python -m tests.board_vectors > tests/vectors/board.json

A game begins with a board in the words of `rules.js`; each step is a move and either the code of its refusal or what
it changed. The views are those of the members' schema (`show_board`), so an app sees exactly this.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from api.graphql.boards import BoardNode, Cell, ItemNode, show_board
from game.board.actions import BoardRead
from game.board.rules import cells, moves
from game.board.rules.content import Supply
from game.board.rules.moves import Move, MoveKind
from game.orders import rules as orders
from game.orders.actions.reading import write_orders
from game.orders.rules import Appointment, OrderDials, Wall
from game.refusals import GameRefused
from loyalty.refusals import LoyaltyRefused
from tests.playing import NOW, Player, free_generators, lively, new_table, shipped

GAMES, STEPS = 100, 55
_LONG_AGO = NOW - timedelta(days=36_500)
_SIMPLE = {
    MoveKind.TAP: "tap", MoveKind.STORE: "store", MoveKind.SELL: "sell", MoveKind.OPEN: "open", MoveKind.POP: "pop",
}  # fmt: skip
_PAIRS = {MoveKind.MERGE: "merge", MoveKind.MOVE: "move"}


def make_vectors() -> dict[str, Any]:
    """Every game; the same each time."""
    content, _ = shipped()
    lengths = {chain.code: len(chain.levels) for chain in content.chains}
    return {"lengths": lengths, "games": [_game(number) for number in range(GAMES)]}


def write_vectors() -> str:
    """The file's text, one step a line."""
    made = make_vectors()
    games = []
    for game in made["games"]:
        steps = ",\n".join(_dump(step) for step in game["steps"])
        games.append(f'{{"start":{_dump(game["start"])},"steps":[\n{steps}]}}')
    return f'{{"lengths":{_dump(made["lengths"])},"games":[\n' + ",\n".join(games) + "]}\n"


def count_kinds(vectors: dict[str, Any]) -> tuple[Counter[str], Counter[str]]:
    """How often each kind of move was done, and each code was refused."""
    done: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    for game in vectors["games"]:
        for step in game["steps"]:
            if "wait" in step:
                continue
            if "code" in step:
                refused[step["code"]] += 1
            else:
                done[next(iter(step["move"]))] += 1
    return done, refused


@cache
def _hurried() -> OrderDials:
    """Dials of games in which orders wait for an hour, and an appointment from ten to eight each day."""
    _, dials = shipped()
    names = {"en": "Rush", "zh-TW": "尖峰"}
    rush = Appointment("rush", names, time(10), time(20), False, (), (), 1, 500)
    return replace(dials, expires_hours=1, appointments=(rush,))


def _game(number: int) -> dict[str, Any]:
    dials = _hurried() if number % 3 == 0 else shipped()[1]
    dice = random.Random(number)
    content = lively() if number % 3 == 0 else None
    player = Player(dice, new_table(dice.randbytes(32), content=content), tidy=dice.choice((0.2, 0.35, 0.5)))
    for _ in range(dice.choice((0, 20, 100, 400))):
        player.step()
    player.wait()
    if number % 2 == 0:
        _lift(player)
    _look(player, dials)
    player.table.board.purse = dice.choice((0, 10, 200))
    before = _view(player)
    start, steps = before, []
    for step in range(STEPS):
        if step % 8 == 7:
            player.wait()
            _look(player, dials)
            waited = _view(player)
            steps.append({"wait": _changes(before, waited)})
            before = waited
        if step % 8 == 3:
            # Time goes on, and the app has its energy counted, but generators, bubbles and orders as it saw them: a
            # pause may be over, or a bubble gone.
            player.now += timedelta(hours=2) if dials.expires_hours else timedelta(seconds=70)
            moves.settle(player.table.board, player.now)
            before = {**before, "energy": player.table.board.energy.amount}
            steps.append({"wait": {"energy": before["energy"], "cells": {}}})
        late = dials.expires_hours and step % 8 == 3
        move = Move(MoveKind.DELIVER, dice.choice(player.table.orders).number) if late else _choose(player)
        code = _try(player, move, dials)
        if code is not None:
            steps.append({"move": _write(move), "now": _ms(player.now), "code": code})
            continue
        after = _view(player)
        if move.kind is MoveKind.CLAIM_LEVEL:
            # What a level pays the server says: the app goes on from what it had.
            player.table.board.purse = after["diamonds"] = before["diamonds"]
        steps.append({"move": _write(move), "now": _ms(player.now), "after": _changes(before, after)})
        before = after
    return {"start": start, "steps": steps}


def _choose(player: Player) -> Move:
    """The player's move, or one of those that he makes seldom, mostly with cells that it fits."""
    dice, board = player.random, player.table.board
    if dice.random() < 0.6:
        return player.choose()
    goods = [index for index, cell in enumerate(board.cells) if cells.is_item(cell)]
    empty = [index for index, cell in enumerate(board.cells) if cell == cells.EMPTY]
    one, other = dice.choice(goods or [0]), dice.choice(goods or [0])
    there = dice.choice(empty or [0])
    top = [index for index in goods if board.cells[index] == _top_dairy()]
    likely = [
        Move(MoveKind.STORE, one),
        Move(MoveKind.RETRIEVE, dice.randrange(3), there),
        Move(MoveKind.UNPACK, dice.randrange(2), there),
        Move(MoveKind.MOVE, dice.choice([one, *free_generators(board)]), dice.choice([there, other])),
        Move(MoveKind.MERGE, one, other),
        Move(MoveKind.CLAIM_LEVEL, board.level + 1),
    ]
    return dice.choice(likely + ([Move(MoveKind.MERGE, top[0], top[-1])] if len(top) > 1 else []))


def _top_dairy() -> int:
    content, _ = shipped()
    chain = next(number for number, chain in enumerate(content.chains) if chain.code == "dairy")
    return cells.make_item(chain, content.chain_lengths[chain])


def _lift(player: Player) -> None:
    """Goods of the top level, a gift, experience for the next levels, and little energy."""
    board = player.table.board
    for cell in [index for index, cell in enumerate(board.cells) if cell == cells.EMPTY][:2]:
        board.cells[cell] = _top_dairy()
    moves.give_goods(board, player.random.randbytes(16), 3)
    board.experience += player.random.choice((30, 200, 1000))
    board.energy = type(board.energy)(player.random.randrange(3), board.energy.at)


def _wall(player: Player) -> Wall:
    return Wall(player.now, ZoneInfo("UTC"))


def _look(player: Player, dials: OrderDials) -> None:
    """The app opens the board: orders whose time is over go, others come."""
    player.table = replace(orders.take_in(player.table, dials, _wall(player)), gone=())


def _try(player: Player, move: Move, dials: OrderDials) -> str | None:
    """Does a move: the code of the refusal, if there is one."""
    try:
        if move.kind is MoveKind.DELIVER:
            player.table, _ = orders.deliver(player.table, dials, move.first, _wall(player))
        else:
            moves.apply(player.table.board, move, player.now)
    except (GameRefused, LoyaltyRefused) as refused:
        return str(refused.code)
    return None


def _view(player: Player) -> dict[str, Any]:
    board = player.table.board.copy()
    content = board.content
    for generator in board.generators.values():
        moves.refresh(board, generator, player.now)
    # The app goes on showing an order whose time is over until it looks again; the rules say then that it is.
    read = BoardRead(1, board, write_orders(content, player.table.orders), _LONG_AGO)
    return {**write_board(show_board(read, "en")), "diamonds": board.purse}


def write_board(shown: BoardNode) -> dict[str, Any]:
    """A board of the schema in the words of `rules.js`, as `game.js` reads it."""
    return {
        "cells": [_word(cell) for cell in shown.cells],
        "storage": [_item(item) for item in shown.storage.items],
        "slots": shown.storage.slots,
        "inbox": [[_item(stack.item), stack.count] for stack in shown.inbox],
        "level": shown.level,
        "experience": shown.experience,
        "nextExperience": shown.next_level_experience,
        "energy": shown.energy.now,
        "orders": [
            {
                "number": order.number, "items": [_item(item) for item in order.items], "diamonds": order.diamonds,
                "experience": order.experience, "name": order.name,
                "expiresAt": order.expires_at.isoformat() if order.expires_at else None,
                "bonusPerMille": order.bonus_per_mille,
            }
            for order in shown.orders
        ],
    }  # fmt: skip


def _word(cell: Cell) -> str:
    if cell.generator is not None:
        made = cell.generator
        every = {Supply.INFINITE: "", Supply.FINITE: "|0", Supply.AUTO: f"|{(made.auto_seconds or 0) * 1000}"}[
            made.kind
        ]
        return f"@{made.code}|{made.charges}|{made.most_charges}|{_ms(made.ready_at) if made.ready_at else 0}{every}"
    if cell.expires_at is not None:
        assert cell.item is not None
        return f"*{_item(cell.item)}|{_ms(cell.expires_at)}|{cell.pop_diamonds}"
    if cell.kind == "BOX":
        return f"?{cell.opens_at_level or ''}"
    if cell.item is not None:
        return ("#" if cell.kind == "WEBBED" else "") + _item(cell.item)
    return "." if cell.kind == "EMPTY" else "x"


def _item(item: ItemNode) -> str:
    return f"{item.chain}.{item.level}"


def _changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What is other after than before; of the cells, those alone."""
    found = {key: value for key, value in after.items() if key != "cells" and value != before[key]}
    pairs = enumerate(zip(before["cells"], after["cells"], strict=True))
    return {**found, "cells": {str(index): new for index, (old, new) in pairs if old != new}}


def _write(move: Move) -> dict[str, Any]:
    """A move as `MoveInput` takes it."""
    if move.kind in _SIMPLE:
        return {_SIMPLE[move.kind]: {"cell": move.first}}
    if move.kind in _PAIRS:
        return {_PAIRS[move.kind]: {"from": move.first, "to": move.second}}
    if move.kind is MoveKind.DELIVER:
        return {"deliver": {"order": move.first}}
    if move.kind is MoveKind.CLAIM_LEVEL:
        return {"claimLevel": {"level": move.first}}
    return {"retrieve": {"slot": move.first, "cell": move.second, "inbox": move.kind is MoveKind.UNPACK}}


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _dump(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))


if __name__ == "__main__":
    sys.stdout.write(write_vectors())
