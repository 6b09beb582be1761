"""Acts: committed once, replayed, refused without a trace, tried without effect, repeated after conflicts."""

import asyncio
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import strawberry
from sqlalchemy import literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.database import Database
from auth.permissions import Permission as P
from auth.permissions import RowClass, Viewer
from models.idempotency import IdempotencyRecord
from resolvers.context import Context, LockedSession, LockKind
from schema.engine import Engine
from schema.gate import make_request
from tests.schema.core.conftest import NOW, a_viewer, fill, names_in

MAKE = """mutation($name: String!, $price: Decimal, $key: String!) {
  makeThing(input: {name: $name, price: $price}) @idempotent(key: $key) {
    thing { id name size siblings } errors { code message path } warnings { code message path } replayed } }"""
MAKE_PLAIN = """mutation($name: String!) { makeThing(input: {name: $name}) {
    thing { name siblings } replayed
    errors { __typename code message path
      ... on OutOfStock { sku requested available nextAvailableOn }
      ... on StaleVersion { currentVersion }
      ... on CreditExceeded { limit { amount } exposure { amount } }
      ... on PriceChanged { expected { amount currency } actual { amount }
        lines { lineId sku seen { amount } now { amount } } } }
    warnings { code message } } }"""


async def records(database: Database, viewer: Viewer) -> int:
    async with database.read(viewer) as session:
        return len(list(await session.scalars(select(IdempotencyRecord.id))))


async def make(engine: Engine, viewer: Viewer, name: str, key: str = "k1", **more: Any) -> dict[str, Any]:
    answer = await engine.execute_document(viewer, MAKE, {"name": name, "key": key, **more})
    assert "errors" not in answer, answer
    made: dict[str, Any] = answer["data"]["makeThing"]
    return made


