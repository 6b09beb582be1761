"""The company's statement of account: what moved, what is owed, and how old it is."""

from starlette.responses import Response

from storefront.forms import read_date
from storefront.page import At, Page, Trouble


async def show_statement(page: Page) -> Response:
    since, until = read_date(page.query("from")), read_date(page.query("until"))
    if since and until and since > until:
        since, until = until, since
    data = await page.ask("Statement", **{"from": since, "until": until})
    if data["statement"] is None:
        raise Trouble(404)
    return page.show("portal/statement.html", frame=data, statement=data["statement"])


async def show_customer_statement(page: Page) -> Response:
    since, until = read_date(page.query("from")), read_date(page.query("until"))
    if since and until and since > until:
        since, until = until, since
    data = await page.ask("CustomerStatement", number=str(page.request.path_params["number"])[:100])
    if data["customer"] is None:
        raise Trouble(404)
    asked = {"id": data["customer"]["id"], "from": since, "until": until}
    found = (await page.ask("StatementOfCustomer", **asked))["statement"]
    if found is None:
        raise Trouble(404)
    return page.show("portal/statement.html", frame=data, statement=found)


PAGES = (
    At("/statement", show_statement, needs="invoices:read"),
    At("/staff/customers/{number}/statement", show_customer_statement, needs="payments:manage"),
)
