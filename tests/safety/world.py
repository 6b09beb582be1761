"""
Three companies and everyone around them, with a canary in each text: whoever reads a foreign one has found a leak.

PARENT has a subsidiary CHILD; STRANGER knows neither. A canary is `zq` + kind + owner, such as `zqcparent` (company
data of PARENT) or `zqofrida` (an order of Frida's). Which kinds a viewer may read stands in `may_read`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from auth.permissions import ROLE_GRANTS, Role, Viewer
from models.approvals import ApprovalRule, SpendLimit
from models.base import Base, new_id
from models.charges import StoredChargeBand, StoredChargeRule
from models.concessions import StoredConcessionLimit
from models.customers import Customer, CustomerContact, ExternalReference
from models.discounts import DiscountRedemption, Segment, StoredDiscountGroup, StoredDiscountRule
from models.events import OutboxEvent
from models.free_goods import StoredFreeGoodsRule
from models.invitations import Invitation
from models.jobs import Job, JobErrorRow
from models.mails import MailMessage
from models.products import Product
from models.sales_history import SalesHistory
from models.scheduling import CustomerCalendar, SellableDays, WorkCalendar
from models.security import ROW_POLICIES
from models.stock import Warehouse
from models.trade_agreements import CustomerPricingGroup
from models.users import User
from models.warehouse import (
    ExternalReport,
    StockCount,
    StockCountLine,
    WarehouseAcknowledgement,
    WarehouseConsumer,
)
from resolvers.bank import bank_lines_by_file, import_bank_file
from resolvers.invoices import instalments_by_invoice, invoices_by_id, invoices_of_run, lines_by_invoice
from resolvers.invoices_acts import LineToCredit, Rectification, rectify_invoice
from resolvers.invoices_drafts import create_invoices
from resolvers.invoices_issue import issue_invoices
from resolvers.orders_acts import hold_order
from resolvers.paging import PageArgs
from resolvers.payments import matches_by_payment
from resolvers.payments_acts import MatchWanted, Receipt, match_payment, record_payment, unmatch_payment
from resolvers.sales_agreements_acts import accept_agreement, create_agreement, propose_agreement
from resolvers.sales_agreements_booking import book_consumption
from resolvers.trade_agreements import list_rows_of_journal
from resolvers.trade_agreements_acts import RowDraft, create_journal
from resolvers.trade_agreements_posting import post_journal
from rules.charges import ChargeBasis, ChargeKind, ChargeMethod
from rules.discounts_rules import Phase, Stacking
from rules.free_goods import FreeCalculation, FreeKind, FreeRounding, FreeStockPolicy
from rules.pricing_facts import TradeRelation
from rules.sales_agreement_terms import AgreementLineTerms, AgreementTerms
from rules.sales_agreements import AgreementPricing, CommitmentType
from rules.states import InvoiceType, JobState, LimitPeriod, MailState, PaymentMethod, SaleKind
from schema.api import api
from schema.engine import Engine
from schema.ids import encode_id, split_id
from schema.throttle import Throttle
from tests import factories as make
from tests.safety.world_buying import buy
from tests.safety.world_quotes import quote_all
from tests.schema.shop import PLACE, with_known_views

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)
COMPANIES = ("parent", "child", "stranger")
TAG = re.compile(r"zq[a-z]+", re.IGNORECASE)

# Members of the companies: name -> (company, role). `both` belongs to two companies.
MEMBERS = {
    "pbuyer": ("parent", Role.BUYER),
    "pmate": ("parent", Role.BUYER),
    "papprover": ("parent", Role.APPROVER),
    "padmin": ("parent", Role.COMPANY_ADMIN),
    "pintegrator": ("parent", Role.CUSTOMER_INTEGRATOR),
    "cbuyer": ("child", Role.BUYER),
    "cadmin": ("child", Role.COMPANY_ADMIN),
    "sbuyer": ("stranger", Role.BUYER),
    "sadmin": ("stranger", Role.COMPANY_ADMIN),
    "both": ("parent", Role.BUYER),
}
STAFF = {
    "logistics": Role.LOGISTICS,
    "finance": Role.FINANCE,
    "integrator": Role.INTEGRATOR,
    "administrator": Role.ADMINISTRATOR,
}
FIELD = ("repa", "mate", "manager", "repb")  # a rep, their team mate and manager, and one of another team
VIEWERS = (*(name for name in MEMBERS if name != "both"), "both@parent", "both@stranger", *FIELD, *STAFF,
           "repa@parent")  # fmt: skip  # the last one on behalf of a company

# Texts that are no free text: codes, enumerations, keys of other systems. Every other text column of a tenant's table
# carries a canary; a new column is covered or fails `fill_texts`.
NOT_FREE = {
    "currency", "locale", "country", "status", "kind", "role", "visibility", "unit_code", "tax_category",
    "entity_type", "transaction_id", "input_hash", "mutation", "action", "type", "source", "namespace",
    "method", "format", "series_code", "exemption_code", "qualification", "tax_regime", "invoicing_mode", "hash",
    "previous_hash", "hashed_text", "buyer_status", "account", "period", "subject_type", "hold_reasons", "seller_name",
    "seller_tax_id", "media_type", "sales_rep_name", "name_sort", "sku", "month",
    "basis", "calculation", "rounding", "out_of_stock", "segment", "cause", "place", "stage",
    "pricing", "event", "obstacle", "purpose", "act", "how",
    "relation", "customer_scope", "item_scope", "percent_base", "customer_key", "item_key",
}  # fmt: skip
# What companies below are told of an ancestor's agreement that they order under: which one it is, and nothing of it.
TOLD_BELOW = {"sales_agreement.number"}
KINDS = {
    "internal_note": "n",
    "delivery.internal_note": "l",
    "tax_id": "t",
    "customer_tax_id": "t",
    "discount_reason": "d",
    "on_behalf_reason": "b",
    "manual_price_reason": "b",
    "quote_line.discount_reason": "b",
    "quote_revision.discount_reason": "b",
    "quote_figures.notes": "b",
}


@dataclass
class World:
    """What was made, in plain values: a clone of the database has the same."""

    users: dict[str, UUID] = field(default_factory=dict)
    customers: dict[str, UUID] = field(default_factory=dict)
    products: dict[str, UUID] = field(default_factory=dict)
    viewers: dict[str, Viewer] = field(default_factory=dict)
    orders: dict[str, list[UUID]] = field(default_factory=dict)
    dead_job: UUID | None = None
    deliveries: dict[str, str] = field(default_factory=dict)  # by state; global ids
    invoices: dict[str, str] = field(default_factory=dict)  # by who ordered; global ids
    rules: dict[str, str] = field(default_factory=dict)  # FreeGoodsRule, ChargeRule of PARENT; global ids
    money: dict[str, str] = field(
        default_factory=dict
    )  # payment, match, instalment, credit, line; global ids
    agreements: dict[str, str] = field(
        default_factory=dict
    )  # by company in force, draft, proposed; global ids
    quotes: dict[str, str] = field(default_factory=dict)  # by company sent, by state; global ids
    trade: dict[str, str] = field(default_factory=dict)  # draft and its row, posted; global ids
    buying: dict[str, str] = field(
        default_factory=dict
    )  # suppliers, purchase orders and their lines; global ids
    discounts: dict[str, str] = field(default_factory=dict)  # group, active, inactive, segment; global ids


def engine_of(database: Database) -> Engine:
    return with_known_views(Engine(api, database, throttle=Throttle(10**15, 10**15), clock=lambda: NOW))


def company_of(name: str) -> str:
    return name.partition("@")[2] or MEMBERS[name][0]


def tag(kind: str, owner: str) -> str:
    return f"zq{kind}{owner}"


def every_tag() -> set[str]:
    return _company_tags(COMPANIES, "kctndsbli") | {tag(kind, name) for name in MEMBERS for kind in "uowj"}


def tags_in(text_: str) -> set[str]:
    """The canaries in an answer; ids are base64 and may begin like one, so only whole ones count."""
    return {found.lower() for found in TAG.findall(text_)} & every_tag()


def _company_tags(companies: Iterable[str], kinds: str) -> set[str]:
    return {tag(kind, company) for company in companies for kind in kinds}


def _orders_of(names: Iterable[str]) -> set[str]:
    """Orders carry their own canary and the name of who placed them."""
    return {tag(kind, name) for name in names for kind in "ou"}


def placers(company: str) -> list[str]:
    """Those of a company who placed an order there."""
    members = [name for name, (where, _) in MEMBERS.items() if where == company and name != "both"]
    return [*members, *(["both"] if company != "child" else [])]


def may_read(name: str, descendants: bool = False) -> set[str]:
    """
    The canaries this viewer may come across, written from SAFETY.md 2b.

    Kinds: k number and name of a company, c its other data, t tax id, n internal note, d reason of a discount,
    b reason of a price set by hand or of an order on behalf,
    l the warehouse's note on a delivery, u a person's data, o an order's, w a cart's or private list's, s a shared list's,
    i an invoice's, j a person's job.
    """
    if name.partition("@")[0] in FIELD and "@" in name:
        # In the company's place: what its people share, and neither their carts nor lists nor the seller's own.
        return _company_tags([company_of(name)], "kcs") | _orders_of(placers(company_of(name)))
    if name in STAFF or name in FIELD:
        seen = {"repa": ("parent", "child"), "mate": ("parent", "child"), "manager": ("parent", "child"),
                "repb": ("stranger",)}.get(name, COMPANIES)  # fmt: skip
        people = {each for company in seen for each in placers(company)}
        tags = _company_tags(seen, "kcb") | _orders_of(people)
        tags |= _company_tags(seen, "t") if name == "finance" else set()
        tags |= _company_tags(seen, "i") if name != "logistics" else set()
        tags |= {tag("j", each) for each in MEMBERS} if name == "administrator" else set()
        tags |= _company_tags(seen, "l") if name in (*FIELD, "administrator", "logistics") else set()
        return tags | (_company_tags(seen, "n") if name in (*FIELD, "administrator") else set())
    who, company = name.partition("@")[0], company_of(name)
    role = MEMBERS[who][1]
    tags = _company_tags([company], "kc") | {tag(kind, who) for kind in "uwoj"} | {tag("s", company)}
    tags |= {
        tag("u", {"parent": "pmate", "child": "cadmin", "stranger": "sadmin"}[company])
    }  # the shared list's owner
    if who == "both":
        tags |= _company_tags(("parent", "stranger"), "k")
    if role in (Role.APPROVER, Role.COMPANY_ADMIN, Role.CUSTOMER_INTEGRATOR):
        tags |= _orders_of(placers(company)) | _company_tags([company], "i")
    if role is Role.COMPANY_ADMIN:
        tags |= _company_tags([company], "t")
    if descendants and company == "parent":
        tags |= _company_tags(["child"], "kc")
        if role in (Role.APPROVER, Role.COMPANY_ADMIN, Role.CUSTOMER_INTEGRATOR):
            tags |= _orders_of(placers("child"))
    return tags


async def build_world(database: Database) -> World:
    world = World()
    people: dict[str, User] = {}
    async with database.job() as session:
        seller = await make.make_seller(session)
        teams = {key: await make.make_team(session, seller) for key in "ab"}
        north = await make.make_territory(session, seller, "NORTE")
        people["repa"] = await make.make_rep(session, seller, teams["a"])
        people["mate"] = await make.make_rep(session, seller, teams["a"])
        people["manager"] = await make.make_rep(session, seller, teams["a"], Role.SALES_MANAGER)
        people["repb"] = await make.make_rep(session, seller, teams["b"], territories=[north])
        for name, role in STAFF.items():
            people[name] = await make.make_user(session, seller, roles=[role])
        companies: dict[str, Any] = {}
        group = await make.make_group(session, seller)
        for name in COMPANIES:
            given: dict[str, Any] = {"territory": north} if name == "stranger" else {"rep": people["repa"]}
            given |= {"parent": companies["parent"]} if name == "child" else {}
            company = await make.make_customer(
                session, seller, name=f"{tag('k', name)} SL", number=tag("k", name),
                internal_note=tag("n", name), customer_group_id=group.id, **given,
            )  # fmt: skip
            companies[name] = company
            world.customers[name] = company.id
            session.add(CustomerContact(customer_id=company.id, name=tag("c", name)))
            session.add(ExternalReference(seller_id=seller.id, namespace="erp", entity_type="Customer",
                                          value=tag("c", name), entity_id=company.id, customer_id=company.id))  # fmt: skip
            await make.make_address(session, company)
            session.add(ApprovalRule(customer_id=company.id, name=tag("c", name), from_amount=Decimal(10**9),
                                     currency="EUR", created_at=NOW))  # fmt: skip
        for name, (where, role) in MEMBERS.items():
            people[name] = await make.make_user(
                session, seller, customer=companies[where], role=role, name=f"{tag('u', name)} P",
                email=f"{tag('u', name)}@example.com",
            )  # fmt: skip
        await make.make_member(session, people["both"], companies["stranger"])
        for name in ("padmin", "cadmin", "sadmin"):
            where = MEMBERS[name][0]
            session.add(Invitation(seller_id=seller.id, customer_id=companies[where].id, email=tag("c", where),
                                   name=tag("c", where), locale="es", roles=["BUYER"], invited_by_id=people[name].id,
                                   invited_by_name=people[name].name, created_at=NOW,
                                   expires_at=NOW + timedelta(days=7)))  # fmt: skip
        # Whatever this program orders waits for somebody of its company.
        session.add(SpendLimit(user_id=people["pintegrator"].id, customer_id=companies["parent"].id, per_order=Decimal(0),
                               per_period=None, period=LimitPeriod.MONTH, currency="EUR", updated_at=NOW))  # fmt: skip
        for name, company in companies.items():
            admin = people[f"{name[0]}admin"]
            await make.make_api_client(session, company, made_by=admin, name=tag("c", name), created_at=NOW)
        await make.make_api_client(session, seller, made_by=people["administrator"])
        for index in range(3):
            product = await make.make_product(
                session,
                seller,
                price="10.00",
                stock=10000,
                cost="6",
                sku=f"ACE-{index}",
                barcode=f"840000000001{index}",
            )
            world.products[product.sku] = product.id
            for name, company in companies.items():
                await make.make_item_number(session, company, product, f"{tag('c', name)}-{index}")
        await make.make_product(session, seller, price="10.00", stock=5, sku="LOT-0", is_lot_tracked=True)
        session.add(StoredConcessionLimit(seller_id=seller.id, role=Role.SALES_REP, per_line_percent=Decimal(50),
                                          period=LimitPeriod.MONTH, updated_at=NOW))  # fmt: skip
        for name, company in companies.items():
            await add_rules(session, world, name, company)
            session.add(_sale(seller.id, company.id, tag("c", name), world.products["ACE-0"]))
        session.add(
            OutboxEvent(type="order.placed", entity_type="Order", entity_id=companies["parent"].id, entity_version=1,
                        occurred_at=NOW, seller_id=seller.id, customer_id=companies["parent"].id,
                        actor_id=people["pbuyer"].id)
        )  # fmt: skip
        for name, (home, _) in MEMBERS.items():
            add_job(session, people[name], companies[home].id)
        add_job(session, people["both"], companies["stranger"].id)
        for name in ("repa", "mate", "finance"):
            add_job(session, people[name], None)
        world.dead_job = add_job(session, people["administrator"], None, JobState.FAILED)
        left = await make.make_user(session, seller, is_active=False)  # whose account is closed
    world.users = {name: user.id for name, user in people.items()} | {"left": left.id}
    await make_viewers(database, world)
    await fill_texts(database, world)  # before the acts, so that documents copy canaries
    await _act(database, world)
    await fill_texts(database, world)
    return world


def add_job(
    session: AsyncSession, user: User, customer_id: UUID | None, state: JobState = JobState.SUCCEEDED
) -> UUID:
    """A job of somebody's with a row in error, and a letter to them."""
    job_id = new_id()
    session.add_all([
        Job(id=job_id, seller_id=user.seller_id, customer_id=customer_id, kind="test.rows", key=str(job_id), state=state,
            arguments={}, started_by_id=user.id, reason="r", detail="d", error_row_count=1, version=1, created_at=NOW),
        JobErrorRow(job_id=job_id, position=0, row_number=2, column_name="sku", code="INVALID", message="m"),
        MailMessage(seller_id=user.seller_id, key=str(job_id), template="t", user_id=user.id, address="a", recipient="r",
                    locale="es", subject="s", text_body="b", html_body="h", state=MailState.KEPT, created_at=NOW),
    ])  # fmt: skip
    return job_id


