"""The agreements desk: the list, one agreement with what was consumed of it, and the editor of its draft."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from storefront.agreements import act_of, number_of, show_agreement, show_agreements
from storefront.forms import Problem, read_date, read_number
from storefront.invoice_lists import version_of
from storefront.page import At, Page, Trouble

LIST = "/staff/agreements"
EMPTY_LINES = 3
LINES_MAX = 100
HEAD = (
    "title", "currency", "pricing", "validFrom", "validTo", "paymentTermCode", "deliveryTermCode", "deliveryAddress",
    "conditions",
)  # fmt: skip
# A line's fields in the form, as the schema calls them.
TEXTS = ("type", "sku", "categoryCode", "unit")
NUMBERS = (
    "committed", "unitPrice", "priceUnit", "discountPercent", "cashDiscountAmount", "minRelease", "maxRelease",
    "penaltyPercent",
)  # fmt: skip
DAYS = ("validFrom", "validTo")
FLAGS = (
    "maxEnforced", "isPriceFixed", "stackableWithPromotions", "includeInTotalDiscount", "excludeFromRebate",
)  # fmt: skip
Typed = dict[str, str]


def _empty_line() -> Typed:
    return dict.fromkeys((*TEXTS, *NUMBERS, *DAYS, "number"), "") | dict.fromkeys(FLAGS, "") | {
        "type": "PRODUCT_QUANTITY", "includeInTotalDiscount": "1",
    }  # fmt: skip


def _shown_line(page: Page, line: Mapping[str, Any]) -> Typed:
    """A line of the terms as the form shows it."""
    plain = page.renderer.formats.plain
    money = {"unitPrice": "unitPrice", "cashDiscountAmount": "cashDiscount", "minRelease": "minRelease",
             "maxRelease": "maxRelease"}  # fmt: skip
    shown = {name: str(line[name] or "") for name in ("number", *TEXTS, *DAYS)}
    shown |= {name: "1" if line[name] else "" for name in FLAGS}
    for name in NUMBERS:
        value = line[money[name]] and line[money[name]]["amount"] if name in money else line[name]
        shown[name] = "" if value is None else plain(value)
    return shown


def _typed_lines(page: Page) -> list[Typed]:
    """The lines as they were typed, without those that nothing was typed into."""
    found = []
    for index in range(LINES_MAX):
        line = {
            name: page.field(f"line-{index}-{name}") for name in ("number", *TEXTS, *NUMBERS, *DAYS, *FLAGS)
        }
        if any(line[name] for name in ("number", "sku", "categoryCode", "committed")):
            found.append(line)
    return found


def _line_input(page: Page, index: int, line: Typed, problems: list[Problem]) -> dict[str, Any]:
    given: dict[str, Any] = {name: line[name] for name in TEXTS}
    if line["number"].isdigit() and len(line["number"]) < 6:
        given["number"] = int(line["number"])
    for name in NUMBERS:
        if not line[name]:
            continue
        given[name] = read_number(line[name], page.locale)
        if given[name] is None:
            problems.append(Problem(page.gettext("Enter a number, such as 12.50."), f"line-{index}-{name}"))
    if not line["committed"]:
        problems.append(Problem(page.gettext("Enter a quantity or an amount."), f"line-{index}-committed"))
    for name in DAYS:
        if line[name]:
            given[name] = read_date(line[name])
            if given[name] is None:
                problems.append(Problem(page.gettext("Enter a date."), f"line-{index}-{name}"))
    return given | {name: bool(line[name]) for name in FLAGS}


def _terms_input(page: Page, lines: Sequence[Typed], problems: list[Problem]) -> dict[str, Any]:
    given: dict[str, Any] = {name: page.field(name) for name in HEAD}
    for name in DAYS:
        given[name] = read_date(given[name])
        if given[name] is None:
            problems.append(Problem(page.gettext("Enter a date."), name))
    if given["pricing"] not in ("FIXED", "CEILING"):
        given["pricing"] = "FIXED"
    return given | {"lines": [_line_input(page, at, line, problems) for at, line in enumerate(lines)]}


def _problems(errors: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """The schema's errors at the fields that their paths lead to: terms, lines, 0, sku."""
    found = []
    for error in errors:
        path = [step for step in error["path"] if step != "terms"]
        if len(path) == 3 and path[0] == "lines":
            found.append(Problem(error["message"], f"line-{path[1]}-{path[2]}", error["code"]))
        else:
            name = path[0] if path and path[0] in HEAD else ""
            found.append(Problem(error["message"], name, error["code"]))
    return found


