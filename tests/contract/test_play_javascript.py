"""The game's logic in JavaScript, run by Node: receipts, tokens and boards that Python made, and the queue of moves."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from base64 import b32encode
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.graphql.boards import show_board
from api.settings import Settings
from game.board.actions import read_board
from loyalty.sheets.rules import canonical_json
from rewards.coupons.rules.codes import token_at
from rewards.gacha.rules.odds import parse_odds
from tests.board_vectors import write_board
from tests.edge import open_edge
from tests.gacha_receipts import receipts
from tests.gacha_sheets import odds_body, prize, shipped

TESTS = Path(__file__).resolve().parents[1] / "vectors" / "play.test.mjs"


def make_receipts() -> list[dict[str, str]]:
    """Single draws and tens of several pools, sealed, with and without their seed, some with sold-out prizes."""
    gone_body = odds_body(
        prizes=[
            prize("top", "TOP", 20_000),
            prize("good", "GUARANTEE", 80_000),
            prize("few", "PLAIN", 500_000, stock=3, when_gone="FALLBACK", fallback="plain"),
            prize("plain", "PLAIN", 400_000),
        ]
    )
    found = []
    for body in (odds_body(), odds_body(hazard=None), odds_body(ten_guarantee=None), shipped("odds.daily"), gone_body):
        for revealed in (True, False):
            made = receipts(body, count=10, nonce=3, pity=4, revealed=revealed, gone=frozenset({"few"}))
            made += receipts(body, nonce=40, revealed=revealed)
            state = "proved" if revealed else "open"
            found += [{"text": canonical_json(receipt), "state": state} for receipt in made]
    return found


def make_hazards() -> list[dict[str, Any]]:
    bodies = [odds_body(), odds_body(hazard=None), shipped("odds.daily")]
    bodies.append(odds_body(hazard={"raised": [{"draw": 3, "ppm": 50_000}, {"draw": 7, "ppm": 90_000}], "ceiling": 9}))
    return [
        {"odds": body, "k": k, "ppm": parse_odds("odds", body).hazard.chance(k)}
        for body in bodies
        for k in range(1, 100)
    ]


def make_tokens(seed: int) -> list[dict[str, Any]]:
    dice = Random(seed)
    found = []
    for _ in range(50):
        secret, at = dice.randbytes(20), dice.randrange(1_700_000_000, 2_000_000_000)
        token = token_at(secret, datetime.fromtimestamp(at, UTC))
        found.append({"secret": b32encode(secret).decode().rstrip("="), "at": at, "token": token})
    return found


def run_node(vectors: Path) -> subprocess.CompletedProcess[str]:
    """Node's own test runner, with what Python made in `vectors`."""
    environment = {**os.environ, "VECTORS": str(vectors)}
    return subprocess.run(
        ["node", "--test", TESTS], capture_output=True, text=True, check=False, timeout=120, env=environment
    )


async def test_the_logic_in_javascript_agrees_with_python(settings: Settings, seed: int, tmp_path: Path) -> None:
    if shutil.which("node") is None:
        pytest.skip("no `node` on the PATH")
    async with open_edge(settings) as edge:
        await edge.ask("mobile", "PlayMoves", "demo:mei", baseRevision=0, commands=[{"tap": {"cell": 23}}])
        answer = await edge.send("mobile", "demo:mei", edge.operation("mobile", "Shop"))
        shown = answer.json()["data"]["board"]
        [(member_id,)] = await edge.rows("SELECT member_id FROM boards")
        async with edge.database.read() as connection:
            state = write_board(show_board(await read_board(connection, member_id, edge.now()), "en"))
    made = {
        "receipts": make_receipts(), "hazards": make_hazards(), "tokens": make_tokens(seed),
        "board": {"shown": shown, "state": state},
    }  # fmt: skip
    (tmp_path / "made.json").write_text(json.dumps(made), encoding="utf-8")
    done = await asyncio.to_thread(run_node, tmp_path)
    assert done.returncode == 0, done.stdout[-8000:]
    assert "# fail 0" in done.stdout
