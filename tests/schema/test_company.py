"""What a company admin decides: people, roles, limits and rules, and nothing beyond their company and their rights."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from auth.permissions import Permission, Role, RowScope, Viewer
from models.users import User
from rules.states import SessionKind
from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import NOW, Shop

FIELDS = {
    "inviteUser": "invitation { id email name roles }",
    "revokeInvitation": "invitation { id }",
    "saveApprovalRule": "rule { id name version fromAmount { amount } categoryName }",
    "endApprovalRule": "rule { id activeUntil }",
    "removeMember": "customer { name }",
}
MEMBER = "member { user { name } roles spendLimit { perOrder { amount currency } perPeriod { amount } period } allowedActions }"
COMPANY = """{ viewer { customer { invitations { id email } approvalRules { id name }
  users { user { id name } roles allowedActions } } } }"""


class Desk:
    """The shop's customer as its admin sees it."""

    def __init__(self, shop: Shop, admin: Viewer) -> None:
        self.shop = shop
        self.admin = admin

    async def act(self, mutation: str, viewer: Viewer | None = None, **given: Any) -> dict[str, Any]:
        name = mutation[0].upper() + mutation[1:]
        document = f"""mutation($input: {name}Input!) {{ {mutation}(input: $input) {{
            {FIELDS.get(mutation, MEMBER)} errors {{ code path }} }} }}"""
        data = await self.shop.data(viewer or self.admin, document, input=given)
        payload: dict[str, Any] = data[mutation]
        return payload

    async def check_refused(self, mutation: str, code: str, field: str, **given: Any) -> None:
        before = await self.shop.snapshot()
        payload = await self.act(mutation, **given)
        assert payload["errors"] == [{"code": code, "path": [field]}]
        assert await self.shop.snapshot() == before

    async def company(self, viewer: Viewer | None = None) -> dict[str, Any]:
        data = await self.shop.data(viewer or self.admin, COMPANY)
        found: dict[str, Any] = data["viewer"]["customer"]
        return found


@pytest.fixture
async def desk(shop: Shop) -> Desk:
    async with shop.database.job() as session:
        admin = await make.make_user(
            session, shop.seller, shop.customer, Role.COMPANY_ADMIN, name="Alba Manda"
        )
    return Desk(shop, await make.viewer_of(shop.database, admin))


def gid(viewer: Viewer) -> str:
    return str(encode_id("User", viewer.user_id))


async def test_inviting_says_the_same_of_everybody(desk: Desk) -> None:
    """A person of another company, of ours, disabled or unknown: nothing is looked up, so nothing can be learnt."""
    async with desk.shop.database.job() as session:
        disabled = await make.make_user(session, desk.shop.seller, desk.shop.other, is_active=False)
    emails = ["nadie@example.com", desk.shop.stranger.email, disabled.email, desk.shop.finance.email]

    answers = [await desk.act("inviteUser", email=each, name="Nuria", roles=["BUYER"]) for each in emails]

    for email, answer in zip(emails, answers, strict=True):
        assert answer["errors"] == []
        shown = {name: value for name, value in answer["invitation"].items() if name != "id"}
        assert shown == {"email": email, "name": "Nuria", "roles": ["BUYER"]}
    people = await desk.company()
    assert sorted(each["email"] for each in people["invitations"]) == sorted(emails)
    assert sorted(each["user"]["name"] for each in people["users"]) == ["Alba Manda", "Berta Compra"]


async def test_an_invitation_is_told_without_personal_values(desk: Desk) -> None:
    await desk.act("inviteUser", email="nadie@example.com", name="Nuria", roles=["BUYER"])

    async with desk.shop.database.job() as session:
        audit = (await session.execute(text("select action, changes::text from audit_event"))).one()
        event = (await session.execute(text("select type, entity_type from outbox_event"))).one()
        links = await session.scalar(text("select count(*) from account_link"))
    assert tuple(audit) == ("invitation.created", '{"roles": ["BUYER"]}')
    assert tuple(event) == ("invitation.created", "Invitation")
    assert links == 0  # the secret is drawn when the mail is written


