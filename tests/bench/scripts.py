"""pgbench scripts with the very statements of the hot actions: recorded from one command, written out with variables.

`python -m tests.bench.scripts` writes them anew; a test compares them with what is committed.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from api.runtime.database import Database
from api.runtime.embedded import Embedded
from api.runtime.migrations import migrate
from loyalty.refusals import Refused
from loyalty.work import Work
from rewards.coupons.rules.codes import CHECKS
from tests.bench import pools, shop
from tests.bench.commands import ACTIONS, Asking, command
from tests.bench.shop import Shop
from tests.seeding import NOW

FOLDER = Path(__file__).parent / "pgbench"
_WARM, _MEMBER, _COUPON = 3, 7, 11
_RECEIPT_NO = "capture-receipt"
_REQUEST = UUID("01a30000-0000-7000-8000-000000000000")
_WALL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|\+00:00)")
_UNIQUE = (
    "('01a42d97-' || lpad(to_hex(:run::int), 4, '0') || '-7{kind:03x}-8' || lpad(to_hex(:client_id::int), 3, '0') "
    "|| '-' || lpad(to_hex(:n::int), 12, '0'))"
)
_EXPRESSIONS = {
    str(shop.member_id(_MEMBER)): "('01a00000-0000-7000-8000-' || lpad(to_hex(:m::int), 12, '0'))",
    shop.card_no(_MEMBER): "('29' || lpad((:m::int)::text, 10, '0') || (:k::int)::text)",
    str(shop.coupon_id(_COUPON)): "('01a10000-0000-7000-8000-' || lpad(to_hex(:i::int), 12, '0'))",
    shop.code(_COUPON): f"(lpad(upper(to_hex(:i::int)), 15, '0') || substr('{CHECKS}', :c::int + 1, 1))",
    **{str(pools.FIRST_NONCE + n): f"(:nonce::int + {n})::text" for n in range(20)},
    _RECEIPT_NO: "('P-' || (:run::int)::text || '-' || (:client_id::int)::text || '-' || (:n::int)::text)",
}
_NEW_CODE = (
    "(lpad(upper(to_hex(:run::int)), 4, '0') || lpad(upper(to_hex(:client_id::int)), 3, '0') "
    "|| lpad(upper(to_hex(:n::int)), 8, '0') || '0')"
)
# `k` is the check digit of the member's card.
_CARD = (
    "\\set k (1000 - 29 - 3 * (:m % 10) - (:m / 10) % 10 - 3 * ((:m / 100) % 10) - (:m / 1000) % 10 "
    "- 3 * ((:m / 10000) % 10)) % 10\n"
)
_RANDOM_MEMBER = f"\\set n :n + 1\n\\set m random(0, :members - 1)\n{_CARD}"
# The next fresh member of this client.
_NEXT_MEMBER = "\\set n :n + 1\n\\set m :first + :client_id * :each + :n - 1\n"
# The next coupon of this client; `c` is the check symbol's number, as tests/bench/shop.py computes the code.
_NEXT_COUPON = (
    "\\set n :n + 1\n\\set i :first + :client_id * :each + :n - 1\n\\set m :i % :members\n"
    "\\set c ((:i & 15) + 32 * ((:i >> 4) & 15) + 1024 * ((:i >> 8) & 15) + 32768 * ((:i >> 12) & 15) "
    "+ 1048576 * ((:i >> 16) & 15)) % 37\n"
    f"{_CARD}"
)


def _drawing(number: int) -> str:
    """A member's nonce stands once; scripts that run in one database have ranges of their own, ten apart."""
    return f"{_RANDOM_MEMBER}\\set nonce ((:run * 4 + {number}) * 131072 + :client_id * 2048 + :n) * 10\n"


# Operation -> what its script sets first, in the order of their recording.
VARIABLES = {
    "recordReceipt": _RANDOM_MEMBER,
    "buyCoupon": _RANDOM_MEMBER,
    "hold": _NEXT_COUPON,
    "settle": _NEXT_COUPON,
    "openApp": _RANDOM_MEMBER,
    "checkIn": _NEXT_MEMBER,
    "playMoves": _NEXT_MEMBER,
    "draw": _drawing(0),
    "drawStock": _drawing(1),
    "drawHot": _drawing(2),
    "draw10": _drawing(3),
}


