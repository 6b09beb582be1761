"""GET /files/{id}: pictures, by the viewer's own session or token. Their bytes never change, so browsers keep them."""

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.database import Database
from resolvers.context import Context, LockedSession, utc_now
from resolvers.files import picture
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
            found = await picture(ctx, file_id)
        if found is None:
            return Response(status_code=404)
        tag = f'"{found.sha256.hex()}"'
        headers = {"Cache-Control": f"private, max-age={KEPT_SECONDS}, immutable", "ETag": tag}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        return Response(found.content, 200, headers, media_type=found.media_type)

    return [Route("/files/{file_id}", file, methods=["GET"])]
