"""The launcher and the commands, as a person at a terminal meets them."""

import ast
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from app import assets, checks
from app.cli import build_parser
from app.settings import ROOT


@pytest.fixture
def launcher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The launcher as a module, over an empty tree with requirements of its own."""
    loader = importlib.machinery.SourceFileLoader("ventas_launcher", str(ROOT / "ventas"))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    (tmp_path / "requirements").mkdir()
    for name in ("app.txt", "dev.txt"):
        (tmp_path / "requirements" / name).write_text(name)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    monkeypatch.setattr(module, "ROOT", tmp_path)
    for name, path in (("VENV", ".venv"), ("PYTHON", ".venv/bin/python"), ("STAMP", ".venv/ventas.stamp")):
        monkeypatch.setattr(module, name, tmp_path / path)
    return module


def run(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("VENTAS_", "DATABASE_URL"))
    }
    return subprocess.run(
        [sys.executable, "-m", "app.cli", *words],
        cwd=ROOT,
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def stamp(launcher: ModuleType, name: str) -> None:
    digest = hashlib.sha256((launcher.ROOT / "requirements" / name).read_bytes()).hexdigest()
    launcher.STAMP.write_text(f"{digest}\n{launcher.VENV}\n")


def test_nothing_is_installed_where_the_stamp_is_right(launcher: ModuleType) -> None:
    assert not launcher.is_installed(False)

    stamp(launcher, "app.txt")
    assert launcher.is_installed(False)
    assert not launcher.is_installed(True)

    stamp(launcher, "dev.txt")
    assert launcher.is_installed(False)
    assert launcher.is_installed(True)


def test_a_changed_pin_or_a_moved_tree_is_installed_again(launcher: ModuleType) -> None:
    stamp(launcher, "dev.txt")
    (launcher.ROOT / "requirements" / "dev.txt").write_text("other")
    assert not launcher.is_installed(True)

    stamp(launcher, "dev.txt")
    launcher.STAMP.write_text(launcher.STAMP.read_text().replace(str(launcher.VENV), "/elsewhere/.venv"))
    assert not launcher.is_installed(True)


def test_a_python_without_ensurepip_is_told_what_to_install(
    launcher: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launcher.shutil, "which", lambda name: None)
    monkeypatch.setattr(launcher.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(SystemExit) as stop:
        launcher.install(False)

    assert str(stop.value) == (
        "ventas: this Python has no ensurepip; on Debian and Ubuntu: apt-get install python3-venv"
    )


def test_an_old_python_is_told_in_one_line() -> None:
    old = "import sys, runpy; sys.version_info = (3, 10, 9); runpy.run_path('ventas', run_name='__main__')"
    done = subprocess.run([sys.executable, "-c", old], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("ventas: Python 3.11 or newer is needed; this is ")
    assert done.stderr.count("\n") == 1


def test_the_launcher_without_a_command_says_what_there_is() -> None:
    done = subprocess.run([sys.executable, "ventas"], cwd=ROOT, capture_output=True, text=True, check=True)

    commands = build_parser().parse_args
    for name in ("up", "serve", "migrate", "sdl", "settings"):
        assert f"\n  {name} " in done.stdout
        assert commands([name]).command == name
    assert commands(["import", "northwind", "folder"]).path == "folder"
    assert commands(["user", "password", "a@b.es"]).email == "a@b.es"


def test_the_launcher_uses_the_standard_library_only() -> None:
    for name in ("ventas", "app/assets.py", "app/__init__.py"):
        nodes = list(ast.walk(ast.parse((ROOT / name).read_text())))
        imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        imported |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
        imported = {each.split(".")[0] for each in imported}
        assert imported - {"app"} <= sys.stdlib_module_names, name


def test_a_bad_setting_is_one_line_with_its_name() -> None:
    done = run("serve", VENTAS_PORT="eighty")

    assert done.returncode == 2
    assert done.stderr == "ventas: VENTAS_PORT must be a whole number from 1 to 65535.\n"


def test_a_taken_port_is_said_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = run("serve", VENTAS_PORT=str(port), VENTAS_DATA_DIR=str(tmp_path / "data"))

    assert done.returncode == 2
    assert f"Cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert not (tmp_path / "data").exists()


def test_settings_are_printed() -> None:
    done = run("settings")

    assert done.stdout == (ROOT / "docs" / "SETTINGS.md").read_text(encoding="utf-8")


def test_a_source_that_is_not_there_is_refused_in_words() -> None:
    done = run("import", "northwind", "/nowhere/at/all")

    assert (done.returncode, done.stderr) == (2, "ventas: There is no /nowhere/at/all.\n")


def test_words_after_two_dashes_go_to_pytest() -> None:
    assert checks.parse([]) == (False, [])
    assert checks.parse(["--long", "--", "-k", "cart", "--", "x"]) == (True, ["-k", "cart", "--", "x"])
    with pytest.raises(SystemExit):
        checks.parse(["--lnog"])


def test_tests_are_spread_over_the_cores_unless_the_plugin_is_off() -> None:
    spread = ["-n", "2", "--dist", "loadscope", "--max-worker-restart", "0"]

    assert checks.spread(2, []) == checks.spread(2, ["-k", "no:xdist"]) == checks.spread(2, ["-n0"]) == spread
    assert checks.spread(2, ["-p", "no:xdist"]) == checks.spread(2, ["-x", "-pno:xdist"]) == []


def test_one_failing_check_fails_the_whole_and_the_tests_still_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        checks, "CHECKS", (("good", ("python", "-c", "")), ("bad", ("python", "-c", "exit('why')")))
    )

    code = checks.main(["--", "tests/app/test_settings.py", "-k", "nothing_is_needed"])

    said = capfd.readouterr().out
    assert code == 1
    assert "why" in said
    assert "Failed so far: bad." in said
    assert said.rstrip().splitlines()[-1].startswith("1 passed")


@pytest.mark.parametrize("npm", [0, 1], ids=["the fetch works", "the fetch fails"])
def test_a_failing_fetch_does_not_stop_anybody(
    npm: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in for npm, because the tests run without a network: it fails, or writes what npm would."""
    monkeypatch.setattr(assets, "VENDOR", tmp_path / "vendor")
    monkeypatch.setattr(assets, "STAMP", tmp_path / "vendor" / "stamp")
    monkeypatch.setattr(assets, "FAILED", tmp_path / "vendor" / "failed")
    calls = []

    def call(command: list[str], place: Path) -> None:
        calls.append(command)
        assert (place / "package-lock.json").exists()
        if npm:
            raise assets.FetchError("no network")
        for source in assets.FILES.values():
            (place / "node_modules" / source).parent.mkdir(parents=True, exist_ok=True)
            (place / "node_modules" / source).write_text("x")

    monkeypatch.setattr(assets, "_npm", lambda place: ["npm"])
    monkeypatch.setattr(assets, "_call", call)

    assets.ensure_assets()
    assets.ensure_assets()

    assert assets.has_assets() is (npm == 0)
    assert len(calls) == 1
    assert "--ignore-scripts" in calls[0]


def test_no_pin_names_a_host() -> None:
    for path in (ROOT / "requirements").iterdir():
        assert "//" not in path.read_text(), path.name
    lock = json.loads((ROOT / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert "resolved" not in package, name
        assert not name or package["integrity"].startswith("sha512-"), name


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_script_of_the_continuous_checks_is_sound() -> None:
    subprocess.run(["bash", "-n", str(ROOT / ".ci" / "run")], check=True)
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert os.access(ROOT / "ventas", os.X_OK)
