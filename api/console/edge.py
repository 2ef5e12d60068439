"""How the console asks: operations of the admin schema over HTTP, as the operator who is signed in.

Rights, limits, request ids and the trail are the schema's; here is nothing that could go around them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import httpx

_API = Path(__file__).resolve().parents[1]
FOLDERS = (_API / "console" / "operations", _API / "admin" / "operations")
PATH = "/admin/graphql"
SECONDS = 30.0
_UNAUTHENTICATED = 401


class Said(Exception):
    """What the API says instead of an answer; `code` is a refusal's, or an error's. The text is for the operator."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Unreachable(Said):
    """The API does not answer."""


class SignedOut(Said):
    """The credential counts no longer."""


@cache
def document(name: str) -> str:
    """The text of an operation: the console's own, or one of the admin schema's."""
    for folder in FOLDERS:
        path = folder / f"{name}.graphql"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise LookupError(f"no operation is named {name}")


class Edge:
    """The admin schema of the API at `url`. `mint` makes request ids."""

    def __init__(self, url: str, mint: Callable[[], str], client: httpx.AsyncClient | None = None) -> None:
        self.url = url.rstrip("/")
        self.mint = mint
        self.client = client or httpx.AsyncClient(timeout=SECONDS)

    async def close(self) -> None:
        """Lets go of the connections."""
        await self.client.aclose()

    async def ask(self, token: str, language: str, name: str, /, **variables: Any) -> Any:
        """What the one field of an operation answers. Raises `Said`, also for a refusal.

        A mutation gets a request id, and is sent once more with the same one where the connection broke.
        """
        text = document(name)
        changes = text.startswith("mutation")
        if changes:
            variables = {"requestId": self.mint(), **variables}
        body = {"query": text, "variables": variables}
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
        answer = await self._send(body, headers, tries=2)
        if answer.status_code == _UNAUTHENTICATED:
            raise SignedOut(*_first_error(answer))
        found = _json_of(answer)
        if found.get("errors") or not isinstance(found.get("data"), dict):
            raise Said(*_first_error(answer))
        [value] = found["data"].values()
        if changes and isinstance(value, dict) and "retryable" in value:
            raise Said(value["code"], value["message"])
        return value

    async def _send(self, body: dict[str, Any], headers: dict[str, str], tries: int) -> httpx.Response:
        try:
            return await self.client.post(f"{self.url}{PATH}", json=body, headers=headers)
        except httpx.TransportError as error:
            if tries > 1:
                return await self._send(body, headers, tries - 1)
            raise Unreachable("UNREACHABLE", f"{self.url} does not answer ({type(error).__name__})") from error


def _json_of(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}


def _first_error(answer: httpx.Response) -> tuple[str, str]:
    errors = _json_of(answer).get("errors")
    if not errors:
        return "UNKNOWN", f"HTTP {answer.status_code}"
    return errors[0].get("extensions", {}).get("code", "UNKNOWN"), errors[0].get("message", "")
