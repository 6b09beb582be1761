"""The first page: what needs the buyer, what they ordered last, what they usually buy."""

from starlette.responses import Response

from storefront.page import At, Page


async def show_home(page: Page) -> Response:
    data = await page.ask("Home")
    quotes = await page.ask("QuotesForMe") if page.may("quotes:answer") else None
    consents = quotes["toConsent"]["nodes"] if quotes and "toConsent" in quotes else []
    return page.show(
        "portal/home.html", frame=data, data=data, customer=data["viewer"]["customer"],
        to_answer=quotes["toAnswer"] if quotes else {"nodes": [], "totalCount": 0},
        to_consent=[each for each in consents if not each["acceptanceRequest"]["isMine"]],
    )  # fmt: skip


PAGES = (At("/", show_home),)