async def add_rules(session: AsyncSession, world: World, name: str, company: Customer) -> None:
    """Rules of free goods and of charges for a company alone, of which no order of the world gets anything."""
    words = {"seller_id": company.seller_id, "customer_id": company.id, "name": tag("c", name), "name_sort": "",
             "valid_from": NOW.date(), "created_at": NOW, "version": 1}  # fmt: skip
    gift = StoredFreeGoodsRule(
        id=new_id(), minimum_quantity=Decimal(10**6), per_quantity=Decimal(10**6), free_quantity=Decimal(1),
        kind=FreeKind.EXCLUSIVE, calculation=FreeCalculation.UNIT_REFERENCE, rounding=FreeRounding.DOWN,
        is_only_once=False, is_optional=False, is_chargeable=False, out_of_stock=FreeStockPolicy.DROP, **words,
    )  # fmt: skip
    charge = StoredChargeRule(
        id=new_id(), kind=ChargeKind.FREIGHT, basis=ChargeBasis.DOCUMENT, currency="EUR", countries=[],
        postal_prefixes=[], incoterms=[], **words,
    )  # fmt: skip
    session.add_all([gift, charge])
    if name == "parent":
        # What its buyers, and those of companies below it, are asked about each line of their carts: they read its name,
        # so the name bears no canary of the parent's.
        session.add(StoredFreeGoodsRule(
            id=new_id(), minimum_quantity=Decimal(0), per_quantity=Decimal(1), free_quantity=Decimal(1),
            kind=FreeKind.EXCLUSIVE, calculation=FreeCalculation.UNIT_REFERENCE, rounding=FreeRounding.DOWN,
            is_only_once=False, is_optional=True, is_chargeable=False, out_of_stock=FreeStockPolicy.DROP,
            **(words | {"name": "Oferta zqz"}),
        ))  # fmt: skip
    await session.flush()
    session.add(StoredChargeBand(rule_id=charge.id, position=0, from_value=Decimal(10**8), method=ChargeMethod.FIXED,
                                 value=Decimal(1)))  # fmt: skip
    if name == "parent":
        world.rules = {
            "FreeGoodsRule": global_id("FreeGoodsRule", gift.id),
            "ChargeRule": global_id("ChargeRule", charge.id),
        }


