"""What the environment may say, read once at start; a mistake names the variable, the rule and the cure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

if TYPE_CHECKING:
    from api.runtime.embedded import Embedded

_ROOT = Path(__file__).resolve().parents[1]
_YES = frozenset({"1", "true", "yes", "on"})
_NO = frozenset({"", "0", "false", "no", "off"})
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SECRET_BYTES = 32
_MAX_PORT = 65_535
_MAX_POOL = 100
_ASYNCPG = "postgresql+asyncpg"


class SettingsError(Exception):
    """A variable breaks a rule; the text names the variable, the rule and the cure."""

    def __init__(self, variable: str, rule: str, cure: str) -> None:
        super().__init__(f"{variable}: {rule}. {cure}.")
        self.variable = variable


@dataclass(frozen=True, slots=True)
class Settings:
    """One process's settings. Without `database_url` PostgreSQL and Redis are embedded, under `var`."""

    var: Path = _ROOT / "var"
    host: str = "127.0.0.1"
    port: int = 8000
    database_url: str | None = field(default=None, repr=False)
    database_owner_url: str | None = field(default=None, repr=False)
    redis_url: str | None = field(default=None, repr=False)
    demo: bool = False
    firebase_project_id: str | None = None
    google_application_credentials: Path | None = None
    secret: bytes = field(default=b"", repr=False)
    pool_size: int = 6
    log_level: str = "INFO"
    trusted_only: bool = False
    plans: bool = True
    jobs: bool = True
    outbox_url: str | None = None
    outbox_secret: bytes = field(default=b"", repr=False)
    replay_clock: Path | None = None
    exposures_months: int = 13
    processes: int = 1
    console: bool = False
    console_url: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Reads every variable; refuses with `SettingsError`. Touches no file and no network."""
        database_url = _database_url(environment, "DATABASE_URL")
        demo = _flag(environment, "MERGEMART_DEMO", default=database_url is None)
        _refuse_unsafe(environment, demo=demo, outside=database_url is not None)
        credentials = environment.get("GOOGLE_APPLICATION_CREDENTIALS")
        replay_clock = environment.get("MERGEMART_REPLAY_CLOCK")
        return cls(
            var=Path(environment.get("MERGEMART_VAR") or _ROOT / "var"),
            host=environment.get("HOST") or "127.0.0.1",
            port=_number(environment, "PORT", 8000, 1, _MAX_PORT),
            database_url=database_url,
            database_owner_url=_database_url(environment, "DATABASE_OWNER_URL") or database_url,
            redis_url=_redis_url(environment),
            demo=demo,
            firebase_project_id=environment.get("FIREBASE_PROJECT_ID") or None,
            google_application_credentials=Path(credentials) if credentials else None,
            secret=_secret(environment, "MERGEMART_SECRET", "DATABASE_URL: keys are hashed with it"),
            pool_size=_number(environment, "MERGEMART_POOL_SIZE", 6, 2, _MAX_POOL),
            log_level=_level(environment),
            trusted_only=_flag(environment, "MERGEMART_TRUSTED_ONLY", default=False),
            plans=_flag(environment, "MERGEMART_PLANS", default=True),
            jobs=_flag(environment, "MERGEMART_JOBS", default=True),
            outbox_url=_outbox_url(environment),
            outbox_secret=_secret(
                environment, "MERGEMART_OUTBOX_SECRET", "MERGEMART_OUTBOX_URL: the receiver knows us by it"
            ),
            replay_clock=Path(replay_clock) if replay_clock else None,
            exposures_months=_number(environment, "MERGEMART_EXPOSURES_MONTHS", 13, 0, 1200),
            processes=_number(environment, "MERGEMART_PROCESSES", 1, 1, 256),
            console=_flag(environment, "MERGEMART_CONSOLE", default=demo) and demo,
            console_url=_console_url(environment),
        )

    @property
    def is_embedded(self) -> bool:
        """Whether this process uses the embedded PostgreSQL."""
        return self.database_url is None

    def on(self, servers: Embedded) -> Settings:
        """The same settings, complete, on running embedded servers: their URLs, and the secret kept with them."""
        return replace(
            self,
            database_url=servers.database_url,
            database_owner_url=servers.owner_url,
            redis_url=self.redis_url or servers.redis_url,
            secret=self.secret or servers.secret,
        )


def asyncpg_url(text: str) -> str:
    """A PostgreSQL URL in any of its usual spellings, as a URL of SQLAlchemy's asyncpg dialect; else `ValueError`."""
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ValueError("it is no URL") from error
    if url.drivername not in {"postgres", "postgresql", _ASYNCPG}:
        raise ValueError("it does not start with postgresql://")
    return url.set(drivername=_ASYNCPG).render_as_string(hide_password=False)


