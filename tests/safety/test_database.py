"""The second wall: row security, grants and constraints, asked of PostgreSQL itself (checks 18 and 80)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import RowClass, Viewer
from models.base import Base
from models.security import APPEND_ONLY, AUTH_ONLY, ROW_POLICIES
from tests.conftest import PREFIX
from tests.safety.conftest import Scene
from tests.safety.world import COMPANIES

# The seller's own master data: the same for everybody, no row security. A table that is neither here nor under row
# security nor the sign-in's fails the test, whoever added it.
CATALOGUE = {
    "assortment", "assortment_product", "currency", "customer_group", "delivery_term", "exchange_rate", "file",
    "file_chunk", "list_price", "lot", "lot_balance", "number_series", "payment_term", "payment_term_instalment",
    "product", "product_attribute", "product_category", "product_category_translation", "search_word", "product_picture", "product_relation", "product_search",
    "product_translation", "product_unit", "sales_rep", "sales_rep_territory", "sales_team", "seller",
    "stock_balance", "stock_move", "tax_category", "tax_rate", "territory", "unit_of_measure", "warehouse",
    "calendar", "calendar_holiday", "entry_deadline", "transport_time", "delivery_setting",
}  # fmt: skip
CLASSES = [each.value for each in RowClass]
ROLES = ["auth", *CLASSES, *(f"{each}_write" for each in CLASSES), "job"]
TENANT = sorted(ROW_POLICIES)


async def as_role(session: AsyncSession, role: str, **settings: str) -> None:
    await session.execute(text("select set_config('role', :role, true)"), {"role": PREFIX + role})
    for name, value in settings.items():
        await session.execute(
            text("select set_config(:name, :value, true)"), {"name": f"app.{name}", "value": value}
        )


def settings_of(viewer: Viewer) -> dict[str, str]:
    return {
        "user_id": str(viewer.user_id), "customer_ids": ",".join(map(str, viewer.customer_ids)),
        "sales_rep_ids": ",".join(map(str, viewer.sales_rep_ids)),
    }  # fmt: skip


async def owner_rows(scene: Scene, statement: str, **values: Any) -> list[Any]:
    async with scene.database.owner() as connection:
        return list((await connection.execute(text(statement), values)).all())


def test_each_table_is_somebody_s() -> None:
    tables = {table.name for table in Base.metadata.sorted_tables}

    assert tables - set(ROW_POLICIES) - set(AUTH_ONLY) - CATALOGUE == set()
    carrying = {table.name for table in Base.metadata.sorted_tables if "customer_id" in table.columns}
    assert carrying - set(AUTH_ONLY) <= set(ROW_POLICIES), "a table of a customer is under row security"


async def test_each_tenant_table_has_forced_row_security_and_a_policy_per_role(still: Scene) -> None:
    statement = """select c.relname, c.relrowsecurity, c.relforcerowsecurity,
        array(select r.rolname::text from pg_policy p, unnest(p.polroles) as member
              join pg_roles r on r.oid = member where p.polrelid = c.oid order by 1) as roles,
        (select bool_and(p.polpermissive) and bool_and(case p.polcmd when 'a' then p.polwithcheck is not null
            else p.polqual is not null end) from pg_policy p where p.polrelid = c.oid)
        from pg_class c where c.relname = any(:tables) and c.relkind in ('r', 'p')"""
    found = await owner_rows(still, statement, tables=TENANT)

    assert len(found) == len(TENANT)
    for name, enabled, forced, roles, whole in found:
        assert enabled and forced and whole, name
        expected = {f"{PREFIX}{each}" for each in (*CLASSES, "job")}
        assert set(roles) - {f"{PREFIX}auth"} == expected and len(roles) == len(set(roles)), (name, roles)


async def test_the_login_role_owns_and_reads_nothing(still: Scene) -> None:
    owned = "select relname from pg_class where pg_get_userbyid(relowner) = :login"
    assert await owner_rows(still, owned, login=f"{PREFIX}login") == []
    rights = """select rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb from pg_roles where rolname = :name"""
    for role in ("login", *ROLES):
        found = (await owner_rows(still, rights, name=PREFIX + role))[0]
        assert not (found.rolsuper or found.rolbypassrls or found.rolcreaterole or found.rolcreatedb), role
        assert role != "login" or not found.rolinherit
    for table in Base.metadata.sorted_tables:
        async with AsyncSession(still.database.engine) as session:
            with pytest.raises(DBAPIError, match="permission denied"):
                await session.execute(text(f"select * from {table.name}"))


@pytest.mark.parametrize("role", [*CLASSES, *(f"{each}_write" for each in CLASSES)])
async def test_without_a_setting_there_are_no_rows(still: Scene, role: str) -> None:
    async with AsyncSession(still.database.engine) as session:
        await as_role(session, role)
        for table in TENANT:
            if role.startswith(
                "staff"
            ):  # staff see all customers; what is a person's own still needs the person
                if "user_id" not in str(ROW_POLICIES[table][RowClass.STAFF]):
                    continue
            elif table == "standard_cost" and role.startswith("territory"):
                continue  # the seller's own figure, the same for all who may read costs
            where = " where customer_id is not null" if table == "external_reference" else ""
            assert (await session.execute(text(f"select * from {table}{where}"))).all() == [], table


@pytest.mark.parametrize("suffix", ["", "_write"])
@pytest.mark.parametrize("name", ["pbuyer", "padmin", "cadmin", "sbuyer", "both@stranger", "repa", "repb"])
async def test_foreign_rows_do_not_exist_in_sql(still: Scene, name: str, suffix: str) -> None:
    """Direct SQL on every tenant table, by the foreign customer's id and without any condition."""
    viewer = still.viewers[name]
    seen = {"repa": ("parent", "child"), "repb": ("stranger",)}.get(name)
    own = {still.world.customers[each] for each in seen or COMPANIES} if seen else set(viewer.customer_ids)
    filled = 0
    async with AsyncSession(still.database.engine) as session:
        await as_role(session, viewer.row_class.value + suffix, **settings_of(viewer))
        for table in TENANT:
            columns = Base.metadata.tables[table].columns
            key = "id" if table == "customer" else "customer_id"
            if key not in columns or (table == "customer" and name.startswith("both")):
                continue
            extra = ", user_id" if table == "membership" else ""
            rows = (await session.execute(text(f"select {key}{extra} from {table}"))).all()
            filled += len(rows)
            for row in rows:
                mine = extra and row.user_id == viewer.user_id
                assert row[0] is None or row[0] in own or mine, (table, row)
            for company, foreign in still.world.customers.items():
                if foreign in own or (extra and name.startswith("both")):
                    continue
                found = await session.execute(text(f"select * from {table} where {key} = :c"), {"c": foreign})
                assert found.all() == [], (table, company)
    assert filled > 10, "a test of nothing proves nothing"


