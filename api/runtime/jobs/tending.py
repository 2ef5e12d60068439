"""Tending partitions: the one job that changes tables, so it works as their owner, on a connection of its own."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from api.runtime.database import Database
from api.runtime.jobs.polling import Job
from api.runtime.migrations import in_transaction
from api.runtime.partitions import partitioned_tables, read_partitions, tend

if TYPE_CHECKING:
    from sqlalchemy import Table

    from api.settings import Settings

_SECONDS = 6 * 3600
_OWNED = "SELECT pg_get_userbyid(relowner) = current_user FROM pg_class WHERE oid = to_regclass(:name)"

_log = logging.getLogger(__name__)


def tending_of(settings: Settings) -> Job:
    """Makes partitions ahead and drops exposures past MERGEMART_EXPOSURES_MONTHS, where DATABASE_OWNER_URL may.

    One table in a transaction. Without the owner's rights it changes nothing and says so in the log.
    """
    owner_url = settings.database_owner_url
    assert owner_url is not None, "settings are completed before jobs run"

    async def run(database: Database, now: datetime) -> AsyncGenerator[int, None]:
        del database
        for table in partitioned_tables():
            yield await in_transaction(owner_url, partial(_tend, table, now, settings.exposures_months))

    return Job("partitions", _SECONDS, run)


def _tend(table: Table, now: datetime, exposures_months: int, connection: Connection) -> int:
    if not connection.execute(text(_OWNED), {"name": f"public.{table.name}"}).scalar():
        newest = read_partitions(connection, table.name)[-2:][0].name
        _log.warning(
            "partitions are left to the owner: run `main.py migrate` with DATABASE_OWNER_URL once a month",
            extra={"facts": {"table": table.name, "newest": newest}},
        )
        return 0
    changed = tend(connection, table, now, exposures_months)
    if changed:
        _log.info("partitions were made or dropped", extra={"facts": {"changed": changed}})
    return len(changed)
