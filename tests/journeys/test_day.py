"""`main.py day`: one imported member's way, over HTTP, on a real server."""

from __future__ import annotations

import re
from argparse import Namespace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from api.commands.day import walk
from api.commands.seed import seed
from api.importing.receipts import import_receipts
from api.runtime.audit import run_audit
from api.runtime.database import Database
from api.settings import Settings

HOUSEHOLD = 900  # the first basket of the sample is this household's


def missing(patterns: tuple[str, ...], steps: str) -> list[str]:
    """The patterns that are not found one after the other."""
    at, found = 0, []
    for pattern in patterns:
        match = re.compile(pattern).search(steps, at)
        if match is None:
            found.append(pattern)
        else:
            at = match.end()
    return found


def is_weekend() -> bool:
    return datetime.now(ZoneInfo("Asia/Taipei")).weekday() >= 5


async def test_an_imported_member_walks_from_last_years_receipts_to_a_redeemed_coupon(
    database: Database, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await seed(database, settings)
    assert await import_receipts(database, settings, Namespace(limit=300, again=False)) == 0
    capsys.readouterr()

    began = is_weekend()
    assert await walk(database, settings, Namespace(household=HOUSEHOLD, url=None)) == 0
    # Two answers are right only where a weekend begins or ends while the day is walked.
    earnings = [(41, 21) if weekend else (33, 13) for weekend in {began, is_weekend()}]

    steps = capsys.readouterr().out
    # By hand from the sheets: NT$8,198.00 earn 819 points and 81 stamps; 38,500 less 5,000 paid earn 33 and 3; the
    # salmon (24,000 less its share, 3,117) carries floor(33 x 20,883 / 33,500) = 20 of them. At weekends
    # the cabbage (9,000 less 1,169) counts twice: 41,331 earn 41, of which floor(41 x 20,883 / 41,331) = 20.
    rights = [
        (
            f"records the receipt: {earned} points, 3 stamps",
            f"takes back 高麗菜, 吐司: {rest} points and 2 stamps revoked, 1000 points given back; coupon ISSUED",
        )
        for earned, rest in earnings
    ]
    assert any(all(each in steps for each in told) for told in rights), f"none of {rights} is told in:\n{steps}"
    for expected in (
        "819 points, 81 stamps, 1 ticket;",
        "for 300 points: coupon ISSUED",
        "NT$385.00: NT$50.00 off, 1000 points pay NT$10.00, NT$325.00 left to pay",
        "coupon REDEEMED",
        "takes back 鮭魚: 20 points and 1 stamp revoked, 0 points given back; coupon REDEEMED",
        "coupon_reopened, tender_returned, receipt_returned",
        "the day is done",
    ):
        assert expected in steps, f"{expected!r} is missing in:\n{steps}"
    told = (
        r"opens the app on .*; home: tier General, \d+ points, 0 diamonds, 0 stamps, 0 tickets",
        r"board: level 1, 5 goods, energy 100 of 100; streak 0 \(NONE\)",
        r'pools: "Everyday capsules", "Season\'s treasure"',
        r"checks in for .*: \d+ diamonds.*; streak 1",
        r"plays: .*\d+ deliver, \d+ merge, \d+ tap; energy left \d+",
        r"delivers \d+ orders.*: \d+ diamonds earned",
        r"tells a birth year, 1990",
        r'odds of "Everyday capsules", 20 diamonds a draw: NT\$100 off 0\.6000%.*10 diamonds 25\.0000%',
        r"1\.6052% in the long run; 0 draws since the last, certain at draw 90",
        r"notes the commitment [0-9a-f]{16}\.\.\. of epoch 1",
        r"draws ten for \d+ tickets?, \d+ diamonds?: ",
        r'finds the coupon ".*" among the prizes: ISSUED',
        r"holds the basket of NT\$405\.00: NT\$(10|55|100)\.00 off, NT\$(395|350|305)\.00 left to pay",
        r"coupon REDEEMED",
        r"takes back 白米, 咖啡: (39|35|30) points and 3 stamps revoked, 0 points given back; coupon (VOID|ISSUED)",
        r"for 300 points: coupon ISSUED",
        r"sees on the timeline: ",
        r"server seed of epoch 1 revealed, [0-9a-f]{16}\.\.\.: epoch 2 begins",
        r"verified 10 draws offline",
    )
    assert missing(told, steps) == [], steps

    assert await walk(database, settings, Namespace(household=HOUSEHOLD, url=None)) == 0, "and once more the same day"

    again = capsys.readouterr().out
    told = ("has checked in today already", "has 0 draws left today", r"NT\$325\.00 left to pay", "verified 10 draws")
    assert missing(told, again) == [], again
    assert "draws ten for" not in again
    assert await run_audit(database, settings, Namespace(json=False)) == 0


async def test_a_household_that_was_never_imported_is_named_with_the_cure(
    database: Database, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await seed(database, settings)

    assert await walk(database, settings, Namespace(household=HOUSEHOLD, url=None)) == 1

    assert "household 900 is not imported: run `main.py import receipts` first" in capsys.readouterr().err
