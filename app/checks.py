"""Every check, behind `./ventas test`: all of them run, the tests last, and one that fails fails the whole."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from app.settings import ROOT

CODE = (
    "app",
    "auth",
    "migrations",
    "models",
    "resolvers",
    "rules",
    "schema",
    "storefront",
    "tests",
    "ventas",
)
# Programs without a shell, asserts and paths named like tokens are of its lowest degree.
BANDIT = ("--severity-level", "medium", "--confidence-level", "medium")
COMPOSE = ("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")
CHECKS = (
    ("format", ("ruff", "format", "--check", "--quiet", ".")),
    ("lint", ("ruff", "check", "--quiet", ".")),
    ("types", ("mypy",)),
    ("import contracts", ("lint-imports", "--no-cache")),
    ("dependencies", ("deptry", ".")),
    ("security", ("bandit", "--quiet", "--recursive", "--configfile", "pyproject.toml", *BANDIT, *CODE)),
    ("compose file", COMPOSE),
    ("schema snapshot", ("python", "-m", "app.cli", "sdl", "--check")),
)


def parse(arguments: list[str]) -> tuple[bool, list[str]]:
    """Whether the long tests run too, and what pytest is told."""
    ours, for_pytest = arguments, []
    if "--" in arguments:
        at = arguments.index("--")
        ours, for_pytest = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(prog="./ventas test", description="Runs every check.")
    parser.add_argument("--long", action="store_true", help="also the tests that take minutes")
    return bool(parser.parse_args(ours).long), for_pytest


def run_check(name: str, command: tuple[str, ...]) -> bool:
    """Runs one check of the environment's own programs; shows what it said only where it failed."""
    program = Path(sys.executable).parent / command[0]
    began = time.monotonic()
    done = subprocess.run(
        [str(program), *command[1:]], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"{name:<18} {verdict:<7} {time.monotonic() - began:5.1f} s", flush=True)
    if done.returncode != 0:
        sys.stdout.buffer.write(done.stdout)
        sys.stdout.flush()
    return done.returncode == 0


def main(arguments: list[str]) -> int:
    is_long, for_pytest = parse(arguments)
    failed = [name for name, command in CHECKS if not run_check(name, command)]
    if failed:
        # Said before the tests too: the summary of pytest has to be the last thing on the screen.
        print(f"\nFailed so far: {', '.join(failed)}. The tests follow.", flush=True)
    environment = os.environ | ({"VENTAS_LONG": "1"} if is_long else {})
    if shutil.which("chromium") is None:
        print("There is no Chromium on the PATH: tests with a browser will be skipped.", flush=True)
    tests = [sys.executable, "-m", "pytest", *for_pytest]
    done = subprocess.run(tests, cwd=ROOT, env=environment, check=False)
    return done.returncode or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
