"""One operator at one page: asks the API with the session's token, and shows what it says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from nicegui import ui

from api.console import say
from api.console.edge import Edge, Said, SignedOut
from api.console.markup import Markup, h
from api.console.sessions import Session, Sessions
from api.console.words import Words

Result = TypeVar("Result")
SIGN_IN = "/console/sign-in"
Renew = Callable[[Session], Awaitable[bool]]


class Desk:
    """What every page has at hand: the session, its words, the season's zone and currency, and how to ask."""

    def __init__(self, edge: Edge, sessions: Sessions, session: Session, words: Words, renew: Renew) -> None:
        self.session = session
        self.words = words
        self.zone = ZoneInfo("Asia/Taipei")
        self.currency = "TWD"
        self.today = ""
        self.move: Callable[[str], object] = lambda place: None
        """Shows another place of the menu as the one that this page belongs to."""
        self._edge = edge
        self._sessions = sessions
        self._renew = renew

    def t(self, name: str, **facts: object) -> str:
        """A text in the operator's language."""
        return self.words(name, **facts)

    async def ask(self, name: str, /, **variables: Any) -> Any:
        """What an operation answers. Raises `Said`; a sign-in that ended by itself is renewed once where it can be."""
        if self._sessions.find(self.session.id) is None:
            raise SignedOut("SIGNED_OUT", self.t("signed_out"))
        try:
            return await self._edge.ask(self.session.token, self.session.language, name, **variables)
        except SignedOut:
            if not await self._renew(self.session):
                self._sessions.end(self.session.id)
                raise
            return await self._edge.ask(self.session.token, self.session.language, name, **variables)

    async def open(self) -> None:
        """Learns the season's zone and currency."""
        season = await self.ask("Season")
        self.zone, self.currency, self.today = ZoneInfo(season["timezone"]), season["currency"], season["today"]

    async def attempt(self, doing: Awaitable[Result], done: str | None = None) -> Result | None:
        """Awaits what a button does; says what was done, or what the API said against it. None where it was refused."""
        try:
            found = await doing
        except SignedOut:
            ui.navigate.to(SIGN_IN.removeprefix("/console"))  # NiceGUI puts it before
            return None
        except Said as said:
            ui.notify(
                said.message, type="negative", position="top", multi_line=True, close_button=self.t("close"),
                timeout=12_000, classes="said",
            )  # fmt: skip
            return None
        if done is not None:
            ui.notify(done, type="positive", position="top")
        return found

    def may(self, *roles: str) -> bool:
        return self.session.may(*roles)

    def holds(self, role: str) -> bool:
        """Whether the operator holds this very role: an owner's does not stand in for it."""
        return role in self.session.roles

    def mint(self) -> str:
        """A request id, for what may have to be asked again under the same one."""
        return self._edge.mint()

    def at(self, text: str | None, *, seconds: bool = False) -> Markup:
        """An instant as a cell's text, in the season's zone."""
        return h("time", say.instant(text, self.zone, seconds=seconds), datetime=text)

    def who(self, operator: str | None) -> Markup:
        """An operator, by the end of the id; the whole id on hover."""
        return h("span", say.person(operator, self.session.operator, self.t("you")), title=operator, klass="who")

    def money(self, minor: str | int | None, digits: int = 2) -> str:
        return say.money(minor, self.currency, digits=digits)
