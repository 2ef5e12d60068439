"""What the environment may say, and how a mistake is answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.settings import Settings, SettingsError, asyncpg_url

OUTSIDE = {"DATABASE_URL": "postgresql://app:secret@db:5433/shop", "MERGEMART_SECRET": "s" * 32}


def test_nothing_set_means_embedded_and_demo_on_loopback() -> None:
    settings = Settings.from_environment({})
    assert settings.is_embedded
    assert settings.demo
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.var.name == "var"


def test_everything_can_be_chosen() -> None:
    settings = Settings.from_environment({
        **OUTSIDE,
        "DATABASE_OWNER_URL": "postgres://owner@db/shop",
        "REDIS_URL": "redis://cache:6379/1",
        "HOST": "0.0.0.0",  # noqa: S104
        "PORT": "9000",
        "MERGEMART_VAR": "/srv/var",
        "MERGEMART_POOL_SIZE": "8",
        "MERGEMART_LOG_LEVEL": "debug",
        "FIREBASE_PROJECT_ID": "shop",
        "GOOGLE_APPLICATION_CREDENTIALS": "/run/credentials.json",
        "MERGEMART_TRUSTED_ONLY": "yes",
    })  # fmt: skip
    assert settings.database_url == "postgresql+asyncpg://app:secret@db:5433/shop"
    assert settings.database_owner_url == "postgresql+asyncpg://owner@db/shop"
    assert settings.redis_url == "redis://cache:6379/1"
    assert (settings.port, settings.pool_size, settings.log_level) == (9000, 8, "DEBUG")
    assert settings.google_application_credentials == Path("/run/credentials.json")
    assert settings.trusted_only
    assert not settings.demo
    assert settings.secret == b"s" * 32


def test_with_one_role_the_app_migrates_too() -> None:
    settings = Settings.from_environment(OUTSIDE)
    assert settings.database_owner_url == settings.database_url


def test_secrets_are_not_shown() -> None:
    shown = repr(Settings.from_environment(OUTSIDE))
    assert "secret" not in shown
    assert "s" * 32 not in shown


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg"])
def test_every_usual_spelling_of_a_database_url_is_taken(scheme: str) -> None:
    assert asyncpg_url(f"{scheme}://a:p%40ss@h/d?ssl=require") == "postgresql+asyncpg://a:p%40ss@h/d?ssl=require"


@pytest.mark.parametrize(
    ("variable", "environment"),
    [
        ("MERGEMART_DEMO", {**OUTSIDE, "MERGEMART_DEMO": "1"}),
        ("MERGEMART_DEMO", {"MERGEMART_DEMO": "perhaps"}),
        ("FIREBASE_AUTH_EMULATOR_HOST", {**OUTSIDE, "FIREBASE_AUTH_EMULATOR_HOST": "localhost:9099"}),
        ("FIREBASE_AUTH_EMULATOR_HOST", {"MERGEMART_DEMO": "0", "FIREBASE_AUTH_EMULATOR_HOST": "localhost:9099"}),
        ("DATABASE_URL", {"DATABASE_URL": "mysql://a@h/d"}),
        ("DATABASE_URL", {"DATABASE_URL": "not a url"}),
        ("DATABASE_OWNER_URL", {"DATABASE_OWNER_URL": "postgresql://o@h/d"}),
        ("REDIS_URL", {"REDIS_URL": "localhost:6379"}),
        ("MERGEMART_SECRET", {"DATABASE_URL": "postgresql://a@h/d"}),
        ("MERGEMART_SECRET", {"MERGEMART_SECRET": "short"}),
        ("PORT", {"PORT": "http"}),
        ("PORT", {"PORT": "70000"}),
        ("PORT", {"PORT": "²"}),
        ("MERGEMART_POOL_SIZE", {"MERGEMART_POOL_SIZE": "1"}),
        ("MERGEMART_LOG_LEVEL", {"MERGEMART_LOG_LEVEL": "loud"}),
    ],
)
def test_a_mistake_names_the_variable_the_rule_and_the_cure(variable: str, environment: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=rf"^{variable}: .+\. .+\.$") as refused:
        Settings.from_environment(environment)
    assert refused.value.variable == variable


def test_the_emulator_is_fine_in_demo_mode() -> None:
    assert Settings.from_environment({"FIREBASE_AUTH_EMULATOR_HOST": "localhost:9099"}).demo
