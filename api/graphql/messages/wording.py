"""A refusal's sentences: how a code's facts are filled in, and which language a caller gets."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass

from api.graphql.headers import read_once
from api.graphql.messages.rules import rule_in_chinese

LOCALES = ("en", "zh-TW")
DEFAULT_LOCALE = "en"


@dataclass(frozen=True, slots=True)
class Wording:
    """One code's sentences, and the advice that stands in the docs."""

    en: str
    zh_tw: str
    what_to_do: str


def say(wording: Wording, locale: str, facts: Mapping[str, str | int]) -> str:
    """The sentence in that locale, with the facts filled in; a fact that is not there shows as `?`."""
    text = wording.zh_tw if locale == "zh-TW" else wording.en
    named = {name: _name(value, locale) for name, value in facts.items()}
    if locale == "zh-TW" and "rule" in facts:
        named["rule"] = rule_in_chinese(str(facts["rule"])) or facts["rule"]
    return string.Formatter().vformat(text, (), _Facts(named))


_CURRENCIES = {
    "POINTS": ("points", "點數"),
    "DIAMONDS": ("diamonds", "鑽石"),
    "STAMPS": ("stamps", "印花"),
    "TICKETS": ("tickets", "抽獎券"),
}


def _name(value: str | int, locale: str) -> str | int:
    """What people call a wallet's currency; everything else as it is."""
    return _CURRENCIES[value][locale == "zh-TW"] if isinstance(value, str) and value in _CURRENCIES else value


class _Facts(dict[str, str | int]):
    def __missing__(self, key: str) -> str:
        return "?"


@read_once
def choose_locale(accept_language: str | None) -> str:
    """The best of our locales for an Accept-Language header; any Chinese is answered in zh-TW, the rest in English."""
    best, best_weight = DEFAULT_LOCALE, 0.0
    for part in (accept_language or "").split(",")[:20]:
        tag, _, parameters = part.strip().partition(";")
        weight = _weight(parameters)
        language = tag.strip().lower().partition("-")[0]
        locale = {"zh": "zh-TW", "en": "en"}.get(language)
        if locale and weight > best_weight:
            best, best_weight = locale, weight
    return best


def _weight(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(max(float(value), 0.0), 1.0)
    except ValueError:
        return 0.0
