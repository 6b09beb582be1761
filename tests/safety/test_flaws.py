"""Each of these tests is seen to fail: a flaw is planted in a process of its own, and its test has to notice."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import Cluster
from tests.safety.conftest import Built
from tests.safety.flaws_all import FLAWS
from tests.workers import LENT

ROOT = Path(__file__).parents[2]
FOLDERS = (ROOT / "tests/safety", ROOT / "tests/e2e")
# The runs in there count from places of their own, beyond those of this run's workers.
FIRST_WORKER = 900


@pytest.mark.long
@pytest.mark.parametrize("name", FLAWS)
def test_a_planted_flaw_is_caught(name: str, cluster: Cluster, built: Built, demo_template: str) -> None:
    found = FLAWS[name]
    command = [sys.executable, "-m", "pytest", "--tb=line", found.test]
    # Beside our PostgreSQL, with our templates: to make them takes longer than most of the tests.
    around = {name: value for name, value in os.environ.items() if name != "VENTAS_LONG"}
    lent = {LENT: str(cluster.folder), "PYTEST_XDIST_WORKER": f"gw{FIRST_WORKER + list(FLAWS).index(name)}"}

    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**around, **lent, "VENTAS_FLAW": name},
        capture_output=True,
        text=True,
        timeout=300,
    )

    last = done.stdout.splitlines()[-1] if done.stdout else ""
    if re.fullmatch(r"1 skipped in .*", last):
        pytest.skip("its test needs a browser or data that are not here")
    # A test that cannot even begin has caught nothing: it has to be a failure, not only an error of a fixture.
    assert done.returncode == 1 and re.search(r"\b[0-9]+ failed", done.stdout), (
        done.stdout[-3000:] + done.stderr[-2000:]
    )


def test_each_test_file_has_a_flaw() -> None:
    files = {path.name for folder in FOLDERS for path in folder.glob("test_*.py")} - {Path(__file__).name}

    assert files <= {found.test.split("::")[0].rpartition("/")[2] for found in FLAWS.values()}
