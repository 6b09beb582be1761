"""The internal note of a customer: who writes it, what is refused, and that the trail keeps no word of it."""

import pytest
from sqlalchemy import text

from auth.permissions import Role
from schema.ids import encode_id
from tests import factories as make
from tests.schema.shop import Shop

WRITE = """mutation Write($input: UpdateCustomerNoteInput!) { updateCustomerNote(input: $input) {
    customer { internalNote version } errors { code message path } } }"""


def given(shop: Shop, note: str = "Paga tarde.", version: int = 1) -> dict[str, object]:
    return {
        "customerId": str(encode_id("Customer", shop.customer.id)),
        "note": note,
        "expectedVersion": version,
    }


async def test_a_rep_writes_a_note_and_the_trail_keeps_no_word_of_it(shop: Shop) -> None:
    done = (await shop.data(shop.rep, WRITE, "note-1", input=given(shop, "  Paga tarde. ")))[
        "updateCustomerNote"
    ]

    assert done == {"customer": {"internalNote": "Paga tarde.", "version": 2}, "errors": []}
    async with shop.database.job() as session:
        trail = (
            await session.execute(
                text("select action, actor_id, entity_version, changes, reason from audit_event")
            )
        ).one()
        told = await session.scalar(text("select count(*) from outbox_event"))
    assert trail == ("customer.noteChanged", shop.rep.user_id, 2, {"characters": 11}, "")
    assert told == 0


async def test_an_empty_note_takes_it_away(shop: Shop) -> None:
    await shop.data(shop.rep, WRITE, input=given(shop))

    done = (await shop.data(shop.rep, WRITE, input=given(shop, "", 2)))["updateCustomerNote"]

    assert done["customer"] == {"internalNote": "", "version": 3}


@pytest.mark.parametrize(
    ("case", "note", "version", "code", "path"),
    [
        ("too long", "x" * 2001, 1, "INVALID", ["note"]),
        ("a version that is gone", "Paga tarde.", 9, "STALE_VERSION", ["expectedVersion"]),
    ],
)
async def test_a_refused_note_changes_nothing(
    shop: Shop, case: str, note: str, version: int, code: str, path: list[str]
) -> None:
    before = await shop.snapshot()

    done = (await shop.data(shop.rep, WRITE, input=given(shop, note, version)))["updateCustomerNote"]

    assert done["customer"] is None, case
    assert [(each["code"], each["path"]) for each in done["errors"]] == [(code, path)]
    assert await shop.snapshot() == before


async def test_another_rep_s_customer_is_unknown(shop: Shop) -> None:
    async with shop.database.job() as session:
        rep = await make.make_rep(session, shop.seller)
    stranger = await make.viewer_of(shop.database, rep)
    before = await shop.snapshot()

    done = (await shop.data(stranger, WRITE, input=given(shop)))["updateCustomerNote"]

    assert [each["code"] for each in done["errors"]] == ["NOT_FOUND"]
    assert await shop.snapshot() == before


async def test_for_everybody_else_the_act_does_not_exist(shop: Shop) -> None:
    async with shop.database.job() as session:
        people = {role: await make.make_user(session, shop.seller, roles=[role])
                  for role in (Role.ADMINISTRATOR, Role.LOGISTICS, Role.INTEGRATOR)}  # fmt: skip
    viewers = [await make.viewer_of(shop.database, each) for each in people.values()]
    before = await shop.snapshot()

    for viewer in (*viewers, shop.finance, shop.buyer):
        answer = await shop.ask(viewer, WRITE, input=given(shop))
        assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"

    assert await shop.snapshot() == before


async def test_the_database_lets_staff_change_nothing_else_of_a_customer(shop: Shop) -> None:
    """Of the row, the writing roles hold what acts of theirs change, and the version."""
    asked = text(
        "select column_name from information_schema.column_privileges where table_name = 'customer'"
        " and privilege_type = 'UPDATE' and grantee = :role order by 1"
    )
    async with shop.database.owner() as connection:
        everyone = ["delivery_priority", "internal_note", "lot_selection", "version"]
        # Finance makes a prospect a customer; who sees a territory alone does not.
        for role, may in {"territory_write": everyone, "staff_write": sorted([*everyone, "status"])}.items():
            held = await connection.scalars(asked, {"role": shop.database.role_prefix + role})
            assert list(held) == may
        held = await connection.scalars(asked, {"role": shop.database.role_prefix + "customer_write"})
        assert list(held) == []
