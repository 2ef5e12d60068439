"""The thin GraphQL app over HTTP: statuses, media types, limits, masking, trusted operations, accepted mutations."""

import asyncio
import contextlib
import hashlib
import json
import logging
import shutil
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Annotated, Any
from uuid import UUID

import httpx
import pytest
import strawberry
import uvicorn

from api.graphql.asgi import GraphQLApp, Options
from api.graphql.errors import HttpError
from api.graphql.http import read_body
from api.graphql.operations import BadManifest, Operations, read_manifest
from api.graphql.refusal import Refusal, mutation
from api.graphql.schema import Info, make_schema, sdl
from api.identity.rules import Caller, OperatorCaller, Role
from api.refusals import BadInput, CheckUnavailable, EdgeCode, EdgeRefused, Forbidden, Unauthenticated
from api.runtime.answers import WholeAnswers
from loyalty.refusals import LoyaltyCode, LoyaltyRefused

GRAPHQL_JSON = "application/graphql-response+json"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
SECRET_SQL = "SELECT secret FROM /srv/members WHERE phone = '0912'"


@strawberry.type
class Touched:
    times: int


TouchResult = Annotated[Touched | Refusal, strawberry.union("TouchResult")]


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "world") -> str:
        return f"hello {name}"

    @strawberry.field
    def at(self, time: datetime) -> datetime:
        return time

    @strawberry.field
    def trace(self, info: Info) -> str:
        return str(info.context.trace_id)

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError(SECRET_SQL)

    @strawberry.field
    def too_large(self) -> int | None:
        return 2**40

    @strawberry.field
    def refused(self) -> str | None:
        raise LoyaltyRefused(LoyaltyCode.NOT_ENOUGH, currency="POINTS", needed=5, available=1)

    @strawberry.field
    def bad(self) -> str | None:
        raise BadInput("first", "it must be 1 to 100")

    @strawberry.field
    def owners(self, info: Info) -> str | None:
        info.context.require(Role.OWNER)
        return "owner"


@strawberry.type
class Mutation:
    @mutation
    async def touch(self, info: Info, fail: str = "") -> TouchResult:
        """Counts."""
        state = info.context.services
        state.started.set()
        await state.gate.wait()
        if fail == "refused":
            raise EdgeRefused(EdgeCode.OVERLOADED, retryable=True, retry_at=NOW)
        if fail == "input":
            raise BadInput("offerId", "it must start with `off_`")
        if fail == "role":
            raise Forbidden("no")
        if fail:
            raise RuntimeError(SECRET_SQL)
        state.times += 1
        return Touched(times=state.times)


SCHEMA = make_schema(Query, Mutation)


async def authenticate(authorization: str | None, now: datetime) -> Caller:
    if authorization == "Bearer good":
        return OperatorCaller(UUID(int=1), frozenset({Role.SUPPORT}))
    if authorization == "Bearer roleless":
        raise Forbidden("This account has no operator role.")
    if authorization == "Bearer unchecked":
        raise CheckUnavailable("Sign-in cannot be checked just now.")
    raise Unauthenticated("An Authorization header is required.", "missing")


class Seen:
    """An observer that keeps everything."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, str, int]] = []
        self.refusals: list[tuple[str, str]] = []

    def served(self, caller: str, operation: str, status: int, seconds: float) -> None:
        self.answers.append((caller, operation, status))

    def refused(self, caller: str, code: str) -> None:
        self.refusals.append((caller, code))


def make_app(**options: Any) -> GraphQLApp:
    gate = asyncio.Event()
    gate.set()
    given: dict[str, Any] = {
        "kind": "admin",
        "database": None,
        "services": SimpleNamespace(times=0, gate=gate, started=asyncio.Event()),
        "observer": Seen(),
        "clock": lambda: NOW,
        **options,
    }
    return GraphQLApp(SCHEMA, authenticate, **given)


@contextlib.asynccontextmanager
async def client_of(app: GraphQLApp) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    headers = {"authorization": "Bearer good", "accept": GRAPHQL_JSON}
    async with httpx.AsyncClient(transport=transport, base_url="http://shop", headers=headers) as client:
        yield client


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_app()) as opened:
        yield opened


async def ask(client: httpx.AsyncClient, query: str, **body: Any) -> httpx.Response:
    return await client.post("/admin/graphql", json={"query": query, **body})


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


@contextlib.asynccontextmanager
async def serving(app: GraphQLApp) -> AsyncIterator[str]:
    """A real server on a free port of the loopback."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_config=None, http=WholeAnswers, lifespan="off"))
    running = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}/admin/graphql"
    finally:
        server.should_exit = True
        await running


