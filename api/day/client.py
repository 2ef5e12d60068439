"""A small HTTP client of the GraphQL API: what a member's app or a till would send, over the socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import UUID

_SECONDS = 30


class Refused(Exception):
    """The API answered with a refusal or an error; the text says which, `code` is that of a refusal."""

    def __init__(self, text: str, code: str | None = None) -> None:
        super().__init__(text)
        self.code = code


class Caller:
    """One caller of one schema, by its credential."""

    def __init__(self, base: str, path: str, token: str, new_id: Callable[[], UUID]) -> None:
        self._url = base.rstrip("/") + path
        self._token = token
        self._new_id = new_id

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of a query. Raises `Refused` for an error. Blocks."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        try:
            with urlopen(Request(self._url, body, headers), timeout=_SECONDS) as response:  # noqa: S310 - our own URL
                answer = json.load(response)
        except HTTPError as error:
            raise Refused(f"{self._url}: HTTP {error.code}: {error.read().decode(errors='replace')[:300]}") from None
        if answer.get("errors"):
            raise Refused(f"{self._url}: {answer['errors'][0]['message']}")
        data: dict[str, Any] = answer["data"]
        return data

    def tell(self, field: str, document: str, **variables: Any) -> dict[str, Any]:
        """The success of a mutation field, sent with a fresh request id. Raises `Refused` for a refusal. Blocks."""
        result: dict[str, Any] = self.ask(document, requestId=str(self._new_id()), **variables)[field]
        if result["__typename"] == "Refusal":
            raise Refused(f"{field}: {result['code']}: {result['message']}", result["code"])
        return result
