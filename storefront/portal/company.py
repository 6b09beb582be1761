"""The buyer's company: terms, people, and addresses, which a company admin keeps."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.page import At, Page, Trouble

FIELDS = {
    "label": "label", "name": "name", "street": "street", "postalCode": "postal_code", "city": "city",
    "region": "region", "country": "country", "phone": "phone",
}  # fmt: skip


async def show_company(page: Page) -> Response:
    data = await page.ask("Company")
    return page.show("portal/company.html", frame=data, customer=data["viewer"]["customer"])


async def show_address(page: Page, problems: Sequence[Problem] = ()) -> Response:
    data = await page.ask("Company")
    key = str(page.request.path_params["id"])
    addresses: Sequence[Mapping[str, Any]] = data["viewer"]["customer"]["addresses"]
    found = next((each for each in addresses if each["id"] == key), None)
    if found is None and key != "new":
        raise Trouble(404)
    if page.form:
        typed = {field: page.field(field) for field in FIELDS.values()}
        typed |= {name: page.field(name) for name in ("is_default_delivery", "is_default_billing")}
    elif found is not None:
        typed = {field: found[name] or "" for name, field in FIELDS.items()}
        typed["is_default_delivery"] = "1" if found["isDefaultDelivery"] else ""
        typed["is_default_billing"] = "1" if found["isDefaultBilling"] else ""
    else:
        typed = dict.fromkeys([*FIELDS.values(), "is_default_delivery", "is_default_billing"], "")
        typed |= {
            "name": data["viewer"]["customer"]["name"],
            "country": data["viewer"]["customer"]["country"],
        }
    return page.show(
        "portal/address.html", 422 if problems else 200, frame=data, typed=typed, is_new=found is None,
        problems=list(problems),
    )  # fmt: skip


async def save_address(page: Page) -> Response:
    key = str(page.request.path_params["id"])
    given: dict[str, Any] = {name: page.field(field) for name, field in FIELDS.items()}
    given["country"] = given["country"].upper()
    given["isDefaultDelivery"] = bool(page.field("is_default_delivery"))
    given["isDefaultBilling"] = bool(page.field("is_default_billing"))
    if key == "new":
        outcome = await page.act("CreateAddress", **given)
    else:
        outcome = await page.act("UpdateAddress", addressId=key, **given)
    if not outcome.done:
        return await show_address(page, problems_of(outcome.errors, FIELDS))
    return page.go("/company", page.gettext("The address was saved."), warnings=outcome.warnings)


async def revoke(page: Page) -> Response:
    outcome = await page.act("RevokeInvitation", invitationId=page.field("invitation"))
    if not outcome.done:
        return page.go("/company", bad=[each["message"] for each in outcome.errors])
    return page.go("/company", page.gettext("The invitation was taken back."))


PAGES = (
    At("/company", show_company, {"revoke": revoke}, needs="carts:use"),
    At("/company/addresses/{id}", show_address, {"": save_address}, needs="addresses:write"),
)
