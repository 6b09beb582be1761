"""The cart, and the one page on which it becomes an order."""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from storefront.forms import Problem, indexed, problems_of, read_date, read_number
from storefront.lists_of import neighbours, paging
from storefront.page import At, Page
from storefront.suggested import offered, tell_shown

PAGE_SIZE = 50


def _version(page: Page) -> int | None:
    told = page.field("version")
    return int(told) if told.isdigit() and len(told) < 10 else None


async def show_cart(page: Page, problems: Sequence[Problem] = ()) -> Response:
    only = page.query("show") == "problems"
    data = await page.ask("Cart", withProblems=only, **paging(page, PAGE_SIZE))
    cart = data["cart"]
    shown = "problems" if only else ""
    suggested = offered(cart["suggestions"])
    await tell_shown(page, "CART", suggested)
    return page.show(
        "portal/cart.html", 422 if problems else 200, frame=data, cart=cart, problems=list(problems),
        by_line=_by_line(cart), lines=cart["pagedLines"]["nodes"], only=only, suggested=suggested,
        pager=neighbours(page, cart["pagedLines"]["pageInfo"], show=shown),
        typed={name: page.field(name) for name in ("line", "quantity", "sku", "coupon", "hours", "reason")}
        if problems
        else {},
    )  # fmt: skip


def _by_line(cart: Mapping[str, Any] | None) -> dict[str, list[Problem]]:
    """What is wrong with each line, at the input it belongs to."""
    if cart is None:
        return {}
    return {
        line["id"]: [
            Problem(each["message"], _input_of(each["path"]) + line["id"], each["code"])
            for each in line["problems"]
        ]
        for line in cart["pagedLines"]["nodes"]
    }


def _input_of(path: Sequence[str]) -> str:
    """The beginning of the id of the input that a problem of a line belongs to."""
    if "parts" in path:
        return "day-"
    return "requested-" if path and path[-1] == "requestedOn" else "quantity-"


async def add_line(page: Page) -> Response:
    quantity = read_number(page.field("quantity"), page.locale)
    if quantity is None:
        return await show_cart(page, [Problem(page.gettext("Enter a quantity, such as 12."), "add-quantity")])
    outcome = await page.act("AddToCart", lines=[{"sku": page.field("sku"), "quantity": quantity}])
    if not outcome.done:
        return await show_cart(
            page, problems_of(outcome.errors, {"sku": "add-sku", "quantity": "add-quantity"})
        )
    return page.go(
        "/cart", page.gettext("%(sku)s is in the cart.", sku=page.field("sku")), warnings=outcome.warnings
    )


async def update_line(page: Page) -> Response:
    line = page.field("line")
    quantity = read_number(page.field("quantity"), page.locale)
    requested = page.field("requested")
    fields = {"quantity": f"quantity-{line}", "requestedOn": f"requested-{line}"}
    if quantity is None:
        return await show_cart(
            page, [Problem(page.gettext("Enter a quantity, such as 12."), fields["quantity"])]
        )
    on = read_date(requested)
    if requested and on is None:
        return await show_cart(page, [Problem(page.gettext("Enter a date."), fields["requestedOn"])])
    outcome = await page.act(
        "UpdateCartLine", lineId=line, quantity=quantity, requestedOn=on, expectedVersion=_version(page)
    )
    if not outcome.done:
        return await show_cart(page, problems_of(outcome.errors, fields))
    return page.go("/cart", page.gettext("The cart was updated."), warnings=outcome.warnings)


