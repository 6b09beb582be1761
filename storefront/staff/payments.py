"""Payments as finance works them: record, match with proposals, undo, take back."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date, read_number
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page, Trouble
from storefront.rendering import address

PAGE_SIZE = 25
METHODS = ("TRANSFER", "CARD", "DIRECT_DEBIT", "CASH", "OTHER")
_STATES: Mapping[str, Mapping[str, Any]] = {
    "": {},
    "open": {"isOnAccount": {"eq": True}},
    "reversed": {"isReversed": {"eq": True}},
}
_FIELDS = {
    "amount": "amount", "receivedOn": "received-on", "currency": "currency", "reference": "reference",
    "note": "note", "reason": "reason",
}  # fmt: skip


async def show_payments(page: Page) -> Response:
    asked = {name: page.query(name) for name in ("search", "state")}
    asked["state"] = asked["state"] if asked["state"] in _STATES else ""
    data = await page.ask(
        "StaffPayments", search=asked["search"][:200] or None, where=dict(_STATES[asked["state"]]) or None,
        **paging(page, PAGE_SIZE),
    )  # fmt: skip
    return page.show(
        "staff/payments.html", frame=data, payments=data["payments"], asked=asked,
        pager=neighbours(page, data["payments"]["pageInfo"], **asked),
    )  # fmt: skip


async def _open_of(page: Page, customer_id: str) -> tuple[list[Any], list[Any]]:
    """What the customer owes, and what we owe them."""
    found = (await page.ask("OpenOfCustomer", id=customer_id))["openInstalments"]
    claims = [each for each in found if Decimal(each["openAmount"]["amount"]) > 0]
    return claims, [each for each in found if Decimal(each["openAmount"]["amount"]) < 0]


async def show_new(page: Page, problems: Sequence[Problem] = ()) -> Response:
    """First whose money it is, then how much and what it pays."""
    number = (page.field("customer-number") or page.query("customer"))[:100]
    data = await page.ask("PaymentCustomer", number=number)
    customer = data["customer"]
    told = list(problems)
    if number and customer is None:
        told.append(Problem(page.gettext("No customer has this number."), "customer"))
    claims, credits = await _open_of(page, customer["id"]) if customer else ([], [])
    names = ("amount", "received-on", "method", "reference", "note")
    return page.show(
        "staff/payment_new.html", 422 if problems else 200, frame=data, customer=customer, number=number,
        open=claims, credits=credits, methods=METHODS, problems=told,
        typed={name: page.field(name) for name in names}, chosen=_chosen(page),
    )  # fmt: skip


def _chosen(page: Page) -> list[str]:
    return [each for each in page.form.getlist("instalment") if isinstance(each, str)][:200]


async def record(page: Page) -> Response:
    amount = read_number(page.field("amount"), page.locale)
    if amount is None:
        problem = Problem(page.gettext("Enter an amount, such as 121.50."), "amount")
        return await show_new(page, [problem])
    day = read_date(page.field("received-on"))
    if page.field("received-on") and day is None:
        return await show_new(
            page, [Problem(page.gettext("Enter a day, such as 2026-03-31."), "received-on")]
        )
    outcome = await page.act(
        "RecordPayment", customerId=page.field("customer"), amount=amount, receivedOn=day,
        method=page.field("method") or "TRANSFER", reference=page.field("reference"), note=page.field("note"),
        matches=[{"instalmentId": each} for each in _chosen(page)],
    )  # fmt: skip
    if not outcome.done:
        return await show_new(page, problems_of(outcome.errors, _FIELDS))
    number = outcome.payload["payment"]["number"]
    said = page.gettext("Payment %(number)s was recorded.", number=number)
    return page.go(address("/staff/payments") + f"/{number}", said, warnings=outcome.warnings)


async def match_credit(page: Page) -> Response:
    outcome = await page.act(
        "MatchCredit", creditInstalmentId=page.field("credit"), instalmentId=page.field("against")
    )
    if not outcome.done:
        return await show_new(page, problems_of(outcome.errors))
    return page.go(
        address("/staff/payments/new", customer=page.field("customer-number")),
        page.gettext("The credit was set off."),
        warnings=outcome.warnings,
    )


async def show_payment(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("StaffPayment", number=str(page.request.path_params["number"])[:100])
    payment = data["payment"]
    if payment is None:
        raise Trouble(404)
    can_match = "MATCH" in payment["allowedActions"] and payment["customer"]
    claims, _ = await _open_of(page, payment["customer"]["id"]) if can_match else ([], [])
    return page.show(
        "staff/payment.html", 422 if problems else 200, frame=data, payment=payment, acts=payment["allowedActions"],
        open=claims, problems=list(problems),
    )  # fmt: skip


def _version(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


async def match(page: Page) -> Response:
    outcome = await page.act(
        "MatchPayment", paymentId=page.field("payment"), expectedVersion=_version(page),
        matches=[{"instalmentId": each} for each in _chosen(page)],
    )  # fmt: skip
    if not outcome.done:
        return await show_payment(page, problems_of(outcome.errors))
    return page.go(page.request.url.path, page.gettext("The payment was matched."), warnings=outcome.warnings)


async def unmatch(page: Page) -> Response:
    outcome = await page.act("UnmatchPayment", matchId=page.field("match"))
    if not outcome.done:
        return await show_payment(page, problems_of(outcome.errors))
    return page.go(page.request.url.path, page.gettext("The match was undone."), warnings=outcome.warnings)


async def reverse(page: Page) -> Response:
    outcome = await page.act(
        "ReversePayment", paymentId=page.field("payment"), expectedVersion=_version(page),
        reason=page.field("reason"),
    )  # fmt: skip
    if not outcome.done:
        return await show_payment(page, problems_of(outcome.errors, {"reason": "reason"}))
    return page.go(
        page.request.url.path, page.gettext("The payment was taken back."), warnings=outcome.warnings
    )


PAGES = (
    At("/staff/payments", show_payments, needs="payments:manage"),
    At("/staff/payments/new", show_new, {"record": record, "credit": match_credit}, needs="payments:manage"),
    At(
        "/staff/payments/{number}",
        show_payment,
        {"match": match, "unmatch": unmatch, "reverse": reverse},
        needs="payments:manage",
    ),
)