def _sale(seller_id: UUID, customer_id: UUID, words: str, product_id: UUID) -> SalesHistory:
    return SalesHistory(
        month=NOW.date().replace(day=1), seller_id=seller_id, customer_id=customer_id, kind=SaleKind.SALE,
        source="test", source_key=words, document_number=words, sold_at=NOW, product_id=product_id, sku="ACE-0",
        description=words, quantity=Decimal(1), unit_price=Decimal(10), net_amount=Decimal(10), currency="EUR",
    )  # fmt: skip


async def make_viewers(database: Database, world: World) -> dict[str, Viewer]:
    """Everybody by the ordinary way of a session, as the seller's settings stand now."""
    async with database.job() as session:
        users = {name: await session.get_one(User, key) for name, key in world.users.items()}
        companies = {name: await session.get_one(Customer, key) for name, key in world.customers.items()}
    for name in VIEWERS:
        who, _, where = name.partition("@")
        reason = tag("b", where) if who in FIELD and where else None
        world.viewers[name] = await make.viewer_of(
            database, users[who], companies[where] if where else None, on_behalf_reason=reason
        )
    return world.viewers


LINES = "mutation($lines: [CartLineInput!]!) { addToCart(input: {lines: $lines}) { cart { id version totals { gross { amount } } } errors { code } } }"
HELD = "mutation($input: HoldCartInput!) { holdCart(input: $input) { cart { id } errors { code } } }"
HEAD = "mutation($input: UpdateCartInput!) { updateCart(input: $input) { cart { id } errors { code } } }"
HOLD = "mutation($input: HoldOrderInput!) { holdOrder(input: $input) { order { id } errors { code } } }"
LIST = "mutation($input: CreateWishlistInput!) { createWishlist(input: $input) { wishlist { id } errors { code } } }"

