"""The purchase desk: what should be bought, the orders, and one of them with what can be done with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import read_date, read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Outcome, Page, Trouble
from storefront.rendering import address
from storefront.staff.deliveries import version_of

BASE = "/staff/purchasing"
PAGE_SIZE = 20
# The tabs: name in the address -> what it asks.
STATES: Mapping[str, Mapping[str, Any]] = {
    "open": {"isOpen": {"eq": True}},
    "late": {"isLate": {"eq": True}},
    "ended": {"isOpen": {"eq": False}},
}


def by_supplier(proposals: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Proposals as drafts to be: one for each supplier, in the order of the proposals."""
    found: dict[str, dict[str, Any]] = {}
    for each in proposals:
        draft = found.setdefault(each["supplier"]["id"], {"supplier": each["supplier"], "rows": []})
        draft["rows"].append(each)
    return list(found.values())


async def show(page: Page) -> Response:
    asked = {name: page.query(name) for name in ("search", "state")}
    if asked["state"] not in STATES:
        data = await page.ask("PurchaseNeeds")
        asked["state"] = "needs"
        drafts = by_supplier(data["purchaseProposals"])
        return page.show(
            "staff/purchasing.html", frame=data, drafts=drafts, asked=asked, warehouses=data["warehouses"]
        )
    data = await page.ask(
        "PurchaseDesk", search=asked["search"][:200] or None, where=STATES[asked["state"]],
        **paging(page, PAGE_SIZE),
    )  # fmt: skip
    return page.show(
        "staff/purchasing.html", frame=data, orders=data["purchaseOrders"], asked=asked,
        pager=neighbours(page, data["purchaseOrders"]["pageInfo"], **asked),
    )  # fmt: skip


async def show_order(page: Page) -> Response:
    data = await page.ask("PurchaseOrderPage", number=str(page.request.path_params["number"])[:64])
    if data["purchaseOrder"] is None:
        raise Trouble(404)
    return page.show("staff/purchase_order.html", frame=data, order=data["purchaseOrder"])


def _done(page: Page, outcome: Outcome, said: str, back: str) -> Response:
    if not outcome.done:
        return page.go(back, bad=[each["message"] for each in outcome.errors])
    number = outcome.payload["purchaseOrder"]["number"]
    return page.go(f"{BASE}/{number}", page.gettext(said, number=number), warnings=outcome.warnings)


def _here(page: Page) -> str:
    return address(page.request.url.path)


def pegs_of(text: str) -> list[dict[str, str]]:
    """Pegs as the form carries them: "id=quantity;id=quantity"."""
    pairs = [each.partition("=") for each in text.split(";") if "=" in each]
    return [{"orderLineId": key, "quantity": quantity} for key, _, quantity in pairs]


async def create(page: Page) -> Response:
    """A draft of the rows of one supplier's proposal; a row without a quantity is left out."""
    lines, bad = [], []
    names = ("product", "quantity", "pegs")
    for product, typed, pegs in zip(
        *([str(each) for each in page.form.getlist(name)] for name in names), strict=False
    ):
        quantity = read_number(typed, page.locale) if typed.strip() else "0"
        if quantity is None:
            bad.append(page.gettext("Enter a quantity, such as 12."))
        elif quantity.strip("0."):
            lines.append({"productId": product, "quantity": quantity, "pegs": pegs_of(pegs)})
    if bad:
        return page.go(BASE, bad=sorted(set(bad)))
    outcome = await page.act(
        "CreatePurchaseOrder",
        supplierId=page.field("supplier"),
        warehouseId=page.field("warehouse"),
        lines=lines,
    )
    return _done(page, outcome, N_("Purchase order %(number)s was made."), BASE)


async def confirm(page: Page) -> Response:
    """One day for everything that is still to come; the API takes parts by line."""
    day = read_date(page.field("day"))
    lines = None
    if day is not None:
        lines = [
            {"lineId": str(key), "parts": [{"quantity": str(quantity), "confirmedOn": day}]}
            for key, quantity in zip(page.form.getlist("line"), page.form.getlist("quantity"), strict=False)
        ]
    outcome = await page.act(
        "ConfirmPurchaseOrder", purchaseOrderId=page.field("order"), expectedVersion=version_of(page),
        lines=lines, supplierReference=page.field("reference"),
    )  # fmt: skip
    return _done(page, outcome, N_("What the supplier says of %(number)s was noted."), _here(page))


async def receive(page: Page) -> Response:
    """A line of the form is a quantity of one lot; a SKU says which line it is where the lot's row is empty."""
    lines, bad = [], []
    names = ("line", "quantity", "lot", "expires")
    for line, typed, lot, expires in zip(
        *([str(each) for each in page.form.getlist(name)] for name in names), strict=False
    ):
        quantity = read_number(typed, page.locale) if typed.strip() else "0"
        if quantity is None:
            bad.append(page.gettext("Enter a quantity, such as 12."))
        elif quantity.strip("0."):
            lines.append(
                {"lineId": line, "quantity": quantity, "lotNumber": lot, "expiresOn": read_date(expires)}
            )
    if bad:
        return page.go(_here(page), bad=sorted(set(bad)))
    outcome = await page.act(
        "ReceivePurchaseOrder", purchaseOrderId=page.field("order"), expectedVersion=version_of(page),
        lines=lines, deliveryNote=page.field("note"),
    )  # fmt: skip
    return _done(page, outcome, N_("Goods of %(number)s were taken in."), _here(page))


def _act(operation: str, said: str) -> Handler:
    async def act(page: Page) -> Response:
        given: dict[str, Any] = {}
        if operation != "SendPurchaseOrder":
            given = {"reason": page.field("reason"), "releasesPegs": bool(page.field("pegs"))}
        outcome = await page.act(
            operation, purchaseOrderId=page.field("order"), expectedVersion=version_of(page), **given
        )
        return _done(page, outcome, said, _here(page))

    return act


PAGES = (
    At(BASE, show, {"create": create}, needs="purchasing:read"),
    At(
        f"{BASE}/{{number}}",
        show_order,
        {
            "send": _act("SendPurchaseOrder", N_("Purchase order %(number)s was sent.")),
            "confirm": confirm,
            "receive": receive,
            "close": _act("ClosePurchaseOrder", N_("Purchase order %(number)s was closed.")),
            "cancel": _act("CancelPurchaseOrder", N_("Purchase order %(number)s was called off.")),
        },
        needs="purchasing:read",
    ),
)
