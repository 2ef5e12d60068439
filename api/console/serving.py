"""The console as an ASGI app: signing in and out, headers, and NiceGUI under `/console`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from nicegui import ui

from api.console import pages, signing
from api.console.desk import SIGN_IN
from api.console.edge import Edge, Said
from api.console.frame import Console, style
from api.console.sessions import COOKIE, IDLE, Sessions
from api.console.words import Words, language_of

HOME = "/console/"
LANGUAGE = "mergemart_language"
FORM_BYTES = 16_384
# NiceGUI starts its page by scripts in it and compiles templates, so scripts of the page itself have to be let run;
# nothing comes from elsewhere.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
Asgi = Callable[[MutableMapping[str, Any], Any, Any], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Plan:
    """What the console is told at its start. `secure`: it is reached by https alone, and so is its cookie."""

    api: str
    demo: bool = False
    firebase: signing.Firebase | None = None
    secure: bool = False


def build(
    plan: Plan, *, now: Callable[[], datetime], mint_request: Callable[[], str], mint_session: Callable[[], str]
) -> Asgi:
    """The console; once in a process, since NiceGUI keeps its pages in one place."""
    edge = Edge(plan.api, mint_request)
    sessions = Sessions(now, mint_session)
    app = FastAPI(title="mergemart console", docs_url=None, redoc_url=None, openapi_url=None)
    _add_signing(app, plan, edge, sessions)

    @app.get("/", include_in_schema=False)
    @app.get("/console", include_in_schema=False)
    async def home() -> RedirectResponse:
        return RedirectResponse(HOME, 307)

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    async def renew(session: Any) -> bool:
        return plan.firebase is not None and await plan.firebase.renew_session(edge.client, session)

    pages.register(Console(edge, sessions, renew, _words))
    ui.run_with(
        app, mount_path="/console", title="mergemart", favicon="🛒", tailwind=False, dark=False, language="en-US",
        reconnect_timeout=30, show_welcome_message=False, binding_refresh_interval=None,
    )  # fmt: skip
    return _with_headers(app, plan)


def _words(request: Request) -> Words:
    chosen = request.query_params.get("lang") or request.cookies.get(LANGUAGE)
    return Words(language_of(chosen, request.headers.get("accept-language", "")))


def _add_signing(app: FastAPI, plan: Plan, edge: Edge, sessions: Sessions) -> None:
    def ask_who(words: Words, error: str | None = None, name: str = "", status: int = 200) -> Response:
        firebase = plan.firebase is not None
        page = signing.page(words, demo=plan.demo, firebase=firebase, style=style(), error=error, name=name)
        answer = HTMLResponse(page, status, headers={"Cache-Control": "no-store", "Content-Language": words.language})
        answer.set_cookie(LANGUAGE, words.language, max_age=31_536_000, path="/console", samesite="lax")
        return answer

    async def token_of(how: str, name: str, secret: str, role: str) -> tuple[str, str | None]:
        if how == "demo" and plan.demo:
            return f"demo:{name}:{role}", None
        if how == "firebase" and plan.firebase is not None:
            return await plan.firebase.sign_in(edge.client, name, secret)
        return secret.strip(), None

    @app.get(SIGN_IN, include_in_schema=False)
    async def read(request: Request) -> Response:
        return ask_who(_words(request))

    @app.post(SIGN_IN, include_in_schema=False)
    async def sign_in(request: Request) -> Response:
        if _is_foreign(request):
            return PlainTextResponse("this form was sent from another site", 403)
        form = await _form_of(request)
        words = Words(language_of(form.get("lang"), ""))
        name = form.get("name", "").strip()
        try:
            token, refresh = await token_of(form.get("how", ""), name, form.get("secret", ""), form.get("role", ""))
            me = await edge.ask(token, words.language, "Me")
        except Said as said:
            return ask_who(words, said.message or said.code, name, 401)
        sessions.end(request.cookies.get(COOKIE))
        session = sessions.open(token, me["id"], name, tuple(me["roles"]), words.language, refresh)
        answer = RedirectResponse(HOME, 303)
        answer.set_cookie(
            COOKIE, session.id, max_age=int(IDLE.total_seconds()), path="/console", httponly=True, secure=plan.secure,
            samesite="strict",
        )  # fmt: skip
        answer.set_cookie(LANGUAGE, words.language, max_age=31_536_000, path="/console", samesite="lax")
        return answer

    @app.post("/console/sign-out", include_in_schema=False)
    async def sign_out(request: Request) -> Response:
        if _is_foreign(request):
            return PlainTextResponse("this form was sent from another site", 403)
        sessions.end(request.cookies.get(COOKIE))
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(COOKIE, path="/console")
        return answer


def _is_foreign(request: Request) -> bool:
    """Whether a browser says that another site sent this."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return True
    origin = request.headers.get("origin")
    return origin not in {None, "null"} and urlsplit(str(origin)).netloc != request.headers.get("host")


async def _form_of(request: Request) -> dict[str, str]:
    async with request.form(max_files=0, max_fields=10, max_part_size=FORM_BYTES) as form:
        return {name: value for name, value in form.items() if isinstance(value, str) and len(value) <= FORM_BYTES}


def _is_foreign_socket(scope: MutableMapping[str, Any]) -> bool:
    """Whether a page of another site opens this web socket."""
    headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
    origin = headers.get(b"origin")
    return origin is not None and urlsplit(origin).netloc != headers.get(b"host")


def _with_headers(app: FastAPI, plan: Plan) -> Asgi:
    headers = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
    if plan.secure:
        headers.append((b"strict-transport-security", b"max-age=31536000"))

    async def serve(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "websocket" and _is_foreign_socket(scope):
            await send({"type": "websocket.close", "code": 1008})
            return

        async def send_on(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        await app(scope, receive, send_on if scope["type"] == "http" else send)

    return serve
