"""Signing in: with a demo name and role, with an e-mail address and password at Firebase, or with an ID token."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import httpx

from api.console.edge import Said
from api.console.sessions import Session
from api.console.words import CHINESE, ENGLISH, Words

ROLES = ("owner", "odds_editor", "odds_approver", "campaign_manager", "support", "auditor", "tax_officer")
_GOOGLE = "https://identitytoolkit.googleapis.com/v1"
_TOKENS = "https://securetoken.googleapis.com/v1"


@dataclass(frozen=True, slots=True)
class Firebase:
    """How to turn an address and a password into an ID token: the project's public key for web clients.

    `emulator` is the host and port of the auth emulator, instead of Google's.
    """

    key: str = field(repr=False)
    emulator: str | None = None

    def _url(self, base: str) -> str:
        return base if self.emulator is None else f"http://{self.emulator}/{base.removeprefix('https://')}"

    async def sign_in(self, client: httpx.AsyncClient, address: str, password: str) -> tuple[str, str]:
        """(ID token, refresh token). Raises `Said`."""
        url = f"{self._url(_GOOGLE)}/accounts:signInWithPassword"
        found = await _post(
            client, url, self.key, json={"email": address, "password": password, "returnSecureToken": True}
        )
        return str(found["idToken"]), str(found["refreshToken"])

    async def renew(self, client: httpx.AsyncClient, refresh: str) -> tuple[str, str]:
        """The same, from a refresh token: an ID token lasts an hour. Raises `Said`."""
        asked = {"grant_type": "refresh_token", "refresh_token": refresh}
        found = await _post(client, f"{self._url(_TOKENS)}/token", self.key, data=asked)
        return str(found["id_token"]), str(found["refresh_token"])

    async def renew_session(self, client: httpx.AsyncClient, session: Session) -> bool:
        """Gives a session a new token; False where that is over."""
        if session.refresh is None:
            return False
        try:
            session.token, session.refresh = await self.renew(client, session.refresh)
        except Said:
            return False
        return True


async def _post(client: httpx.AsyncClient, url: str, key: str, **sent: Any) -> dict[str, Any]:
    try:
        answer = await client.post(url, params={"key": key}, **sent)
        found = answer.json()
    except (httpx.TransportError, ValueError) as error:
        raise Said("UNREACHABLE", f"Firebase does not answer ({type(error).__name__})") from error
    if answer.is_error or ("idToken" not in found and "id_token" not in found):
        told = found.get("error", {})
        raise Said("SIGN_IN_REFUSED", str(told.get("message", told) if isinstance(told, dict) else told))
    return dict(found)


def page(words: Words, *, demo: bool, firebase: bool, style: str, error: str | None, name: str = "") -> str:
    """The page that asks who it is; it needs no script."""
    t, other = words, CHINESE if words.language == ENGLISH else ENGLISH
    forms = [_demo(t, name)] if demo else []
    forms += [_firebase(t)] if firebase else []
    forms += [_token(t, alone=not demo and not firebase)]
    told = f'<p class="told" role="alert">{escape(error)}</p>' if error else ""
    return (
        f'<!doctype html><html lang="{words.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{t('sign_in')} · mergemart</title><style>{style}</style></head><body class='signing'><main>"
        f"<header><h1>mergemart</h1><a href='/console/sign-in?lang={other}' lang='{other}'>{t('other_language')}</a>"
        f"</header><p class='lead'>{t('console')}</p>{told}{''.join(forms)}</main></body></html>"
    )


def _form(words: Words, how: str, inside: str) -> str:
    return (
        f'<form method="post" action="/console/sign-in" class="card"><input type="hidden" name="how" value="{how}">'
        f'<input type="hidden" name="lang" value="{words.language}">{inside}'
        f'<button class="main" type="submit">{words("sign_in")}</button></form>'
    )


def _demo(t: Words, name: str) -> str:
    boxes = "".join(
        f'<label><input type="radio" name="role" value="{role}"{" checked" if role == "owner" else ""}>'
        f"<span>{t('role_' + role)}<small>{t('may_' + role)}</small></span></label>"
        for role in ROLES
    )
    return _form(
        t, "demo",
        f'<label class="field">{t("demo_name")}<input name="name" value="{escape(name)}" required maxlength="64" '
        f'pattern="[A-Za-z0-9_.\\-]+" autocomplete="username" autofocus></label>'
        f'<fieldset><legend>{t("demo_role")}</legend>{boxes}</fieldset><p class="soft">{t("demo_note")}</p>',
    )  # fmt: skip


def _firebase(t: Words) -> str:
    return _form(
        t, "firebase",
        f'<label class="field">{t("address")}<input type="email" name="name" required autocomplete="username"></label>'
        f'<label class="field">{t("password")}<input type="password" name="secret" required '
        'autocomplete="current-password"></label>',
    )  # fmt: skip


def _token(t: Words, *, alone: bool) -> str:
    form = _form(
        t, "token",
        f'<label class="field">{t("id_token")}<input type="password" name="secret" required autocomplete="off"></label>'
        f'<p class="soft">{t("id_token_note")}</p>',
    )  # fmt: skip
    return form if alone else f"<details><summary>{t('by_token')}</summary>{form}</details>"
