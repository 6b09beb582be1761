"""What is given by hand and waits for a sales manager, what became of it, and how much each may give alone."""

from collections.abc import Sequence

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Page

PAGE_SIZE = 25
PATH = "/staff/concessions"
ROLES = ("SALES_REP", "SALES_MANAGER")
_NUMBERS = {"perLinePercent": "line", "perOrderPercent": "order", "budget": "budget"}


async def show_concessions(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("StaffConcessions", **paging(page, PAGE_SIZE))
    return page.show(
        "staff/concessions.html", 422 if problems else 200, frame=data, waiting=data["waiting"],
        decided=data["decided"], limits=data.get("concessionLimits"), reps=data["salesReps"], roles=ROLES,
        problems=list(problems), pager=neighbours(page, data["decided"]["pageInfo"]),
        typed={name: page.field(name) for name in ("act", "request", "reason", "whose", *_NUMBERS.values())},
    )  # fmt: skip


def _version(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


def _decide(operation: str, said: str, with_reason: bool = True) -> Handler:
    async def act(page: Page) -> Response:
        key = page.field("request")
        reason = {"reason": page.field("reason")} if with_reason else {}
        outcome = await page.act(operation, approvalRequestId=key, expectedVersion=_version(page), **reason)
        if not outcome.done:
            return await show_concessions(page, problems_of(outcome.errors, {"reason": f"reason-{key}"}))
        return page.go(PATH, page.gettext(said), warnings=outcome.warnings)

    return act


async def set_limit(page: Page) -> Response:
    """A limit of a role, or of a person; what is left empty is without limit."""
    values = {}
    for name, field in _NUMBERS.items():
        typed = page.field(field)
        values[name] = read_number(typed, page.locale) if typed else None
        if typed and values[name] is None:
            problem = Problem(page.gettext("Enter a number, such as 5, or leave it empty."), f"limit-{field}")
            return await show_concessions(page, [problem])
    whose = page.field("whose")
    of = {"role": whose} if whose in ROLES else {"salesRepId": whose}
    known = (await page.ask("StaffConcessions", **paging(page, PAGE_SIZE))).get("concessionLimits") or []
    versions = {each["role"] or (each["salesRep"] or {}).get("id"): each["version"] for each in known}
    outcome = await page.act("SetConcessionLimit", **of, **values, expectedVersion=versions.get(whose))
    if not outcome.done:
        fields = {name: f"limit-{field}" for name, field in _NUMBERS.items()}
        fields |= {"role": "limit-whose", "salesRepId": "limit-whose"}
        return await show_concessions(page, problems_of(outcome.errors, fields))
    return page.go(PATH, page.gettext("The limit was set."), warnings=outcome.warnings)


PAGES = (
    At(
        PATH,
        show_concessions,
        {
            "approve": _decide("ApproveConcession", N_("It was given.")),
            "refuse": _decide("RefuseConcession", N_("It was not given.")),
            "withdraw": _decide("WithdrawConcession", N_("It was taken back."), with_reason=False),
            "limit": set_limit,
        },
        needs="orders:discount",
    ),
)
