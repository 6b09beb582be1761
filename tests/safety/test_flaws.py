"""Each safety test is seen to fail: a flaw is planted in a process of its own, and its test has to notice."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.safety.flaws import FLAWS

ROOT = Path(__file__).parents[2]


@pytest.mark.long
@pytest.mark.parametrize("name", FLAWS)
def test_a_planted_flaw_is_caught(name: str) -> None:
    found = FLAWS[name]
    command = [sys.executable, "-m", "pytest", "--tb=line", found.test]

    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "VENTAS_FLAW": name},
        capture_output=True,
        text=True,
        timeout=300,
    )

    # A test that cannot even begin has caught nothing: it has to be a failure, not an error of a fixture.
    assert done.returncode == 1 and re.search(r"\b[0-9]+ failed", done.stdout), (
        done.stdout[-3000:] + done.stderr[-2000:]
    )
    assert " error" not in done.stdout.splitlines()[-1], done.stdout[-3000:]


def test_each_test_file_has_a_flaw() -> None:
    files = {path.name for path in Path(__file__).parent.glob("test_*.py")} - {Path(__file__).name}

    assert {found.test.split("::")[0].rpartition("/")[2] for found in FLAWS.values()} == files