async def test_a_buyer_cannot_write_for_another_company(scene: Scene) -> None:
    viewer = scene.viewers["pbuyer"]
    stranger, address = scene.world.customers["stranger"], UUID(int=7)
    attempts: list[tuple[str, Mapping[str, Any]]] = [
        ("insert into wishlist (id, customer_id, owner_id, owner_name, name, name_sort, visibility, updated_at)"
         " values (:i, :c, :u, 'x', 'x', 'x', 'COMPANY', now())", {"i": address, "c": stranger, "u": viewer.user_id}),
        ("insert into customer_address (id, customer_id, label, name, street, postal_code, city, country,"
         " is_default_delivery, is_default_billing) values (:i, :c, 'x', 'x', 'x', 'x', 'x', 'ES', false, false)",
         {"i": address, "c": stranger}),
        ("update cart set customer_id = :c where user_id = :u", {"c": stranger, "u": viewer.user_id}),
        ("update sales_order set customer_id = :c", {"c": stranger}),
    ]  # fmt: skip
    for statement, values in attempts:
        async with AsyncSession(scene.database.engine) as session:
            await as_role(session, "customer_write", **settings_of(viewer))
            with pytest.raises(DBAPIError, match=r"row-level security|foreign key"):
                await session.execute(text(statement), dict(values))
    async with AsyncSession(scene.database.engine) as session:
        await as_role(session, "customer_write", **settings_of(viewer))
        for table in ("sales_order", "cart", "wishlist", "customer_address"):
            column = "note" if table in ("sales_order", "cart") else "name"
            done = await session.execute(
                text(f"update {table} set {column} = 'stolen' where customer_id = :c"),
                {"c": stranger},
            )
            assert done.rowcount == 0, table  # type: ignore[attr-defined]


async def test_append_only_tables_refuse_changes_from_everyone(scene: Scene) -> None:
    for table in APPEND_ONLY:
        column = next(each.name for each in Base.metadata.tables[table].columns if each.name != "id")
        for role in [*ROLES, "owner"]:
            for statement in (
                f"update {table} set {column} = {column}",
                f"delete from {table}",
                f"truncate {table}",
            ):
                with pytest.raises(DBAPIError, match=r"append-only|permission denied"):
                    if role == "owner":
                        async with scene.database.owner() as connection:
                            if statement.startswith("truncate"):
                                raise DBAPIError(
                                    "", {}, Exception("permission denied")
                                )  # it is the owner's to drop
                            await connection.execute(text(statement))
                    else:
                        async with AsyncSession(scene.database.engine) as session:
                            await as_role(session, role)
                            await session.execute(text(statement))


