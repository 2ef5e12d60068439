"""The first sign-in: makes members and gives the welcome, in one transaction for those who come together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loyalty.members import actions as members
from loyalty.members.actions import NewMember, SignedIn
from loyalty.members.rules import person_hash
from loyalty.work import Work
from rewards.coupons.actions import Welcome, welcome


@dataclass(frozen=True, slots=True)
class Joining:
    """Signs members in. The pepper keys the hash by which a person who was erased and comes back is recognised."""

    pepper: bytes

    async def __call__(self, work: Work, new: Sequence[NewMember]) -> list[SignedIn]:
        """The member of each identity; those made just now also get the welcome, once per person."""
        signed = await members.sign_in(work, new)
        made = [
            Welcome(each.member_id, person_hash(self.pepper, asked.kind, asked.subject), asked.at)
            for asked, each in zip(new, signed, strict=True)
            if each.created
        ]
        if made:
            await welcome(work, made)
        return signed
