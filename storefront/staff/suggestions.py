"""How suggestions fared, for those who lead sales."""

from datetime import date, timedelta

from starlette.responses import Response

from storefront.forms import read_date
from storefront.page import At, Page
from storefront.rendering import today


async def show_performance(page: Page) -> Response:
    """Of the last 30 days unless others are asked for."""
    until = read_date(page.query("until")) or today().isoformat()
    since = read_date(page.query("since")) or (date.fromisoformat(until) - timedelta(days=29)).isoformat()
    if since > until or date.fromisoformat(until) - date.fromisoformat(since) > timedelta(days=1000):
        since = until
    data = await page.ask("SuggestionPerformance", since=since, until=until)
    return page.show(
        "staff/suggestions.html", frame=data, rows=data["suggestionPerformance"], since=since, until=until
    )


async def refresh(page: Page) -> Response:
    outcome = await page.act("RefreshSuggestions")
    bad = [each["message"] for each in outcome.errors]
    said = [page.gettext("The count has begun.")] if outcome.done else []
    return page.go("/staff/suggestions", *said, warnings=outcome.warnings, bad=bad)


PAGES = (At("/staff/suggestions", show_performance, {"refresh": refresh}, needs="suggestions:measure"),)
