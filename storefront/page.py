"""One request for a page: who asks, what the schema answers, what is shown, where to go next."""

import base64
import binascii
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlencode

from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from storefront.documents import Documents
from storefront.forms import Problem, new_key, read_key, read_text, safe_path
from storefront.rendering import LOCALES, Renderer, renderer
from storefront.staff.navigation import entries_for

NOTICE_COOKIE = "ventas-notice"
THEME_COOKIE = "ventas-theme"
THEMES = ("light", "dark")
NOTICE_BYTES_MAX = 3000
NOTICES_MAX = 8
# What a query is refused for because of what was typed.
TYPED_WRONG = frozenset({"UNKNOWN_SKU", "INVALID", "QUANTITY_INVALID", "LIMIT_EXCEEDED", "NOT_FOUND"})
log = logging.getLogger("ventas.storefront")


class Execute(Protocol):
    """Runs a document through the schema as the request's visitor; answers `{"data": …, "errors": …}`."""

    def __call__(
        self,
        request: Request,
        document: str,
        variables: dict[str, Any],
        operation_name: str | None = None,
        idempotency_key: str | None = None,
    ) -> Awaitable[Mapping[str, Any]]: ...


class Upload(Protocol):
    """
    Stores a file as the request's visitor; the status and `{"uploadId": …}` or `{"errors": …}`.

    An `attachment` may be a PDF or a picture, anything else is a table.
    """

    def __call__(
        self, request: Request, name: str, content: bytes, attachment: bool = False
    ) -> Awaitable[tuple[int, Mapping[str, Any]]]: ...


class Trouble(Exception):
    """The page cannot be shown; `status` picks the page that says so."""

    def __init__(self, status: int, reference: str = "", location: str = "") -> None:
        super().__init__(f"{status} {reference}")
        self.status = status
        self.reference = reference
        self.location = location


