"""The door over HTTP: the forms' POSTs (sign in and out, choose a company, a language) and the token endpoint."""

import re
from collections.abc import Mapping, Sequence
from math import ceil
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from auth.csrf import check_form, comes_from_here
from auth.middleware import LINK_KINDS, ON_BEHALF_PATH, TICKET_PATH, TOKEN_PATH, json_refusal
from auth.sessions import NewSession
from auth.signing_in import (
    LOCALES,
    Attempt,
    Auth,
    AuthCode,
    OnBehalfAsked,
    SignedIn,
    SignInRefused,
    bearer_token,
    client_address,
)
from auth.viewers import CustomerChoice, Visit
from rules.refusals import Refusal
from rules.states import SessionKind

BODY_BYTES_MAX = 16 * 1024
NEXT_CHARACTERS_MAX = 2000
_UNSAFE = re.compile(r"[\x00-\x20\x7f\\]")
_STATUS = {
    AuthCode.NOT_PERMITTED: 403,
    AuthCode.REASON_REQUIRED: 400,
    AuthCode.THROTTLED: 429,
    AuthCode.UNKNOWN_CUSTOMER: 403,
}
_EXPIRED = {
    "es": "El formulario ha caducado o no procede de esta página. Vuelva atrás, recargue la página y repita.",
    "en": "The form has expired or does not come from this site. Go back, reload the page and repeat.",
}


def safe_next(text: object) -> str:
    """The path on this site that a form wants to go on to; "/" for anything that could lead elsewhere."""
    if not isinstance(text, str) or len(text) > NEXT_CHARACTERS_MAX or _UNSAFE.search(text):
        return "/"
    if not text.startswith("/") or text.startswith("//") or not text.isascii():
        return "/"
    # Back to the door would be a circle.
    return "/" if re.match(r"/(login|logout)(?:[/?#]|$)", text) else text


def auth_routes(auth: Auth) -> Sequence[BaseRoute]:
    """The door's routes. What GET shows at their paths are pages of the storefront."""
    door = _Door(auth)
    return [
        Route("/login", door.login, methods=["POST"]),
        Route("/logout", door.logout, methods=["POST"]),
        Route("/select-company", door.select_company, methods=["POST"]),
        Route("/act-on-behalf", door.act_on_behalf, methods=["POST"]),
        Route("/stop-acting", door.stop_acting, methods=["POST"]),
        Route(ON_BEHALF_PATH, door.on_behalf, methods=["POST", "DELETE"]),
        Route("/locale", door.choose_locale, methods=["POST"]),
        Route("/forgotten", door.forgotten, methods=["POST"]),
        *(Route(f"/{name}/{{token}}", door.follow, methods=["POST"]) for name in LINK_KINDS),
        Route(TOKEN_PATH, door.token, methods=["POST", "DELETE"]),
        Route(TICKET_PATH, door.ticket, methods=["POST"]),
    ]


