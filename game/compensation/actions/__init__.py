"""Compensations: a dry run, the word of two people, and the work through the members."""

from game.compensation.actions.audit import audit
from game.compensation.actions.granting import find_running, finish, grant_some
from game.compensation.actions.proposing import (
    approve,
    export_compensations,
    load_compensation,
    load_compensations,
    preview,
    propose,
    stop,
)

__all__ = [
    "approve", "audit", "export_compensations", "find_running", "finish", "grant_some", "load_compensation",
    "load_compensations", "preview", "propose", "stop",
]  # fmt: skip
