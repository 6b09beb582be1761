"""Quotes that wait for the visitor's consent: why, and what they leave, as far as the visitor may see it."""

from collections.abc import Sequence

from starlette.responses import Response

from storefront.forms import Problem
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Page

PATH = "/staff/approvals"
PAGE_SIZE = 10


async def show_approvals(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("QuotesToApprove", **paging(page, PAGE_SIZE))
    found = data["quotes"]
    return page.show(
        "staff/quotes_approvals.html", 422 if problems else 200, frame=data, found=found, problems=list(problems),
        typed={name: page.field(name) for name in ("quote", "act", "reason")},
        pager=neighbours(page, found["pageInfo"]),
    )  # fmt: skip


def _decide(operation: str, said: str) -> Handler:
    async def act(page: Page) -> Response:
        quote, version = page.field("quote"), page.field("version")
        outcome = await page.act(
            operation, quoteId=quote, reason=page.field("reason"),
            expectedVersion=int(version) if version.isdigit() and len(version) < 10 else 0,
        )  # fmt: skip
        if not outcome.done:
            field = f"{page.field('act')}-reason-{quote}"
            problems = [
                Problem(each["message"], field if each["path"] == ["reason"] else "", each["code"])
                for each in outcome.errors
            ]
            return await show_approvals(page, problems)
        return page.go(PATH, page.gettext(said), warnings=outcome.warnings)

    return act


PAGES = (
    At(
        PATH,
        show_approvals,
        {
            "approve": _decide("ApproveQuote", N_("You consented to the quote.")),
            "reject": _decide("RejectQuote", N_("You did not consent; it is a draft again.")),
        },
        needs="quotes:approve",
    ),
)
