"""Chests: the sheet, timers that never go back, rolls, and receipts that can be checked offline."""

from __future__ import annotations

import copy
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.commands.exits import ExitCode
from api.commands.verify import run, run_whole
from game.chests.rules import rolling, timers
from game.chests.rules.content import PPM, ChestPrize, ChestSheet, parse_chests
from game.chests.rules.receipts import Opening, verify, write_receipt
from game.chests.rules.timers import Chest, ChestState, Shelf
from game.refusals import GameCode, GameRefused
from loyalty.sheets.rules import SheetInvalid, canonical_json
from rewards.fairness.rules import SetBy, commitment, roll
from tests.playing import sheet

NOW = datetime(2027, 3, 10, 4, 0, tzinfo=UTC)
MEMBER = UUID(int=7)
SEED = bytes(range(32))


def shipped() -> ChestSheet:
    return parse_chests("chests.current", sheet("chests"))


def a_shelf(*seconds: int) -> Shelf:
    return {at: Chest(at, "basket", 1, each, NOW) for at, each in enumerate(seconds, 1)}


def timer(chest: Chest) -> tuple[datetime, datetime]:
    """When the timer of a queued chest begins and ends."""
    assert chest.starts_at is not None and chest.opens_at is not None
    return chest.starts_at, chest.opens_at


def code_of(doing: Callable[[], Any]) -> GameRefused:
    with pytest.raises(GameRefused) as caught:
        doing()
    return caught.value


# -- the sheet ---------------------------------------------------------------------------------------------------------


def test_every_third_order_earns_the_next_chest_of_the_cycle() -> None:
    found = shipped()
    assert [found.earned(order) for order in range(1, 10)] == [
        None, None, "basket", None, None, "basket", None, None, "crate",
    ]  # fmt: skip
    assert (found.earned(27), found.earned(30)) == ("safe", "basket")


def test_what_a_chest_brings_on_average_is_exact() -> None:
    basket = shipped().kind("basket")
    assert basket is not None
    # By hand: two drops of 0.2 x 1 + 0.05 x 3 diamonds, and of 0.4 x 5 energy.
    assert basket.expected(ChestPrize.DIAMONDS) == Fraction(7, 10)
    assert basket.expected(ChestPrize.ENERGY) == 4
    assert all(sum(kind.weights) == PPM for kind in shipped().kinds)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (
            lambda body: body["kinds"][0]["contents"][0].update(weight=400_001),
            "must sum to exactly 1000000, not 1000001",
        ),
        (lambda body: body["cycle"].append("barrel"), "there is no kind 'barrel'"),
        (lambda body: body.update(cycle=[]), "must name at least one kind"),
        (lambda body: body["kinds"].append(copy.deepcopy(body["kinds"][0])), "the code of each kind must stand once"),
        (lambda body: body["kinds"][0]["contents"][0].update(prize="POINTS"), "must be one of DIAMONDS"),
        (lambda body: body.update(slots=0), "slots"),
    ],
)
def test_a_sheet_that_is_wrong_is_refused_with_the_mistake(damage: Callable[[Any], Any], said: str) -> None:
    body = sheet("chests")
    damage(body)
    with pytest.raises(SheetInvalid) as caught:
        parse_chests("chests.current", body)
    assert said in str(caught.value.facts)


# -- timers ------------------------------------------------------------------------------------------------------------


def test_one_slot_works_off_the_queue_in_its_order() -> None:
    shelf = a_shelf(60, 100, 30, 10, 10)
    for number in (1, 2, 3, 4):
        shelf = timers.queue(shelf, number, NOW, slots=1, queued=3)
    assert [(timer(shelf[n])[1] - NOW).seconds for n in (1, 2, 3, 4)] == [60, 160, 190, 200]
    full = code_of(lambda: timers.queue(shelf, 5, NOW, slots=1, queued=3))
    assert (full.code, full.retry_at) == (GameCode.CHEST_QUEUE_FULL, NOW + timedelta(seconds=60))
    at = NOW + timedelta(seconds=60)
    assert [shelf[n].state(at) for n in (1, 2, 3, 5)] == [
        ChestState.READY, ChestState.UNLOCKING, ChestState.QUEUED, ChestState.WAITING,
    ]  # fmt: skip
    assert timers.queue(shelf, 5, at, slots=1, queued=3)[5].starts_at == shelf[4].opens_at


