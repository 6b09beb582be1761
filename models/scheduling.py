"""When goods leave and arrive: calendars, deadlines, days under way, and what a promise of a product rests on."""

from datetime import date, time
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Code, Id, Name, Stored, one_of
from rules.states import DeliveryControl, LotCriterion


class WorkCalendar(Base):
    """Open weekdays (0 is Monday); warehouses, carriers and customers point at one."""

    __tablename__ = "calendar"
    __table_args__ = (
        UniqueConstraint("seller_id", "code"),
        CheckConstraint("cardinality(weekdays) > 0 and weekdays <@ '{0,1,2,3,4,5,6}'", name="weekdays_known"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    weekdays: Mapped[list[int]] = mapped_column(ARRAY(SmallInteger))


class CalendarHoliday(Base):
    __tablename__ = "calendar_holiday"
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[Name] = mapped_column(server_default="", default="")


class CustomerCalendar(Base):
    """The days on which a customer takes goods; without a row, any."""

    __tablename__ = "customer_calendar"
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    calendar_id: Mapped[UUID] = mapped_column(ForeignKey("calendar.id"))


class EntryDeadline(Base):
    """
    Until when an order counts as the weekday's, on the warehouse's clock; by default until the day ends.

    A customer group's own deadline wins over the one for everybody (null).
    """

    __tablename__ = "entry_deadline"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "weekday", "customer_group_id", postgresql_nulls_not_distinct=True),
        CheckConstraint("weekday between 0 and 6", name="weekday_known"),
    )
    id: Mapped[Id]
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    customer_group_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_group.id"))
    at: Mapped[time]


class TransportTime(Base):
    """
    Days from a warehouse to a place; the most specific row holds: the mode, then country, then the longest prefix.

    Empty texts mean any; a prefix belongs to a country. Without a row goods arrive the day they leave.
    """

    __tablename__ = "transport_time"
    __table_args__ = (
        UniqueConstraint("warehouse_id", "mode", "country", "postal_prefix"),
        CheckConstraint("days between 0 and 365", name="days_range"),
        CheckConstraint("postal_prefix = '' or country <> ''", name="prefix_of_a_country"),
    )
    id: Mapped[Id]
    warehouse_id: Mapped[UUID] = mapped_column(ForeignKey("warehouse.id"))
    mode: Mapped[Code] = mapped_column(server_default="", default="")
    country: Mapped[str] = mapped_column(String(2), server_default="", default="")
    postal_prefix: Mapped[str] = mapped_column(String(16), server_default="", default="")
    days: Mapped[int] = mapped_column(SmallInteger)
    # The days on which the carrier brings goods; null: every day.
    calendar_id: Mapped[UUID | None] = mapped_column(ForeignKey("calendar.id"))


class DeliverySetting(Base):
    """What a promise rests on: for a product, or for all of the seller's (null). See `rules.promising.Control`."""

    __tablename__ = "delivery_setting"
    __table_args__ = (
        one_of("method", DeliveryControl),
        one_of("lot_criterion", LotCriterion),
        UniqueConstraint("seller_id", "product_id", postgresql_nulls_not_distinct=True),
        CheckConstraint(
            "sales_lead_days >= 0 and issue_margin_days >= 0"
            " and (purchase_lead_days is null or purchase_lead_days >= 0)"
            " and (supply_fence_days is null or supply_fence_days >= 0)"
            " and (demand_fence_days is null or demand_fence_days >= 0)"
            " and supply_offset_days >= 0 and demand_offset_days >= 0",
            name="days_not_negative",
        ),
        CheckConstraint("horizon_days between 1 and 730", name="horizon_range"),
        Index(None, "product_id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    method: Mapped[DeliveryControl] = mapped_column(Stored(DeliveryControl))
    sales_lead_days: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    issue_margin_days: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    purchase_lead_days: Mapped[int | None] = mapped_column(SmallInteger)
    horizon_days: Mapped[int] = mapped_column(SmallInteger, server_default="90", default=90)
    supply_fence_days: Mapped[int | None] = mapped_column(SmallInteger)
    demand_fence_days: Mapped[int | None] = mapped_column(SmallInteger)
    supply_offset_days: Mapped[int] = mapped_column(SmallInteger, server_default="1", default=1)
    demand_offset_days: Mapped[int] = mapped_column(SmallInteger, server_default="0", default=0)
    is_unlimited_after_horizon: Mapped[bool] = mapped_column(server_default="false", default=False)
    lot_criterion: Mapped[LotCriterion] = mapped_column(
        Stored(LotCriterion), server_default="EXPIRY", default=LotCriterion.EXPIRY
    )


class SellableDays(Base):
    """
    How long a lot must keep after a customer received it; the most specific row holds, the customer before the product.

    At most one of customer and group; neither is everybody. At most one of product and category, which means what is
    below it too, the nearest first; neither is all of them.
    """

    __tablename__ = "sellable_days"
    __table_args__ = (
        UniqueConstraint(
            "seller_id",
            "customer_id",
            "customer_group_id",
            "product_id",
            "category_id",
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("num_nonnulls(customer_id, customer_group_id) <= 1", name="one_buyer"),
        CheckConstraint("num_nonnulls(product_id, category_id) <= 1", name="one_kind_of_goods"),
        CheckConstraint("days between 0 and 3650", name="days_range"),
        Index(None, "customer_id"),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    customer_group_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_group.id"))
    product_id: Mapped[UUID | None] = mapped_column(ForeignKey("product.id"))
    category_id: Mapped[UUID | None] = mapped_column(ForeignKey("product_category.id"))
    days: Mapped[int] = mapped_column(SmallInteger)
