"""The invariants of sheets."""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime
from typing import Any

from loyalty.invariants import MOST_ROWS, Finding
from loyalty.sheets import store
from loyalty.sheets.rules import SheetState, digest


async def audit(connection: Any, now: datetime) -> list[Finding]:
    """Examines every version of every sheet; reads everything, changes nothing."""
    del now
    rows = await store.load_all(connection)
    active = Counter((row["kind"], row["key"]) for row in rows if row["state"] == SheetState.ACTIVE.value)
    altered = tuple(
        {"kind": row["kind"], "key": row["key"], "version": row["version"]}
        for row in rows
        if digest(json.loads(row["body"])) != row["sha256"]
    )
    several = tuple({"kind": kind, "key": key, "active": count} for (kind, key), count in active.items() if count > 1)
    return [
        Finding(sentence, checked, len(broken), broken[:MOST_ROWS])
        for sentence, checked, broken in (
            ("every version of a sheet still has the digest of what was published", len(rows), altered),
            ("a sheet has one active version at most", len(active), several),
        )
    ]
