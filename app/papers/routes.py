"""GET /documents/{kind}/{id}.pdf: papers by the viewer's own session or token, and of rows they may see only."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.database import Database
from app.logs import logger
from app.papers.press import Attachment, Data, Press, PressBusy, PressError
from auth.permissions import Permission
from resolvers.context import Context, LockedSession
from resolvers.sellers import time_zone_of
from schema.endpoint import viewer_of_request
from schema.ids import try_decode_id

Found = TypeVar("Found")
log = logger("ventas.papers")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Paper:
    """What is to be printed; everything in it is copied already, so it may be printed after the transaction."""

    name: str  # of the file, without its ending
    template: str
    data: Data
    made_at: datetime
    standards: Sequence[str] = ()
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True)
class PaperKind:
    """
    A kind of paper: where it lies, whom it is for, and how it is read.

    `read` answers None where there is no such row that the viewer may see, or none to be printed yet.
    """

    path: str
    type_name: str
    permission: Permission
    read: Callable[[Context, UUID], Awaitable[Paper | None]]


async def read_visible(
    request: Request,
    database: Database,
    clock: Callable[[], datetime],
    type_name: str,
    permission: Permission,
    read: Callable[[Context, UUID], Awaitable[Found | None]],
) -> Found | None:
    """What `read` finds of the row the address names, as the request's viewer; None where they may not see it."""
    key = try_decode_id(request.path_params["id"], type_name)
    if key is None:
        return None
    return await read_as_viewer(request, database, clock, permission, lambda ctx: read(ctx, key))


async def read_as_viewer(
    request: Request,
    database: Database,
    clock: Callable[[], datetime],
    permission: Permission,
    read: Callable[[Context], Awaitable[Found | None]],
) -> Found | None:
    """What `read` finds as the request's viewer; None for nobody and for whoever lacks the permission."""
    viewer = await viewer_of_request(request)
    if viewer is None or not viewer.may(permission):
        return None
    async with database.read(viewer) as session:
        zone: ZoneInfo = await time_zone_of(session, viewer.seller_id)
        ctx = Context(
            viewer, clock(), zone, request.state.locale, request.state.request_id,
            open_session=LockedSession(session),
        )  # fmt: skip
        return await read(ctx)


def safe_name(number: str) -> str:
    """A document's number as the name of a file."""
    return _UNSAFE.sub("-", number).strip("-.") or "document"


def paper_routes(
    database: Database, clock: Callable[[], datetime], kinds: Sequence[PaperKind], press: Press | None = None
) -> list[BaseRoute]:
    """One route a kind. Unknown, foreign and forbidden ids, and nobody at all, get the same 404."""
    shared = press or Press()
    return [
        Route(f"/documents/{kind.path}/{{id}}.pdf", _endpoint(database, clock, kind, shared), methods=["GET"])
        for kind in kinds
    ]


def _endpoint(
    database: Database, clock: Callable[[], datetime], kind: PaperKind, press: Press
) -> Callable[[Request], Awaitable[Response]]:
    async def paper(request: Request) -> Response:
        found = await read_visible(request, database, clock, kind.type_name, kind.permission, kind.read)
        return await press_paper(request, press, found)

    return paper


async def press_paper(request: Request, press: Press, found: Paper | None) -> Response:
    """The paper as a file to be saved; 404 where there is none."""
    if found is None:
        return Response(status_code=404)
    try:
        content = await press.print(
            found.template, found.data, made_at=found.made_at, standards=found.standards,
            attachments=found.attachments,
        )  # fmt: skip
    except PressBusy:
        return Response(status_code=503, headers={"Retry-After": "5"})
    except PressError as fault:
        log.error(
            "paper failed", template=found.template, cause=str(fault), request_id=request.state.request_id
        )
        return Response(status_code=500)
    headers = {
        "Content-Disposition": f'attachment; filename="{safe_name(found.name)}.pdf"',
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, 200, headers, media_type="application/pdf")
