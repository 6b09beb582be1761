"""The company's quotes: the list, what is offered, and the answers: accept, counter, decline, consent."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote as quoted

from starlette.responses import Response

from storefront.forms import Problem, indexed, problems_of, read_date, read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Outcome, Page, Trouble

PAGE_SIZE, TAKEN_MAX = 25, 200
# The tabs: name in the address -> the states that it shows.
STATES: Mapping[str, Sequence[str]] = {
    "": (),
    "answer": ("SENT",),
    "seller": ("REQUESTED", "DRAFT", "COUNTERED"),
    "waiting": ("ACCEPTANCE_PENDING",),
    "accepted": ("ACCEPTED", "CONVERTED"),
    "ended": ("DECLINED", "EXPIRED", "WITHDRAWN"),
}
# What a customer may want otherwise of a line: the input's field, and that of the form.
WISHES = {
    "quantity": "quantity",
    "unitPrice": "price",
    "requestedOn": "requested",
    "substituteSku": "substitute",
}


async def show_quotes(page: Page) -> Response:
    asked = {name: page.query(name) for name in ("search", "state")}
    if asked["state"] not in STATES:
        asked["state"] = ""
    states = list(STATES[asked["state"]])
    data = await page.ask(
        "Quotes", search=asked["search"][:100] or None, where={"status": {"in": states}} if states else None,
        **paging(page, PAGE_SIZE),
    )  # fmt: skip
    found = data["quotes"]
    return page.show(
        "portal/quotes.html", frame=data, quotes=found, asked=asked,
        pager=neighbours(page, found["pageInfo"], **asked),
    )  # fmt: skip


def _number(page: Page) -> str:
    return str(page.request.path_params["number"])[:100]


async def _quote(page: Page) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the page is drawn from, and the quote in it."""
    data = await page.ask("Quote", number=_number(page))
    if data["quote"] is None:
        raise Trouble(404)
    return data, data["quote"]