def _refuse_unsafe(environment: Mapping[str, str], *, demo: bool, outside: bool) -> None:
    if demo and outside:
        raise SettingsError(
            "MERGEMART_DEMO",
            "demo mode takes anybody's word for who they are, so it exists only with the embedded database",
            "Unset MERGEMART_DEMO, or unset DATABASE_URL",
        )
    if environment.get("FIREBASE_AUTH_EMULATOR_HOST") and not demo:
        raise SettingsError(
            "FIREBASE_AUTH_EMULATOR_HOST",
            "with the emulator unsigned tokens pass, so it may be set in demo mode only",
            "Unset FIREBASE_AUTH_EMULATOR_HOST, or run in demo mode (MERGEMART_DEMO=1, without DATABASE_URL)",
        )
    if environment.get("MERGEMART_REPLAY_CLOCK") and not demo:
        raise SettingsError(
            "MERGEMART_REPLAY_CLOCK",
            "with it a file says what time it is and nothing is limited by rate, so it may be set in demo mode only",
            "Unset MERGEMART_REPLAY_CLOCK; `python main.py replay season` sets it for its own server",
        )
    if environment.get("DATABASE_OWNER_URL") and not outside:
        raise SettingsError(
            "DATABASE_OWNER_URL",
            "it names the owner of the database in DATABASE_URL, which is not set",
            "Set DATABASE_URL too, or unset DATABASE_OWNER_URL to use the embedded database",
        )


def _database_url(environment: Mapping[str, str], name: str) -> str | None:
    text = environment.get(name)
    if not text:
        return None
    try:
        return asyncpg_url(text)
    except ValueError as error:
        raise SettingsError(name, f"must be a PostgreSQL URL, but {error}", _URL_CURE) from None


_URL_CURE = "Write it as postgresql://user:password@host:5432/database"


def _redis_url(environment: Mapping[str, str]) -> str | None:
    text = environment.get("REDIS_URL") or None
    if text is not None and not text.startswith(("redis://", "rediss://", "unix://")):
        raise SettingsError(
            "REDIS_URL", "must start with redis://, rediss:// or unix://", "Write it as redis://host:6379/0"
        )
    return text


def _outbox_url(environment: Mapping[str, str]) -> str | None:
    text = environment.get("MERGEMART_OUTBOX_URL") or None
    if text is not None and not text.startswith(("https://", "http://")):
        raise SettingsError(
            "MERGEMART_OUTBOX_URL", "must start with https:// or http://", "Write it as https://events.example/in"
        )
    return text


def _console_url(environment: Mapping[str, str]) -> str | None:
    text = environment.get("MERGEMART_CONSOLE_URL") or None
    if text is not None and not text.startswith(("https://", "http://", ":")):
        raise SettingsError(
            "MERGEMART_CONSOLE_URL",
            "must start with https:// or http://, or be a port of the same host such as :8001",
            "Write it as https://console.example/console/",
        )
    return text


def _secret(environment: Mapping[str, str], name: str, needed_with: str) -> bytes:
    text = environment.get(name, "")
    cure = "Make one with: python3 -c 'import secrets; print(secrets.token_hex(32))'"
    if environment.get(needed_with.partition(":")[0]) and not text:
        raise SettingsError(name, f"must be set with {needed_with}", cure)
    if text and len(text) < _SECRET_BYTES:
        raise SettingsError(name, f"must have at least {_SECRET_BYTES} characters", cure)
    return text.encode()


def _flag(environment: Mapping[str, str], name: str, *, default: bool) -> bool:
    if name not in environment:
        return default
    text = environment[name].strip().lower()
    if text not in _YES | _NO:
        raise SettingsError(name, f"must be 1 or 0, and is {text!r}", f"Set {name}=1 or {name}=0")
    return text in _YES


def _number(environment: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not least <= int(text) <= most:
        raise SettingsError(
            name, f"must be a whole number from {least} to {most}, and is {text!r}", f"Try {name}={default}"
        )
    return int(text)


def _level(environment: Mapping[str, str]) -> str:
    text = (environment.get("MERGEMART_LOG_LEVEL") or "INFO").upper()
    if text not in _LEVELS:
        raise SettingsError(
            "MERGEMART_LOG_LEVEL", f"must be one of {', '.join(_LEVELS)}", "Try MERGEMART_LOG_LEVEL=INFO"
        )
    return text
