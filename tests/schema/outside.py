"""A warehouse system outside the house, as the tests play it: it hears of tasks and reports what it did."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from random import Random
from typing import Any

from auth.permissions import Role, Viewer
from auth.scopes import ApiScope, limited, machine_grants
from jobs.kinds import Catalogue
from jobs.outbox import publish
from tests import factories as make
from tests.schema.delivering import value
from tests.schema.shop import NOW, Shop

_keys = count(1)
TASKS = """query($warehouseId: ID!, $consumer: String, $after: Position, $first: Int) {
    warehouseTasks(warehouseId: $warehouseId, consumer: $consumer, after: $after, first: $first) {
        nodes { eventId position type documentType documentId documentNumber documentStatus documentVersion partner
            orderNumber plannedOn trackingNumber reason address { city country }
            lines { lineId sku unit quantity change lotNumber expiresOn expectedOn } }
        lastPosition hasNextPage } }"""
ERRORS = "errors { code message path } warnings { code } replayed"


async def published(shop: Shop) -> None:
    async with shop.database.job() as session:
        await publish(session, Catalogue({}, {}), NOW)


async def machine(shop: Shop, *scopes: ApiScope) -> Viewer:
    """The viewer that a token of the seller's client with these scopes stands for."""
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, roles=[Role.INTEGRATOR])
    viewer = await make.viewer_of(shop.database, user)
    given = [each.value for each in scopes or (ApiScope.WAREHOUSE_REPORT,)]
    return replace(viewer, grants=limited(machine_grants(of_customer=False), given))


async def report(shop: Shop, viewer: Viewer, mutation: str, fields: str = "", **given: Any) -> dict[str, Any]:
    """An act of the outside system under a new idempotency key each time; the payload."""
    name = mutation[0].upper() + mutation[1:] + "Input"
    document = f"mutation Act($input: {name}!) {{ {mutation}(input: $input) {{ {fields} {ERRORS} }} }}"
    answer = await shop.data(viewer, document, f"o-{next(_keys)}", input=given)
    payload: dict[str, Any] = answer[mutation]
    return payload


async def tasks(shop: Shop, viewer: Viewer, place: str, **asked: Any) -> list[dict[str, Any]]:
    await published(shop)
    found: list[dict[str, Any]] = (await shop.data(viewer, TASKS, warehouseId=place, **asked))[
        "warehouseTasks"
    ]["nodes"]
    return found


async def our_stock(shop: Shop) -> dict[tuple[str, str | None], int]:
    """On hand by SKU and lot, as we keep it; what there is none of is left out."""
    rows = await value(
        shop,
        "select product.sku, lot.number, balance.on_hand from lot_balance balance join lot on lot.id = balance.lot_id"
        " join product on product.id = lot.product_id where balance.on_hand <> 0"
        " union all select product.sku, null, balance.on_hand from stock_balance balance"
        " join product on product.id = balance.product_id where not product.is_lot_tracked and balance.on_hand <> 0",
    )
    return {(sku, lot): int(quantity) for sku, lot, quantity in rows}


@dataclass
class Outside:
    """
    Keeps its own stock by what it hears. The line to us doubles, drops and reorders whatever is sent over it.

    What it reports it repeats until an answer has come; what it hears it applies once, by the event's id.
    """

    shop: Shop
    viewer: Viewer
    place: str
    chance: Random
    stock: dict[tuple[str, str | None], int] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)  # event -> how often it was heard
    log: list[dict[str, Any]] = field(
        default_factory=list
    )  # what it heard for the first time, in order of hearing

    async def hear(self) -> None:
        """Pulls until nothing is open: each stretch comes twice and shuffled, and a third of the answers is lost."""
        for _ in range(60):
            found = await tasks(self.shop, self.viewer, self.place, consumer="wms", first=5)
            if not found:
                return
            arrived = [*found, *found]
            self.chance.shuffle(arrived)
            for each in arrived:
                self._apply(each)
            said = [each["position"] for each in arrived if self.chance.random() > 0.3]
            if said:
                for _ in range(2):  # an acknowledgement may come twice as well
                    done = await report(
                        self.shop, self.viewer, "acknowledgeEvents", warehouseId=self.place, consumer="wms",
                        positions=said,
                    )  # fmt: skip
                    assert done["errors"] == [], done
        raise AssertionError("it never came to an end")

    def _apply(self, task: Mapping[str, Any]) -> None:
        self.seen[task["eventId"]] = self.seen.get(task["eventId"], 0) + 1
        if self.seen[task["eventId"]] > 1:
            return
        self.log.append(dict(task))
        for line in task["lines"]:
            key = line["sku"], line["lotNumber"]
            self.stock[key] = self.stock.get(key, 0) + int(line["change"])
        self.stock = {key: quantity for key, quantity in self.stock.items() if quantity}

    async def tell(self, mutation: str, name: str, **given: Any) -> dict[str, Any]:
        """Reports under its own name; the first answer is lost on the way, so it is told again."""
        reference = {"namespace": "wms", "value": name}
        first = await report(self.shop, self.viewer, mutation, externalReference=reference, **given)
        assert first["errors"] == [] and not first["replayed"], first
        again = await report(self.shop, self.viewer, mutation, externalReference=reference, **given)
        assert again["errors"] == [] and again["replayed"], again
        return again
