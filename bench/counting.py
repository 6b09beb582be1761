"""How many statements the fields of a document send, without those that begin, set up and end the transaction."""

from typing import Any
from uuid import UUID

from sqlalchemy import event

from app.database import Database
from auth.signing_in import utc_now
from auth.viewers import load_visit
from bench.cases import CART, CASES
from bench.data import PREFIX, Ground, Person
from rules.states import SessionKind
from schema.api import api
from schema.engine import Engine
from schema.throttle import Throttle


async def count_statements(ground: Ground, versions: dict[UUID, int]) -> dict[str, int]:
    """Statements by case, counted in this process; the placement empties one cart."""
    database = Database(ground.url, PREFIX, 2, ground.owner_url)
    engine = Engine(api, database, Throttle(10**12, 10**12))
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "set_config" not in statement:
            seen.append(statement)

    found = {}
    buyer = ground.buyers[0]
    try:
        for case in CASES:
            person = ground.reps[0] if case.name == "Q1" else buyer
            viewer = await _viewer(database, person)
            variables: dict[str, Any] = {}
            if case.name == "M1":
                cart = (await engine.execute_document(viewer, CART))["data"]["cart"]
                given = {"cartId": cart["id"], "expectedVersion": versions[buyer.cart_id],
                         "expectedTotal": cart["totals"]["gross"]["amount"]}  # fmt: skip
                variables = {"input": given}
            else:
                await engine.execute_document(viewer, case.document)  # once for what is read once per process
            event.listen(database.engine.sync_engine, "before_cursor_execute", note)
            key = f"{buyer.cart_id}-count-{versions[buyer.cart_id]}"
            answer = await engine.execute_document(
                viewer, case.document, variables, idempotency_key=key if variables else None
            )
            event.remove(database.engine.sync_engine, "before_cursor_execute", note)
            if "errors" in answer:
                raise RuntimeError(str(answer["errors"]))
            found[case.name] = len(seen)
            seen.clear()
    finally:
        await database.close()
    return found


async def statements_of(ground: Ground, person: Person, query: str, variables: dict[str, Any]) -> int:
    """How many a query sends, the second time: some things are read once per process."""
    database = Database(ground.url, PREFIX, 2, ground.owner_url)
    engine = Engine(api, database, Throttle(10**12, 10**12))
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if "set_config" not in statement:
            seen.append(statement)

    try:
        viewer = await _viewer(database, person)
        await engine.execute_document(viewer, query, variables)
        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        answer = await engine.execute_document(viewer, query, variables)
    finally:
        await database.close()
    if "errors" in answer:
        raise RuntimeError(str(answer["errors"]))
    return len(seen)


async def _viewer(database: Database, person: Person) -> Any:
    async with database.auth() as session:
        visit = await load_visit(session, person.token, SessionKind.BEARER, utc_now())
    assert visit is not None
    return visit.viewer
