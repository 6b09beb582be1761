"""Before any page or operation: who asks, put where routes find it, and an answer to those who cannot go on."""

from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.csrf import FormToken
from auth.links import Link
from auth.signing_in import LOCALES, Auth, AuthCode, bearer_token
from auth.viewers import Visit
from rules.states import LinkKind

# Answered without asking who it is.
PUBLIC_PATHS = frozenset(
    {"/healthz", "/readyz", "/favicon.ico", "/robots.txt", "/.well-known/oauth-authorization-server"}
)
# Clients of OAuth show their own credentials, which are no session's.
PUBLIC_FOLDERS = ("/static/", "/oauth/")
TOKEN_PATH = "/auth/token"  # nosec B105 - an address
ON_BEHALF_PATH = "/auth/on-behalf"
TICKET_PATH = "/auth/ticket"
# Where the links of mails lead, by the first step of their address.
LINK_KINDS = {"invitation": LinkKind.INVITATION, "password": LinkKind.PASSWORD}
# Programs come here: they are told in JSON that they have to choose a customer first.
API_PATHS = frozenset({"/graphql", "/schema.graphql", TICKET_PATH})

MESSAGES = {
    AuthCode.INVALID: "Send email and password, as JSON or as a form.",
    AuthCode.INVALID_CREDENTIALS: "The email address or the password is wrong.",
    AuthCode.NOT_PERMITTED: "Pages of this origin may not do that.",
    AuthCode.NOT_SIGNED_IN: "The token is unknown or its session is over. Sign in again.",
    AuthCode.REASON_REQUIRED: "Give a reason, of 500 characters at most.",
    AuthCode.SELECT_CUSTOMER: "You belong to several customers. Choose the one to act for: sign in with its number.",
    AuthCode.THROTTLED: "Too many attempts. Try again later.",
    AuthCode.UNAVAILABLE: "The database does not answer. Try again shortly.",
    AuthCode.UNKNOWN_CUSTOMER: "You do not belong to a customer of this number.",
}


@dataclass(frozen=True, slots=True)
class CustomerSummary:
    """A customer the user may choose; `id` is what the form of /select-company sends."""

    id: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """
    What pages show of the session, in plain words: the storefront imports nothing of ours.

    `is_staff` says that the user acts for the seller now, `may_act_as_staff` that they could. As long as
    `must_choose_customer`, there is no viewer and every page leads to /select-company. `is_on_behalf`: one of the
    seller's people acts in the customer's place, for the person `on_behalf_of` there if one was named.
    """

    csrf_token: str
    name: str
    email: str
    locale: str
    customer_id: str | None
    customer_name: str | None
    customer_number: str | None
    customers: tuple[CustomerSummary, ...]
    other_customers: int
    is_staff: bool
    may_act_as_staff: bool
    must_choose_customer: bool
    permissions: tuple[str, ...]
    is_on_behalf: bool = False
    on_behalf_of: str = ""
    on_behalf_reason: str = ""

    @classmethod
    def of(cls, visit: Visit) -> "SessionInfo":
        acting, viewer = visit.customer, visit.viewer
        behalf = viewer.on_behalf if viewer else None
        return cls(
            csrf_token=visit.csrf_token,
            name=visit.name,
            email=visit.email,
            locale=visit.locale,
            customer_id=str(acting.id) if acting else None,
            customer_name=acting.name if acting else None,
            customer_number=acting.number if acting else None,
            customers=tuple(
                CustomerSummary(str(each.id), each.number, each.name) for each in visit.customers
            ),
            other_customers=len(visit.customers) - (1 if acting in visit.customers else 0),
            is_staff=viewer is not None and viewer.is_staff,
            may_act_as_staff=visit.may_act_as_staff,
            must_choose_customer=viewer is None,
            permissions=tuple(sorted(viewer.permissions)) if viewer else (),
            is_on_behalf=behalf is not None,
            on_behalf_of=behalf.person_name if behalf else "",
            on_behalf_reason=behalf.reason if behalf else "",
        )


class AuthMiddleware:
    """
    Puts into `request.state`: `viewer` (Viewer or None), `session` (SessionInfo or None), `visit`, `locale`,
    `form_token`, and `user_id` for the log.

    Costs one statement where there is a well-formed token, none where there is not.
    """

    def __init__(self, app: ASGIApp, auth: Auth) -> None:
        self.app = app
        self.auth = auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or path in PUBLIC_PATHS or path.startswith(PUBLIC_FOLDERS):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        try:
            visit = await self.auth.visit_of(request)
            request.state.link = await self._link_of(path)
        except (PoolTimeout, DBAPIError, OSError) as fault:
            if isinstance(fault, DBAPIError) and not fault.connection_invalidated:
                raise
            await json_refusal(AuthCode.UNAVAILABLE, 503, retry_after=1)(scope, receive, send)
            return
        refusal = self._refusal(request, visit)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        form_token = self._place(request, visit)

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and form_token.is_new:
                cookie = Response()
                self.auth.cookies.put(cookie, self.auth.cookies.visitor, form_token.value())
                MutableHeaders(scope=message).append("Set-Cookie", cookie.headers["set-cookie"])
            await send(message)

        await self.app(scope, receive, send_with_cookie)

    async def _link_of(self, path: str) -> Link | None:
        """What the link of a mail is for, for the page that it leads to."""
        _, _, rest = path.partition("/")
        name, _, token = rest.partition("/")
        return await self.auth.link_of(LINK_KINDS[name], token) if name in LINK_KINDS and token else None

    def _place(self, request: Request, visit: Visit | None) -> FormToken:
        cookies = self.auth.cookies
        state = request.state
        state.visit = visit
        state.viewer = visit.viewer if visit else None
        state.session = SessionInfo.of(visit) if visit else None
        state.user_id = visit.user_id if visit else None
        state.locale = visit.locale if visit else known_locale(request.cookies.get(cookies.locale))
        state.form_token = FormToken(
            visit.csrf_token if visit else None, request.cookies.get(cookies.visitor)
        )
        return state.form_token  # type: ignore[no-any-return]

    @staticmethod
    def _refusal(request: Request, visit: Visit | None) -> Response | None:
        """The answer to a bearer token that opens nothing, and to a program that has a customer to choose."""
        path, bearer = request.url.path, bearer_token(request)
        if path == TOKEN_PATH and request.method == "POST":
            return None  # signing in needs nothing, whatever is left over from the time before
        if visit is None:
            return None if bearer is None else json_refusal(AuthCode.NOT_SIGNED_IN, 401)
        if (
            visit.viewer is None
            and path not in (TOKEN_PATH, ON_BEHALF_PATH)
            and (bearer is not None or path in API_PATHS)
        ):
            return json_refusal(AuthCode.SELECT_CUSTOMER, 403)
        return None


def known_locale(text: str | None) -> str:
    """The language if we speak it; Spanish otherwise."""
    return text if text in LOCALES else LOCALES[0]


def json_refusal(code: AuthCode, status: int, retry_after: int | None = None) -> JSONResponse:
    """A refusal in the shape of a GraphQL error: what a client reads is the code."""
    headers = {"Cache-Control": "no-store"}
    if status == 401:
        invalid = code is AuthCode.NOT_SIGNED_IN
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"' if invalid else "Bearer"
    if retry_after is not None:
        headers["Retry-After"] = str(retry_after)
    return JSONResponse(
        {"errors": [{"message": MESSAGES[code], "extensions": {"code": code.value}}]}, status, headers
    )
