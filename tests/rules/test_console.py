"""What the console reckons by itself: figures for people, sessions, drafts that are typed, and signing in."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from api.console import charts, say
from api.console.edge import Edge, Said, SignedOut, Unreachable
from api.console.markup import Markup, h, table
from api.console.pages.editor import Draft
from api.console.pages.prizes import minor_of
from api.console.pages.winners import as_csv
from api.console.sessions import IDLE, MOST, Sessions
from api.console.signing import Firebase
from tests.seeding import NOW


def test_money_shares_and_changes_are_written_exactly() -> None:
    assert say.money("123456.789000", "TWD") == "NT$1,234.57"
    assert say.money("-50", "TWD") == "−NT$0.50"
    assert (say.money(None, "TWD"), say.money(100, "EUR", digits=0)) == ("—", "EUR 1")
    assert [say.share(each) for each in (0, 1, 6_000, 1_000_000)] == ["0.0000%", "0.0001%", "0.6000%", "100.0000%"]
    assert [say.change(*pair) for pair in (("4.268", "4.0324"), ("1", "2"), ("0", "5"), ("3", "3"))] == [
        "−5.5%", "+100.0%", "", "",
    ]  # fmt: skip
    assert say.instant("2026-11-28T17:30:05+00:00", ZoneInfo("Asia/Taipei")) == "2026-11-29 01:30"
    assert [say.person(each, "opr_me", "you") for each in ("opr_me", "opr_0123456789", "seed", None)] == [
        "you", "…456789", "seed", "—",
    ]  # fmt: skip


def test_whatever_stands_in_the_data_is_escaped() -> None:
    evil = "<img src=x onerror=alert(1)>\"'"
    written = table([evil], [[evil, h("td", evil, title=evil)]], evil)
    assert "<img" not in written
    assert written.count("&lt;img") == 6  # head, two cells, a title, the caption and the label
    assert h("p", Markup("<b>x</b>"), None, hidden=False, data_at=3) == '<p data-at="3"><b>x</b></p>'


def sessions(now: Callable[[], datetime]) -> Sessions:
    numbers = count()
    return Sessions(now, lambda: f"s{next(numbers)}")


def test_a_session_ends_when_it_is_left_alone_when_it_is_ended_and_when_there_are_too_many() -> None:
    clock = [NOW]
    kept = sessions(lambda: clock[0])
    mine = kept.open("demo:ed:odds_editor", "opr_1", "ed", ("odds_editor",), "en")
    assert (mine.may("odds_editor"), mine.may("support"), mine.token in repr(mine)) == (True, False, False)
    clock[0] += IDLE
    assert kept.find(mine.id) is mine
    clock[0] += IDLE + timedelta(seconds=1)
    assert kept.find(mine.id) is None
    first = kept.open("t", "o", "n", ("owner",), "en")
    assert first.may("support")
    for _ in range(MOST):
        kept.open("t", "o", "n", (), "en")
    assert (kept.find(first.id), first.ended, kept.find(None), kept.find("s-none")) == (None, True, None, None)


def draft(**body: Any) -> Draft:
    prizes = [{"code": "a", "weight": 400_000}, {"code": "b", "weight": 600_000, "stock": 5}]
    return Draft.of({"body": json.dumps({"price_diamonds": 20, "prizes": prizes, **body}), "revision": 3})


def test_what_is_typed_goes_into_the_body_and_what_is_no_number_stays_for_the_api_to_name() -> None:
    typed = draft(hazard={"ceiling": 90})
    assert (typed.total, typed.is_changed) == (1_000_000, False)
    typed.take({"price_diamonds": "25", "weight-0": "399,999", "weight-1": "", "stock-1": "", "ceiling": "", "x": "1"})
    assert typed.body["price_diamonds"] == 25
    assert [each["weight"] for each in typed.prizes] == [399_999, 0]
    assert ("stock" in typed.prizes[1], "hazard" in typed.body, typed.is_changed) == (False, False, True)
    typed.take({"weight-0": "many", "rises_from": "70", "step_ppm": "1000"})
    assert (typed.prizes[0]["weight"], typed.total) == ("many", 0)
    assert typed.body["hazard"] == {"rises_from": 70, "step_ppm": 1000}
    assert Draft.of({"body": '{"prizes": "none"}', "revision": 1}).prizes == []


def test_stock_runs_down_at_last_weeks_pace() -> None:
    prizes = [
        {"prize": "mug", "consolidatedPercent": "10.0000", "stockLeft": 100},
        {"prize": "points", "consolidatedPercent": "90.0000", "stockLeft": None},
    ]
    found = charts.stock({"prizes": prizes, "weekDraws": 700}, NOW.date(), {"mug": "A mug"})
    assert found is not None
    [line] = found["series"]
    assert (line["name"], line["data"]) == (
        "A mug", [[NOW.date().isoformat(), 100.0], [(NOW.date() + timedelta(days=11)).isoformat(), 0.0]],
    )  # fmt: skip
    assert charts.stock({"prizes": prizes[1:], "weekDraws": 7}, NOW.date(), {}) is None


@pytest.mark.parametrize(
    ("typed", "minor"), [("2500", 250_000), (" 2500.5 ", 250_050), ("0.01", 1), ("0.001", -1), ("-1", -1), ("NaN", -1),
                         ("1e99", -1), ("two", -1), ("", -1)],
)  # fmt: skip
def test_money_that_was_typed_is_exact_or_none(typed: str, minor: int) -> None:
    assert minor_of(typed) == minor


def test_a_winners_line_is_no_formula_in_a_program_of_tables() -> None:
    identity = {"name": '=HYPERLINK("x")', "number": "+886", "resident": True, "address": "臺北市, 大安區"}
    line = {"prizeId": "prz_1", "thing": "pot", "valueMinor": 2_500_005, "withheldMinor": 0, "handedOverAt": None,
            "identity": identity}  # fmt: skip
    written = list(csv.reader(as_csv([line]).splitlines()))[1]
    assert written == [
        "prz_1", "'=HYPERLINK(\"x\")", "'+886", "yes", "臺北市, 大安區", "pot", "25000.05", "0.00", "",
    ]  # fmt: skip


def edge(answer: Callable[[httpx.Request], httpx.Response]) -> Edge:
    numbers = count(1)
    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return Edge("http://api/", lambda: f"request-{next(numbers)}", client)


async def test_a_mutation_whose_connection_broke_is_sent_again_under_its_request_id() -> None:
    sent: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content)["variables"])
        if len(sent) == 1:
            raise httpx.ReadError("gone")
        return httpx.Response(200, json={"data": {"resume": {"target": "pools"}}})

    assert await edge(answer).ask("demo:ann:owner", "en", "Resume", target="pools") == {"target": "pools"}
    assert sent == [{"requestId": "request-1", "target": "pools"}] * 2


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, {"data": {"resume": {"code": "SHEET_STATE", "message": "no", "retryable": False}}}, Said, "SHEET_STATE"),
        (403, {"errors": [{"message": "no", "extensions": {"code": "FORBIDDEN"}}]}, Said, "FORBIDDEN"),
        (
            401,
            {"errors": [{"message": "who?", "extensions": {"code": "UNAUTHENTICATED"}}]},
            SignedOut,
            "UNAUTHENTICATED",
        ),
        (502, None, Said, "UNKNOWN"),
    ],
)
async def test_what_the_api_says_against_it_is_said(status: int, body: Any, kind: type[Said], code: str) -> None:
    told = edge(lambda request: httpx.Response(status, json=body) if body else httpx.Response(status, text="<html>"))
    with pytest.raises(kind) as said:
        await told.ask("t", "en", "Resume", target="pools")
    assert said.value.code == code


async def test_an_api_that_is_not_there_is_told_by_its_address() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("nobody")

    with pytest.raises(Unreachable, match="http://api does not answer"):
        await edge(refuse).ask("t", "en", "Me")


async def test_an_address_and_a_password_become_a_token_that_is_renewed() -> None:
    """The requests are those of Firebase's REST interface; what it answers is written here by its documentation."""
    asked: list[tuple[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((str(request.url), request.content.decode()))
        if b"wrong" in request.content:
            return httpx.Response(400, json={"error": {"code": 400, "message": "INVALID_LOGIN_CREDENTIALS"}})
        if "token" in request.url.path.rsplit("/", 1)[-1]:
            return httpx.Response(200, json={"id_token": "new", "refresh_token": "r2", "expires_in": "3600"})
        return httpx.Response(200, json={"idToken": "first", "refreshToken": "r1", "expiresIn": "3600"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        firebase = Firebase("public-key", "127.0.0.1:9099")
        assert await firebase.sign_in(client, "ann@example.org", "right") == ("first", "r1")
        session = sessions(lambda: NOW).open("first", "opr_1", "ann", ("owner",), "en", "r1")
        assert await firebase.renew_session(client, session)
        assert (session.token, session.refresh) == ("new", "r2")
        with pytest.raises(Said, match="INVALID_LOGIN_CREDENTIALS"):
            await firebase.sign_in(client, "ann@example.org", "wrong")
        session.refresh = "wrong"
        assert not await firebase.renew_session(client, session)
    where, what = asked[0]
    base = "http://127.0.0.1:9099/identitytoolkit.googleapis.com/v1/accounts:signInWithPassword"
    assert where == f"{base}?key=public-key"
    assert json.loads(what)["returnSecureToken"] is True
    assert asked[1] == (
        "http://127.0.0.1:9099/securetoken.googleapis.com/v1/token?key=public-key",
        "grant_type=refresh_token&refresh_token=r1",
    )
    assert "public-key" not in repr(firebase)
