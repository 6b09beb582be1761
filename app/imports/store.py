"""Writing so that a second run writes nothing: rows are compared with what is stored before a statement is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, bindparam, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.imports.common import Progress
from app.imports.report import ImportReport
from models.base import Base, new_id
from models.customers import ExternalReference
from models.prices import ListPrice
from models.stock import StockBalance, StockMove
from rules.states import StockMoveKind

# COPY does not go together with row security, which holds for the job's role too; executemany in batches does.
_BATCH = 2000
_MANY = 10_000
Values = Mapping[str, Any]


@dataclass(slots=True)
class Store:
    """
    One import's session, its references to the source's keys, and the count of what it wrote.

    The source owns the columns it fills: a second run puts them back to the file's values. Columns named in
    `initial` are given once, when a row is new, and belong to the house from then on.
    """

    session: AsyncSession
    report: ImportReport
    progress: Progress
    seller_id: UUID
    namespace: str
    now: datetime
    today: date  # in the seller's zone
    currency: str  # of the source's amounts
    _references: dict[tuple[str, str], UUID] = field(default_factory=dict)
    _new_references: list[dict[str, Any]] = field(default_factory=list)

    async def load_references(self) -> None:
        table = _table(ExternalReference)
        found = await self.session.execute(
            select(table.c.entity_type, table.c.value, table.c.entity_id).where(
                table.c.seller_id == self.seller_id, table.c.namespace == self.namespace
            )
        )
        self._references = {(entity_type, value): entity_id for entity_type, value, entity_id in found}

    def known(self, entity_type: str, value: str) -> UUID | None:
        return self._references.get((entity_type, value))

    def refer(
        self,
        entity_type: str,
        value: str,
        entity_id: UUID | None = None,
        customer_id: UUID | None = None,
    ) -> UUID:
        """
        Our id for the source's key: the one it had, else `entity_id`, else a new one.

        Args:
            customer_id: whose row it names; None for catalogue rows.
        """
        found = self.known(entity_type, value)
        if found is None:
            found = entity_id or new_id()
            self._references[entity_type, value] = found
            self._new_references.append(
                {
                    "seller_id": self.seller_id, "namespace": self.namespace, "entity_type": entity_type,
                    "value": value, "entity_id": found,
                    "customer_id": found if entity_type == "Customer" else customer_id,
                }
            )  # fmt: skip
        return found

    def new_references(self, entity_type: str) -> set[UUID]:
        """The ids of this type that this run met for the first time."""
        return {row["entity_id"] for row in self._new_references if row["entity_type"] == entity_type}

    async def column(self, model: type[Base], name: str) -> dict[UUID, Any]:
        """A column of the seller's stored rows, by id."""
        table = _table(model)
        found = await self.session.execute(
            select(table.c.id, table.c[name]).where(table.c.seller_id == self.seller_id)
        )
        return {row.id: row[1] for row in found}

    async def write_references(self) -> None:
        """The references made meanwhile; after the rows they name."""
        await self._insert(_table(ExternalReference), self._new_references)
        self._new_references = []

    async def put(
        self,
        model: type[Base],
        rows: Sequence[Values],
        keys: Sequence[str] = ("id",),
        initial: Sequence[str] = (),
        where: ColumnElement[bool] | None = None,
    ) -> None:
        """
        Inserts rows that are absent and updates those that differ.

        Args:
            rows: with the same columns each, the keys among them.
            keys: columns that tell rows apart.
            initial: columns that are given to new rows only.
            where: which stored rows to compare with; default those with the rows' values in the first key.
        """
        if not rows:
            return
        table = _table(model)
        owned = [name for name in rows[0] if name not in keys and name not in initial]
        stored = await self._stored(table, rows, keys, owned, where)
        new: list[Values] = []
        changed: list[dict[str, Any]] = []
        for row in rows:
            before = stored.get(tuple(row[key] for key in keys))
            if before is None:
                new.append(row)
            elif before != tuple(row[name] for name in owned):
                changed.append({f"new_{name}": row[name] for name in (*keys, *owned)})
        await self._insert(table, new)
        if not changed:
            return
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in owned}
        if "version" in table.c:
            values["version"] = table.c.version + 1
        matches = [table.c[key] == bindparam(f"new_{key}") for key in keys]
        if where is not None:
            matches.append(where)
        await self._execute_many(
            update(table).where(*matches).values(values), changed, f"Updating {table.name}"
        )
        self.report.updated[table.name] += len(changed)

    async def _stored(
        self,
        table: Table,
        rows: Sequence[Values],
        keys: Sequence[str],
        owned: Sequence[str],
        where: ColumnElement[bool] | None,
    ) -> dict[tuple[Any, ...], tuple[Any, ...]]:
        columns = [table.c[name] for name in (*keys, *owned)]
        if where is not None:
            conditions = [where]
        else:
            firsts = list({row[keys[0]] for row in rows})
            batches = (firsts[start : start + _MANY] for start in range(0, len(firsts), _MANY))
            conditions = [table.c[keys[0]].in_(batch) for batch in batches]
        found: dict[tuple[Any, ...], tuple[Any, ...]] = {}
        for condition in conditions:
            for row in await self.session.execute(select(*columns).where(condition)):
                values = tuple(row)
                found[values[: len(keys)]] = values[len(keys) :]
        return found

    async def put_prices(self, prices: Mapping[UUID, Decimal], unit_code: str) -> None:
        """
        List prices valid from today. An equal price stays as it is; another one closes it.

        A price that was itself made today is corrected, for no row may be valid for no day.
        """
        table = _table(ListPrice)
        stored = await self._prices_from_today(list(prices), unit_code)
        new: list[Values] = []
        closed: list[Values] = []
        corrected: list[Values] = []
        for product_id, price in prices.items():
            current = stored.get(product_id)
            starts_today = current is not None and current.valid_from == self.today
            if current is not None and current.valid_from <= self.today and current.unit_price == price:
                continue
            if starts_today and current is not None:
                corrected.append({"row_id": current.id, "price": price})
                continue
            in_force = current is not None and current.valid_from < self.today
            if in_force and current is not None:
                closed.append({"row_id": current.id, "until": self.today})
            # What was planned for later days stays planned: the new price lasts until then.
            until = None if current is None else current.valid_until if in_force else current.valid_from
            new.append(
                {
                    "product_id": product_id, "currency": self.currency, "unit_code": unit_code,
                    "from_quantity": Decimal(0), "unit_price": price, "price_unit": Decimal(1),
                    "valid_from": self.today, "valid_until": until,
                }
            )  # fmt: skip
        same = table.c.id == bindparam("row_id")
        closing = update(table).where(same).values(valid_until=bindparam("until"))
        correcting = update(table).where(same).values(unit_price=bindparam("price"))
        await self._execute_many(closing, closed, "Closing prices")
        await self._execute_many(correcting, corrected, "Correcting prices")
        self.report.updated.update({table.name: len(closed) + len(corrected)} if closed or corrected else {})
        await self._insert(table, new)

    async def _prices_from_today(self, product_ids: Sequence[UUID], unit_code: str) -> dict[UUID, Any]:
        """The row in force for the first unit, or else the next to come, by product."""
        table = _table(ListPrice)
        found: dict[UUID, Any] = {}
        for start in range(0, len(product_ids), _MANY):
            statement = (
                select(
                    table.c.product_id,
                    table.c.id,
                    table.c.unit_price,
                    table.c.valid_from,
                    table.c.valid_until,
                )
                .where(
                    table.c.product_id.in_(product_ids[start : start + _MANY]),
                    table.c.currency == self.currency,
                    table.c.unit_code == unit_code,
                    table.c.from_quantity == 0,
                    or_(table.c.valid_until.is_(None), table.c.valid_until > self.today),
                )
                .order_by(table.c.product_id, table.c.valid_from)
            )
            for row in await self.session.execute(statement):
                found.setdefault(row.product_id, row)
        return found

    async def book_opening_stock(self, quantities: Mapping[UUID, Decimal], warehouse_id: UUID) -> None:
        """Books the file's stock once by product; from then on stock lives by its moves, whatever the file says."""
        moves, balances = _table(StockMove), _table(StockBalance)
        reference = f"{self.namespace} opening stock"
        booked = set(
            await self.session.scalars(select(moves.c.product_id).where(moves.c.reference == reference))
        )
        await self.put(
            StockBalance,
            [
                {
                    "product_id": product_id, "warehouse_id": warehouse_id, "on_hand": Decimal(0),
                    "reserved": Decimal(0),
                }
                for product_id in quantities
            ],
            keys=("product_id", "warehouse_id"),
            initial=("on_hand", "reserved"),
        )  # fmt: skip
        opening = {each: count for each, count in quantities.items() if count and each not in booked}
        await self._insert(
            moves,
            [
                {
                    "month": self.today.replace(day=1), "product_id": product_id, "warehouse_id": warehouse_id,
                    "kind": StockMoveKind.OPENING, "quantity": quantity, "reference": reference,
                    "occurred_at": self.now,
                }
                for product_id, quantity in opening.items()
            ],
        )  # fmt: skip
        more = (
            update(balances)
            .where(
                balances.c.product_id == bindparam("of_product"),
                balances.c.warehouse_id == bindparam("of_warehouse"),
            )
            .values(on_hand=balances.c.on_hand + bindparam("more"))
        )
        rows = [
            {"of_product": product_id, "of_warehouse": warehouse_id, "more": quantity}
            for product_id, quantity in opening.items()
        ]
        await self._execute_many(more, rows, "Booking stock")

    async def _insert(self, table: Table, rows: Sequence[Values]) -> None:
        await self._execute_many(insert(table), rows, f"Writing {table.name}")
        if rows:
            self.report.inserted[table.name] += len(rows)

    async def _execute_many(self, statement: Any, rows: Sequence[Values], label: str) -> None:
        batches = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
        shown = self.progress.over(batches, label) if len(batches) > 2 else batches
        connection = await self.session.connection()
        for batch in shown:
            await connection.execute(statement, [dict(row) for row in batch])


def _table(model: type[Base]) -> Table:
    return cast(Table, model.__table__)
