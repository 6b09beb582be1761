"""Scarce stock: what order lines wait for, and sharing what is free of it; tried first, then done."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, problems_of
from storefront.labels import LABELS
from storefront.page import At, Page
from storefront.rendering import address

PATH = "/staff/scarce"


async def show(
    page: Page, problems: Sequence[Problem] = (), tried: Mapping[str, Any] | None = None
) -> Response:
    """All that is waited for, or with `sku` one product: who waits, what is free where, and what is held."""
    sku = (page.field("sku") or page.query("sku"))[:64]
    data = await page.ask("ScarceProducts")
    found = await page.ask("ScarceProduct", sku=sku) if sku else {"product": None, "availability": []}
    product = found["product"]
    if sku and product is None:
        problems = [*problems, Problem(page.gettext("No product has this number."), "sku")]
    waiting = (await page.ask("ScarceWaiting", id=product["id"]))["stockWaiting"] if product else None
    typed = {name: page.field(name) for name in ("warehouse", "policy")}
    return page.show(
        "staff/scarce.html", 422 if problems else 200, frame=data, scarce=data["scarceProducts"], sku=sku,
        product=product, waiting=waiting, stock=found["availability"][0] if product else None, tried=tried,
        policies=tuple(LABELS["sharing_policy"]), typed=typed, problems=list(problems),
    )  # fmt: skip


async def share(page: Page) -> Response:
    """Tries what the form says, or does it; what was tried is shown beside the form that does it."""
    is_meant = page.field("act") == "share"
    outcome = await page.act(
        "ShareStock" if is_meant else "TryShareStock", productId=page.field("product"),
        warehouseId=page.field("warehouse"), policy=page.field("policy") or None,
    )  # fmt: skip
    if not outcome.done:
        return await show(page, problems_of(outcome.errors, {"policy": "policy", "warehouseId": "warehouse"}))
    sharing = outcome.payload["sharing"]
    if not is_meant:
        return await show(page, tried=sharing)
    served = sum(1 for line in sharing["lines"] if line["quantityGot"] != "0")
    said = page.ngettext("%(count)s line got goods.", "%(count)s lines got goods.", served)
    return page.go(address(PATH, sku=page.field("sku")), said, warnings=outcome.warnings)


PAGES = (At(PATH, show, {"try": share, "share": share}, needs="stock:share"),)
