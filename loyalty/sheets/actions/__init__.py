"""Sheets: read in every batch, drafted, reviewed, scheduled; the stop switch; the audit trail."""

from loyalty.sheets.actions.audit import audit
from loyalty.sheets.actions.drafting import Check, approve, draft, edit, send_back, submit, withdraw
from loyalty.sheets.actions.publishing import faults_of, publish, seed_files, settle_due
from loyalty.sheets.actions.reading import (
    Parser,
    Sheets,
    load_scheduled,
    load_version,
    load_versions,
    moment_of,
    open_sheets,
)
from loyalty.sheets.actions.stopping import load_pauses, pause, paused_by, resume, review_pause
from loyalty.sheets.actions.trail import Entry, has_looked, read_trail, record

__all__ = [
    "Check", "Entry", "Parser", "Sheets", "approve", "audit", "draft", "edit", "faults_of", "has_looked",
    "load_pauses", "load_scheduled", "load_version", "load_versions", "moment_of", "open_sheets", "pause",
    "paused_by", "publish", "read_trail", "record", "resume", "review_pause", "seed_files", "send_back", "settle_due",
    "submit", "withdraw",
]  # fmt: skip
