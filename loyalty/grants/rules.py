"""Kinds of grants."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class GrantKind(StrEnum):
    """What a grant gives, once a higher house takes it."""

    ENERGY = "ENERGY"
    GOODS = "GOODS"


@dataclass(frozen=True, slots=True)
class Taken:
    """A grant that was consumed."""

    id: UUID
    kind: GrantKind
    amount: int
    source: str
