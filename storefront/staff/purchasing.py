"""The purchase desk: what should be bought, the orders, and one of them with what can be done with it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from storefront.forms import Problem, problems_of, read_date, read_number
from storefront.labels import N_
from storefront.lists_of import neighbours, paging
from storefront.page import At, Handler, Outcome, Page, Trouble
from storefront.rendering import address
from storefront.staff.deliveries import version_of

BASE = "/staff/purchasing"
_PLAIN = re.compile(r"[0-9]{1,18}(\.[0-9]{1,6})?")
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


@dataclass(slots=True)
class Row:
    """A row of the form of goods that came; `is_more` for one more lot of the line before."""

    line: Mapping[str, Any]
    is_more: bool = False
    quantity: str = ""
    lot: str = ""
    expires: str = ""


def line_of(lines: Sequence[Mapping[str, Any]], code: str) -> Mapping[str, Any] | None:
    """The line that somebody scanned or typed: our number, the supplier's, or what is printed on the pack."""
    wanted = code.strip().casefold()
    for line in lines:
        barcode = (line["product"] or {}).get("barcode") or ""
        if wanted and wanted in (line["sku"].casefold(), line["supplierSku"].casefold(), barcode.casefold()):
            return line
    return None


def rows_of(lines: Sequence[Mapping[str, Any]]) -> list[Row]:
    """What may still come, with a second row for another lot where lots are kept."""
    rows = []
    for line in lines:
        rows.append(Row(line))
        if (line["product"] or {}).get("isLotTracked"):
            rows.append(Row(line, is_more=True))
    return rows


async def show_order(
    page: Page, problems: Sequence[Problem] = (), typed: Sequence[tuple[str, str, str, str]] = ()
) -> Response:
    """
    One purchase order; a scanned code shows the form of that line alone.

    Args:
        typed: what the form of goods that came held: line, quantity, lot and expiry of each row.
    """
    data = await page.ask("PurchaseOrderPage", number=str(page.request.path_params["number"])[:64])
    order = data["purchaseOrder"]
    if order is None:
        raise Trouble(404)
    coming = [line for line in order["lines"] if line["quantityOpen"] != "0"]
    scanned, problems = page.query("scan").strip()[:64], list(problems)
    found = line_of(coming, scanned)
    if scanned and found is None:
        problems.append(Problem(page.gettext("Nothing more comes of %(code)s here.", code=scanned), "scan"))
    rows = rows_of(coming if found is None else [found])
    if typed:
        by_id = {line["id"]: line for line in order["lines"]}
        seen = set[str]()
        rows = []
        for key, quantity, lot, expires in typed:
            if key in by_id:
                rows.append(Row(by_id[key], key in seen, quantity, lot, expires))
                seen.add(key)
    return page.show(
        "staff/purchase_order.html", 422 if problems else 200, frame=data, order=order, coming=coming, rows=rows,
        scanned=scanned, found=found, problems=problems,
        typed={name: page.field(name) for name in ("act", "line", "sales", "quantity", "note", "why", "short")},
    )  # fmt: skip


def _done(page: Page, outcome: Outcome, said: str, back: str, also: Sequence[str] = ()) -> Response:
    if not outcome.done:
        return page.go(back, bad=[each["message"] for each in outcome.errors])
    number = outcome.payload["purchaseOrder"]["number"]
    told = page.gettext(said, number=number)
    return page.go(f"{BASE}/{quote(number, safe='')}", told, warnings=[*outcome.warnings, *also])


def _here(page: Page) -> str:
    return address(page.request.url.path)


def pegs_of(text: str, most: str) -> list[dict[str, str]]:
    """Pegs as the form carries them, "id=quantity;id=quantity"; of fewer goods those needed last get less."""
    left, pegs = Decimal(most), []
    for part in text.split(";"):
        key, _, told = part.partition("=")
        if not _PLAIN.fullmatch(told):
            continue
        quantity = min(Decimal(told), left)
        left -= quantity
        if quantity > 0:
            pegs.append({"orderLineId": key, "quantity": f"{quantity:f}"})
    return pegs


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
            lines.append({"productId": product, "quantity": quantity, "pegs": pegs_of(pegs, quantity)})
    if bad:
        return page.go(BASE, bad=sorted(set(bad)))
    outcome = await page.act(
        "CreatePurchaseOrder",
        supplierId=page.field("supplier"),
        warehouseId=page.field("warehouse"),
        lines=lines,
    )
    if not (outcome.done and page.field("send")):
        return _done(page, outcome, N_("Purchase order %(number)s was made."), BASE)
    made = outcome.payload["purchaseOrder"]
    sent = await page.act_unkeyed(
        "SendPurchaseOrder", purchaseOrderId=made["id"], expectedVersion=made["version"]
    )
    also = [*sent.warnings, *(each["message"] for each in sent.errors)]
    return _done(page, outcome, N_("Purchase order %(number)s was made and sent."), BASE, also)


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


