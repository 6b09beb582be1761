"""Lines of sales agreements from files: put into drafts, refused row by row, tried first."""

from typing import Any

from sqlalchemy import text

from auth.permissions import Role
from tests.schema.agreeing import done, drafted, in_force, link, manager_of, member_of, read
from tests.schema.importing import imported, integrator_of, rows
from tests.schema.shop import Shop
from tests.schema.test_orders_acts import placed

LINES = """
    select line ->> 'number', line ->> 'type', line ->> 'sku', line ->> 'committed', line ->> 'unitPrice',
        line ->> 'discountPercent', line ->> 'maxEnforced', line ->> 'validUntil'
    from agreement_version version join sales_agreement agreement on agreement.id = version.agreement_id
        cross join jsonb_array_elements(version.content -> 'lines') as line
    where version.status = 'DRAFT' and agreement.number = :number
"""
HEAD = "agreement,line,type,sku,committed,price,discount,max_enforced,last_day\n"


async def lines_of(shop: Shop, agreement: dict[str, Any]) -> list[tuple[Any, ...]]:
    """The lines of the draft: number, type, product, committed, price, discount, enforced, end."""
    async with shop.database.job() as session:
        return [tuple(row) for row in await session.execute(text(LINES), {"number": agreement["number"]})]


async def test_a_file_fills_a_draft_and_again_changes_nothing(shop: Shop) -> None:
    viewer, draft = await integrator_of(shop), await drafted(shop)
    number = draft["number"]
    file = (
        f"{HEAD}{number},,,ACE-001,250,8.75,,yes,\n"
        f"{number},,OVERALL_VALUE,,5000,,2.5,,2026-06-30\n{number},7,PRODUCT_VALUE,ACE-001,900,,1,,\n"
    )

    tried = await imported(shop, viewer, "AGREEMENT_LINES", file, verifyOnly=True)
    assert tried.counts == (2, 1, 0, 0), tried.errors
    assert [line[3] for line in await lines_of(shop, draft)] == ["100"]

    taken = await imported(shop, viewer, "AGREEMENT_LINES", file)

    assert taken.counts == (2, 1, 0, 0), taken.errors
    expected = [
        ("1", "PRODUCT_QUANTITY", "ACE-001", "250", "8.75", "0", "true", None),
        ("2", "OVERALL_VALUE", "", "5000", None, "2.5", "false", "2026-07-01"),
        ("7", "PRODUCT_VALUE", "ACE-001", "900", None, "1", "false", None),
    ]
    assert await lines_of(shop, draft) == expected
    seen = await read(shop, shop.rep, draft)
    assert seen["version"] == draft["version"] + 1
    again = await imported(shop, viewer, "AGREEMENT_LINES", file)
    assert again.counts == (0, 0, 3, 0)
    assert (await read(shop, shop.rep, draft))["version"] == seen["version"]
    assert await rows(
        shop, "select action, entity_version from audit_event where action = 'salesAgreement.imported'"
    ) == [("salesAgreement.imported", seen["version"])]
    # What came by file is confirmed like what was typed.
    proposed = await done(shop, await manager_of(shop), "propose", seen)
    agreed = await done(shop, await member_of(shop, Role.APPROVER), "accept", proposed)
    assert [line["committed"] for line in agreed["lines"]] == ["250", "5000", "900"]
    assert await shop.broken() == []


async def test_each_bad_row_says_why_and_the_others_are_taken(shop: Shop) -> None:
    viewer, draft, agreed = await integrator_of(shop), await drafted(shop), await in_force(shop)
    number = draft["number"]
    file = HEAD + "\n".join(
        [
            f"{number},,,ACE-001,120,,,,",
            "SA-NONE,,,ACE-001,1,,,,",
            f"{agreed['number']},,,ACE-001,1,,,,",
            f"{number},,,NADA,1,,,,",
            f"{number},,PRODUCT_VALUE,ACE-001,1,9,,,",
            f"{number},,OVERALL_VALUE,,1.001,,,,",
            f"{number},2,OVERALL_VALUE,,10,,101,,",
            f"{number},3,OVERALL_VALUE,,10,,,,2025-12-31",
            f"{number},4,OVERALL_VALUE,,,,,,",
        ]
    )

    taken = await imported(shop, viewer, "AGREEMENT_LINES", file)

    assert taken.counts == (0, 1, 0, 8)
    assert taken.errors == [
        (3, "agreement", "SA-NONE", "NOT_FOUND"),
        (4, "agreement", agreed["number"], "INVALID_TRANSITION"),
        (5, "sku", "NADA", "NOT_FOUND"),
        (6, "price", "9", "INVALID"),
        (7, "committed", "1.001", "INVALID"),
        (8, "discount", "101", "INVALID"),
        (9, "last_day", "2025-12-31", "INVALID"),
        (10, "committed", "", "INVALID"),
    ]
    assert [line[:4] for line in await lines_of(shop, draft)] == [("1", "PRODUCT_QUANTITY", "ACE-001", "120")]
    assert (await read(shop, shop.rep, agreed))["lines"] == agreed["lines"]


async def test_what_was_consumed_keeps_what_it_is_about(shop: Shop) -> None:
    viewer, agreed = await integrator_of(shop), await in_force(shop)
    await link(shop, await placed(shop, 30), agreed, "30")
    draft = await done(shop, shop.rep, "amend", agreed)
    before = await lines_of(shop, draft)

    file = f"{HEAD}{draft['number']},1,OVERALL_VALUE,,100,,,,\n{draft['number']},,,ACE-001,20,9,,yes,\n"
    taken = await imported(shop, viewer, "AGREEMENT_LINES", file)

    assert taken.errors == [(2, "type", "OVERALL_VALUE", "INVALID"), (3, "committed", "20", "INVALID")]
    assert await lines_of(shop, draft) == before


async def test_two_lines_about_one_thing_are_told_apart_by_their_numbers(shop: Shop) -> None:
    viewer = await integrator_of(shop)
    one = {"type": "OVERALL_VALUE", "committed": "100"}
    draft = await drafted(shop, one, one | {"committed": "200"})
    head = "agreement,line,type,committed\n"

    refused = await imported(shop, viewer, "AGREEMENT_LINES", f"{head}{draft['number']},,OVERALL_VALUE,300\n")
    taken = await imported(shop, viewer, "AGREEMENT_LINES", f"{head}{draft['number']},2,,300\n")

    assert refused.errors == [(2, "line", "", "INVALID")]
    assert taken.counts == (0, 1, 0, 0), taken.errors
    assert [line[3] for line in await lines_of(shop, draft)] == ["100", "300"]
