"""What the console says, in English and Traditional Chinese: `words.toml`, read once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

CHINESE = "zh-TW"
ENGLISH = "en"
LANGUAGES = (ENGLISH, CHINESE)


@cache
def texts() -> Mapping[str, Mapping[str, str]]:
    """language -> name -> text."""
    read = tomllib.loads((Path(__file__).resolve().parent / "words.toml").read_text(encoding="utf-8"))
    return {language: {name: pair[at] for name, pair in read.items()} for at, language in enumerate(LANGUAGES)}


@dataclass(frozen=True, slots=True)
class Words:
    """The texts in one language."""

    language: str

    def __call__(self, name: str, **facts: object) -> str:
        """A text with its facts filled in; an assertion where it has none of this name."""
        text = texts()[self.language].get(name)
        assert text is not None, f"words.toml has no {name}"
        return text.format(**facts) if facts else text


# As the server's pages judge it; said again here, since the console is a program of its own that knows none of theirs.
def language_of(chosen: str | None, accepted: str) -> str:
    """What was chosen, else the first of ours that Accept-Language names, else English."""
    if chosen in LANGUAGES:
        return str(chosen)
    for part in accepted.split(","):
        tag = part.split(";")[0].strip().lower()
        if tag.startswith("zh"):
            return CHINESE
        if tag.startswith("en"):
            return ENGLISH
    return ENGLISH
