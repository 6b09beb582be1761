"""Quick order: many lines at once, verified, then put into the cart or on a list."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import carts_fill, quick_order
from resolvers import quick_order_kept as kept
from resolvers.context import Context
from resolvers.paging import PageArgs
from resolvers.promises import PromiseKey
from rules.money import ZERO
from rules.order_lines import OrderLine
from rules.refusals import ErrorCode, Refusal
from rules.states import QuickOrderSource, WishlistVisibility
from schema.access import access, described_enum, list_size
from schema.availability import DeliveryPromise, promise_of
from schema.carts import LISTED_MAX, FreeGoods, Totals, cart_payload, totals_of
from schema.connections import After, Before, Connection, First, Last, connection
from schema.document_charges import CHARGES, DocumentCharge, charges_of
from schema.ids import Node, decode_id, encode_id, node_loader, try_decode_id
from schema.payloads import Payload, UserError, user_errors
from schema.products import PriceBreak, Product
from schema.rows import fill
from schema.scalars import Money
from schema.wishlists import wishlist_payload

Info = strawberry.Info[Context, None]
_USE = [access(P.CARTS_USE)]
_SAVE = [access(P.WISHLISTS_USE)]

described_enum(
    QuickOrderSource,
    "How the lines of a quick order came.",
    {"TEXT": "Pasted as a text.", "LINES": "Line by line.", "FILE": "As a CSV or XLSX file."},
)
described_enum(
    kept.InvalidLines,
    "What to do about lines that cannot be ordered.",
    {
        "REFUSE": "Nothing is done unless all can be.",
        "LEAVE_OUT": "The others go on; a warning counts what did not.",
    },
)


class FileFormat(StrEnum):
    CSV = "CSV"
    XLSX = "XLSX"


described_enum(
    FileFormat,
    "How a file is written.",
    {"CSV": "Text in UTF-8, parted by semicolons in Spanish and commas in English.", "XLSX": "A workbook."},
)


@strawberry.type(description="One product of the lines sent; duplicates are merged.", directives=_USE)
class CheckedLine:
    line_numbers: list[int] = strawberry.field(
        description="The lines or rows it comes from, from 1.", directives=[list_size(20)]
    )
    text: str = strawberry.field(description="The first of them as it was sent.")
    status: quick_order.CheckedStatus = strawberry.field(description="What became of it.")
    product: Product | None = strawberry.field(description="The product; null where none was recognised.")
    requested_quantity: Decimal | None = strawberry.field(description="The quantity that was sent, merged.")
    quantity: Decimal | None = strawberry.field(
        description="The quantity that would be added; null where none can."
    )
    unit_price: Money | None = strawberry.field(
        description="Net price of `priceUnit` units at that quantity."
    )
    net_amount: Money | None = strawberry.field(description="What it would cost before tax.")
    next_break: PriceBreak | None = strawberry.field(description="From how many on it is cheaper.")
    problem: UserError | None = strawberry.field(description="Why it was adjusted or cannot be ordered.")
    row: strawberry.Private[quick_order.CheckedRow]

    @classmethod
    def of(cls, ctx: Context, row: quick_order.CheckedRow) -> "CheckedLine":
        price = None if row.priced is None else row.priced.price
        return cls(
            line_numbers=row.line_numbers,
            text=row.line.text,
            status=row.status,
            product=None if row.product is None else Product.of(row.product),
            requested_quantity=row.requested,
            quantity=row.quantity,
            unit_price=None if price is None else Money.of(price.unit_price, row.currency),
            net_amount=None if price is None else Money.of(price.net_amount, row.currency),
            next_break=None
            if price is None or price.next_break is None
            else PriceBreak.of(price.next_break, row.currency),
            problem=None if row.problem is None else user_errors(ctx, [row.problem])[0],
            row=row,
        )

    @strawberry.field(
        description="When it could be had, if it alone were ordered now; null where nobody can say.",
        directives=[access(P.STOCK_READ)],
    )
    async def promise(self, info: Info) -> DeliveryPromise | None:
        product, quantity = self.row.product, self.row.quantity
        key = None if product is None or quantity is None else PromiseKey(product, quantity)
        return await promise_of(info.context, key)

    @strawberry.field(
        description="What may have been meant: products of similar codes, or substitutes of one that is short.",
        directives=[list_size(quick_order.SUGGESTED_MAX)],
    )
    async def suggestions(self, info: Info) -> list[Product]:
        return [Product.of(row) for row in await info.context.load(quick_order.suggestions, self.row)]


@strawberry.type(description="Lines, verified; nothing was added.", directives=_USE)
class CheckedLines:
    valid_count: int = strawberry.field(description="How many can be ordered as they are.")
    adjusted_count: int = strawberry.field(description="How many can be ordered with another quantity.")
    invalid_count: int = strawberry.field(description="How many cannot be ordered.")
    merged_count: int = strawberry.field(
        description="How many lines were joined to another of the same product."
    )
    net_amount: Money | None = strawberry.field(
        description="What those that can be ordered cost before charges and tax; null where there are none."
    )
    checked: strawberry.Private[quick_order.Checked]

    @classmethod
    def of(cls, checked: quick_order.Checked) -> "CheckedLines":
        status = quick_order.CheckedStatus
        priced = [row for row in checked.orderable if row.priced is not None and row.priced.price is not None]
        net = sum((row.priced.price.net_amount for row in priced if row.priced and row.priced.price), ZERO)
        return cls(
            valid_count=checked.count(status.VALID),
            adjusted_count=checked.count(status.ADJUSTED),
            invalid_count=checked.count(status.INVALID),
            merged_count=checked.merged_count,
            net_amount=Money.of(net, priced[0].currency) if priced else None,
            checked=checked,
        )

    @strawberry.field(
        description="What would be charged if just these were ordered, to the default address.",
        directives=[CHARGES],
    )
    def charges(self, info: Info) -> list[DocumentCharge]:
        return charges_of(info.context, self.checked.priced)

    @strawberry.field(
        description="What comes without charge with an order of just these, and what is offered for them.",
        directives=[list_size(20)],
    )
    def free_goods(self, info: Info) -> list[FreeGoods]:
        priced = self.checked.priced
        return [FreeGoods.of(info.context, each, priced.market.currency) for each in priced.free]

    @strawberry.field(description="What an order of just these would come to, with charges.")
    def totals(self) -> Totals:
        return totals_of(self.checked.priced)

    @strawberry.field(
        description="By product; refused for more than 1,000.",
        directives=[list_size(300)],
        deprecation_reason="Up to 5,000 lines are checked at once: ask for pagedLines.",
    )
    def lines(self, info: Info) -> list[CheckedLine]:
        if len(self.checked.rows) > LISTED_MAX:
            text = "There are more than {limit} lines: ask for them in pages, by pagedLines."
            raise Refusal(ErrorCode.LIMIT_EXCEEDED, text, ("lines",), limit=LISTED_MAX)
        return [CheckedLine.of(info.context, row) for row in self.checked.rows]

    @strawberry.field(description="By product, in the order in which the products first appear.")
    def paged_lines(
        self,
        info: Info,
        status: Annotated[
            list[quick_order.CheckedStatus] | None,
            strawberry.argument(description="Only lines of these statuses; all when not said."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[CheckedLine]:
        page = self.checked.page(status, PageArgs(first, after, last, before))
        return connection(page, lambda row: CheckedLine.of(info.context, row))


@strawberry.type(
    description="Lines that the viewer sent at once, kept for a day to be verified and ordered as a whole.",
    directives=_USE,
)
class QuickOrder(Node):
    source: QuickOrderSource = strawberry.field(description="How its lines came.")
    file_name: str = strawberry.field(description="The name of the file they came in; empty otherwise.")
    line_count: int = strawberry.field(description="How many lines were sent.")
    created_at: datetime = strawberry.field(description="When they were sent.")
    expires_at: datetime = strawberry.field(description="Until when they are kept.")
    row: strawberry.Private[kept.QuickOrderRow]

    @classmethod
    def of(cls, row: kept.QuickOrderRow) -> "QuickOrder":
        return fill(cls, row, id=encode_id("QuickOrder", row.id), row=row)

    @strawberry.field(description="What can be ordered of them now, at today's prices.")
    async def checked(self, info: Info) -> CheckedLines:
        checked = await info.context.load(kept.checked_by_quick_order, self.row.id)
        assert checked is not None, "it was read in the same snapshot"
        return CheckedLines.of(checked)

    @strawberry.field(
        description="Where the lines that were adjusted or cannot be ordered are downloaded, to be corrected and sent "
        "again; a path on this server that the viewer alone may open, until `expiresAt`."
    )
    def problem_file_path(
        self, format: Annotated[FileFormat, strawberry.argument(description="CSV or XLSX.")] = FileFormat.XLSX
    ) -> str:
        return f"/quick-orders/{self.row.id}/problems.{format.value.lower()}"


@strawberry.input(description="A line with a code and a quantity.", directives=_USE)
class CheckLineInput:
    sku: str = strawberry.field(description="Our number, your own number, or a barcode.")
    quantity: Decimal = strawberry.field(description="How many, in the product's own unit.")


@strawberry.input(description="Lines to verify: a text as pasted, or lines.", one_of=True, directives=_USE)
class CheckLinesInput:
    text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description='At most 5,000 lines of "SKU quantity", separated by spaces, a tab, comma or semicolon.',
    )
    lines: list[CheckLineInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Lines already parted, at most 5,000."
    )


def _lines_of(given: "CheckLinesInput | CreateQuickOrderInput") -> tuple[list[OrderLine], QuickOrderSource]:
    if isinstance(given.text, str):
        return quick_order.lines_of_text(given.text), QuickOrderSource.TEXT
    pairs = [(line.sku, line.quantity) for line in given.lines or ()]
    return quick_order.lines_of_pairs(pairs), QuickOrderSource.LINES


@strawberry.type
class QuickOrderQueries:
    @strawberry.field(
        description="Verifies lines: what they would add, at which price, and what is wrong. Nothing is kept.",
        directives=_USE,
    )
    async def check_lines(
        self, info: Info, input: Annotated[CheckLinesInput, strawberry.argument(description="The lines.")]
    ) -> CheckedLines:
        lines, _ = _lines_of(input)
        return CheckedLines.of(await quick_order.check_lines(info.context, lines))

    @strawberry.field(
        description="One of the viewer's quick orders; null where there is none, or it has expired.",
        directives=_USE,
    )
    async def quick_order(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
    ) -> QuickOrder | None:
        key = try_decode_id(id, "QuickOrder")
        row = None if key is None else await info.context.load(kept.quick_orders_by_id, key)
        return None if row is None else QuickOrder.of(row)


@strawberry.input(
    description="Lines to keep and verify: a text as pasted, lines, or a file.", one_of=True, directives=_USE
)
class CreateQuickOrderInput:
    text: str | None = strawberry.field(
        default=strawberry.UNSET,
        description='At most 5,000 lines of "SKU quantity", separated by spaces, a tab, comma or semicolon.',
    )
    lines: list[CheckLineInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Lines already parted, at most 5,000."
    )
    upload_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The id that POST /upload answered for a CSV or XLSX file of at most 5,000 lines; it is used up.",
    )


_INVALID = strawberry.field(
    default=kept.InvalidLines.REFUSE, description="What to do about lines that cannot be ordered."
)


@strawberry.input(description="A quick order to put into the cart.", directives=_USE)
class AddQuickOrderToCartInput:
    quick_order_id: strawberry.ID = strawberry.field(description="The quick order.")
    invalid_lines: kept.InvalidLines = _INVALID
    expected_version: int | None = strawberry.field(
        default=None, description="The cart's version you saw; a newer one is refused."
    )


@strawberry.input(description="A quick order to put on a list that exists.", directives=_SAVE)
class AddQuickOrderToWishlistInput:
    quick_order_id: strawberry.ID = strawberry.field(description="The quick order.")
    wishlist_id: strawberry.ID = strawberry.field(description="The list.")
    invalid_lines: kept.InvalidLines = _INVALID
    expected_version: int | None = strawberry.field(
        default=None, description="The list's version you saw; a newer one is refused."
    )


@strawberry.input(description="A quick order to make a list of.", directives=_SAVE)
class SaveQuickOrderAsWishlistInput:
    quick_order_id: strawberry.ID = strawberry.field(description="The quick order.")
    name: str = strawberry.field(description="The list's name.")
    visibility: WishlistVisibility = strawberry.field(
        default=WishlistVisibility.PRIVATE, description="Who sees the list."
    )
    invalid_lines: kept.InvalidLines = _INVALID


@strawberry.input(description="The viewer's cart to make a list of.", directives=_SAVE)
class SaveCartAsWishlistInput:
    name: str = strawberry.field(description="The list's name.")
    visibility: WishlistVisibility = strawberry.field(
        default=WishlistVisibility.PRIVATE, description="Who sees the list."
    )


@strawberry.type(description="Answer of createQuickOrder.", directives=_USE)
class CreateQuickOrderPayload(Payload):
    entity_type = "QuickOrder"
    quick_order: QuickOrder | None = strawberry.field(
        default=None, description="The quick order; null when refused."
    )

    @classmethod
    async def load(cls, ctx: Context, entity_id: UUID) -> Self:
        row = await ctx.load(kept.quick_orders_by_id, entity_id)
        return cls(quick_order=None if row is None else QuickOrder.of(row))


AddQuickOrderToCartPayload = cart_payload("addQuickOrderToCart")
AddQuickOrderToWishlistPayload = wishlist_payload("addQuickOrderToWishlist")
SaveCartAsWishlistPayload = wishlist_payload("saveCartAsWishlist")
SaveQuickOrderAsWishlistPayload = wishlist_payload("saveQuickOrderAsWishlist")


def _key(text: strawberry.ID) -> UUID:
    return decode_id(text, "QuickOrder", path=("quickOrderId",))


@strawberry.type
class QuickOrderMutations:
    @strawberry.mutation(
        description="Keeps lines for a day, so that they are verified in pages and ordered as a whole.",
        directives=_USE,
    )
    async def create_quick_order(
        self,
        info: Info,
        input: Annotated[CreateQuickOrderInput, strawberry.argument(description="The lines.")],
    ) -> CreateQuickOrderPayload:
        if isinstance(input.upload_id, str):
            upload = decode_id(input.upload_id, "Upload", path=("uploadId",))
            done = await kept.keep_file(info.context, upload)
        else:
            lines, source = _lines_of(input)
            path = ("text" if source is QuickOrderSource.TEXT else "lines",)
            done = await kept.keep_lines(info.context, lines, source, path)
        return await CreateQuickOrderPayload.of(info.context, done)

    @strawberry.mutation(description="Puts a quick order into the viewer's cart.", directives=_USE)
    async def add_quick_order_to_cart(
        self,
        info: Info,
        input: Annotated[AddQuickOrderToCartInput, strawberry.argument(description="What to add.")],
    ) -> AddQuickOrderToCartPayload:  # type: ignore[valid-type]
        key = _key(input.quick_order_id)
        done = await kept.add_to_cart(info.context, key, input.invalid_lines, input.expected_version)
        return await AddQuickOrderToCartPayload.of(info.context, done)

    @strawberry.mutation(
        description="Puts a quick order on a list; its quantities replace the list's.", directives=_SAVE
    )
    async def add_quick_order_to_wishlist(
        self,
        info: Info,
        input: Annotated[AddQuickOrderToWishlistInput, strawberry.argument(description="What to add.")],
    ) -> AddQuickOrderToWishlistPayload:  # type: ignore[valid-type]
        wishlist = decode_id(input.wishlist_id, "Wishlist", path=("wishlistId",))
        done = await kept.add_to_wishlist(
            info.context, _key(input.quick_order_id), input.invalid_lines, wishlist, input.expected_version
        )
        return await AddQuickOrderToWishlistPayload.of(info.context, done)

    @strawberry.mutation(
        description="Makes a list of what the viewer's cart holds; the cart keeps it.", directives=_SAVE
    )
    async def save_cart_as_wishlist(
        self,
        info: Info,
        input: Annotated[SaveCartAsWishlistInput, strawberry.argument(description="The list.")],
    ) -> SaveCartAsWishlistPayload:  # type: ignore[valid-type]
        done = await carts_fill.save_as_wishlist(info.context, input.name, input.visibility)
        return await SaveCartAsWishlistPayload.of(info.context, done)

    @strawberry.mutation(description="Makes a list of a quick order.", directives=_SAVE)
    async def save_quick_order_as_wishlist(
        self,
        info: Info,
        input: Annotated[SaveQuickOrderAsWishlistInput, strawberry.argument(description="The list.")],
    ) -> SaveQuickOrderAsWishlistPayload:  # type: ignore[valid-type]
        done = await kept.save_as_wishlist(
            info.context, _key(input.quick_order_id), input.invalid_lines, input.name, input.visibility
        )
        return await SaveQuickOrderAsWishlistPayload.of(info.context, done)


@node_loader("QuickOrder")
async def _quick_orders(ctx: Context, keys: Sequence[UUID]) -> Sequence[QuickOrder | None]:
    rows = await kept.quick_orders_by_id(ctx, keys)
    return [None if row is None else QuickOrder.of(row) for row in rows]
