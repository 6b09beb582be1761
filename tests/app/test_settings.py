"""Settings: defaults, faults that name their variable, and the page printed from the table."""

import pytest

from app.settings import ROOT, TABLE, Settings, SettingsError, settings_page


def test_nothing_is_needed() -> None:
    settings = Settings.from_environment({})

    assert settings.database_url is None
    assert settings.data_dir == ROOT / "var"
    assert (settings.host, settings.port, settings.base_url) == ("127.0.0.1", 8000, "http://localhost:8000")
    assert (settings.role_prefix, settings.cookie_secure) == ("ventas_", False)


def test_an_empty_variable_counts_as_unset() -> None:
    assert Settings.from_environment({"VENTAS_PORT": " "}).port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VENTAS_PORT", "0"),
        ("VENTAS_PORT", "65536"),
        ("VENTAS_PORT", "８０００"),
        ("VENTAS_PORT", "80 00"),
        ("VENTAS_BASE_URL", "shop.example.com"),
        ("VENTAS_BASE_URL", "https://shop.example.com/path"),
        ("VENTAS_BASE_URL", "https://shop.example.com:port"),
        ("VENTAS_ALLOWED_ORIGINS", "https://a.example,*"),
        ("VENTAS_ROLE_PREFIX", 'x"; drop role'),
        ("VENTAS_COOKIE_SECURE", "perhaps"),
        ("VENTAS_LOG_FORMAT", "xml"),
        ("VENTAS_SESSION_DAYS", "-1"),
        ("VENTAS_TRUSTED_PROXIES", "proxy.local"),
        ("DATABASE_URL", "mysql://user:hunter2@host/db"),
    ],
)
def test_a_bad_value_is_refused_by_the_name_of_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as fault:
        Settings.from_environment({name: value})

    assert str(fault.value).startswith(f"{name} must be ")
    assert "hunter2" not in str(fault.value)


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(SettingsError) as fault:
        Settings.from_environment({"VENTAS_PORT": "x", "VENTAS_LOG_LEVEL": "loud"})

    assert [line.split(" ")[0] for line in str(fault.value).splitlines()] == [
        "VENTAS_PORT",
        "VENTAS_LOG_LEVEL",
    ]


def test_an_owner_without_its_database_is_refused() -> None:
    with pytest.raises(SettingsError, match="MIGRATION_DATABASE_URL needs DATABASE_URL"):
        Settings.from_environment({"MIGRATION_DATABASE_URL": "postgresql://owner@host/db"})


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("postgres://u:p@h/d", "postgresql+asyncpg://u:p@h/d"),
        ("postgresql://u@h:6/d?sslmode=require", "postgresql+asyncpg://u@h:6/d?ssl=require"),
    ],
)
def test_database_addresses_of_other_tools_are_understood(given: str, read: str) -> None:
    settings = Settings.from_environment({"DATABASE_URL": given})

    assert settings.database_url == read
    assert settings.migration_database_url == read


def test_https_makes_cookies_secure_and_drops_the_standard_port() -> None:
    settings = Settings.from_environment({"VENTAS_BASE_URL": "https://shop.example.com:443/"})

    assert (settings.base_url, settings.cookie_secure) == ("https://shop.example.com", True)


def test_the_page_of_settings_is_what_the_table_says() -> None:
    assert (ROOT / "docs" / "SETTINGS.md").read_text(encoding="utf-8") == settings_page()
    assert len({each.name for each in TABLE}) == len(TABLE)
