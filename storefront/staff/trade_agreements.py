"""Trade agreements: what is in force, and journals that are written, checked and posted."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date, read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Page, Trouble

PAGE_SIZE = 25
ROWS_SIZE = 50
BASE = "/staff/trade-agreements"
RELATIONS = ("PRICE", "LINE_DISCOUNT", "MULTILINE_DISCOUNT", "TOTAL_DISCOUNT")
BASES = ("NET", "GROSS")
FILTERS = ("relation", "customer", "group", "sku", "items", "on")
TEXTS = ("customer", "group", "sku", "items", "currency", "unit")
NUMBERS = ("from", "to", "price", "price-unit", "amount", "percent1", "percent2")
DAYS = ("since", "until")
TYPED = (
    *TEXTS, *NUMBERS, *DAYS, "relation", "base", "rise", "copy-since", "copy-customer", "copy-group",
)  # fmt: skip
# The input's field of each of the form's.
INPUTS = {
    "customer": "customerNumber", "group": "customerGroup", "sku": "sku", "items": "itemGroup", "currency": "currency",
    "unit": "unit", "from": "fromQuantity", "to": "toQuantity", "price": "unitPrice", "price-unit": "priceUnit",
    "amount": "amount", "percent1": "percent1", "percent2": "percent2", "since": "validFrom", "until": "validUntil",
}  # fmt: skip
FIELDS = {
    **{field: name for name, field in INPUTS.items()},
    "productId": "sku", "customerId": "customer", "replacesId": "replaces", "relation": "relation",
    "factor": "rise", "rowIds": "copy-since", "where": "copy-customer", "description": "description",
}  # fmt: skip


async def show_rows(page: Page) -> Response:
    asked = {name: page.query(name)[:100] for name in FILTERS}
    asked["relation"] = asked["relation"] if asked["relation"] in RELATIONS else ""
    problems: list[Problem] = []
    day = read_date(asked["on"])
    if asked["on"] and day is None:
        problems.append(Problem(page.gettext("Enter a day, such as 2026-03-31."), "on"))
    where = await _where(page, asked)
    data = await page.ask("TradeAgreements", where=where or None, on=day, **paging(page, PAGE_SIZE))
    return page.show(
        "staff/trade_agreements.html", frame=data, rows=data["tradeAgreementRows"], asked=asked, relations=RELATIONS,
        problems=problems, pager=neighbours(page, data["tradeAgreementRows"]["pageInfo"], **asked),
    )  # fmt: skip


async def _where(page: Page, asked: Mapping[str, str]) -> dict[str, Any]:
    """The conditions that a filter asks for; a number that nobody has finds nothing."""
    where: dict[str, Any] = {"relation": {"eq": asked["relation"]}} if asked["relation"] else {}
    if asked["customer"] or asked["sku"]:
        found = await page.ask("TradeParties", customer=asked["customer"], sku=asked["sku"])
        for name, field in (("customer", "customer"), ("sku", "product")):
            if asked[name]:
                where[field] = {"eq": (found[field] or {"id": "-"})["id"]}
    for name, field in (("group", "customerGroup"), ("items", "itemGroup")):
        if asked[name]:
            where[field] = {"eq": asked[name]}
    return where


async def show_journals(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("TradeJournals", **paging(page, PAGE_SIZE))
    return page.show(
        "staff/trade_journals.html", 422 if problems else 200, frame=data, journals=data["tradeAgreementJournals"],
        problems=list(problems), typed={"description": page.field("description")},
        pager=neighbours(page, data["tradeAgreementJournals"]["pageInfo"]),
    )  # fmt: skip


async def create(page: Page) -> Response:
    outcome = await page.act("CreateTradeJournal", description=page.field("description"))
    if not outcome.done:
        return await show_journals(page, problems_of(outcome.errors, FIELDS))
    number = outcome.payload["journal"]["number"]
    return page.go(f"{BASE}/journals/{number}", page.gettext("The journal was begun."))


async def show_journal(page: Page, problems: Sequence[Problem] = ()) -> Response:
    number = str(page.request.path_params["number"])[:100]
    data = await page.ask("TradeJournal", number=number, **paging(page, ROWS_SIZE))
    journal = data["tradeAgreementJournal"]
    if journal is None:
        raise Trouble(404)
    typed: dict[str, Any] = {name: page.field(name) for name in TYPED}
    typed["ticked"] = [name for name in ("next", "generic", "replaces") if page.field(name)]
    return page.show(
        "staff/trade_journal.html", 422 if problems else 200, frame=data, journal=journal, typed=typed,
        relations=RELATIONS, bases=BASES, problems=list(problems),
        pager=neighbours(page, journal["rows"]["pageInfo"]),
    )  # fmt: skip


def _version(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


def _named(page: Page) -> dict[str, Any]:
    return {"journalId": page.field("journal"), "expectedVersion": _version(page)}


def _read_row(page: Page) -> tuple[dict[str, Any], list[Problem]]:
    """The row that was typed, and what of it cannot be read."""
    relation = page.field("relation")
    given: dict[str, Any] = {"relation": relation if relation in RELATIONS else "PRICE"}
    problems = []
    for name in TEXTS:
        if page.field(name):
            given[INPUTS[name]] = page.field(name)
    for name in NUMBERS:
        told = page.field(name)
        value = read_number(told, page.locale) if told else None
        if told and value is None:
            problems.append(Problem(page.gettext("Enter a number, such as 12.5."), name))
        elif value is not None:
            given[INPUTS[name]] = value
    for name in DAYS:
        told = page.field(name)
        day = read_date(told) if told else None
        if told and day is None:
            problems.append(Problem(page.gettext("Enter a day, such as 2026-03-31."), name))
        elif day is not None:
            given[INPUTS[name]] = day
    given["findNext"] = bool(page.field("next"))
    given["isGenericCurrency"] = bool(page.field("generic"))
    given["percentBase"] = "GROSS" if page.field("base") == "GROSS" else "NET"
    return given, problems


async def _replaced(page: Page, given: Mapping[str, Any]) -> str | None:
    """The row in force on the new one's first day that is for the same and begins at the same quantity."""
    asked = {name: str(given.get(INPUTS[name], "")) for name in ("customer", "group", "sku", "items")}
    where = await _where(page, asked | {"relation": given["relation"]})
    data = await page.ask("TradeAgreements", where=where, on=given.get("validFrom"), first=100)
    scopes = [
        "ONE" if given.get(one) else "GROUP" if given.get(group) else "ALL"
        for one, group in (("customerNumber", "customerGroup"), ("sku", "itemGroup"))
    ]
    quantity = Decimal(given.get("fromQuantity", "0"))
    currency = str(given.get("currency") or data["viewer"]["seller"]["currency"]).upper()
    for row in data["tradeAgreementRows"]["nodes"]:
        same = [row["customerScope"], row["itemScope"]] == scopes and row["currency"] == currency
        if same and (row["unit"] or "") == given.get("unit", "") and Decimal(row["fromQuantity"]) == quantity:
            return str(row["id"])
    return None