async def test_a_query_is_answered_in_the_media_type_asked_for(client: httpx.AsyncClient) -> None:
    for accept, media_type in (
        (GRAPHQL_JSON, GRAPHQL_JSON),
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        (f"application/json;q=0.5, {GRAPHQL_JSON}", GRAPHQL_JSON),
    ):
        answer = await client.post("/admin/graphql", json={"query": "{ hello }"}, headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (200, f"{media_type}; charset=utf-8")
        assert answer.json() == {"data": {"hello": "hello world"}}


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({"accept": "text/csv"}, b"{}", 406, "NOT_ACCEPTABLE"),
        ({"content-type": "text/plain"}, b"{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"content-type": "application/json; charset=big5"}, b"{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ({"authorization": ""}, b"{}", 401, "UNAUTHENTICATED"),
        ({"authorization": "Bearer roleless"}, b"{}", 403, "FORBIDDEN"),
        ({"authorization": "Bearer unchecked"}, b"{}", 503, "UNAVAILABLE"),
        ({}, b"", 400, "BAD_REQUEST"),
        ({}, b"\xff\xfe", 400, "BAD_REQUEST"),
        ({}, b'{"query": "{', 400, "BAD_REQUEST"),
        ({}, b"[" * 60_000, 400, "BAD_REQUEST"),
        ({}, b'[{"query": "{ hello }"}]', 400, "BAD_REQUEST"),
        ({}, b'"text"', 400, "BAD_REQUEST"),
        ({}, b'{"query": 5}', 400, "BAD_REQUEST"),
        ({}, b'{"query": "{ hello }", "variables": []}', 400, "BAD_REQUEST"),
        ({}, b'{"query": "{ hello }", "operationName": 1}', 400, "BAD_REQUEST"),
        ({}, b'{"extensions": {"persistedQuery": {"sha256Hash": 1}}}', 400, "BAD_REQUEST"),
        ({}, b"{}", 400, "BAD_REQUEST"),
        ({}, b" " * 65_537, 413, "BODY_TOO_LARGE"),
    ],
)
async def test_what_is_no_request_gets_its_status_and_a_sentence(
    client: httpx.AsyncClient, headers: dict[str, str], content: bytes, status: int, code: str
) -> None:
    sent = {"content-type": "application/json", **headers}
    answer = await client.post("/admin/graphql", content=content, headers=sent)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert "data" not in answer.json()
    assert len(answer.json()["errors"][0]["message"]) > 15
    if status == 401:
        assert answer.headers["www-authenticate"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods_are_405_and_say_what_is_allowed(client: httpx.AsyncClient, method: str) -> None:
    answer = await client.request(method, "/admin/graphql?query={hello}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("{ nothing }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: String!) { hello(name: $n) }", {"n": None}, "BAD_USER_INPUT"),
        ("query($n: String!) { hello(name: $n) }", {"n": 5}, "BAD_USER_INPUT"),
        ("query($t: DateTime!) { at(time: $t) }", {"t": "2026-01-31T12:00:00"}, "BAD_USER_INPUT"),
        ("query A { hello } query B { hello }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("{a" * 2_000 + "}" * 2_000, {}, "TOO_DEEP"),
    ],
)
async def test_a_request_error_is_400_or_200_by_media_type_and_has_no_data(
    client: httpx.AsyncClient, query: str, variables: dict[str, Any], code: str
) -> None:
    for accept, status in ((GRAPHQL_JSON, 400), ("application/json", 200)):
        body = {"query": query, "variables": variables}
        answer = await client.post("/admin/graphql", json=body, headers={"accept": accept})
        assert (answer.status_code, code_of(answer), "data" in answer.json()) == (status, code, False)


async def test_a_fault_is_masked_and_logged_under_its_trace_id(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    trace_id = "4bf92f3577b34da6a3ce929d0e0e4736"
    headers = {"traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    for query in ("{ broken hello }", "{ tooLarge hello }", 'mutation { touch(fail: "x") { __typename } }'):
        caplog.clear()
        answer = await client.post("/admin/graphql", json={"query": query}, headers=headers)
        assert answer.status_code == 294, "partial success, as the specification's draft names it"
        assert answer.json()["errors"][0]["message"] == "internal error"
        assert answer.json()["errors"][0]["extensions"] == {"code": "INTERNAL", "traceId": trace_id}
        assert answer.headers["x-trace-id"] == trace_id
        faults = [record.__dict__["facts"] for record in caplog.records if record.levelno >= logging.ERROR]
        assert [fault["traceId"] for fault in faults] == [trace_id]
        for text in (answer.text, caplog.text, str([record.__dict__ for record in caplog.records])):
            assert "0912" not in text
            assert "SELECT" not in text
            assert str(2**40) not in text


async def test_a_missing_or_malformed_traceparent_gets_a_fresh_trace_id(client: httpx.AsyncClient) -> None:
    for given in ("", "00-zz-00-01", f"00-{'0' * 32}-{'1' * 16}-01"):
        answer = await client.post("/admin/graphql", json={"query": "{ trace }"}, headers={"traceparent": given})
        assert answer.json()["data"]["trace"] == answer.headers["x-trace-id"]
        assert len(answer.headers["x-trace-id"]) == 32
        assert answer.headers["x-trace-id"].strip("0")


async def test_an_expected_no_in_a_query_is_an_error_with_its_code(client: httpx.AsyncClient) -> None:
    answer = (await ask(client, "{ refused bad owners }")).json()
    assert {error["path"][0]: error["extensions"]["code"] for error in answer["errors"]} == {
        "refused": "NOT_ENOUGH",
        "bad": "BAD_USER_INPUT",
        "owners": "FORBIDDEN",
    }
    assert answer["errors"][1]["message"] == "first: it must be 1 to 100."


@pytest.mark.parametrize(
    ("fail", "code", "message"),
    [
        ("refused", "OVERLOADED", "系統忙碌中，請稍後再試。"),
        ("input", "INVALID_INPUT", "輸入有誤，offerId：it must start with `off_`。"),
        ("role", "FORBIDDEN", "此帳號沒有執行此操作的權限。"),
    ],
)
async def test_an_expected_no_of_a_mutation_is_a_value_in_the_callers_language(
    fail: str, code: str, message: str
) -> None:
    app = make_app()
    query = f'mutation {{ touch(fail: "{fail}") {{ ... on Refusal {{ code message retryable retryAt }} }} }}'
    async with client_of(app) as client:
        answer = await client.post("/admin/graphql", json={"query": query}, headers={"accept-language": "zh-TW"})
    assert answer.status_code == 200
    assert answer.json()["data"]["touch"] == {
        "code": code,
        "message": message,
        "retryable": code == "OVERLOADED",
        "retryAt": NOW.isoformat() if code == "OVERLOADED" else None,
    }
    assert app._observer.refusals == [("admin", code)]  # type: ignore[attr-defined]


async def test_a_rate_limit_is_429_with_the_time_to_retry() -> None:
    class Full:
        async def admit_address(self, address: str, now: datetime) -> datetime | None:
            return None

        async def admit_caller(self, kind: str, caller: Caller, now: datetime) -> datetime | None:
            return now + timedelta(seconds=1.2)

    async with client_of(make_app(limits=Full())) as client:
        answer = await ask(client, "{ hello }")
    assert (answer.status_code, answer.headers["retry-after"], code_of(answer)) == (429, "2", "RATE_LIMITED")
    assert answer.json()["errors"][0]["extensions"]["retryAt"] == (NOW + timedelta(seconds=1.2)).isoformat()


async def test_the_sdl_is_served_beside_the_schema_to_everyone(client: httpx.AsyncClient) -> None:
    answer = await client.get("/admin/graphql/schema.graphql", headers={"authorization": ""})
    assert (answer.status_code, answer.text) == (200, sdl(SCHEMA))


async def test_the_explorer_is_there_in_demo_mode_only(client: httpx.AsyncClient) -> None:
    html = {"accept": "text/html,*/*"}
    assert (await client.get("/admin/graphql", headers=html)).status_code == 405
    async with client_of(make_app(options=Options(demo=True))) as demo:
        page = await demo.get("/admin/graphql", headers=html)
    assert page.status_code == 200
    assert "demo:olivia:owner" in page.text
    assert "://" not in page.text, "the page loads nothing from elsewhere"


async def test_queries_by_get_are_served_where_chosen_and_mutations_never() -> None:
    app = make_app(options=Options(get_queries=True))
    async with client_of(app) as client:
        query = {"query": "query($n: String) { hello(name: $n) }", "variables": json.dumps({"n": "mei"})}
        assert (await client.get("/admin/graphql", params=query)).json() == {"data": {"hello": "hello mei"}}
        refused = await client.get("/admin/graphql", params={"query": "mutation { touch { __typename } }"})
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert app._services.times == 0


async def test_a_trusted_operation_is_known_by_its_hash(tmp_path: Path) -> None:
    text = "query Hello { hello }\n"
    (tmp_path / "Hello.graphql").write_text(text)
    registered = {hashlib.sha256(b"{ trace }").digest(): "{ trace }"}

    async def lookup(digest: bytes) -> str | None:
        return registered.get(digest)

    app = make_app(operations=Operations(tmp_path, lookup), options=Options(trusted_only=True))
    async with client_of(app) as client:
        for known in (text, text.strip(), "{ trace }"):
            digest = hashlib.sha256(known.encode()).hexdigest()
            for body in (
                {"documentId": f"sha256:{digest}"},
                {"documentId": digest},
                {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest}}},
                {"query": known},
            ):
                answer = await client.post("/admin/graphql", json=body)
                assert answer.status_code == 200, answer.text
        unknown = await client.post("/admin/graphql", json={"documentId": "sha256:" + "0" * 64})
        assert (code_of(unknown), unknown.json()["errors"][0]["message"]) == (
            "PERSISTED_QUERY_NOT_FOUND",
            "PersistedQueryNotFound",
        )
        free = await client.post("/admin/graphql", json={"query": "{ hello __typename }"})
        assert (free.status_code, code_of(free)) == (403, "UNTRUSTED_OPERATION")
        wrong = await client.post("/admin/graphql", json={"query": "{ hello }", "documentId": "0" * 64})
        assert (wrong.status_code, code_of(wrong)) == (400, "BAD_REQUEST")
    operations = {operation for _, operation, _ in app._observer.answers}  # type: ignore[attr-defined]
    assert operations == {"Hello", "other"}, "strangers' names are no labels"


def test_a_manifest_is_taken_whole_or_refused_with_every_mistake() -> None:
    app = make_app()
    good, bad = "query A { hello }", "query B { nothing }"
    digest = hashlib.sha256(good.encode()).hexdigest()
    apollo = {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": digest, "body": good}]}
    for manifest in ({digest: good}, {f"sha256:{digest}": good}, apollo):
        assert list(read_manifest(json.dumps(manifest), app.documents).values()) == [good]
    with pytest.raises(BadManifest) as refused:
        read_manifest(json.dumps({"00": good, hashlib.sha256(bad.encode()).hexdigest(): bad}), app.documents)
    assert len(refused.value.mistakes) == 2
    for text in ("", "[]", "{}", "5", '{"a": 5}'):
        with pytest.raises(BadManifest):
            read_manifest(text, app.documents)


async def test_an_accepted_mutation_ends_though_the_client_has_gone() -> None:
    app = make_app()
    state = app._services
    state.gate.clear()
    async with client_of(app) as client:
        asking = asyncio.create_task(ask(client, "mutation { touch { __typename } }"))
        await state.started.wait()
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking
    draining = asyncio.create_task(app.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    state.gate.set()
    await asyncio.wait_for(draining, 5)
    assert state.times == 1


async def test_ten_megabytes_get_a_clear_answer_from_a_real_server() -> None:
    async def body() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b"x" * 65_536

    headers = {"authorization": "Bearer good", "content-type": "application/json"}
    async with serving(make_app()) as url, httpx.AsyncClient() as client:
        streamed = await client.post(url, content=body(), headers=headers)
        announced = await client.post(url, content=b"x" * 10_485_760, headers=headers)
    for answer in (streamed, announced):
        assert (answer.status_code, code_of(answer)) == (413, "BODY_TOO_LARGE")
        assert "64 KiB" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("headers", "chunks"),
    [
        ({}, 160),
        ({}, 10**9),
        ({"content-length": str(10**9)}, 0),
        ({"content-length": "70000", "expect": "100-continue"}, 0),
    ],
)
async def test_a_large_body_is_never_kept_nor_read_without_end(headers: dict[str, str], chunks: int) -> None:
    left, most = chunks, 16 * 1024 * 1024 // 65_536 + 1

    async def receive() -> dict[str, Any]:
        nonlocal left
        left -= 1
        assert chunks - left <= most, "stops reading after 16 MiB"
        return {"type": "http.request", "body": b"x" * 65_536, "more_body": left > 0}

    tracemalloc.start()
    with pytest.raises(HttpError) as refused:
        await read_body(headers, receive)
    kept = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refused.value.status == 413
    assert kept < 400_000


AUDIT = """
const { auditServer } = require("graphql-http");
const headers = { authorization: "Bearer good" };
auditServer({
  url: process.argv[2],
  fetchFn: (url, options = {}) => fetch(url, { ...options, headers: { ...options.headers, ...headers } }),
}).then(results => {
  console.log(JSON.stringify(results.map(({ id, name, status, reason }) => ({ id, name, status, reason }))));
});
"""
AUDIT_VERSION = "graphql-http@1.23.1"
AUDIT_PEER = "graphql@16.15.0"


@pytest.fixture(scope="session")
def audit_suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The public audit suite for servers, in a temporary folder; skips where it cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("the audit suite needs node and npm")
    folder = tmp_path_factory.mktemp("audit")
    (folder / "package.json").write_text("{}")
    (folder / "audit.js").write_text(AUDIT)
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", AUDIT_VERSION, AUDIT_PEER]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not deliver {AUDIT_VERSION} in time")
    if done.returncode:
        pytest.skip(f"npm could not install {AUDIT_VERSION}: {done.stderr[-300:]}")
    return folder


async def audit(folder: Path, options: Options) -> list[dict[str, Any]]:
    async with serving(make_app(options=options)) as url:
        process = await asyncio.create_subprocess_exec(
            "node", "audit.js", url, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=sys.stderr
        )
        output, _ = await asyncio.wait_for(process.communicate(), 60)
    results: list[dict[str, Any]] = json.loads(output)
    assert len(results) > 50
    return [result for result in results if result["status"] != "ok"]


async def test_the_public_audit_suite_passes_in_full(audit_suite: Path) -> None:
    assert await audit(audit_suite, Options(get_queries=True)) == []


async def test_without_queries_by_get_only_the_three_optional_audits_of_get_are_left_out(audit_suite: Path) -> None:
    left = await audit(audit_suite, Options())
    assert {(result["id"], result["status"]) for result in left} == {
        ("5A70", "notice"),
        ("D6D5", "notice"),
        ("6A70", "notice"),
    }
