"""An import in a browser, on a phone and in both languages: sent, done, read and fetched; axe finds nothing."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from app.server import opened
from jobs.imports import IMPORT_KINDS
from schema.ids import decode_id
from tests.cluster import Cluster
from tests.e2e.conftest import Surf
from tests.e2e.surfer import ADMINISTRATOR, MARKS, Site
from tests.e2e.test_every_page import faults_of
from tests.jobs.trials import worker_of

pytestmark = MARKS


@pytest.mark.parametrize(
    ("locale", "refused"), [("es", "No existe «XX»."), ("en", "There is no “XX” here.")], ids=["es", "en"]
)
async def test_an_administrator_imports_stock_on_a_phone(
    surf: Surf, site: Site, cluster: Cluster, tmp_path: Path, locale: str, refused: str
) -> None:
    person = await surf(ADMINISTRATOR, viewport={"width": 375, "height": 812})
    await person.speak(locale)
    file = tmp_path / "existencias.csv"
    file.write_text("warehouse;sku;quantity\nXX;NADA;1\n")
    await person.open("/staff/imports")
    assert await faults_of(person) == []

    await person.page.select_option("#kind", "STOCK")
    await person.page.set_input_files("#file", file)
    await person.click("form:has(#file) button[type=submit]")
    await person.page.wait_for_url("**/staff/imports/*")
    kind = next(each for each in IMPORT_KINDS if each.name == "import.stock")
    async with opened(cluster.database(site.database)) as database:
        await worker_of(database).attempt(kind, decode_id(person.path.rpartition("/")[2], "Job"))
    await person.open(person.path)

    await expect(person.find("[data-progress]")).to_have_text("1 / 1")
    await expect(person.find("tbody tr").first).to_contain_text(refused)
    assert await faults_of(person) == []
    async with person.page.expect_download() as download:
        await person.click("a[download]")
    report = (await (await download.value).path()).read_text("utf-8-sig")
    assert report.splitlines()[1].startswith(f"XX{';' if locale == 'es' else ','}NADA")
    await person.open("/staff/imports")
    assert await faults_of(person) == []
