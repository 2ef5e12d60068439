"""Quests: how they stand, claimed, audited."""

from game.quests.actions.audit import audit
from game.quests.actions.claiming import ClaimQuest, QuestClaimed, claim_quests, ended
from game.quests.actions.reading import QUESTS, export_quests, read_quests, read_quests_of

__all__ = [
    "QUESTS",
    "ClaimQuest",
    "QuestClaimed",
    "audit",
    "claim_quests",
    "ended",
    "export_quests",
    "read_quests",
    "read_quests_of",
]