@dataclass(frozen=True, slots=True)
class House:
    """What all pages share."""

    execute: Execute
    documents: Documents
    secure: bool
    base_url: str
    upload: Upload


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a mutation answered: its payload, or why nothing was done."""

    payload: Mapping[str, Any]

    @property
    def errors(self) -> Sequence[Mapping[str, Any]]:
        return self.payload["errors"]  # type: ignore[no-any-return]

    @property
    def warnings(self) -> list[str]:
        return [each["message"] for each in self.payload["warnings"]]

    @property
    def done(self) -> bool:
        return not self.errors


@dataclass(slots=True)
class Page:
    """A request on its way to a page. Handlers ask, act, and return `show` or `go`."""

    request: Request
    house: House
    form: FormData = field(default_factory=FormData)

    # Who asks

    @property
    def session(self) -> Any:
        return getattr(self.request.state, "session", None)

    @property
    def locale(self) -> str:
        told = (
            self.session.locale if self.session is not None else getattr(self.request.state, "locale", "es")
        )
        return told if told in LOCALES else LOCALES[0]

    @property
    def permissions(self) -> frozenset[str]:
        return frozenset(self.session.permissions) if self.session is not None else frozenset()

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @property
    def renderer(self) -> Renderer:
        return renderer(self.locale)

    def gettext(self, text: str, **values: object) -> str:
        found = self.renderer.texts.gettext(text)
        return found % values if values else found

    def ngettext(self, one: str, many: str, count: int) -> str:
        """The text for that many, with the count in it."""
        return self.renderer.texts.ngettext(one, many, count) % {"count": count}

    # What was sent

    def query(self, name: str) -> str:
        return read_text(self.request.query_params.get(name))[:2000]

    def field(self, name: str) -> str:
        return read_text(self.form.get(name))

    async def send_file(self, name: str, attachment: bool = False) -> tuple[str, str]:
        """Uploads the form's file: the id for an input, or an empty one and why there is none."""
        file = self.form.get(name)
        if not isinstance(file, UploadFile) or not file.filename:
            return "", self.gettext("Choose a file.")
        _, answer = await self.house.upload(self.request, file.filename, await file.read(), attachment)
        if "errors" in answer:
            return "", str(answer["errors"][0]["message"])
        return str(answer["uploadId"]), ""

    @property
    def here(self) -> str:
        url = self.request.url
        return url.path + (f"?{url.query}" if url.query else "")

    # What the schema says

    async def ask(self, operation: str, **variables: Any) -> dict[str, Any]:
        """A query's data; Trouble where there is none."""
        data, errors = await self._run(operation, variables, None)
        if errors or data is None:
            raise self._trouble(errors)
        return data

    async def try_ask(self, operation: str, **variables: Any) -> tuple[dict[str, Any], list[str]]:
        """A query over what somebody typed: its data, or an empty one and what is wrong, in the visitor's words."""
        data, errors = await self._run(operation, variables, None)
        if data is not None and not errors:
            return data, []
        codes = {str((each.get("extensions") or {}).get("code", "")) for each in errors}
        if not codes or not codes <= TYPED_WRONG:
            raise self._trouble(errors)
        return {}, [str(each["message"]) for each in errors]

    async def act(self, operation: str, **given: Any) -> Outcome:
        """A mutation with one root field and one `input`, under the key of the form that was sent."""
        data, errors = await self._run(
            operation, {"input": given}, read_key(self.form.get("key")) or new_key()
        )
        if errors or data is None:
            raise self._trouble(errors)
        return Outcome(next(iter(data.values())))

    async def act_unkeyed(self, operation: str, **given: Any) -> Outcome:
        """A second mutation of one form: the form's key belongs to the first."""
        data, errors = await self._run(operation, {"input": given}, new_key())
        if errors or data is None:
            raise self._trouble(errors)
        return Outcome(next(iter(data.values())))

    async def _run(
        self, operation: str, variables: dict[str, Any], key: str | None
    ) -> tuple[dict[str, Any] | None, Sequence[Mapping[str, Any]]]:
        document = self.house.documents.document(operation, self.permissions)
        answer = await self.house.execute(self.request, document, variables, operation, key)
        return answer.get("data"), answer.get("errors") or ()

    def _trouble(self, errors: Sequence[Mapping[str, Any]]) -> Trouble:
        extensions = (errors[0].get("extensions") or {}) if errors else {}
        code = str(extensions.get("code", ""))
        if code in ("NOT_SIGNED_IN", "SELECT_CUSTOMER"):
            return Trouble(303, location="/login" if code == "NOT_SIGNED_IN" else "/select-company")
        if code in ("NOT_FOUND", "BAD_USER_INPUT", "INVALID_CURSOR", "NOT_PERMITTED"):
            return Trouble(404)
        status = {"THROTTLED": 429, "UNAVAILABLE": 503}.get(code)
        if status is None:
            # A document of ours that is refused is a mistake of ours.
            log.error("page failed: %s", "; ".join(str(each.get("message")) for each in errors)[:500])
            status = 500
        return Trouble(status, str(extensions.get("requestId", "")))

    # What is answered

    def show(self, template: str, status: int = 200, **values: Any) -> Response:
        notices = _read_notices(self.request.cookies.get(NOTICE_COOKIE))
        theme = self.request.cookies.get(THEME_COOKIE, "")
        state = self.request.state
        shown = {
            "session": self.session,
            "may": self.may,
            "csrf": state.form_token.value() if hasattr(state, "form_token") else "",
            "new_key": new_key,
            "path": self.request.url.path,
            "here": self.here,
            "notices": notices,
            "theme": theme if theme in THEMES else "",
            "problems": [],
            "frame": None,
            "base_url": self.house.base_url,
            "query": self.request.query_params,
            "staff_pages": entries_for(self.may) if self.session and self.session.is_staff else [],
        } | values
        response = HTMLResponse(self.renderer.render(template, shown), status)
        response.headers["Content-Language"] = self.locale
        response.headers["Vary"] = "Cookie"
        if notices:
            response.delete_cookie(NOTICE_COOKIE, path="/")
        return response

    def go(self, path: str, *said: str, warnings: Sequence[str] = (), bad: Sequence[str] = ()) -> Response:
        """On to another page, which says what was done, what to mind and what went wrong."""
        response = RedirectResponse(path, 303)
        told = [("success", each) for each in said] + [("warning", each) for each in warnings]
        told += [("danger", each) for each in bad]
        if told:
            response.set_cookie(
                NOTICE_COOKIE, _write_notices(told), max_age=60, path="/", httponly=True, samesite="lax",
                secure=self.house.secure,
            )  # fmt: skip
        return response

    def back(self, otherwise: str) -> str:
        """Where the form says it came from, if that is on this site."""
        return safe_path(self.form.get("back"), otherwise)

    def choose_theme(self) -> Response:
        response = self.go(self.back("/"))
        theme = self.field("theme")
        if theme in THEMES:
            response.set_cookie(
                THEME_COOKIE, theme, max_age=31_536_000, path="/", httponly=True, samesite="lax",
                secure=self.house.secure,
            )  # fmt: skip
        else:
            response.delete_cookie(THEME_COOKIE, path="/")
        return response


def _write_notices(told: Sequence[tuple[str, str]]) -> str:
    kept = [[tone, text[:300]] for tone, text in told[:NOTICES_MAX]]
    while len(written := json.dumps(kept, ensure_ascii=False).encode()) > NOTICE_BYTES_MAX:
        kept.pop()
    return base64.urlsafe_b64encode(written).decode()


def _read_notices(cookie: str | None) -> list[tuple[str, str]]:
    """What the cookie says, as text to be escaped; nothing where it is not ours."""
    if not cookie or len(cookie) > 2 * NOTICE_BYTES_MAX:
        return []
    try:
        told = json.loads(base64.urlsafe_b64decode(cookie))
        return [
            (tone, text)
            for tone, text in told
            if tone in ("success", "warning", "danger") and isinstance(text, str)
        ]
    except (binascii.Error, ValueError, TypeError, RecursionError):
        return []


Handler = Callable[[Page], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class At:
    """A page: its path, who may open it, what GET shows, and what the form's `act` does."""

    path: str
    get: Handler | None = None
    acts: Mapping[str, Handler] = field(default_factory=dict)
    needs: str = "signed-in"
    takes_file: bool = False


def to_login(page: Page) -> Response:
    here = page.here if page.request.method == "GET" else "/"
    return page.go("/login" + ("?" + urlencode({"next": here}) if here != "/" else ""))


__all__ = ["At", "Execute", "Handler", "House", "Outcome", "Page", "Problem", "Trouble", "Upload", "to_login"]