QUICK = "mutation($input: CreateQuickOrderInput!) { createQuickOrder(input: $input) { quickOrder { id } errors { code } } }"


async def _act(database: Database, world: World) -> None:
    """
    Everyone at a company places an order, leaves something in the cart, keeps a list and a quick order, and has sent
    a file; one list is shared.
    """
    engine = engine_of(database)
    sharing = {"pmate": "parent", "cadmin": "child", "sadmin": "stranger"}

    async def ask(viewer: Viewer, document: str, key: str | None = None, **variables: Any) -> dict[str, Any]:
        answer = await engine.execute_document(viewer, document, variables, idempotency_key=key, locale="en")
        payload: dict[str, Any] = next(iter(answer["data"].values()))
        assert payload["errors"] == [], payload
        return payload

    for name, viewer in world.viewers.items():
        who = name.partition("@")[0]
        if who not in MEMBERS:
            continue
        lines = [{"sku": f"ACE-{index}", "quantity": "2"} for index in (0, 1)]
        by_lot = [[{"sku": "LOT-0", "quantity": "2"}]] if name == "pbuyer" else []
        for ordered in [lines, *by_lot]:
            cart = (await ask(viewer, LINES, lines=ordered))["cart"]
            placed = await ask(viewer, PLACE, f"world-{name}-{len(ordered)}", input={
                "cartId": cart["id"], "expectedVersion": cart["version"],
                "expectedTotal": cart["totals"]["gross"]["amount"], "note": tag("o", who),
                "purchaseOrderNumber": tag("o", who),
            })  # fmt: skip
            world.orders.setdefault(name, []).append(placed["order"]["id"])
        await ask(viewer, LINES, lines=lines[:1])
        await ask(viewer, HEAD, input={"note": tag("w", who), "purchaseOrderNumber": tag("w", who)})
        await ask(viewer, HELD, f"held-{name}", input={})
        items = [{"sku": "ACE-0", "quantity": "1", "note": tag("w", who)}]
        await ask(viewer, LIST, input={"name": tag("w", who), "items": items})
        if name in sharing:
            items[0]["note"] = tag("s", sharing[name])
            shared = {"name": tag("s", sharing[name]), "visibility": "COMPANY", "items": items}
            await ask(viewer, LIST, input=shared)
        await ask(viewer, QUICK, input={"text": "ACE-0 1\nACE-1 2"})
        async with database.job() as session:
            await make.make_upload(session, viewer, NOW, name=tag("w", who))
    held = {"orderId": world.orders["papprover"][0], "expectedVersion": 1, "reason": tag("o", "papprover")}
    await ask(world.viewers["repa"], HOLD, "world-hold", input=held)
    await _deliver(database, world)
    await _pay(database, world)
    world.quotes = await quote_all(database, world.viewers, world.users, world.customers)
    await _agree(database, world)
    await _trade(database, world)
    lacking = [_key(world, name) for name in ("cbuyer", "sbuyer")]
    world.buying = await buy(database, world.viewers["logistics"], world.products, lacking)
    await _discount(database, world)
    async with database.job() as session:
        await session.execute(text(CONCESSION), {"order": _key(world, "sbuyer"), "now": NOW})