@dataclass
class Recorder:
    """A connection that notes every statement of the stores, one by one, on its way to the database."""

    connection: Any
    statements: list[tuple[str, tuple[Any, ...]]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def noted(statement: str, *arguments: Any) -> Any:
            self.statements.append((statement, arguments))
            return await getattr(self.connection, name)(statement, *arguments)

        assert name in {"fetch", "fetchrow", "fetchval", "execute", "write"}, f"{name} is not recorded"
        return noted


class Capture:
    """Runs actions on a seeded database and writes each as a script."""

    def __init__(self, database: Database, place: Shop) -> None:
        self._database = database
        pool_ids = {str(place.pools[name][0]): f"(:{name})::text" for name in pools.POOLS}
        self._known = {**_EXPRESSIONS, str(place.offer_id): "(:offer)::text", **pool_ids}

    def stand_for(self, text: str, model: str) -> None:
        """From now on writes `text` as `model` is written."""
        self._known[text] = self._known[model]

    async def run(self, action: Any, command: Any, first_kind: int) -> tuple[str, Any]:
        """The statements of one command as text, and its result; ids made on the way are numbered from `first_kind`."""
        minted: list[UUID] = []

        def mint(at: datetime) -> UUID:
            minted.append(self._database.mint(at))
            return minted[-1]

        async with self._database.work() as work:
            recorder = Recorder(work.connection)
            [result] = await action(Work(recorder, mint, work.dice), [command])
        assert not isinstance(result, Refused), repr(result)
        self._known[str(command.request.id)] = _UNIQUE.format(kind=first_kind)
        for kind, made in enumerate(minted, first_kind + 1):
            self._known[str(made)] = _UNIQUE.format(kind=kind)
        if hasattr(result, "code"):
            assert isinstance(result.code, str)
            self._known[result.code] = _NEW_CODE
        return "".join(f"{self._write(*each)};\n" for each in recorder.statements), result

    def _write(self, statement: str, arguments: tuple[Any, ...]) -> str:
        return re.sub(r"\$(\d+)", lambda found: self._literal(arguments[int(found[1]) - 1]), statement.strip())

    def _literal(self, value: Any) -> str:  # noqa: PLR0911 - one line per type reads best
        if value is None or isinstance(value, bool):
            return "NULL" if value is None else str(value).lower()
        if isinstance(value, int):
            return f"(:nonce::int + {value - pools.FIRST_NONCE})" if value >= pools.FIRST_NONCE else str(value)
        if isinstance(value, list | tuple | set):
            return f"ARRAY[{', '.join(map(self._literal, value))}]" if value else "'{}'"
        if isinstance(value, bytes):
            # A coupon's secret is chance; a hash is what it is.
            return f"'\\x{value.hex() if len(value) == 32 else '00' * len(value)}'::bytea"
        if isinstance(value, datetime):
            same = NOW if abs(value - datetime.now(UTC)).days < 1 else value
            return f"'{same.isoformat()}'::timestamptz"
        if isinstance(value, date):
            return f"'{value.isoformat()}'::date"
        if isinstance(value, UUID):
            return f"{self._text(str(value))}::uuid"
        assert isinstance(value, str), value
        if value[:1] in "{[" and value:
            # A blank after each colon: pgbench would take `:true` for a variable.
            value = json.dumps(json.loads(value), ensure_ascii=False)
            value = _WALL.sub(NOW.isoformat(), value)
        return self._text(value)

    def _text(self, text: str) -> str:
        # pgbench would take `:receipt` for a variable, even in a literal: it is cut after the colon.
        known = "|".join(map(re.escape, self._known))
        parts = [cut for part in re.split(f"({known})", text) for cut in re.split(r"(?<=:)(?=[A-Za-z_])", part) if cut]
        written = [self._known.get(part) or "'" + part.replace("'", "''") + "'" for part in parts]
        return written[0] if len(written) == 1 else f"({' || '.join(written)})" if written else "''"


async def capture(database: Database) -> dict[str, str]:
    """File name -> script, from a migrated database that is empty otherwise."""
    place = await shop.seed(database, shoppers=20, fresh=0, coupons=20, now=NOW)
    recording = Capture(database, place)
    numbers = count(1)
    hold_ids: dict[int, UUID] = {}
    scripts = {}
    # The member of a held coupon is the coupon's number modulo the members: the model of both is number 7.
    for text, model in (
        (str(shop.coupon_id(_MEMBER)), str(shop.coupon_id(_COUPON))),
        (shop.code(_MEMBER), shop.code(_COUPON)),
    ):
        recording.stand_for(text, model)
    for first_kind, operation in enumerate(VARIABLES):
        # The first of each fills the process's memory of sheets and terms; the second is what a server sends all day.
        for member, receipt_no in ((_WARM, "warm"), (_MEMBER, _RECEIPT_NO)):
            asking = Asking(member, UUID(int=_REQUEST.int + next(numbers)), NOW, receipt_no, hold_ids.get(member))
            asked = command(place, operation, asking)
            text, result = await recording.run(ACTIONS[operation], asked, 0x40 * first_kind)
            if operation == "hold":
                hold_ids[member] = result.hold_id
        action = getattr(ACTIONS[operation], "func", ACTIONS[operation]).__name__
        scripts[f"{operation}.sql"] = _script(action, VARIABLES[operation], text)
    return scripts


def _script(action: str, variables: str, statements: str) -> str:
    head = f"-- The statements of `{action}` for one command; written by `python -m tests.bench.scripts`.\n"
    return f"{head}{variables}BEGIN;\n{statements}COMMIT;\n"


async def _capture_at(url: str) -> dict[str, str]:
    database = shop.bench_database(url)
    try:
        return await capture(database)
    finally:
        await database.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, Embedded(Path(folder), durable=False) as servers:
        migrate(servers.owner_url)
        for name, text in asyncio.run(_capture_at(servers.database_url)).items():
            (FOLDER / name).write_text(text, encoding="utf-8")
            print(f"wrote {FOLDER / name}")
