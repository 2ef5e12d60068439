"""Chests earned over HTTP: orders are laid out and delivered one after the other."""

from __future__ import annotations

import json
from typing import Any

from tests.edge import Edge

_MINE = "member_id = (SELECT id FROM members WHERE card_no = $1)"


async def earn_chests(edge: Edge, who: str, orders: int) -> list[Any]:
    """Delivers the member's orders up to that number; the shut chests then."""
    card = await edge.card(who)
    opened = await edge.ask("mobile", "PlayMoves", who, baseRevision=0, commands=[])
    revision = opened["board"]["revision"]
    [(first,)] = await edge.rows(
        f"SELECT min((o ->> 0)::int) FROM boards, jsonb_array_elements(orders) AS w(o) WHERE {_MINE}", card
    )
    for number in range(first, orders + 1):
        await lay_out(edge, who, number)
        played = await edge.ask(
            "mobile", "PlayMoves", who, baseRevision=revision, commands=[{"deliver": {"order": number}}]
        )
        assert [each["number"] for each in played["delivered"]] == [number], played
        revision = played["board"]["revision"]
    found: list[Any] = (await edge.ask("mobile", "Chests", who))["chests"]
    return found


async def lay_out(edge: Edge, who: str, number: int) -> None:
    """Puts what an order asks for into free cells."""
    card = await edge.card(who)
    [(cells, orders, units)] = await edge.rows(
        f"SELECT cells::text, orders::text, units FROM boards WHERE {_MINE}", card
    )
    stored = json.loads(cells)
    words = next(each[1] for each in json.loads(orders) if each[0] == number)
    for cell, word in zip([at for at, each in enumerate(stored) if each == "."], words, strict=False):
        stored[cell] = word
        units += 2 ** (int(word.rpartition(".")[2]) - 1)
    await edge.execute(
        f"UPDATE boards SET cells = $2::jsonb, units = $3 WHERE {_MINE}", card, json.dumps(stored), units
    )
