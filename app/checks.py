"""Every check, behind `./ventas test`: all of them run, the tests last, and one that fails fails the whole."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from app.settings import ROOT

CODE = (
    "app",
    "auth",
    "jobs",
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
    ("types", ("mypy",)),  # the longest, so it begins first
    ("format", ("ruff", "format", "--check", "--quiet", ".")),
    ("lint", ("ruff", "check", "--quiet", ".")),
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a check; `said` is shown only where it failed."""

    is_ok: bool
    seconds: float
    said: bytes


def run_check(command: tuple[str, ...]) -> Verdict:
    """Runs one check of the environment's own programs."""
    program = Path(sys.executable).parent / command[0]
    began = time.monotonic()
    done = subprocess.run(
        [str(program), *command[1:]], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    return Verdict(done.returncode == 0, time.monotonic() - began, done.stdout)


def run_checks(workers: int) -> list[str]:
    """Runs the checks beside one another, says of each in its turn what became of it, and returns those that failed."""
    failed = []
    with ThreadPoolExecutor(workers) as pool:
        running = [(name, pool.submit(run_check, command)) for name, command in CHECKS]
        for name, each in running:
            verdict = each.result()
            print(f"{name:<18} {'ok' if verdict.is_ok else 'FAILED':<7} {verdict.seconds:5.1f} s", flush=True)
            if not verdict.is_ok:
                failed.append(name)
                sys.stdout.buffer.write(verdict.said)
                sys.stdout.flush()
    return failed


def spread(workers: int, for_pytest: list[str]) -> list[str]:
    """
    What makes pytest use all cores; nothing where its plugin for that is switched off.

    Arguments that come later win: `-n0` runs the tests in this process, where a debugger can stop them.
    """
    words = zip(["", *for_pytest], for_pytest, strict=False)
    if any(word == "-pno:xdist" or (before, word) == ("-p", "no:xdist") for before, word in words):
        return []
    # A replaced worker may wait for ever (pytest-xdist 1323, 1378): one that crashes ends the run, which fails.
    return ["-n", str(workers), "--dist", "loadscope", "--max-worker-restart", "0"]


def find_browser() -> str | None:
    """Chromium for the tests with a browser; its shell without a desktop's interface takes a third of the time."""
    return shutil.which("chromium-headless-shell") or shutil.which("chromium")


def run_pytest(arguments: list[str], environment: dict[str, str]) -> int:
    """Runs the tests to their end; Ctrl-C is theirs, so that they put away what they started."""
    process = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the terminal told them too


def main(arguments: list[str]) -> int:
    is_long, for_pytest = parse(arguments)
    workers = len(os.sched_getaffinity(0))
    failed = run_checks(workers)
    if failed:
        # Said before the tests too: the summary of pytest has to be the last thing on the screen.
        print(f"\nFailed so far: {', '.join(failed)}. The tests follow.", flush=True)
    environment = os.environ | ({"VENTAS_LONG": "1"} if is_long else {})
    if find_browser() is None:
        print("There is no Chromium on the PATH: tests with a browser will be skipped.", flush=True)
    code = run_pytest([*spread(workers, for_pytest), *for_pytest], environment)
    return code or (1 if failed else 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
