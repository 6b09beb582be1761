"""Sales agreements: the list and one agreement, as the portal's and the console's pages show them, and their acts."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.invoice_lists import version_of
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import Handler, Page, Trouble

PAGE_SIZE = 25
# The tabs: name in the address -> what it asks.
STATES: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "waiting": {"isWaiting": {"eq": True}},
    "effective": {"status": {"eq": "EFFECTIVE"}},
    "drafts": {"status": {"eq": "DRAFT"}},
    "ended": {"status": {"in": ["EXPIRED", "CLOSED", "CANCELLED"]}},
}
# What a form's `act` does: the operation, whether it needs a reason, and what is said afterwards.
ACTS: Mapping[str, tuple[str, bool, str]] = {
    "accept": ("AcceptAgreement", False, N_("The agreement is in force.")),
    "decline": ("DeclineAgreement", True, N_("Your answer was noted.")),
    "amend": ("AmendAgreement", False, N_("A new version was begun.")),
    "propose": ("ProposeAgreement", False, N_("The customer was asked.")),
    "withdraw": ("WithdrawAgreement", True, N_("The proposal was taken back.")),
    "close": ("CloseAgreement", True, N_("The agreement was ended.")),
    "cancel": ("CancelAgreement", True, N_("The agreement was called off.")),
}


def _demand_readable(page: Page) -> None:
    """The console's door asks for our people; not all of them read agreements."""
    if not page.may("agreements:read"):
        raise Trouble(404)


async def show_agreements(page: Page) -> Response:
    _demand_readable(page)
    asked = {name: page.query(name) for name in ("search", "state")}
    if asked["state"] not in STATES:
        asked["state"] = ""
    data = await page.ask(
        "Agreements", search=asked["search"][:200] or None, where=dict(STATES[asked["state"]]),
        **paging(page, PAGE_SIZE),
    )  # fmt: skip
    found = data["salesAgreements"]
    return page.show(
        "agreements.html", frame=data, agreements=found, shared=data["sharedCommitments"], asked=asked,
        pager=neighbours(page, found["pageInfo"], **asked),
    )  # fmt: skip


def number_of(page: Page) -> str:
    return str(page.request.path_params["number"])[:100]


async def show_agreement(page: Page, problems: Sequence[Problem] = ()) -> Response:
    _demand_readable(page)
    data = await page.ask("Agreement", number=number_of(page))
    agreement = data["salesAgreement"]
    if agreement is None:
        raise Trouble(404)
    booked = await page.ask("AgreementBookings", number=number_of(page))
    return page.show(
        "agreement.html", 422 if problems else 200, frame=data, agreement=agreement,
        waiting=agreement["versionWaiting"], said=agreement["versionInForce"] or agreement["versionWaiting"],
        bookings=booked["salesAgreement"]["lines"],
        problems=list(problems), typed={name: page.field(name) for name in ("act", "reason")},
    )  # fmt: skip


def act_of(name: str) -> Handler:
    """The handler of a form's act on an agreement."""
    operation, has_reason, said = ACTS[name]

    async def act(page: Page) -> Response:
        given: dict[str, Any] = {"reason": page.field("reason")} if has_reason else {}
        outcome = await page.act(
            operation, agreementId=page.field("agreement"), expectedVersion=version_of(page), **given
        )
        if not outcome.done:
            return await show_agreement(page, problems_of(outcome.errors, {"reason": f"{name}-reason"}))
        return page.go(page.request.url.path, page.gettext(said), warnings=outcome.warnings)

    return act
