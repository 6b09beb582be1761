"""The company's own consent: what waits for the visitor, what they wait for, and what was decided."""

from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Page
from storefront.portal.orders import ACTS, show_order, version_of

PAGE_SIZE = 15


async def show_approvals(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("Approvals", **paging(page, PAGE_SIZE))
    return page.show(
        "portal/approvals.html", 422 if problems else 200, frame=data, data=data, problems=list(problems),
        pager=neighbours(page, data["decided"]["pageInfo"]),
        typed={name: page.field(name) for name in ("act", "order", "reason")},
    )  # fmt: skip


async def approve(page: Page) -> Response:
    """Consents; the form stands on the list and on the order's own page."""
    given = {"orderId": page.field("order"), "expectedVersion": version_of(page)}
    outcome = await page.act("ApproveOrder", **given, reason=page.field("reason"))
    if not outcome.done:
        return await _again(page, problems_of(outcome.errors, {"reason": _field(page)}))
    number = outcome.payload["order"]["number"]
    said = page.gettext("Order %(number)s is approved.", number=number)
    return page.go(_onwards(page), said, warnings=outcome.warnings)


async def refuse(page: Page) -> Response:
    given = {"orderId": page.field("order"), "expectedVersion": version_of(page)}
    outcome = await page.act("RefuseApproval", **given, reason=page.field("reason"))
    if not outcome.done:
        return await _again(page, problems_of(outcome.errors, {"reason": _field(page)}))
    number = outcome.payload["order"]["number"]
    return page.go(_onwards(page), page.gettext("Order %(number)s is not approved.", number=number))


async def withdraw(page: Page) -> Response:
    given = {"orderId": page.field("order"), "expectedVersion": version_of(page)}
    outcome = await page.act("WithdrawApproval", **given)
    if not outcome.done:
        return await _again(page, problems_of(outcome.errors))
    number = outcome.payload["order"]["number"]
    return page.go(_onwards(page), page.gettext("Order %(number)s was withdrawn.", number=number))


def _is_order_page(page: Page) -> bool:
    return "number" in page.request.path_params


def _field(page: Page) -> str:
    return "refuse-approval-reason" if _is_order_page(page) else f"reason-{page.field('order')}"


async def _again(page: Page, problems: Sequence[Problem]) -> Response:
    return await (show_order if _is_order_page(page) else show_approvals)(page, problems)


def _onwards(page: Page) -> str:
    if _is_order_page(page):
        return f"/orders/{quote(str(page.request.path_params['number']), safe='')}"
    return "/approvals"


ORDER_ACTS: dict[str, Handler] = {"approve": approve, "refuse-approval": refuse, "withdraw": withdraw}
PAGES = (
    At("/approvals", show_approvals, ORDER_ACTS, needs="orders:place"),
    At("/orders/{number}", show_order, {**ACTS, **ORDER_ACTS}, needs="orders:read"),
)
