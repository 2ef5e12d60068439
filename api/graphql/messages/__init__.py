"""What each refusal code says to people, in English and in Traditional Chinese, and what a client should do.

Sentences may hold the refusal's facts in braces; a test reaches every code and sees that each fact is there.
"""

from api.graphql.messages import edge, game, loyalty, rewards
from api.graphql.messages.wording import DEFAULT_LOCALE, LOCALES, Wording, choose_locale, say

WORDINGS: dict[str, Wording] = {**loyalty.WORDINGS, **rewards.WORDINGS, **game.WORDINGS, **edge.WORDINGS}

__all__ = ["DEFAULT_LOCALE", "LOCALES", "WORDINGS", "Wording", "choose_locale", "say"]
