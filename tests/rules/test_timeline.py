"""Kinds of events and their drives."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from importlib import import_module
from pathlib import Path

import pytest

from api.runtime.clock import SeededDice
from api.runtime.kinds import KINDS as GATHERED
from api.runtime.kinds import gather_kinds
from loyalty.members import facts as members_facts
from loyalty.timeline.actions import Timeline
from loyalty.timeline.rules import Drives, EventKind, index_kinds
from loyalty.work import Work
from tests.seeding import NOW, CountingMint

ROOT = Path(__file__).resolve().parents[2]
KINDS = tuple(GATHERED.values())
UNFELT = {"member_erased", "redemption_misfit"}  # nobody is there to feel them


def test_there_are_eight_drives() -> None:
    assert len(fields(Drives)) == 8


@pytest.mark.parametrize("weight", [-1, 11])
def test_a_drive_weighs_nothing_to_ten(weight: int) -> None:
    assert Drives(meaning=0, scarcity=10).scarcity == 10
    with pytest.raises(AssertionError):
        Drives(avoidance=weight)


def test_no_two_kinds_of_the_house_share_a_name() -> None:
    named = index_kinds(KINDS)
    assert len(named) == len(KINDS)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in named)
    with pytest.raises(AssertionError):
        index_kinds([*KINDS, EventKind(KINDS[0].name, Drives())])


def test_the_kinds_of_every_flat_are_gathered() -> None:
    found = sorted(path for house in ("loyalty", "rewards", "game") for path in (ROOT / house).glob("*/facts.py"))
    assert len(found) >= 8
    for path in found:
        facts = import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
        assert facts.KINDS, path
        for kind in facts.KINDS:
            assert GATHERED[kind.name] is kind


def test_a_flat_that_forgets_to_list_a_kind_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members_facts, "FORGOTTEN", EventKind("something_new", Drives()), raising=False)
    with pytest.raises(AssertionError, match="lists every kind"):
        gather_kinds()


def test_each_kind_pulls_on_some_drive() -> None:
    assert {
        kind.name for kind in KINDS if not any(getattr(kind.drives, each.name) for each in fields(Drives))
    } == UNFELT


def test_what_was_shown_is_kept_apart_from_what_was_done() -> None:
    assert [kind.name for kind in KINDS if kind.exposure] == ["screen_shown"]
    with pytest.raises(AssertionError):
        EventKind("loud_sight", Drives(), outbox=True, exposure=True)
    timeline = Timeline()
    work = Work(connection=None, mint=CountingMint(), dice=SeededDice(1))
    timeline.record(work, work.mint(NOW), EventKind("a_sight", Drives(), exposure=True), NOW, {})
    assert (len(timeline._events), len(timeline._exposures)) == (0, 1)


def test_an_event_has_a_row_and_only_some_are_carried_outside() -> None:
    timeline = Timeline()
    work = Work(connection=None, mint=CountingMint(), dice=SeededDice(1))
    member = work.mint(NOW)
    quiet = timeline.record(work, member, EventKind("quiet_one", Drives()), NOW, {"name": "茶"})
    loud = timeline.record(work, member, EventKind("loud_one", Drives(), outbox=True), NOW, {}, request_id=member)
    assert [(row[1], row[2], json.loads(row[4]), row[5]) for row in timeline._events] == [
        (quiet, "quiet_one", {"name": "茶"}, None),
        (loud, "loud_one", {}, member),
    ]
    assert [row[0] for row in timeline._outbox] == [loud]
