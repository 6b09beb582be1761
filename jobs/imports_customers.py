"""Customers of a file, by their number, with the address that goods and invoices go to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.imports_base import Fate, Ground, Plan, Touched, Trail, codes_of, look_up, needed, not_changed
from models.base import new_id
from models.bulk import insert_rows, update_rows
from models.customers import Customer, CustomerAddress, CustomerGroup
from models.imports_reads import addresses_of_customers, customers_by_number, parents_of_customers
from models.sellers import Currency, DeliveryTerm, PaymentTerm, SalesRep, Territory
from rules.imports import ImportRow, fault, in_column
from rules.refusals import ErrorCode, Refusal
from rules.states import CustomerStatus, InvoicingMode, TaxRegime
from rules.tax_ids import check_tax_id
from rules.texts import sort_key

# Column of the file -> column of the table.
FIELDS = {
    "name": "name", "tax_id": "tax_id", "country": "country", "status": "status", "payment_term": "payment_term_id",
    "delivery_term": "delivery_term_id", "currency": "currency", "locale": "locale", "group": "customer_group_id",
    "sales_rep": "sales_rep_id", "territory": "territory_id", "parent": "parent_id",
    "invoice_email": "invoice_email", "active_until": "active_until",
}  # fmt: skip
ADDRESS = ("street", "postal_code", "city", "region", "phone")
_NEEDED = ("name", "payment_term", "delivery_term")
_NEEDED_OF_ADDRESS = ("street", "postal_code", "city")
_REFERENCES: Mapping[str, Any] = {
    "payment_term": PaymentTerm, "delivery_term": DeliveryTerm, "group": CustomerGroup, "territory": Territory,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a batch is compared with."""

    codes: Mapping[str, Mapping[str, Any]]
    stored: Mapping[str, Any]
    addresses: Mapping[UUID, Any]
    parents: dict[str, Any]
    above: dict[UUID, UUID]  # each customer's parent


