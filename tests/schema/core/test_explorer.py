"""GraphiQL's page and the viewer's SDL: signed in, from our own origin, showing the view and nothing else."""

import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import strawberry
from graphql import build_schema
from httpx import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request

from auth.permissions import Permission as P
from auth.permissions import Viewer
from schema.engine import Engine
from schema.explorer import NEEDED, explorer_routes
from schema.sdl import sdl_of
from tests.schema.core.conftest import a_viewer

OPEN = "# Things\n{ things { nodes { name } } }"
HIDDEN = "{ things { nodes { notes } } }"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    examples, vendor = tmp_path / "examples", tmp_path / "vendor"
    examples.mkdir()
    vendor.mkdir()
    (examples / "1-open.graphql").write_text(OPEN)
    (examples / "1-open.json").write_text('{"a": "</script>\\""}')
    (examples / "2-hidden.graphql").write_text(HIDDEN)
    (examples / "3-broken.graphql").write_text("{")
    for name in NEEDED:
        (vendor / name).write_text("")
    return examples, vendor


@pytest.fixture
async def visitors(
    door: Engine, viewer: Viewer, folders: tuple[Path, Path]
) -> AsyncIterator[tuple[AsyncClient, dict[str, Viewer | None]]]:
    people = {
        "buyer": viewer,
        "staff": a_viewer(P.SIGNED_IN, P.CATALOG_READ, P.NOTES_INTERNAL),
        "nobody": None,
    }

    async def authenticate(request: Request) -> Viewer | None:
        return people[request.headers["x-test"]]

    app = Starlette(routes=list(explorer_routes(door, *folders, authenticate)))
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://shop.test") as client:
        yield client, people


def tabs(page: str) -> list[str]:
    found = re.search(r'data-tabs="([^"]*)"', page)
    assert found is not None
    return [each["query"] for each in json.loads(html.unescape(found[1]))]


async def test_each_viewer_gets_the_examples_that_work(
    visitors: tuple[AsyncClient, dict[str, Viewer | None]],
) -> None:
    client, _ = visitors
    buyer = await client.get("/graphiql", headers={"x-test": "buyer"})
    staff = await client.get("/graphiql", headers={"x-test": "staff"})

    assert tabs(buyer.text) == [OPEN]
    assert tabs(staff.text) == [OPEN, HIDDEN]


async def test_nothing_is_inline_and_nothing_comes_from_elsewhere(
    visitors: tuple[AsyncClient, dict[str, Viewer | None]],
) -> None:
    page = await visitors[0].get("/graphiql", headers={"x-test": "buyer"})

    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert re.findall(r"<script(?![^>]*\ssrc=)", page.text) == []
    assert re.findall(r"""(?:src|href)=["'](?!/[^/])""", page.text) == []
    assert "</script>\\" not in page.text


async def test_strangers_are_shown_the_door(visitors: tuple[AsyncClient, dict[str, Viewer | None]]) -> None:
    client, _ = visitors
    page = await client.get("/graphiql", headers={"x-test": "nobody"})
    sdl = await client.get("/schema.graphql", headers={"x-test": "nobody"})

    assert (page.status_code, page.headers["location"]) == (303, "/login?next=/graphiql")
    assert sdl.status_code == 401


async def test_without_its_files_the_page_says_so(
    visitors: tuple[AsyncClient, dict[str, Viewer | None]], folders: tuple[Path, Path]
) -> None:
    (folders[1] / "react.js").unlink()

    page = await visitors[0].get("/graphiql", headers={"x-test": "buyer"})

    assert page.status_code == 503
    assert "GraphiQL is not installed" in page.text


async def test_the_sdl_is_the_view(visitors: tuple[AsyncClient, dict[str, Viewer | None]]) -> None:
    client, _ = visitors
    buyer = (await client.get("/schema.graphql", headers={"x-test": "buyer"})).text
    staff = (await client.get("/schema.graphql", headers={"x-test": "staff"})).text

    assert "notes: String!" not in buyer
    assert "ThingCost" not in buyer
    assert "notes: String!" in staff
    assert "directive @dryRun" in buyer
    for sdl in (buyer, staff):
        build_schema(sdl)


def test_the_sdl_is_sorted_and_whole(core_api: strawberry.Schema) -> None:
    sdl = sdl_of(core_api)
    names = re.findall(r"^(?:type|input|enum|scalar|interface) (\w+)", sdl, re.MULTILINE)

    assert names == sorted(names)
    assert set(build_schema(sdl).type_map) == set(core_api._schema.type_map)
