"""Firebase ID tokens, signed here with a certificate of our own that a local server gives out as the issuer's."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import firebase_admin._token_gen
import firebase_admin._user_mgt
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from api.identity.firebase import FirebaseTokens
from api.refusals import CheckUnavailable, Unauthenticated

PROJECT = "mergemart-tests"
KID = "kid-1"


def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _certificate(key: rsa.RSAPrivateKey) -> str:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken.tests")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode()


@dataclass
class Issuer:
    """What the local server plays: certificates, the service account's token, and the users."""

    key: rsa.RSAPrivateKey
    credential: Path
    url: str = ""
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    lookups: int = 0
    down: bool = False

    def token(self, uid: str = "u-1", *, key: rsa.RSAPrivateKey | None = None, kid: str = KID, **claims: Any) -> str:
        now = int(time.time())
        body = {
            "iss": f"https://securetoken.google.com/{PROJECT}",
            "aud": PROJECT,
            "sub": uid,
            "iat": now - 5,
            "auth_time": now - 5,
            "exp": now + 3600,
            **claims,
        }
        return jwt.encode(body, _pem(key or self.key), algorithm="RS256", headers={"kid": kid})


@pytest.fixture(scope="module")
def signer() -> rsa.RSAPrivateKey:
    return _key()


@pytest.fixture
def issuer(signer: rsa.RSAPrivateKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Issuer]:
    certificate = _certificate(signer)
    playing = Issuer(signer, tmp_path / "account.json", users={"u-1": {}})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({KID: certificate})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.path == "/token":
                self._answer({"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})
                return
            playing.lookups += 1
            uid = json.loads(body)["localId"][0]
            user = playing.users.get(uid)
            self._answer({"users": [{"localId": uid, **user}]} if user is not None else {})

        def _answer(self, body: dict[str, Any]) -> None:
            text = json.dumps(body).encode()
            self.send_response(503 if playing.down else 200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    playing.url = f"http://127.0.0.1:{server.server_port}"
    playing.credential.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": PROJECT,
                "private_key": _pem(signer),
                "client_email": "tests@tests.example",
                "token_uri": f"{playing.url}/token",
            }
        )
    )
    monkeypatch.setattr(firebase_admin._token_gen, "ID_TOKEN_CERT_URI", f"{playing.url}/certs")
    monkeypatch.setattr(firebase_admin._user_mgt.UserManager, "ID_TOOLKIT_URL", f"{playing.url}/v1")
    yield playing
    server.shutdown()
    server.server_close()


@pytest.fixture
async def tokens(issuer: Issuer) -> AsyncIterator[FirebaseTokens]:
    opened = FirebaseTokens(PROJECT, issuer.credential, recheck_seconds=300)
    yield opened
    await opened.close()


def now() -> datetime:
    return datetime.now(UTC)


async def test_a_good_token_names_its_user_and_claims(issuer: Issuer, tokens: FirebaseTokens) -> None:
    verified = await tokens.verify(issuer.token(roles=["support"], partner="par_x"), now())
    assert (verified.uid, verified.roles, verified.partner) == ("u-1", ["support"], "par_x")
    assert timedelta(minutes=59) < verified.expires_at - now() <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("claims", "cause"),
    [
        ({"exp": int(time.time()) - 60, "iat": int(time.time()) - 3600}, "expired"),
        ({"aud": "another-project"}, "invalid"),
        ({"iss": "https://securetoken.google.com/another-project"}, "invalid"),
        ({"iat": int(time.time()) + 3600}, "invalid"),
        ({"sub": ""}, "invalid"),
    ],
)
async def test_a_token_with_a_wrong_claim_is_refused(
    issuer: Issuer, tokens: FirebaseTokens, claims: dict[str, Any], cause: str
) -> None:
    token = issuer.token(**claims)
    with pytest.raises(Unauthenticated) as refused:
        await tokens.verify(token, now())
    assert refused.value.cause == cause
    assert token not in refused.value.message