async def add(page: Page) -> Response:
    given, problems = _read_row(page)
    if not problems and page.field("replaces"):
        given["replacesId"] = await _replaced(page, given)
        if given["replacesId"] is None:
            text = page.gettext(
                "No row in force on its first day is for the same and begins at the same quantity."
            )
            problems.append(Problem(text, "replaces"))
    if problems:
        return await show_journal(page, problems)
    outcome = await page.act("AddTradeRows", **_named(page), rows=[given])
    if not outcome.done:
        return await show_journal(page, problems_of(outcome.errors, FIELDS))
    return page.go(page.request.url.path, page.gettext("The row was added."), warnings=outcome.warnings)


async def remove(page: Page) -> Response:
    outcome = await page.act("RemoveTradeRows", **_named(page), rowIds=[page.field("row")])
    if not outcome.done:
        return await show_journal(page, problems_of(outcome.errors))
    return page.go(page.request.url.path, page.gettext("The row was removed."))


async def copy(page: Page) -> Response:
    """Prices in force again, by so many percent dearer or cheaper."""
    rise, since = read_number(page.field("rise"), page.locale), read_date(page.field("copy-since"))
    problems = []
    if rise is None or Decimal(rise) <= -100:
        problems.append(Problem(page.gettext("Enter a percentage, such as 2.5 or -3."), "rise"))
    if since is None:
        problems.append(Problem(page.gettext("Enter a day, such as 2026-03-31."), "copy-since"))
    if problems or rise is None:
        return await show_journal(page, problems)
    asked = {"relation": "PRICE", "customer": page.field("copy-customer"), "group": page.field("copy-group")}
    where = await _where(page, asked | {"sku": "", "items": ""})
    outcome = await page.act(
        "CopyTradeRows", **_named(page), where=where, validFrom=since, factor=str(1 + Decimal(rise) / 100)
    )
    if not outcome.done:
        return await show_journal(page, problems_of(outcome.errors, FIELDS | {"validFrom": "copy-since"}))
    return page.go(page.request.url.path, page.gettext("The rows were copied."), warnings=outcome.warnings)


def _row_problems(errors: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """What a posting was refused with, each at its row."""
    return [
        Problem(
            each["message"], f"row-{each['path'][1]}" if each["path"][:1] == ["rows"] else "", each["code"]
        )
        for each in errors
    ]


def _posting(operation: str, said: str) -> Handler:
    async def act(page: Page) -> Response:
        outcome = await page.act(operation, **_named(page))
        if not outcome.done:
            return await show_journal(page, _row_problems(outcome.errors))
        return page.go(page.request.url.path, page.gettext(said), warnings=outcome.warnings)

    return act


PAGES = (
    At(BASE, show_rows, needs="trade-agreements:read"),
    At(f"{BASE}/journals", show_journals, {"create": create}, needs="trade-agreements:read"),
    At(
        f"{BASE}/journals/{{number}}",
        show_journal,
        {
            "add": add,
            "remove": remove,
            "copy": copy,
            "check": _posting(
                "CheckTradeJournal", N_("Nothing is wrong with the journal; it can be posted.")
            ),
            "post": _posting("PostTradeJournal", N_("The journal was posted.")),
        },
        needs="trade-agreements:read",
    ),
)
