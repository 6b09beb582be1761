"""The company's invoices: the list, one invoice with its papers, and what the company says of it."""

from collections.abc import Sequence

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.invoice_lists import PAGE_SIZE, STATES, asked_of, version_of
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page, Trouble


async def show_invoices(page: Page) -> Response:
    asked = asked_of(page)
    data = await page.ask(
        "Invoices", search=asked["search"][:200] or None, where=dict(STATES[asked["state"]]),
        **paging(page, PAGE_SIZE),
    )  # fmt: skip
    return page.show(
        "invoices.html", frame=data, invoices=data["invoices"], asked=asked,
        pager=neighbours(page, data["invoices"]["pageInfo"], **asked),
    )  # fmt: skip


async def show_invoice(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("Invoice", number=str(page.request.path_params["number"])[:100])
    if data["invoice"] is None:
        raise Trouble(404)
    return page.show(
        "invoice.html", 422 if problems else 200, frame=data, invoice=data["invoice"], problems=list(problems),
        typed={name: page.field(name) for name in ("act", "reason")},
    )  # fmt: skip


async def answer(page: Page) -> Response:
    outcome = await page.act(
        "AnswerInvoice", invoiceId=page.field("invoice"), expectedVersion=version_of(page),
        status="REJECTED" if page.field("act") == "reject" else "ACCEPTED", reason=page.field("reason"),
    )  # fmt: skip
    if not outcome.done:
        return await show_invoice(page, problems_of(outcome.errors, {"reason": "reject-reason"}))
    return page.go(page.request.url.path, page.gettext("Your answer was noted."), warnings=outcome.warnings)


PAGES = (
    At("/invoices", show_invoices, needs="invoices:read"),
    At("/invoices/{number}", show_invoice, {"accept": answer, "reject": answer}, needs="invoices:read"),
)
