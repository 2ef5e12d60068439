"""The bots of simulated seasons: what they plan, what they forge, and the arithmetic of reports."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from api.commands.line import run_command
from api.content import seed_files
from api.runtime.clock import SeededDice
from api.simulate import bots, keeping
from api.simulate.bots import House, Knows, PoolShown
from api.simulate.figures import level_spread
from api.simulate.forging import Forgery, Scene, forge, is_accepted
from api.simulate.planning import Style, is_dead, plan
from api.simulate.report import difference, ratio
from api.simulate.rulebook import read_rulebook
from api.simulate.wanted import Kind, Mistake, Wanted, changed_by, parse_mix, sheet_hashes
from game.board.rules import cells, moves
from game.board.rules.bubbles import Bubble
from game.board.rules.cells import BOX, BUBBLE, EMPTY, GENERATOR, WEB
from game.board.rules.moves import MoveKind
from game.chests.rules.content import parse_chests
from game.energy.rules import Energy
from game.orders import rules as orders
from game.orders.actions import PlayMoves
from game.orders.rules import Delivered, Table
from loyalty.sheets.rules import SheetInvalid
from tests.playing import NOW, new_table, sheet, shipped

CHESTS = parse_chests("chests.current", sheet("chests"))
POOLS = (PoolShown(UUID(int=1), "a" * 64, 20, True), PoolShown(UUID(int=2), "b" * 64, 60, False))
HOUSE = House(CHESTS, 1, POOLS, shipped()[0].layout.refill)


def knows(table: Table) -> Knows:
    """What the app of this table's member shows: no seed."""
    board = table.board.copy()
    board.seed = b""
    return Knows(board, 1, table.orders)


@pytest.mark.parametrize("style", [manner.style for manner in bots.MANNERS.values()])
def test_every_planned_move_is_taken_and_play_goes_on_for_days(seed: int, style: Style) -> None:
    dice = random.Random(seed)
    table, now = new_table(dice.randbytes(32)), NOW
    _, dials = shipped()
    delivered, spent = 0, 0
    for _ in range(150):
        now += timedelta(seconds=dice.choice((75, 75, 75, 10_800)))
        shown = knows(table)
        planned = plan(shown.board, shown.orders, now, style)
        assert len(planned) <= style.moves
        done = orders.replay(table, dials, planned, now)
        # No app foresees where a merge brings a bubble: what it had in mind for that cell may be refused.
        bubbles = done.table.board.bubbles.keys() - shown.board.bubbles.keys()
        assert done.refusal is None or bubbles, (done.refusal, planned[done.applied], done.applied)
        table = done.table
        delivered += len(done.delivered)
        spent += sum(move.kind is MoveKind.TAP for move in planned)
        assert not is_dead(table.board)
    assert delivered > 20
    assert spent > 200
    assert table.board.level > 2


def test_a_plan_follows_from_what_is_shown_alone(seed: int) -> None:
    dice = random.Random(seed)
    table = new_table(dice.randbytes(32))
    one, other = knows(table), knows(table)
    other.board.seed = dice.randbytes(32)
    before = one.board.cells[:]
    later = NOW + timedelta(hours=1)
    assert plan(one.board, one.orders, later, Style()) == plan(other.board, other.orders, later, Style())
    assert one.board.cells == before, "a plan changes nothing"


def test_a_board_is_dead_only_where_nothing_can_be_lifted_and_nothing_drops() -> None:
    board = new_table().board
    assert not is_dead(board)
    board.cells = [cell if cell & GENERATOR else (cell or cells.make_item(0, 1)) | BOX for cell in board.cells]
    assert is_dead(board)
    at = board.cells.index(next(cell for cell in board.cells if not cell & GENERATOR))
    for held in (EMPTY, cells.make_item(0, 1)):
        board.cells[at] = held
        assert not is_dead(board), "one cell to drop into, or goods to sell"
    board.cells = [cell | BOX if GENERATOR <= cell < WEB else cell for cell in board.cells]
    board.cells[at] = EMPTY
    assert is_dead(board), "no generator is free"


