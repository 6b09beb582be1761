"""
Flaws to plant: each takes one protection away, and names the test that has to notice (method rule R4).

`VENTAS_FLAW=name pytest tests/safety/…` plants one for a run; `test_flaws.py` does it for all of them. A safety test
that no flaw has ever made fail may be a test of nothing.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson
from aiodataloader import DataLoader
from graphql import GraphQLInputField, GraphQLString
from sqlalchemy import func, select, text, true

import auth.permissions
import auth.views
import models.customers_reads
import models.orders_reads
import resolvers.carts
import resolvers.concessions
import resolvers.context
import resolvers.credit
import resolvers.customers
import resolvers.house
import resolvers.orders_acts
import resolvers.orders_placing
import resolvers.paging
import resolvers.purchasing_receiving
import resolvers.runner
import resolvers.sales_agreements_booking
import resolvers.stock
import resolvers.wishlists
import schema.customers
import schema.endpoint
import schema.engine
import schema.executor
import schema.ids
import schema.orders
import schema.products
import schema.wishlists
from app.database import owner_transaction
from auth.permissions import Permission, Role, RowClass, RowScope, Viewer
from models.base import new_id
from models.concessions import limits_of
from models.orders import SalesOrder
from models.rows import columns_of
from models.security import ROW_POLICIES
from models.stock import StockBalance
from models.stock_reads import BalanceRow, balances
from models.wishlists import Wishlist
from rules.refusals import ErrorCode, Refusal, Refusals
from schema.access import KeyRequired, directive_of
from schema.api import api
from schema.gate import GraphQLRequest
from schema.guard import Cost
from tests.conftest import PREFIX, Cluster, run


@dataclass(frozen=True)
class Flaw:
    """What is taken away, and the test that must fail without it."""

    plant: Callable[[], None]
    test: str


FLAWS: dict[str, Flaw] = {}


def flaw(
    name: str, test: str, folder: str = "tests/safety"
) -> Callable[[Callable[[], None]], Callable[[], None]]:
    def register(plant_: Callable[[], None]) -> Callable[[], None]:
        FLAWS[name] = Flaw(plant_, f"{folder}/{test}")
        return plant_

    return register


def _put(name: str, made: Any, *modules: Any) -> None:
    """In each module that has the name: functions are imported by name."""
    for module in modules:
        assert hasattr(module, name), f"{module.__name__}.{name}: mend the flaw"
        setattr(module, name, made)


# Rows


def _open_rows() -> None:
    def everywhere(viewer: Viewer, column: Any = None) -> Any:
        return true()

    _put("customer_in_scope", everywhere, models.customers_reads, models.orders_reads)


def _sql(*statements: str) -> None:
    """Spoils each clone; templates stay whole, because other runs may use them too."""
    copy = Cluster._copy

    def spoilt(self: Cluster, template: str, name: str) -> None:
        copy(self, template, name)

        async def spoil() -> None:
            async with owner_transaction(self.owner_url(name)) as connection:
                for statement in statements:
                    await connection.exec_driver_sql(statement)

        if not name.startswith("template_"):
            run(spoil())

    Cluster._copy = spoilt  # type: ignore[method-assign]


def _open_policies(*tables: str) -> None:
    _sql(
        *(
            f"alter policy {each.value}_rows on {table} using (true) with check (true)"
            for table in tables or ROW_POLICIES
            for each in RowClass
        )
    )


@flaw(
    "the row layer shows every company",
    "test_isolation.py::test_the_row_layer_holds_without_row_security[pbuyer]",
)
def _row_layer() -> None:
    _open_rows()


@flaw(
    "the row layer shows a rep everybody",
    "test_isolation.py::test_the_row_layer_holds_without_row_security[repb]",
)
def _row_layer_of_reps() -> None:
    _open_rows()


@flaw("both walls are down", "test_isolation.py::test_a_viewer_reads_exactly_what_is_theirs[sbuyer]")
def _both_walls() -> None:
    _open_rows()
    _open_policies()


@flaw(
    "node and lookups read everything", "test_isolation.py::test_nodes_and_lookups_give_no_more_than_lists_do"
)
def _nodes() -> None:
    _both_walls()


@flaw(
    "search and filters reach everything",
    "test_isolation.py::test_filters_searches_and_counts_tell_nothing[cadmin]",
)
def _filters() -> None:
    _both_walls()


@flaw("totals count everything", "test_isolation.py::test_totals_count_visible_rows[padmin]")
def _totals() -> None:
    _both_walls()


@flaw("tenants share what was set on a connection", "test_isolation.py::test_interleaved_tenants_do_not_mix")
def _interleaved() -> None:
    _both_walls()


@flaw(
    "a buyer reads colleagues' orders",
    "test_isolation.py::test_a_viewer_reads_exactly_what_is_theirs[pbuyer]",
)
def _colleagues() -> None:
    def company(viewer: Viewer) -> Any:
        return models.customers_reads.customer_in_scope(viewer, SalesOrder.customer_id)

    _put("order_in_scope", company, models.orders_reads, resolvers.orders_acts)


@flaw(
    "a colleague's private list is shown",
    "test_isolation.py::test_the_row_layer_holds_without_row_security[padmin]",
)
def _private_lists() -> None:
    def lists(viewer: Viewer) -> Any:
        table, row = Wishlist, resolvers.wishlists.WishlistRow
        return select(*columns_of(table, row)).where(table.customer_id == viewer.customer_id)

    _put("visible_wishlists", lists, resolvers.wishlists)


@flaw(
    "a parent reads its subsidiaries' tax ids",
    "test_isolation.py::test_a_parent_sees_below_where_the_seller_says_so[padmin]",
)
def _tax_ids() -> None:
    def all_of_them(viewer: Viewer, columns: Any, name: str, customer_id: Any) -> Any:
        return list(columns)

    _put("own_only", all_of_them, models.customers_reads, models.orders_reads)


@flaw(
    "a parent reads its subsidiaries' credit", "test_ids.py::test_a_parent_sees_no_people_and_no_credit_below"
)
def _credit_below() -> None:
    _tax_ids()


@flaw(
    "a rep keeps the customers that were theirs",
    "test_isolation.py::test_territory_and_team_changes_count_at_once",
)
def _kept_customers() -> None:
    _both_walls()


@flaw("acts reach as far as reading", "test_ids.py::test_who_sees_an_order_may_not_do_everything_with_it")
def _acts() -> None:
    Viewer.reaches = lambda self, permission, *_: self.may(permission)  # type: ignore[method-assign]


@flaw("foreign and unknown ids differ", "test_ids.py::test_a_foreign_id_is_an_unknown_id[cancelOrder]")
def _oracle() -> None:
    lock = resolvers.orders_acts.lock_order

    async def telling(ctx: Any, order_id: Any, version: int, action: Any) -> Any:
        async with resolvers.house.as_house(ctx) as session:
            table = SalesOrder
            known = await session.scalar(select(table.id).where(table.id == order_id))
        if known is None:
            raise Refusal(ErrorCode.NOT_FOUND, "There is no such order.", ("orderId",))
        return await lock(ctx, order_id, version, action)

    _put("lock_order", telling, resolvers.orders_acts)


@flaw("any cursor is taken", "test_ids.py::test_cursors_of_other_lists_and_nonsense_are_refused")
def _cursors() -> None:
    _put("signature_of", lambda sort: "00000000", resolvers.paging)


# The database


@flaw("a table's policy is open", "test_database.py::test_foreign_rows_do_not_exist_in_sql")
def _policy() -> None:
    _open_policies("customer_address")


@flaw(
    "row security is not forced",
    "test_database.py::test_each_tenant_table_has_forced_row_security_and_a_policy_per_role",
)
def _not_forced() -> None:
    _sql("alter table wishlist no force row level security")


@flaw(
    "a class has no policy",
    "test_database.py::test_each_tenant_table_has_forced_row_security_and_a_policy_per_role",
)
def _no_policy() -> None:
    _sql("drop policy territory_rows on reservation")


@flaw("reps show without a viewer", "test_database.py::test_without_a_setting_there_are_no_rows")
def _fails_open() -> None:
    open_ = f"{ROW_POLICIES['app_user'][RowClass.TERRITORY]} or id in (select user_id from sales_rep)"
    _sql(f"alter policy territory_rows on app_user using ({open_})")


@flaw("the login role reads", "test_database.py::test_the_login_role_owns_and_reads_nothing")
def _login_reads() -> None:
    _sql(f"grant select on wishlist to {PREFIX}login")


@flaw("the trail can be changed", "test_database.py::test_append_only_tables_refuse_changes_from_everyone")
def _trail() -> None:
    _sql("drop trigger append_only on audit_event")


@flaw("stock may be negative", "test_database.py::test_what_must_hold_is_held_by_the_database")
def _no_checks() -> None:
    names = ("on_hand_not_negative", "reserved_within_on_hand")
    _sql(*(f"alter table stock_balance drop constraint ck_stock_balance_{each}" for each in names))


@flaw("siblings read as the house", "test_database.py::test_siblings_never_run_as_the_house")
def _siblings() -> None:
    @asynccontextmanager
    async def together(self: Any) -> AsyncIterator[Any]:
        yield self

    resolvers.context.LockedSession.alone = together  # type: ignore[method-assign]


# The three guarantees


@flaw("keys are not stored", "test_guarantees.py::test_a_retry_has_the_effect_once[addToCart]")
def _keys() -> None:
    async def claim(ctx: Any, key: Any) -> Any:
        return new_id()

    _put("_claim", claim, resolvers.runner)


@flaw("keys are not unique", "test_races.py::test_40_parallel_and_200_repeated_uses_of_a_key_place_one_order")
def _keys_race() -> None:
    _keys()


@flaw(
    "another input under a key is replayed", "test_guarantees.py::test_a_retry_has_the_effect_once[clearCart]"
)
def _inputs() -> None:
    _put("hash_input", lambda arguments: "0" * 64, schema.executor)


@flaw("a dry run is stored", "test_guarantees.py::test_a_dry_run_changes_nothing[createWishlist]")
def _dry() -> None:
    fresh = resolvers.runner.fresh_context

    def wet(base: Any, session: Any, dry_run: bool) -> Any:
        return fresh(base, session, False)

    _put("fresh_context", wet, schema.executor)


@flaw("versions are not compared", "test_guarantees.py::test_a_stale_version_is_refused[updateCart]")
def _versions() -> None:
    lock = resolvers.carts.lock_cart

    async def any_version(ctx: Any, expected_version: int | None) -> Any:
        return await lock(ctx, None)

    _put("lock_cart", any_version, resolvers.carts)


@flaw("a refusal is committed", "test_guarantees.py::test_a_refusal_leaves_no_key_behind[cancelOrder]")
def _refusals() -> None:
    attempt: Callable[..., Awaitable[Any]] = resolvers.runner._attempt

    async def keeping(ctx: Any, session: Any, *rest: Any) -> Any:
        try:
            return await attempt(ctx, session, *rest)
        except (Refusal, Refusals):
            await session.commit()
            raise

    _put("_attempt", keeping, resolvers.runner)


@flaw(
    "an act is committed before its answer is whole",
    "test_guarantees.py::test_a_bug_in_the_answer_undoes_the_act",
)
def _early() -> None:
    attempt: Callable[..., Awaitable[Any]] = resolvers.runner._attempt

    async def keeping(ctx: Any, session: Any, *rest: Any) -> Any:
        try:
            return await attempt(ctx, session, *rest)
        except BaseException:
            await session.commit()
            raise

    _put("_attempt", keeping, resolvers.runner)


@flaw("no key is needed", "test_guarantees.py::test_money_and_goods_need_a_key[placeOrder]")
def _no_key() -> None:
    def none(field: Any, kind: Any) -> Any:
        return None if kind is KeyRequired else directive_of(field, kind)

    _put("directive_of", none, schema.executor)


# Roles


@flaw(
    "a buyer holds the permission to costs", "test_roles.py::test_sensitive_fields_exist_for_these_roles_only"
)
def _costs() -> None:
    grants = dict(auth.permissions.ROLE_GRANTS)
    grants[Role.BUYER] = MappingProxyType(
        dict(grants[Role.BUYER]) | {Permission.COSTS_READ: RowScope.COMPANY}
    )
    import tests.safety.test_roles as table

    _put("ROLE_GRANTS", MappingProxyType(grants), auth.permissions, table)


@flaw("everybody has the whole schema", "test_roles.py::test_documents_meet_the_same_table[B]")
def _views() -> None:
    _put("build_view", lambda full, held, may_use: full, auth.views)


@flaw("introspection shows it all", "test_roles.py::test_introspection_shows_the_view_and_no_more[C]")
def _introspection() -> None:
    _views()


@flaw("suggestions name what is hidden", "test_roles.py::test_suggestions_name_nothing_hidden[B]")
def _suggestions() -> None:
    # The engine's view alone: the test's own idea of what is hidden stays.
    schema.engine.Engine.view = lambda self, viewer: self.api._schema  # type: ignore[method-assign]


# Races


def _unlocked(*modules: Any, order: Any = None) -> None:
    async def unlocked(ctx: Any, product_ids: Any) -> Any:
        statement = balances(ctx.user, ctx.today).where(StockBalance.product_id.in_(product_ids))
        if order is not None:
            # One row after the other, in whatever order the lines stand.
            for key in product_ids:
                one = balances(ctx.user, ctx.today).where(StockBalance.product_id == key)
                await ctx.session.execute(one.with_for_update(of=StockBalance))
        rows = [BalanceRow(*each) for each in await ctx.session.execute(statement)]
        return {key: [row for row in rows if row.product_id == key] for key in product_ids}

    _put("lock_balances", unlocked, *modules)


@flaw("stock is not locked", "test_races.py::test_150_buyers_race_for_7_units")
def _stock() -> None:
    _unlocked(resolvers.orders_placing, resolvers.orders_acts)


@flaw("stock is locked in the order of lines", "test_races.py::test_crossed_lines_do_not_deadlock")
def _crossed() -> None:
    _unlocked(resolvers.orders_placing, resolvers.orders_acts, order=func.random())


@flaw("what is held is not ended when it is ordered", "test_races_holds.py::test_20_buyers_hold_7_pieces")
def _taken_over() -> None:
    async def left(ctx: Any, source: Any, locked: Any) -> Any:
        return {key: list(rows) for key, rows in locked.items()}

    _put("take_over", left, resolvers.orders_placing)


@flaw("credit is not locked", "test_races.py::test_a_credit_limit_holds_when_20_orders_race")
def _credit() -> None:
    _put("text", lambda statement: text(statement.replace("for update", "")), resolvers.credit)


@flaw(
    "a commitment is consumed without a look at what is left",
    "test_races_agreements.py::test_10_buyers_race_for_a_commitment_of_20",
)
def _commitments() -> None:
    # The check of the table stands behind it: nothing is consumed beyond, but the refusal becomes a bug.
    _unguarded("cast(:released as numeric) <= 0 or", "true or")


def _unguarded(guard: str, instead: str) -> None:
    guarded = resolvers.sales_agreements_booking._BOOK
    assert guard in guarded, "the flaw would be none"
    resolvers.sales_agreements_booking._BOOK = guarded.replace(guard, instead)


@flaw(
    "an order is placed whatever is left of the commitment",
    "test_races_agreements.py::test_8_buyers_order_under_a_commitment_of_20",
)
def _commitments_of_orders() -> None:
    _unguarded("cast(:released as numeric) <= 0 or", "true or")


@flaw(
    "a coupon is counted without a look at how often it may be",
    "test_races_agreements.py::test_8_buyers_order_with_a_coupon_for_3",
)
def _coupons() -> None:
    async def uncounted(*given: object) -> None:
        """As if every use were within the limit."""

    _put("count_uses", uncounted, resolvers.orders_placing)


@flaw(
    "a budget of concessions is not locked",
    "test_races_concessions.py::test_8_discounts_race_for_a_budget_of_3",
)
def _budgets() -> None:
    def unlocked(viewer: Viewer, roles: Any) -> Any:
        return limits_of(viewer, roles).with_for_update(read=True)

    _put("limits_of", unlocked, resolvers.concessions)


@flaw(
    "more is received than may come",
    "test_races_purchasing.py::test_four_receipts_race_for_what_may_come",
)
def _receipts() -> None:
    # The check of the table stands behind it: nothing is taken in beyond, but the refusal becomes a bug.
    resolvers.purchasing_receiving.check_receipt = lambda *given, **named: None  # type: ignore[attr-defined]


@flaw("a cart is not locked", "test_races.py::test_two_tabs_place_one_cart_once")
def _tabs() -> None:
    resolvers.context.Context.locked = lambda self, kind, statement: statement  # type: ignore[method-assign]


# What a view says of what is not in it


@flaw(
    "views name every permission", "test_roles.py::test_no_view_names_a_permission_that_its_viewer_lacks[B]"
)
def _named_permissions() -> None:
    auth.views._Builder._permissions = lambda self, named: named  # type: ignore[method-assign]


@flaw("a description names an act", "test_roles.py::test_no_description_names_what_its_viewer_lacks[B]")
def _named_acts() -> None:
    api._schema.type_map["OrderAction"].values["CONFIRM"].description = "Take it on (confirmOrder)."  # type: ignore[attr-defined]


# Documents, bodies, input, statements


@flaw("there is no guard", "test_bombs.py::test_documents_are_answered_or_refused_at_once")
def _guard() -> None:
    _put("guard", lambda *_: Cost(1), schema.engine)


@flaw("there is no gate", "test_bombs.py::test_bodies_are_refused_at_once")
def _gate() -> None:
    def read(body: bytes) -> GraphQLRequest:
        parsed = orjson.loads(body)
        return GraphQLRequest(parsed["query"], parsed.get("variables") or {}, parsed.get("operationName"))

    _put("read_request", read, schema.endpoint)


@flaw("quantities are not checked", "test_input.py::test_quantities_that_cannot_be[1.5]")
def _quantities() -> None:
    _put("check_quantity", lambda quantity, **_: None, resolvers.carts)


@flaw("an input takes a price", "test_input.py::test_inputs_take_no_column_names[placeOrder]")
def _mass_assignment() -> None:
    named: Any = api._schema.type_map["PlaceOrderInput"]
    named.fields["unitPrice"] = GraphQLInputField(GraphQLString)


@flaw(
    "texts are stored however long",
    "test_bombs.py::test_odd_texts_in_each_string_of_each_mutation[createAddress]",
)
def _long_texts() -> None:
    _put("_checked", lambda draft: draft, resolvers.customers)


@flaw("odd ids are faults", "test_bombs.py::test_odd_texts_in_each_string_of_each_query")
def _odd_ids() -> None:
    def strict(text: str, *type_names: str) -> Any:
        text.encode("ascii")
        return schema.ids.try_decode_id(text, *type_names)

    _put("try_decode_id", strict, schema.customers, schema.orders, schema.products, schema.wishlists)


@flaw("past dates are taken", "test_input.py::test_dates_in_the_past_are_named")
def _dates() -> None:
    _put("check_requested_date", lambda requested, today: None, resolvers.carts)


@flaw("another total is taken", "test_input.py::test_another_total_is_refused")
def _totals_seen() -> None:
    class AnyTotal:
        def __eq__(self, other: object) -> bool:
            return True

        def __ne__(self, other: object) -> bool:
            return False

        __hash__ = None  # type: ignore[assignment]

    place = resolvers.orders_placing.place_order

    async def whatever(ctx: Any, cart_id: Any, version: int, total: Any, change: Any) -> Any:
        return await place(ctx, cart_id, version, AnyTotal(), change)  # type: ignore[arg-type]

    _put("place_order", whatever, resolvers.orders_placing)


@flaw("loaders read one by one", "test_statements.py::test_lists_cost_the_same_for_2_and_for_40_rows")
def _one_by_one() -> None:
    loader = resolvers.context.Context.loader

    def single(self: Any, batch: Any) -> DataLoader[Any, Any]:
        made = loader(self, batch)
        made.batch = False
        return made

    resolvers.context.Context.loader = single  # type: ignore[method-assign]
