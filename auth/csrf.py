"""Forms come from our own pages: the browser's word on the origin, and a token only our pages could draw."""

import hmac
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from auth.session_secrets import looks_like_secret, new_secret

FIELD = "csrf_token"


class Cookies:
    """Names and attributes of our cookies. Over https, `__Host-` binds them to this host and to secure connections."""

    def __init__(self, secure: bool) -> None:
        self.secure = secure
        prefix = "__Host-" if secure else ""
        self.session = f"{prefix}ventas"
        # What stands in for a session's form token before there is a session.
        self.visitor = f"{prefix}ventas-visitor"
        self.locale = f"{prefix}ventas-locale"

    def put(self, response: Response, name: str, value: str, seconds: int | None = None) -> None:
        """Sets a cookie; without `seconds` it ends with the browser."""
        response.set_cookie(
            name, value, max_age=seconds, path="/", secure=self.secure, httponly=True, samesite="lax"
        )

    def drop(self, response: Response, name: str) -> None:
        response.delete_cookie(name, path="/", secure=self.secure, httponly=True, samesite="lax")


class FormToken:
    """
    The token that this request's forms carry.

    A session brings its own. Anybody else gets one in a cookie, made the first time a page asks for it: without
    it, a foreign page could sign its visitor in to the attacker's account.
    """

    def __init__(self, session_token: str | None, cookie: str | None) -> None:
        known = session_token or (cookie if cookie and looks_like_secret(cookie) else None)
        self._value = known
        self.is_new = False

    def value(self) -> str:
        """What a form puts into its hidden field `csrf_token`."""
        if self._value is None:
            self._value = new_secret()
            self.is_new = True
        return self._value

    def matches(self, given: object) -> bool:
        if self._value is None or self.is_new or not isinstance(given, str):
            return False
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), self._value.encode())


def comes_from_here(request: Request, base_url: str) -> bool:
    """Whether the browser says that one of our own pages sent this; one that says nothing is left to the token."""
    origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
    if origin is not None:
        host = request.headers.get("host", "")
        return origin == base_url or (bool(host) and origin == f"{request.url.scheme}://{host}")
    return site in (None, "same-origin", "none")


def check_form(request: Request, form: Mapping[str, object], base_url: str) -> bool:
    """Whether a form was sent by our own page, drawn for this very session."""
    token: FormToken = request.state.form_token
    return comes_from_here(request, base_url) and token.matches(form.get(FIELD))