class _Door:
    def __init__(self, auth: Auth) -> None:
        self.auth = auth

    # Forms

    async def login(self, request: Request) -> Response:
        form = await _form(request)
        if not comes_from_here(request, self.auth.base_url):
            return _expired(request)
        forward = safe_next(form.get("next"))
        if not check_form(request, form, self.auth.base_url):
            return _to_login("expired", forward)
        attempt = Attempt(
            email=_text(form, "email"),
            password=_text(form, "password"),
            address=client_address(request),
            kind=SessionKind.COOKIE,
            locale=self._chosen_locale(request),
            old_token=request.cookies.get(self.auth.cookies.session),
        )
        try:
            signed_in = await self.auth.sign_in(attempt)
        except SignInRefused as refused:
            if refused.retry_after is None:
                return _to_login("credentials", forward)
            return _to_login("throttled", forward, refused.retry_after)
        if signed_in.visit.viewer is None:
            forward = "/select-company?" + urlencode({"next": forward})
        response = _see_other(forward)
        cookies = self.auth.cookies
        cookies.put(response, cookies.session, signed_in.session.token, int(self.auth.life.total_seconds()))
        cookies.drop(response, cookies.visitor)
        return response

    async def logout(self, request: Request) -> Response:
        form = await _form(request)
        if not check_form(request, form, self.auth.base_url):
            return _expired(request)
        cookies = self.auth.cookies
        token = request.cookies.get(cookies.session)
        if token:
            await self.auth.sign_out(token, request.state.visit)
        response = _see_other("/login")
        cookies.drop(response, cookies.session)
        return response

    async def forgotten(self, request: Request) -> Response:
        """Field: `email`. Whatever it is, the answer is the same."""
        form = await _form(request)
        if not check_form(request, form, self.auth.base_url):
            return _expired(request)
        await self.auth.request_password(_text(form, "email"), client_address(request))
        return _see_other("/forgotten?sent=1")

    async def follow(self, request: Request) -> Response:
        """The link of a mail. Fields: `password` and `again`, where it needs one."""
        form = await _form(request)
        if not check_form(request, form, self.auth.base_url):
            return _expired(request)
        path, token = request.url.path, str(request.path_params["token"])
        password = _text(form, "password")
        if password != _text(form, "again"):
            return _see_other(f"{path}?error=differ")
        kind = LINK_KINDS[path.split("/")[1]]
        try:
            done = await self.auth.follow(kind, token, password, client_address(request))
        except SignInRefused:
            return _see_other(f"{path}?error=throttled")
        except Refusal:
            return _see_other(f"{path}?error=password")
        # A link that opens nothing is said so by its own page.
        return _see_other(f"/login?done={kind.value.lower()}" if done else path)

    async def select_company(self, request: Request) -> Response:
        """Fields: `customer`, an id of SessionInfo.customers, or empty to act for the seller; `next`."""
        form = await _form(request)
        visit: Visit | None = request.state.visit
        if visit is None:
            return _see_other("/login")
        if not check_form(request, form, self.auth.base_url):
            return _expired(request)
        known, customer_id = _customer_id(_text(form, "customer"))
        forward = safe_next(form.get("next"))
        if not known or not await self.auth.choose_customer(visit, customer_id):
            return _see_other("/select-company?" + urlencode({"error": "unknown", "next": forward}))
        return _see_other(forward)

    async def act_on_behalf(self, request: Request) -> Response:
        """Fields: `customer`, a number; `person`, an email address there or empty; `reason`; `next`."""
        form = await _form(request)
        visit: Visit | None = request.state.visit
        if visit is None:
            return _see_other("/login")
        if not check_form(request, form, self.auth.base_url):
            return _expired(request)
        number = _text(form, "customer")
        asked = OnBehalfAsked(number, _text(form, "person"), _text(form, "reason"))
        token = request.cookies.get(self.auth.cookies.session, "")
        try:
            await self.auth.begin_on_behalf(visit, token, SessionKind.COOKIE, asked)
        except SignInRefused as refused:
            return _see_other(_staff_page(number) + "?" + urlencode({"error": refused.code.value.lower()}))
        return _see_other(safe_next(form.get("next")))

    async def stop_acting(self, request: Request) -> Response:
        """Back to the seller's side, at the page of the customer that was acted for."""
        form = await _form(request)
        visit: Visit | None = request.state.visit
        if visit is None:
            return _see_other("/login")
        if not check_form(request, form, self.auth.base_url):
            return _expired(request)
        acted = visit.viewer is not None and visit.viewer.on_behalf is not None
        if not await self.auth.choose_customer(visit, None):
            return _see_other("/select-company")
        return _see_other(_staff_page(visit.customer.number) if acted and visit.customer else "/staff")

    async def choose_locale(self, request: Request) -> Response:
        """Fields: `locale`, es or en; `next`. Kept with the session, or in a cookie as long as there is none."""
        form = await _form(request)
        if not check_form(request, form, self.auth.base_url):
            return _expired(request)
        response = _see_other(safe_next(form.get("next")))
        locale = _text(form, "locale")
        if locale in LOCALES:
            visit: Visit | None = request.state.visit
            if visit is not None:
                await self.auth.choose_locale(visit, locale)
            # For the pages after signing out as well; it ends with the browser.
            self.auth.cookies.put(response, self.auth.cookies.locale, locale)
        return response

    def _chosen_locale(self, request: Request) -> str | None:
        chosen = request.cookies.get(self.auth.cookies.locale)
        return chosen if chosen in LOCALES else None

    # Programs

    async def token(self, request: Request) -> Response:
        if request.method == "DELETE":
            return await self._end_token(request)
        asked = await _asked(request)
        if asked is None:
            return json_refusal(AuthCode.INVALID, 400)
        email, password, customer = (asked.get(name) for name in ("email", "password", "customer"))
        if not (isinstance(email, str) and isinstance(password, str) and isinstance(customer, str | None)):
            return json_refusal(AuthCode.INVALID, 400)
        attempt = Attempt(
            email=email,
            password=password,
            address=client_address(request),
            kind=SessionKind.BEARER,
            customer_number=customer or None,
        )
        try:
            signed_in = await self.auth.sign_in(attempt)
        except SignInRefused as refused:
            return json_refusal(refused.code, _STATUS.get(refused.code, 401), refused.retry_after)
        return JSONResponse(_granted(signed_in, self.auth), headers={"Cache-Control": "no-store"})

    async def on_behalf(self, request: Request) -> Response:
        """For programs of the seller's people, by bearer token: begins (`customer`, `person`, `reason`) and ends."""
        token = bearer_token(request)
        visit: Visit | None = request.state.visit
        if token is None or visit is None:
            return json_refusal(AuthCode.NOT_SIGNED_IN, 401)
        if request.method == "DELETE":
            if not await self.auth.choose_customer(visit, None):
                return json_refusal(AuthCode.NOT_PERMITTED, 403)
            return Response(status_code=204, headers={"Cache-Control": "no-store"})
        asked = await _asked(request)
        number, person, reason = (
            (asked or {}).get("customer"),
            (asked or {}).get("person"),
            (asked or {}).get("reason"),
        )
        if not (isinstance(number, str) and isinstance(reason, str) and isinstance(person, str | None)):
            return json_refusal(AuthCode.INVALID, 400)
        try:
            given = OnBehalfAsked(number, person or "", reason)
            await self.auth.begin_on_behalf(visit, token, SessionKind.BEARER, given)
        except SignInRefused as refused:
            return json_refusal(refused.code, _STATUS.get(refused.code, 401))
        return Response(status_code=204, headers={"Cache-Control": "no-store"})

    async def ticket(self, request: Request) -> Response:
        """A ticket for one stream of events, by the session or the token; a page of another site gets none."""
        visit: Visit | None = request.state.visit
        if visit is None:
            return json_refusal(AuthCode.NOT_SIGNED_IN, 401)
        if bearer_token(request) is None and not comes_from_here(request, self.auth.base_url):
            return json_refusal(AuthCode.NOT_PERMITTED, 403)
        made = await self.auth.issue_ticket(visit)
        left = ceil((made.expires_at - self.auth.clock()).total_seconds())
        return JSONResponse(
            {"ticket": made.ticket, "expires_in": left}, headers={"Cache-Control": "no-store"}
        )

    async def _end_token(self, request: Request) -> Response:
        # The middleware has let in nobody whose token opens nothing.
        token = bearer_token(request)
        if token is None:
            return json_refusal(AuthCode.NOT_SIGNED_IN, 401)
        await self.auth.sign_out(token, request.state.visit)
        return Response(status_code=204, headers={"Cache-Control": "no-store"})