def test_kinds_of_members_follow_the_mix_exactly() -> None:
    mix = parse_mix("casual=60,daily=25,optimiser=10,cheater=5")
    kinds = Wanted(1000, 1, 1, mix).kinds()
    assert [kinds.count(kind) for kind in Kind] == [600, 250, 100, 50]
    for members in range(1, 50):
        assert len(Wanted(members, 1, 1, mix).kinds()) == members
    assert parse_mix("daily=1") == {Kind.DAILY: 1}
    for wrong in ("nobody=5", "daily", "daily=x", "daily=0", "daily=-1"):
        with pytest.raises(Mistake, match="--mix"):
            parse_mix(wrong)


def test_visits_are_those_of_the_kind(seed: int) -> None:
    dice = SeededDice(seed)
    days = {kind: [bots.hours_of_day(kind, dice) for _ in range(300)] for kind in Kind}
    assert {len(each) for each in days[Kind.CASUAL]} == {0, 2}
    assert {len(each) for each in days[Kind.DAILY]} == {1, 2}
    assert {len(each) for each in days[Kind.OPTIMISER]} == {len(each) for each in days[Kind.CHEATER]} == {6}


def test_chests_are_queued_hurried_and_opened_in_their_time() -> None:
    known = knows(new_table())
    every = CHESTS.order_every
    numbers = [each * every for each in range(1, 8)] + [1]
    bots.earn_chests(known, HOUSE, [Delivered(number, 1, 1, 1, number) for number in numbers], NOW)
    assert len(known.shelf) == 7, "order number 1 earns none"
    queued = bots.chests_to_queue(known, HOUSE, NOW)
    assert len(queued) == CHESTS.slots + CHESTS.queue
    assert known.shelf[queued[0]].kind == "basket", "the quickest first"
    number = queued[0]
    shelf = bots.timers.queue(known.shelf, number, NOW, slots=CHESTS.slots, queued=CHESTS.queue)
    known.shelf = shelf
    assert bots.chests_to_open(known, NOW) == []
    assert bots.chests_to_open(known, NOW + timedelta(seconds=shelf[number].unlock_seconds)) == [number]
    assert bots.chest_to_hurry(Kind.OPTIMISER, known, HOUSE, NOW) is None, "it has no diamonds"
    known.diamonds = 100
    assert bots.chest_to_hurry(Kind.OPTIMISER, known, HOUSE, NOW) == (number, 2)
    assert bots.chest_to_hurry(Kind.DAILY, known, HOUSE, NOW) is None


def test_energy_is_bought_where_it_is_used_up_and_pays() -> None:
    known, today = knows(new_table()), date(2027, 3, 1)
    known.board.energy = Energy(4, NOW)
    known.diamonds = 1000

    def price(kind: Kind, house: House = HOUSE) -> int | None:
        return bots.refill_price(kind, known, house, today, NOW)

    assert {kind: price(kind) for kind in Kind} == {
        Kind.CASUAL: None, Kind.DAILY: 20, Kind.OPTIMISER: 20, Kind.CHEATER: 20,
    }  # fmt: skip
    known.refilled_on, known.refills = today, 1
    assert (price(Kind.DAILY), price(Kind.OPTIMISER)) == (None, 40)
    known.refills = 3
    assert price(Kind.OPTIMISER) is None, "160 diamonds are more than 100 energy bring"
    assert bots.refill_price(Kind.OPTIMISER, known, HOUSE, today + timedelta(days=1), NOW) == 20
    known.refills, known.diamonds = 1, 39
    assert price(Kind.OPTIMISER) is None
    known.diamonds, known.board.energy = 1000, Energy(5, NOW)
    assert price(Kind.OPTIMISER) is None
    known.board.energy = Energy(4, NOW - timedelta(minutes=2))
    assert price(Kind.OPTIMISER) is None, "one came back since"


