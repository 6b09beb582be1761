"""GraphiQL from our own origin, signed in as its viewer, and the viewer's SDL at /schema.graphql."""

import hashlib
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template

from graphql import GraphQLError, parse, validate
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from auth.permissions import Viewer
from resolvers.messages import LOCALES
from schema.caches import RULES
from schema.endpoint import Authenticate, viewer_of_request
from schema.engine import Engine
from schema.guard import LimitError, guard
from schema.sdl import sdl_of_view

FILES = Path(__file__).parent / "explorer_files"
NEEDED = ("react.js", "react-dom.js", "graphiql.js", "graphiql.css", "explorer.js", "explorer.css")
# Scripts come from here only, none inline. GraphiQL's editor and menus write style elements, and there is no way to
# give those a nonce; its build has a worker and fonts as data.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Example:
    """A document that is shown as a tab, with the variables that stand beside it."""

    title: str
    query: str
    variables: str = ""


def read_examples(folder: Path) -> list[Example]:
    """The folder's documents, by file name; `name.json` beside `name.graphql` holds its variables."""
    examples = []
    for path in sorted(folder.glob("*.graphql")):
        beside = path.with_suffix(".json")
        variables = beside.read_text(encoding="utf-8").strip() if beside.exists() else ""
        examples.append(Example(path.stem, path.read_text(encoding="utf-8").strip(), variables))
    return examples


def examples_for(engine: Engine, viewer: Viewer, examples: Sequence[Example]) -> list[Example]:
    """Those that are valid in the viewer's view, and within its limits."""
    return [each for each in examples if _is_valid(engine, viewer, each)]


def _is_valid(engine: Engine, viewer: Viewer, example: Example) -> bool:
    view = engine.view(viewer)
    prepared = engine.documents.prepare(viewer.permissions, example.query)
    if prepared.document is None:
        return False
    try:
        variables = json.loads(example.variables) if example.variables else {}
        guard(view, prepared.document, prepared.operation(None), variables, engine.cost_max)
    except (LimitError, GraphQLError, ValueError):
        return False
    return not validate(view, parse(example.query), RULES)


@cache
def _file(name: str) -> str:
    return (FILES / name).read_text(encoding="utf-8")


def page_of(viewer: Viewer, examples: Sequence[Example], locale: str) -> str:
    """The page; what varies stands in attributes, so that no script is inline."""
    tabs = [{"query": each.query, "variables": each.variables} for each in examples]
    return Template(_file("page.html")).substitute(
        locale=locale if locale in LOCALES else "en",
        storage=hashlib.sha256(viewer.user_id.bytes).hexdigest()[:12],
        tabs=html.escape(json.dumps(tabs, ensure_ascii=False), quote=True),
    )


def explorer_routes(
    engine: Engine, examples: Path, vendor: Path, authenticate: Authenticate = viewer_of_request
) -> Sequence[BaseRoute]:
    """
    The explorer's page with its script, and the viewer's SDL.

    Args:
        examples: folder of documents shown as tabs.
        vendor: folder of GraphiQL's files, which /static/vendor/ serves; it may be empty.
    """
    known = read_examples(examples)

    async def explore(request: Request) -> Response:
        viewer = await authenticate(request)
        if viewer is None:
            return RedirectResponse("/login?next=/graphiql", 303)
        headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-store"}
        if not all((vendor / name).exists() for name in NEEDED):
            return Response(_file("missing.html"), 503, headers, media_type="text/html")
        page = page_of(viewer, examples_for(engine, viewer, known), viewer.locale)
        return Response(page, 200, headers, media_type="text/html")

    async def script(request: Request) -> Response:
        return Response(_file("page.js"), media_type="text/javascript")

    async def styles(request: Request) -> Response:
        return Response(_file("page.css"), media_type="text/css")

    async def sdl(request: Request) -> Response:
        viewer = await authenticate(request)
        if viewer is None:
            return PlainTextResponse("Sign in first.\n", 401, {"WWW-Authenticate": "Bearer"})
        return PlainTextResponse(sdl_of_view(engine.view(viewer)), headers={"Cache-Control": "no-store"})

    return [
        Route("/graphiql", explore, methods=["GET"]),
        Route("/graphiql/page.js", script, methods=["GET"]),
        Route("/graphiql/page.css", styles, methods=["GET"]),
        Route("/schema.graphql", sdl, methods=["GET"]),
    ]