async def peg(page: Page) -> Response:
    """Means a quantity of a line for a sales order, by the order's number; 0 for the line's id takes the peg away."""
    line, sku, sales = page.field("line"), page.field("sku"), page.field("sales")
    fields = {"quantity": f"peg-quantity-{line}", "orderLineId": f"peg-sales-{line}"}
    target, quantity = page.field("sales_line"), read_number(page.field("quantity"), page.locale)
    if quantity is None:
        return await show_order(
            page, [Problem(page.gettext("Enter a quantity, such as 12."), fields["quantity"])]
        )
    if not target:
        order = (await page.ask("PegTarget", number=sales[:64]))["order"]
        lines = [each for each in (order or {"lines": []})["lines"] if each["sku"] == sku]
        # Of several lines of the product the one that lacks most.
        best = max(lines, key=lambda each: Decimal(each["quantityBackordered"]), default=None)
        if best is None:
            said = page.gettext("%(number)s has no line of %(sku)s.", number=sales or "–", sku=sku)
            return await show_order(page, [Problem(said, fields["orderLineId"])])
        target = best["id"]
    outcome = await page.act(
        "SetPurchasePeg", purchaseOrderId=page.field("order"), expectedVersion=version_of(page), lineId=line,
        orderLineId=target, quantity=quantity,
    )  # fmt: skip
    if not outcome.done:
        return await show_order(page, problems_of(outcome.errors, fields))
    return _done(page, outcome, N_("What %(number)s is meant for was noted."), _here(page))


_PLACES = {"quantity": "came", "lotNumber": "lot", "expiresOn": "expires"}


def _at_rows(errors: Sequence[Mapping[str, Any]], rows: Sequence[int]) -> list[Problem]:
    """Errors of the lines that were sent, each at its input in the row it came from."""
    found = []
    for error in errors:
        index = next((int(step) for step in error["path"] if step.isdigit()), -1)
        name = _PLACES.get(error["path"][-1] if error["path"] else "", "came")
        field = f"{name}-{rows[index]}" if 0 <= index < len(rows) else ""
        found.append(Problem(error["message"], field, error["code"]))
    return found


async def receive(page: Page) -> Response:
    """A row of the form is a quantity of one lot; one without a quantity did not come."""
    names = ("line", "quantity", "lot", "expires")
    typed = list(zip(*([str(each) for each in page.form.getlist(name)] for name in names), strict=False))
    lines, rows, bad = list[dict[str, Any]](), list[int](), list[Problem]()
    for place, (line, told, lot, expires) in enumerate(typed, start=1):
        quantity = read_number(told, page.locale) if told.strip() else "0"
        if quantity is None:
            bad.append(Problem(page.gettext("Enter a quantity, such as 12."), f"came-{place}"))
        elif quantity.strip("0."):
            rows.append(place)
            lines.append(
                {"lineId": line, "quantity": quantity, "lotNumber": lot, "expiresOn": read_date(expires)}
            )
    if page.field("short") and not page.field("why"):
        bad.append(Problem(page.gettext("Say why nothing more comes."), "why"))
    if not bad and not lines:
        bad.append(Problem(page.gettext("Enter a quantity, such as 12."), "came-1"))
    if bad:
        return await show_order(page, bad, typed)
    outcome = await page.act(
        "ReceivePurchaseOrder", purchaseOrderId=page.field("order"), expectedVersion=version_of(page),
        lines=lines, deliveryNote=page.field("note"),
    )  # fmt: skip
    if not outcome.done:
        return await show_order(page, _at_rows(outcome.errors, rows), typed)
    order, also = outcome.payload["purchaseOrder"], list[str]()
    if page.field("short") and "CLOSE" in order["allowedActions"]:
        closed = await page.act_unkeyed(
            "ClosePurchaseOrder", purchaseOrderId=order["id"], expectedVersion=order["version"],
            reason=page.field("why"), releasesPegs=True,
        )  # fmt: skip
        also = [*closed.warnings, *(each["message"] for each in closed.errors)]
    return _done(page, outcome, N_("Goods of %(number)s were taken in."), _here(page), also)


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
            "peg": peg,
            "close": _act("ClosePurchaseOrder", N_("Purchase order %(number)s was closed.")),
            "cancel": _act("CancelPurchaseOrder", N_("Purchase order %(number)s was called off.")),
        },
        needs="purchasing:read",
    ),
)