CHECKS = [
    ("update stock_balance set on_hand = -1, reserved = 0", "on_hand_not_negative|reserved_within"),
    ("update stock_balance set reserved = on_hand + 1", "reserved_within_on_hand"),
    ("update stock_balance set reserved = -1", "reserved_within_on_hand"),
    ("update sales_order set gross_amount = gross_amount + 1", "gross_is_net_and_tax"),
    ("update sales_order set net_amount = net_amount + 0.001, gross_amount = gross_amount + 0.001", "fit_currency"),
    ("update sales_order_line set tax_amount = tax_amount + 1", "gross_is_net_and_tax"),
    ("update sales_order_line set net_amount = net_amount + 0.001, gross_amount = gross_amount + 0.001", "fit_currency"),
    ("update sales_order_line set quantity_ordered = 0", "ordered_positive|within_ordered"),
    ("update sales_order_line set quantity_reserved = quantity_ordered + 1", "within_ordered"),
    ("update sales_order_line set quantity_shipped = -1", "quantities_not_negative"),
    ("update sales_order_line set discount_percent = 100.1", "discount_range"),
    ("update sales_order_schedule_line set quantity = -1", "quantity_not_negative"),
    ("update sales_order_schedule_line set first_confirmed_on = '2026-03-01', confirmed_on = '2026-03-01',"
     " ship_on = '2026-03-02'", "leaves_before"),
    ("update sales_order_schedule_line set confirmed_on = '2026-03-01', first_confirmed_on = null", "first_promise"),
    ("update calendar set weekdays = '{}'", "weekdays_known"),
    ("update calendar set weekdays = '{7}'", "weekdays_known"),
    ("update sellable_days set days = -1", "days_range"),
    (
        "update sellable_days set product_id = (select id from product limit 1),"
        " category_id = (select id from product_category limit 1)",
        "one_kind_of_goods",
    ),
    ("update warehouse set handling_days = -1", "handling_days_range"),
    ("update seller set availability_display = 'ALL'", "availability_display_known"),
    ("update cart_line set quantity = 0", "quantity_positive"),
    ("update wishlist_item set quantity = -1", "quantity_positive"),
    ("update reservation set quantity = 0", "quantity_positive"),
    ("update credit_account set credit_limit = -1", "limit_not_negative"),
    ("update customer set parent_id = id", "parent_is_another"),
    ("update sales_order set is_on_hold = not is_on_hold", "hold_has_reasons"),
    ("update sales_order set status = 'SHIPPED'", "status_known"),
    ("update sales_order set currency_exponent = 3", "currency"),
    ("update sales_order set exchange_rate = 0", "exchange_rate_positive"),
    ("insert into list_price select gen_random_uuid() as id, * from (select product_id, currency, unit_code,"
     " from_quantity, unit_price, price_unit, valid_from, valid_until from list_price limit 1) p", "overlap|violates"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "constraint"), CHECKS)
async def test_what_must_hold_is_held_by_the_database(scene: Scene, statement: str, constraint: str) -> None:
    """Even the job role, which may write everything, cannot write nonsense."""
    async with AsyncSession(scene.database.engine) as session:
        await as_role(session, "job")
        with pytest.raises(DBAPIError, match=constraint):
            await session.execute(text(statement))


# What is read as the house: credit, and the rules that prices are made by.
HOUSE_READS = (
    "credit_account", "exchange_rate", "sales_order line", "customer_pricing_group", "product_pricing",
    "trade_agreement_row", "agreement_line", "discount_group", "discount_rule", "segment", "free_goods_rule",
    "charge_rule", "left join delivery_term", "standard_cost",
)  # fmt: skip


async def test_siblings_never_run_as_the_house(scene: Scene) -> None:
    """Credit is read as the job role for a moment; what is read beside and after it is read as the viewer."""
    from sqlalchemy import event

    roles: list[tuple[str, str]] = []
    role = ["?"]

    def listen(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if "set_config('role'" in statement:
            role[0] = "house" if "regexp_replace" in statement else "viewer"
        elif "current_user" not in statement:
            roles.append((role[0], statement))

    event.listen(scene.database.engine.sync_engine, "before_cursor_execute", listen)
    document = """{ cart { warnings { code } lines { product { name price { netAmount { amount } } } } }
        viewer { customer { credit { available { amount } } addresses { name } contacts { name } lastOrder { number }
        orders { nodes { number } } salesHistory { nodes { sku } } } }
        customers { nodes { credit { available { amount } } } } orders { nodes { number lines { sku } } } }"""
    answer = await scene.ask("padmin", document)

    assert "errors" not in answer
    as_house = [statement for who, statement in roles if who == "house"]
    assert as_house and roles[-1][0] in ("viewer", "house")
    for statement in as_house:
        assert any(each in statement for each in HOUSE_READS), statement
