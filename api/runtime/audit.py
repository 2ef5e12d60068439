"""`main.py audit`: every invariant of every flat over the whole database, in one snapshot, beside running servers."""

from __future__ import annotations

import argparse
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.table import Table

from api.runtime.clock import utc_now
from api.runtime.database import Database
from game.board import actions as board
from game.checkin import actions as checkin
from game.chests import actions as chests
from game.compensation import actions as compensation
from game.orders import actions as orders
from game.quests import actions as quests
from game.refills import actions as refills
from game.season import actions as season
from loyalty.care import actions as care
from loyalty.grants import actions as grants
from loyalty.invariants import MOST_ROWS, Finding
from loyalty.ledger import actions as ledger
from loyalty.members import actions as members
from loyalty.receipts import actions as receipts
from loyalty.requests import actions as requests
from loyalty.sheets import actions as sheets
from loyalty.tiers import actions as tiers
from loyalty.timeline import actions as timeline
from rewards.coupons import actions as coupons
from rewards.fairness import actions as fairness
from rewards.fairness.rules import Vault
from rewards.gacha import actions as gacha
from rewards.prizes import actions as prizes

if TYPE_CHECKING:
    from api.settings import Settings

Audit = Callable[[Any, datetime], Awaitable[list[Finding]]]

# Each flat states what must hold of it; a new flat takes its place here.
AUDITS: tuple[tuple[str, Audit], ...] = (
    ("sheets", sheets.audit),
    ("requests", requests.audit),
    ("timeline", timeline.audit),
    ("members", members.audit),
    ("grants", grants.audit),
    ("ledger", ledger.audit),
    ("care", care.audit),
    ("tiers", tiers.audit),
    ("receipts", receipts.audit),
    ("coupons", coupons.audit),
    ("prizes", prizes.audit),
    ("board", board.audit),
    ("orders", orders.audit),
    ("quests", quests.audit),
    ("checkin", checkin.audit),
    ("compensation", compensation.audit),
    ("refills", refills.audit),
    ("season", season.audit),
)
_PLAIN_WIDTH = 170
_WORK_MEMORY = "SET LOCAL work_mem = '64MB'"


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found, flat by flat. `at` is the moment that it speaks of."""

    at: datetime
    seconds: float
    findings: tuple[tuple[str, Finding], ...]

    @property
    def ok(self) -> bool:
        return all(finding.ok for _, finding in self.findings)

    def failed(self) -> list[tuple[str, Finding]]:
        """Those that do not hold."""
        return [(flat, finding) for flat, finding in self.findings if not finding.ok]


async def audit(database: Database, now: datetime, *, vault: Vault | None = None) -> Report:
    """Examines everything in one read-only snapshot; seconds for a year of receipts. Changes and locks nothing.

    With the vault every draw is made again from its seed.
    """
    async with database.snapshot() as connection:
        await connection.execute(_WORK_MEMORY)
        return await examine_all(connection, now, vault=vault)


async def examine_all(connection: Any, now: datetime, *, vault: Vault | None = None) -> Report:
    """The same on a connection of the caller's, within whatever transaction it has."""
    began = time.monotonic()
    findings: list[tuple[str, Finding]] = []
    for flat, examine in AUDITS:
        findings += [(flat, finding) for finding in await examine(connection, now)]
    findings += [("fairness", finding) for finding in await fairness.audit(connection, now, vault=vault)]
    findings += [("chests", finding) for finding in await chests.audit(connection, now, vault=vault)]
    findings += [("gacha", finding) for finding in await gacha.audit(connection, now, vault=vault)]
    return Report(now, time.monotonic() - began, tuple(findings))


async def run_audit(database: Database, settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints each invariant with how much was checked, and up to 20 rows that break it; `--json` for machines.

    Exit code 0 when all hold, else 1. Rows name pseudonymous ids alone.
    """
    report = await audit(database, utc_now(), vault=fairness.AesVault(settings.secret))
    if arguments.json:
        print(_json(report))
    else:
        _print(report)
    return 0 if report.ok else 1


def _print(report: Report) -> None:
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PLAIN_WIDTH)  # in a file or a pipe each invariant keeps to its line
    table = Table("", "flat", "invariant", "checked", "broken", title="The books", title_justify="left")
    for column in (3, 4):
        table.columns[column].justify = "right"
    for flat, finding in report.findings:
        table.add_row(_mark(finding), flat, finding.sentence, f"{finding.checked:,}", f"{finding.broken:,}")
    console.print(table)
    for flat, finding in report.findings:
        if finding.broken:
            console.print(f"\n{flat}: {finding.sentence}: {finding.broken:,} do not", markup=False)
            for row in finding.rows:
                console.print("  " + ", ".join(f"{name} {value}" for name, value in row.items()), markup=False)
            if finding.broken > MOST_ROWS:
                console.print(f"  and {finding.broken - MOST_ROWS:,} more")
    verdict = "every invariant holds" if report.ok else f"{len(report.failed())} invariants do NOT hold"
    console.print(f"\n{verdict}; {len(report.findings)} examined in {report.seconds:.1f} s", markup=False)


def _mark(finding: Finding) -> str:
    if finding.broken == 0:
        return "[green]ok[/green]"
    return "[yellow]look[/yellow]" if finding.advisory else "[bold red]FAILED[/bold red]"


def _json(report: Report) -> str:
    document = {
        "ok": report.ok,
        "at": report.at,
        "seconds": round(report.seconds, 3),
        "invariants": [
            {
                "flat": flat, "invariant": finding.sentence, "ok": finding.ok, "advisory": finding.advisory,
                "checked": finding.checked, "broken": finding.broken, "rows": finding.rows,
            }
            for flat, finding in report.findings
        ],
    }  # fmt: skip
    return orjson.dumps(document, default=_plain, option=orjson.OPT_INDENT_2).decode()


def _plain(value: object) -> int | str:
    return int(value) if isinstance(value, Decimal) else str(value)
