"""Firebase ID tokens, checked by firebase-admin and remembered until they expire."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import firebase_admin
from firebase_admin import auth, credentials, exceptions
from google.auth.exceptions import GoogleAuthError

from api.identity.rules import TOKEN_RECHECK_SECONDS, token_digest
from api.refusals import CheckUnavailable, Unauthenticated

_LOG = logging.getLogger("mergemart.identity")
_CLOCK_SKEW_SECONDS = 10
_HTTP_TIMEOUT_SECONDS = 5
_THREADS = 4
_REMEMBERED_MAX = 20_000
_TOKEN_LENGTH_MAX = 8_192
_names = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a good token said. `checked_at` is when the issuer last confirmed that the user is not revoked."""

    uid: str
    partner: str | None
    roles: object
    expires_at: datetime
    checked_at: datetime


class FirebaseTokens:
    """Verifies ID tokens of one Firebase project; the answer for one token is remembered until it expires.

    Every first sight asks the issuer whether the user was disabled or the token revoked (`check_revoked`), and so does
    a sight later than `recheck_seconds` after the last answer. While the issuer is out of reach, a token that it
    confirmed before goes on until its own expiry (an hour at most); one never seen is refused with `CheckUnavailable`.
    Blocking calls run on a small pool of threads of their own; equal tokens that arrive together are checked once.
    """

    def __init__(
        self, project_id: str, credential: Path | None = None, *, recheck_seconds: int = TOKEN_RECHECK_SECONDS
    ) -> None:
        """`credential` is a service account's file; without one, Google's application default credentials are used."""
        self._app = firebase_admin.initialize_app(
            credentials.Certificate(str(credential)) if credential else credentials.ApplicationDefault(),
            {"projectId": project_id, "httpTimeout": _HTTP_TIMEOUT_SECONDS},
            name=f"mergemart-{next(_names)}",
        )
        self._recheck_seconds = recheck_seconds
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="firebase")
        self._known: OrderedDict[bytes, Verified] = OrderedDict()
        self._asking: dict[bytes, asyncio.Task[Verified]] = {}

    async def verify(self, token: str, now: datetime) -> Verified:
        """What the token says. Raises `Unauthenticated` or `CheckUnavailable`."""
        if len(token) > _TOKEN_LENGTH_MAX:
            raise Unauthenticated(f"A token has at most {_TOKEN_LENGTH_MAX} characters.", "too long")
        digest = token_digest(token)
        known = self._known.get(digest)
        if known is not None and now >= known.expires_at:
            del self._known[digest]
            raise Unauthenticated("The token has expired; get a fresh one and try again.", "expired")
        if known is not None and (now - known.checked_at).total_seconds() < self._recheck_seconds:
            self._known.move_to_end(digest)
            return known
        try:
            return await self._ask_once(digest, token, now)
        except Unauthenticated:
            self._known.pop(digest, None)
            raise
        except CheckUnavailable:
            if known is None:
                raise
            return known

    def expiry(self, token: str) -> datetime | None:
        """When a token that was found good ends; None for one that is not remembered."""
        known = self._known.get(token_digest(token))
        return known.expires_at if known is not None else None

    async def _ask_once(self, digest: bytes, token: str, now: datetime) -> Verified:
        asking = self._asking.get(digest)
        if asking is None:
            asking = asyncio.create_task(self._ask(digest, token, now))
            self._asking[digest] = asking
            asking.add_done_callback(lambda _: self._asking.pop(digest, None))
        return await asyncio.shield(asking)

    async def _ask(self, digest: bytes, token: str, now: datetime) -> Verified:
        loop = asyncio.get_running_loop()
        claims = await loop.run_in_executor(self._threads, _translated, lambda: self._verify(token))
        partner = claims.get("partner")
        verified = Verified(
            uid=str(claims["uid"]),
            partner=partner if isinstance(partner, str) else None,
            roles=claims.get("roles"),
            expires_at=datetime.fromtimestamp(int(claims["exp"]), UTC),
            checked_at=now,
        )
        self._known[digest] = verified
        while len(self._known) > _REMEMBERED_MAX:
            self._known.popitem(last=False)
        return verified

    def _verify(self, token: str) -> Mapping[str, Any]:
        claims: Mapping[str, Any] = auth.verify_id_token(
            token, app=self._app, check_revoked=True, clock_skew_seconds=_CLOCK_SKEW_SECONDS
        )
        return claims

    async def close(self) -> None:
        """Gives the threads and the app back."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        firebase_admin.delete_app(self._app)


def _translated(verify: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Runs the check; the issuer's messages stay inside, since they may repeat the token's content."""
    try:
        return verify()
    except auth.ExpiredIdTokenError as error:
        raise Unauthenticated("The token has expired; get a fresh one and try again.", "expired") from error
    except auth.RevokedIdTokenError as error:
        raise Unauthenticated("The token was revoked; sign in again.", "revoked") from error
    except auth.UserDisabledError as error:
        raise Unauthenticated("This account is disabled.", "disabled") from error
    except auth.UserNotFoundError as error:
        raise Unauthenticated("This account no longer exists.", "deleted") from error
    except (auth.InvalidIdTokenError, ValueError) as error:
        # The order matters: a failure to fetch the issuer's certificates is a FirebaseError, never one of these.
        if isinstance(error, GoogleAuthError):
            raise _unavailable(error) from error
        raise Unauthenticated("The token is not a valid Firebase ID token of this project.", "invalid") from error
    except (exceptions.FirebaseError, GoogleAuthError, OSError) as error:
        raise _unavailable(error) from error


def _unavailable(error: Exception) -> CheckUnavailable:
    _LOG.warning("token check unavailable", extra={"facts": {"error": type(error).__name__}})
    return CheckUnavailable("Sign-in cannot be checked just now; try again in a few seconds.")