def test_hurrying_costs_a_diamond_for_each_begun_stretch_and_brings_the_others_forward() -> None:
    shelf = a_shelf(1_000, 500, 500)
    for number in (1, 2, 3):
        shelf = timers.queue(shelf, number, NOW, slots=1, queued=2)
    at = NOW + timedelta(seconds=399)
    assert timers.price(shelf[1], at, 600) == 2
    assert timers.price(shelf[1], at + timedelta(seconds=1), 600) == 1
    assert timers.price(shelf[3], at, 600) == 1, "its own time alone counts, not the waiting for others"
    after = timers.hurry(shelf, 1, at, slots=1)
    assert after[1].state(at) is ChestState.READY
    assert (after[2].starts_at, after[3].starts_at) == (at, at + timedelta(seconds=500))
    between = timers.hurry(shelf, 2, at, slots=1)
    assert (between[1].opens_at, between[3].starts_at) == (shelf[1].opens_at, shelf[1].opens_at)


def test_each_no_has_its_code() -> None:
    shelf = a_shelf(60, 60)
    assert code_of(lambda: timers.queue(shelf, 9, NOW, slots=1, queued=0)).code is GameCode.CHEST_NOT_FOUND
    assert code_of(lambda: timers.check_open(shelf, 1, NOW)).code is GameCode.CHEST_NOT_QUEUED
    assert code_of(lambda: timers.check_hurried(shelf, 1, NOW)).code is GameCode.CHEST_NOT_QUEUED
    shelf = timers.queue(shelf, 1, NOW, slots=1, queued=0)
    assert code_of(lambda: timers.queue(shelf, 1, NOW, slots=1, queued=0)).code is GameCode.CHEST_ALREADY_QUEUED
    early = code_of(lambda: timers.check_open(shelf, 1, NOW + timedelta(seconds=59)))
    assert (early.code, early.retryable, early.retry_at) == (
        GameCode.CHEST_LOCKED, True, NOW + timedelta(seconds=60),
    )  # fmt: skip
    later = NOW + timedelta(seconds=60)
    assert timers.check_open(shelf, 1, later).number == 1
    assert code_of(lambda: timers.check_hurried(shelf, 1, later)).code is GameCode.CHEST_READY
    opened: Shelf = {**shelf, 1: Chest(1, "basket", 1, 60, NOW, NOW, later, later)}
    for doing in (timers.check_open, timers.check_hurried):
        assert code_of(partial(doing, opened, 1, later)).code is GameCode.CHEST_OPENED


STEPS = st.lists(st.tuples(st.sampled_from(["queue", "hurry", "wait"]), st.integers(1, 8), st.integers(0, 400)))


@given(st.lists(st.integers(0, 500), min_size=8, max_size=8), st.integers(1, 3), STEPS)
def test_no_more_timers_run_than_there_are_slots_and_none_ever_ends_later(
    seconds: list[int], slots: int, steps: list[tuple[str, int, int]]
) -> None:
    shelf, now = a_shelf(*seconds), NOW
    for what, number, wait in steps:
        before = shelf
        if what == "wait":
            now += timedelta(seconds=wait)
            continue
        try:
            if what == "queue":
                shelf = timers.queue(shelf, number, now, slots=slots, queued=4)
            else:
                shelf = timers.hurry(shelf, number, now, slots=slots)
        except GameRefused:
            assert shelf == before
            continue
        timed = [each for each in shelf.values() if each.starts_at is not None]
        spans = [timer(each) for each in timed]
        for at in {begins for begins, _ in spans if begins >= now}:
            running = [begins for begins, ends in spans if begins <= at < ends]
            assert len(running) <= slots
        for each in timed:
            old = before[each.number]
            assert old.opens_at is None or (each.opens_at is not None and each.opens_at <= old.opens_at)
            begins, ends = timer(each)
            assert ends <= now or ends - begins == timedelta(seconds=each.unlock_seconds)


# -- rolls and receipts ------------------------------------------------------------------------------------------------


def test_a_roll_is_the_one_that_the_page_defines() -> None:
    """Made here from the words of docs/fairness.md alone."""
    place = rolling.place_of("basket", 3, MEMBER, "alice", 12)
    message = f"gc1-1|chest:basket|v3|{place.member}|alice|12|0"
    number = int.from_bytes(hmac.digest(SEED, message.encode(), hashlib.sha256)[:8])
    assert roll(SEED, rolling.label_of(1), PPM, place).value == number % PPM


