"""The mix: random acts on a few scarce products by many at once, and the invariants looked at all the while."""

import asyncio
import random
import threading
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import event, text

from app.database import Database
from auth.permissions import Role, Viewer
from jobs.promises import keep_promises
from jobs.runs import Run
from models.base import new_id
from models.invariants import INVARIANTS
from models.products import Product
from models.purchasing import Supplier, SupplierProduct
from resolvers.runner import DEADLOCK_DETECTED, SERIALIZATION_FAILURE
from rules.states import OutOfStockPolicy
from schema.ids import encode_id
from tests import factories as make
from tests.safety.test_races import Crowd
from tests.safety.world import NOW

DONE, NOTHING = "DONE", "NOTHING"
WORKERS = 8
LOOK_SECONDS = 0.1
TAX = Decimal("1.21")
_PIECES = 8

# Why an act may be refused while others are at the same rows; anything else is a fault.
_COMMON = {"STALE_VERSION", "INVALID_TRANSITION"}
REFUSALS: dict[str, set[str]] = {
    "place": {"OUT_OF_STOCK"},
    "confirm": _COMMON,
    "cancel": _COMMON,
    "cancel the rest": _COMMON | {"QUANTITY_INVALID"},
    "hold": _COMMON,
    "let go": _COMMON,
    "reschedule": _COMMON | {"OUT_OF_STOCK", "QUANTITY_INVALID"},
    "release": _COMMON | {"OUT_OF_STOCK", "INVALID"},
    "take back": _COMMON,
    "ship": _COMMON,
    "buy": set(),
    "buy for an order": _COMMON | {"QUANTITY_INVALID"},
    "receive": _COMMON | {"QUANTITY_INVALID", "INVALID"},
    "block": _COMMON,
    "unblock": _COMMON,
    "reserve softly": {"OUT_OF_STOCK"},
    "expire": {NOTHING},
}

_ORDERS = "select id, version from sales_order where {which} order by id"
_OPEN_LINES = """
    select line.id, line.order_id, sales_order.version,
        line.quantity_ordered - line.quantity_cancelled - line.quantity_shipped as open,
        line.quantity_reserved as reserved
    from sales_order_line line join sales_order on sales_order.id = line.order_id
    where sales_order.status in ('PLACED', 'CONFIRMED') and not sales_order.is_on_hold
        and line.quantity_ordered > line.quantity_cancelled + line.quantity_shipped
    order by line.id
"""
_LACKING = """
    select line.id, line.product_id
    from sales_order_line line join sales_order on sales_order.id = line.order_id
    where sales_order.status in ('PLACED', 'CONFIRMED') and not sales_order.is_on_hold
        and line.quantity_ordered - line.quantity_cancelled - line.quantity_shipped > line.quantity_reserved
    order by line.id
"""
_SUPPLIES = """
    select line.id, line.product_id, purchase.id as purchase_order_id, purchase.version,
        line.quantity_ordered - line.quantity_received - line.quantity_cancelled as left
    from purchase_order_line line join purchase_order purchase on purchase.id = line.purchase_order_id
    where purchase.status in ('SENT', 'CONFIRMED')
        and line.quantity_ordered > line.quantity_received + line.quantity_cancelled
    order by line.id
"""
_DELIVERIES = "select id, version from delivery where status = 'RELEASED' order by id"
_LOTS = "select id, version from lot where status = :status order by id"
# What carts and quotes will hold: a quantity of a product in a warehouse, for a while, for no order.
_HOLD_SOFTLY = """
    with taken as (
        update stock_balance set reserved = reserved + 1
        where product_id = :product and warehouse_id = :warehouse and reserved + blocked + 1 <= on_hand
        returning product_id, warehouse_id
    )
    insert into reservation (id, customer_id, product_id, warehouse_id, kind, quantity, created_at, expires_at)
    select :id, :customer, product_id, warehouse_id, 'SOFT', 1, :now, :now from taken returning id
"""


@dataclass
class Watch:
    """What was looked at while others acted: how often, what was broken, and what the database called off."""

    looks: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    aborts: Counter[str] = field(default_factory=Counter)


def _look() -> str:
    """All invariants in one statement: one snapshot."""
    parts = [
        f"select $n${name}$n$ as name where exists ({query})"
        for name, query in INVARIANTS.items()
        if name != "every product is searchable"  # factories put no product into the search
    ]
    return " union all ".join(parts)


