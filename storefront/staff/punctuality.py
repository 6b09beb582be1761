"""How punctual deliveries were: of a period, of all customers or one, the least punctual first."""

from datetime import timedelta

from starlette.responses import Response

from storefront.forms import Problem, read_date
from storefront.page import At, Page
from storefront.rendering import today

DAYS = 90


async def show_figures(page: Page) -> Response:
    until = read_date(page.query("until")) or today().isoformat()
    since = read_date(page.query("since")) or (today() - timedelta(days=DAYS)).isoformat()
    found, wrong = await page.try_ask("StaffPunctuality", **{"from": since, "to": until})
    problems = [Problem(each, "until") for each in wrong]
    data = found or await page.ask("StaffPunctuality", **{"from": until, "to": until})
    return page.show(
        "staff/punctuality.html", 422 if problems else 200, frame=data, found=data["onTimeFigures"], problems=problems,
        since=since, until=until,
    )  # fmt: skip


PAGES = (At("/staff/punctuality", show_figures, needs="deliveries:read"),)
