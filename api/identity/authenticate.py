"""From an Authorization header to a caller, one method for each of the four schemas."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, Generic, NoReturn, TypeVar
from uuid import UUID

from api.identity import actions
from api.identity.granting import granted_roles
from api.identity.rules import (
    KEY_CACHE_SECONDS,
    TOKEN_RECHECK_SECONDS,
    ApiKey,
    BearerCredential,
    Credential,
    DemoCredential,
    KeyCredential,
    KeyKind,
    MemberCaller,
    OperatorCaller,
    PartnerCaller,
    Role,
    TillCaller,
    parse_authorization,
    parse_roles,
    roles_in_force,
    secret_fits,
    stamp_due,
)
from api.refusals import Forbidden, Unauthenticated
from api.runtime.batcher import Batcher
from api.runtime.database import Database
from loyalty.ids import from_typeid, to_typeid
from loyalty.members import actions as members
from loyalty.members.actions import NewMember, SignedIn
from loyalty.members.rules import IdentityKind
from loyalty.receipts.actions import stores
from loyalty.receipts.actions.stores import Store
from loyalty.work import Work

if TYPE_CHECKING:
    from api.identity.firebase import FirebaseTokens, Verified

_REMEMBERED_MAX = 20_000
DEMO_STORE_ZONE = "Asia/Taipei"
DEMO_STORE_CURRENCY = "TWD"
DEMO_STORE_CHANNEL = "STORE"

Key = TypeVar("Key")
Value = TypeVar("Value")
Find = Callable[[Work, str, datetime], Awaitable[UUID]]
SignIn = Callable[[Work, Sequence[NewMember]], Awaitable[list[SignedIn]]]


class _Recent(Generic[Key, Value]):
    """Remembers answers for a short time; the least recently used go first."""

    def __init__(self, seconds: int) -> None:
        self._life = timedelta(seconds=seconds)
        self._kept: OrderedDict[Key, tuple[datetime, Value]] = OrderedDict()

    def get(self, key: Key, now: datetime) -> Value | None:
        kept = self._kept.get(key)
        if kept is None or now - kept[0] >= self._life:
            return None
        self._kept.move_to_end(key)
        return kept[1]

    def put(self, key: Key, value: Value, now: datetime) -> None:
        self._kept[key] = (now, value)
        self._kept.move_to_end(key)
        while len(self._kept) > _REMEMBERED_MAX:
            self._kept.popitem(last=False)

    def drop(self, key: Key) -> None:
        self._kept.pop(key, None)


class Authenticator:
    """Checks credentials; remembers members for 5 minutes and keys for 5 seconds.

    `sign_in` makes or finds the members of identities (the composition root may hand one that also gives the welcome);
    those who come while it runs go together into its next transaction.
    `firebase` is None where no project is set: then only keys and, in demo mode, demo tokens open anything.
    """

    def __init__(
        self,
        database: Database,
        pepper: bytes,
        *,
        sign_in: SignIn = members.sign_in,
        firebase: FirebaseTokens | None = None,
        demo: bool = False,
    ) -> None:
        self._database = database
        self._pepper = pepper
        self._joins: Batcher[NewMember, SignedIn] = Batcher(
            database, sign_in, name="signIn", submitter=attrgetter("subject"), key=attrgetter("subject")
        )
        self._firebase = firebase
        self._demo = demo
        self._found: _Recent[tuple[str, str], UUID] = _Recent(TOKEN_RECHECK_SECONDS)
        self._keys: _Recent[UUID, ApiKey | str] = _Recent(KEY_CACHE_SECONDS)
        self._grants: _Recent[UUID, tuple[frozenset[Role], int]] = _Recent(KEY_CACHE_SECONDS)

    async def member(self, authorization: str | None, now: datetime) -> MemberCaller:
        """A member, made at the first sign-in. Raises `Unauthenticated` or `CheckUnavailable`."""
        credential = self._credential(authorization)
        if isinstance(credential, DemoCredential):
            if credential.role is not None:
                _refuse("A member's demo token is `demo:<name>`, without a role.", "demo role")
            demo = NewMember(IdentityKind.DEMO, credential.name, now, display_name=credential.name)
            return MemberCaller(await self._join(demo))
        verified = await self._verified(credential, now)
        return MemberCaller(await self._join(NewMember(IdentityKind.FIREBASE, verified.uid, now)))

    async def till(self, authorization: str | None, now: datetime) -> TillCaller:
        """A till, by its key. Raises `Unauthenticated`."""
        credential = self._credential(authorization)
        if isinstance(credential, KeyCredential):
            key = await self._key(credential, KeyKind.TILL, now)
            return TillCaller(key.bound_to, key.id)
        if not isinstance(credential, DemoCredential) or credential.role is not None:
            _refuse("A till sends `Authorization: Key <id>.<secret>`.", "wrong kind")
        return TillCaller(await self._find("store", credential.name, _demo_store, now), None)

    async def partner(self, authorization: str | None, now: datetime) -> PartnerCaller:
        """A partner, by key or by a Firebase token with the claim `partner` (its id, `par_...`).

        Raises `Unauthenticated`, `Forbidden` (a good token without the claim) or `CheckUnavailable`.
        """
        credential = self._credential(authorization)
        if isinstance(credential, KeyCredential):
            key = await self._key(credential, KeyKind.PARTNER, now)
            return PartnerCaller(key.bound_to, key.id)
        if isinstance(credential, DemoCredential):
            if credential.role is not None:
                _refuse("A partner's demo token is `demo:<name>`, without a role.", "demo role")
            return PartnerCaller(await self._find("partner", credential.name, actions.ensure_partner, now), None)
        verified = await self._verified(credential, now)
        partner_id = from_typeid("par", verified.partner or "")
        if partner_id is None:
            raise Forbidden("This account belongs to no partner: its token lacks the claim `partner`.")
        async with self._database.read() as connection:
            if await actions.find_partner(connection, partner_id) is None:
                raise Forbidden("The partner that this account names does not exist.")
        return PartnerCaller(partner_id, None)

    async def operator(self, authorization: str | None, now: datetime) -> OperatorCaller:
        """An operator and its roles. Raises `Unauthenticated`, `Forbidden` (no role at all) or `CheckUnavailable`."""
        credential = self._credential(authorization)
        if isinstance(credential, DemoCredential):
            subject, roles = f"demo:{credential.name}", parse_roles([credential.role])
        else:
            verified = await self._verified(credential, now)
            subject, roles = verified.uid, parse_roles(verified.roles)
        if not roles:
            known = ", ".join(role.value for role in Role)
            raise Forbidden(f"This account has no operator role. The roles are {known}.")
        operator_id = await self._find("operator", subject, actions.sign_in_operator, now)
        if not isinstance(credential, DemoCredential):
            roles = roles_in_force(roles, *await self._granted(operator_id, now))
            if not roles:
                told = to_typeid("opr", operator_id)
                raise Forbidden(f"Two owners must grant {told} a role first (proposeRole, approveRole).")
        return OperatorCaller(operator_id, roles)

    async def _granted(self, operator_id: UUID, now: datetime) -> tuple[frozenset[Role], int]:
        """What was granted, remembered for a few seconds, so that a role that was taken back soon ends everywhere."""
        found = self._grants.get(operator_id, now)
        if found is None:
            async with self._database.read() as connection:
                found = await granted_roles(connection, operator_id)
            self._grants.put(operator_id, found, now)
        return found

    def expiry(self, authorization: str) -> datetime | None:
        """When a credential that was found good ends by itself; None where it does not (keys, demo tokens)."""
        credential = parse_authorization(authorization)
        if self._firebase is None or not isinstance(credential, BearerCredential):
            return None
        return self._firebase.expiry(credential.token)

    def _credential(self, authorization: str | None) -> Credential:
        if not authorization:
            _refuse("An Authorization header is required.", "missing")
        credential = parse_authorization(authorization)
        if isinstance(credential, str):
            _refuse(credential, "malformed")
        if isinstance(credential, DemoCredential) and not self._demo:
            _refuse("Demo tokens work in demo mode only.", "demo off")
        return credential

    async def _verified(self, credential: BearerCredential | KeyCredential, now: datetime) -> Verified:
        if isinstance(credential, KeyCredential):
            _refuse("Keys do not open this schema; send `Authorization: Bearer <Firebase ID token>`.", "wrong kind")
        if self._firebase is None:
            _refuse("This server checks no Firebase tokens: FIREBASE_PROJECT_ID is not set.", "no project")
        return await self._firebase.verify(credential.token, now)

    async def _join(self, new: NewMember) -> UUID:
        known = (new.kind.value, new.subject)
        found = self._found.get(known, new.at)
        if found is None:
            found = (await self._joins.submit(new)).member_id
            self._found.put(known, found, new.at)
        return found

    async def _find(self, kind: str, subject: str, find: Find, now: datetime) -> UUID:
        found = self._found.get((kind, subject), now)
        if found is None:
            async with self._database.work() as work:
                found = await find(work, subject, now)
            self._found.put((kind, subject), found, now)
        return found

    async def _key(self, credential: KeyCredential, kind: KeyKind, now: datetime) -> ApiKey:
        """The key, if its secret fits and it still works; an unknown id and a wrong secret answer alike."""
        key = self._keys.get(credential.key_id, now)
        if key is None:
            async with self._database.work() as work:
                key = await actions.find_key(work.connection, credential.key_id) or "unknown"
                if (
                    isinstance(key, ApiKey)
                    and self._fits(key, credential, kind, now)
                    and stamp_due(key.last_used_at, now)
                ):
                    await actions.stamp_key(work, key, now)
            self._keys.put(credential.key_id, key, now)
        if isinstance(key, str) or not self._fits(key, credential, kind, now):
            _refuse("The key is unknown, was revoked, has expired, or opens another schema.", "key")
        return key

    def _fits(self, key: ApiKey, credential: KeyCredential, kind: KeyKind, now: datetime) -> bool:
        return secret_fits(self._pepper, credential.secret, key.secret_hash) and key.works(now) and key.kind is kind

    def forget(self, key_id: UUID) -> None:
        """Makes this server read a key again at once (after it was rotated or revoked here)."""
        self._keys.drop(key_id)


async def _demo_store(work: Work, code: str, now: datetime) -> UUID:
    """The store of this code, made on first sight; race-safe, since a code that stands already is left as it is."""
    found = await stores.find_stores(work.connection, [code])
    if code not in found:
        made = Store(work.mint(now), code, code, DEMO_STORE_ZONE, DEMO_STORE_CURRENCY, DEMO_STORE_CHANNEL)
        await stores.create_stores(work, [made])
        found = await stores.find_stores(work.connection, [code])
    return found[code]


def _refuse(message: str, cause: str) -> NoReturn:
    raise Unauthenticated(message, cause)
