"""Trade agreements of a file: each row is posted at once, in the one journal of the import."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Sequence as DatabaseSequence
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.imports_base import Fate, Ground, Plan, Touched, Trail, codes_of, look_up, products_by_sku, unknown
from models.base import new_id
from models.bulk import insert_rows, update_rows
from models.imports_reads import customers_by_number
from models.products import UnitOfMeasure
from models.sellers import Currency
from models.trade_agreements import TradeAgreementJournal, TradeAgreementRow
from models.trade_agreements_reads import (
    FOR_ALL,
    RIVAL_ROWS,
    TradeRowRow,
    key_of_customer,
    key_of_group,
    key_of_product,
)
from rules.imports import ImportRow, fault, in_column
from rules.pricing_facts import PercentBase, Scope, TradeRelation, TradeRow
from rules.refusals import ErrorCode, Refusal
from rules.trade_rows import TradeJournalStatus, check_row, first_day_without, key_of, overlap

_NUMBERS = DatabaseSequence("trade_agreement_journal_number_seq")
# A field's name in the API -> the column that says it.
COLUMNS = {
    "productId": "sku", "itemGroup": "item_group", "unitPrice": "price", "priceUnit": "price_unit",
    "fromQuantity": "from_quantity", "toQuantity": "to_quantity", "validUntil": "last_day",
}  # fmt: skip
_SAME_VALUE = ("find_next", "unit_price", "price_unit", "amount", "percent1", "percent2", "percent_base",
               "is_generic_currency", "from_quantity", "to_quantity", "valid_from")  # fmt: skip


@dataclass(slots=True)
class _Facts:
    """What a batch is compared with; `posted` grows with the rows that the batch itself adds."""

    customers: Mapping[str, Any]
    products: Mapping[str, Any]
    units: Mapping[str, Any]
    currencies: Mapping[str, Any]
    posted: dict[tuple[str, ...], list[TradeRow]] = field(default_factory=dict)


@dataclass(slots=True)
class _Changes:
    """Rows that are new, by their id, and the first day without each stored one that they take the place of."""

    created: dict[str, TradeRow] = field(default_factory=dict)
    closed: dict[UUID, date] = field(default_factory=dict)


async def _facts(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> _Facts:
    numbers = {str(row.values["customer"]) for row in rows if row.values.get("customer")}
    found = await session.execute(customers_by_number(ground.seller.id, sorted(numbers), ()))
    return _Facts(
        {row.number: row.id for row in found},
        await products_by_sku(session, ground, [row for row in rows if row.values.get("sku")]),
        await codes_of(session, ground, "unit", select(UnitOfMeasure.code, UnitOfMeasure.code)),
        await codes_of(session, ground, "currency", select(Currency.code, Currency.code)),
    )


def _read(ground: Ground, row: ImportRow, facts: _Facts) -> tuple[TradeRow, list[Refusal]]:
    """The row as the rules know it, and everything that is wrong with it by itself."""
    faults: list[Refusal] = []
    values = row.values
    customer = look_up(row, "customer", facts.customers, faults)
    product = look_up(row, "sku", facts.products, faults)
    unit = look_up(row, "unit", facts.units, faults)
    currency = look_up(row, "currency", facts.currencies, faults) or ground.seller.currency
    for one, group in (("customer", "customer_group"), ("sku", "item_group")):
        if values.get(one) and values.get(group):
            faults.append(
                fault(ErrorCode.INVALID, group, "Give one of {one} and {group}.", one=one, group=group)
            )
    if product is not None and unit not in (None, product.unit_code):
        faults.append(unknown("unit", unit))

    def figure(name: str, otherwise: int = 0) -> Decimal:
        value = values.get(name)
        return Decimal(otherwise) if value is None else Decimal(str(value))

    def maybe(name: str) -> Decimal | None:
        value = values.get(name)
        return None if value is None else Decimal(str(value))

    def day(name: str) -> date | None:
        value = values.get(name)
        return value if isinstance(value, date) else None

    customer_group, item_group = values.get("customer_group"), values.get("item_group")
    made = TradeRow(
        str(new_id()), TradeRelation(str(values["relation"])),
        _scope(customer, customer_group), str(customer or customer_group or ""),
        _scope(product, item_group), str(product.id if product else item_group or ""),
        currency, unit, figure("from_quantity"), maybe("to_quantity"), day("valid_from"),
        first_day_without(day("last_day")), bool(values.get("find_next")), maybe("price"), figure("price_unit", 1),
        figure("amount"), figure("percent1"), figure("percent2"),
        PercentBase(str(values.get("percent_base") or "NET")), bool(values.get("generic_currency")),
    )  # fmt: skip
    if not faults:
        faults = [in_column(no, COLUMNS.get(no.path[-1], no.path[-1])) for no in check_row(made)]
    if made.valid_until is not None and made.valid_until <= ground.today:
        faults.append(fault(ErrorCode.INVALID, "last_day", "It would have ended before today."))
    return made, faults


def _scope(one: object, group: object) -> Scope:
    if one:
        return Scope.ONE
    return Scope.GROUP if group else Scope.ALL


async def _read_posted(
    session: AsyncSession, ground: Ground, facts: _Facts, rows: Sequence[TradeRow]
) -> None:
    given = {
        "seller_id": ground.seller.id,
        "customer_keys": sorted({_key(row.customer_scope, row.customer, key_of_customer) for row in rows}),
        "item_keys": sorted({_key(row.item_scope, row.item, key_of_product) for row in rows}),
    }
    for stored in await session.execute(RIVAL_ROWS, given):
        rule = TradeRowRow(*stored).as_rule()
        facts.posted.setdefault(key_of(rule), []).append(rule)


def _key(scope: Scope, text: str, key_of_one: Any) -> str:
    match scope:
        case Scope.ONE:
            return str(key_of_one(UUID(text)))
        case Scope.GROUP:
            return key_of_group(text)
        case Scope.ALL:
            return FOR_ALL


def _is_told_again(row: TradeRow, stored: TradeRow) -> bool:
    """Whether a posted row says the same; one that a later row has ended says it still."""
    if any(getattr(row, name) != getattr(stored, name) for name in _SAME_VALUE):
        return False
    return row.valid_until == stored.valid_until or (
        stored.valid_until is not None and (row.valid_until is None or stored.valid_until < row.valid_until)
    )


def _take(row: TradeRow, facts: _Facts, changes: _Changes, today: date) -> Fate | Refusal:
    """What becomes of a sound row, and of those whose place it takes."""
    known = facts.posted.setdefault(key_of(row), [])
    if any(_is_told_again(row, stored) for stored in known):
        return Fate.UNCHANGED
    rivals = [stored for stored in known if overlap(row, stored)]
    begins = row.valid_from
    assert begins is not None, "every row of a file says its first day"
    if any(stored.valid_from is not None and stored.valid_from > begins for stored in rivals):
        text = "A row for the same customer, item and quantities begins later; say the last day of this one."
        return fault(ErrorCode.ALREADY_EXISTS, "valid_from", text)
    if rivals and begins < today:
        text = "A row for the same customer, item, days and quantities is in force already; begin today or later."
        return fault(ErrorCode.ALREADY_EXISTS, "valid_from", text)
    for stored in rivals:
        known[known.index(stored)] = ended = replace(stored, valid_until=begins)
        if stored.id in changes.created:
            changes.created[stored.id] = ended
        else:
            changes.closed[UUID(stored.id)] = begins
    known.append(row)
    changes.created[row.id] = row
    return Fate.CHANGED if rivals else Fate.CREATED


async def plan_trade_agreements(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> Plan:
    """Rows that are new or differ; one in force ends where another one takes its place."""
    plan, changes = Plan(), _Changes()
    sound = plan.sound(rows)
    facts = await _facts(session, ground, sound)
    read = [(row, *_read(ground, row, facts)) for row in sound]
    await _read_posted(session, ground, facts, [made for _, made, faults in read if not faults])
    for row, made, faults in read:
        if faults:
            plan.refuse(row, *faults)
            continue
        fate = _take(made, facts, changes, ground.today)
        if isinstance(fate, Refusal):
            plan.refuse(row, fate)
        else:
            plan.fates[row.number] = fate
    if changes.created:
        plan.writes.append(lambda session: _write(session, ground, changes))
    return plan


async def _write(session: AsyncSession, ground: Ground, changes: _Changes) -> None:
    journal_id, count = await _journal(session, ground)
    # Room is made before it is taken: on no day may two prices hold.
    closed = [{"id": key, "valid_until": day} for key, day in sorted(changes.closed.items())]
    await update_rows(session, TradeAgreementRow, ("id",), closed)
    made = [
        _values(row) | {
            "seller_id": ground.seller.id, "journal_id": journal_id, "position": count + place, "is_posted": True,
        }
        for place, row in enumerate(changes.created.values(), start=1)
    ]  # fmt: skip
    await insert_rows(session, TradeAgreementRow, made)
    await session.execute(
        update(TradeAgreementJournal)
        .where(TradeAgreementJournal.id == journal_id)
        .values(row_count=count + len(made))
        .execution_options(synchronize_session=False)
    )
    trail = Trail(ground, "tradeAgreementJournal.imported", "TradeAgreementJournal")
    await trail.write(session, [Touched(journal_id)])


def _values(row: TradeRow) -> dict[str, Any]:
    is_one, is_item = row.customer_scope is Scope.ONE, row.item_scope is Scope.ONE
    names = ("relation", "customer_scope", "item_scope", "currency", "unit_code", "valid_until", *_SAME_VALUE)
    return {"id": UUID(row.id)} | {name: getattr(row, name) for name in names} | {
        "customer_id": UUID(row.customer) if is_one else None,
        "customer_group": row.customer if row.customer_scope is Scope.GROUP else None,
        "product_id": UUID(row.item) if is_item else None,
        "item_group": row.item if row.item_scope is Scope.GROUP else None,
    }  # fmt: skip


async def _journal(session: AsyncSession, ground: Ground) -> tuple[UUID, int]:
    """The import's journal and how many rows it has; made with its first rows."""
    table = TradeAgreementJournal
    found = (
        await session.execute(select(table.id, table.row_count).where(table.import_id == ground.import_id))
    ).first()
    if found is not None:
        return found.id, found.row_count
    key = new_id()
    number = await session.scalar(select(_NUMBERS.next_value()))
    session.add(
        table(
            id=key, seller_id=ground.seller.id, number=f"TA-{ground.today.year}-{number:06d}", description="",
            status=TradeJournalStatus.POSTED, version=1, row_count=0, created_at=ground.now,
            created_by_id=ground.actor_id, posted_at=ground.now, posted_by_id=ground.actor_id,
            import_id=ground.import_id,
        )
    )  # fmt: skip
    await session.flush()
    return key, 0
