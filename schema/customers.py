"""Customers, their addresses and people, and the viewer."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission, Role
from auth.permissions import Permission as P
from models.customers import Customer as CustomerTable
from models.customers_reads import AddressRow, CustomerRow, UserRow
from models.invoices import Invoice as InvoiceTable
from models.invoices_reads import LATEST
from models.orders import SalesOrder
from models.sales_history import SalesHistory
from resolvers import (
    approvals,
    company_people,
    customers,
    customers_items,
    invoices,
    lot_bans,
    orders,
    orders_lots,
    sales,
    suggestions,
    trade_agreements,
    users,
)
from resolvers import credit as credits
from resolvers.context import Context
from resolvers.paging import PageArgs, SortKey
from rules.states import CustomerStatus, LotSelection
from schema.access import access, described_enum, list_size
from schema.company import MANAGE, ApprovalRule, Invitation, MemberAction, SpendLimit
from schema.connections import After, Before, Connection, First, Last, SortDirection, connection
from schema.enums import CustomerStatusFilter
from schema.filters import BooleanFilter, IDFilter, StringFilter, one_key_of, where_of
from schema.ids import Node, encode_id, node_loader, try_decode_id
from schema.pricing_groups import PricingGroup
from schema.rows import fill
from schema.scalars import CurrencyCode, Money

Info = strawberry.Info[Context, None]
_READ = [access(P.CUSTOMERS_READ)]
_SIGNED_IN = [access(P.SIGNED_IN)]
LotBanType = Annotated["LotBan", strawberry.lazy("schema.lots_by_customer")]  # type: ignore[name-defined]  # noqa: F821
OrderType = Annotated["Order", strawberry.lazy("schema.orders")]  # type: ignore[name-defined]  # noqa: F821
SalesYearType = Annotated["SalesYear", strawberry.lazy("schema.sales")]  # type: ignore[name-defined]  # noqa: F821
FavouriteType = Annotated["Favourite", strawberry.lazy("schema.sales")]  # type: ignore[name-defined]  # noqa: F821
SuggestionType = Annotated["Suggestion", strawberry.lazy("schema.suggestions")]  # type: ignore[name-defined]  # noqa: F821
InvoiceType = Annotated["Invoice", strawberry.lazy("schema.invoices")]  # type: ignore[name-defined]  # noqa: F821
ItemNumberType = Annotated["ItemNumber", strawberry.lazy("schema.customers_items")]  # type: ignore[name-defined]  # noqa: F821
HistoryLineType = Annotated["SalesHistoryLine", strawberry.lazy("schema.orders")]  # type: ignore[name-defined]  # noqa: F821


@strawberry.type(description="The seller: the legal entity behind the shop.", directives=_SIGNED_IN)
class Seller:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its legal name.")
    tax_id: str = strawberry.field(description="Its tax id.")
    currency: CurrencyCode = strawberry.field(description="Its base currency.")
    time_zone: str = strawberry.field(
        description="The zone in which its days begin, as in the IANA database."
    )
    locale: str = strawberry.field(description="Its language.")
    email: str = strawberry.field(description="Where to write to.")
    phone: str = strawberry.field(description="Where to call.")


class UserAction(StrEnum):
    """What can be done with an account."""

    SET_STAFF_ROLES = "SET_STAFF_ROLES"
    DISABLE = "DISABLE"
    ENABLE = "ENABLE"


described_enum(
    UserAction,
    "What a viewer may do with an account.",
    {
        "SET_STAFF_ROLES": "Give them other roles at the seller.",
        "DISABLE": "Close it.",
        "ENABLE": "Open it again.",
    },
)


@strawberry.type(description="A role that somebody holds at a company.", directives=[access(P.USERS_WRITE)])
class UserPlace:
    customer_number: str = strawberry.field(description="The company's number.")
    customer_name: str = strawberry.field(description="The company's name.")
    role: Role = strawberry.field(description="The role there.")


@strawberry.type(description="A person with a login.", directives=_SIGNED_IN)
class User(Node):
    email: str = strawberry.field(description="The address they sign in with.")
    name: str = strawberry.field(description="Their name.")
    locale: str = strawberry.field(description="Their language.")
    is_active: bool = strawberry.field(description="Whether they may sign in.")
    row: strawberry.Private[UserRow]

    @classmethod
    def of(cls, row: UserRow) -> "User":
        return fill(cls, row, id=encode_id("User", row.id), row=row)

    @strawberry.field(
        description="Their roles at the seller.", directives=[access(P.USERS_WRITE), list_size(6)]
    )
    async def staff_roles(self, info: Info) -> list[Role]:
        return [Role(each) for each in await info.context.load(users.staff_roles_by_user, self.row.id)]

    @strawberry.field(
        description="The companies they belong to, a row for each role.",
        directives=[access(P.USERS_WRITE), list_size(10)],
    )
    async def places(self, info: Info) -> list[UserPlace]:
        rows = await info.context.load(users.places_by_user, self.row.id)
        return [
            UserPlace(customer_number=row.number, customer_name=row.name, role=Role(row.role)) for row in rows
        ]

    @strawberry.field(
        description="What you may do with the account; buttons are drawn from this.",
        directives=[access(P.USERS_WRITE), list_size(3)],
    )
    async def allowed_actions(self, info: Info) -> list[UserAction]:
        if self.row.id == info.context.user.user_id:
            return []
        state = UserAction.DISABLE if self.is_active else UserAction.ENABLE
        is_staff = bool(await info.context.load(users.staff_roles_by_user, self.row.id))
        return [UserAction.SET_STAFF_ROLES, state] if is_staff else [state]


@strawberry.type(
    description="A person of a customer, with their roles there.", directives=[access(P.USERS_READ)]
)
class CustomerUser:
    user: User = strawberry.field(description="The person.")
    roles: list[Role] = strawberry.field(
        description="Their roles at this customer.", directives=[list_size(4)]
    )
    row: strawberry.Private[customers.MemberRow]

    @classmethod
    def of(cls, row: customers.MemberRow) -> "CustomerUser":
        return cls(user=User.of(row.user), roles=[Role(each) for each in row.roles], row=row)

    @strawberry.field(description="What they may order without asking; null where nothing is said.")
    async def spend_limit(self, info: Info) -> SpendLimit | None:
        rows = await info.context.load(approvals.limits_by_customer, self.row.customer_id)
        return next((SpendLimit.of(row) for row in rows if row.user_id == self.row.user.id), None)

    @strawberry.field(
        description="What you may do with them; buttons are drawn from this.", directives=[list_size(3)]
    )
    def allowed_actions(self, info: Info) -> list[MemberAction]:
        me = info.context.user
        if me.reaches(P.COMPANY_MANAGE, self.row.customer_id):
            return list(MemberAction)
        return [MemberAction.SET_LIMIT] if me.may(P.USERS_WRITE) else []


@strawberry.type(description="An address of a customer.", directives=_READ)
class Address(Node):
    label: str = strawberry.field(description="What the company calls it.")
    name: str = strawberry.field(description="Whom it names.")
    street: str = strawberry.field(description="Street and number.")
    postal_code: str = strawberry.field(description="Postal code.")
    city: str = strawberry.field(description="City.")
    region: str = strawberry.field(description="Region; may be empty.")
    country: str = strawberry.field(description="Country, ISO 3166-1 alpha-2.")
    phone: str = strawberry.field(description="Telephone there; may be empty.")
    is_default_delivery: bool = strawberry.field(description="Whether goods go there when nothing is said.")
    is_default_billing: bool = strawberry.field(description="Whether invoices go there.")

    @classmethod
    def of(cls, row: AddressRow) -> "Address":
        return fill(cls, row, id=encode_id("Address", row.id))


@strawberry.type(description="A person at a customer who need not have a login.", directives=_READ)
class Contact:
    name: str = strawberry.field(description="Their name.")
    title: str = strawberry.field(description="What they do; may be empty.")
    email: str = strawberry.field(description="Their address; may be empty.")
    phone: str = strawberry.field(description="Their telephone; may be empty.")


@strawberry.type(description="A sales team.", directives=_READ)
class SalesTeam:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="A sales rep's business card.", directives=_READ)
class SalesRep:
    id: strawberry.ID = strawberry.field(description="The rep's id, for filters.")
    code: str = strawberry.field(description="The rep's code.")
    name: str = strawberry.field(description="Their name.")
    email: str = strawberry.field(description="Their address.")
    phone: str = strawberry.field(description="Their telephone.")
    row: strawberry.Private[customers.SalesRepRow]

    @classmethod
    def of(cls, row: customers.SalesRepRow) -> "SalesRep":
        return fill(cls, row, id=encode_id("SalesRep", row.user_id), row=row)

    @strawberry.field(description="Their team.")
    async def team(self, info: Info) -> SalesTeam:
        row = await info.context.load(customers.sales_teams_by_id, self.row.sales_team_id)
        assert row is not None, "a rep's team exists by foreign key"
        return fill(SalesTeam, row)


@strawberry.type(description="A group of customers.", directives=_READ)
class CustomerGroup:
    code: str = strawberry.field(description="Its code.")
    name: str = strawberry.field(description="Its name.")


@strawberry.type(description="When to pay.", directives=_READ)
class PaymentTerms:
    code: str = strawberry.field(description="Their code.")
    name: str = strawberry.field(description="Their name.")


@strawberry.type(description="Who carries cost and risk of a delivery.", directives=_READ)
class DeliveryTerms:
    code: str = strawberry.field(description="Their code.")
    name: str = strawberry.field(description="Their name.")
    incoterm: str = strawberry.field(description="The Incoterms 2020 rule.")
    place: str = strawberry.field(description="The place it names.")


@strawberry.type(
    description="What a customer may owe, and what of it is used: gross, in the currency of its account.",
    directives=[access(P.CREDIT_READ, P.CREDIT_AVAILABLE_READ)],
)
class Credit:
    limit: Money = strawberry.field(description="The limit.", directives=[access(P.CREDIT_READ)])
    exposure: Money = strawberry.field(
        description="What of it is used: orders, deliveries and invoices that are open, less what is unapplied.",
        directives=[access(P.CREDIT_READ)],
    )
    orders_open: Money = strawberry.field(
        description="What of it are open orders.", directives=[access(P.CREDIT_READ)]
    )
    delivered: Money = strawberry.field(
        description="What of it is delivered and not invoiced; drafts are not invoiced yet.",
        directives=[access(P.CREDIT_READ)],
    )
    invoices: Money = strawberry.field(
        description="What of it are open invoices.", directives=[access(P.CREDIT_READ)]
    )
    unapplied: Money = strawberry.field(
        description="Credits and payments on account, which lower it.", directives=[access(P.CREDIT_READ)]
    )
    available: Money = strawberry.field(description="What is left of it, never below zero.")
    overdue: Money = strawberry.field(
        description="What of it is open past its day.", directives=[access(P.CREDIT_READ)]
    )


@strawberry.type(description="A company that buys.", directives=_READ)
class Customer(Node):
    number: str = strawberry.field(description="Its number with us.")
    name: str = strawberry.field(description="Its name.")
    status: CustomerStatus = strawberry.field(description="Whether it may order.")
    country: str = strawberry.field(description="Its country, ISO 3166-1 alpha-2.")
    tax_id: str | None = strawberry.field(description="Its tax id.", directives=[access(P.TAX_ID_READ)])
    currency: CurrencyCode = strawberry.field(description="The currency it buys in.")
    locale: str = strawberry.field(description="The language of its documents.")
    internal_note: str = strawberry.field(
        description="What we note about it; never shown to customers.", directives=[access(P.NOTES_INTERNAL)]
    )
    version: int = strawberry.field(description="Rises with every change.")
    row: strawberry.Private[CustomerRow]

    @classmethod
    def of(cls, row: CustomerRow) -> "Customer":
        return fill(cls, row, id=encode_id("Customer", row.id), row=row)

    @strawberry.field(
        description="Of how many lots a line of theirs leaves at one time, where the line says nothing else.",
        directives=[access(P.LOTS_READ, P.ORDERS_MANAGE)],
    )
    async def lot_selection(self, info: Info) -> LotSelection:
        return await info.context.load(orders_lots.selections_by_customer, self.row.id)

    @strawberry.field(
        description="Lots that never go to them, by SKU and number; 100 at most.",
        directives=[access(P.LOTS_READ, P.ORDERS_MANAGE), list_size(3)],
    )
    async def lot_bans(self, info: Info) -> list[LotBanType]:
        from schema.lots_by_customer import LotBan

        return [LotBan.of(row) for row in await info.context.load(lot_bans.bans_by_customer, self.row.id)]

    @strawberry.field(description="The company above it; null where there is none or you may not see it.")
    async def parent(self, info: Info) -> "Customer | None":
        key = self.row.parent_id
        row = None if key is None else await info.context.load(customers.customers_by_id, key)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="Its group; null where it has none.")
    async def group(self, info: Info) -> CustomerGroup | None:
        key = self.row.customer_group_id
        row = None if key is None else await info.context.load(customers.groups_by_id, key)
        return None if row is None else fill(CustomerGroup, row)

    @strawberry.field(description="When it pays.")
    async def payment_terms(self, info: Info) -> PaymentTerms:
        row = await info.context.load(customers.payment_terms_by_id, self.row.payment_term_id)
        assert row is not None, "the terms exist by foreign key"
        return fill(PaymentTerms, row)

    @strawberry.field(description="How it is delivered to.")
    async def delivery_terms(self, info: Info) -> DeliveryTerms:
        row = await info.context.load(customers.delivery_terms_by_id, self.row.delivery_term_id)
        assert row is not None, "the terms exist by foreign key"
        return fill(DeliveryTerms, row)

    @strawberry.field(description="Who looks after it; null where nobody does.")
    async def sales_rep(self, info: Info) -> SalesRep | None:
        key = self.row.sales_rep_id
        row = None if key is None else await info.context.load(customers.sales_reps_by_id, key)
        return None if row is None else SalesRep.of(row)

    @strawberry.field(description="Its addresses in use, the default first.", directives=[list_size(50)])
    async def addresses(self, info: Info) -> list[Address]:
        return [
            Address.of(row) for row in await info.context.load(customers.addresses_by_customer, self.row.id)
        ]

    @strawberry.field(description="Its people.", directives=[list_size(20)])
    async def contacts(self, info: Info) -> list[Contact]:
        return [
            fill(Contact, row) for row in await info.context.load(customers.contacts_by_customer, self.row.id)
        ]

    @strawberry.field(
        description="Its people with a login.", directives=[access(P.USERS_READ), list_size(50)]
    )
    async def users(self, info: Info) -> list[CustomerUser]:
        rows = await info.context.load(customers.members_by_customer, self.row.id)
        return [CustomerUser.of(row) for row in rows]

    @strawberry.field(
        description="Whom it has asked in and who has not answered yet; of your own company only.",
        directives=[*MANAGE, list_size(50)],
    )
    async def invitations(self, info: Info) -> list[Invitation]:
        rows = await info.context.load(company_people.invitations_by_customer, self.row.id)
        return [Invitation.of(row) for row in rows]

    @strawberry.field(
        description="Its rules for orders that need the consent of somebody else there; of your own company only.",
        directives=[*MANAGE, list_size(8)],
    )
    async def approval_rules(self, info: Info) -> list[ApprovalRule]:
        rows = await info.context.load(approvals.rules_by_customer, self.row.id)
        return [ApprovalRule.of(row) for row in rows]

    @strawberry.field(
        description="Its credit; null where there is no limit.",
        directives=[access(P.CREDIT_READ, P.CREDIT_AVAILABLE_READ)],
    )
    async def credit(self, info: Info) -> Credit | None:
        me = info.context.user
        if not (me.reaches(P.CREDIT_READ, self.row.id) or me.reaches(P.CREDIT_AVAILABLE_READ, self.row.id)):
            return None  # a subsidiary's, which its parent sees without its credit
        row = await info.context.load(credits.credit_by_customer, self.row.id)
        if row is None:
            return None
        return Credit(
            limit=Money.of(row.limit, row.currency),
            exposure=Money.of(row.exposure, row.currency),
            orders_open=Money.of(row.used.orders, row.currency),
            delivered=Money.of(row.used.delivered, row.currency),
            invoices=Money.of(row.used.invoices, row.currency),
            unapplied=Money.of(row.used.unapplied, row.currency),
            available=Money.of(row.available, row.currency),
            overdue=Money.of(row.used.overdue, row.currency),
        )

    @strawberry.field(
        description="Its own groups for trade agreements; where it has none of a kind, its nearest ancestor's count.",
        directives=[access(P.TRADE_AGREEMENTS_READ), list_size(40)],
    )
    async def pricing_groups(self, info: Info) -> list[PricingGroup]:
        rows = await info.context.load(trade_agreements.groups_by_customer, self.row.id)
        return [PricingGroup.of(row) for row in rows]

    @strawberry.field(
        description="Its orders that you may see, newest first.", directives=[access(P.ORDERS_READ)]
    )
    async def orders(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[OrderType]:
        from schema.orders import Order

        sort = [SortKey("PLACED_AT", SalesOrder.placed_at, True), SortKey("id", SalesOrder.id, True)]
        args = PageArgs(first, after, last, before)
        return connection(await orders.orders_of_customer(info.context, self.row.id, sort, args), Order.of)

    @strawberry.field(description="Its newest order that you may see.", directives=[access(P.ORDERS_READ)])
    async def last_order(self, info: Info) -> OrderType | None:
        from schema.orders import Order

        row = await info.context.load(orders.last_orders, self.row.id)
        return None if row is None else Order.of(row)

    @strawberry.field(
        description="What it bought by year, newest first.",
        directives=[access(P.SALES_HISTORY_READ), list_size(20)],
    )
    async def sales_by_year(self, info: Info) -> list[SalesYearType]:
        from schema.sales import SalesYear

        return [SalesYear.of(row) for row in await info.context.load(sales.years_by_customer, self.row.id)]

    @strawberry.field(
        description="What it buys most: by documents, units and the last day.",
        directives=[access(P.SALES_HISTORY_READ), list_size(sales.FAVOURITES)],
    )
    async def favourites(self, info: Info) -> list[FavouriteType]:
        from schema.sales import Favourite

        rows = await info.context.load(sales.favourites_by_customer, self.row.id)
        return [Favourite.of(row) for row in rows]

    @strawberry.field(
        description="What to offer it: what is due again, what goes with what it buys, what its peers buy.",
        directives=[access(P.SALES_HISTORY_READ), list_size(suggestions.COUNT_MAX)],
    )
    async def suggestions(self, info: Info) -> list[SuggestionType]:
        from schema.suggestions import Suggestion

        rows = await info.context.load(suggestions.suggestions_by_customer, self.row.id)
        return [Suggestion.of(row) for row in rows]

    @strawberry.field(
        description="Its invoices that you may see, newest first.", directives=[access(P.INVOICES_READ)]
    )
    async def invoices(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[InvoiceType]:
        from schema.invoices import Invoice

        sort = [SortKey("ISSUED_ON", LATEST, True), SortKey("id", InvoiceTable.id, True)]
        args = PageArgs(first, after, last, before)
        return connection(
            await invoices.invoices_of_customer(info.context, self.row.id, sort, args), Invoice.of
        )

    @strawberry.field(description="What it calls our products, by its own numbers.")
    async def item_numbers(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[ItemNumberType]:
        from schema.customers_items import ItemNumber

        args = PageArgs(first, after, last, before)
        page = await customers_items.item_numbers_of_customer(info.context, self.row.id, args)
        return connection(page, ItemNumber.of)

    @strawberry.field(description="What it bought, newest first.", directives=[access(P.SALES_HISTORY_READ)])
    async def sales_history(
        self, info: Info, first: First = None, after: After = None, last: Last = None, before: Before = None
    ) -> Connection[HistoryLineType]:
        from schema.orders import SalesHistoryLine

        sort = [SortKey("SOLD_AT", SalesHistory.sold_at, True), SortKey("id", SalesHistory.id, True)]
        args = PageArgs(first, after, last, before)
        page = await orders.sales_history(info.context, self.row.id, sort, args)
        return connection(page, SalesHistoryLine.of)


@strawberry.type(description="A company the viewer may act for.", directives=_SIGNED_IN)
class CompanyChoice:
    customer_id: strawberry.ID = strawberry.field(description="The customer's global id.")
    number: str = strawberry.field(description="Its number.")
    name: str = strawberry.field(description="Its name.")
    roles: list[Role] = strawberry.field(description="The viewer's roles there.", directives=[list_size(4)])
    is_current: bool = strawberry.field(description="Whether the viewer acts for it now.")


@strawberry.type(description="Who asks, and what they may do.", directives=_SIGNED_IN)
class Viewer:
    is_staff: bool = strawberry.field(description="Whether they act for the seller now.")
    is_on_behalf: bool = strawberry.field(
        description="Whether they are of the seller's people and act in the customer's place now."
    )
    locale: str = strawberry.field(description="The language of texts and messages.")
    roles: list[Role] = strawberry.field(description="Their roles now.", directives=[list_size(10)])
    permissions: list[Permission] = strawberry.field(
        description="What they may do.", directives=[list_size(30)]
    )

    @strawberry.field(description="The person; null for programs without one.")
    async def user(self, info: Info) -> User | None:
        me = info.context.user
        row = None if me.client_id else await info.context.load(customers.users_by_id, me.user_id)
        return None if row is None else User.of(row)

    @strawberry.field(
        description="The company they act for; null for staff.", directives=[access(P.CUSTOMERS_READ)]
    )
    async def customer(self, info: Info) -> Customer | None:
        key = info.context.user.customer_id
        row = None if key is None else await info.context.load(customers.customers_by_id, key)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="The companies they may act for.", directives=[list_size(20)])
    async def customers(self, info: Info) -> list[CompanyChoice]:
        return [
            CompanyChoice(
                customer_id=encode_id("Customer", row.customer_id),
                number=row.number,
                name=row.name,
                roles=[Role(each) for each in row.roles],
                is_current=row.customer_id == info.context.user.customer_id,
            )
            for row in await customers.company_choices(info.context)
        ]

    @strawberry.field(description="The seller.")
    async def seller(self, info: Info) -> Seller:
        return fill(Seller, await customers.seller(info.context))


class CustomerOrderField(StrEnum):
    NAME = "NAME"
    NUMBER = "NUMBER"


described_enum(
    CustomerOrderField,
    "What customers may be ordered by.",
    {"NAME": "By name, as Spanish sorts.", "NUMBER": "By number."},
)
_SORTS = {CustomerOrderField.NAME: CustomerTable.name_sort, CustomerOrderField.NUMBER: CustomerTable.number}


@strawberry.input(description="An order of customers.", directives=_READ)
class CustomerOrder:
    field: CustomerOrderField = strawberry.field(description="By what.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="Conditions on customers; all must hold.", directives=_READ)
class CustomerWhere:
    number: StringFilter | None = strawberry.field(default=None, description="On the number.")
    name: StringFilter | None = strawberry.field(default=None, description="On the name.")
    status: CustomerStatusFilter | None = strawberry.field(default=None, description="On the status.")
    country: StringFilter | None = strawberry.field(default=None, description="On the country's code.")
    sales_rep: IDFilter | None = strawberry.field(
        default=None, description="Looked after by one of these reps."
    )
    is_mine: BooleanFilter | None = strawberry.field(default=None, description="Looked after by the viewer.")


@strawberry.input(description="Names one customer.", one_of=True, directives=_READ)
class CustomerBy:
    id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Its global id.")
    number: str | None = strawberry.field(default=strawberry.UNSET, description="Its number.")


@strawberry.type
class CustomerQueries:
    @strawberry.field(description="Who asks, and what they may do.", directives=_SIGNED_IN)
    async def viewer(self, info: Info) -> Viewer:
        me = info.context.user
        return Viewer(
            is_staff=me.is_staff,
            is_on_behalf=me.on_behalf is not None,
            locale=info.context.locale,
            roles=sorted(me.roles),
            permissions=sorted(me.permissions),
        )

    @strawberry.field(description="The customers you may see.", directives=_READ)
    async def customers(
        self,
        info: Info,
        where: Annotated[CustomerWhere | None, strawberry.argument(description="Which ones.")] = None,
        search: Annotated[str | None, strawberry.argument(description="Part of the name or number.")] = None,
        order_by: Annotated[
            list[CustomerOrder] | None, strawberry.argument(description="By name when nothing is said.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Customer]:
        asked = order_by or [CustomerOrder(field=CustomerOrderField.NAME)]
        sort = [
            SortKey(each.field.value, _SORTS[each.field], each.direction is SortDirection.DESC)
            for each in asked
        ]
        sort.append(SortKey("id", CustomerTable.id, sort[0].descending))
        found = where_of(where, {"sales_rep": ("SalesRep",)})
        page = await customers.customers(
            info.context, found, search, sort, PageArgs(first, after, last, before)
        )
        return connection(page, Customer.of)

    @strawberry.field(description="One customer; null where there is none you may see.", directives=_READ)
    async def customer(
        self, info: Info, by: Annotated[CustomerBy, strawberry.argument(description="Which one.")]
    ) -> Customer | None:
        kind, value = one_key_of(by)
        if kind == "number":
            row = await customers.customer_by_number(info.context, value)
        else:
            key = try_decode_id(value, "Customer")
            row = None if key is None else await info.context.load(customers.customers_by_id, key)
        return None if row is None else Customer.of(row)

    @strawberry.field(description="The seller's sales reps.", directives=[access(P.STAFF), list_size(100)])
    async def sales_reps(self, info: Info) -> list[SalesRep]:
        return [SalesRep.of(row) for row in await customers.sales_reps(info.context)]


@node_loader("Customer")
async def _customers(ctx: Context, keys: Sequence[UUID]) -> Sequence[Customer | None]:
    return [None if row is None else Customer.of(row) for row in await customers.customers_by_id(ctx, keys)]


@node_loader("User")
async def _users(ctx: Context, keys: Sequence[UUID]) -> Sequence[User | None]:
    return [None if row is None else User.of(row) for row in await customers.users_by_id(ctx, keys)]


@node_loader("Address")
async def _addresses(ctx: Context, keys: Sequence[UUID]) -> Sequence[Address | None]:
    return [None if row is None else Address.of(row) for row in await customers.addresses_by_id(ctx, keys)]
