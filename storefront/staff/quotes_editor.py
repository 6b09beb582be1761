"""A quote as the seller's people work on it: written, tried, submitted, consented to, sent, revised, taken back."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.labels import N_
from storefront.page import At, Handler, Page, Trouble
from storefront.staff.quotes import BASE
from storefront.staff.quotes_forms import (
    KINDS,
    LINES_MAX,
    ROWS_MORE,
    Row,
    editor_problems,
    empty_row,
    own_lines,
    read_lines,
    read_terms,
    rows_of,
    terms_of,
    typed_rows,
    typed_terms,
)

SIMULATED_MAX = 50  # lines of a scenario


def _version(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


async def _found(page: Page) -> tuple[dict[str, Any], dict[str, Any]]:
    """The page's data and the quote; there is no such page for who neither writes quotes nor consents to them."""
    if not (page.may("quotes:manage") or page.may("quotes:approve")):
        raise Trouble(404)
    data = await page.ask("StaffQuote", number=str(page.request.path_params["number"])[:100])
    quote = data["quote"]
    if quote is None or quote["customer"] is None:
        raise Trouble(404)
    return data, quote


async def show_quote(
    page: Page,
    problems: Sequence[Problem] = (),
    tried: Mapping[str, Any] | None = None,
    more: int = ROWS_MORE,
) -> Response:
    """The quote; its editor as it was typed where it was, or else as the draft says."""
    data, quote = await _found(page)
    draft, customer = quote["draft"], quote["customer"]
    edits = "EDIT" in quote["allowedActions"] and draft is not None
    typed = page.form and "sku-0" in page.form
    rows = typed_rows(page) if typed else rows_of(page, draft) if draft else []
    terms = typed_terms(page) if typed else terms_of(page, draft, customer) if draft else {}
    shown = tried or draft or quote["offer"]
    outlook = await _outlook(page, customer, shown) if edits and shown else None
    return page.show(
        "staff/quote.html", 422 if problems else 200, frame=data, quote=quote, customer=customer,
        problems=list(problems), edits=edits, rows=_with_more(rows, more), terms=terms, kinds=KINDS, shown=shown,
        tried=tried is not None, outlook=outlook, counters=_known(quote), what=_what(page),
        typed={name: page.field(name) for name in ("act", "reason")}, takes=_countered(quote) is not None,
    )  # fmt: skip


def _with_more(rows: Sequence[Row], more: int) -> list[Row]:
    return [*rows, *(empty_row() for _ in range(min(more, LINES_MAX - len(rows))))]


def _what(page: Page) -> dict[str, str]:
    return {name: page.field(name) for name in ("what-discount", "what-term")}


