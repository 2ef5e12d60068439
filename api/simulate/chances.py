"""Where a world without a database has its ids and seeds from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from api.runtime.clock import SeededDice
from api.simulate.crowd import number_of
from rewards.fairness.rules import SEED_BYTES, SERVER_CLIENT_SEED_BYTES

_FATES, _POOLS = 5, 6


@dataclass(frozen=True, slots=True)
class Fate:
    """What decides a member's chances: its id, the board's seed, and the seeds of chests and draws."""

    member_id: UUID
    board_seed: bytes
    server_seed: bytes
    client_seed: str


class Chances(Protocol):
    """Ids and seeds of one crowd."""

    def pool_ids(self, slugs: Iterable[str]) -> Mapping[str, UUID]:
        """The ids of pools; rolls are made for them."""

    def fate(self, number: int) -> Fate:
        """That of a member by its number in the crowd."""

    def gift_id(self, number: int, gift: int) -> bytes:
        """The id of a member's gift, counted from 0: under the board's seed it says which goods come."""


class SeededChances:
    """Everything out of the season's seed and the place of the crowd in it."""

    def __init__(self, place: tuple[int, ...]) -> None:
        self._place = place

    def pool_ids(self, slugs: Iterable[str]) -> Mapping[str, UUID]:
        dice = SeededDice(number_of(self._place[0], _POOLS))
        return {slug: UUID(bytes=dice.bytes(16), version=4) for slug in sorted(slugs)}

    def fate(self, number: int) -> Fate:
        dice = SeededDice(number_of(*self._place, _FATES, number))
        return Fate(
            UUID(bytes=dice.bytes(16), version=4), dice.bytes(SEED_BYTES), dice.bytes(SEED_BYTES),
            dice.bytes(SERVER_CLIENT_SEED_BYTES).hex(),
        )  # fmt: skip

    def gift_id(self, number: int, gift: int) -> bytes:
        # The board's seed is the member's own and secret, so a counter does as well as an id.
        return gift.to_bytes(16)