async def _looking(database: Database, seen: Watch, over: threading.Event) -> None:
    """A look every 100 ms, the last one when all is over."""
    connection = await database.direct()
    try:
        is_last = False
        while not is_last:
            is_last = over.is_set()
            begun = monotonic()
            seen.broken.update(row["name"] for row in await connection.fetch(_look()))
            seen.looks += 1
            over.wait(max(LOOK_SECONDS - (monotonic() - begun), 0))
    finally:
        await connection.close()


@asynccontextmanager
async def watched(database: Database) -> AsyncIterator[Watch]:
    """Looks from a thread and a connection of its own; conflicts on the others' connections are counted by state."""
    seen, over = Watch(), threading.Event()

    def note(context: Any) -> None:
        state = getattr(context.original_exception, "sqlstate", None)
        if state in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED):
            seen.aborts[state] += 1

    engine = database.engine.sync_engine
    event.listen(engine, "handle_error", note)
    looking = asyncio.ensure_future(asyncio.to_thread(lambda: asyncio.run(_looking(database, seen, over))))
    try:
        yield seen
    finally:
        over.set()
        await looking
        event.remove(engine, "handle_error", note)


@dataclass
class Mix:
    """The crowd's acts, each on rows that chance chooses; a seed makes the same choices, though not the same order."""

    crowd: Crowd
    buyers: list[Viewer]
    rep: Viewer
    logistics: Viewer
    products: list[Product]
    warehouses: list[UUID]
    supplier: UUID
    told: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def done(self) -> Counter[str]:
        """How often each kind of act succeeded."""
        return Counter({kind: n for (kind, code), n in self.told.items() if code == DONE})

    async def run(self, dice: random.Random, kind: str) -> None:
        """One act. Nothing to act on is no act; a refusal that has no business here is a fault."""
        code = await _ACTS[kind](self, dice)
        if code is None:
            return
        assert code == DONE or code in REFUSALS[kind], f"{kind}: {code}"
        self.told[kind, code] += 1

    async def _act(self, viewer: Viewer, mutation: str, more: str = "", **given: Any) -> Any:
        """The code that it ends with, or with `more` what was asked for of its answer."""
        name = mutation[0].upper() + mutation[1:] + "Input"
        document = f"mutation($input: {name}!) {{ {mutation}(input: $input) {{ {more} errors {{ code }} }} }}"
        payload = await self.crowd.ask(viewer, document, str(new_id()), input=given)
        if payload["errors"]:
            return str(payload["errors"][0]["code"])
        return payload if more else DONE

    async def _one(self, dice: random.Random, statement: str, **values: Any) -> Any:
        """A row of those that a statement finds, or None."""
        async with self.crowd.database.job() as session:
            found = (await session.execute(text(statement), values)).all()
        return dice.choice(found) if found else None

    async def place(self, dice: random.Random) -> str:
        lines = [(each, dice.randint(1, 4)) for each in dice.sample(self.products, dice.randint(1, 2))]
        total = 10 * sum(quantity for _, quantity in lines) * TAX
        made = await self._act(
            dice.choice(self.buyers), "placeCapturedOrder", expectedTotal=str(total),
            lines=[{"sku": each.sku, "quantity": str(quantity)} for each, quantity in lines],
        )  # fmt: skip
        return str(made)

    async def _on_order(
        self, dice: random.Random, which: str, mutation: str, reason: bool = True
    ) -> str | None:
        found = await self._one(dice, _ORDERS.format(which=which))
        if found is None:
            return None
        given = {"orderId": encode_id("Order", found.id), "expectedVersion": found.version}
        return str(await self._act(self.rep, mutation, **given, **({"reason": "mix"} if reason else {})))

    async def confirm(self, dice: random.Random) -> str | None:
        return await self._on_order(
            dice, "status = 'PLACED' and not is_on_hold", "confirmOrder", reason=False
        )

    async def cancel(self, dice: random.Random) -> str | None:
        shipped = (
            "exists (select from delivery where order_id = sales_order.id and delivery.status = 'SHIPPED')"
        )
        return await self._on_order(
            dice, f"status in ('PLACED', 'CONFIRMED') and not {shipped}", "cancelOrder"
        )

    async def hold(self, dice: random.Random) -> str | None:
        return await self._on_order(dice, "status = 'CONFIRMED' and not is_on_hold", "holdOrder")

    async def let_go(self, dice: random.Random) -> str | None:
        return await self._on_order(dice, "is_on_hold", "releaseOrder")

    async def cancel_rest(self, dice: random.Random) -> str | None:
        found = await self._one(dice, _OPEN_LINES)
        if found is None:
            return None
        done = await self._act(
            self.rep, "cancelOrderLine", orderLineId=encode_id("OrderLine", found.id),
            quantity=str(dice.choice((found.open, Decimal(1)))), expectedVersion=found.version, reason="mix",
        )  # fmt: skip
        return str(done)

    async def reschedule(self, dice: random.Random) -> str | None:
        found = await self._one(dice, _OPEN_LINES)
        if found is None:
            return None
        day = (NOW + timedelta(dice.randint(1, 20))).date().isoformat()
        parts: list[dict[str, Any]] = [
            {"quantity": "1", "warehouseId": encode_id("Warehouse", dice.choice(self.warehouses))}
        ]
        if found.open > 1:
            parts.append({"quantity": str(found.open - 1), "requestedOn": day})
        done = await self._act(
            self.rep, "rescheduleOrderLine", orderLineId=encode_id("OrderLine", found.id), parts=parts,
            expectedVersion=found.version,
        )  # fmt: skip
        return str(done)

    async def release(self, dice: random.Random) -> str | None:
        held = """status = 'CONFIRMED' and not is_on_hold and exists (
            select from sales_order_line where order_id = sales_order.id and quantity_reserved > 0)"""
        found = await self._one(dice, _ORDERS.format(which=held))
        if found is None:
            return None
        done = await self._act(
            self.logistics, "releaseDelivery", orderId=encode_id("Order", found.id),
            expectedVersion=found.version, warehouseId=encode_id("Warehouse", dice.choice(self.warehouses)),
        )  # fmt: skip
        return str(done)

    async def _on_delivery(self, dice: random.Random, mutation: str, **more: str) -> str | None:
        found = await self._one(dice, _DELIVERIES)
        if found is None:
            return None
        given = {"deliveryId": encode_id("Delivery", found.id), "expectedVersion": found.version}
        return str(await self._act(self.logistics, mutation, **given, **more))

    async def take_back(self, dice: random.Random) -> str | None:
        return await self._on_delivery(dice, "cancelDelivery", reason="mix")

    async def ship(self, dice: random.Random) -> str | None:
        return await self._on_delivery(dice, "shipDelivery")

    async def buy(self, dice: random.Random) -> str:
        return await self._buy(dice, dice.choice(self.products).id)

    async def buy_for_order(self, dice: random.Random) -> str | None:
        lacking = await self._one(dice, _LACKING)
        if lacking is None:
            return None
        peg = {"orderLineId": encode_id("OrderLine", lacking.id), "quantity": "1"}
        return await self._buy(dice, lacking.product_id, pegs=[peg])

    async def _buy(self, dice: random.Random, product: UUID, **given: Any) -> str:
        """A purchase order that its supplier has."""
        quantity = str(dice.randint(2, 6))
        made = await self._act(
            self.logistics, "createPurchaseOrder", "purchaseOrder { id version }",
            supplierId=encode_id("Supplier", self.supplier),
            warehouseId=encode_id("Warehouse", dice.choice(self.warehouses)),
            lines=[{"productId": encode_id("Product", product), "quantity": quantity, **given}],
        )  # fmt: skip
        if isinstance(made, str):
            return made
        order = made["purchaseOrder"]
        values = {"purchaseOrderId": order["id"], "expectedVersion": order["version"]}
        return str(await self._act(self.logistics, "sendPurchaseOrder", **values))

    async def receive(self, dice: random.Random) -> str | None:
        found = await self._one(dice, _SUPPLIES)
        if found is None:
            return None
        line = {
            "lineId": encode_id("PurchaseOrderLine", found.id),
            "quantity": str(dice.randint(1, int(found.left))),
        }
        product = next(each for each in self.products if each.id == found.product_id)
        if product.is_lot_tracked:
            line["lotNumber"] = f"R{dice.randint(1, 4)}"
        done = await self._act(
            self.logistics, "receivePurchaseOrder", lines=[line], expectedVersion=found.version,
            purchaseOrderId=encode_id("PurchaseOrder", found.purchase_order_id),
        )  # fmt: skip
        return str(done)

    async def _on_lot(self, dice: random.Random, mutation: str, status: str) -> str | None:
        found = await self._one(dice, _LOTS, status=status)
        if found is None:
            return None
        given = {"lotId": encode_id("Lot", found.id), "expectedVersion": found.version, "reason": "mix"}
        return str(await self._act(self.logistics, mutation, **given))

    async def block(self, dice: random.Random) -> str | None:
        return await self._on_lot(dice, "blockLot", "AVAILABLE")

    async def unblock(self, dice: random.Random) -> str | None:
        return await self._on_lot(dice, "unblockLot", "BLOCKED")

    async def reserve_softly(self, dice: random.Random) -> str:
        values = {
            "id": new_id(), "customer": dice.choice(self.buyers).customer_id, "now": NOW,
            "product": dice.choice(self.products).id, "warehouse": dice.choice(self.warehouses),
        }  # fmt: skip
        async with self.crowd.database.job() as session:
            held = (await session.execute(text(_HOLD_SOFTLY), values)).first()
        return "OUT_OF_STOCK" if held is None else DONE

    async def expire(self, dice: random.Random) -> str:
        """The hourly job: what was held too long is given back, broken promises are made again."""
        old = "select count(*) from reservation where kind = 'SOFT' and released_at is null"
        there = await self.crowd.value(old)
        run = Run(self.crowd.database, lambda: NOW, new_id(), "promises.keep", 1, {}, None, None, None)
        await keep_promises(run)
        return DONE if there else NOTHING