# Something that waits to be given on an order of the stranger's.
CONCESSION = """
    insert into approval_request (id, seller_id, customer_id, subject_type, order_id, status, reasons, act, requested_at,
        requested_by_id, requested_by_name, due_at)
    select gen_random_uuid(), seller_id, customer_id, 'OrderConcession', id, 'PENDING',
        '[{"code": "OVER_BUDGET", "limit": "1", "amount": "2", "currency": "EUR", "rule": "", "categories": []}]',
        '{"act": "GIVE", "sku": "ACE-1", "quantity": "1", "reason": "r"}', :now, placed_by_id, '', :now
    from sales_order where id = :order
"""


async def _agree(database: Database, world: World) -> None:
    """
    Every company has an agreement in force, of which an order of its people consumed something; the parent has two
    more, one that is being written and one that waits for its answer.
    """
    managing = ROLE_GRANTS[Role.SALES_MANAGER]
    for name, company, writer, accepter in (
        ("parent", "parent", "manager", "padmin"),
        ("child", "child", "manager", "cadmin"),
        ("stranger", "stranger", "repb", "sadmin"),
        ("draft", "parent", "manager", ""),
        ("proposed", "parent", "manager", "-"),
    ):
        us = replace(world.viewers[writer], grants=managing)
        key = await _write(database, world, us, company)
        world.agreements[name] = global_id("SalesAgreement", key)
        if accepter:
            await make.do(database, us, partial(propose_agreement, agreement_id=key, expected_version=1), NOW)
        if accepter in world.viewers:
            accept = partial(accept_agreement, agreement_id=key, expected_version=2)
            await make.do(database, world.viewers[accepter], accept, NOW)
    consume = """update sales_order_line line set commitment_id = agreement_line.id, commitment_quantity = 1
        from agreement_line where agreement_line.customer_id = line.customer_id and line.position = 1"""
    async with database.job() as session:
        await session.execute(text(consume))
        orders = list(await session.scalars(text("select order_id from sales_order_line where position = 1")))
        await book_consumption(session, orders, "order.placed", NOW)


async def _write(database: Database, world: World, writer: Viewer, company: str) -> UUID:
    word = tag("c", company)
    line = AgreementLineTerms(0, CommitmentType.OVERALL_VALUE, Decimal(9999), discount_percent=Decimal(1))
    said = AgreementTerms(
        word, "EUR", AgreementPricing.CEILING, NOW.date(), NOW.date().replace(year=2027),
        delivery_address=word, conditions=word, lines=(line,),
    )  # fmt: skip
    customer = world.customers[company]
    return await make.do(database, writer, lambda ctx: create_agreement(ctx, customer, said), NOW)


