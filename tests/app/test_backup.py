"""What the runbook says of backups is done as it stands there: a dump comes back whole."""

import os
import re
import subprocess
from pathlib import Path

from sqlalchemy import text

from app.database import is_migrated
from app.embedded import find_binaries
from app.settings import ROOT
from models.invariants import INVARIANTS
from tests.conftest import Cluster, run


def psql_url(url: str) -> str:
    return url.replace("postgresql+asyncpg:", "postgresql:")


def test_a_dump_comes_back_whole(cluster: Cluster, demo_template: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "RUNBOOK.md").read_text(encoding="utf-8")
    dumping, restoring = re.findall(r"^```sh elsewhere\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)
    name = cluster.clone(demo_template)
    told = {
        **os.environ, "PATH": f"{find_binaries()}:{os.environ['PATH']}",
        "OWNER_URL": psql_url(cluster.owner_url(name)), "SERVER_URL": psql_url(cluster.owner_url("postgres")),
    }  # fmt: skip

    def act(commands: str) -> None:
        words = ["bash", "-euo", "pipefail", "-c", commands]
        done = subprocess.run(words, cwd=tmp_path, env=told, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr

    async def look() -> dict[str, int]:
        database = cluster.database(name)
        try:
            async with database.job() as session:
                assert await session.scalar(text("select count(*) from sales_order")) == 876
                broken = [
                    each for each, query in INVARIANTS.items() if (await session.execute(text(query))).first()
                ]
            async with database.auth() as session:
                assert await is_migrated(session)
            assert broken == []
            async with database.owner() as owner:
                asked = "select relname, n_live_tup from pg_stat_user_tables"
                tables = [row.relname for row in await owner.execute(text(asked))]
                return {
                    each: int(await owner.scalar(text(f"select count(*) from {each}")) or 0)
                    for each in tables
                }
        finally:
            await database.close()

    before = run(look())
    act(dumping)
    cluster.remove(name)
    act(restoring)

    assert run(look()) == before
    assert "ventas_login" in (tmp_path / "roles.sql").read_text(encoding="utf-8")
    cluster.drop(name)
