"""What every table shares: base class, ids, column types and naming."""

import os
import time
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Identity,
    MetaData,
    Numeric,
    String,
    Text,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from rules.texts import sort_key


def new_id() -> UUID:
    """A UUIDv7: sorts by the time it was made (RFC 9562, section 5.7); PostgreSQL 15 has no uuidv7()."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


def _sort_of_name(context: Any) -> str:
    return sort_key(context.get_current_parameters()["name"])


Id = Annotated[UUID, mapped_column(Uuid, primary_key=True, default=new_id)]
SerialId = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
Code = Annotated[str, mapped_column(String(64))]
Name = Annotated[str, mapped_column(String(200))]
LongText = Annotated[str, mapped_column(Text)]
Amount = Annotated[Decimal, mapped_column(Numeric(18, 3))]
UnitPrice = Annotated[Decimal, mapped_column(Numeric(18, 6))]
Quantity = Annotated[Decimal, mapped_column(Numeric(18, 6))]
Percent = Annotated[Decimal, mapped_column(Numeric(9, 6))]
CurrencyCode = Annotated[str, mapped_column(String(3))]
# A key made in Python so that every server sorts alike; COLLATE "C" keeps it bytewise and indexable.
NameSort = Annotated[str, mapped_column(Text(collation="C"), default=_sort_of_name)]
Locale = Annotated[str, mapped_column(String(5))]
Moment = Annotated[datetime, mapped_column(DateTime(timezone=True))]


class Stored(TypeDecorator[StrEnum]):
    """A text column whose values are an enum's; with `one_of` the database holds it to them."""

    impl = String(64)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Any) -> str | None:
        return None if value is None else str(self.kind(value))

    def process_result_value(self, value: Any, dialect: Any) -> StrEnum | None:
        return None if value is None else self.kind(value)


class Base(DeclarativeBase):
    """Declarative base; constraint names are predictable because refusals are mapped from them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dict[str, Any]: JSONB, list[Any]: JSONB}


def one_of(column: str, values: type) -> CheckConstraint:
    """Holds a text column to an enum's values; text and CHECK, since enum comparisons are not leakproof."""
    listed = ", ".join(f"'{each.value}'" for each in values)  # type: ignore[attr-defined]
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_known")


__all__ = [
    "Amount",
    "Base",
    "Code",
    "CurrencyCode",
    "Id",
    "Locale",
    "LongText",
    "Moment",
    "Name",
    "NameSort",
    "Percent",
    "Quantity",
    "SerialId",
    "Stored",
    "UnitPrice",
    "new_id",
    "one_of",
]  # fmt: skip