async def test_inviting_again_ends_the_earlier_one(desk: Desk) -> None:
    await desk.act("inviteUser", email="nadie@example.com", name="Nuria", roles=["BUYER"])
    await desk.act("inviteUser", email="NADIE@example.com", name="Nuria", roles=["APPROVER"])

    (only,) = (await desk.company())["invitations"]
    done = await desk.act("revokeInvitation", invitationId=only["id"])

    assert done["errors"] == [] and (await desk.company())["invitations"] == []
    await desk.check_refused("revokeInvitation", "NOT_FOUND", "invitationId", invitationId=only["id"])


@pytest.mark.parametrize(
    ("label", "given", "code", "field"),
    [
        ("no email", {"email": "nadie"}, "INVALID", "email"),
        ("no name", {"name": " "}, "INVALID", "name"),
        ("no role", {"roles": []}, "INVALID", "roles"),
        ("a role of ours", {"roles": ["ADMINISTRATOR"]}, "INVALID", "roles"),
        ("one among others", {"roles": ["BUYER", "FINANCE"]}, "INVALID", "roles"),
    ],
)
async def test_invitations_that_are_refused(
    desk: Desk, label: str, given: dict[str, Any], code: str, field: str
) -> None:
    values = {"email": "nadie@example.com", "name": "Nuria", "roles": ["BUYER"]}
    await desk.check_refused("inviteUser", code, field, **(values | given))


async def test_a_member_is_not_invited_again(desk: Desk) -> None:
    values = {"name": "Berta", "roles": ["BUYER"], "email": desk.shop.buyer.email.upper()}
    await desk.check_refused("inviteUser", "ALREADY_EXISTS", "email", **values)


async def test_nobody_gives_more_than_they_have(desk: Desk) -> None:
    """An admin without the approvals (a role of the future) cannot give them: the rule is about rights, not names."""
    grants = dict(desk.admin.grants)
    del grants[Permission.APPROVALS_DECIDE]
    narrow = Desk(desk.shop, replace(desk.admin, grants=grants))
    await narrow.check_refused(
        "setMembershipRoles", "NOT_PERMITTED", "roles", userId=gid(desk.shop.buyer), roles=["APPROVER"]
    )
    own = dict(desk.admin.grants) | {Permission.ORDERS_READ: RowScope.SELF}
    only_own = Desk(desk.shop, replace(desk.admin, grants=own))
    await only_own.check_refused(
        "inviteUser", "NOT_PERMITTED", "roles", email="n@example.com", name="N", roles=["CUSTOMER_INTEGRATOR"]
    )


async def test_roles_hold_from_the_next_request_on(desk: Desk) -> None:
    shop = desk.shop
    async with shop.database.job() as session:
        berta = await session.get_one(User, shop.buyer.user_id)

    done = await desk.act("setMembershipRoles", userId=gid(shop.buyer), roles=["APPROVER", "BUYER"])

    assert done["errors"] == [] and done["member"]["roles"] == ["APPROVER", "BUYER"]
    assert done["member"]["allowedActions"] == ["SET_ROLES", "SET_LIMIT", "REMOVE"]
    assert (await make.viewer_of(shop.database, berta)).may(Permission.APPROVALS_DECIDE)
    await desk.act("setMembershipRoles", userId=gid(shop.buyer), roles=["CUSTOMER_INTEGRATOR"])
    assert (await make.viewer_of(shop.database, berta)).roles == {Role.CUSTOMER_INTEGRATOR}


async def test_a_removed_member_s_session_and_token_end_at_once(desk: Desk) -> None:
    from auth.viewers import load_visit

    shop = desk.shop
    tokens = {}
    async with shop.database.job() as session:
        berta = await session.get_one(User, shop.buyer.user_id)
        await make.make_member(session, berta, shop.other)
    async with shop.database.auth() as session:
        for kind in (SessionKind.COOKIE, SessionKind.BEARER):
            tokens[kind] = await make.make_session(session, berta, shop.customer, kind, NOW)

    done = await desk.act("removeMember", userId=gid(shop.buyer))

    assert done == {"customer": {"name": "Bar Núñez SL"}, "errors": []}
    async with shop.database.auth() as session:
        for kind, token in tokens.items():
            visit = await load_visit(session, token, kind, NOW)
            # They belong to another company still: there they may go on, here they may nothing.
            assert visit is not None and visit.viewer is None
            assert [each.id for each in visit.customers] == [shop.other.id]
    await desk.check_refused("removeMember", "NOT_FOUND", "userId", userId=gid(shop.buyer))


