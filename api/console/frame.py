"""What stands around every page: who is signed in, where one can go, and what the API says against a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from nicegui import ui

from api.console.desk import SIGN_IN, Desk, Renew
from api.console.edge import Edge, Said, SignedOut
from api.console.markup import Markup, element, h, joined, show
from api.console.sessions import COOKIE, Sessions
from api.console.words import CHINESE, ENGLISH, Words

BASE = "/console"
Build = Callable[[Desk, Request], Awaitable[None]]

# Groups of pages: (path, name of its text, roles it is for; none: everybody).
PLACES: tuple[tuple[str, tuple[tuple[str, str, tuple[str, ...]], ...]], ...] = (
    ("", (("/", "overview", ()),)),
    (
        "group_odds",
        (
            ("/pools", "pools", ()),
            ("/reviews", "reviews", ()),
            ("/schedule", "schedule", ()),
            ("/sheets", "sheets", ()),
            ("/trail", "trail", ()),
        ),
    ),
    (
        "group_members",
        (
            ("/members", "members", ("support", "auditor")),
            ("/adjustments", "adjustments", ("support", "auditor")),
            ("/prizes", "prizes_due", ("support", "auditor", "tax_officer")),
            ("/compensations", "compensations", ("support", "campaign_manager", "auditor")),
        ),
    ),
    ("group_running", (("/stops", "stops", ()), ("/monitor", "monitor", ()), ("/season", "season", ()))),
)
_TOGGLE = "const o=document.body.classList.toggle('open');this.setAttribute('aria-expanded',o)"


@dataclass(frozen=True, slots=True)
class Console:
    """What pages are registered with."""

    edge: Edge
    sessions: Sessions
    renew: Renew
    words_of: Callable[[Request], Words]

    def page(self, path: str, place: str) -> Callable[[Build], Build]:
        """Registers a page at `path`; `place` names its text and the place in the menu that it belongs to."""

        def register(build: Build) -> Build:
            async def serve(request: Request) -> Response | None:
                session = self.sessions.find(request.cookies.get(COOKIE))
                if session is None:
                    return RedirectResponse(SIGN_IN, 303)
                words = self.words_of(request)
                session.language = words.language
                desk = Desk(self.edge, self.sessions, session, words, self.renew)
                try:
                    await desk.open()
                    with _around(desk, place, request):
                        await build(desk, request)
                except SignedOut:
                    return RedirectResponse(SIGN_IN, 303)
                except Said as said:
                    ui.context.client.content.clear()
                    with ui.context.client.content, _around(desk, place, request):
                        show(h("h1", words(place)), refused(words, said))
                return None

            ui.page(path, title=None, response_timeout=30)(serve)
            return build

        return register


def refused(words: Words, said: Said) -> Markup:
    """What the API says instead of what was asked for."""
    text = words("forbidden_here") if said.code == "FORBIDDEN" else said.message
    return h("p", text, klass="told", role="alert")


def _around(desk: Desk, place: str, request: Request) -> ui.element:
    words = desk.words
    ui.page_title(f"{words(place)} · mergemart")
    ui.add_css(style())
    ui.query("html").props(f'lang="{words.language}"')
    show(_top(desk, request), tag="header", classes="top")
    with element("div", "shell"):
        menu = show(*_menu(desk, place), tag="nav", classes="side")
        menu.props["aria-label"] = words("menu")
        desk.move = lambda other: menu.set_content(joined(_menu(desk, other)))
        return element("div", "page", id="main", tabindex="-1")


def _top(desk: Desk, request: Request) -> Markup:
    t, session = desk.words, desk.session
    other = CHINESE if t.language == ENGLISH else ENGLISH
    here = request.url.path
    return joined((
        h("a", t("skip"), href="#main", klass="skip"),
        h("button", "☰", type="button", klass="burger", aria_label=t("menu"), aria_expanded="false", onclick=_TOGGLE),
        h("a", "mergemart", h("small", t("console")), href=f"{BASE}/", klass="brand"),
        h("span", klass="gap"),
        h("a", t("other_language"), href=f"{here}?lang={other}", lang=other, klass="lang", onclick=_CHOOSE % other),
        h("span", session.name or t("you"), h("small", ", ".join(t(f"role_{each}") for each in session.roles)),
          klass="me", title=session.operator),
        h("form", h("button", t("sign_out"), type="submit", klass="plain"), method="post", action="/console/sign-out"),
    ))  # fmt: skip


_CHOOSE = "document.cookie='mergemart_language=%s;path=/console;max-age=31536000;samesite=lax'"


def _menu(desk: Desk, place: str) -> list[Markup]:
    found = []
    for group, places in PLACES:
        shown = [
            h("a", desk.t(name), href=f"{BASE}{path}", aria_current="page" if name == place else None)
            for path, name, roles in places
            if not roles or desk.may(*roles)
        ]
        if shown:
            found.append(h("section", h("h2", desk.t(group)) if group else None, *shown))
    return found


@cache
def style() -> str:
    """The console's style sheet."""
    return (Path(__file__).resolve().parent / "style.css").read_text(encoding="utf-8")