async def choose_delivery(page: Page) -> Response:
    """One of the ways as it was shown, another day for all of the line, or, without parts, whatever comes first."""
    line = page.field("line")
    day = f"day-{line}"
    columns = [[str(each) for each in page.form.getlist(name)[:100]] for name in ("part", "on")]
    parts = [
        {"quantity": read_number(quantity, "en"), "requestedOn": read_date(on)}
        for quantity, on in zip(*columns, strict=False)
    ]
    if not all(part["requestedOn"] for part in parts):
        return await show_cart(page, [Problem(page.gettext("Enter a date."), day)])
    outcome = await page.act("ChooseDelivery", lineId=line, parts=parts, expectedVersion=_version(page))
    if not outcome.done:
        return await show_cart(page, problems_of(outcome.errors, {"requestedOn": day}))
    if parts:
        said = page.gettext("The line comes as you chose; its price stays.")
    else:
        said = page.gettext("The line comes as soon as it can.")
    return page.go("/cart", said, warnings=outcome.warnings)


async def remove_line(page: Page) -> Response:
    outcome = await page.act("RemoveCartLine", lineId=page.field("line"), expectedVersion=_version(page))
    if not outcome.done:
        return await show_cart(page, problems_of(outcome.errors))
    return page.go("/cart", page.gettext("The line was removed."), warnings=outcome.warnings)


async def clear_cart(page: Page) -> Response:
    outcome = await page.act("ClearCart", expectedVersion=_version(page))
    if not outcome.done:
        return await show_cart(page, problems_of(outcome.errors))
    return page.go("/cart", page.gettext("The cart is empty now."))


async def cart_to_list(page: Page) -> Response:
    """A new list of what the cart holds; the cart keeps it."""
    outcome = await page.act("SaveCartAsWishlist", name=page.field("name"))
    if not outcome.done:
        return await show_cart(page, problems_of(outcome.errors, {"name": "list-name"}))
    made = outcome.payload["wishlist"]
    return page.go(f"/lists/{made['id']}", page.gettext("The list %(name)s was made.", name=made["name"]))


async def add_coupon(page: Page) -> Response:
    outcome = await page.act("AddCoupon", code=page.field("coupon"))
    if not outcome.done:
        return await show_cart(page, problems_of(outcome.errors, {"code": "coupon"}))
    return page.go("/cart", page.gettext("The coupon was entered."), warnings=outcome.warnings)


async def hold_cart(page: Page) -> Response:
    """A buyer holds for as long as they may; who acts for them says for how many hours, and why."""
    hours = page.field("hours").strip()
    if hours and not (hours.isdigit() and 0 < int(hours[:9]) < 10_000):
        return await show_cart(page, [Problem(page.gettext("Enter a whole number of hours."), "hold-hours")])
    outcome = await page.act(
        "HoldCart", minutes=int(hours) * 60 if hours else None, reason=page.field("reason"),
        expectedVersion=_version(page),
    )  # fmt: skip
    if not outcome.done:
        return await show_cart(
            page, problems_of(outcome.errors, {"minutes": "hold-hours", "reason": "hold-reason"})
        )
    return page.go("/cart", page.gettext("The goods are held for you."), warnings=outcome.warnings)


async def release_hold(page: Page) -> Response:
    outcome = await page.act("ReleaseCartHold", expectedVersion=_version(page))
    if not outcome.done:
        return await show_cart(page, problems_of(outcome.errors))
    return page.go("/cart", page.gettext("The goods are free again."))


async def choose_agreement(page: Page) -> Response:
    outcome = await page.act(
        "SetCartAgreement", agreementId=page.field("agreement") or None,
        keepOwnTerms=page.field("own_terms") == "on", expectedVersion=_version(page),
    )  # fmt: skip
    if not outcome.done:
        return await show_cart(
            page, problems_of(outcome.errors, {"agreementId": "agreement", "keepOwnTerms": "own-terms"})
        )
    return page.go("/cart", page.gettext("The cart was updated."), warnings=outcome.warnings)


async def answer_gift(page: Page) -> Response:
    outcome = await page.act(
        "AnswerFreeGoods", lineId=page.field("line"), productId=page.field("product"),
        isAccepted=page.field("answer") == "yes", expectedVersion=_version(page),
    )  # fmt: skip
    if not outcome.done:
        return await show_cart(page, problems_of(outcome.errors))
    return page.go("/cart", page.gettext("The cart was updated."), warnings=outcome.warnings)