async def _facts(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> _Facts:
    seller_id = ground.seller.id
    codes = {
        name: await codes_of(
            session, ground, name, select(table.code, table.id).where(table.seller_id == seller_id)
        )
        for name, table in _REFERENCES.items()
    }
    reps = select(SalesRep.code, SalesRep.user_id).where(SalesRep.seller_id == seller_id)
    codes["sales_rep"] = await codes_of(session, ground, "sales_rep", reps)
    codes["currency"] = await codes_of(session, ground, "currency", select(Currency.code, Currency.code))
    numbers = [str(row.values["number"]) for row in rows]
    wanted = {*numbers, *(str(row.values["parent"]) for row in rows if row.values.get("parent"))}
    found = await session.execute(customers_by_number(seller_id, sorted(wanted), tuple(FIELDS.values())))
    stored = {row.number: row for row in found}
    ids = [stored[each].id for each in numbers if each in stored]
    addresses = {row.customer_id: row for row in await session.execute(addresses_of_customers(ids))}
    # The parents of this file are known before they are stored, in a verification too.
    met: dict[str, UUID] = ground.memory.setdefault("met", {})
    if "above" not in ground.memory:
        pairs = await session.execute(parents_of_customers(seller_id))
        ground.memory["above"] = {row.id: row.parent_id for row in pairs}
    parents = {**{number: row.id for number, row in stored.items()}, **met}
    return _Facts(codes, stored, addresses, parents, ground.memory["above"])


def _values(ground: Ground, row: ImportRow, facts: _Facts, faults: list[Refusal]) -> dict[str, Any]:
    """The table's values of the columns that the file has; empty cells mean the seller's own."""
    seller, number = ground.seller, str(row.values["number"])
    empty = {"country": seller.country, "status": CustomerStatus.ACTIVE, "currency": seller.currency,
             "locale": seller.locale, "invoice_email": ""}  # fmt: skip
    told: dict[str, Any] = {
        column: empty.get(column) if row.values[column] is None else row.values[column]
        for column in FIELDS
        if column in row.values
    }
    for column, codes in (*facts.codes.items(), ("parent", facts.parents)):
        if told.get(column) is not None and row.values.get(column) is not None:
            told[column] = look_up(row, column, codes, faults)
    if told.get("parent") is not None and _is_below(told["parent"], facts.parents.get(number), facts.above):
        text = "“{value}” stands below this customer: nobody stands above themself."
        faults.append(fault(ErrorCode.INVALID, "parent", text, value=row.values["parent"]))
    if told.get("locale"):
        told["locale"] = str(told["locale"]).lower()
    return {FIELDS[column]: value for column, value in told.items()}


def _is_below(customer_id: UUID, top: UUID | None, above: Mapping[UUID, UUID]) -> bool:
    """Whether a customer is another one, or stands anywhere below it."""
    here: UUID | None = customer_id
    while here is not None and here != top:
        here = above.get(here)
    return here is not None


def _check_tax_id(ground: Ground, values: dict[str, Any], known: Any, faults: list[Refusal]) -> None:
    """The number that will stand there is one of the country that will stand there."""
    if "tax_id" not in values and "country" not in values:
        return
    before = (known.tax_id, known.country) if known is not None else (None, ground.seller.country)
    tax_id, country = values.get("tax_id", before[0]), values.get("country", before[1])
    if tax_id is None or (tax_id, country) == before:
        return
    try:
        compact = check_tax_id(country, tax_id)
        if "tax_id" in values:
            values["tax_id"] = compact
    except Refusal as refusal:
        faults.append(in_column(refusal, "tax_id"))


def _address(row: ImportRow, faults: list[Refusal]) -> dict[str, str] | None:
    """The address that the row tells; None where it tells none."""
    told = {column: str(row.values[column] or "") for column in ADDRESS if column in row.values}
    if not any(told.values()):
        return None
    for column in _NEEDED_OF_ADDRESS:
        if not told.get(column):
            text = "An address needs the column {column}."
            faults.append(fault(ErrorCode.INVALID, column, text, column=column))
    return told


@dataclass(slots=True)
class _Writes:
    """What a batch writes."""

    created: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    new_addresses: list[dict[str, Any]]
    changed_addresses: list[dict[str, Any]]
    touched: list[Touched]


async def plan_customers(session: AsyncSession, ground: Ground, rows: Sequence[ImportRow]) -> Plan:
    """Customers that are new or differ; the columns that the file lacks stay as they are."""
    plan, writes = Plan(), _Writes([], [], [], [], [])
    sound = plan.sound(rows)
    facts = await _facts(session, ground, sound)
    met = ground.memory["met"]
    for row in sound:
        faults: list[Refusal] = []
        number = str(row.values["number"])
        known = facts.stored.get(number)
        values = _values(ground, row, facts, faults)
        _check_tax_id(ground, values, known, faults)
        address = _address(row, faults)
        if known is None:
            faults += [needed(column) for column in _NEEDED if column not in row.values]
        elif "currency" in values and values["currency"] != known.currency:
            faults.append(not_changed("currency"))
        if faults:
            plan.refuse(row, *faults)
        elif known is None:
            plan.fates[row.number] = Fate.CREATED
            made = _new(ground, number, values)
            facts.parents[number] = met[number] = made["id"]
            _place_below(facts.above, made["id"], values)
            writes.created.append(made)
            if address is not None:
                writes.new_addresses.append(_new_address(made["id"], made["name"], made["country"], address))
        else:
            _place_below(facts.above, known.id, values)
            plan.fates[row.number] = _change(writes, known, values, facts.addresses.get(known.id), address)

    plan.writes.append(lambda session: _write(session, ground, writes))
    return plan


def _place_below(above: dict[UUID, UUID], customer_id: UUID, values: Mapping[str, Any]) -> None:
    """The tree as it will be, for the rows that follow."""
    if "parent_id" in values:
        above.pop(customer_id, None)
        if values["parent_id"] is not None:
            above[customer_id] = values["parent_id"]


def _new(ground: Ground, number: str, values: Mapping[str, Any]) -> dict[str, Any]:
    seller = ground.seller
    own = {
        "id": new_id(), "seller_id": seller.id, "number": number, "created_at": ground.now, "version": 1,
        "internal_note": "", "buyers_see_company_orders": False, "buyers_see_invoices": False,
        "invoicing_mode": InvoicingMode.PER_DELIVERY, "tax_regime": TaxRegime.DOMESTIC,
        "country": seller.country, "status": CustomerStatus.ACTIVE, "currency": seller.currency,
        "locale": seller.locale, "invoice_email": "", "tax_id": None, "customer_group_id": None,
        "sales_rep_id": None, "territory_id": None, "parent_id": None, "active_until": None,
    }  # fmt: skip
    return {**own, **values, "name_sort": sort_key(values["name"])}


def _new_address(
    customer_id: UUID, name: str, country: str, address: Mapping[str, str], *, billing: bool = True
) -> dict[str, Any]:
    return {
        "id": new_id(), "customer_id": customer_id, "label": "", "name": name, "country": country,
        "is_default_delivery": True, "is_default_billing": billing, "active_until": None, "region": "", "phone": "",
        **address,
    }  # fmt: skip


def _change(
    writes: _Writes, known: Any, values: dict[str, Any], place: Any, address: Mapping[str, str] | None
) -> Fate:
    differs = any(getattr(known, field) != value for field, value in values.items())
    if differs:
        sorted_ = {"name_sort": sort_key(values["name"])} if "name" in values else {}
        writes.changed.append({"id": known.id, **values, **sorted_})
    moved = False
    if address is not None and place is None:
        moved = True
        name, country = values.get("name", known.name), values.get("country", known.country)
        billing = not known.has_billing_address
        writes.new_addresses.append(_new_address(known.id, name, country, address, billing=billing))
    elif address is not None and any(getattr(place, column) != text for column, text in address.items()):
        moved = True
        writes.changed_addresses.append({"id": place.id, **address})
    if not differs and not moved:
        return Fate.UNCHANGED
    writes.touched.append(Touched(known.id, known.version + differs, known.id))
    return Fate.CHANGED


async def _write(session: AsyncSession, ground: Ground, writes: _Writes) -> None:
    await insert_rows(session, Customer, writes.created)
    # The columns of the file are the same for all, with or without an id that the tax office wants.
    await update_rows(session, Customer, ("id",), writes.changed, version=Customer.version + 1)
    await insert_rows(session, CustomerAddress, writes.new_addresses)
    await update_rows(session, CustomerAddress, ("id",), writes.changed_addresses)
    created = [Touched(each["id"], 1, each["id"]) for each in writes.created]
    await Trail(ground, "customer.created", "Customer").write(session, created)
    await Trail(ground, "customer.changed", "Customer").write(session, writes.touched)
