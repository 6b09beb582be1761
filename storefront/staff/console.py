"""The staff console's first page: what waits for a decision, and whose customers they are."""

from starlette.responses import Response

from storefront.page import At, Page


async def show_console(page: Page) -> Response:
    data = await page.ask("Console")
    return page.show("staff/console.html", frame=data, data=data)


PAGES = (At("/staff", show_console, needs="staff"),)
