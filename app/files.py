"""
What viewers download, by their own session or token: pictures, what jobs made and files of quotes (GET /files/{id}),
whose bytes never change, so that browsers keep pictures, and the lines of a quick order to correct (GET
/quick-orders/{id}/problems.csv or .xlsx).
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.database import Database
from auth.permissions import Permission
from resolvers.context import Context, LockedSession, utc_now
from resolvers.files import job_result, picture, quote_file
from resolvers.quick_order_files import as_csv, as_workbook, problem_table
from resolvers.sellers import time_zone_of
from resolvers.uploads import CSV, XLSX
from schema.endpoint import viewer_of_request

KEPT_SECONDS = 31_536_000
_KINDS = {"csv": f"{CSV}; charset=utf-8", "xlsx": XLSX}


def file_routes(database: Database, clock: Callable[[], datetime] = utc_now) -> Sequence[BaseRoute]:
    async def file(request: Request) -> Response:
        viewer = await viewer_of_request(request)
        try:
            file_id = UUID(request.path_params["file_id"])
        except ValueError:
            return Response(status_code=404)
        if viewer is None:
            return Response(status_code=404)
        async with database.read(viewer) as session:
            ctx = Context(viewer, utc_now(), ZoneInfo("UTC"), open_session=LockedSession(session))
            found = (
                await picture(ctx, file_id)
                or await job_result(ctx, file_id)
                or await quote_file(ctx, file_id)
            )
        if found is None:
            return Response(status_code=404)
        tag = f'"{found.sha256.hex()}"'
        headers = {"Cache-Control": f"private, max-age={KEPT_SECONDS}, immutable", "ETag": tag}
        if found.name:
            # Somebody's own data: saved, never shown as a page of ours.
            headers |= {
                "Cache-Control": "private, no-store",
                "X-Content-Type-Options": "nosniff",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(found.content, 200, headers, media_type=found.media_type)

    async def problems(request: Request) -> Response:
        """A file that is made for the one who asks, to be saved and never shown: it holds what strangers typed."""
        viewer, kind = await viewer_of_request(request), request.path_params["kind"]
        try:
            key = UUID(request.path_params["quick_order_id"])
        except ValueError:
            return Response(status_code=404)
        if viewer is None or not viewer.may(Permission.CARTS_USE) or kind not in _KINDS:
            return Response(status_code=404)
        async with database.read(viewer) as session:
            locale, zone = request.state.locale, await time_zone_of(session, viewer.seller_id)
            ctx = Context(viewer, clock(), zone, locale, open_session=LockedSession(session))
            table = await problem_table(ctx, key)
        if table is None:
            return Response(status_code=404)
        content = as_csv(table, locale) if kind == "csv" else await asyncio.to_thread(as_workbook, table)
        name = "lineas" if locale == "es" else "lines"
        headers = {
            "Content-Disposition": f'attachment; filename="{name}.{kind}"',
            "Cache-Control": "no-store",
        }
        return Response(content, 200, headers, media_type=_KINDS[kind])

    return [
        Route("/files/{file_id}", file, methods=["GET"]),
        Route("/quick-orders/{quick_order_id}/problems.{kind}", problems, methods=["GET"]),
    ]
