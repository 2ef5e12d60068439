"""The first sign-in: makes the member and gives the welcome, in one transaction."""

from __future__ import annotations

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

    async def __call__(self, work: Work, new: NewMember) -> SignedIn:
        """The member of an identity; one made just now also gets the welcome, once per person."""
        signed = await members.sign_in(work, new)
        if signed.created:
            known = person_hash(self.pepper, new.kind, new.subject)
            await welcome(work, [Welcome(signed.member_id, known, new.at)])
        return signed
