"""Mail about a company's own consent: those who may decide are told, and whoever ordered what became of it."""

from datetime import timedelta
from decimal import Decimal

from sqlalchemy import text

from auth.permissions import Role
from jobs.catalogue import make_catalogue
from jobs.kinds import NewJob, add_jobs
from jobs.runs import begin
from models.approvals import SpendLimit
from rules.states import LimitPeriod
from tests import factories as make
from tests.jobs.test_mails import MailPlace, Postbox, placed, postbox, run_jobs, shop
from tests.jobs.trials import NOW
from tests.schema.shop import Shop

__all__ = ["postbox", "shop"]


async def limited(shop: Shop) -> None:
    async with shop.database.job() as session:
        session.add(SpendLimit(user_id=shop.buyer.user_id, customer_id=shop.customer.id, per_order=Decimal(1),
                               per_period=None, period=LimitPeriod.MONTH, currency="EUR", updated_at=NOW))  # fmt: skip


async def test_approvers_are_told_and_then_the_buyer(shop: Shop, postbox: tuple[Postbox, MailPlace]) -> None:
    box, place = postbox
    await limited(shop)
    async with shop.database.job() as session:
        approver = await make.make_user(
            session, shop.seller, shop.customer, Role.APPROVER, name="Ana Aprueba"
        )
        await make.make_user(session, shop.seller, shop.customer)  # a colleague who decides nothing
        poor = await make.make_user(session, shop.seller, shop.customer, Role.APPROVER)
        session.add(SpendLimit(user_id=poor.id, customer_id=shop.customer.id, per_order=Decimal(2), per_period=None,
                               period=LimitPeriod.MONTH, currency="EUR", updated_at=NOW))  # fmt: skip
    order = await placed(shop)
    await run_jobs(shop, place, 1)

    [asked] = box.taken
    assert str(asked["To"]) == f"Ana Aprueba <{approver.email}>"
    assert str(asked["Subject"]) == f"El pedido {order['number']} de Berta Compra espera su aprobación"
    body = asked.get_body(("plain",))
    assert body is not None and f"https://shop.example.com/orders/{order['number']}" in body.get_content()

    viewer = await make.viewer_of(shop.database, approver)
    await shop.act(viewer, "refuseApproval", orderId=order["id"], expectedVersion=1, reason="Este mes no")
    await run_jobs(shop, place, 2)

    [told] = box.to(shop.buyer.email)
    assert str(told["Subject"]) == f"Su pedido {order['number']} no se ha aprobado"
    body = told.get_body(("plain",))
    assert (
        body is not None
        and "Ana Aprueba no aprobó" in body.get_content()
        and "Este mes no" in body.get_content()
    )


async def test_what_was_decided_meanwhile_is_asked_of_nobody(
    shop: Shop, postbox: tuple[Postbox, MailPlace]
) -> None:
    box, place = postbox
    await limited(shop)
    async with shop.database.job() as session:
        await make.make_user(session, shop.seller, shop.customer, Role.APPROVER)
    order = await placed(shop)
    await shop.act(shop.buyer, "withdrawApproval", orderId=order["id"], expectedVersion=1)
    await run_jobs(shop, place, 1)

    assert box.taken == []


async def test_the_clock_ends_what_nobody_decides(shop: Shop) -> None:
    await limited(shop)
    await placed(shop)
    catalogue = make_catalogue(MailPlace())
    assert "approvals.end" in {each.kind for each in catalogue.schedules}
    async with shop.database.job() as session:
        past = {"then": NOW - timedelta(minutes=1)}
        await session.execute(text("update approval_request set due_at = :then"), past)
        [(job_id, kind)] = await add_jobs(session, [NewJob("approvals.end", "now", {})], NOW)

    run = await begin(shop.database, lambda: NOW, job_id)
    assert run is not None
    await catalogue.kinds[kind].handle(run)

    async with shop.database.job() as session:
        status = await session.scalar(text("select status from approval_request"))
    assert status == "LAPSED" and run.is_finished
