"""`main.py day`: one imported member's way, over HTTP, on a real server."""

from __future__ import annotations

from argparse import Namespace

import pytest

from api.commands.day import walk
from api.commands.seed import seed
from api.importing.receipts import import_receipts
from api.runtime.audit import run_audit
from api.runtime.database import Database
from api.settings import Settings

HOUSEHOLD = 900  # the first basket of the sample is this household's


async def test_an_imported_member_walks_from_last_years_receipts_to_a_redeemed_coupon(
    database: Database, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await seed(database, settings)
    assert await import_receipts(database, settings, Namespace(limit=300, again=False)) == 0
    capsys.readouterr()

    assert await walk(database, settings, Namespace(household=HOUSEHOLD, url=None)) == 0

    steps = capsys.readouterr().out
    # By hand from the sheets: NT$8,198.00 earn 819 points and 81 stamps; 38,500 less 5,000 paid earn 33 and 3; the
    # salmon (24,000 less its share of the discount, 3,117) carries floor(33 x 20,883 / 33,500) = 20 of them.
    for expected in (
        "819 points, 81 stamps, 1 tickets",
        "for 300 points: coupon ISSUED",
        "NT$385.00: NT$50.00 off, 1000 points pay NT$10.00, NT$325.00 left to pay",
        "coupon REDEEMED",
        "records the receipt: 33 points, 3 stamps",
        "takes back 鮭魚: 20 points and 1 stamps revoked, 0 points given back; coupon REDEEMED",
        "takes back 高麗菜, 吐司: 13 points and 2 stamps revoked, 1000 points given back; coupon ISSUED",
        "coupon_reopened, tender_returned, receipt_returned",
        "the day is done",
    ):
        assert expected in steps, f"{expected!r} is missing in:\n{steps}"
    assert await run_audit(database, settings, Namespace(json=False)) == 0


async def test_a_household_that_was_never_imported_is_named_with_the_cure(
    database: Database, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    await seed(database, settings)

    assert await walk(database, settings, Namespace(household=HOUSEHOLD, url=None)) == 1

    assert "household 900 is not imported: run `main.py import receipts` first" in capsys.readouterr().err
