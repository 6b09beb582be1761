"""The companies that buy: customers, their groups, addresses, contacts, people and credit."""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    event,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import (
    Amount,
    Base,
    Code,
    CurrencyCode,
    Id,
    Locale,
    LongText,
    Moment,
    Name,
    NameSort,
    Stored,
    one_of,
)
from rules.states import (
    AvailabilityDisplay,
    CustomerStatus,
    InvoicingMode,
    LotSelection,
    TaxEvidenceKind,
    TaxRegime,
)
from rules.tax_ids import check_tax_id


class CustomerGroup(Base):
    __tablename__ = "customer_group"
    __table_args__ = (
        UniqueConstraint("seller_id", "code"),
        one_of("availability_display", AvailabilityDisplay),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    code: Mapped[Code]
    name: Mapped[Name]
    # What the group's buyers are told of stock; null: what the seller tells everybody.
    availability_display: Mapped[AvailabilityDisplay | None] = mapped_column(Stored(AvailabilityDisplay))
    assortment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assortment.id", use_alter=True))


class Customer(Base):
    __tablename__ = "customer"
    __table_args__ = (
        one_of("status", CustomerStatus),
        one_of("invoicing_mode", InvoicingMode),
        one_of("tax_regime", TaxRegime),
        one_of("lot_selection", LotSelection),
        UniqueConstraint("seller_id", "number"),
        CheckConstraint("parent_id <> id", name="parent_is_another"),
        Index(None, "name_sort", "id"),
        Index(None, "sales_rep_id"),
        Index(None, "territory_id"),
        Index(None, "parent_id"),
        CheckConstraint("delivery_priority between 1 and 9", name="delivery_priority_range"),
        Index(
            "ix_customer_name_trigram",
            text("replace(name_sort, 'n~', 'n') gin_trgm_ops"),
            postgresql_using="gin",
        ),
    )
    id: Mapped[Id]
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"))
    number: Mapped[Code]
    name: Mapped[Name]
    name_sort: Mapped[NameSort]
    tax_id: Mapped[str | None] = mapped_column(String(64))
    country: Mapped[str] = mapped_column(String(2))
    parent_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))
    status: Mapped[CustomerStatus] = mapped_column(Stored(CustomerStatus))
    customer_group_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer_group.id"))
    # The customer's own assortment wins over the group's; with neither, the whole catalogue is theirs.
    assortment_id: Mapped[UUID | None] = mapped_column(ForeignKey("assortment.id", use_alter=True))
    sales_rep_id: Mapped[UUID | None] = mapped_column(ForeignKey("sales_rep.user_id"))
    territory_id: Mapped[UUID | None] = mapped_column(ForeignKey("territory.id"))
    payment_term_id: Mapped[UUID] = mapped_column(ForeignKey("payment_term.id"))
    delivery_term_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_term.id"))
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))
    locale: Mapped[Locale]
    # Whether a buyer sees the orders of colleagues; approvers and company admins always do.
    buyers_see_company_orders: Mapped[bool]
    # Whether a buyer sees the company's invoices; approvers and company admins always do.
    buyers_see_invoices: Mapped[bool] = mapped_column(server_default="false", default=False)
    invoicing_mode: Mapped[InvoicingMode] = mapped_column(
        Stored(InvoicingMode), server_default="PER_DELIVERY", default=InvoicingMode.PER_DELIVERY
    )
    tax_regime: Mapped[TaxRegime] = mapped_column(
        Stored(TaxRegime), server_default="DOMESTIC", default=TaxRegime.DOMESTIC
    )
    # Of how many lots a line of theirs leaves at one time, where the line says nothing else.
    lot_selection: Mapped[LotSelection] = mapped_column(
        Stored(LotSelection), server_default="ANY", default=LotSelection.ANY
    )
    invoice_email: Mapped[Name] = mapped_column(server_default="", default="")
    internal_note: Mapped[LongText] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    # Who is served first where goods are scarce: 1 before 9.
    delivery_priority: Mapped[int] = mapped_column(SmallInteger, server_default="5", default=5)
    created_at: Mapped[Moment]
    active_until: Mapped[date | None]


@event.listens_for(Customer, "before_insert")
@event.listens_for(Customer, "before_update")
def _check_tax_id(mapper: object, connection: object, customer: Customer) -> None:
    """No way into the table passes by the check of a tax id."""
    if customer.tax_id is not None:
        customer.tax_id = check_tax_id(customer.country, customer.tax_id)


