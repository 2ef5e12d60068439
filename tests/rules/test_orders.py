"""Appointments by the member's clock, orders whose time is over, bands of levels, rerolls, and their sheet."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from game.board.rules import cells, moves
from game.board.rules.moves import Move, MoveKind
from game.orders import rules
from game.orders.actions.reading import read_orders, write_orders
from game.orders.rules import APPOINTED, OrderDials, Table, Wall, parse_orders
from game.orders.rules.dials import faults_beside
from game.orders.rules.hours import find_window, next_window, number_of, open_windows, slot_of, window_on
from game.refusals import GameCode, GameRefused
from loyalty.sheets.rules import SheetInvalid
from tests.playing import NOW, fill, new_table, put, sheet, shipped

TAIPEI, NEW_YORK = ZoneInfo("Asia/Taipei"), ZoneInfo("America/New_York")
EVENING = datetime(2027, 3, 10, 10, 30, tzinfo=UTC)  # half past six in Taipei, a Wednesday


def special(**changes: Any) -> dict[str, Any]:
    plain = {
        "code": "rush", "name": {"en": "Rush", "zh-TW": "尖峰"}, "from": "18:00", "until": "20:00",
        "bonus_per_mille": 500,
    }  # fmt: skip
    return {key: value for key, value in {**plain, **changes}.items() if value is not None}


def dials(*appointments: dict[str, Any], **changes: Any) -> OrderDials:
    body = {**sheet("orders"), "appointments": list(appointments or (special(),)), **changes}
    return parse_orders("orders.current", body)


def table_at(wall: Wall, given: OrderDials) -> Table:
    return rules.take_in(Table(new_table().board, (), 1), given, wall)


def code(act: Any, *arguments: Any) -> GameRefused:
    with pytest.raises(GameRefused) as caught:
        act(*arguments)
    return caught.value


def faults(**changes: Any) -> str:
    with pytest.raises(SheetInvalid) as caught:
        parse_orders("orders.current", {**sheet("orders"), **changes})
    return str(caught.value.facts["faults"])


# --- windows


def test_a_window_opens_and_ends_with_the_clock_on_the_members_wall() -> None:
    [rush] = dials().appointments
    found = window_on(rush, date(2027, 3, 10), TAIPEI)
    assert found is not None
    assert (found.starts_at, found.ends_at) == (
        datetime(2027, 3, 10, 10, tzinfo=UTC), datetime(2027, 3, 10, 12, tzinfo=UTC),
    )  # fmt: skip
    for at, is_open in (
        (found.starts_at, True),
        (found.ends_at, False),
        (found.starts_at - timedelta(seconds=1), False),
    ):
        assert bool(open_windows([rush], Wall(at, TAIPEI))) is is_open
    assert open_windows([rush], Wall(EVENING, NEW_YORK)) == []
    assert find_window([rush], found.number, TAIPEI) == found
    assert find_window([rush], found.number + 1, TAIPEI) is None


def test_a_window_over_midnight_is_one_window_of_the_day_on_which_it_begins() -> None:
    [late] = dials(special(**{"from": "23:00", "until": "01:00", "overnight": True})).appointments
    before, after = datetime(2027, 3, 10, 15, 30, tzinfo=UTC), datetime(2027, 3, 10, 16, 30, tzinfo=UTC)
    [one], [other] = (open_windows([late], Wall(at, TAIPEI)) for at in (before, after))
    assert one == other
    assert one.number == number_of("rush", date(2027, 3, 10))


def test_where_clocks_are_put_forward_or_back_a_window_is_what_the_wall_shows() -> None:
    forward, back = date(2027, 3, 14), date(2027, 11, 7)
    [whole] = dials(special(**{"from": "01:00", "until": "04:00"})).appointments
    [gone] = dials(special(**{"from": "02:00", "until": "03:00"})).appointments
    [edge] = dials(special(**{"from": "01:30", "until": "02:30"})).appointments
    lengths = {}
    for name, each in (("whole", whole), ("gone", gone), ("edge", edge)):
        for day in (forward, back, date(2027, 6, 1)):
            found = window_on(each, day, NEW_YORK)
            lengths[name, day] = (found.ends_at - found.starts_at).seconds // 60 if found else 0
    assert [lengths["whole", day] for day in (forward, back, date(2027, 6, 1))] == [120, 240, 180]
    assert [lengths["gone", day] for day in (forward, back, date(2027, 6, 1))] == [0, 60, 60]
    assert [lengths["edge", day] for day in (forward, back, date(2027, 6, 1))] == [60, 120, 60]
    assert window_on(gone, forward, NEW_YORK) is None, "nor is it told as the one that comes next"
    # Where an hour comes twice, a window in it is one and does not open again.
    [twice] = dials(special(**{"from": "00:30", "until": "01:30"})).appointments
    again = datetime(2027, 11, 7, 6, 15, tzinfo=UTC)
    assert again.astimezone(NEW_YORK).strftime("%H:%M") == "01:15"
    assert open_windows([twice], Wall(again, NEW_YORK)) == []


def test_the_window_that_comes_next_is_the_first_that_was_not_had(seed: int) -> None:
    dice = random.Random(seed)
    given = dials(special(), special(code="fair", weekdays=["sat"], **{"from": "09:00", "until": "10:00"})).appointments
    for _ in range(200):
        zone = ZoneInfo(dice.choice(["Asia/Taipei", "America/New_York", "Pacific/Apia", "Europe/London"]))
        at = datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=dice.randrange(2 * 366 * 1440))
        found = next_window(given, Wall(at, zone), ())
        assert found is not None
        assert found.ends_at > at
        inside = {each.number for each in open_windows(given, Wall(at, zone))}
        assert not inside or found.number in inside
        later = next_window(given, Wall(at, zone), {found.number})
        assert later is not None
        assert later.starts_at >= found.starts_at
    assert next_window([replace(given[1], weekdays=(5,))], Wall(EVENING, TAIPEI), ()) is not None


def test_a_zone_to_the_west_shows_the_same_day_again_and_its_window_is_not_given_twice() -> None:
    given = dials()
    table = table_at(Wall(EVENING, TAIPEI), given)
    number = table.orders[-1].number
    had = replace(table, orders=table.orders[:-1], had=frozenset({number}))
    honolulu = Wall(datetime(2027, 3, 11, 4, 30, tzinfo=UTC), ZoneInfo("Pacific/Honolulu"))
    assert open_windows(given.appointments, honolulu)[0].number == number
    assert [each.number for each in rules.take_in(had, given, honolulu).orders] == [1, 2, 3, 4]


# --- appointments among the orders


def test_an_appointment_waits_beside_the_others_pays_more_and_comes_once() -> None:
    given, wall = dials(), Wall(EVENING, TAIPEI)
    table = table_at(wall, given)
    assert [each.number for each in table.orders] == [1, 2, 3, 4, number_of("rush", date(2027, 3, 10))]
    rush = table.orders[-1]
    assert rush.special is not None
    assert (rush.special.code, rush.expires_at, rush.turn) == ("rush", datetime(2027, 3, 10, 12, tzinfo=UTC), 0)
    assert rush.diamonds == -(-cells.total_units(rush.items) * 3 // 2)
    assert rules.take_in(table, given, wall) == table
    assert table_at(wall, given).orders == table.orders
    empty = [cell for cell, word in enumerate(table.board.cells) if word == cells.EMPTY]
    put(
        table.board, {cell: table.board.content.write_word(item) for cell, item in zip(empty, rush.items, strict=False)}
    )
    after, done = rules.deliver(table, given, rush.number, wall)
    assert (done.appointment, done.turn) == ("rush", 0)
    assert [each.number for each in after.orders] == [1, 2, 3, 4]
    assert code(rules.deliver, after, given, rush.number, wall).code is GameCode.ORDER_NOT_FOUND


def test_an_appointment_that_was_missed_is_gone_and_says_so_even_in_a_list_made_before() -> None:
    given = dials()
    table = table_at(Wall(EVENING, TAIPEI), given)
    rush = table.orders[-1]
    late = Wall(datetime(2027, 3, 10, 12, tzinfo=UTC), TAIPEI)
    after = rules.take_in(table, given, late)
    assert [each.number for each in after.orders] == [1, 2, 3, 4]
    asked = [Move(MoveKind.TAP, 23), Move(MoveKind.DELIVER, rush.number), Move(MoveKind.TAP, 23)]
    for start in (table, after, replace(after, gone=())):
        done = rules.replay(start, given, asked, late.now, late)
        assert (done.applied, done.refusal and done.refusal.code) == (1, GameCode.ORDER_EXPIRED)
        assert done.refusal is not None
        assert done.refusal.facts["expired_at"] == "2027-03-10T12:00:00+00:00"
    assert code(rules.deliver, after, given, rush.number + 1, late).code is GameCode.ORDER_NOT_FOUND


def test_an_appointment_asks_for_chains_that_the_member_owns_or_is_not_for_him() -> None:
    wall = Wall(EVENING, TAIPEI)
    frozen = dials(special(chains=["frozen"]))
    table = table_at(wall, frozen)
    assert len(table.orders) == 4
    assert rules.next_appointment(table.board, frozen, table.orders, frozenset(), wall) is None
    table.board.level = 12
    owned = moves.owned_chains(table.board)
    asked = rules.take_in(table, frozen, wall).orders[-1]
    assert {table.board.content.chain_codes[cells.chain_of(item)] for item in asked.items} == {"frozen"}
    assert rules.can_be_filled(table.board, asked, owned)
    later = dials(special(level=5))
    assert len(table_at(wall, later).orders) == 4


def test_a_row_keeps_orders_as_they_are_and_reads_those_of_before() -> None:
    content, _ = shipped()
    old = [[7, ["dairy.2", "bakery.1"], 3, 3]]
    [order] = read_orders(content, old)
    assert (order.number, order.turn, order.expires_at, order.special) == (7, 7, None, None)
    assert write_orders(content, [order]) == [[7, ["dairy.2", "bakery.1"], 3, 3]]
    table = table_at(Wall(EVENING, TAIPEI), dials(expires_hours=5))
    kept = write_orders(content, table.orders)
    assert read_orders(content, kept) == table.orders
    assert read_orders(content, write_orders(content, [replace(order, place=4)]))[0].turn == 4


# --- plain orders whose time is over, and rerolls


def test_a_plain_order_whose_time_is_over_leaves_its_place_and_its_turn_to_the_next() -> None:
    given = dials(expires_hours=2, appointments=[])
    wall = Wall(NOW, TAIPEI)
    table = table_at(wall, given)
    assert {each.expires_at for each in table.orders} == {NOW + timedelta(hours=2)}
    after = rules.take_in(table, given, Wall(NOW + timedelta(hours=2), TAIPEI))
    assert [(each.number, each.turn) for each in after.orders] == [(5, 1), (6, 2), (7, 3), (8, 4)]
    assert code(rules.deliver, after, given, 2, wall).code is GameCode.ORDER_EXPIRED
    for_good = table_at(wall, dials(appointments=[]))
    assert rules.take_in(for_good, given, Wall(NOW + timedelta(days=900), TAIPEI)) == for_good


def test_a_reroll_takes_the_next_order_in_its_place_and_keeps_the_turn_of_chests() -> None:
    given, wall = dials(), Wall(EVENING, TAIPEI)
    table = table_at(wall, given)
    after, made = rules.reroll(table, given, 3, wall)
    assert [(each.number, each.turn) for each in after.orders[:4]] == [(1, 1), (2, 2), (5, 3), (4, 4)]
    assert made.items == rules.make_order(table.board, given, 5, moves.owned_chains(table.board)).items
    assert after.next_number == 6
    assert code(rules.reroll, after, given, 3, wall).code is GameCode.ORDER_NOT_FOUND
    assert code(rules.reroll, after, given, table.orders[-1].number, wall).code is GameCode.NOT_REROLLABLE


def test_however_orders_go_each_turn_of_chests_is_delivered_once_and_none_is_lost(seed: int) -> None:
    dice = random.Random(seed)
    given, now = dials(special(weekdays=None), expires_hours=3), NOW
    table = table_at(Wall(now, TAIPEI), given)
    turns: list[int] = []
    for _ in range(300):
        now += timedelta(minutes=dice.randrange(60))
        wall = Wall(now, TAIPEI)
        table = replace(rules.take_in(table, given, wall), gone=())
        order = dice.choice(table.orders)
        if order.special is None and dice.random() < 0.3:
            table, _ = rules.reroll(table, given, order.number, wall)
            continue
        table.board.cells[:3] = [*order.items, 0, 0][:3]
        table, done = rules.deliver(table, given, order.number, wall)
        turns += [done.turn] if done.turn else []
    waiting = [each.turn for each in table.orders if each.turn]
    assert sorted(turns + waiting) == list(range(1, len(turns) + 5))


def test_the_price_of_a_reroll_stays_or_doubles_after_the_free_ones() -> None:
    flat = dials(free_rerolls=2, reroll_diamonds=3, reroll_doubles=False)
    doubling = dials(free_rerolls=1, reroll_diamonds=3, reroll_doubles=True)
    assert [flat.reroll_price(used) for used in range(5)] == [0, 0, 3, 3, 3]
    assert [doubling.reroll_price(used) for used in (0, 1, 2, 3, 99)] == [0, 3, 6, 12, 1_000_000]


# --- bands of levels


def test_a_band_changes_what_it_names_from_its_level_on() -> None:
    given = dials(
        difficulty=[{"from_level": 3, "most_items": 1}, {"from_level": 7, "units_base": 30, "least_item_level": 3}]
    )
    assert [given.band(level).most_items for level in (1, 2, 3, 9)] == [3, 3, 1, 1]
    assert [rules.most_units(given, level, 100) for level in (2, 3, 7)] == [12, 14, 44]
    table = new_table()
    table.board.level = 7
    owned = moves.owned_chains(table.board)
    for number in range(1, 60):
        [item] = rules.make_order(table.board, given, number, owned).items
        assert cells.level_of(item) >= 3


def test_no_order_is_impossible_at_any_level_whatever_the_bands(seed: int) -> None:
    dice = random.Random(seed)
    content, _ = shipped()
    for _ in range(60):
        levels = sorted(dice.sample(range(2, content.top_level() + 4), 3))
        bands = [
            {
                "from_level": level, "units_base": dice.choice((1, 5, 60, 1000)),
                "units_per_level": dice.randrange(101),
                "most_items": dice.randrange(1, 4), "least_item_level": dice.randrange(1, 13),
            }
            for level in levels
        ]  # fmt: skip
        given = dials(difficulty=bands)
        table = new_table(dice.randbytes(32))
        table.board.level = dice.randrange(1, content.top_level() + 1)
        table.board.energy_cap = dice.choice((1, 2, 7, 100, 150))
        wall = Wall(EVENING, TAIPEI)
        taken = rules.take_in(Table(table.board, (), 1), given, wall)
        owned = moves.owned_chains(table.board)
        assert len(taken.orders) == 5
        for order in taken.orders:
            assert order.items
            assert rules.can_be_filled(table.board, order, owned)
            assert cells.total_units(order.items) <= table.board.energy_cap
            assert order.experience >= 1
        fill(taken, dice.choice(taken.orders[:4]).number, EVENING)


# --- the sheet


def test_a_sheet_of_before_is_read_as_it_was() -> None:
    body = {
        "slots": 4, "most_items": 3, "units_base": 8, "units_per_level": 2, "diamonds_per_mille": 1000,
        "experience_per_mille": 1000,
    }  # fmt: skip
    given = parse_orders("orders.current", body)
    assert (given.expires_hours, given.appointments, len(given.bands)) == (0, (), 1)
    assert rules.most_units(given, 12, 100) == 32


def test_every_mistake_of_the_sheet_is_told_at_once() -> None:
    said = faults(
        expires_hours=-1,
        reroll_diamonds=0,
        difficulty=[{"from_level": 5}, {"from_level": 5, "most_items": 4}],
        appointments=[
            special(), special(), special(code="Rush"), special(code="b", until="17:00"),
            special(code="c", overnight=True), special(code="d", **{"from": "24:00"}), special(code="e", name=None),
            special(code="f", weekdays=["sun", "sunday", "sun"]), special(code="g", colour="red"),
        ],
    )  # fmt: skip
    for part in (
        "expires_hours: must be", "reroll_diamonds: must be", "difficulty[1].from_level: must be above",
        "difficulty[1].most_items", "appointments[1].code: the code of each", "appointments[2].code: must be 1 to 40",
        "appointments[3].until: must be after `from`", "appointments[4].until: the day after has a later time",
        "appointments[5].from: must be a time such as 18:00, not '24:00'", "appointments[6].name",
        "appointments[7].weekdays: must be some of mon, tue", "appointments[8].colour: is not known here",
    ):  # fmt: skip
        assert part in said, (part, said)


def test_codes_whose_numbers_fall_together_are_a_mistake() -> None:
    by_slot: dict[int, str] = {}
    for number in range(2_000):
        other = by_slot.setdefault(slot_of(f"a{number}"), f"a{number}")
        if other != f"a{number}":
            break
    said = faults(appointments=[special(code=other), special(code=f"a{number}")])
    assert f"has the numbers of {other!r} by chance" in said
    assert number_of(other, date(2100, 1, 1)) < 2**31
    assert number_of(other, date(2020, 1, 1)) >= APPOINTED


def test_appointments_for_chains_that_nobody_has_are_a_mistake_between_the_sheets() -> None:
    content, _ = shipped()
    given = dials(special(chains=["dairy", "tobacco"]))
    found = [str(each) for each in faults_beside(given, content.chains, content.layout)]
    assert found == ["orders.current: appointments[0].chains: there is no chain 'tobacco'"]
