"""What is set by product, customer and customer group: what a promise rests on, how long lots keep, what is told."""

import strawberry

from auth.permissions import Permission as P
from models.scheduling_reads import ControlRow, CustomerCalendarRow, SellableDaysRow
from models.sharing_reads import ProductPolicyRow
from resolvers.context import Context
from resolvers.customers import customers_by_id
from resolvers.products import products_by_id
from rules.scheduling_delivery import ControlDraft
from rules.states import AvailabilityDisplay, DeliveryControl, LotCriterion, SharingPolicy
from schema.access import access, described_enum
from schema.customers import Customer
from schema.products import Product
from schema.rows import fill

Info = strawberry.Info[Context, None]
_READ = [access(P.PURCHASING_READ)]

described_enum(
    DeliveryControl,
    "What a promised day rests on, besides calendars and deadlines.",
    {
        "NONE": "On nothing else.",
        "SALES_LEAD_TIME": "On the sales lead time alone; stock does not matter.",
        "ATP": "On what is there and comes, and no order was promised.",
        "ATP_PLUS_ISSUE_MARGIN": "The same, and goods leave some days after they are there.",
        "CTP": "The same, or else on what is bought for it: whichever comes first, after the sales lead time.",
    },
)
described_enum(
    LotCriterion,
    "Which lot goes first, and what it is judged by.",
    {
        "EXPIRY": "The one that expires first.",
        "BEST_BEFORE": "The one whose best before day comes first.",
        "FIFO": "The one that came first.",
        "BACKWARD_FROM_SHIP": "The one that came last before the day of leaving.",
    },
)


@strawberry.type(description="What promises of a product rest on.", directives=_READ)
class DeliveryControlSetting:
    method: DeliveryControl = strawberry.field(description="What the day rests on.")
    sales_lead_days: int = strawberry.field(
        description="Days from the order to the day goods leave, under SALES_LEAD_TIME and CTP."
    )
    issue_margin_days: int = strawberry.field(
        description="Days between the day goods are there and the day they leave, under ATP_PLUS_ISSUE_MARGIN."
    )
    purchase_lead_days: int | None = strawberry.field(
        description="Days until a purchase made now is there, under CTP."
    )
    horizon_days: int = strawberry.field(description="How many days ahead supply and demand are looked at.")
    supply_fence_days: int | None = strawberry.field(
        description="Goods that are late by more days do not count; null: all do."
    )
    demand_fence_days: int | None = strawberry.field(
        description="Orders that are late by more days do not count; null: all do."
    )
    supply_offset_days: int = strawberry.field(
        description="In how many days goods are expected that are late and count."
    )
    demand_offset_days: int = strawberry.field(
        description="In how many days orders are to leave that are late and count."
    )
    is_unlimited_after_horizon: bool = strawberry.field(
        description="Whether any quantity is promised beyond what is looked at; else no day is."
    )
    lot_criterion: LotCriterion = strawberry.field(description="Which lot goes first.")
    row: strawberry.Private[ControlRow | None]

    @classmethod
    def of(cls, row: ControlRow) -> "DeliveryControlSetting":
        return fill(cls, row, row=row)

    @classmethod
    def general(cls, row: ControlRow | None) -> "DeliveryControlSetting":
        """What holds for all products; without a row, what holds when nothing is set."""
        return fill(cls, row or ControlDraft(), row=row)

    @strawberry.field(
        description="The product; null: all without a setting of their own, or one you may not see."
    )
    async def product(self, info: Info) -> Product | None:
        key = None if self.row is None else self.row.product_id
        row = None if key is None else await info.context.load(products_by_id, key)
        return None if row is None else Product.of(row)


@strawberry.type(
    description="How many days lots must keep after they are received; of a customer, a customer group or everybody.",
    directives=_READ,
)
class SellableDays:
    days: int = strawberry.field(description="The days; 0: as long as they have not ended.")
    customer_group: str | None = strawberry.field(
        description="The code of the customer group; null: one customer, or everybody."
    )
    is_for_all_products: bool = strawberry.field(description="Whether it is for all products.")
    row: strawberry.Private[SellableDaysRow]

    @classmethod
    def of(cls, row: SellableDaysRow) -> "SellableDays":
        return fill(
            cls, row, customer_group=row.group_code, is_for_all_products=row.product_id is None, row=row
        )

    @strawberry.field(description="The customer; null: a customer group, or everybody.")
    async def customer(self, info: Info) -> Customer | None:
        key = self.row.customer_id
        row = None if key is None else await info.context.load(customers_by_id, key)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="The product; null: all, or one you may not see.")
    async def product(self, info: Info) -> Product | None:
        key = self.row.product_id
        row = None if key is None else await info.context.load(products_by_id, key)
        return None if row is None else Product.of(row)


@strawberry.type(description="A customer group, and what its buyers are told of stock.", directives=_READ)
class GroupDisplay:
    code: str = strawberry.field(description="The group's code.")
    name: str = strawberry.field(description="Its name.")
    availability_display: AvailabilityDisplay | None = strawberry.field(
        description="What they are told; null: what everybody is."
    )


@strawberry.type(description="The days on which a customer takes goods.", directives=_READ)
class CustomerCalendar:
    calendar_code: str = strawberry.field(description="The calendar.")
    row: strawberry.Private[CustomerCalendarRow]

    @classmethod
    def of(cls, row: CustomerCalendarRow) -> "CustomerCalendar":
        return fill(cls, row, row=row)

    @strawberry.field(description="The customer.")
    async def customer(self, info: Info) -> Customer:
        row = await info.context.load(customers_by_id, self.row.customer_id)
        assert row is not None, "the list holds customers whom the viewer sees"
        return Customer.of(row)


@strawberry.type(
    description="A product whose scarce stock is shared by a policy of its own.", directives=_READ
)
class ProductSharing:
    policy: SharingPolicy = strawberry.field(description="How it is shared.")
    row: strawberry.Private[ProductPolicyRow]

    @classmethod
    def of(cls, row: ProductPolicyRow) -> "ProductSharing":
        return cls(policy=row.sharing_policy, row=row)

    @strawberry.field(description="The product; null: one you may not see.")
    async def product(self, info: Info) -> Product | None:
        row = await info.context.load(products_by_id, self.row.id)
        return None if row is None else Product.of(row)