async def test_a_token_of_another_key_is_refused(issuer: Issuer, tokens: FirebaseTokens) -> None:
    with pytest.raises(Unauthenticated):
        await tokens.verify(issuer.token(key=_key()), now())


async def test_a_token_of_an_unknown_key_id_is_refused(issuer: Issuer, tokens: FirebaseTokens) -> None:
    with pytest.raises(Unauthenticated):
        await tokens.verify(issuer.token(kid="kid-2"), now())


async def test_a_token_without_a_signature_is_refused(issuer: Issuer, tokens: FirebaseTokens) -> None:
    body = jwt.decode(issuer.token(), options={"verify_signature": False})
    for algorithm, key in (("none", None), ("HS256", _certificate(issuer.key)[:64])):
        forged = jwt.encode(body, key, algorithm=algorithm, headers={"kid": KID})
        with pytest.raises(Unauthenticated):
            await tokens.verify(forged, now())


@pytest.mark.parametrize("token", ["x", "a.b.c", "...", "é.é.é", "eyJhbGciOiJSUzI1NiJ9.W10.AA", "a" * 9000])
async def test_what_is_no_token_is_refused(tokens: FirebaseTokens, token: str) -> None:
    with pytest.raises(Unauthenticated):
        await tokens.verify(token, now())


async def test_a_disabled_user_is_refused(issuer: Issuer, tokens: FirebaseTokens) -> None:
    issuer.users["u-1"] = {"disabled": True}
    with pytest.raises(Unauthenticated) as refused:
        await tokens.verify(issuer.token(), now())
    assert refused.value.cause == "disabled"


async def test_a_revoked_token_is_refused(issuer: Issuer, tokens: FirebaseTokens) -> None:
    issuer.users["u-1"] = {"validSince": str(int(time.time()) + 60)}
    with pytest.raises(Unauthenticated) as refused:
        await tokens.verify(issuer.token(), now())
    assert refused.value.cause == "revoked"


async def test_a_deleted_user_is_refused(issuer: Issuer, tokens: FirebaseTokens) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await tokens.verify(issuer.token("u-gone"), now())
    assert refused.value.cause == "deleted"


async def test_a_token_is_checked_once_until_the_recheck(issuer: Issuer, tokens: FirebaseTokens) -> None:
    token, at = issuer.token(), now()
    await asyncio.gather(*(tokens.verify(token, at) for _ in range(8)))
    await tokens.verify(token, at + timedelta(seconds=299))
    assert issuer.lookups == 1
    await tokens.verify(token, at + timedelta(seconds=300))
    assert issuer.lookups == 2


async def test_a_user_disabled_later_is_refused_at_the_recheck(issuer: Issuer, tokens: FirebaseTokens) -> None:
    token, at = issuer.token(), now()
    await tokens.verify(token, at)
    issuer.users["u-1"] = {"disabled": True}
    with pytest.raises(Unauthenticated):
        await tokens.verify(token, at + timedelta(seconds=301))
    with pytest.raises(Unauthenticated):
        await tokens.verify(token, at)


async def test_a_remembered_token_ends_at_its_own_expiry(issuer: Issuer, tokens: FirebaseTokens) -> None:
    token, at = issuer.token(), now()
    verified = await tokens.verify(token, at)
    with pytest.raises(Unauthenticated) as refused:
        await tokens.verify(token, verified.expires_at)
    assert refused.value.cause == "expired"


async def test_while_the_issuer_is_away_known_tokens_go_on_and_new_ones_wait(
    issuer: Issuer, tokens: FirebaseTokens
) -> None:
    token, at = issuer.token(), now()
    await tokens.verify(token, at)
    issuer.down = True
    fresh = FirebaseTokens(PROJECT, issuer.credential)
    with pytest.raises(CheckUnavailable):
        await fresh.verify(token, at)
    await fresh.close()
    assert (await tokens.verify(token, at + timedelta(seconds=301))).uid == "u-1"
