"""GET /files/{id}: pictures and what jobs made, by the viewer's own session or token. Their bytes never change."""

from collections.abc import Sequence
from urllib.parse import quote
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.database import Database
from resolvers.context import Context, LockedSession, utc_now
from resolvers.files import job_result, picture
from schema.endpoint import viewer_of_request

KEPT_SECONDS = 31_536_000


def file_routes(database: Database) -> Sequence[BaseRoute]:
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
            found = await picture(ctx, file_id) or await job_result(ctx, file_id)
        if found is None:
            return Response(status_code=404)
        tag = f'"{found.sha256.hex()}"'
        headers = {"Cache-Control": f"private, max-age={KEPT_SECONDS}, immutable", "ETag": tag}
        if found.name:
            # Somebody's own data: saved, never shown as a page of ours.
            headers |= {
                "Cache-Control": "private, no-store",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name, safe='')}",
            }
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(found.content, 200, headers, media_type=found.media_type)

    return [Route("/files/{file_id}", file, methods=["GET"])]
