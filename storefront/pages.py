"""The storefront's routes: every page behind one door that knows who may open it and what to say when it cannot."""

import mimetypes
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from storefront import api_clients
from storefront.documents import Documents
from storefront.page import At, Execute, House, Page, Trouble, Upload, to_login
from storefront.portal import (
    account,
    agreements,
    approvals,
    cart,
    catalogue,
    company,
    company_admin,
    deliveries,
    help_pages,
    home,
    invoices,
    lists,
    orders,
    quick_order,
    quotes,
    quotes_new,
    road,
    statement,
)
from storefront.rendering import static_version
from storefront.staff import (
    admin,
    availability,
    backtests,
    bank,
    charges,
    concessions,
    console,
    credit,
    customers,
    desk,
    direct,
    discounts,
    free_goods,
    imports,
    jobs,
    lots,
    order_ways,
    payments,
    pricing_settings,
    punctuality,
    purchasing,
    quotes_approvals,
    quotes_editor,
    quotes_policy,
    scarce,
    scheduling,
    segments,
    simulator,
    suggestions,
    suppliers,
    trade_agreements,
    trade_groups,
)
from storefront.staff import agreements as agreement_desk
from storefront.staff import deliveries as delivery_desk
from storefront.staff import invoices as invoice_desk
from storefront.staff import quotes as quote_desk

STATIC = Path(__file__).parent / "static"
FORM_FIELDS_MAX = 5000
_YEAR = 31_536_000
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class SettingsLike(Protocol):
    """What the storefront has to know of the settings."""

    @property
    def base_url(self) -> str: ...
    @property
    def cookie_secure(self) -> bool: ...


PAGES: Sequence[At] = (
    *account.PAGES, *home.PAGES, *catalogue.PAGES, *quick_order.PAGES, *road.PAGES, *lists.PAGES, *cart.PAGES,
    *quotes_new.PAGES, *quotes.PAGES,  # in this order: "new" is no number
    *orders.PAGES, *deliveries.PAGES, *invoices.PAGES, *statement.PAGES, *agreements.PAGES, *approvals.PAGES,
    *company.PAGES, *company_admin.PAGES, *help_pages.PAGES, *console.PAGES, *customers.PAGES, *desk.PAGES,
    *order_ways.PAGES, *concessions.PAGES, *delivery_desk.PAGES, *invoice_desk.PAGES, *credit.PAGES,
    *payments.PAGES, *bank.PAGES, *agreement_desk.PAGES, *pricing_settings.PAGES, *trade_agreements.PAGES,
    *trade_groups.PAGES, *segments.PAGES, *discounts.PAGES, *backtests.PAGES, *free_goods.PAGES, *charges.PAGES,
    *simulator.PAGES, *suggestions.PAGES, *availability.PAGES, *suppliers.PAGES, *purchasing.PAGES, *direct.PAGES,
    *lots.PAGES, *scarce.PAGES, *scheduling.PAGES, *admin.PAGES,
    *api_clients.PAGES, *jobs.PAGES, *imports.PAGES, *punctuality.PAGES,
    *quote_desk.PAGES, *quotes_policy.PAGES, *quotes_approvals.PAGES,
    *quotes_editor.PAGES,  # the last of /staff/quotes: a name in the place of a number is no number
)  # fmt: skip
# Where forms send files: their bodies are larger than others'.
FILE_PATHS = tuple(at.path for at in PAGES if at.takes_file)
PUBLIC = frozenset(
    {
        "/login",
        "/theme",
        "/forgotten",
        "/invitation/{token}",
        "/password/{token}",
        "/road/offline",
        "/road/worker.js",
        deliveries.LINK_PATH,  # its secret is who asks
    }
)