def _known(quote: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The counter-offers with the lines they are about; those of earlier revisions say what was wished alone."""
    offer = quote["offer"]
    lines = {line["id"]: line for line in offer["lines"]} if offer else {}
    return [
        dict(each, lines=[dict(wish, line=lines.get(wish["lineId"])) for wish in each["lines"]])
        for each in quote["counters"]
    ]


def _countered(quote: Mapping[str, Any]) -> dict[str, Any] | None:
    """The counter-offer that waits for our answer, where it names lines."""
    if quote["status"] != "COUNTERED" or not quote["counters"] or quote["offer"] is None:
        return None
    newest: dict[str, Any] = quote["counters"][0]
    return newest if newest["lines"] and newest["revisionNumber"] == quote["offer"]["number"] else None


async def _outlook(page: Page, customer: Mapping[str, Any], shown: Mapping[str, Any]) -> Any:
    """When each line could come, and what it leaves beside the rules' own prices; None where nothing can be said."""
    lines = own_lines(shown)
    if not page.may("quotes:manage") or not lines:
        return None
    products = [
        {"sku": line["sku"], "quantity": line["quantity"], "requestedOn": line["requestedOn"]}
        for line in lines
    ]
    asked = {"customer": customer["id"], "products": products, "scenarios": _scenarios(page, shown, lines)}
    data, wrong = await page.try_ask("QuoteOutlook", **asked)
    if wrong:
        return None
    days = {line["position"]: each["promise"] for line, each in zip(lines, data["availability"], strict=True)}
    return {"days": days, "scenarios": data["priceSimulation"]}


def _scenarios(
    page: Page, shown: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """As the rules give it, as it is written, and as it would be with what was asked beside it."""
    firm = [line for line in lines if not line["isOptional"] and line["alternativeTo"] is None]
    sold = [line for line in firm if not line["isFree"]][:SIMULATED_MAX]
    given = [{"sku": line["sku"], "quantity": line["quantity"]} for line in firm if line["isFree"]]
    bare = [
        {"sku": line["sku"], "quantity": line["quantity"], "requestedOn": line["requestedOn"]}
        for line in sold
    ]
    by_hand = [
        dict(
            simple,
            unitPrice=line["manualUnitPrice"] and line["manualUnitPrice"]["amount"],
            discountPercent=line["discountPercent"],
        )
        for simple, line in zip(bare, sold, strict=True)
    ]
    term = shown["paymentTerms"]["code"]
    written = {
        "name": page.gettext("As written"), "lines": by_hand, "discountPercent": shown["discountPercent"],
        "paymentTermCode": term, "freeLines": given[:10],
    }  # fmt: skip
    found = [{"name": page.gettext("By the rules"), "lines": bare}, written]
    what = _what(page)
    percent = read_number(what["what-discount"], page.locale) if what["what-discount"] else None
    if percent is not None or what["what-term"]:
        found.append(
            dict(
                written,
                name=page.gettext("What if"),
                discountPercent=percent or shown["discountPercent"],
                paymentTermCode=what["what-term"] or term,
            )
        )
    return found


async def show_new(
    page: Page,
    problems: Sequence[Problem] = (),
    tried: Mapping[str, Any] | None = None,
    more: int = ROWS_MORE,
) -> Response:
    """A new quote: whose first, then the editor."""
    number = (page.field("customer-number") or page.query("customer"))[:64]
    data = await page.ask("NewQuoteOf", number=number)
    customer = data["customer"]
    problems = list(problems)
    if number and customer is None and not problems:
        problems.append(Problem(page.gettext("We know no customer of this number."), "customer"))
    rows = typed_rows(page)
    outlook = await _outlook(page, customer, tried) if tried and customer else None
    return page.show(
        "staff/quote_new.html", 422 if problems else 200, frame=data, customer=customer, number=number, kinds=KINDS,
        problems=problems, rows=_with_more(rows, max(more, ROWS_MORE * 2 - len(rows))), terms=typed_terms(page),
        shown=tried, tried=tried is not None, outlook=outlook, what=_what(page), quote=None,
    )  # fmt: skip


Given = tuple[dict[str, Any], list[int], list[Problem]]


def _given(page: Page) -> Given:
    """Lines and terms as they were typed, the rows that lines are of, and what cannot be read."""
    problems: list[Problem] = []
    lines, used = read_lines(page, typed_rows(page), problems)
    return {"lines": lines, "terms": read_terms(page, typed_terms(page), problems)}, used, problems


async def create(page: Page) -> Response:
    given, used, problems = _given(page)
    if problems:
        return await show_new(page, problems)
    outcome = await page.act("CreateQuote", customerId=page.field("customer"), **given)
    if not outcome.done:
        return await show_new(page, editor_problems(outcome.errors, used))
    number = outcome.payload["quote"]["number"]
    return page.go(f"{BASE}/{number}", page.gettext("The quote was begun."), warnings=outcome.warnings)


async def try_new(page: Page) -> Response:
    given, used, problems = _given(page)
    if problems:
        return await show_new(page, problems)
    outcome = await page.act("TryNewQuote", customerId=page.field("customer"), **given)
    if not outcome.done:
        return await show_new(page, editor_problems(outcome.errors, used))
    return await show_new(page, tried=outcome.payload["quote"]["draft"])


async def more_new(page: Page) -> Response:
    return await show_new(page, more=10)


def _named(page: Page) -> dict[str, Any]:
    return {"quoteId": page.field("quote"), "expectedVersion": _version(page)}


async def save(page: Page) -> Response:
    given, used, problems = _given(page)
    if problems:
        return await show_quote(page, problems)
    outcome = await page.act("SetQuoteLines", **_named(page), **given)
    if not outcome.done:
        return await show_quote(page, editor_problems(outcome.errors, used))
    return page.go(page.request.url.path, page.gettext("The draft was saved."), warnings=outcome.warnings)


async def try_it(page: Page) -> Response:
    given, used, problems = _given(page)
    if problems:
        return await show_quote(page, problems)
    outcome = await page.act("TryQuoteLines", **_named(page), **given)
    if not outcome.done:
        return await show_quote(page, editor_problems(outcome.errors, used))
    return await show_quote(page, tried=outcome.payload["quote"]["draft"])


async def more_rows(page: Page) -> Response:
    return await show_quote(page, more=10)


def _move(operation: str, said: str) -> Handler:
    """An act on the whole quote; a warning says it where it waits for somebody."""

    async def act(page: Page) -> Response:
        outcome = await page.act(operation, **_named(page))
        if not outcome.done:
            return await show_quote(page, problems_of(outcome.errors))
        waits = any(each["code"] == "APPROVAL_REQUIRED" for each in outcome.payload["warnings"])
        told = [] if waits else [page.gettext(said)]
        return page.go(page.request.url.path, *told, warnings=outcome.warnings)

    return act


def _with_reason(operation: str, said: str) -> Handler:
    async def act(page: Page) -> Response:
        outcome = await page.act(operation, **_named(page), reason=page.field("reason"))
        if not outcome.done:
            return await show_quote(
                page, problems_of(outcome.errors, {"reason": f"{page.field('act')}-reason"})
            )
        return page.go(page.request.url.path, page.gettext(said), warnings=outcome.warnings)

    return act


async def take_over(page: Page) -> Response:
    """The customer's counter-offer into the draft, which is begun where there is none."""
    _, quote = await _found(page)
    counter = _countered(quote)
    if counter is None:
        return await show_quote(page, [Problem(page.gettext("There is no counter-offer to take over."))])
    if quote["draft"] is None:
        begun = await page.act("ReviseQuote", **_named(page))
        if not begun.done:
            return await show_quote(page, problems_of(begun.errors))
        _, quote = await _found(page)
        version = quote["version"]
    else:
        version = _version(page)
    problems: list[Problem] = []
    rows = _taken(page, quote, counter)
    lines, used = read_lines(page, rows, problems)
    terms = read_terms(page, terms_of(page, quote["draft"], quote["customer"]), problems)
    if problems:
        return await show_quote(page, problems)
    outcome = await page.act_unkeyed(
        "SetQuoteLines", quoteId=quote["id"], expectedVersion=version, lines=lines, terms=terms
    )
    if not outcome.done:
        return await show_quote(page, editor_problems(outcome.errors, used))
    said = page.gettext("The counter-offer was taken over into the draft; look at it before you submit it.")
    return page.go(page.request.url.path, said, warnings=outcome.warnings)


def _taken(page: Page, quote: Mapping[str, Any], counter: Mapping[str, Any]) -> list[Row]:
    """The draft's rows with what the customer would have otherwise; the n-th line of a product is its n-th."""
    wishes = {each["lineId"]: each for each in counter["lines"]}
    seen: dict[str, int] = {}
    by_turn = {}
    for line in own_lines(quote["offer"]):
        seen[line["sku"]] = seen.get(line["sku"], 0) + 1
        if line["id"] in wishes:
            by_turn[line["sku"], seen[line["sku"]]] = wishes[line["id"]]
    seen.clear()
    plain = page.renderer.formats.plain
    rows = rows_of(page, quote["draft"])
    dropped = set()
    for number, row in enumerate(rows, start=1):
        seen[row["sku"]] = seen.get(row["sku"], 0) + 1
        wish = by_turn.get((row["sku"], seen[row["sku"]]))
        if wish is None:
            continue
        if wish["quantity"] is not None:
            row["quantity"] = plain(wish["quantity"])
            if float(wish["quantity"]) == 0:
                dropped.add(str(number))
        if wish["requestedOn"]:
            row["day"] = wish["requestedOn"]
        if wish["substitute"]:
            row |= {"sku": wish["substitute"]["sku"], "unit": "", "price": "", "discount": ""}
        if wish["unitPrice"]:
            row |= {"price": plain(wish["unitPrice"]["amount"]), "discount": ""}
            row["reason"] = row["reason"] or page.gettext("The customer's counter-offer")
    # Row by row, so that the numbers of lines that others stand in place of stay as they are.
    return [
        empty_row() if str(number) in dropped or row["instead"] in dropped - {""} else row
        for number, row in enumerate(rows, start=1)
    ]


PAGES = (
    At(
        f"{BASE}/new",
        show_new,
        {"save": create, "check": try_new, "more": more_new},
        needs="quotes:manage",
    ),
    At(
        f"{BASE}/{{number}}",
        show_quote,
        {
            "save": save,
            "check": try_it,
            "more": more_rows,
            "submit": _move("SubmitQuote", N_("The draft was submitted; it may be sent.")),
            "send": _move("SendQuote", N_("The quote was sent.")),
            "revise": _move("ReviseQuote", N_("The next revision was begun.")),
            "convert": _move("ConvertQuote", N_("It was tried again.")),
            "approve": _with_reason("ApproveQuote", N_("You consented to the quote.")),
            "reject": _with_reason("RejectQuote", N_("You did not consent; it is a draft again.")),
            "withdraw": _with_reason("WithdrawQuote", N_("The quote was taken back.")),
            "take": take_over,
        },
        needs="staff",
    ),
)
