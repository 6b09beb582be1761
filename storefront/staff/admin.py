"""For those who run the system: accounts, what each role may do, and the audit trail."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Page, Trouble

PAGE_SIZE = 25
STAFF_ROLES = ("SALES_REP", "SALES_MANAGER", "LOGISTICS", "FINANCE", "INTEGRATOR", "ADMINISTRATOR")
SIDES: dict[str, dict[str, Any]] = {
    "": {},
    "staff": {"isStaff": {"eq": True}},
    "customers": {"isStaff": {"eq": False}},
    "disabled": {"isActive": {"eq": False}},
}
FIELDS = {"email": "email", "name": "name", "roles": "roles", "reason": "reason"}


async def show_users(page: Page) -> Response:
    asked = {name: page.query(name) for name in ("search", "side")}
    asked["side"] = asked["side"] if asked["side"] in SIDES else ""
    data = await page.ask(
        "Users",
        search=asked["search"][:200] or None,
        where=SIDES[asked["side"]] or None,
        **paging(page, PAGE_SIZE),
    )
    return page.show(
        "staff/users.html", frame=data, users=data["users"], asked=asked,
        pager=neighbours(page, data["users"]["pageInfo"], **asked),
    )  # fmt: skip


async def show_user(page: Page, problems: Sequence[Problem] = ()) -> Response:
    key = str(page.request.path_params["id"])
    data = await page.ask("Account", id=key)
    account = data["node"]
    if not account and key != "new":
        raise Trouble(404)
    typed = {name: page.field(name) for name in ("act", "email", "name", "reason")}
    roles = _chosen(page) if page.form else account["staffRoles"] if account else []
    return page.show(
        "staff/user.html", 422 if problems else 200, frame=data, account=account or None, typed=typed, chosen=roles,
        roles=STAFF_ROLES, problems=list(problems),
    )  # fmt: skip


def _chosen(page: Page) -> list[str]:
    return [each for each in page.form.getlist("roles") if each in STAFF_ROLES]


async def create(page: Page) -> Response:
    given = {"email": page.field("email"), "name": page.field("name"), "locale": page.locale}
    outcome = await page.act("CreateUser", **given, roles=_chosen(page))
    if not outcome.done:
        return await show_user(page, problems_of(outcome.errors, FIELDS))
    return page.go("/staff/users", page.gettext("The account was made; a mail is on its way."))


async def set_roles(page: Page) -> Response:
    outcome = await page.act("SetStaffRoles", userId=page.request.path_params["id"], roles=_chosen(page))
    if not outcome.done:
        return await show_user(page, problems_of(outcome.errors, FIELDS))
    return page.go(page.request.url.path, page.gettext("The changes were saved."))


def _with_reason(operation: str) -> Handler:
    async def act(page: Page) -> Response:
        outcome = await page.act(
            operation, userId=page.request.path_params["id"], reason=page.field("reason")
        )
        if not outcome.done:
            return await show_user(page, problems_of(outcome.errors, FIELDS))
        return page.go(page.request.url.path, page.gettext("The changes were saved."))

    return act


async def show_roles(page: Page) -> Response:
    data = await page.ask("RoleMatrix")
    return page.show("staff/roles.html", frame=data, matrix=data["roleMatrix"])


async def show_audit(page: Page) -> Response:
    asked = {name: page.query(name)[:200] for name in ("person", "order", "action", "since", "until")}
    where: dict[str, Any] = {}
    if asked["person"]:
        people = await page.ask("AuditPeople", search=asked["person"])
        where["actor"] = {"in": [each["id"] for each in people["users"]["nodes"]]}
    if asked["order"]:
        found = (await page.ask("AuditOrder", number=asked["order"][:100]))["order"]
        where["entity"] = {"eq": found["id"] if found else "-"}
    if asked["action"]:
        where["action"] = {"startsWith": asked["action"]}
    since, until = read_date(asked["since"]), read_date(asked["until"])
    days: dict[str, str] = {"gte": f"{since}T00:00:00Z"} if since else {}
    if until:
        days["lt"] = f"{date.fromisoformat(until) + timedelta(days=1)}T00:00:00Z"
    if days:
        where["occurredAt"] = days
    data = await page.ask("Audit", where=where or None, **paging(page, PAGE_SIZE))
    return page.show(
        "staff/audit.html", frame=data, events=data["auditEvents"], asked=asked,
        pager=neighbours(page, data["auditEvents"]["pageInfo"], **asked),
    )  # fmt: skip


PAGES = (
    At("/staff/users", show_users, needs="users:write"),
    At(
        "/staff/users/{id}",
        show_user,
        {
            "create": create,
            "roles": set_roles,
            "disable": _with_reason("DisableUser"),
            "enable": _with_reason("EnableUser"),
        },
        needs="users:write",
    ),
    At("/staff/roles", show_roles, needs="users:write"),
    At("/staff/audit", show_audit, needs="audit:read"),
)