async def test_the_last_admin_stays(desk: Desk) -> None:
    await desk.check_refused("removeMember", "NOT_PERMITTED", "userId", userId=gid(desk.admin))
    await desk.check_refused(
        "setMembershipRoles", "NOT_PERMITTED", "userId", userId=gid(desk.admin), roles=["BUYER"]
    )


async def test_a_disabled_admin_is_none(desk: Desk) -> None:
    async with desk.shop.database.job() as session:
        await make.make_user(
            session, desk.shop.seller, desk.shop.customer, Role.COMPANY_ADMIN, is_active=False
        )

    await desk.check_refused("removeMember", "NOT_PERMITTED", "userId", userId=gid(desk.admin))


async def test_two_admins_who_remove_each_other_leave_one(desk: Desk) -> None:
    async with desk.shop.database.job() as session:
        other = await make.make_user(session, desk.shop.seller, desk.shop.customer, Role.COMPANY_ADMIN)
    second = await make.viewer_of(desk.shop.database, other)

    await asyncio.gather(
        desk.act("removeMember", userId=gid(second)), desk.act("removeMember", second, userId=gid(desk.admin))
    )

    async with desk.shop.database.job() as session:
        left = await session.scalar(text("select count(*) from membership where role = 'COMPANY_ADMIN'"))
    assert left == 1


async def test_the_seller_s_people_are_not_touched(desk: Desk) -> None:
    async with desk.shop.database.job() as session:
        person = await make.make_user(session, desk.shop.seller, desk.shop.customer, roles=[Role.FINANCE])
    userid = str(encode_id("User", person.id))

    await desk.check_refused("removeMember", "NOT_PERMITTED", "userId", userId=userid)
    await desk.check_refused("setMembershipRoles", "NOT_PERMITTED", "userId", userId=userid, roles=["BUYER"])


async def test_foreign_people_and_rules_do_not_exist(desk: Desk) -> None:
    shop = desk.shop
    async with shop.database.job() as session:
        foreign = await make.make_user(session, shop.seller, shop.other, Role.COMPANY_ADMIN)
    theirs = Desk(shop, await make.viewer_of(shop.database, foreign))
    rule = (await theirs.act("saveApprovalRule", name="suya", fromAmount="1"))["rule"]
    invited = (await theirs.act("inviteUser", email="x@example.com", name="X", roles=["BUYER"]))["invitation"]

    acts: dict[str, dict[str, Any]] = {
        "removeMember": {}, "setMembershipRoles": {"roles": ["BUYER"]}, "setSpendLimit": {"perOrder": "1"},
    }  # fmt: skip
    for mutation, given in acts.items():
        for person in (shop.stranger, shop.rep):
            await desk.check_refused(mutation, "NOT_FOUND", "userId", userId=gid(person), **given)
    await desk.check_refused("endApprovalRule", "NOT_FOUND", "ruleId", ruleId=rule["id"])
    await desk.check_refused(
        "saveApprovalRule", "NOT_FOUND", "ruleId", ruleId=rule["id"], name="mía", fromAmount="9"
    )
    await desk.check_refused("revokeInvitation", "NOT_FOUND", "invitationId", invitationId=invited["id"])
    own = await desk.company()
    assert own["invitations"] == [] and own["approvalRules"] == []


@pytest.mark.parametrize("role", [Role.BUYER, Role.APPROVER, Role.CUSTOMER_INTEGRATOR])
async def test_the_acts_exist_for_admins_only(desk: Desk, role: Role) -> None:
    async with desk.shop.database.job() as session:
        user = await make.make_user(session, desk.shop.seller, desk.shop.customer, role)
    viewer = await make.viewer_of(desk.shop.database, user)
    before = await desk.shop.snapshot()

    answer = await desk.shop.ask(
        viewer, "mutation($u: ID!) { setMembershipRoles(input: {userId: $u, roles: [COMPANY_ADMIN]}) { replayed } }",
        u=gid(viewer),
    )  # fmt: skip

    assert "Cannot query field" in answer["errors"][0]["message"]
    assert await desk.shop.snapshot() == before


