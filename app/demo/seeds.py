"""What makes the demo company the same each time: ids from names, chance from seeds, days counted from today."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

MADRID = ZoneInfo("Europe/Madrid")
_NAMESPACE = UUID("6f1b7a52-1c0e-5c37-9f53-0d9a3c1b8e44")

Row = dict[str, Any]


def key(*parts: object) -> UUID:
    """The id of the thing with this name; the same in every database."""
    return uuid5(_NAMESPACE, "/".join(map(str, parts)))


def chance(topic: str) -> Random:
    """Dice of a topic's own, so that a change in one part does not roll through the others."""
    return Random(f"Suministros Alborada/{topic}")


def moment(day: date, hour: int = 9, minute: int = 0) -> datetime:
    """That hour in Madrid, as an instant."""
    return datetime.combine(day, time(hour, minute), MADRID).astimezone(UTC)


def working_day(day: date) -> date:
    """The day itself, or the Friday before where it falls on a weekend."""
    return day - timedelta(days=max(day.weekday() - 4, 0))


def cents(amount: Decimal | float | str) -> Decimal:
    return Decimal(amount).quantize(Decimal("0.01"))


@dataclass
class Rows:
    """Rows by table, gathered first and inserted together."""

    today: date
    now: datetime
    of: dict[type[Any], list[Row]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: type[Any], **values: Any) -> None:
        self.of[table].append(values)

    def days_ago(self, days: int) -> date:
        return self.today - timedelta(days=days)


def month_of(day: date) -> date:
    return day.replace(day=1)


def pick(dice: Random, things: Sequence[Any], weights: Sequence[float]) -> Any:
    return dice.choices(things, weights)[0]