def test_bubbles_are_popped_that_the_diamonds_pay_for_the_cheapest_first() -> None:
    board = new_table().board
    empty = [cell for cell, held in enumerate(board.cells) if held == EMPTY][:3]
    for cell, diamonds in zip(empty, (30, 10, 20), strict=True):
        board.cells[cell] = BUBBLE | cells.make_item(0, 4)
        board.bubbles[cell] = Bubble(NOW + timedelta(seconds=300), diamonds)

    def popped(diamonds: int, *, pops: bool = True) -> list[int]:
        planned = plan(board, (), NOW, Style(pops=pops), diamonds)
        return [move.first for move in planned if move.kind is MoveKind.POP]

    assert popped(9) == popped(1000, pops=False) == []
    assert popped(29) == [empty[1]]
    assert popped(30) == [empty[1], empty[2]]
    assert popped(60) == [empty[1], empty[2], empty[0]]


def test_draws_are_never_more_than_tickets_diamonds_and_the_day_allow(seed: int) -> None:
    dice = SeededDice(seed)
    today = date(2027, 3, 1)
    for _ in range(500):
        known = knows(new_table())
        known.diamonds, known.tickets = dice.below(800), dice.below(4)
        known.drew_on, known.drew = today, dice.below(11)
        for kind in Kind:
            chosen = bots.draws(kind, known, HOUSE, today, dice)
            assert sum(count for _, count in chosen) <= 10 - known.drew
            price = sum(pool.price_diamonds * count for pool, count in chosen)
            free = sum(count for pool, count in chosen if pool.takes_tickets)
            assert price - 20 * min(free, known.tickets) <= known.diamonds
            if kind is Kind.OPTIMISER:
                assert len(chosen) <= known.tickets, "draws give back less than they take"


def test_every_forged_list_of_moves_is_refused_whole(seed: int) -> None:
    """By the same rules as the server's; on a board in the middle of play."""
    dice = random.Random(seed)
    table, now = new_table(dice.randbytes(32)), NOW
    _, dials = shipped()
    for _ in range(dice.randrange(40)):
        now += timedelta(minutes=30)
        table = orders.replay(table, dials, plan(table.board, table.orders, now, Style()), now).table
    known = knows(table)
    moves.settle(known.board, now)
    for number in range(30):
        scene = Scene(uuid4(), known, HOUSE, now.date(), now, SeededDice(number), None, [3])
        for forged in forge(scene):
            if isinstance(forged.command, PlayMoves) and forged.name not in ("a stale revision", "another season"):
                done = orders.replay(table, dials, forged.command.moves, now)
                assert done.applied == 0, forged.name


def test_an_answer_that_is_no_refusal_is_a_forgery_accepted() -> None:
    scene = Scene(uuid4(), knows(new_table()), HOUSE, NOW.date(), NOW, SeededDice(1), None, [])
    forged = next(each for number in range(9) for each in forge(scene) if not isinstance(each.command, PlayMoves))
    assert isinstance(forged, Forgery)
    assert is_accepted(forged, object())


def test_a_number_of_a_sheet_is_changed_by_key_index_and_code() -> None:
    texts = seed_files()
    [orders_sheet] = changed_by(texts, ["orders.current.diamonds_per_mille=2000", "orders.current.slots=3"], [])
    assert (orders_sheet.kind, orders_sheet.key) == ("orders", "current")
    assert (orders_sheet.body["diamonds_per_mille"], orders_sheet.body["slots"]) == (2000, 3)
    [chests] = changed_by(texts, ["chests.current.kinds.safe.unlock_seconds=5", "chests.current.kinds.0.drops=1"], [])
    kinds = {each["code"]: each for each in chests.body["kinds"]}
    assert (kinds["safe"]["unlock_seconds"], kinds["basket"]["drops"]) == (5, 1)
    before, after = sheet_hashes(texts, ()), sheet_hashes(texts, (orders_sheet,))
    assert [name for name in before if before[name] != after[name]] == ["orders.current"]


