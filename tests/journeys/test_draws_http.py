"""A member's draws over HTTP, revealed, and verified offline by the command line, which knows no database."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from api.settings import Settings
from tests.edge import Edge, dumps, open_edge
from tests.gacha_receipts import receipts
from tests.gacha_sheets import odds_body

ROOT = Path(__file__).resolve().parents[2]
MEI = "demo:mei"
# A program that runs the command where nothing that touches a database or a network can be imported.
OFFLINE = """
import sys

GONE = {"asyncpg", "sqlalchemy", "sqlmodel", "alembic", "redis", "fastapi", "starlette", "strawberry", "graphql",
        "pydantic", "uvicorn", "firebase_admin", "cryptography", "socket", "asyncio"}

class Gate:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in GONE:
            raise ImportError(f"{name} is not to be had offline")

sys.meta_path.insert(0, Gate())
from main import main
code = main(["verify-draw", *sys.argv[1:]])
assert not GONE & {name.split(".")[0] for name in sys.modules}
sys.exit(code)
"""


def verify(*files: Path) -> tuple[int, str]:
    """Exit code and output of `main.py verify-draw`, run where there is no database to import."""
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, *map(str, files)], cwd=ROOT, capture_output=True, text=True, timeout=60,
        check=False, env={"PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
async def edge(settings: Settings) -> AsyncIterator[Edge]:
    async with open_edge(settings) as opened:
        await opened.give(MEI, 10_000, "DIAMONDS")
        await opened.ask("mobile", "SetBirthYear", MEI, birthYear=1990)
        yield opened


async def drawn(edge: Edge, at: int, count: int) -> list[dict[str, Any]]:
    pool = (await edge.ask("mobile", "Pools", MEI))[at]
    answer = await edge.ask("mobile", "Draw", MEI, poolId=pool["id"], oddsHash=pool["oddsHash"], count=count)
    assert "draws" in answer, answer
    found: list[dict[str, Any]] = answer["draws"]
    return found


async def save(edge: Edge, draws: list[dict[str, Any]], folder: Path) -> list[Path]:
    """The receipts as files, one each."""
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240
    paths = []
    for draw in draws:
        receipt = await edge.ask("mobile", "DrawReceipt", MEI, id=draw["id"])
        paths.append(folder / f"{draw['id']}.json")
        paths[-1].write_text(receipt["document"], encoding="utf-8")
    return paths


async def test_every_draw_of_a_member_is_proved_offline(edge: Edge, tmp_path: Path) -> None:
    assert (await edge.ask("mobile", "SetClientSeed", MEI, clientSeed="alice"))["seed"]["nextNonce"] == 0
    first = await drawn(edge, 0, 10)
    assert any(each["couponId"] for each in first)
    code, said = verify(*await save(edge, first, tmp_path / "before"))
    assert code == 7, said
    assert "10 receipts: 0 proved, 10 not proved yet, 0 wrong" in said
    shown = await edge.ask("mobile", "RevealSeed", MEI, clientSeed="bob")
    reveal = tmp_path / "reveal.json"
    reveal.write_text(json.dumps(shown), encoding="utf-8")
    code, said = verify(*(tmp_path / "before").glob("*.json"), reveal)
    assert code == 0, said
    files = await save(edge, first, tmp_path / "after")
    code, said = verify(*files)
    assert code == 0, said
    assert "10 receipts: 10 proved" in said
    assert "nonce 0 to 9 are all here" in said
    document = json.loads(files[3].read_text(encoding="utf-8"))
    files[3].write_text(dumps({**document, "awardedPrize": "hundred-off"}), encoding="utf-8")
    code, said = verify(*files)
    assert code == 1, said
    assert "10 receipts: 9 proved, 0 not proved yet, 1 wrong" in said


async def test_a_drawn_coupon_can_be_shown_at_the_till(edge: Edge) -> None:
    coupon_id = next(each["couponId"] for each in await drawn(edge, 0, 10) if each["couponId"])
    coupons = await edge.ask("mobile", "Coupons", MEI, first=100, state="ISSUED")
    assert coupon_id in {each["id"] for each in coupons["nodes"]}


async def test_a_stranger_gets_no_receipt_and_no_seed_of_mine(edge: Edge) -> None:
    [mine] = await drawn(edge, 0, 1)
    answer = await edge.send("mobile", "demo:li", edge.operation("mobile", "DrawReceipt"), id=mine["id"])
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert await edge.ask("mobile", "Node", "demo:li", id=mine["id"]) is None
    mine_seed, theirs = [await edge.ask("mobile", "Seed", who) for who in (MEI, "demo:li")]
    assert mine_seed["commitSha256"] != theirs["commitSha256"]


async def test_operators_publish_odds_and_pause_a_pool(edge: Edge) -> None:
    editor, sheet = "demo:odo:odds_editor", {"kind": "odds", "key": "spring", "reason": "for the test"}
    wrong = odds_body(price_diamonds=0, ten_guarantee="yes")
    answer = await edge.ask("admin", "PublishSheet", editor, **sheet, body=dumps(wrong), basedOn=0)
    assert answer["code"] == "SHEET_INVALID"
    assert "price_diamonds" in answer["message"]
    assert "ten_guarantee" in answer["message"]
    manager = "demo:cam:campaign_manager"
    assert await edge.code("admin", "PublishSheet", manager, **sheet, body=dumps(odds_body()), basedOn=0) == "FORBIDDEN"
    assert await edge.code("admin", "PublishSheet", editor, **sheet, body=dumps(odds_body()), basedOn=0) == "ok"
    names = [each["name"] for each in await edge.ask("mobile", "Pools", MEI)]
    assert names == ["Everyday capsules", "Season's treasure", "A pool"]
    stop = {"target": "pool:spring", "message": "Back soon.", "reason": "for the test"}
    assert await edge.code("admin", "Pause", manager, **stop) == "ok"
    pool = (await edge.ask("mobile", "Pools", MEI))[2]
    assert pool["refusal"]["code"] == "PAUSED"
    assert await edge.code("mobile", "Draw", MEI, poolId=pool["id"], oddsHash=pool["oddsHash"], count=1) == "PAUSED"
    assert await edge.code("admin", "Resume", manager, target="pool:spring") == "ok"
    assert len(await drawn(edge, 2, 1)) == 1
    seen = await edge.ask("admin", "MemberDraws", "demo:ann:support", id=await edge.member_id(MEI), first=5)
    assert [each["nonce"] for each in seen["draws"]["nodes"]] == [0]


async def test_the_names_that_stay_answer_as_they_are_written(edge: Edge) -> None:
    """The fields of the published contract, as one client's own document asks for them."""
    asked = """{ pools { id name priceDiamonds oddsHash odds { prize percent ppm consolidatedPercent stockLeft }
      pity { count ceiling } } seed { epoch commitSha256 nextCommitSha256 clientSeed setByMember nextNonce } }"""
    data = (await edge.send("mobile", MEI, asked)).json()["data"]
    daily, treasure = data["pools"]
    assert daily["odds"][0] == {
        "prize": "hundred-off", "percent": "0.6000", "ppm": 6_000, "consolidatedPercent": "1.6052", "stockLeft": None,
    }  # fmt: skip
    assert (daily["pity"], treasure["odds"][0]["stockLeft"]) == ({"count": 0, "ceiling": 90}, 20)
    act = """mutation D($r: ID!, $p: ID!, $h: String!) { draw(requestId: $r, poolId: $p, oddsHash: $h) {
      ... on Drawn { draws { id prize roll nonce pityBefore } wallet { diamonds tickets } }
      ... on Refusal { code } } }"""
    variables = {"r": "0190a5c0-0000-7000-8000-000000000001", "p": daily["id"], "h": daily["oddsHash"]}
    first, again = [(await edge.send("mobile", MEI, act, **variables)).json() for _ in range(2)]
    assert first == again
    assert first["data"]["draw"]["draws"][0]["nonce"] == 0


@pytest.mark.parametrize("text", ["", "[]", '{"format": "mergemart-draw-1"}', "\udcff"])
def test_a_file_that_is_no_receipt_is_wrong(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.json"
    file.write_bytes(text.encode(errors="surrogateescape"))
    code, said = verify(file)
    assert code == 1, said
    assert "WRONG" in said


def test_a_file_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    code, said = verify(tmp_path / "none.json")
    assert (code, said) == (2, f"{tmp_path / 'none.json'}: No such file or directory\n")


def test_a_receipt_that_was_laid_out_anew_is_still_proved(tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    file.write_text(json.dumps(receipts(odds_body())[0], indent=2), encoding="utf-8")
    assert verify(file)[0] == 0
