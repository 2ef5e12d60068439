"""Kinds of events and their drives."""

from __future__ import annotations

import json
import re
from dataclasses import fields

import pytest

from api.runtime.clock import SeededDice
from loyalty.ledger import facts as ledger_facts
from loyalty.members import facts as members_facts
from loyalty.receipts import facts as receipts_facts
from loyalty.tiers import facts as tiers_facts
from loyalty.timeline.actions import Timeline
from loyalty.timeline.rules import Drives, EventKind, index_kinds
from loyalty.work import Work
from tests.seeding import NOW, CountingMint

KINDS = (*members_facts.KINDS, *ledger_facts.KINDS, *tiers_facts.KINDS, *receipts_facts.KINDS)


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
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)+", name) for name in named)
    with pytest.raises(AssertionError):
        index_kinds([*KINDS, EventKind(KINDS[0].name, Drives())])


def test_each_flat_lists_every_kind_that_it_declares() -> None:
    for flat in (members_facts, ledger_facts, tiers_facts, receipts_facts):
        declared = [value for value in vars(flat).values() if isinstance(value, EventKind)]
        assert sorted(kind.name for kind in declared) == sorted(kind.name for kind in flat.KINDS)


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
