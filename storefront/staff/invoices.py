"""The invoice desk: what is to be invoiced, drafts, what is issued and overdue; and the acts on it."""

from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date, read_number
from storefront.invoice_lists import PAGE_SIZE, STATES, asked_of, version_of
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page, Trouble

LIST = "/staff/invoices"


async def show_invoices(page: Page, problems: Sequence[Problem] = ()) -> Response:
    asked = asked_of(page, "uninvoiced")
    status, search = 422 if problems else 200, asked["search"][:200] or None
    if asked["state"] == "uninvoiced" and page.may("invoices:manage"):
        data = await page.ask("DeliveriesToInvoice", search=search, **paging(page, PAGE_SIZE))
        return page.show(
            "invoices.html", status, frame=data, deliveries=data["deliveries"], asked=asked,
            pager=neighbours(page, data["deliveries"]["pageInfo"], **asked), problems=list(problems),
        )  # fmt: skip
    where = dict(STATES.get(asked["state"], STATES[""]))
    data = await page.ask("StaffInvoices", search=search, where=where, **paging(page, PAGE_SIZE))
    return page.show(
        "invoices.html", status, frame=data, invoices=data["invoices"], asked=asked,
        pager=neighbours(page, data["invoices"]["pageInfo"], **asked), problems=list(problems),
    )  # fmt: skip


def _chosen(page: Page) -> list[str]:
    return [each for each in page.form.getlist("chosen") if isinstance(each, str)]


async def create(page: Page) -> Response:
    """Drafts for the chosen deliveries."""
    outcome = await page.act("CreateInvoices", deliveryIds=_chosen(page))
    if not outcome.done:
        return await show_invoices(page, problems_of(outcome.errors))
    count = len(outcome.payload["invoices"])
    said = page.renderer.texts.ngettext("%(num)s draft was made.", "%(num)s drafts were made.", count)
    return page.go(f"{LIST}?state=drafts", said % {"num": count}, warnings=outcome.warnings)


async def issue(page: Page) -> Response:
    """The chosen drafts, with the date given or today's; what could not be issued is told."""
    told = page.field("issued-on")
    day = read_date(told) if told else None
    if told and day is None:
        return await show_invoices(page, [Problem(page.gettext("Enter a date."), "issued-on")])
    outcome = await page.act("IssueInvoices", invoiceIds=_chosen(page), issuedOn=day)
    if not outcome.done:
        return await show_invoices(page, problems_of(outcome.errors, {"issuedOn": "issued-on"}))
    numbers = [each["number"] for each in outcome.payload["invoices"] if each["number"]]
    said = page.gettext("Issued: %(numbers)s.", numbers=", ".join(numbers[:20]))
    return page.go(LIST, said, warnings=outcome.warnings)


async def show_invoice(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("StaffInvoice", id=str(page.request.path_params["id"])[:100])
    if data["invoice"] is None:
        raise Trouble(404)
    return page.show(
        "invoice.html", 422 if problems else 200, frame=data, invoice=data["invoice"], problems=list(problems),
        typed={name: page.field(name) for name in ("act", "reason", "type")},
    )  # fmt: skip


async def issue_one(page: Page) -> Response:
    outcome = await page.act("IssueInvoices", invoiceIds=[page.field("invoice")])
    if not outcome.done:
        return await show_invoice(page, problems_of(outcome.errors))
    said = page.gettext("Issued: %(numbers)s.", numbers=outcome.payload["invoices"][0]["number"])
    return page.go(page.request.url.path, said, warnings=outcome.warnings)


async def discard(page: Page) -> Response:
    outcome = await page.act(
        "DiscardInvoice", invoiceId=page.field("invoice"), expectedVersion=version_of(page)
    )
    if not outcome.done:
        return await show_invoice(page, problems_of(outcome.errors))
    return page.go(
        f"{LIST}?state=drafts", page.gettext("The draft was discarded."), warnings=outcome.warnings
    )


async def rectify(page: Page) -> Response:
    """Credits the quantities that were entered, or all that is left where none was."""
    lines, problems = [], []
    for name in page.form:
        if name.startswith("credit-") and page.field(name):
            quantity = read_number(page.field(name), page.locale)
            if quantity is None:
                problems.append(Problem(page.gettext("Enter a quantity, such as 12."), name))
            else:
                lines.append({"invoiceLineId": name.removeprefix("credit-"), "quantity": quantity})
    if problems:
        return await show_invoice(page, problems)
    outcome = await page.act(
        "RectifyInvoice", invoiceId=page.field("invoice"), expectedVersion=version_of(page),
        type=page.field("type") if page.field("type") in ("R1", "R2", "R3", "R4") else "R1",
        reason=page.field("reason"), lines=lines or None,
    )  # fmt: skip
    if not outcome.done:
        return await show_invoice(page, problems_of(outcome.errors, {"reason": "rectify-reason"}))
    made = outcome.payload["invoice"]
    said = page.gettext("Issued: %(numbers)s.", numbers=made["number"])
    return page.go(f"{LIST}/{quote(made['id'], safe='')}", said, warnings=outcome.warnings)


PAGES = (
    At(LIST, show_invoices, {"create": create, "issue": issue}, needs="staff"),
    At(
        LIST + "/{id}",
        show_invoice,
        {"issue": issue_one, "discard": discard, "rectify": rectify},
        needs="staff",
    ),
)