_ACTS: dict[str, Callable[[Mix, random.Random], Awaitable[str | None]]] = {
    "place": Mix.place,
    "confirm": Mix.confirm,
    "cancel": Mix.cancel,
    "cancel the rest": Mix.cancel_rest,
    "hold": Mix.hold,
    "let go": Mix.let_go,
    "reschedule": Mix.reschedule,
    "release": Mix.release,
    "take back": Mix.take_back,
    "ship": Mix.ship,
    "buy": Mix.buy,
    "buy for an order": Mix.buy_for_order,
    "receive": Mix.receive,
    "block": Mix.block,
    "unblock": Mix.unblock,
    "reserve softly": Mix.reserve_softly,
    "expire": Mix.expire,
}
# The others follow from orders: they are placed, confirmed and released more often than anything else happens.
_WEIGHTS = [
    {"place": 6, "confirm": 4, "release": 4, "ship": 3, "receive": 3, "buy": 2}.get(kind, 1) for kind in _ACTS
]


async def open_mix(crowd: Crowd) -> Mix:
    """Five buyers, two warehouses, and four products of which eight pieces are in each, two by lots, two to wait for."""
    async with crowd.database.job() as session:
        rep = await make.make_rep(session, crowd.seller)
        logistics = await make.make_user(session, crowd.seller, roles=[Role.LOGISTICS], password=None)
        people = []
        for _ in range(5):
            customer = await make.make_customer(session, crowd.seller, rep=rep, credit_limit="1000000")
            people.append(await make.make_user(session, crowd.seller, customer=customer, password=None))
        places = [
            await make.make_warehouse(session, crowd.seller, code, priority=index)
            for index, code in enumerate(("MAD", "BIO"), start=1)
        ]
        products = []
        for index in range(4):
            waits = OutOfStockPolicy.BACKORDER if index % 2 else OutOfStockPolicy.REFUSE
            product = await make.make_product(
                session, crowd.seller, price="10", cost="6", stock=None, is_lot_tracked=index >= 2,
                out_of_stock_policy=waits,
            )  # fmt: skip
            for place in places:
                if product.is_lot_tracked:
                    for half in ("A", "B"):
                        number = f"{place.code}-{half}"
                        await make.make_stock(session, product, _PIECES // 2, place, lot=number)
                else:
                    await make.make_stock(session, product, _PIECES, place)
            products.append(product)
        supplier = Supplier(
            seller_id=crowd.seller.id, code="P", name="P", currency="EUR", email="p@example.com", locale="es",
            lead_time_days=7, created_at=NOW,
        )  # fmt: skip
        await make.add(session, supplier)
        one = Decimal(1)
        for product in products:
            offer = SupplierProduct(
                supplier_id=supplier.id, product_id=product.id, unit_price=one, minimum_quantity=one,
                multiple_quantity=one, is_preferred=False,
            )  # fmt: skip
            await make.add(session, offer)
    return Mix(
        crowd,
        [await make.viewer_of(crowd.database, each) for each in people],
        await make.viewer_of(crowd.database, rep),
        await make.viewer_of(crowd.database, logistics),
        products,
        [place.id for place in places],
        supplier.id,
    )


async def mix(made: Mix, seed: int, goes_on: Callable[[], bool]) -> None:
    """Eight workers act by chance until it is enough; the first fault ends all of them."""

    async def work(number: int) -> None:
        dice = random.Random(seed * WORKERS + number)
        while goes_on():
            await made.run(dice, dice.choices(list(_ACTS), _WEIGHTS)[0])

    async with asyncio.TaskGroup() as group:
        for number in range(WORKERS):
            group.create_task(work(number))
