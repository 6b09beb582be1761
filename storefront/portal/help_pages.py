"""How to use the API."""

from starlette.responses import Response

from storefront.page import At, Page


async def show_api_help(page: Page) -> Response:
    data = await page.ask("Help")
    return page.show("portal/help_api.html", frame=data)


PAGES = (At("/help/api", show_api_help),)