async def remove_coupon(page: Page) -> Response:
    outcome = await page.act("RemoveCoupon", code=page.field("coupon"))
    if not outcome.done:
        return await show_cart(page, problems_of(outcome.errors))
    return page.go("/cart", page.gettext("The coupon was taken out."), warnings=outcome.warnings)


async def show_checkout(
    page: Page, problems: Sequence[Problem] = (), moved: Mapping[str, Any] | None = None
) -> Response:
    data = await page.ask("Checkout", first=PAGE_SIZE)
    cart = data["cart"]
    if cart is None or not cart["lineCount"]:
        return page.go("/cart")
    customer = data["viewer"]["customer"]
    credit = customer.get("credit")
    left = (credit or {}).get("available")
    return page.show(
        "portal/checkout.html", 422 if problems else 200, frame=data, cart=cart, customer=customer,
        problems=list(problems), moved=moved, by_line=_by_line(cart), available=left,
        lines=cart["pagedLines"]["nodes"],
        typed=_typed(page, cart, customer),
    )  # fmt: skip


def _typed(page: Page, cart: Mapping[str, Any], customer: Mapping[str, Any]) -> dict[str, str]:
    """What the form shows: what was typed, else what the cart knows, else the default address."""
    if page.form:
        return {name: page.field(name) for name in ("purchase_order", "address", "requested", "note")}
    usual = next((each["id"] for each in customer["addresses"] if each["isDefaultDelivery"]), "")
    chosen = cart["deliveryAddress"]["id"] if cart["deliveryAddress"] else usual
    return {
        "purchase_order": cart["purchaseOrderNumber"] or "",
        "address": chosen,
        "requested": cart["requestedOn"] or "",
        "note": cart["note"] or "",
    }


async def place_order(page: Page) -> Response:
    requested = page.field("requested")
    on = read_date(requested)
    if requested and on is None:
        return await show_checkout(page, [Problem(page.gettext("Enter a date."), "requested")])
    outcome = await page.act(
        "PlaceOrder", cartId=page.field("cart"), expectedVersion=_version(page) or 0,
        expectedTotal=read_number(page.field("total"), "en") or "0",
        purchaseOrderNumber=page.field("purchase_order"), deliveryAddressId=page.field("address") or None,
        requestedOn=on, note=page.field("note"),
    )  # fmt: skip
    if not outcome.done:
        fields = {
            "purchaseOrderNumber": "purchase_order", "deliveryAddressId": "address", "requestedOn": "requested",
            "note": "note",
        }  # fmt: skip
        by_line = [each for each in outcome.errors if "lines" in each["path"]]
        rest = [each for each in outcome.errors if "lines" not in each["path"]]
        shown = (await page.ask("Cart", first=PAGE_SIZE))["cart"]["pagedLines"]["nodes"] if by_line else []
        ids = [each["id"] for each in shown]
        moved = next((each for each in outcome.errors if each["code"] == "PRICE_CHANGED"), None)
        return await show_checkout(page, problems_of(rest, fields) + indexed(by_line, ids, "line-"), moved)
    order = outcome.payload["order"]
    said = page.gettext("Your order %(number)s has been placed.", number=order["number"])
    return page.go(f"/orders/{order['number']}", said, warnings=outcome.warnings)


PAGES = (
    At(
        "/cart",
        show_cart,
        {
            "add": add_line,
            "update": update_line,
            "way": choose_delivery,
            "remove": remove_line,
            "clear": clear_cart,
            "list": cart_to_list,
            "agreement": choose_agreement,
            "gift": answer_gift,
            "coupon": add_coupon,
            "remove-coupon": remove_coupon,
            "hold": hold_cart,
            "release": release_hold,
        },
        needs="carts:use",
    ),
    At("/checkout", show_checkout, {"": place_order}, needs="orders:place"),
)
