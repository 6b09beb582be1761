"""docs/IMPORTS.md tells the truth: its documents run, its files come to the counts it gives, and twice is as once."""

import json
import re
from pathlib import Path

from rules.imports import SHAPES
from rules.states import ImportKind
from tests.schema.agreeing import drafted
from tests.schema.importing import imported, integrator_of, send
from tests.schema.shop import Shop

TEXT = (Path(__file__).parents[2] / "docs" / "IMPORTS.md").read_text()
FILES = re.findall(
    r"^```csv elsewhere (\w+) (\d+) (\d+) (\d+) (\d+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL
)
DOCUMENTS = re.findall(r"^```graphql elsewhere\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


async def test_the_documented_files_are_taken_once(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    await drafted(shop)  # the agreement that the last file names
    assert [each[0] for each in FILES] == [kind.value for kind in ImportKind]
    for kind, *counts, content in FILES:
        expected = tuple(map(int, counts))
        assert (await imported(shop, viewer, kind, content)).counts == expected, kind
        assert (await imported(shop, viewer, kind, content)).counts == (0, 0, sum(expected), 0), kind
    assert await shop.broken() == []


async def test_the_documented_documents_run(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    start, follow = DOCUMENTS
    given = json.loads(re.findall(r"^```json elsewhere\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[0])
    given["input"]["uploadId"] = await send(shop, viewer, FILES[3][5].replace("DOC-", "ACE-00"))
    answer = (await shop.data(viewer, start, "doc", **given))["startImport"]

    assert (answer["errors"], answer["job"]["progress"]["total"]) == ([], 3)
    assert (await shop.data(viewer, follow, id=answer["job"]["id"]))["job"]["state"] == "QUEUED"


def test_every_column_is_documented() -> None:
    sections = re.split(r"^## ", TEXT, flags=re.MULTILINE)
    for kind, shape in SHAPES.items():
        section = next(
            each for each in sections if each.startswith(kind.value.replace("_", " ").capitalize())
        )
        assert [each.name for each in shape.columns if f"`{each.name}`" not in section] == []
        compulsory = set(re.findall(r"`(\w+)`\*", section.partition("| column")[2]))
        assert compulsory == set(shape.compulsory), kind