async def _discount(database: Database, world: World) -> None:
    """A group with a rule that is running, with a coupon in a cart and redeemed by an order, and one that is not."""
    seller_id = world.viewers["administrator"].seller_id
    common = {"seller_id": seller_id, "created_at": NOW, "version": 1}
    group = StoredDiscountGroup(
        id=new_id(), code="PROMO", name="Promoción", sequence=1, stacking=Stacking.BEST, **common
    )
    kept = {"group_id": group.id, "phase": Phase.LINE, "conditions": [], "updated_at": NOW, **common}
    running, waiting = (
        StoredDiscountRule(
            id=new_id(), code=code, name=code, is_active=is_active, coupon=code, coupon_key=code,
            benefit={"kind": "PERCENT", "percent": "1"}, **kept,
        )
        for code, is_active in (("UNO", True), ("DOS", False))
    )  # fmt: skip
    segment = Segment(id=new_id(), code="ES", name="España", countries=["ES"], updated_at=NOW, **common)
    order = _key(world, "pbuyer")
    async with database.job() as session:
        session.add_all([group, segment])
        await session.flush()
        session.add_all([running, waiting])
        await session.flush()
        session.add(DiscountRedemption(
            rule_id=running.id, customer_id=world.customers["parent"], order_id=order, amount=Decimal("0.20"),
            quantity=Decimal(2), currency="EUR", redeemed_at=NOW,
        ))  # fmt: skip
        await session.execute(
            text("update cart set coupon_codes = '{UNO}' where user_id = :user"),
            {"user": world.users["pbuyer"]},
        )
    world.discounts = {
        "group": global_id("DiscountGroup", group.id),
        "active": global_id("DiscountRule", running.id),
        "inactive": global_id("DiscountRule", waiting.id),
        "segment": global_id("Segment", segment.id),
    }


async def _deliver(database: Database, world: World) -> None:
    """Orders of both families are shipped; one delivery waits, and one order is only confirmed."""
    logistics = world.viewers["logistics"]
    shipped: dict[str, UUID] = {}
    async with database.job() as session:
        await session.execute(text("update sales_order set status = 'CONFIRMED', confirmed_at = placed_at where id = :id"),
                              {"id": _key(world, "cadmin")})  # fmt: skip
    for name in ("pmate", "padmin", "cbuyer", "sadmin", "sbuyer"):
        if name not in world.orders:
            continue
        delivery = await make.make_delivery(database, logistics, _key(world, name), 1, 1, now=NOW)
        await make.ship(database, logistics, delivery, NOW)
        shipped[name] = delivery
    waiting = await make.make_delivery(database, logistics, _key(world, "both@parent"), 1, now=NOW)
    world.deliveries["RELEASED"] = global_id("Delivery", waiting)
    world.deliveries["SHIPPED"] = global_id("Delivery", shipped.pop("sbuyer"))
    await _invoice(database, world, shipped)


async def _invoice(database: Database, world: World, shipped: dict[str, UUID]) -> None:
    """What was shipped is invoiced, but for one delivery; one invoice is a draft still, the others are issued."""
    finance = world.viewers["finance"]
    made = await make.do(database, finance, lambda ctx: create_invoices(ctx, list(shipped.values())), NOW)
    drafts = await make.do(database, finance, lambda ctx: invoices_of_run(ctx, made), NOW)
    keys = dict(zip(shipped, (each.id for each in drafts), strict=True))
    world.invoices = {name: global_id("Invoice", key) for name, key in keys.items()}
    issued = [key for name, key in keys.items() if name != "padmin"]
    await make.do(database, finance, lambda ctx: issue_invoices(ctx, issued, None), NOW)


BANK_FILE = b"fecha;importe;concepto;ordenante\n02/03/2026;1,00;sin datos;Alguien\n"


async def _pay(database: Database, world: World) -> None:
    """
    The stranger has money on account, a match, a credit that is not applied, and an instalment that is open; a line of
    our bank waits, and one of its orders is on hold for credit.
    """
    finance, customer = world.viewers["finance"], world.customers["stranger"]
    invoice = split_id(world.invoices["sadmin"])
    assert invoice is not None
    row = await make.do(database, finance, lambda ctx: invoices_by_id(ctx, [invoice[1]]), NOW)
    (parts,) = await make.do(database, finance, lambda ctx: instalments_by_invoice(ctx, [invoice[1]]), NOW)
    (lines,) = await make.do(database, finance, lambda ctx: lines_by_invoice(ctx, [invoice[1]]), NOW)
    assert row[0] is not None
    version, part, line = row[0].version, parts[0], lines[0]

    def money(amount: str, *wanted: MatchWanted) -> Receipt:
        return Receipt(customer, PaymentMethod.TRANSFER, NOW.date(), Decimal(amount), matches=wanted)

    most = part.amount - 1
    first = await make.do(
        database, finance, lambda ctx: record_payment(ctx, money(str(most), MatchWanted(part.id))), NOW
    )
    how = Rectification(InvoiceType.R1, "rota", (LineToCredit(line.id, Decimal(1)),))
    credit = await make.do(database, finance, lambda ctx: rectify_invoice(ctx, invoice[1], version, how), NOW)
    (left,) = await make.do(database, finance, lambda ctx: instalments_by_invoice(ctx, [credit]), NOW)
    (matches,) = await make.do(database, finance, lambda ctx: matches_by_payment(ctx, [first]), NOW)
    await make.do(database, finance, lambda ctx: unmatch_payment(ctx, matches[0].id), NOW)
    wanted = [MatchWanted(part.id, Decimal("0.05"))]
    await make.do(database, finance, lambda ctx: match_payment(ctx, first, 2, wanted), NOW)
    (matches,) = await make.do(database, finance, lambda ctx: matches_by_payment(ctx, [first]), NOW)
    file = await make.do(database, finance, lambda ctx: import_bank_file(ctx, "a.csv", BANK_FILE), NOW)
    (waiting,) = await make.do(database, finance, lambda ctx: bank_lines_by_file(ctx, [file]), NOW)
    world.money = {
        "payment": global_id("Payment", first),
        "match": global_id("PaymentMatch", matches[0].id),
        "instalment": global_id("InvoiceInstalment", part.id),
        "credit": global_id("InvoiceInstalment", left[0].id),
        "line": global_id("BankLine", waiting[0].id),
    }
    held = _key(world, "both@stranger")
    await make.do(
        database, world.viewers["repb"], lambda ctx: hold_order(ctx, held, 1, tag("o", "both")), NOW
    )
    async with database.job() as session:
        await session.execute(
            text("update sales_order set hold_reasons = '{CREDIT}' where id = :id"), {"id": held}
        )
        content = BANK_FILE.replace(b"1,00", b"2,00")
        await make.make_upload(session, finance, NOW, content, name="banco.csv")
        catalogue = b"sku,name\nNINGUNO,Nada\n"
        await make.make_upload(session, world.viewers["integrator"], NOW, catalogue, name="articulos.csv")