async def show_quote(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data, quote = await _quote(page)
    offer = quote["offer"]
    if offer and quote["status"] == "SENT" and quote["openedAt"] is None and page.may("quotes:answer"):
        await page.act_unkeyed("MarkQuoteOpened", quoteId=quote["id"])
    lines = offer["lines"] if offer else []
    taken = [each for each in _taken(page) if any(each == line["id"] for line in lines)]
    if offer and taken and page.may("prices:read"):
        found, _ = await page.try_ask("QuoteTotals", number=_number(page), taken=taken)
        offer |= found["quote"]["offer"] if found else {}
    return page.show(
        "portal/quote.html", 422 if problems else 200, frame=data, quote=quote, offer=offer, problems=list(problems),
        choices=_choices(lines), countered=_countered(quote), typed=page.field, taken=taken,
        earlier=[each for each in quote["revisions"] if offer is None or each["number"] != offer["number"]],
        open_for=[line for line in lines if line["kind"] != "CHARGE" and not line["isFree"]],
    )  # fmt: skip


def _choices(lines: Sequence[Mapping[str, Any]]) -> dict[int, list[Mapping[str, Any]]]:
    """Lines that others may be taken instead of: position -> those others."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    for line in lines:
        if line["alternativeTo"] is not None:
            found.setdefault(line["alternativeTo"], []).append(line)
    return found


def _countered(quote: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The counter-offers; a line of the present offer is known by its name, others by what was wished."""
    offer = quote["offer"]
    known = {line["id"]: line for line in offer["lines"]} if offer else {}
    return [
        dict(counter, lines=[dict(each, line=known.get(each["lineId"])) for each in counter["lines"]])
        for counter in quote["counters"]
    ]


def _taken(page: Page) -> list[str]:
    """The options that were ticked and the alternatives that were chosen, by their lines' ids."""
    found = [value for name, value in page.form.multi_items() if name.startswith("take-")]
    return [value for value in found if isinstance(value, str) and value][:TAKEN_MAX]


def _answered(page: Page) -> dict[str, str]:
    """What every answer names: the revision that was seen, and exactly what it said."""
    return {
        "quoteId": page.field("quote"),
        "revisionId": page.field("revision"),
        "contentHash": page.field("hash"),
    }


def _version(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


def _said_of(page: Page, outcome: Outcome) -> str:
    """What came of an acceptance."""
    quote = outcome.payload["quote"]
    if quote["status"] == "CONVERTED" and quote.get("order"):
        return page.gettext(
            "The quote was accepted; it is order %(number)s.", number=quote["order"]["number"]
        )
    if quote["status"] == "ACCEPTANCE_PENDING":
        return page.gettext("A colleague has to consent before it is accepted.")
    return page.gettext("The quote was accepted.")


async def accept(page: Page) -> Response:
    """With the options that were ticked and, of alternatives, the one that was chosen."""
    outcome = await page.act(
        "AcceptQuote", **_answered(page), lineIds=_taken(page), purchaseOrderNumber=page.field("purchase_order")
    )  # fmt: skip
    if not outcome.done:
        fields = {"purchaseOrderNumber": "purchase-order", "lineIds": "lines"}
        return await show_quote(page, problems_of(outcome.errors, fields))
    return page.go(page.request.url.path, _said_of(page, outcome), warnings=outcome.warnings)


async def show_total(page: Page) -> Response:
    """What it comes to with what was chosen; nothing is accepted."""
    return await show_quote(page)


async def counter(page: Page) -> Response:
    """Only the lines of which something was typed are named."""
    _, quote = await _quote(page)
    lines, problems = [], []
    for line in quote["offer"]["lines"] if quote["offer"] else []:
        wish, wrong = _wish(page, line["id"])
        problems += wrong
        if wish:
            lines.append({"lineId": line["id"]} | wish)
    if problems:
        return await show_quote(page, problems)
    outcome = await page.act("CounterQuote", **_answered(page), lines=lines, message=page.field("message"))
    if not outcome.done:
        return await show_quote(page, _counter_problems(outcome.errors, [line["lineId"] for line in lines]))
    return page.go(
        page.request.url.path, page.gettext("Your counter-offer was sent."), warnings=outcome.warnings
    )


def _wish(page: Page, line: str) -> tuple[dict[str, str], list[Problem]]:
    """What was typed of a line, as the schema takes it, and what of it cannot be read."""
    typed = {name: page.field(f"{field}-{line}") for name, field in WISHES.items()}
    read: dict[str, str | None] = {}
    for name, text in typed.items():
        if text:
            match name:
                case "quantity" | "unitPrice":
                    read[name] = read_number(text, page.locale)
                case "requestedOn":
                    read[name] = read_date(text)
                case _:
                    read[name] = text[:100]
    said = {
        "quantity": page.gettext("Enter a quantity, such as 12."),
        "unitPrice": page.gettext("Enter a price, such as 12.50."),
        "requestedOn": page.gettext("Enter a date."),
    }
    problems = [
        Problem(said[name], f"{WISHES[name]}-{line}") for name, value in read.items() if value is None
    ]
    return {name: value for name, value in read.items() if value is not None}, problems


def _counter_problems(errors: Sequence[Mapping[str, Any]], lines: Sequence[str]) -> list[Problem]:
    """Refusals of a line at the field that they name, of the whole at the message."""
    found = []
    for error in errors:
        field = WISHES.get(error["path"][-1]) if error["path"] else None
        if field is not None:
            found += indexed([error], lines, f"{field}-")
        else:
            known = {"message": "counter-message", "lines": "counter-message"}
            found += problems_of([error], known)
    return found


def _with_reason(operation: str, act: str, said: str, *, answers: bool = False) -> Handler:
    """An act that says why: of the revision that was seen, or of the quote's version."""

    async def handle(page: Page) -> Response:
        given: dict[str, Any] = (
            dict(_answered(page))
            if answers
            else {"quoteId": page.field("quote"), "expectedVersion": _version(page)}
        )
        outcome = await page.act(operation, **given, reason=page.field("reason"))
        if not outcome.done:
            return await show_quote(page, problems_of(outcome.errors, {"reason": f"{act}-reason"}))
        return page.go(page.request.url.path, page.gettext(said), warnings=outcome.warnings)

    return handle


async def consent(page: Page) -> Response:
    outcome = await page.act(
        "ApproveQuoteAcceptance", quoteId=page.field("quote"), expectedVersion=_version(page),
        reason=page.field("reason"),
    )  # fmt: skip
    if not outcome.done:
        return await show_quote(page, problems_of(outcome.errors, {"reason": "consent-reason"}))
    return page.go(page.request.url.path, _said_of(page, outcome), warnings=outcome.warnings)


def path_of(number: str) -> str:
    return f"/quotes/{quoted(number, safe='')}"


PAGES = (
    At("/quotes", show_quotes, needs="quotes:read"),
    At(
        "/quotes/{number}",
        show_quote,
        {
            "accept": accept,
            "total": show_total,
            "counter": counter,
            "decline": _with_reason("DeclineQuote", "decline", N_("Your answer was noted."), answers=True),
            "withdraw": _with_reason("WithdrawQuoteRequest", "withdraw", N_("The request was taken back.")),
            "consent": consent,
            "refuse": _with_reason("RefuseQuoteAcceptance", "refuse", N_("The acceptance was refused.")),
        },
        needs="quotes:read",
    ),
)
