"""What a session makes of its user: the rows they reach, by company, subsidiary, team and role."""

import pytest
from sqlalchemy import event, update

from app.database import Database
from auth.permissions import Permission as P
from auth.permissions import Role, RowClass, RowScope
from auth.viewers import load_visit
from models.customers import Customer
from models.sellers import SalesRep, SalesTeam, Seller
from models.users import User
from rules.states import SessionKind
from tests.factories import (
    MOMENT,
    make_customer,
    make_member,
    make_rep,
    make_seller,
    make_session,
    make_team,
    make_user,
    viewer_of,
)


async def _family(
    database: Database, parents_see: bool
) -> tuple[Customer, Customer, Customer, dict[str, User]]:
    """Parent, child and grandchild, an admin and a buyer in each of the first two, and a stranger's company."""
    async with database.job() as session:
        seller = await make_seller(session, parents_see_descendants=parents_see)
        parent = await make_customer(session, seller, name="Matriz SA", buyers_see_company_orders=True)
        child = await make_customer(session, seller, parent=parent, name="Filial SL")
        grandchild = await make_customer(session, seller, parent=child, name="Nieta SL")
        await make_customer(session, seller, name="Ajena SL")
        people = {
            "parent's admin": await make_user(session, seller, parent, Role.COMPANY_ADMIN),
            "parent's buyer": await make_user(session, seller, parent),
            "child's admin": await make_user(session, seller, child, Role.COMPANY_ADMIN),
            "child's buyer": await make_user(session, seller, child),
        }
    return parent, child, grandchild, people


async def test_parent_sees_below_where_the_seller_allows(database: Database) -> None:
    parent, child, grandchild, people = await _family(database, parents_see=True)

    admin = await viewer_of(database, people["parent's admin"])
    childs = await viewer_of(database, people["child's admin"])

    assert (admin.customer_id, admin.customer_ids[0]) == (parent.id, parent.id)
    assert set(admin.customer_ids) == {parent.id, child.id, grandchild.id}
    assert childs.customer_ids == (child.id, grandchild.id)  # never its parent
    for reading in (P.ORDERS_READ, P.SALES_HISTORY_READ, P.CUSTOMERS_READ):
        assert admin.scope(reading) is RowScope.DESCENDANTS
    # Seeing is not acting.
    for acting in (P.ORDERS_PLACE, P.ORDERS_CANCEL, P.ADDRESSES_WRITE, P.USERS_READ, P.TAX_ID_READ):
        assert admin.scope(acting) is RowScope.COMPANY


async def test_parent_sees_nothing_below_by_default(database: Database) -> None:
    parent, _, _, people = await _family(database, parents_see=False)

    admin = await viewer_of(database, people["parent's admin"])

    assert admin.customer_ids == (parent.id,)
    assert admin.scope(P.ORDERS_READ) is RowScope.COMPANY


async def test_company_decides_whether_buyers_see_colleagues_orders(database: Database) -> None:
    _, _, _, people = await _family(database, parents_see=False)

    open_company = await viewer_of(database, people["parent's buyer"])
    closed_company = await viewer_of(database, people["child's buyer"])

    assert open_company.scope(P.ORDERS_READ) is RowScope.COMPANY
    assert closed_company.scope(P.ORDERS_READ) is RowScope.SELF
    for buyer in (open_company, closed_company):
        assert buyer.scope(P.CARTS_USE) is RowScope.SELF
        assert buyer.scope(P.ORDERS_CANCEL) is RowScope.SELF
        assert buyer.row_class is RowClass.CUSTOMER


async def test_buyer_held_to_own_orders_sees_none_below(database: Database) -> None:
    _, _, _, people = await _family(database, parents_see=True)

    buyer = await viewer_of(database, people["child's buyer"])

    assert len(buyer.customer_ids) == 2
    assert buyer.scope(P.ORDERS_READ) is RowScope.SELF


async def test_circle_of_parents_ends(database: Database) -> None:
    parent, _, grandchild, people = await _family(database, parents_see=True)
    async with database.job() as session:
        await session.execute(
            update(Customer).where(Customer.id == parent.id).values(parent_id=grandchild.id)
        )

    admin = await viewer_of(database, people["parent's admin"])

    assert len(admin.customer_ids) == len(set(admin.customer_ids)) == 3


