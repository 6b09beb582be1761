"""What stands in deploy/ and docker-compose.yml: whole, without secrets, and of one piece with the code."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from app.metrics_serving import Watched, Work
from app.settings import ROOT, TABLE, Settings

DEPLOY = ROOT / "deploy"
OURS = ("api-1", "api-2", "worker")
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="there is no promtool")
needs_caddy = pytest.mark.skipif(shutil.which("caddy") is None, reason="there is no caddy")


def read(path: Path) -> Any:
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = read(ROOT / "docker-compose.yml")["services"]
    return found


def test_every_service_says_how_it_is(services: dict[str, dict[str, Any]]) -> None:
    assert sorted(services) == sorted([*OURS, "database", "pgbouncer", "proxy", "mail", "prometheus"])
    for name, service in services.items():
        assert service["healthcheck"]["test"][0] == "CMD", name
        assert service["restart"] == "unless-stopped", name


def test_images_are_pinned_and_named_without_a_registry(services: dict[str, dict[str, Any]]) -> None:
    bought = {name: each["image"] for name, each in services.items() if "build" not in each}
    for name, image in bought.items():
        repository, _, tag = image.partition(":")
        assert re.match(r"v?[0-9]", tag), f"{name}: {image}"
        assert "." not in repository and repository.count("/") <= 1, f"{name}: {image}"
    for dockerfile in (ROOT / "Dockerfile", DEPLOY / "pgbouncer" / "Dockerfile"):
        text = dockerfile.read_text(encoding="utf-8")
        assert all(re.match(r"[a-z]+:[0-9]", each) for each in re.findall(r"^FROM (\S+)", text, re.MULTILINE))
        # The last user of each is nobody of power.
        assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] in ("ventas", "nobody")


def test_no_password_stands_there(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if "PASSWORD" in key:
                assert re.fullmatch(r"\$\{VENTAS_[A-Z]+_PASSWORD(:\?[^}]+)?\}", value), f"{name}: {key}"
            assert not re.search(r"//[^:/@]+:(?!\$\{)[^@/]+@", str(value)), f"{name}: {key}"


def test_our_processes_are_told_known_settings(services: dict[str, dict[str, Any]]) -> None:
    names = {each.name for each in TABLE}
    for name in OURS:
        told = services[name]["environment"]
        assert set(told) <= names, f"{name}: {set(told) - names}"
        values = {
            key: re.sub(r"\$\{[A-Z_]+(?::[-?]([^}]*))?\}", r"\1", str(each)) for key, each in told.items()
        }
        settings = Settings.from_environment(values)
        # Past PgBouncer for LISTEN, the queue and the migrations; through it for everything else.
        assert "@pgbouncer:6432/" in str(settings.database_url)
        assert "@database/" in str(settings.direct_database_url) and "@database/" in str(
            settings.migration_database_url
        )
    variables = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    ours = {
        "VENTAS_OWNER_PASSWORD",
        "VENTAS_LOGIN_PASSWORD",
        "VENTAS_SITE",
        "VENTAS_PUBLISH",
        "VENTAS_PUBLISH_TLS",
    }
    assert variables <= names | ours


def test_only_the_proxy_is_open_to_others(services: dict[str, dict[str, Any]]) -> None:
    published = {name: each["ports"] for name, each in services.items() if "ports" in each}

    assert published == {
        "proxy": ["${VENTAS_PUBLISH:-127.0.0.1:8000}:80", "${VENTAS_PUBLISH_TLS:-127.0.0.1:8443}:443"],
        "mail": ["127.0.0.1:8025:8025"],
        "prometheus": ["127.0.0.1:9090:9090"],
    }
    trusted = services["proxy"]["networks"]["front"]["ipv4_address"]
    assert {services[name]["environment"]["VENTAS_TRUSTED_PROXIES"] for name in OURS} == {trusted}


def test_files_that_are_mounted_are_there(services: dict[str, dict[str, Any]]) -> None:
    mounted = [
        volume.split(":")[0]
        for each in services.values()
        for volume in each.get("volumes", ())
        if volume[0] == "."
    ]

    assert sorted(mounted) == ["./deploy/Caddyfile", "./deploy/prometheus"]
    assert all((ROOT / each).exists() for each in mounted)
    assert {each["build"] for each in services.values() if "build" in each} == {".", "deploy/pgbouncer"}


def test_prometheus_looks_at_each_of_our_processes(services: dict[str, dict[str, Any]]) -> None:
    config = read(DEPLOY / "prometheus" / "prometheus.yml")
    targets = [
        target
        for job in config["scrape_configs"]
        for each in job["static_configs"]
        for target in each["targets"]
    ]

    assert sorted(targets) == sorted(
        f"{name}:{services[name]['environment']['VENTAS_METRICS_PORT']}" for name in OURS
    )
    caddy = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert "{$VENTAS_UPSTREAMS:api-1:8000 api-2:8000}" in caddy and "9464" not in caddy


def alerts() -> list[dict[str, Any]]:
    (group,) = read(DEPLOY / "prometheus" / "alerts.yml")["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def test_alerts_are_about_what_is_measured(settings: Settings) -> None:
    watched = Watched()
    database: Any = None
    Work(watched.metrics, database, (), lambda: None)  # type: ignore[arg-type,return-value]
    served = (ROOT / "app" / "server.py").read_text(encoding="utf-8")
    shown = set(re.findall(r'"(ventas_[a-z_]+)"', served))
    measured = {each.name for each in watched.metrics.registry.collect()} | shown

    for alert in alerts():
        for name in re.findall(r"ventas_[a-z_]+", alert["expr"]):
            assert re.sub(r"_(bucket|count|sum|total)$", "", name) in measured, f"{alert['alert']}: {name}"


def test_the_runbook_knows_every_alert() -> None:
    runbook = (ROOT / "docs" / "RUNBOOK.md").read_text(encoding="utf-8")

    assert re.findall(r"^### (Ventas[A-Za-z]+)$", runbook, re.MULTILINE) == [
        each["alert"] for each in alerts()
    ]


def check(*command: str, folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_takes_its_files_and_the_alerts_fire() -> None:
    check("promtool", "check", "config", "prometheus.yml", folder=DEPLOY / "prometheus")
    check("promtool", "test", "rules", "alerts_test.yml", folder=DEPLOY / "prometheus")


@needs_caddy
def test_caddy_takes_its_file() -> None:
    check("caddy", "validate", "--config", "Caddyfile", "--adapter", "caddyfile", folder=DEPLOY)
