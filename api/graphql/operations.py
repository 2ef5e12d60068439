"""Trusted operations: the texts a server knows by their SHA-256, from the repository and from `main.py trust`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from graphql import GraphQLError

from api.graphql.documents import Documents

Lookup = Callable[[bytes], Awaitable[str | None]]
_MANIFEST_MAX = 5_000


@dataclass(frozen=True, slots=True)
class BadManifest(Exception):
    """A manifest with mistakes, all of them."""

    mistakes: tuple[str, ...]


def read_hash(text: str) -> bytes | None:
    """The digest that `sha256:<hex>` or bare hex names; None for anything else."""
    try:
        digest = bytes.fromhex(text.removeprefix("sha256:"))
    except ValueError:
        return None
    return digest if len(digest) == 32 else None


def digest_of(document: str) -> bytes:
    """How an operation is known."""
    return hashlib.sha256(document.encode()).digest()


class Operations:
    """The trusted operations of one caller.

    Those of the repository (`api/<caller>/operations/*.graphql`) are loaded at start, and known both by their file's
    text and without its last line break. Registered ones are looked up once when a hash is first seen, so that a
    registration needs no restart; unknown hashes are looked up again each time.
    """

    def __init__(self, folder: Path | None = None, lookup: Lookup | None = None) -> None:
        self._known: dict[bytes, str] = {}
        self._texts: set[str] = set()
        self._lookup = lookup
        self.files: dict[str, str] = {}
        for path in sorted(folder.glob("*.graphql")) if folder else ():
            text = path.read_text(encoding="utf-8")
            self.files[path.name] = text
            self.add(text)
            self.add(text.strip())

    def add(self, document: str) -> bytes:
        """Trusts a document; returns its digest."""
        digest = digest_of(document)
        self._known[digest] = document
        self._texts.add(document)
        return digest

    async def find(self, digest: bytes) -> str | None:
        """The text of a trusted operation."""
        known = self._known.get(digest)
        if known is None and self._lookup is not None and (known := await self._lookup(digest)) is not None:
            self._known[digest] = known
        return known

    async def trusts(self, document: str) -> bool:
        """Whether this very text is trusted."""
        return document in self._texts or await self.find(digest_of(document)) is not None


def read_manifest(text: str, documents: Documents) -> Mapping[bytes, str]:
    """The operations of a client's manifest: `{"<sha256>": "<document>"}`, or Apollo's persisted query manifest.

    Every document must be valid for the schema and fit its hash. Raises `BadManifest` with every mistake.
    """
    pairs = _pairs(text)
    mistakes, found = [], {}
    for name, document in pairs:
        digest = digest_of(document)
        if read_hash(name) != digest:
            mistakes.append(f"{name[:80]}: the id is not the SHA-256 of its document ({digest.hex()})")
        prepared = documents.prepare(document)
        if isinstance(prepared, list):
            mistakes.extend(f"{name[:80]}: {_sentence(error)}" for error in prepared)
        found[digest] = document
    if mistakes:
        raise BadManifest(tuple(mistakes))
    return found


def _sentence(error: GraphQLError) -> str:
    spot = f" (line {error.locations[0].line})" if error.locations else ""
    return error.message + spot


def _pairs(text: str) -> list[tuple[str, str]]:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise BadManifest((f"the manifest is not JSON: {error}",)) from error
    rows: list[tuple[object, object]] = []
    if isinstance(given, dict) and given.get("format") == "apollo-persisted-query-manifest":
        entries = given.get("operations")
        if isinstance(entries, list):
            rows = [(each.get("id"), each.get("body")) for each in entries if isinstance(each, dict)]
    elif isinstance(given, dict):
        rows = list(given.items())
    pairs = [(name, document) for name, document in rows if isinstance(name, str) and isinstance(document, str)]
    if not 1 <= len(pairs) <= _MANIFEST_MAX or len(pairs) != len(rows):
        raise BadManifest(
            (f'the manifest must be {{"<sha256>": "<document>"}} or Apollo\'s format, 1 to {_MANIFEST_MAX} operations',)
        )
    return pairs
