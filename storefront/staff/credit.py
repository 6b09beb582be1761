"""The credit desk: held orders with what holds them, and the two ways to let them go."""

from collections.abc import Sequence

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date, read_number
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page

PAGE_SIZE = 25


async def show_desk(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("CreditDesk", **paging(page, PAGE_SIZE))
    return page.show(
        "staff/credit.html", 422 if problems else 200, frame=data, desk=data["creditDesk"], problems=list(problems),
        typed={name: page.field(name) for name in ("act", "order", "amount", "reason", "until")},
        pager=neighbours(page, data["creditDesk"]["pageInfo"]),
    )  # fmt: skip


def _version(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


async def release(page: Page) -> Response:
    order = page.field("order")
    outcome = await page.act(
        "ReleaseOrder", orderId=order, expectedVersion=_version(page), reason=page.field("reason")
    )
    if not outcome.done:
        return await show_desk(page, problems_of(outcome.errors, {"reason": f"reason-{order}"}))
    return page.go("/staff/credit", page.gettext("The order was released."), warnings=outcome.warnings)


async def release_when_paid(page: Page) -> Response:
    order = page.field("order")
    amount = read_number(page.field("amount"), page.locale)
    if amount is None:
        problem = Problem(page.gettext("Enter an amount, such as 121.50."), f"amount-{order}")
        return await show_desk(page, [problem])
    outcome = await page.act(
        "ReleaseOrderWhenPaid", orderId=order, expectedVersion=_version(page), amount=amount,
        validUntil=read_date(page.field("until")), reason=page.field("reason"),
    )  # fmt: skip
    if not outcome.done:
        fields = {
            "reason": f"paid-reason-{order}",
            "amount": f"amount-{order}",
            "validUntil": f"until-{order}",
        }
        return await show_desk(page, problems_of(outcome.errors, fields))
    said = page.gettext("The order goes on as soon as the money is there.")
    return page.go("/staff/credit", said, warnings=outcome.warnings)


PAGES = (
    At(
        "/staff/credit",
        show_desk,
        {"release": release, "release-when-paid": release_when_paid},
        needs="credit:release",
    ),
)
