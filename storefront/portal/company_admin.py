"""What a company admin keeps: who belongs to the company, what they may do and spend, and the company's rules."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_number
from storefront.page import At, Page, Trouble

ROLES = ("BUYER", "APPROVER", "COMPANY_ADMIN", "CUSTOMER_INTEGRATOR")
PERIODS = ("WEEK", "MONTH", "QUARTER", "YEAR")
PERSON_FIELDS = {
    "email": "email",
    "name": "name",
    "roles": "roles",
    "perOrder": "per_order",
    "perPeriod": "per_period",
}
RULE_FIELDS = {"name": "name", "fromAmount": "from_amount", "categoryId": "category"}


def _key(page: Page) -> str:
    return str(page.request.path_params["id"])


def _chosen(page: Page) -> list[str]:
    return [each for each in page.form.getlist("roles") if each in ROLES]


def _amount(page: Page, name: str) -> tuple[str | None, Problem | None]:
    """What was typed as an amount: empty is none, anything else that is no number a problem."""
    text = page.field(name)
    value = read_number(text, page.locale)
    if text and value is None:
        return None, Problem(page.gettext("Enter an amount, such as 500."), name)
    return value, None


async def show_person(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("Company")
    customer = data["viewer"]["customer"]
    people: Sequence[Mapping[str, Any]] = customer["users"]
    found = next((each for each in people if each["user"]["id"] == _key(page)), None)
    if found is None and _key(page) != "new":
        raise Trouble(404)
    typed: dict[str, Any] = {"email": "", "name": "", "roles": ["BUYER"], "per_order": "", "per_period": "",
                             "period": "MONTH"}  # fmt: skip
    if found is not None:
        limit = found["spendLimit"] or {"perOrder": None, "perPeriod": None, "period": "MONTH"}
        typed |= {
            "roles": found["roles"],
            "per_order": limit["perOrder"]["amount"] if limit["perOrder"] else "",
            "per_period": limit["perPeriod"]["amount"] if limit["perPeriod"] else "",
            "period": limit["period"],
        }
    if page.field("act") == "limit":
        typed |= {name: page.field(name) for name in ("per_order", "per_period", "period")}
    elif page.form:
        typed |= {"email": page.field("email"), "name": page.field("name"), "roles": _chosen(page)}
    return page.show(
        "portal/person.html", 422 if problems else 200, frame=data, customer=customer, person=found, typed=typed,
        roles=ROLES, periods=PERIODS, problems=list(problems),
    )  # fmt: skip


async def _acted(page: Page, operation: str, said: str, **given: Any) -> Response:
    outcome = await page.act(operation, **given)
    if not outcome.done:
        return await show_person(page, problems_of(outcome.errors, PERSON_FIELDS))
    return page.go("/company", said, warnings=outcome.warnings)


async def invite(page: Page) -> Response:
    said = page.gettext("The invitation is on its way.")
    given = {"email": page.field("email"), "name": page.field("name"), "roles": _chosen(page)}
    return await _acted(page, "InviteUser", said, **given)


async def set_roles(page: Page) -> Response:
    said = page.gettext("The changes were saved.")
    return await _acted(page, "SetMembershipRoles", said, userId=_key(page), roles=_chosen(page))


async def set_limit(page: Page) -> Response:
    per_order, wrong_order = _amount(page, "per_order")
    per_period, wrong_period = _amount(page, "per_period")
    problems = [each for each in (wrong_order, wrong_period) if each is not None]
    if problems:
        return await show_person(page, problems)
    period = page.field("period")
    return await _acted(
        page, "SetSpendLimit", page.gettext("The changes were saved."), userId=_key(page), perOrder=per_order,
        perPeriod=per_period, period=period if period in PERIODS else "MONTH",
    )  # fmt: skip


async def remove(page: Page) -> Response:
    said = page.gettext("%(name)s no longer belongs to your company.", name=page.field("called"))
    return await _acted(page, "RemoveMember", said, userId=_key(page))


async def show_rule(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data, choices = await page.ask("Company"), await page.ask("RuleChoices")
    customer = data["viewer"]["customer"]
    rules: Sequence[Mapping[str, Any]] = customer["approvalRules"]
    found = next((each for each in rules if each["id"] == _key(page)), None)
    if found is None and _key(page) != "new":
        raise Trouble(404)
    typed = {"name": "", "from_amount": "", "category": ""}
    if page.form:
        typed = {name: page.field(name) for name in typed}
    elif found is not None:
        typed = {
            "name": found["name"],
            "from_amount": found["fromAmount"]["amount"] if found["fromAmount"] else "",
            "category": found["categoryId"] or "",
        }
    return page.show(
        "portal/rule.html", 422 if problems else 200, frame=data, customer=customer, rule=found, typed=typed,
        categories=choices["productCategories"], problems=list(problems),
    )  # fmt: skip


async def save_rule(page: Page) -> Response:
    amount, wrong = _amount(page, "from_amount")
    if wrong is not None:
        return await show_rule(page, [wrong])
    given: dict[str, Any] = {
        "name": page.field("name"),
        "fromAmount": amount,
        "categoryId": page.field("category") or None,
    }
    if _key(page) != "new":
        given["ruleId"] = _key(page)
    outcome = await page.act("SaveApprovalRule", **given)
    if not outcome.done:
        return await show_rule(page, problems_of(outcome.errors, RULE_FIELDS))
    return page.go("/company", page.gettext("The rule was saved."))


async def end_rule(page: Page) -> Response:
    outcome = await page.act("EndApprovalRule", ruleId=_key(page))
    if not outcome.done:
        return await show_rule(page, problems_of(outcome.errors))
    return page.go("/company", page.gettext("The rule has ended."))


PAGES = (
    At(
        "/company/people/{id}",
        show_person,
        {"invite": invite, "roles": set_roles, "limit": set_limit, "remove": remove},
        needs="company:manage",
    ),
    At("/company/rules/{id}", show_rule, {"": save_rule, "end": end_rule}, needs="company:manage"),
)
