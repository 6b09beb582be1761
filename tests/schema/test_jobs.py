"""Jobs as their people see them: whose, how far, why not; and a dead one tried again."""

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from httpx import ASGITransport, AsyncClient
from sqlalchemy import event, text

from app.server import create_app
from app.settings import Settings
from auth.permissions import Role, Viewer
from jobs.runs import begin
from models.base import new_id
from models.products import File, FileChunk
from models.users import User
from resolvers.context import Context, LockedSession
from resolvers.jobs import start_job
from resolvers.runner import Done, run_act
from rules.states import SessionKind
from schema.ids import encode_id
from tests import factories as make
from tests.jobs.trials import settled, working
from tests.schema.shop import NOW, Shop

FIELDS = """id kind state failures reason version progress { done total } startedBy { name } errorRowCount
    errorRows { rowNumber columnName code message } resultFile { name mediaType byteSize path } allowedActions"""
JOBS = f"query($where: JobWhere) {{ jobs(where: $where) {{ totalCount nodes {{ {FIELDS} }} }} }}"
RETRY = (
    f"mutation($i: RetryJobInput!) {{ retryJob(input: $i) {{ job {{ {FIELDS} }} errors {{ code path }} }} }}"
)


async def started(
    shop: Shop, viewer: Viewer, kind: str = "test.rows", area: str = "", commit: bool = True
) -> UUID:
    """A job started by an act, as an import would start it."""

    def context(session: LockedSession) -> Context:
        return Context(viewer, NOW, ZoneInfo("UTC"), open_session=session, dry_run=not commit)

    async def work(ctx: Context) -> Done[UUID]:
        return Done(await start_job(ctx, kind, {"a": 1}, area=area, total=4))

    done = await run_act(shop.database, viewer, context, work)
    assert isinstance(done, UUID)
    return done


async def seen(shop: Shop, viewer: Viewer) -> set[UUID]:
    nodes = (await shop.data(viewer, JOBS))["jobs"]["nodes"]
    known = {}
    async with shop.database.job() as session:
        for key in await session.scalars(text("select id from job")):
            known[encode_id("Job", key)] = key
    return {known[each["id"]] for each in nodes}


async def staff(shop: Shop, role: Role) -> Viewer:
    async with shop.database.job() as session:
        user = await make.make_user(session, shop.seller, roles=[role])
    return await make.viewer_of(shop.database, user)


async def test_a_job_begins_when_its_act_has_committed_and_tells_how_it_ended(shop: Shop) -> None:
    job_id = await started(shop, shop.buyer)
    await started(shop, shop.buyer, commit=False)
    async with working(shop.database):
        assert await settled(shop.database, 1) == {"SUCCEEDED": 1}

    [job] = (await shop.data(shop.buyer, JOBS))["jobs"]["nodes"]
    assert job == {
        "id": encode_id("Job", job_id), "kind": "test.rows", "state": "SUCCEEDED", "failures": 0, "reason": "",
        "version": 3, "progress": {"done": 4, "total": 4}, "startedBy": {"name": shop.buyer.name}, "errorRowCount": 1,
        "errorRows": [{"rowNumber": 3, "columnName": "sku", "code": "INVALID", "message": "Not found."}],
        "resultFile": None, "allowedActions": [],
    }  # fmt: skip
    found = await shop.data(shop.buyer, "query($by: JobBy!) { job(by: $by) { state } }", by={"id": job["id"]})
    assert found == {"job": {"state": "SUCCEEDED"}}
    async with shop.database.job() as session:
        events = list(
            await session.scalars(text("select type from outbox_event where entity_type = 'Job' order by id"))
        )
    assert events == ["job.queued", "job.succeeded"]


async def test_each_sees_their_own_a_manager_the_team_s_finance_its_own_an_administrator_all(
    shop: Shop,
) -> None:
    admin, finance = await staff(shop, Role.ADMINISTRATOR), await staff(shop, Role.FINANCE)
    async with shop.database.job() as session:
        mate = await make.make_user(session, shop.seller, customer=shop.customer, role=Role.COMPANY_ADMIN)
        team = await make.make_team(session, shop.seller)
        rep = await make.make_rep(session, shop.seller, team)
        boss = await make.make_rep(session, shop.seller, team, Role.SALES_MANAGER)
    company = await make.viewer_of(shop.database, mate)
    member, manager = [await make.viewer_of(shop.database, each) for each in (rep, boss)]
    of_buyer, of_rep = await started(shop, shop.buyer), await started(shop, member)
    of_books = await started(shop, finance, area="finance")

    assert await seen(shop, shop.buyer) == {of_buyer}
    assert await seen(shop, company) == await seen(shop, shop.stranger) == await seen(shop, shop.rep) == set()
    assert await seen(shop, member) == await seen(shop, manager) == {of_rep}
    assert await seen(shop, shop.finance) == await seen(shop, finance) == {of_books}
    assert await seen(shop, admin) == {of_buyer, of_rep, of_books}
    node = "query($id: ID!) { node(id: $id) { id } }"
    assert await shop.data(company, node, id=encode_id("Job", of_buyer)) == {"node": None}
    assert await shop.data(company, node, id=encode_id("Job", UUID(int=1))) == {"node": None}