def test_each_line_of_the_contents_comes_as_often_as_it_says() -> None:
    kind = shipped().kind("crate")
    assert kind is not None
    found: dict[Any, int] = {}
    for number in range(1, 20_001):
        place = rolling.place_of("crate", 1, MEMBER, "alice", number)
        for _, content in rolling.fill(kind, partial(roll, SEED, place=place)):
            found[content] = found.get(content, 0) + 1
    for content in kind.contents:
        expected = 60_000 * content.weight / PPM
        assert abs(found[content] - expected) < 5 * expected**0.5, content


def a_receipt(*, revealed: bool = True, set_by: SetBy = SetBy.MEMBER, number: int = 12) -> dict[str, Any]:
    kind = shipped().kind("crate")
    assert kind is not None
    place = rolling.place_of("crate", 1, MEMBER, "alice", number)
    filled = rolling.fill(kind, lambda label, limit: roll(SEED, label, limit, place))
    drops = tuple((content.prize.value, content.amount, each.value, each.block) for each, content in filled)
    opening = Opening(MEMBER, number, "crate", 1, 1, "alice", set_by, drops, NOW)
    document: dict[str, Any] = json.loads(
        write_receipt(
            opening, kind.body, [each for each, _ in filled], commit=commitment(SEED),
            next_commit=commitment(b"next"), seed=SEED, revealed=revealed,
        )
    )  # fmt: skip
    return document


def checked(document: dict[str, Any]) -> Any:
    seeds = {commitment(SEED).hex(): SEED} if "serverSeedHex" in document else {}
    return verify("a.json", document, seeds)


def test_a_revealed_receipt_is_proved_and_says_what_it_only_claims() -> None:
    verdict = checked(a_receipt())
    assert (verdict.wrong, verdict.is_proved) == ([], True)
    assert any("follow from server seed, client seed" in each for each in verdict.proved)
    waiting = checked(a_receipt(revealed=False))
    assert (waiting.wrong, waiting.is_proved) == ([], False)
    assert any("not shown" in each for each in checked(a_receipt(set_by=SetBy.SERVER)).claimed)


ALTERED: tuple[tuple[str, Callable[[dict[str, Any]], Any]], ...] = (
    ("drops: the rolls mean others", lambda doc: doc["drops"][0].update(amount=999)),
    ("seal", lambda doc: doc.update(openedAt="2027-03-10T05:00:00Z")),
    ("rolls: the seed gives others", lambda doc: doc.update(chest=13)),
    ("contentsHash", lambda doc: doc["contents"].update(drops=2)),
    ("rolls: they are not those", lambda doc: doc["rolls"].pop()),
    ("rolls: a value is out of range", lambda doc: doc["rolls"][0].update(value=PPM)),
    ("serverSeedHex is not the seed", lambda doc: doc.update(serverSeedHex="00" * 32)),
    ("member has the wrong type", lambda doc: doc.update(member=7)),
    ("extra is no key", lambda doc: doc.update(extra=1)),
    ("seal is missing", lambda doc: doc.pop("seal")),
    ("clientSeed must be", lambda doc: doc.update(clientSeed="a|b")),
)


@pytest.mark.parametrize(("said", "alter"), ALTERED, ids=[each[0] for each in ALTERED])
def test_whatever_is_altered_is_found(said: str, alter: Callable[[dict[str, Any]], Any]) -> None:
    document = a_receipt()
    alter(document)
    assert any(said in each for each in checked(document).wrong), checked(document).wrong


def test_the_command_line_verifies_chests_and_finds_a_second_story(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    true, waiting, other = tmp_path / "true.json", tmp_path / "waiting.json", tmp_path / "other.json"
    true.write_text(canonical_json(a_receipt()))
    waiting.write_text(canonical_json(a_receipt(revealed=False, number=15)))
    other.write_text(canonical_json(a_receipt(set_by=SetBy.SERVER)))
    assert run([str(true)]) == ExitCode.OK
    assert "chest 12, crate" in capsys.readouterr().out
    assert run([str(waiting)]) == ExitCode.UNPROVED
    assert run_whole([str(true), str(waiting)]) == ExitCode.OK, "the seed of one serves both"
    assert run([str(true), str(other)]) == ExitCode.FAILED
    assert "another opening of the same chest" in capsys.readouterr().out