def create_storefront(execute: Execute, settings: SettingsLike, upload: Upload) -> list[BaseRoute]:
    """
    The routes of portal and staff console.

    Args:
        execute: runs a document through the schema as the request's visitor.
        upload: stores a file as the request's visitor.
    """
    house = House(execute, Documents.read(), settings.cookie_secure, settings.base_url, upload)
    routes: list[BaseRoute] = []
    for at in PAGES:
        if at.get is not None:
            routes.append(Route(at.path, _door(house, at, posted=False), methods=["GET"]))
        if at.acts:
            routes.append(Route(at.path, _door(house, at, posted=True), methods=["POST"]))
    routes += [
        Route("/static/{path:path}", _static, methods=["GET"]),
        Route("/favicon.ico", _favicon, methods=["GET"]),
        Route("/robots.txt", _robots, methods=["GET"]),
    ]

    async def nowhere(request: Request) -> Response:
        """Whatever nobody else answers; the last of the storefront's routes."""
        return _said(Page(request, house), Trouble(404))

    routes.append(Route("/{path:path}", nowhere, methods=["GET"]))
    return routes


def _door(house: House, at: At, posted: bool) -> "_Endpoint":
    return _Endpoint(house, at, posted)


class _Endpoint:
    """A page's endpoint; an object, because Starlette hands functions a request and wraps everything else."""

    def __init__(self, house: House, at: At, posted: bool) -> None:
        self.house = house
        self.at = at
        self.posted = posted

    async def __call__(self, scope, receive, send) -> None:  # type: ignore[no-untyped-def]
        request = Request(scope, receive, send)
        response = await self.answer(Page(request, self.house))
        await response(scope, receive, send)

    async def answer(self, page: Page) -> Response:
        try:
            stop = self._stop(page)
            if stop is not None:
                return stop
            if self.posted:
                return await self._post(page)
            assert self.at.get is not None
            return await self.at.get(page)
        except Trouble as trouble:
            return _said(page, trouble)

    def _stop(self, page: Page) -> Response | None:
        """Where to go instead: to the door, to the choice of a company, or nowhere."""
        session = page.session
        if self.at.path in PUBLIC:
            return None
        if session is None:
            return to_login(page)
        if session.must_choose_customer:
            return None if self.at.path == "/select-company" else page.go("/select-company")
        if self.at.path == "/select-company":
            return None
        if session.is_staff and self.at.path == "/":
            return page.go("/staff")
        if self.at.needs not in page.permissions:
            raise Trouble(404)
        return None

    async def _post(self, page: Page) -> Response:
        kind = page.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _FORMS:
            raise Trouble(403)
        try:
            page.form = await page.request.form(max_files=int(self.at.takes_file), max_fields=FORM_FIELDS_MAX)
        except HTTPException:
            raise Trouble(400) from None
        if not page.request.state.form_token.matches(page.form.get("csrf_token")):
            raise Trouble(403)
        act = self.at.acts.get(page.field("act")) or self.at.acts.get("")
        if act is None:
            raise Trouble(400)
        return await act(page)


def _said(page: Page, trouble: Trouble) -> Response:
    if trouble.location:
        return page.go(trouble.location)
    known = trouble.status if trouble.status in (400, 403, 404, 429, 503) else 500
    response = page.show("trouble.html", trouble.status, trouble=known, reference=trouble.reference)
    if trouble.status in (429, 503):
        response.headers["Retry-After"] = "5"
    return response


async def _favicon(request: Request) -> Response:
    """Asked for by browsers that look at a file which is no page of ours."""
    return RedirectResponse("/static/favicon.svg", 308)


async def _robots(request: Request) -> Response:
    """Nothing here is for search engines: all of it is behind the door."""
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


async def _static(request: Request) -> Response:
    """Our own files. An address with the present version may be kept for ever."""
    path = (STATIC / request.path_params["path"]).resolve()
    if not path.is_relative_to(STATIC) or not path.is_file() or path.name.startswith("."):
        return PlainTextResponse("Not Found\n", 404)
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    version = request.query_params.get("v")
    kept = f"public, max-age={_YEAR}, immutable" if version == static_version() else "public, max-age=300"
    return Response(path.read_bytes(), media_type=kind, headers={"Cache-Control": kept})