async def test_a_dead_job_is_tried_again_by_an_administrator(shop: Shop) -> None:
    admin = await staff(shop, Role.ADMINISTRATOR)
    job_id = await started(shop, shop.buyer, "test.refuse")
    async with working(shop.database):
        assert await settled(shop.database, 1) == {"FAILED": 1}
    dead = {"state": {"eq": "FAILED"}}
    [mine] = (await shop.data(shop.buyer, JOBS, where=dead))["jobs"]["nodes"]
    assert (mine["reason"], mine["allowedActions"]) == ("There is no file like that.", [])
    [job] = (await shop.data(admin, JOBS, where=dead))["jobs"]["nodes"]
    assert (job["allowedActions"], job["failures"]) == (["RETRY"], 1)

    before = await shop.snapshot()
    stale = await shop.data(admin, RETRY, i={"jobId": job["id"], "expectedVersion": job["version"] + 1})
    assert stale["retryJob"]["errors"] == [{"code": "STALE_VERSION", "path": ["expectedVersion"]}]
    hidden = await shop.ask(shop.finance, RETRY, i={"jobId": job["id"], "expectedVersion": job["version"]})
    assert "data" not in hidden
    assert await shop.snapshot() == before

    done = await shop.data(admin, RETRY, i={"jobId": job["id"], "expectedVersion": job["version"]})
    assert (done["retryJob"]["job"]["state"], done["retryJob"]["job"]["failures"]) == ("QUEUED", 0)
    async with working(shop.database):
        assert await settled(shop.database, 1) == {"FAILED": 1}  # it was tried, and is as it was
    again = await shop.data(admin, JOBS, where=dead)
    assert again["jobs"]["nodes"][0]["version"] > done["retryJob"]["job"]["version"]
    live = await started(shop, shop.buyer)
    refused = await shop.data(admin, RETRY, i={"jobId": encode_id("Job", live), "expectedVersion": 1})
    assert refused["retryJob"]["errors"] == [{"code": "INVALID_TRANSITION", "path": ["jobId"]}]
    async with shop.database.job() as session:
        trail = text("select action from audit_event where entity_id = :id order by id")
        assert list(await session.scalars(trail, {"id": job_id})) == ["job.queued", "job.retried"]


async def test_what_a_job_made_is_fetched_by_those_who_see_the_job(shop: Shop, settings: Settings) -> None:
    job_id = await started(shop, shop.buyer)
    run = await begin(shop.database, lambda: NOW, job_id)
    assert run is not None
    run.result_file_id = new_id()
    async with run.final() as session:
        session.add(File(id=run.result_file_id, seller_id=shop.seller.id, name="Pedidos «1».csv", media_type="text/csv",
                         byte_size=3, sha256=b"0" * 32, created_at=NOW))  # fmt: skip
        await session.flush()
        session.add(FileChunk(file_id=run.result_file_id, position=0, content=b"a;b"))
        await session.flush()
    [job] = (await shop.data(shop.buyer, JOBS))["jobs"]["nodes"]
    path = job["resultFile"]["path"]
    assert job["resultFile"] == {
        "name": "Pedidos «1».csv",
        "mediaType": "text/csv",
        "byteSize": 3,
        "path": path,
    }

    app = create_app(settings, shop.database)
    async with AsyncClient(transport=ASGITransport(app=app), base_url=settings.base_url) as client:
        for viewer, status in ((shop.buyer, 200), (shop.stranger, 404), (shop.finance, 404)):
            async with shop.database.auth() as session:
                token = await make.make_session(session, await _user(shop, viewer), kind=SessionKind.BEARER)
            answer = await client.get(path, headers={"Authorization": f"Bearer {token}"})
            assert answer.status_code == status
            if status == 200:
                assert answer.content == b"a;b" and "no-store" in answer.headers["cache-control"]
                assert answer.headers["content-disposition"].startswith(
                    "attachment; filename*=UTF-8''Pedidos%20"
                )


async def _user(shop: Shop, viewer: Viewer) -> Any:
    async with shop.database.job() as session:
        return await session.get(User, viewer.user_id)


async def test_pages_of_jobs_cost_the_same_however_many(shop: Shop) -> None:
    counted = []
    event.listen(
        shop.database.engine.sync_engine, "before_cursor_execute", lambda *given: counted.append(given[2])
    )
    sizes = []
    await shop.data(shop.buyer, JOBS)  # the seller's zone is read once per process
    for _ in range(2):
        for _ in range(3):
            await started(shop, shop.buyer)
        counted.clear()
        await shop.data(shop.buyer, JOBS)
        sizes.append(len(counted))

    assert sizes[0] == sizes[1]


@pytest.mark.parametrize("state", ["QUEUED", "RUNNING", "SUCCEEDED"])
async def test_only_the_dead_may_be_tried_again(shop: Shop, state: str) -> None:
    admin = await staff(shop, Role.ADMINISTRATOR)
    job_id = await started(shop, shop.buyer)
    async with shop.database.job() as session:
        await session.execute(text("update job set state = :s"), {"s": state})

    refused = await shop.data(admin, RETRY, i={"jobId": encode_id("Job", job_id), "expectedVersion": 1})
    assert refused["retryJob"]["errors"] == [{"code": "INVALID_TRANSITION", "path": ["jobId"]}]
    [job] = (await shop.data(admin, JOBS))["jobs"]["nodes"]
    assert (job["state"], job["allowedActions"]) == (state, [])