async def test_a_limit_is_set_changed_and_taken_away(desk: Desk) -> None:
    user = gid(desk.shop.buyer)

    done = await desk.act("setSpendLimit", userId=user, perOrder="100.50", perPeriod="1000", period="QUARTER")
    assert done["member"]["spendLimit"] == {
        "perOrder": {"amount": "100.50", "currency": "EUR"}, "perPeriod": {"amount": "1000.00"}, "period": "QUARTER",
    }  # fmt: skip
    changed = await desk.act("setSpendLimit", userId=user, perOrder="0")
    assert changed["member"]["spendLimit"]["perPeriod"] is None
    placed = await desk.shop.place(
        desk.shop.buyer, await desk.shop.fill(desk.shop.buyer, (desk.shop.product, 1))
    )
    assert placed["order"]["status"] == "PENDING_APPROVAL"

    assert (await desk.act("setSpendLimit", userId=user))["member"]["spendLimit"] is None


@pytest.mark.parametrize("amount", ["-0.01", "0.001", "1000000000000.01"])
async def test_amounts_that_are_none(desk: Desk, amount: str) -> None:
    await desk.check_refused(
        "setSpendLimit", "INVALID", "perOrder", userId=gid(desk.shop.buyer), perOrder=amount
    )
    await desk.check_refused("saveApprovalRule", "INVALID", "fromAmount", name="R", fromAmount=amount)


async def test_a_rule_is_made_changed_and_ended(desk: Desk) -> None:
    rule = (await desk.act("saveApprovalRule", name="Más de 50", fromAmount="50"))["rule"]
    changed = (await desk.act("saveApprovalRule", ruleId=rule["id"], name="Más de 60", fromAmount="60"))[
        "rule"
    ]
    assert (changed["id"], changed["version"], changed["fromAmount"]) == (rule["id"], 2, {"amount": "60.00"})
    assert [each["name"] for each in (await desk.company())["approvalRules"]] == ["Más de 60"]

    ended = await desk.act("endApprovalRule", ruleId=rule["id"])

    assert ended == {"rule": {"id": rule["id"], "activeUntil": "2026-03-02"}, "errors": []}

    assert (await desk.company())["approvalRules"] == []
    await desk.check_refused("endApprovalRule", "NOT_FOUND", "ruleId", ruleId=rule["id"])


async def test_a_rule_says_what_it_is_about(desk: Desk) -> None:
    await desk.check_refused("saveApprovalRule", "INVALID", "fromAmount", name="Nada")
    await desk.check_refused("saveApprovalRule", "NOT_FOUND", "categoryId", name="X", categoryId="ajena")
    category = str(encode_id("ProductCategory", desk.shop.product.category_id))

    done = await desk.act("saveApprovalRule", name="Lo general", categoryId=category)

    assert done["rule"]["categoryName"] == "General" and done["rule"]["fromAmount"] is None


SET = """mutation($input: SetCustomerSpendLimitInput!) { setCustomerSpendLimit(input: $input) {
  customer { users { user { id } spendLimit { perOrder { amount } period } allowedActions } }
  errors { code path } } }"""


async def test_an_administrator_of_the_seller_sets_a_limit_of_a_customers_person(shop: Shop) -> None:
    async with shop.database.job() as session:
        administrator = await make.make_user(session, shop.seller, roles=[Role.ADMINISTRATOR])
        await make.make_user(session, shop.seller, customer=shop.customer, role=Role.APPROVER)
    keeper = await make.viewer_of(shop.database, administrator)
    person = encode_id("User", shop.buyer.user_id)
    given = {"customerId": encode_id("Customer", shop.customer.id), "userId": person, "perOrder": "50"}
    before = await shop.snapshot()

    for wrong, path in (
        ({"perOrder": "-1"}, ["perOrder"]),
        ({"userId": encode_id("User", shop.stranger.user_id)}, ["userId"]),
        ({"customerId": encode_id("Customer", shop.seller.id)}, ["customerId"]),
    ):
        refused = (await shop.data(keeper, SET, f"wrong-{path}", input=given | wrong))[
            "setCustomerSpendLimit"
        ]
        assert refused["customer"] is None and refused["errors"][0]["path"] == path
    assert await shop.snapshot() == before

    done = (await shop.data(keeper, SET, "right", input=given))["setCustomerSpendLimit"]

    (found,) = [each for each in done["customer"]["users"] if each["user"]["id"] == person]
    assert found["spendLimit"] == {"perOrder": {"amount": "50.00"}, "period": "MONTH"}
    assert found["allowedActions"] == ["SET_LIMIT"]
    placed = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, 5)))
    assert placed["order"]["status"] == "PENDING_APPROVAL"
    assert "Unknown type" in str((await shop.ask(shop.rep, SET, input=given))["errors"])