async def _trade(database: Database, world: World) -> None:
    """Each company has an agreed price that begins in years, so that it changes none of today's; two are drafts."""
    day = date(2030, 1, 1)
    end = date(2036, 12, 31)
    rows = [
        RowDraft(
            TradeRelation.PRICE, key, product_id=world.products["ACE-2"], unit_price=Decimal(9), valid_from=day,
            last_day=end,
        )
        for key in world.customers.values()
    ]  # fmt: skip
    keeper, manager = world.viewers["administrator"], world.viewers["manager"]
    posted = await make.do(database, keeper, lambda ctx: create_journal(ctx, "", rows), NOW)
    await make.do(database, keeper, lambda ctx: post_journal(ctx, posted, 1), NOW)
    own = [
        replace(rows[0], valid_from=date(2040, 1, 1), last_day=None),
        RowDraft(TradeRelation.TOTAL_DISCOUNT, valid_from=day),
    ]
    draft = await make.do(database, manager, lambda ctx: create_journal(ctx, "", own), NOW)
    for key, name in ((posted, "posted"), (draft, "row")):
        page = await make.do(
            database, manager, partial(list_rows_of_journal, journal_id=key, args=PageArgs()), NOW
        )
        world.trade[name] = global_id("TradeAgreementRow", page.rows[0].id)
    world.trade = {
        "posted": await _first_row(database, manager, posted),
        "row": await _first_row(database, manager, draft),
    }
    world.trade["draft"] = global_id("TradeAgreementJournal", draft)
    async with database.job() as session:
        calendar = WorkCalendar(seller_id=keeper.seller_id, code="LAB", name="LAB", weekdays=[*range(7)])
        session.add(calendar)
        await session.flush()
        for name, key in world.customers.items():
            session.add(
                CustomerPricingGroup(customer_id=key, relation=TradeRelation.PRICE, group_code=tag("c", name))
            )
            session.add(SellableDays(seller_id=keeper.seller_id, customer_id=key, days=0))
            session.add(CustomerCalendar(customer_id=key, calendar_id=calendar.id))
        await _outside_system(session, keeper)


async def _outside_system(session: AsyncSession, keeper: Viewer) -> None:
    """A warehouse system that acknowledged an event, and reported a count."""
    place = await session.scalar(
        select(Warehouse.id).where(Warehouse.seller_id == keeper.seller_id).order_by(Warehouse.id).limit(1)
    )
    assert place is not None
    consumer = WarehouseConsumer(
        id=new_id(),
        seller_id=keeper.seller_id,
        warehouse_id=place,
        code="wms",
        acknowledged_at=NOW,
        created_at=NOW,
    )
    count = StockCount(
        id=new_id(),
        seller_id=keeper.seller_id,
        warehouse_id=place,
        counted_at=NOW,
        counted_by_id=keeper.user_id,
    )
    session.add_all([consumer, count])
    await session.flush()
    session.add(WarehouseAcknowledgement(consumer_id=consumer.id, position=3))
    session.add(
        ExternalReport(
            seller_id=keeper.seller_id, namespace="wms", value="C-1", act="countStock", input_hash="0",
            entity_id=count.id, reported_by_id=keeper.user_id, reported_at=NOW,
        )
    )  # fmt: skip
    product = await session.scalar(
        select(Product.id).where(Product.seller_id == keeper.seller_id).order_by(Product.sku).limit(1)
    )
    session.add(StockCountLine(count_id=count.id, product_id=product, quantity=Decimal(0), change=Decimal(0)))


async def _first_row(database: Database, viewer: Viewer, journal: UUID) -> str:
    page = await make.do(database, viewer, lambda ctx: list_rows_of_journal(ctx, journal, PageArgs()), NOW)
    return global_id("TradeAgreementRow", page.rows[0].id)


def _key(world: World, name: str) -> UUID:
    """The key of the order that somebody placed."""
    found = split_id(str(world.orders[name][0]))
    assert found is not None
    return found[1]