async def test_roles_of_one_company_are_no_roles_in_another(database: Database) -> None:
    async with database.job() as session:
        seller = await make_seller(session)
        one, two = await make_customer(session, seller), await make_customer(session, seller)
        user = await make_user(session, seller, one)
        await make_member(session, user, one, Role.APPROVER)
        await make_member(session, user, two, Role.COMPANY_ADMIN)

    at_one, at_two = await viewer_of(database, user, one), await viewer_of(database, user, two)

    assert at_one.roles == {Role.BUYER, Role.APPROVER}
    assert not at_one.may(P.ADDRESSES_WRITE)
    assert at_one.scope(P.ORDERS_READ) is RowScope.COMPANY  # the wider of the two roles
    assert at_two.roles == {Role.COMPANY_ADMIN}
    assert at_two.customer_ids == (two.id,)


async def _teams(database: Database) -> dict[str, User]:
    async with database.job() as session:
        seller: Seller = await make_seller(session)
        north, south, west = [await make_team(session, seller) for _ in range(3)]
        people = {
            "ana": await make_rep(session, seller, north),
            "ben": await make_rep(session, seller, north),
            "eva": await make_rep(session, seller, south),
            "leo": await make_rep(session, seller, west),
            "boss": await make_rep(session, seller, north, role=Role.SALES_MANAGER),
            "clerk": await make_user(session, seller, roles=[Role.FINANCE]),
        }
        await session.execute(
            update(SalesTeam).where(SalesTeam.id == south.id).values(manager_id=people["boss"].id)
        )
        # Named as a team's manager, yet without the role.
        await session.execute(
            update(SalesTeam).where(SalesTeam.id == west.id).values(manager_id=people["ana"].id)
        )
    return people


@pytest.mark.parametrize(
    ("who", "reached"),
    [
        ("ana", {"ana", "ben", "boss"}),
        ("eva", {"eva"}),
        ("boss", {"boss", "ana", "ben", "eva"}),
        ("clerk", set()),
    ],
)
async def test_reps_of_the_team(database: Database, who: str, reached: set[str]) -> None:
    people = await _teams(database)

    viewer = await viewer_of(database, people[who])

    names = {user.id: name for name, user in people.items()}
    assert {names[each] for each in viewer.sales_rep_ids} == reached
    assert not reached or viewer.sales_rep_ids[0] == people[who].id
    assert viewer.customer_ids == ()
    assert viewer.row_class is (RowClass.TERRITORY if reached else RowClass.STAFF)


async def test_change_of_team_counts_at_the_next_request(database: Database) -> None:
    people = await _teams(database)
    async with database.auth() as session:
        token = await make_session(session, people["ben"], now=MOMENT)
    async with database.job() as session:
        eva = await session.get_one(SalesRep, people["eva"].id)
        ben = await session.get_one(SalesRep, people["ben"].id)
        ben.sales_team_id = eva.sales_team_id

    async with database.auth() as session:
        visit = await load_visit(session, token, SessionKind.COOKIE, MOMENT)

    assert visit is not None
    assert visit.viewer is not None
    assert visit.viewer.sales_rep_ids == (people["ben"].id, people["eva"].id)


async def test_staff_roles_add_up(database: Database) -> None:
    async with database.job() as session:
        seller = await make_seller(session)
        user = await make_rep(session, seller, role=Role.SALES_REP)
        both = await make_user(session, seller, roles=[Role.SALES_REP, Role.FINANCE])

    rep, wide = await viewer_of(database, user), await viewer_of(database, both)

    assert (rep.row_class, rep.scope(P.ORDERS_READ)) == (RowClass.TERRITORY, RowScope.TERRITORY)
    assert (wide.row_class, wide.scope(P.ORDERS_READ)) == (RowClass.STAFF, RowScope.ALL)
    assert wide.scope(P.ORDERS_MANAGE) is RowScope.TERRITORY
    assert wide.may(P.CREDIT_RELEASE)


async def test_one_statement_whoever_it_is(database: Database) -> None:
    _, _, _, people = await _family(database, parents_see=True)
    teams = await _teams(database)
    for user in (people["parent's admin"], people["child's buyer"], teams["boss"], teams["clerk"]):
        async with database.auth() as session:
            token = await make_session(session, user, now=MOMENT)
        statements: list[str] = []
        async with database.auth() as session:
            connection = (await session.connection()).sync_connection
            event.listen(
                connection, "before_cursor_execute", lambda *args, said=statements: said.append(args[2])
            )
            assert await load_visit(session, token, SessionKind.COOKIE, MOMENT) is not None

        assert len(statements) == 1