def _editor(
    page: Page,
    frame: Mapping[str, Any],
    typed: Mapping[str, str],
    lines: Sequence[Typed],
    problems: Sequence[Problem] = (),
    **also: Any,
) -> Response:
    shown = [*lines, *(_empty_line() for _ in range(EMPTY_LINES))]
    return page.show(
        "staff/agreement_edit.html", 422 if problems else 200, frame=frame, typed=typed, lines=shown,
        problems=list(problems), **also,
    )  # fmt: skip


async def _customer(page: Page, number: str) -> dict[str, Any]:
    data = await page.ask("AgreementCustomer", number=number[:64])
    if data["customer"] is None:
        raise Trouble(404)
    return data


async def show_new(page: Page) -> Response:
    data = await _customer(page, page.query("customer"))
    typed = dict.fromkeys(HEAD, "") | {"currency": data["customer"]["currency"]}
    return _editor(page, data, typed, [], agreement=None, customer=data["customer"])


async def create(page: Page) -> Response:
    lines, problems = _typed_lines(page), list[Problem]()
    terms = _terms_input(page, lines, problems)
    if not problems:
        outcome = await page.act("CreateAgreement", customerId=page.field("customer"), terms=terms)
        if outcome.done:
            number = quote(str(outcome.payload["salesAgreement"]["number"]), safe="")
            return page.go(
                f"{LIST}/{number}", page.gettext("The draft was saved."), warnings=outcome.warnings
            )
        problems = _problems(outcome.errors)
    data = await _customer(page, page.field("customer-number"))
    typed = {name: page.field(name) for name in HEAD}
    return _editor(page, data, typed, lines, problems, agreement=None, customer=data["customer"])


async def _draft(page: Page) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The page's data, the agreement, and its draft."""
    data = await page.ask("Agreement", number=number_of(page))
    agreement = data["salesAgreement"]
    if agreement is None or "EDIT" not in agreement["allowedActions"]:
        raise Trouble(404)
    return data, agreement, agreement["versionWaiting"]


async def show_edit(page: Page) -> Response:
    data, agreement, draft = await _draft(page)
    typed = {name: str(draft["terms"][name] or "") for name in HEAD}
    lines = [_shown_line(page, line) for line in draft["terms"]["lines"]]
    return _editor(page, data, typed, lines, agreement=agreement, customer=agreement["customer"])


async def save(page: Page) -> Response:
    lines, problems = _typed_lines(page), list[Problem]()
    terms = _terms_input(page, lines, problems)
    if not problems:
        outcome = await page.act(
            "SaveAgreement",
            agreementId=page.field("agreement"),
            expectedVersion=version_of(page),
            terms=terms,
        )
        if outcome.done:
            said = page.gettext("The draft was saved.")
            path = page.request.url.path
            if not page.field("more"):
                path = path.removesuffix("/edit")
            return page.go(path, said, warnings=outcome.warnings)
        problems = _problems(outcome.errors)
    data, agreement, _ = await _draft(page)
    typed = {name: page.field(name) for name in HEAD}
    return _editor(page, data, typed, lines, problems, agreement=agreement, customer=agreement["customer"])


PAGES = (
    At(LIST, show_agreements, needs="staff"),
    At(LIST + "/new", show_new, {"create": create}, needs="agreements:manage"),
    At(LIST + "/{number}/edit", show_edit, {"save": save}, needs="agreements:manage"),
    At(
        LIST + "/{number}",
        show_agreement,
        {name: act_of(name) for name in ("amend", "propose", "withdraw", "close", "cancel")},
        needs="staff",
    ),
)