async def fill_texts(database: Database, world: World) -> None:
    """Puts the owner's canary at the head of every other free text of the tenants' tables, copies included."""
    by_name = {key: name for name, key in world.customers.items()}
    users = {key: name for name, key in world.users.items() if name in MEMBERS}
    async with database.owner() as connection:
        await connection.execute(text("set local session_replication_role = replica"))
        for name, key in world.customers.items():  # no tax id that is valid says whose it is
            values = {"tax": tag("t", name), "id": key}
            await connection.execute(text("update customer set tax_id = :tax where id = :id"), values)
        for name, column, kind in free_texts():
            table = Base.metadata.tables[name]
            owner = _owner_expression(name, kind)
            known = " ".join(f"when '{key}' then '{tag('', by_name[key])[2:]}'" for key in by_name)
            persons = " ".join(f"when '{key}' then '{users[key]}'" for key in users)
            words = owner.format(companies=known, persons=persons)
            limit = getattr(table.c[column].type, "length", None) or 4000
            await connection.execute(
                text(f"update {name} as t set {column} = left(({words}) || ' ' || {column}, {limit})"
                     f" where ({words}) is not null and {column} is not null and {column} !~* 'zq[a-z]'"
                     f" and {'true' if 'customer_id' not in table.c else 't.customer_id is not null'}")
            )  # fmt: skip


def free_texts() -> list[tuple[str, str, str]]:
    """(table, column, kind of canary) of every free text in the tables under row security."""
    found = []
    for name in ROW_POLICIES:
        table = Base.metadata.tables[name]
        for column in table.columns:
            length = getattr(column.type, "length", 0)
            is_text = column.type.__class__.__name__ in ("String", "Text")
            if not is_text or column.foreign_keys or column.name in NOT_FREE or (length and length < 20):
                continue
            if f"{name}.{column.name}" in TOLD_BELOW:
                continue
            kind = KINDS.get(f"{name}.{column.name}", KINDS.get(column.name, ""))
            found.append((name, column.name, kind))
    return found


# Tables of the seller alone: no text in them is any company's.
OUR_BOOKS = (
    "invoice_series", "invoice_chain", "bank_file", "bank_line", "journal_entry", "journal_line",
    "trade_agreement_journal", "product_pricing", "discount_group", "discount_rule", "segment",
    "concession_limit", "quote_policy",
    "supplier", "supplier_product", "purchase_order_line", "purchase_schedule_line", "purchase_receipt",
    "purchase_receipt_line",
    "warehouse_consumer", "warehouse_acknowledgement", "external_report", "stock_count", "stock_count_line",
)  # fmt: skip
# What was delivered is the order's, wherever it is written down: the order of a row `t`.
_OF_DELIVERY = "(select order_id from delivery d where d.id = {})"
_OF_LINE = _OF_DELIVERY.format("(select delivery_id from delivery_line l where l.id = t.delivery_line_id)")
DELIVERED = {
    "delivery": "t.order_id",
    "delivery_line": _OF_DELIVERY.format("t.delivery_id"),
    "delivery_line_lot": _OF_LINE,
    "delivery_line_cost": _OF_LINE,
}


def _owner_of_note(table: str, company: str, person: str) -> str:
    """What is said of an order is the order's, of a quote its company's, or of those who write quotes."""
    if table != "approval_request":
        return f"case when t.is_internal then 'zqb' else 'zqc' end || {company}"
    of_order = "'zqo' || " + person.format(column="t.requested_by_id")
    return f"case when t.quote_id is not null then 'zqc' || {company} else {of_order} end"


def _owner_expression(table: str, kind: str) -> str:
    """SQL for the canary of a row: of its company, or of its person where the row is a person's own."""
    company = "case {column}::text {{companies}} end"
    person = "case {column}::text {{persons}} end"
    if table == "app_user":
        return "'zqu' || " + person.format(column="t.id")
    if table in ("idempotency_record",):
        return "'zqw' || " + person.format(column="t.principal_id")
    if table in ("job", "job_error_row", "data_import", "mail_message"):
        column = {
            "job": "t.started_by_id",
            "job_error_row": "(select started_by_id from job j where j.id = t.job_id)",
            "data_import": "(select started_by_id from job j where j.id = t.job_id)",
            "mail_message": "t.user_id",
        }[table]
        return "'zqj' || " + person.format(column=column)
    if table == "staff_role" or table in OUR_BOOKS:
        return "null"
    if kind:
        return f"'zq{kind}' || " + company.format(column="t.id" if table == "customer" else "t.customer_id")
    if table == "customer":
        return "'zqk' || " + company.format(column="t.id")
    if table in ("cart", "wishlist", "quick_order", "upload"):
        column = "t.owner_id" if table == "wishlist" else "t.user_id"
        return "'zqw' || " + person.format(column=column)
    if table == "sales_order":
        return "'zqo' || " + person.format(column="t.placed_by_id")
    if table in ("sales_order_line", "sales_order_line_cost"):
        column = "(select placed_by_id from sales_order o where o.id = t.order_id)"
        return "'zqo' || " + person.format(column=column)
    if table.startswith(("invoice", "payment", "credit_condition")):
        return "'zqi' || " + company.format(column="t.customer_id")
    if table in DELIVERED:
        column = f"(select placed_by_id from sales_order o where o.id = {DELIVERED[table]})"
        return "'zqo' || " + person.format(column=column)
    if table in ("approval_request", "quote_message", "quote_attachment"):
        return _owner_of_note(table, company.format(column="t.customer_id"), person)
    if table == "audit_event":  # what happened to an order is the order's, whoever did it
        column = "coalesce((select placed_by_id from sales_order o where o.id = t.entity_id), t.actor_id)"
        return "'zqo' || " + person.format(column=column)
    return "'zqc' || " + company.format(column="t.customer_id")


def global_id(type_name: str, key: UUID) -> str:
    return str(encode_id(type_name, key))


__all__ = ["COMPANIES", "VIEWERS", "World", "build_world", "engine_of", "may_read", "tag", "tags_in"]
