"""Those who run the system keep its accounts: closed ones are out at once, and nobody gives themselves anything."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Role, Viewer
from auth.viewers import load_visit
from models.users import User
from rules.states import SessionKind
from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import NOW, Shop

USER = "user { id name isActive staffRoles allowedActions places { customerName role } }"


class Office:
    def __init__(self, shop: Shop, administrator: Viewer, second: Viewer) -> None:
        self.shop = shop
        self.administrator = administrator
        self.second = second

    async def act(self, mutation: str, viewer: Viewer | None = None, **given: Any) -> dict[str, Any]:
        name = mutation[0].upper() + mutation[1:]
        document = f"""mutation($input: {name}Input!) {{ {mutation}(input: $input) {{
            {USER} errors {{ code path }} }} }}"""
        data = await self.shop.data(viewer or self.administrator, document, input=given)
        payload: dict[str, Any] = data[mutation]
        return payload

    async def check_refused(self, mutation: str, code: str, field: str, **given: Any) -> None:
        before = await self.shop.snapshot()
        payload = await self.act(mutation, **given)
        assert payload["errors"] == [{"code": code, "path": [field]}] and payload["user"] is None
        assert await self.shop.snapshot() == before


def gid(viewer: Viewer | User) -> str:
    return str(encode_id("User", viewer.user_id if isinstance(viewer, Viewer) else viewer.id))


@pytest.fixture
async def office(shop: Shop) -> Office:
    async with shop.database.job() as session:
        first, second = [await make.make_user(session, shop.seller, roles=[Role.ADMINISTRATOR]) for _ in "ab"]
    return Office(
        shop, await make.viewer_of(shop.database, first), await make.viewer_of(shop.database, second)
    )


async def test_users_are_found_and_no_other_seller_s(office: Office) -> None:
    async with office.shop.database.job() as session:
        other = await make.make_seller(session)
        await make.make_user(session, other, name="Berta de Otra Casa")
    document = """query($s: String, $w: UserWhere) { users(search: $s, where: $w) { totalCount nodes {
        name staffRoles places { customerName role } allowedActions } } }"""

    found = await office.shop.data(office.administrator, document, s="berta")
    staff = await office.shop.data(office.administrator, document, w={"isStaff": {"eq": True}})

    assert found["users"]["nodes"] == [
        {"name": "Berta Compra", "staffRoles": [], "allowedActions": ["DISABLE"],
         "places": [{"customerName": "Bar Núñez SL", "role": "BUYER"}]}
    ]  # fmt: skip
    assert staff["users"]["totalCount"] == 5  # rep, finance, logistics, two administrators


async def test_a_closed_account_is_out_at_once_and_stays_out(office: Office) -> None:
    shop, tokens = office.shop, {}
    async with shop.database.job() as session:
        berta = await session.get_one(User, shop.buyer.user_id)
    async with shop.database.auth() as session:
        for kind in (SessionKind.COOKIE, SessionKind.BEARER):
            tokens[kind] = await make.make_session(session, berta, shop.customer, kind, NOW)
            assert await load_visit(session, tokens[kind], kind, NOW)

    done = await office.act("disableUser", userId=gid(berta), reason="se fue")

    assert done["user"]["isActive"] is False and done["user"]["allowedActions"] == ["ENABLE"]
    async with shop.database.auth() as session:
        assert [await load_visit(session, token, kind, NOW) for kind, token in tokens.items()] == [
            None
        ] * len(tokens)
    async with shop.database.job() as session:
        trail = (await session.execute(text("select action, reason, actor_id from audit_event"))).one()
    assert tuple(trail) == ("user.disabled", "se fue", office.administrator.user_id)

    await office.act("enableUser", userId=gid(berta), reason="volvió")

    async with shop.database.auth() as session:  # the old sessions do not come back
        assert [await load_visit(session, token, kind, NOW) for kind, token in tokens.items()] == [
            None
        ] * len(tokens)
    await office.check_refused(
        "enableUser", "INVALID_TRANSITION", "userId", userId=gid(berta), reason="otra vez"
    )


async def test_nobody_changes_their_own_rights(office: Office) -> None:
    own = gid(office.administrator)
    await office.check_refused("setStaffRoles", "NOT_PERMITTED", "userId", userId=own, roles=["FINANCE"])
    await office.check_refused("disableUser", "NOT_PERMITTED", "userId", userId=own, reason="x")


async def test_administering_stands_alone_and_decides_on_no_business(office: Office) -> None:
    """SAFETY 2b, rule 4: neither with another role, nor one of the customers', nor in the grants themselves."""
    from auth.permissions import ROLE_GRANTS, Permission

    finance = gid(office.shop.finance)
    await office.check_refused(
        "setStaffRoles", "INVALID", "roles", userId=finance, roles=["ADMINISTRATOR", "FINANCE"]
    )
    await office.check_refused("setStaffRoles", "INVALID", "roles", userId=finance, roles=["COMPANY_ADMIN"])
    await office.check_refused("setStaffRoles", "INVALID", "roles", userId=finance, roles=[])
    business = {Permission.APPROVALS_DECIDE, Permission.CREDIT_RELEASE, Permission.ORDERS_MANAGE,
                Permission.ORDERS_DISCOUNT, Permission.ORDERS_PLACE, Permission.PAYMENTS_MANAGE}  # fmt: skip
    assert business & set(ROLE_GRANTS[Role.ADMINISTRATOR]) == set()


