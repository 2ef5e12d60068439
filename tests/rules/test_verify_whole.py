"""`main.py verify`: everything that a member has, checked together; one ppm, one nonce, one edited field is caught."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from api.commands.verify import run_whole
from rewards.fairness.rules import seal_document
from rewards.gacha.rules.verifying import SEED_KEY
from tests.gacha_receipts import SEED, receipts
from tests.gacha_sheets import odds_body, prize

BODY = odds_body()


def drawn(body: dict[str, Any] = BODY, *, revealed: bool = True) -> list[dict[str, Any]]:
    """Twelve draws of one epoch: a ten and two singles."""
    found = receipts(body, count=10, revealed=revealed)
    for nonce in (10, 11):
        found += receipts(body, nonce=nonce, pity=found[-1]["pityAfter"], revealed=revealed)
    return found


def verify(folder: Path, documents: list[Any], *others: Any) -> int:
    """The exit code for receipts in one file and other documents in files of their own."""
    names = []
    for at, each in enumerate([documents, *others]):
        path = folder / f"{at}.json"
        path.write_text(json.dumps(each), encoding="utf-8")
        names.append(str(path))
    return run_whole(names)


def test_all_draws_of_a_member_are_proved_against_the_published_odds(tmp_path: Path, capsys: Any) -> None:
    assert verify(tmp_path, drawn(), BODY) == 0
    said = capsys.readouterr().out
    assert "12 receipts: 12 proved" in said
    assert said.count("among the published ones") == 12
    assert "nonce 0 to 11 are all here" in said
    assert "MISSING" not in said


def test_a_reveal_in_a_file_of_its_own_serves_all_receipts_of_its_epoch(tmp_path: Path, capsys: Any) -> None:
    assert verify(tmp_path, drawn(revealed=False)) == 7
    assert verify(tmp_path, drawn(revealed=False), {"epoch": 1, SEED_KEY: SEED.hex()}) == 0
    assert "12 receipts: 12 proved" in capsys.readouterr().out


def test_odds_that_differ_by_one_ppm_from_the_published_ones_are_caught(tmp_path: Path, capsys: Any) -> None:
    """The server drew, hashed and sealed by another table: each receipt is sound by itself."""
    other = copy.deepcopy(BODY)
    other["prizes"][0]["weight"] -= 1
    other["prizes"][2]["weight"] += 1
    assert verify(tmp_path, drawn(other)) == 0
    assert verify(tmp_path, drawn(other), BODY) == 1
    assert capsys.readouterr().out.count("none of the published odds") == 12


def test_a_nonce_that_is_missing_is_caught(tmp_path: Path, capsys: Any) -> None:
    """A draw that was made and thrown away leaves a hole."""
    whole = drawn()
    assert verify(tmp_path, whole[:10] + whole[11:]) == 1
    assert "MISSING" in (said := capsys.readouterr().out)
    assert "no sound receipt of nonce 10" in said
    assert verify(tmp_path, whole[:11]) == 0, "after the last one that is there nobody can know"


def test_a_nonce_that_was_moved_is_caught_even_under_a_new_seal(tmp_path: Path) -> None:
    moved = drawn()
    moved[11] |= {"nonce": 12}
    moved[11]["seal"] = seal_document(SEED, moved[11])
    assert verify(tmp_path, moved) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [("awardedPrize", "top"), ("pityBefore", 3), ("drawnAt", "2027-03-10T04:00:01.000000Z"), ("clientSeed", "bob")],
)
def test_one_edited_field_of_one_receipt_is_caught(tmp_path: Path, key: str, value: Any, capsys: Any) -> None:
    edited = drawn()
    assert edited[4][key] != value
    edited[4] |= {key: value}
    assert verify(tmp_path, edited, BODY) == 1
    assert "11 proved, 0 not proved yet, 1 wrong" in capsys.readouterr().out


def test_odds_of_a_successor_are_published_with_those_that_hold_it(tmp_path: Path) -> None:
    after = odds_body(hazard=None)
    grand = prize("grand", "TOP", 20_000, stock=1, when_gone="RENORMALISE", fallback="top")
    before = odds_body(hazard=None, successor=after, prizes=[grand, *after["prizes"][1:], prize("top", "TOP", 0)])
    assert verify(tmp_path, drawn(after), before) == 0
    assert verify(tmp_path, drawn(before), before) == 0
    assert verify(tmp_path, drawn(before), after) == 1


@pytest.mark.parametrize("text", ["[1]", "[", "{}", '[{"a": 1.5}]', ""])
def test_what_is_no_document_is_told_and_fails(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    assert run_whole([str(path)]) == 1
    assert run_whole([str(tmp_path / "nothing.json")]) == 2
