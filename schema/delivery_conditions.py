"""When a customer orders and receives, by calendars, deadlines and transport times."""

from datetime import date
from typing import Annotated

import strawberry

from auth.permissions import Permission as P
from resolvers import delivery_conditions as conditions
from resolvers.context import Context
from schema.access import access, list_size
from schema.ids import decode_id
from schema.rows import fill

Info = strawberry.Info[Context, None]
_READ = [access(P.STOCK_READ)]


@strawberry.type(description="Until when an order counts as a weekday's.", directives=_READ)
class OrderUntil:
    weekday: int = strawberry.field(description="1 is Monday.")
    at: str | None = strawberry.field(
        description="The time, such as 14:00; later orders count as the next open day's. Null: until the day ends."
    )


@strawberry.type(
    description="What holds for a customer's usual address and the warehouse that serves first.",
    directives=_READ,
)
class DeliveryConditions:
    time_zone: str = strawberry.field(
        description="Whose clock the times mean, by its name in the IANA database."
    )
    order_until: list[OrderUntil] = strawberry.field(
        description="The weekdays on which orders are dealt with, and until when.",
        directives=[*_READ, list_size(7)],
    )
    transport_days: int = strawberry.field(description="Days under way.")
    delivery_weekdays: list[int] = strawberry.field(
        description="The weekdays on which goods are brought and taken; 1 is Monday.",
        directives=[*_READ, list_size(7)],
    )
    ships_on: date = strawberry.field(
        description="The day on which goods leave that are there and ordered now."
    )
    receipt_on: date = strawberry.field(description="The day on which these are received.")

    @classmethod
    def of(cls, row: conditions.DeliveryConditions) -> "DeliveryConditions":
        return fill(
            cls, row,
            order_until=[
                OrderUntil(weekday=each.weekday + 1, at=None if each.at is None else f"{each.at:%H:%M}")
                for each in row.order_until
            ],
            delivery_weekdays=[day + 1 for day in row.delivery_weekdays],
        )  # fmt: skip


@strawberry.type
class DeliveryConditionsQueries:
    @strawberry.field(
        description="When a customer orders and receives; null where there is nobody or no warehouse to ask for.",
        directives=_READ,
    )
    async def delivery_conditions(
        self,
        info: Info,
        customer_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="For whom staff ask; null: your own company."),
        ] = None,
    ) -> DeliveryConditions | None:
        key = None if customer_id is None else decode_id(customer_id, "Customer", path=("customerId",))
        found = await conditions.delivery_conditions(info.context, key)
        return None if found is None else DeliveryConditions.of(found)