async def test_one_key_acts_once_and_answers_the_entity_as_it_is_now(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    first = await make(engine, viewer, "warned", price="1.50")
    grown = await engine.execute_document(viewer, 'mutation { growThing(name: "warned") { thing { size } } }')

    again = await make(engine, viewer, "warned", price="1.5")

    assert grown["data"]["growThing"]["thing"] == {"size": 2}
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["thing"] == {**first["thing"], "size": 2}
    assert (
        again["warnings"]
        == first["warnings"]
        == [{"code": "BACKORDERED", "message": "At most 1,234.5 at a time.", "path": ["name"]}]
    )
    assert await names_in(shop, viewer) == ["warned"]


async def test_other_input_under_the_same_key_is_a_conflict(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    await make(engine, viewer, "one")

    again = await make(engine, viewer, "two")

    assert [each["code"] for each in again["errors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert again["thing"] is None
    assert await names_in(shop, viewer) == ["one"]


async def test_a_key_belongs_to_its_principal(engine: Engine, shop: Database, viewer: Viewer) -> None:
    await make(engine, viewer, "one")

    other = await make(engine, a_viewer(), "two")

    assert not other["replayed"]
    assert other["thing"]["name"] == "two"


@pytest.mark.parametrize("name", ["refused", "stock", "stale", "credit", "price", "several"])
async def test_refusal_stores_nothing(engine: Engine, shop: Database, viewer: Viewer, name: str) -> None:
    answer = await make(engine, viewer, name)

    assert answer["errors"]
    assert answer["thing"] is None
    assert await names_in(shop, viewer) == []
    assert await records(shop, viewer) == 0


async def test_refusals_carry_their_data_and_hide_what_may_not_be_read(engine: Engine) -> None:
    buyer = a_viewer()
    staff = a_viewer(P.SIGNED_IN, P.CATALOG_READ, P.ORDERS_PLACE, P.STOCK_QUANTITY_READ, P.CREDIT_READ)

    async def error(viewer: Viewer, name: str) -> dict[str, Any]:
        answer = await engine.execute_document(viewer, MAKE_PLAIN, {"name": name})
        found: dict[str, Any] = answer["data"]["makeThing"]["errors"][0]
        return {key: value for key, value in found.items() if key != "message"}

    stock = {"__typename": "OutOfStock", "code": "OUT_OF_STOCK", "path": ["lines", "0"], "sku": "A1", "requested": "5",
             "nextAvailableOn": None}  # fmt: skip
    assert await error(buyer, "stock") == {**stock, "available": None}
    assert await error(staff, "stock") == {**stock, "available": "2"}
    assert (await error(buyer, "credit"))["limit"] is None
    assert (await error(staff, "credit"))["exposure"] == {"amount": "90.00"}
    assert (await error(buyer, "stale"))["currentVersion"] == 3
    changed = await error(buyer, "price")
    assert changed["expected"] == {"amount": "1.00", "currency": "EUR"}
    assert changed["lines"] == [{"lineId": "L", "sku": "A1", "seen": None, "now": {"amount": "2.50"}}]


async def test_several_refusals_are_all_told(engine: Engine, viewer: Viewer) -> None:
    answer = await engine.execute_document(viewer, MAKE_PLAIN, {"name": "several"})

    assert [each["code"] for each in answer["data"]["makeThing"]["errors"]] == ["STALE_VERSION", "INVALID"]


async def test_messages_speak_the_viewers_language(engine: Engine) -> None:
    answer = await engine.execute_document(a_viewer(locale="es"), MAKE_PLAIN, {"name": "refused"})

    assert answer["data"]["makeThing"]["errors"][0]["message"] == "No se ha encontrado."


async def test_dry_run_does_everything_and_keeps_nothing(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    document = """mutation { buyThing(input: {name: "warned"}) @dryRun {
      thing { name siblings } warnings { code } errors { code } } }"""

    answer = await engine.execute_document(viewer, document)

    assert answer["data"]["buyThing"] == {
        "thing": {"name": "warned", "siblings": 0}, "warnings": [{"code": "BACKORDERED"}], "errors": []
    }  # fmt: skip
    assert await names_in(shop, viewer) == []
    assert await records(shop, viewer) == 0


async def test_dry_run_with_a_key_leaves_the_key_free(engine: Engine, shop: Database, viewer: Viewer) -> None:
    document = 'mutation { buyThing(input: {name: "a"}) @idempotent(key: "k") @dryRun { replayed } }'
    await engine.execute_document(viewer, document)

    answer = await engine.execute_document(viewer, document.replace("@dryRun", ""))

    assert answer["data"]["buyThing"] == {"replayed": False}
    assert await names_in(shop, viewer) == ["a"]


async def test_money_and_goods_need_a_key(engine: Engine, shop: Database, viewer: Viewer) -> None:
    answer = await engine.execute_document(
        viewer, 'mutation { buyThing(input: {name: "a"}) { errors { code } } }'
    )

    assert answer["data"]["buyThing"]["errors"] == [{"code": "KEY_REQUIRED"}]
    assert await names_in(shop, viewer) == []


async def test_the_header_is_the_key_of_a_single_mutation(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    one = 'mutation { buyThing(input: {name: "a"}) { replayed } }'
    two = 'mutation { a: buyThing(input: {name: "b"}) { replayed } b: buyThing(input: {name: "c"}) { replayed } }'

    answers = [await engine.execute_document(viewer, one, idempotency_key="h") for _ in range(2)]
    refused = await engine.execute_document(viewer, two, idempotency_key="i")

    assert [each["data"]["buyThing"]["replayed"] for each in answers] == [False, True]
    assert refused["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert await names_in(shop, viewer) == ["a"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "a\tb"])
async def test_a_key_is_short_and_printable(engine: Engine, shop: Database, viewer: Viewer, key: str) -> None:
    answer = await make(engine, viewer, "a", key=key)

    assert [each["code"] for each in answer["errors"]] == ["INVALID"]
    assert await names_in(shop, viewer) == []


async def test_parallel_uses_of_one_key_act_once(engine: Engine, shop: Database, viewer: Viewer) -> None:
    answers = await asyncio.gather(*(make(engine, viewer, "one") for _ in range(20)))

    assert sorted(each["replayed"] for each in answers) == [False] + [True] * 19
    assert len({each["thing"]["id"] for each in answers}) == 1
    assert await names_in(shop, viewer) == ["one"]


async def test_acts_of_one_document_stand_and_fall_alone(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    document = """mutation {
      a: makeThing(input: {name: "a"}) { thing { siblings } }
      b: makeThing(input: {name: "refused"}) { thing { siblings } errors { code } }
      c: makeThing(input: {name: "c"}) { thing { siblings } } }"""

    answer = await engine.execute_document(viewer, document)

    assert answer["data"] == {
        "a": {"thing": {"siblings": 0}},
        "b": {"thing": None, "errors": [{"code": "INVALID"}]},
        "c": {"thing": {"siblings": 1}},
    }
    assert await names_in(shop, viewer) == ["a", "c"]


@pytest.mark.parametrize("field", ["broken", "refusing", "slow late"])
async def test_an_error_in_the_answer_undoes_the_act(
    engine: Engine, shop: Database, viewer: Viewer, field: str
) -> None:
    document = f'mutation {{ makeThing(input: {{name: "a"}}) {{ thing {{ name {field} }} }} }}'

    answer = await engine.execute_document(viewer, document)

    assert answer["data"] is None
    assert len(answer["errors"]) == 1
    assert "password" not in str(answer)
    assert await names_in(shop, viewer) == []


async def test_a_known_constraint_is_a_refusal_and_an_unknown_one_a_bug(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    await fill(shop, viewer, ["a"])
    grow = 'mutation { growThing(name: "a") { errors { code } } }'

    known = await engine.execute_document(viewer, MAKE_PLAIN, {"name": "a"})
    unknown = [await engine.execute_document(viewer, grow) for _ in range(4)][-1]

    assert known["data"]["makeThing"]["errors"][0]["code"] == "ALREADY_EXISTS"
    assert [each["extensions"]["code"] for each in unknown["errors"]] == ["INTERNAL"]
    assert "thing_size" not in str(unknown)


async def test_a_deadlock_is_tried_again(engine: Engine, shop: Database, viewer: Viewer) -> None:
    await fill(shop, viewer, ["a", "b"])
    async with shop.owner() as connection:
        # Every update of `a` takes `b` as well and the other way round, once both are there: they must collide.
        await connection.exec_driver_sql("create sequence arrivals")
        await connection.exec_driver_sql(
            "create function cross_lock() returns trigger language plpgsql security definer as $$ begin"
            " perform set_config('deadlock_timeout', '10ms', true);"  # noticed long before the lock timeout
            " perform nextval('arrivals');"
            " while (select last_value from arrivals) < 2 loop perform pg_sleep(0.001); end loop;"
            " perform 1 from thing where name <> new.name for update; return new; end $$"
        )
        await connection.exec_driver_sql(
            "create trigger cross_lock before update on thing for each row execute function cross_lock()"
        )
    grow = "mutation($n: String!) { growThing(name: $n, patience: 20000) { thing { size } errors { code } } }"

    answers = await asyncio.gather(
        *(engine.execute_document(viewer, grow, {"n": name}) for name in ("a", "b"))
    )

    assert [each["data"]["growThing"]["errors"] for each in answers] == [[], []]
    async with shop.owner() as connection:  # one was thrown out and came again
        assert await connection.scalar(text("select last_value from arrivals")) == 3


async def test_a_lock_that_does_not_clear_is_answered_503(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    await fill(shop, viewer, ["a"])
    request = make_request('mutation { growThing(name: "a") { thing { size } } }')
    async with shop.write(viewer) as holder:
        await holder.execute(text("select 1 from thing for update"))

        answer = await engine.answer(viewer, request)

    assert (answer.status, answer.retry_after) == (503, 1)
    assert answer.body["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_sibling_fields_on_a_fresh_engine_share_one_session(
    engine: Engine, shop: Database, viewer: Viewer
) -> None:
    await fill(shop, viewer, ["a"])
    await shop.engine.dispose()

    answer = await engine.execute_document(
        viewer, "{ a: count b: count c: things { totalCount nodes { siblings } } }"
    )

    assert answer["data"] == {"a": 1, "b": 1, "c": {"totalCount": 1, "nodes": [{"siblings": 0}]}}


async def test_the_session_takes_one_statement_at_a_time(shop: Database) -> None:
    await shop.engine.dispose()
    async with AsyncSession(shop.engine) as session:
        locked = LockedSession(session)

        found = await asyncio.gather(*(locked.scalar(select(literal(each))) for each in range(5)))

        await locked.end()
        with pytest.raises(RuntimeError, match="has ended"):
            await locked.scalar(select(literal(1)))
    assert found == list(range(5))


def test_locks_come_in_one_order() -> None:
    ctx = Context(None, NOW, ZoneInfo("Europe/Madrid"))
    ctx.locking(LockKind.DOCUMENT)
    ctx.locking(LockKind.STOCK)
    ctx.locking(LockKind.STOCK)

    with pytest.raises(AssertionError, match="EXPOSURE is locked after STOCK"):
        ctx.locking(LockKind.EXPOSURE)


async def test_a_hidden_mutation_does_not_exist(engine: Engine, viewer: Viewer) -> None:
    staff = a_viewer(P.SIGNED_IN, P.STAFF, P.CATALOG_READ, P.ORDERS_PLACE, row_class=RowClass.STAFF)

    refused = await engine.execute_document(viewer, "mutation { hidden { replayed } }")
    allowed = await engine.execute_document(staff, "mutation { hidden { replayed } }")

    assert refused["errors"][0]["message"] == "Cannot query field 'hidden' on type 'Mutation'."
    assert allowed["data"] == {"hidden": {"replayed": False}}


async def test_directives_of_acts_belong_on_acts(engine: Engine, viewer: Viewer) -> None:
    for document in ("{ count @dryRun }", 'mutation { makeThing(input: {name: "a"}) { replayed @dryRun } }'):
        answer = await engine.execute_document(viewer, document)

        assert answer["errors"][0]["message"] == "@dryRun belongs on a root field of a mutation."


def test_the_directives_are_in_the_sdl(core_api: strawberry.Schema) -> None:
    sdl = core_api.as_str()

    assert "directive @idempotent(" in sdl
    assert "directive @dryRun on FIELD" in sdl
    assert "@keyRequired" in sdl
