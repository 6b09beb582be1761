"""
POST /upload: a file for an input that takes one.

It answers an id that one input of the sender's takes, once, within a quarter of an hour. What was sent is never
served again: it is read by the act that takes it, and is gone. With ?for=attachment it may be a PDF or picture too.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.database import Database
from auth.csrf import FIELD
from resolvers.context import Context
from resolvers.messages import translate
from resolvers.runner import Done, Refused, Unavailable, run_act
from resolvers.uploads import ATTACHMENTS, BYTES_MAX, TABLES, UploadRow, store_upload
from rules.refusals import ErrorCode
from schema.endpoint import check_origin, viewer_of_request
from schema.gate import BadRequest
from schema.ids import encode_id

PATH = "/upload"
# A multipart body is a little larger than the file in it.
BODY_BYTES = BYTES_MAX + 64 * 1024
BODY_SECONDS = 60.0
_STATUS = {ErrorCode.LIMIT_EXCEEDED: 413, ErrorCode.FILE_INVALID: 415}


def _refused(status: int, code: str, message: str, **headers: str) -> Response:
    """In the shape of a GraphQL error, as the API's other refusals."""
    return JSONResponse(_errors(code, message), status, headers)


class Uploads:
    """Stores files as their sender; the storefront's forms and the route share it."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock

    async def store(
        self, request: Request, name: str, content: bytes, attachment: bool = False
    ) -> tuple[int, Mapping[str, Any]]:
        """The status and the body to answer with: `uploadId` and what the file is, or `errors`."""
        viewer = await viewer_of_request(request)
        if viewer is None:
            return 401, _errors("NOT_SIGNED_IN", translate("Sign in first.", {}, request.state.locale))
        locale = request.state.locale

        def context(session: Any) -> Context:
            return Context(
                viewer, self.clock(), ZoneInfo("UTC"), locale, request.state.request_id, open_session=session
            )

        async def work(ctx: Context) -> Done[UploadRow]:
            return Done(await store_upload(ctx, name, content, ATTACHMENTS if attachment else TABLES))

        done = await run_act(self.database, viewer, context, work)
        if isinstance(done, Refused):
            refusal = done.refusals[0]
            message = translate(refusal.text, refusal.data, locale)
            return _STATUS.get(refusal.code, 422), _errors(refusal.code.value, message)
        return 201, {
            "uploadId": encode_id("Upload", done.id),
            "name": done.name,
            "mediaType": done.media_type,
            "byteSize": done.byte_size,
            "expiresAt": done.expires_at.isoformat(),
        }


def _errors(code: str, message: str) -> dict[str, Any]:
    return {"errors": [{"message": message, "extensions": {"code": code}}]}


def upload_routes(uploads: Uploads) -> Sequence[BaseRoute]:
    async def upload(request: Request) -> Response:
        try:
            check_origin(request)
        except BadRequest as refusal:
            return _refused(refusal.status, refusal.code, str(refusal))
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "multipart/form-data":
            message = "Send the file as multipart/form-data, in the field `file`."
            return _refused(415, "UNSUPPORTED_MEDIA_TYPE", message)
        try:
            async with request.form(max_files=1, max_fields=4) as form:
                # A browser sends a cookie by itself, so with one the form must be ours.
                with_token = "authorization" in request.headers
                if not with_token and not request.state.form_token.matches(form.get(FIELD)):
                    return _refused(403, "NOT_PERMITTED", f"With a cookie, the field `{FIELD}` is needed.")
                file = form.get("file")
                if not isinstance(file, UploadFile):
                    return _refused(400, "BAD_REQUEST", "Send one file, in the field `file`.")
                attachment = request.query_params.get("for") == "attachment"
                status, body = await uploads.store(
                    request, file.filename or "", await file.read(), attachment
                )
        except HTTPException:
            return _refused(400, "BAD_REQUEST", "Send one file, in the field `file`.")
        except Unavailable as fault:
            headers = {"Retry-After": str(fault.retry_after)}
            return _refused(503, "UNAVAILABLE", "Too busy at the moment. Try again shortly.", **headers)
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        return JSONResponse(body, status, headers)

    return [Route(PATH, upload, methods=["POST"])]
