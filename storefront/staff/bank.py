"""Bank files: what was read, what waits, and whose it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page
from storefront.rendering import address

PAGE_SIZE = 25
_STATES: Mapping[str, Mapping[str, Any]] = {
    "": {"status": {"eq": "UNKNOWN"}},
    "account": {"status": {"in": ["ON_ACCOUNT", "PARTLY_MATCHED"]}},
    "all": {},
}


async def show_bank(page: Page, problems: Sequence[Problem] = ()) -> Response:
    state = page.query("state") if page.query("state") in _STATES else ""
    data = await page.ask("BankLines", where=dict(_STATES[state]) or None, **paging(page, PAGE_SIZE))
    return page.show(
        "staff/bank.html", 422 if problems else 200, frame=data, lines=data["bankLines"], state=state,
        problems=list(problems), typed={name: page.field(name) for name in ("act", "line")},
        pager=neighbours(page, data["bankLines"]["pageInfo"], state=state),
    )  # fmt: skip


async def read_file(page: Page) -> Response:
    """What is wrong with the file is told by line and field."""
    upload, problem = await page.send_file("file")
    if problem:
        return await show_bank(page, [Problem(problem, "file")])
    outcome = await page.act("ImportBankFile", uploadId=upload)
    if not outcome.done:
        told = [Problem(_at(page, error), "file", error["code"]) for error in outcome.errors[:20]]
        return await show_bank(page, told)
    lines = outcome.payload["bankFile"]["lines"]
    waiting = sum(each["status"] == "UNKNOWN" for each in lines)
    read = page.ngettext("%(count)s line was read.", "%(count)s lines were read.", len(lines))
    left = page.ngettext("%(count)s line waits for you.", "%(count)s lines wait for you.", waiting)
    said = read + " " + (left if waiting else page.gettext("None waits for you."))
    return page.go("/staff/bank", said, warnings=outcome.warnings)


def _at(page: Page, error: Mapping[str, Any]) -> str:
    path = error["path"]
    if len(path) < 3:
        return str(error["message"])
    return page.gettext(
        "Line %(line)s, %(field)s: %(message)s", line=path[1], field=path[2], message=error["message"]
    )


async def assign(page: Page) -> Response:
    line = page.field("line")
    found = await page.ask("BankCustomer", number=page.field("number")[:100])
    if found["customer"] is None:
        return await show_bank(
            page, [Problem(page.gettext("No customer has this number."), f"number-{line}")]
        )
    outcome = await page.act("AssignBankLine", bankLineId=line, customerId=found["customer"]["id"])
    if not outcome.done:
        return await show_bank(page, problems_of(outcome.errors, {"receivedOn": f"number-{line}"}))
    number = outcome.payload["bankLine"]["payment"]["number"]
    said = page.gettext("Payment %(number)s was recorded.", number=number)
    return page.go(f"{address('/staff/payments')}/{number}", said, warnings=outcome.warnings)


async def ignore(page: Page) -> Response:
    line = page.field("line")
    outcome = await page.act("IgnoreBankLine", bankLineId=line, reason=page.field("reason"))
    if not outcome.done:
        return await show_bank(page, problems_of(outcome.errors, {"reason": f"reason-{line}"}))
    return page.go("/staff/bank", page.gettext("The line was put aside."), warnings=outcome.warnings)


async def show_journal(page: Page) -> Response:
    data = await page.ask("Journal", **paging(page, PAGE_SIZE))
    return page.show(
        "staff/journal.html", frame=data, journal=data["journalEntries"],
        pager=neighbours(page, data["journalEntries"]["pageInfo"]),
    )  # fmt: skip


PAGES = (
    At(
        "/staff/bank",
        show_bank,
        {"read": read_file, "assign": assign, "ignore": ignore},
        needs="payments:manage",
        takes_file=True,
    ),
    At("/staff/journal", show_journal, needs="journal:read"),
)
