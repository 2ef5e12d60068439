"""How credentials are written, and what makes a key work."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.identity.rules import (
    ApiKey,
    BearerCredential,
    DemoCredential,
    KeyCredential,
    KeyKind,
    OperatorCaller,
    Role,
    hash_secret,
    key_text,
    parse_authorization,
    parse_roles,
    secret_fits,
    stamp_due,
)

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
KEY = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
SECRET = "A" * 43


def test_a_key_is_read_as_it_was_shown() -> None:
    assert parse_authorization(f"Key {key_text(KEY, SECRET)}") == KeyCredential(KEY, SECRET)
    assert parse_authorization(f"  key   {key_text(KEY, SECRET)} ") == KeyCredential(KEY, SECRET)


def test_a_bearer_token_is_taken_whole() -> None:
    assert parse_authorization("Bearer a.b.c") == BearerCredential("a.b.c")


def test_a_demo_token_names_a_caller_and_perhaps_a_role() -> None:
    assert parse_authorization("Bearer demo:mei") == DemoCredential("mei", None)
    assert parse_authorization("bearer demo:ada:owner") == DemoCredential("ada", "owner")


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Basic abc",
        "Key",
        "Key abc",
        f"Key {key_text(KEY, 'short')}",
        f"Key {key_text(KEY, SECRET)}x",
        "Key mem_01h455vb4pex5vsknk084sn02q." + SECRET,
        "Bearer demo:",
        "Bearer demo:a:b:c",
        "Bearer demo:美",
        "Bearer demo:" + "a" * 65,
    ],
)
def test_a_malformed_credential_gets_a_sentence_that_does_not_repeat_it(header: str) -> None:
    answer = parse_authorization(header)
    assert isinstance(answer, str)
    assert SECRET not in answer
    assert answer.endswith((".", ")."))


@given(st.text())
def test_any_header_is_read_without_an_exception(header: str) -> None:
    parse_authorization(header)


def test_a_secret_fits_its_own_hash_and_pepper_alone() -> None:
    kept = hash_secret(b"pepper", SECRET)
    assert secret_fits(b"pepper", SECRET, kept)
    assert not secret_fits(b"pepper", "B" * 43, kept)
    assert not secret_fits(b"other", SECRET, kept)
    assert SECRET.encode() not in kept


def test_a_key_works_until_it_expires_or_is_revoked() -> None:
    def key(expires_at: datetime | None, revoked_at: datetime | None) -> ApiKey:
        return ApiKey(KEY, KeyKind.TILL, KEY, "till 1", b"", NOW, expires_at, revoked_at, None)

    assert key(None, None).works(NOW)
    assert key(NOW + timedelta(seconds=1), None).works(NOW)
    assert not key(NOW, None).works(NOW)
    assert not key(None, NOW).works(NOW)


def test_unknown_roles_and_malformed_claims_give_nothing() -> None:
    assert parse_roles(["support", "emperor", 7, None]) == {Role.SUPPORT}
    for claim in (None, "owner", {"owner": True}, 1):
        assert parse_roles(claim) == frozenset()


def test_an_owner_has_every_role() -> None:
    owner = OperatorCaller(KEY, frozenset({Role.OWNER}))
    support = OperatorCaller(KEY, frozenset({Role.SUPPORT}))
    assert owner.has(Role.AUDITOR)
    assert support.has(Role.SUPPORT, Role.AUDITOR)
    assert not support.has(Role.AUDITOR)


def test_last_use_is_stamped_once_an_hour() -> None:
    assert stamp_due(None, NOW)
    assert not stamp_due(NOW - timedelta(minutes=59), NOW)
    assert stamp_due(NOW - timedelta(minutes=60), NOW)