class CreditAccount(Base):
    """The credit given to a customer, or to the parent that holds it; the lock that exposure is tested under."""

    __tablename__ = "credit_account"
    __table_args__ = (CheckConstraint("credit_limit >= 0", name="limit_not_negative"),)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    credit_limit: Mapped[Amount]
    currency: Mapped[CurrencyCode] = mapped_column(ForeignKey("currency.code"))


class CustomerAddress(Base):
    __tablename__ = "customer_address"
    __table_args__ = (
        UniqueConstraint("customer_id", "id"),
        Index(
            "uq_customer_address_default_delivery",
            "customer_id",
            unique=True,
            postgresql_where=text("is_default_delivery"),
        ),
        Index(
            "uq_customer_address_default_billing",
            "customer_id",
            unique=True,
            postgresql_where=text("is_default_billing"),
        ),
    )
    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    label: Mapped[Name]
    name: Mapped[Name]
    street: Mapped[Name]
    postal_code: Mapped[Code]
    city: Mapped[Name]
    region: Mapped[Name] = mapped_column(server_default="")
    country: Mapped[str] = mapped_column(String(2))
    phone: Mapped[Code] = mapped_column(server_default="")
    is_default_delivery: Mapped[bool]
    is_default_billing: Mapped[bool]
    active_until: Mapped[date | None]


class CustomerContact(Base):
    """A person at the customer who need not have a login."""

    __tablename__ = "customer_contact"
    __table_args__ = (Index(None, "customer_id"),)
    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    name: Mapped[Name]
    title: Mapped[Name] = mapped_column(server_default="")
    email: Mapped[Name] = mapped_column(server_default="")
    phone: Mapped[Code] = mapped_column(server_default="")


class CustomerItemNumber(Base):
    """What a customer calls one of our products; searchable and pasteable by them alone."""

    __tablename__ = "customer_item_number"
    __table_args__ = (UniqueConstraint("customer_id", "item_key"), Index(None, "product_id"))
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("product.id"), primary_key=True)
    item_number: Mapped[Code]
    item_key: Mapped[Code]


class Membership(Base):
    """A user's role in one customer; the same user may belong to several."""

    __tablename__ = "membership"
    __table_args__ = (
        Index(None, "customer_id"),
        CheckConstraint(
            "role in ('BUYER', 'APPROVER', 'COMPANY_ADMIN', 'CUSTOMER_INTEGRATOR')", name="role_known"
        ),
    )
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(64), primary_key=True)
    created_at: Mapped[Moment]


class TaxEvidence(Base):
    """
    What proves that a customer's invoices may go untaxed: a VIES answer, a reseller's declaration, an export.

    Kept for ever: an invoice refers to what was known when it was issued.
    """

    __tablename__ = "tax_evidence"
    __table_args__ = (one_of("kind", TaxEvidenceKind), Index(None, "customer_id", "kind"))
    id: Mapped[Id]
    customer_id: Mapped[UUID] = mapped_column(ForeignKey("customer.id"))
    kind: Mapped[TaxEvidenceKind] = mapped_column(Stored(TaxEvidenceKind))
    number: Mapped[Code]
    request_identifier: Mapped[Code] = mapped_column(server_default="")
    is_valid: Mapped[bool]
    verified_on: Mapped[date]
    valid_until: Mapped[date | None]
    note: Mapped[LongText] = mapped_column(server_default="")
    created_at: Mapped[Moment]
    created_by_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.id"))


class ExternalReference(Base):
    """A foreign system's key for one of our rows; unique per namespace and type."""

    __tablename__ = "external_reference"
    __table_args__ = (Index(None, "entity_type", "entity_id"),)
    seller_id: Mapped[UUID] = mapped_column(ForeignKey("seller.id"), primary_key=True)
    namespace: Mapped[Code] = mapped_column(primary_key=True)
    entity_type: Mapped[Code] = mapped_column(primary_key=True)
    value: Mapped[Name] = mapped_column(primary_key=True)
    entity_id: Mapped[UUID]
    # Whose row it names, so that row security holds for the reference too; null for catalogue rows.
    customer_id: Mapped[UUID | None] = mapped_column(ForeignKey("customer.id"))


def address_of_customer(column: str) -> ForeignKeyConstraint:
    """An address column that can only point at the same customer's address."""
    return ForeignKeyConstraint(
        ["customer_id", column], ["customer_address.customer_id", "customer_address.id"]
    )
