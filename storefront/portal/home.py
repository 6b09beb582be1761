"""The first page: what needs the buyer, what they ordered last, what they usually buy."""

from starlette.responses import Response

from storefront.page import At, Page


async def show_home(page: Page) -> Response:
    data = await page.ask("Home")
    return page.show("portal/home.html", frame=data, data=data, customer=data["viewer"]["customer"])


PAGES = (At("/", show_home),)
