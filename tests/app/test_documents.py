"""What the documents say is so."""

import re
import subprocess

import pytest

from app.demo import DEMO_LOGINS, DEMO_PASSWORD
from app.settings import ROOT

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)
# Put together here, so that this file does not name them either.
FORBIDDEN = ("pypi" + ".org", "python" + "hosted", "npm" + "js", "deb." + "debian", "/wo" + "rk/")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: object) -> None:
    from pathlib import Path

    assert isinstance(page, Path)
    targets = re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8"))
    missing = [each for each in targets if "://" not in each and not (page.parent / each).exists()]

    assert missing == []


def test_the_demo_logins_of_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `([^`]+@[^`]+)` \|", text, flags=re.MULTILINE))

    assert named and named <= {login.email for login in DEMO_LOGINS}
    assert DEMO_PASSWORD in text


def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    found = []
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if not name or not path.is_file() or path.suffix == ".png":
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{name}: {word}" for word in FORBIDDEN if word in text]

    assert found == []