async def test_roles_hold_from_the_next_request_on(office: Office) -> None:
    shop = office.shop
    async with shop.database.job() as session:
        person = await session.get_one(User, shop.finance.user_id)

    done = await office.act("setStaffRoles", userId=gid(person), roles=["LOGISTICS"])

    assert done["user"]["staffRoles"] == ["LOGISTICS"]
    assert (await make.viewer_of(shop.database, person)).roles == {Role.LOGISTICS}


async def test_two_administrators_who_close_each_other_leave_one(office: Office) -> None:
    answers = await asyncio.gather(
        office.act("disableUser", userId=gid(office.second), reason="a"),
        office.act("disableUser", office.second, userId=gid(office.administrator), reason="b"),
    )

    assert sorted(len(each["errors"]) for each in answers) == [0, 1]
    async with office.shop.database.job() as session:
        left = await session.scalar(
            text("select count(*) from staff_role r join app_user u on u.id = r.user_id"
                 " where r.role = 'ADMINISTRATOR' and u.is_active")
        )  # fmt: skip
    assert left == 1


async def test_a_colleague_is_added(office: Office) -> None:
    values: dict[str, Any] = {"email": "nuevo@example.com", "name": "Nuevo", "roles": ["SALES_REP"]}
    done = await office.act("createUser", **values)

    assert done["errors"] == [] and done["user"]["staffRoles"] == ["SALES_REP"]
    taken = values | {"email": office.shop.buyer.email.upper()}
    await office.check_refused("createUser", "ALREADY_EXISTS", "email", **taken)
    await office.check_refused("createUser", "INVALID", "email", **(values | {"email": "nuevo"}))
    await office.check_refused(
        "createUser", "INVALID", "locale", **(values | {"locale": "fr", "email": "z@example.com"})
    )


async def test_people_of_another_seller_do_not_exist(office: Office) -> None:
    async with office.shop.database.job() as session:
        other = await make.make_seller(session)
        foreign = await make.make_user(session, other, roles=[Role.FINANCE])

    await office.check_refused("disableUser", "NOT_FOUND", "userId", userId=gid(foreign), reason="x")
    await office.check_refused("setStaffRoles", "NOT_FOUND", "userId", userId=gid(foreign), roles=["FINANCE"])


async def test_the_acts_exist_for_administrators_only(office: Office) -> None:
    before = await office.shop.snapshot()
    for viewer in (office.shop.finance, office.shop.rep, office.shop.buyer):
        for document in (
            "{ users { totalCount } }", "{ roleMatrix { views { role } } }", "{ viewer { user { staffRoles } } }",
            'mutation { disableUser(input: {userId: "x", reason: "x"}) { replayed } }',
        ):  # fmt: skip
            answer = await office.shop.ask(viewer, document)
            assert "Cannot query field" in answer["errors"][0]["message"], document
    assert await office.shop.snapshot() == before


async def test_the_role_matrix_is_the_schema_s(office: Office) -> None:
    document = """{ roleMatrix { permissions { permission scopes { role scope } }
        views { role queries mutations fieldCount } } }"""

    data = await office.shop.data(office.administrator, document)

    views = {each["role"]: each for each in data["roleMatrix"]["views"]}
    assert (
        "approveOrder" in views["APPROVER"]["mutations"] and "approveOrder" not in views["BUYER"]["mutations"]
    )
    assert views["LOGISTICS"]["queries"] == sorted(views["LOGISTICS"]["queries"])
    scopes = {each["permission"]: each["scopes"] for each in data["roleMatrix"]["permissions"]}
    assert {"role": "APPROVER", "scope": "COMPANY"} in scopes["APPROVALS_DECIDE"]
    assert {"role": "ADMINISTRATOR", "scope": None} in scopes["APPROVALS_DECIDE"]


async def test_the_audit_names_our_own_people_and_is_searched_by_them(office: Office) -> None:
    await office.act("disableUser", userId=gid(office.shop.buyer), reason="se fue")
    document = (
        """query($who: ID!) { auditEvents(where: {actor: {eq: $who}}) { nodes { action actor { name } } } }"""
    )

    found = await office.shop.data(office.second, document, who=gid(office.administrator))
    none = await office.shop.data(office.second, document, who=gid(office.second))

    name = office.administrator.name
    assert found["auditEvents"]["nodes"] == [{"action": "user.disabled", "actor": {"name": name}}]
    assert none["auditEvents"]["nodes"] == []