def _granted(signed_in: SignedIn, auth: Auth) -> dict[str, object]:
    visit, session = signed_in.visit, signed_in.session
    return {
        "access_token": session.token,
        "token_type": "Bearer",  # nosec B105 - its kind
        "expires_in": _seconds_left(session, auth),
        "customer": _customer(visit.customer) if visit.customer else None,
        "customers": [_customer(each) for each in visit.customers],
    }


def _seconds_left(session: NewSession, auth: Auth) -> int:
    return ceil((session.expires_at - auth.clock()).total_seconds())


def _customer(choice: CustomerChoice) -> dict[str, str]:
    return {"number": choice.number, "name": choice.name}


async def _form(request: Request) -> FormData:
    """The form's fields; none where the body is no ordinary form, so that its token is missing."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded" or len(await request.body()) > BODY_BYTES_MAX:
        return FormData()
    return await request.form(max_fields=50)


async def _asked(request: Request) -> Mapping[str, object] | None:
    """The fields of a JSON object or a form; None where the body is neither."""
    body = await request.body()
    if len(body) > BODY_BYTES_MAX:
        return None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return dict(await _form(request))
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return parsed if isinstance(parsed, dict) else None


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _customer_id(text: str) -> tuple[bool, UUID | None]:
    if not text:
        return True, None
    try:
        return True, UUID(text)
    except ValueError:
        return False, None


def _see_other(path: str) -> RedirectResponse:
    return RedirectResponse(path, 303, headers={"Cache-Control": "no-store"})


def _staff_page(number: str) -> str:
    return "/staff/customers/" + quote(number[:100], safe="")


def _to_login(error: str, forward: str, retry_after: int | None = None) -> Response:
    query = {"error": error}
    if retry_after is not None:
        query["minutes"] = str(ceil(retry_after / 60))
    if forward != "/":
        query["next"] = forward
    response = _see_other("/login?" + urlencode(query))
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _expired(request: Request) -> Response:
    return PlainTextResponse(
        _EXPIRED[request.state.locale] + "\n", 403, headers={"Cache-Control": "no-store"}
    )