@pytest.mark.parametrize(
    "setting", ["orders.current", "orders.current.slots", "no.sheet.x=1", "orders.current.slots=many",
                "chests.current.kinds.no-such.drops=1", "orders.current.a.b=1", "orders.current.slots.x=1"],
)  # fmt: skip
def test_a_setting_that_leads_nowhere_is_a_mistake(setting: str) -> None:
    with pytest.raises(Mistake, match="--set"):
        changed_by(seed_files(), [setting], [])


def test_a_sheet_file_must_be_named_like_a_shipped_one(tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.toml"
    stranger.write_text("x = 1\n", encoding="utf-8")
    with pytest.raises(Mistake, match="shipped sheet"):
        changed_by(seed_files(), [], [stranger])
    broken = tmp_path / "orders.current.toml"
    broken.write_text("x = \n", encoding="utf-8")
    with pytest.raises(Mistake, match="cannot be read"):
        changed_by(seed_files(), [], [broken])


@pytest.mark.parametrize(
    "arguments", [["--members", "0"], ["--days", "0"], ["--seed", "-1"], ["--mix", "x=1"], ["--processes", "99"],
                  ["--both"], ["--by", "rules", "--keep"],
                  ["--set", "orders.current.slots=x"], ["--against", "/nowhere/simulation.json"]],
)  # fmt: skip
def test_a_wrong_argument_ends_with_code_2_and_says_the_cure(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MERGEMART_VAR", str(tmp_path))
    assert run_command(["simulate", "season", *arguments]) == 2
    assert arguments[0] in capsys.readouterr().err
    assert not list(tmp_path.iterdir()), "nothing was made"


def test_the_kept_report_is_of_that_season_alone(tmp_path: Path) -> None:
    wanted = Wanted(10, 3, 1, parse_mix("daily=1"))
    told = {"figures": {"draws": 1}}
    assert keeping.read(tmp_path / "kept", wanted) is None
    keeping.write(tmp_path / "kept", wanted, told)
    assert keeping.read(tmp_path / "kept", wanted) == told
    changed = replace(wanted, changes=changed_by(seed_files(), ["orders.current.slots=3"], []))
    for other in (changed, replace(wanted, seed=2), replace(wanted, days=4), replace(wanted, lanes=1)):
        assert keeping.read(tmp_path / "kept", other) is None
    keeping.write(tmp_path / "kept", changed, told)
    assert keeping.read(tmp_path / "kept", wanted) is None, "one is kept"
    assert len(list((tmp_path / "kept").iterdir())) == 1


@pytest.mark.parametrize(
    ("setting", "fault"),
    [("orders.current.slots=99", "slots"), ('levels.current.levels.0.chains=["nope"]', "nope"),
     ("quests.current.quests.daily-taps.target=9000", "target"),
     ("odds.daily.prizes.ten-off.offer=no-such", "no-such")],
)  # fmt: skip
def test_a_rulebook_refuses_the_sheets_that_publishing_refuses(setting: str, fault: str) -> None:
    with pytest.raises(SheetInvalid) as refused:
        read_rulebook(changed_by(seed_files(), [setting], []))
    assert any(fault in f"{each.key} {each.rule}" for each in refused.value.faults)


def test_levels_spread_over_members_and_are_never_lost() -> None:
    members = [UUID(int=number) for number in range(10)]
    days = [date(2027, 3, 1), date(2027, 3, 2), date(2027, 3, 3)]
    claimed = {(members[0], days[0]): 4, (members[1], days[1]): 2}
    assert level_spread(claimed, members, days) == ((1, 1, 4), (1, 1, 4), (1, 1, 4))
    claimed |= {(member, days[2]): 3 for member in members[2:]}
    assert level_spread(claimed, members, days)[-1] == (3, 3, 4)


def test_ratios_and_differences_of_nothing_are_told() -> None:
    assert ratio(300, 200) == 1.5
    assert ratio(5, 0) is None
    assert [difference(2, 3), difference(2, 2), difference(0, 2), difference(4, 3)] == ["+50.0%", "=", "new", "-25.0%"]
