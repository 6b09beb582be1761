"""Jobs as the seller's people see them: their own, and for an administrator all, with the dead ones to try again."""

from collections.abc import Sequence

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page

PAGE_SIZE = 25
STATES = ("FAILED", "RUNNING", "QUEUED", "SUCCEEDED")


async def show_jobs(page: Page, problems: Sequence[Problem] = ()) -> Response:
    state = page.query("state") if page.query("state") in STATES else ""
    data = await page.ask(
        "StaffJobs", where={"state": {"eq": state}} if state else None, **paging(page, PAGE_SIZE)
    )
    return page.show(
        "staff/jobs.html", 422 if problems else 200, frame=data, jobs=data["jobs"], state=state, states=STATES,
        problems=list(problems), pager=neighbours(page, data["jobs"]["pageInfo"], state=state),
    )  # fmt: skip


async def retry(page: Page) -> Response:
    told = page.field("version")
    version = int(told) if told.isdigit() and len(told) < 10 else 0
    outcome = await page.act("RetryJob", jobId=page.field("job"), expectedVersion=version)
    if not outcome.done:
        return await show_jobs(page, problems_of(outcome.errors))
    return page.go("/staff/jobs", page.gettext("The job will be tried again."), warnings=outcome.warnings)


PAGES = (At("/staff/jobs", show_jobs, {"retry": retry}, needs="staff"),)
