"""Events and the eight drives of Octalysis (Yu-kai Chou) that each kind of event is weighted on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Drives:
    """Weights 0..10 on the eight core drives; 1-3 are white hat, 6-8 black hat, 4 and 5 both."""

    meaning: int = 0
    accomplishment: int = 0
    empowerment: int = 0
    ownership: int = 0
    influence: int = 0
    scarcity: int = 0
    unpredictability: int = 0
    avoidance: int = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            weight = getattr(self, field.name)
            assert 0 <= weight <= 10, f"{field.name} weighs {weight}; a drive weighs 0..10"


@dataclass(frozen=True, slots=True)
class EventKind:
    """What can happen to a member: its name, how it pulls on the drives, whether it is carried outside.

    `outbox` events also get a deletable row that jobs carry to other systems. An `exposure` is what a member was shown,
    not what he did: it is kept apart, and no timeline shows it.
    """

    name: str
    drives: Drives
    outbox: bool = False
    exposure: bool = False

    def __post_init__(self) -> None:
        assert not (self.outbox and self.exposure), f"{self.name}: what was shown is not carried outside"


def index_kinds(kinds: Iterable[EventKind]) -> dict[str, EventKind]:
    """Every kind by its name; asserts that no two flats chose the same one."""
    named: dict[str, EventKind] = {}
    for kind in kinds:
        assert kind.name not in named, f"two kinds of event are named {kind.name}"
        named[kind.name] = kind
    return named
