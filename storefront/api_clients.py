"""API clients as their keepers see them: company admins under /company, administrators under /staff."""

import re
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.labels import LABELS
from storefront.lists_of import neighbours, paging
from storefront.page import At, Outcome, Page, Trouble

PAGE_SIZE = 25
DAYS = ("90", "180", "365", "730")
HOURS = ("0", "24", "168")
NEEDS = "api-clients:manage"
_FIELDS = {
    "name": "name",
    "scopes": "scopes",
    "addresses": "addresses",
    "secretDays": "days",
    "keepOldHours": "hours",
}


def _folder(page: Page) -> str:
    """Where the clients live: both keepers have the same pages."""
    return "/staff/api-clients" if page.request.url.path.startswith("/staff/") else "/company/api-clients"


def _home(page: Page) -> str:
    return "/staff/api-clients" if page.request.url.path.startswith("/staff/") else "/company"


async def show_clients(page: Page) -> Response:
    data = await page.ask("ApiClients", **paging(page, PAGE_SIZE))
    found = data["apiClients"]
    return page.show(
        "staff/api_clients.html", frame=data, clients=found, pager=neighbours(page, found["pageInfo"])
    )


async def show_client(page: Page, problems: Sequence[Problem] = ()) -> Response:
    key = str(page.request.path_params["id"])[:200]
    if key == "new":
        return await show_new(page, problems)
    data = await page.ask("ApiClient", id=key)
    client = data["node"]
    if not client:
        raise Trouble(404)
    typed = _typed(page) if page.field("act") == "save" else {
        "name": client["name"], "scopes": client["scopes"], "addresses": "\n".join(client["addresses"]),
    }  # fmt: skip
    return page.show(
        "api_client.html", 422 if problems else 200, frame=data, client=client, typed=typed, problems=list(problems),
        home=_home(page), folder=_folder(page), offered=_offered(data), days=DAYS, hours=HOURS,
    )  # fmt: skip


async def show_new(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("ApiScopes")
    return page.show(
        "api_client_new.html", 422 if problems else 200, frame=data, typed=_typed(page), problems=list(problems),
        home=_home(page), offered=_offered(data), days=DAYS,
    )  # fmt: skip


def _offered(data: dict[str, Any]) -> list[str]:
    """The scopes that may be given, in the order in which they are explained."""
    return [scope for scope in LABELS["api_scope"] if scope in data["apiScopes"]]


def _typed(page: Page) -> dict[str, Any]:
    scopes = [
        each for each in page.form.getlist("scopes") if isinstance(each, str) and each in LABELS["api_scope"]
    ]
    return {"name": page.field("name"), "scopes": scopes, "addresses": page.field("addresses")}


def _draft(page: Page) -> dict[str, Any]:
    typed = _typed(page)
    return typed | {"addresses": [each for each in re.split(r"[\s,;]+", typed["addresses"]) if each]}


def _chosen(page: Page, name: str, among: Sequence[str]) -> int:
    told = page.field(name)
    return int(told if told in among else among[0])


def _version(page: Page) -> int:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else 0


async def create(page: Page) -> Response:
    """The one page that shows the secret is the answer to the form itself: no address leads there again."""
    outcome = await page.act("CreateApiClient", **_draft(page), secretDays=_chosen(page, "days", DAYS))
    if not outcome.done:
        return await show_new(page, problems_of(outcome.errors, _FIELDS))
    return await _tell(page, outcome)


async def rotate(page: Page) -> Response:
    outcome = await page.act(
        "RotateApiClientSecret", apiClientId=_id(page), expectedVersion=_version(page),
        secretDays=_chosen(page, "days", DAYS), keepOldHours=_chosen(page, "hours", HOURS),
    )  # fmt: skip
    if not outcome.done:
        return await show_client(page, problems_of(outcome.errors, _FIELDS))
    return await _tell(page, outcome)


async def _tell(page: Page, outcome: Outcome) -> Response:
    """Shows the secret, or that it was shown before: a page loaded again sends its form again, with the same key."""
    data = await page.ask("ApiScopes")
    return page.show(
        "api_client_secret.html", frame=data, client=outcome.payload["apiClient"], secret=outcome.payload["secret"],
        warnings=outcome.warnings, home=_home(page), folder=_folder(page),
    )  # fmt: skip


async def save(page: Page) -> Response:
    outcome = await page.act(
        "UpdateApiClient", apiClientId=_id(page), expectedVersion=_version(page), **_draft(page)
    )
    if not outcome.done:
        return await show_client(page, problems_of(outcome.errors, _FIELDS))
    return page.go(
        page.request.url.path, page.gettext("The API client was saved."), warnings=outcome.warnings
    )


async def disable(page: Page) -> Response:
    outcome = await page.act("DisableApiClient", apiClientId=_id(page), expectedVersion=_version(page))
    if not outcome.done:
        return await show_client(page, problems_of(outcome.errors))
    return page.go(page.request.url.path, page.gettext("The API client was disabled."))


def _id(page: Page) -> str:
    return str(page.request.path_params["id"])[:200]


_ACTS = {"create": create, "save": save, "rotate": rotate, "disable": disable}
PAGES = (
    At("/company/api-clients/{id}", show_client, _ACTS, needs=NEEDS),
    At("/staff/api-clients", show_clients, needs=NEEDS),
    At("/staff/api-clients/{id}", show_client, _ACTS, needs=NEEDS),
)
