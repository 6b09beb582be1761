"""What the kinds of imports share: the ground they stand on, and what a batch of rows is to become."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, insert, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import Integer, Uuid

from models.events import AuditEvent
from models.products import Product
from models.sellers import Seller
from rules.imports import ImportRow, fault
from rules.refusals import ErrorCode, Refusal
from rules.texts import item_key

Codes = Mapping[str, Any]


class Fate(StrEnum):
    """What became of a row."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(slots=True)
class Ground:
    """What all batches of one attempt share. `memory` is the kind's own, such as codes it has looked up."""

    seller: Seller
    import_id: UUID
    actor_id: UUID
    now: datetime
    today: date
    is_verify_only: bool
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Touched:
    """An entity that a batch makes or changes, for the trail."""

    entity_id: UUID
    version: int = 1
    customer_id: UUID | None = None


Write = Callable[[AsyncSession], Awaitable[None]]


@dataclass(slots=True)
class Plan:
    """What a batch is to become: each row's fate or faults, and the statements that bring it about."""

    fates: dict[int, Fate] = field(default_factory=dict)
    faults: dict[int, list[Refusal]] = field(default_factory=dict)
    writes: list[Write] = field(default_factory=list)

    def refuse(self, row: ImportRow, *faults: Refusal) -> None:
        self.fates[row.number] = Fate.REFUSED
        self.faults.setdefault(row.number, []).extend(faults)

    def sound(self, rows: Iterable[ImportRow]) -> list[ImportRow]:
        """The rows without fault; the others are refused."""
        found = []
        for row in rows:
            if row.faults:
                self.refuse(row, *row.faults)
            else:
                found.append(row)
        return found

    def count(self, fate: Fate) -> int:
        return sum(each is fate for each in self.fates.values())


MakePlan = Callable[[AsyncSession, Ground, Sequence[ImportRow]], Awaitable[Plan]]


def unknown(column: str, value: object) -> Refusal:
    return fault(ErrorCode.NOT_FOUND, column, "There is no “{value}” here.", value=value)


def needed(column: str) -> Refusal:
    return fault(ErrorCode.INVALID, column, "A new row needs the column {column}.", column=column)


def not_changed(column: str) -> Refusal:
    text = "“{column}” of what exists already is not changed by an import."
    return fault(ErrorCode.INVALID, column, text, column=column)


@dataclass(frozen=True, slots=True)
class Trail:
    """What the audit says of a batch: one row for each entity, in one statement."""

    ground: Ground
    action: str
    entity_type: str

    async def write(self, session: AsyncSession, touched: Sequence[Touched]) -> None:
        if not touched:
            return
        ground = self.ground
        given = (
            func.unnest(
                bindparam("ids", [each.entity_id for each in touched], ARRAY(Uuid)),
                bindparam("versions", [each.version for each in touched], ARRAY(Integer)),
                bindparam("customers", [each.customer_id for each in touched], ARRAY(Uuid)),
            )
            .table_valued("entity_id", "entity_version", "customer_id", name="touched")
            .render_derived()
        )
        values = {
            "month": ground.today.replace(day=1), "occurred_at": ground.now, "seller_id": ground.seller.id,
            "actor_id": ground.actor_id, "request_id": str(ground.import_id), "action": self.action,
            "entity_type": self.entity_type,
        }  # fmt: skip
        columns = AuditEvent.__table__.c
        constants = [literal(value, columns[name].type) for name, value in values.items()]
        changes = literal({"import": str(ground.import_id)}, JSONB)
        names = [*values, "changes", "entity_id", "entity_version", "customer_id"]
        chosen = select(*constants, changes, given.c.entity_id, given.c.entity_version, given.c.customer_id)
        await session.execute(insert(AuditEvent).from_select(names, chosen, False))


async def codes_of(session: AsyncSession, ground: Ground, name: str, statement: Any) -> Codes:
    """A code -> key table of the seller's, read once for each attempt."""
    if name not in ground.memory:
        ground.memory[name] = {row[0]: row[1] for row in await session.execute(statement)}
    found: Codes = ground.memory[name]
    return found


async def products_by_sku(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> dict[str, Any]:
    """The seller's products that the rows name, by the SKU as it was written there."""
    written = {str(row.values["sku"]): item_key(str(row.values["sku"])) for row in rows}
    columns = (
        Product.id, Product.sku, Product.sku_key, Product.name, Product.kind, Product.unit_code,
        Product.is_lot_tracked,
    )  # fmt: skip
    statement = select(*columns).where(
        Product.seller_id == ground.seller.id, Product.sku_key.in_(set(written.values()))
    )
    known = {row.sku_key: row for row in await session.execute(statement)}
    return {sku: known[key] for sku, key in written.items() if key in known}


def look_up(row: ImportRow, column: str, codes: Codes, faults: list[Refusal]) -> Any:
    """What a code of the row stands for; None, and a fault, where it stands for nothing."""
    value = row.values.get(column)
    if value is None:
        return None
    if value not in codes:
        faults.append(unknown(column, value))
        return None
    return codes[str(value)]
