"""Suppliers and what they sell."""

from starlette.responses import Response

from storefront.forms import read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Outcome, Page
from storefront.staff.deliveries import version_of

BASE = "/staff/suppliers"
PAGE_SIZE = 20


async def show(page: Page) -> Response:
    asked = {"search": page.query("search")[:200]}
    data = await page.ask("Suppliers", search=asked["search"] or None, **paging(page, PAGE_SIZE))
    return page.show(
        "staff/suppliers.html", frame=data, suppliers=data["suppliers"], asked=asked,
        pager=neighbours(page, data["suppliers"]["pageInfo"], **asked),
    )  # fmt: skip


def _done(page: Page, outcome: Outcome, said: str) -> Response:
    if not outcome.done:
        return page.go(BASE, bad=[each["message"] for each in outcome.errors])
    return page.go(BASE, page.gettext(said, code=outcome.payload["supplier"]["code"]))


def _days(text: str) -> int:
    return int(text) if text.isdigit() and len(text) < 5 else -1  # the API says what is wrong with it


async def create(page: Page) -> Response:
    outcome = await page.act(
        "CreateSupplier", code=page.field("code"), name=page.field("name"), email=page.field("email"),
        currency=page.field("currency").upper(), locale=page.field("locale"),
        leadTimeDays=_days(page.field("days")),
    )  # fmt: skip
    return _done(page, outcome, N_("Supplier %(code)s was saved."))


async def save_product(page: Page) -> Response:
    data = await page.ask("SupplierParts", sku=page.field("sku")[:64])
    if data["product"] is None:
        return page.go(BASE, bad=[page.gettext("No product has this number.")])
    numbers = {name: read_number(page.field(name), page.locale) for name in ("minimum", "multiple")}
    if None in numbers.values():
        return page.go(BASE, bad=[page.gettext("Enter a quantity, such as 12.")])
    outcome = await page.act(
        "SaveSupplierProduct", supplierId=page.field("supplier"), productId=data["product"]["id"],
        supplierSku=page.field("theirs"), minimumQuantity=numbers["minimum"], multipleQuantity=numbers["multiple"],
        isPreferred=bool(page.field("preferred")), expectedVersion=version_of(page),
    )  # fmt: skip
    return _done(page, outcome, N_("Supplier %(code)s was saved."))


async def retire(page: Page) -> Response:
    outcome = await page.act(
        "RetireSupplier", supplierId=page.field("supplier"), expectedVersion=version_of(page)
    )
    return _done(page, outcome, N_("Supplier %(code)s was retired."))


PAGES = (
    At(BASE, show, {"create": create, "product": save_product, "retire": retire}, needs="purchasing:read"),
)
