"""Acts on what is set by product, customer and customer group."""

from decimal import Decimal
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission as P
from resolvers import scheduling_delivery
from resolvers.context import Context
from resolvers.scheduling_delivery import SellableDraft
from rules.scheduling_delivery import ControlDraft
from rules.states import AvailabilityDisplay, DeliveryControl, LotCriterion
from schema.access import access
from schema.ids import decode_id
from schema.rows import fill
from schema.scheduling import SchedulingSettings, SettingsPayload, version_seen

Info = strawberry.Info[Context, None]
_MANAGE = [access(P.PURCHASING_MANAGE)]
_SETTINGS = "The settings; null when refused."
_FRESH = ControlDraft()


@strawberry.input(description="What promises of a product shall rest on, as a whole.", directives=_MANAGE)
class SetDeliveryControlInput:
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="The product; null: all without a setting of their own."
    )
    method: DeliveryControl | None = strawberry.field(
        description="What the day rests on; null takes a setting away, and what is set for all products holds, or ATP."
    )
    sales_lead_days: int = strawberry.field(
        default=_FRESH.sales_lead_days,
        description="Days from the order to the day goods leave, under SALES_LEAD_TIME and CTP: 0 to 365.",
    )
    issue_margin_days: int = strawberry.field(
        default=_FRESH.issue_margin_days,
        description="Days between the day goods are there and the day they leave, under ATP_PLUS_ISSUE_MARGIN:"
        " 0 to 365.",
    )
    purchase_lead_days: int | None = strawberry.field(
        default=None,
        description="Days until a purchase made now is there, 0 to 365; CTP needs it.",
    )
    horizon_days: int = strawberry.field(
        default=_FRESH.horizon_days,
        description="How many days ahead supply and demand are looked at, 1 to 730.",
    )
    supply_fence_days: int | None = strawberry.field(
        default=None, description="Goods that are late by more days do not count, 0 to 365; null: all do."
    )
    demand_fence_days: int | None = strawberry.field(
        default=None, description="Orders that are late by more days do not count, 0 to 365; null: all do."
    )
    supply_offset_days: int = strawberry.field(
        default=_FRESH.supply_offset_days,
        description="In how many days goods are expected that are late and count, 0 to 365.",
    )
    demand_offset_days: int = strawberry.field(
        default=_FRESH.demand_offset_days,
        description="In how many days orders are to leave that are late and count, 0 to 365.",
    )
    is_unlimited_after_horizon: bool = strawberry.field(
        default=False,
        description="Whether any quantity is promised beyond what is looked at; else no day is.",
    )
    lot_criterion: LotCriterion = strawberry.field(
        default=_FRESH.lot_criterion, description="Which lot goes first."
    )
    expected_version: int = version_seen()


@strawberry.input(description="How long lots must keep after they are received.", directives=_MANAGE)
class SetSellableDaysInput:
    days: int | None = strawberry.field(description="The days, 0 to 3,650; null takes the row away.")
    customer_id: strawberry.ID | None = strawberry.field(default=None, description="For this customer alone.")
    customer_group: str | None = strawberry.field(
        default=None, description="For a customer group, by its code; without one and a customer: everybody."
    )
    product_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this product alone; null: a category, or all."
    )
    category: str | None = strawberry.field(
        default=None,
        description="Of the products in this category and below it, by its code; without one and a product: all.",
    )
    expected_version: int = version_seen()


@strawberry.input(description="What buyers shall be told of stock.", directives=_MANAGE)
class SetAvailabilityDisplayInput:
    customer_group: str | None = strawberry.field(
        default=None, description="A customer group, by its code; null: everybody without a group's own."
    )
    display: AvailabilityDisplay | None = strawberry.field(
        description="What they are told; null, for a group: what everybody is."
    )
    low_stock_threshold: Decimal | None = strawberry.field(
        default=None,
        description="For everybody: from which quantity down stock is low, in the product's own unit, 0 to 1,000,000."
        " BAND needs one above zero; null leaves it as it is.",
    )
    expected_version: int = version_seen()


@strawberry.input(description="The days on which a customer takes goods.", directives=_MANAGE)
class SetCustomerCalendarInput:
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    calendar_code: str | None = strawberry.field(description="The calendar; null: every day.")
    expected_version: int = version_seen()


@strawberry.type(description="Answer of setDeliveryControl.", directives=_MANAGE)
class SetDeliveryControlPayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


@strawberry.type(description="Answer of setSellableDays.", directives=_MANAGE)
class SetSellableDaysPayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


@strawberry.type(description="Answer of setAvailabilityDisplay.", directives=_MANAGE)
class SetAvailabilityDisplayPayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


@strawberry.type(description="Answer of setCustomerCalendar.", directives=_MANAGE)
class SetCustomerCalendarPayload(SettingsPayload):
    scheduling_settings: SchedulingSettings | None = strawberry.field(default=None, description=_SETTINGS)


def _key(text: strawberry.ID | None, kind: str, field: str) -> UUID | None:
    return None if text is None else decode_id(text, kind, path=(field,))


@strawberry.type
class SchedulingDeliveryMutations:
    @strawberry.mutation(
        description="Sets what promises of a product rest on. Promises that stand stay while they can be kept.",
        directives=_MANAGE,
    )
    async def set_delivery_control(
        self,
        info: Info,
        input: Annotated[SetDeliveryControlInput, strawberry.argument(description="The setting.")],
    ) -> SetDeliveryControlPayload:
        product_id = _key(input.product_id, "Product", "productId")
        draft = None if input.method is None else fill(ControlDraft, input)
        done = await scheduling_delivery.set_delivery_control(
            info.context, product_id, draft, input.expected_version
        )
        return await SetDeliveryControlPayload.of(info.context, done)

    @strawberry.mutation(
        description="Sets how long lots must keep after somebody received them; of several settings the customer's"
        " decides before the group's, and the product's before its nearest category's and the one for all.",
        directives=_MANAGE,
    )
    async def set_sellable_days(
        self,
        info: Info,
        input: Annotated[SetSellableDaysInput, strawberry.argument(description="How long.")],
    ) -> SetSellableDaysPayload:
        draft = SellableDraft(
            _key(input.customer_id, "Customer", "customerId"), input.customer_group,
            _key(input.product_id, "Product", "productId"), input.category, input.days,
        )  # fmt: skip
        done = await scheduling_delivery.set_sellable_days(info.context, draft, input.expected_version)
        return await SetSellableDaysPayload.of(info.context, done)

    @strawberry.mutation(description="Sets what buyers are told of stock.", directives=_MANAGE)
    async def set_availability_display(
        self,
        info: Info,
        input: Annotated[SetAvailabilityDisplayInput, strawberry.argument(description="What they are told.")],
    ) -> SetAvailabilityDisplayPayload:
        done = await scheduling_delivery.set_availability_display(
            info.context,
            input.customer_group,
            input.display,
            input.low_stock_threshold,
            input.expected_version,
        )
        return await SetAvailabilityDisplayPayload.of(info.context, done)

    @strawberry.mutation(description="Sets the days on which a customer takes goods.", directives=_MANAGE)
    async def set_customer_calendar(
        self,
        info: Info,
        input: Annotated[SetCustomerCalendarInput, strawberry.argument(description="Which.")],
    ) -> SetCustomerCalendarPayload:
        customer_id = decode_id(input.customer_id, "Customer", path=("customerId",))
        done = await scheduling_delivery.set_customer_calendar(
            info.context, customer_id, input.calendar_code, input.expected_version
        )
        return await SetCustomerCalendarPayload.of(info.context, done)
