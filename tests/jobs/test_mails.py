"""Mail: who gets which, in their language, once; against a real mail server (and without one)."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as modern
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from babel.messages.extract import extract_from_dir
from sqlalchemy import text, update

from app.database import Database
from jobs.catalogue import make_catalogue
from jobs.kinds import NewJob, add_jobs
from jobs.mails import HERE, Letter, erase_mail, texts, write
from jobs.outbox import publish
from jobs.runs import begin
from models.mails import MailMessage
from models.users import User
from rules.states import MailState
from tests.jobs.trials import NOW, settled, worker_of
from tests.schema.buying import drafted, make_supplier, sent
from tests.schema.shop import Shop, open_shop


@dataclass
class Postbox:
    """What the mail server took; `refuse` makes it say no to an address, for good (5xx) or for now (4xx)."""

    taken: list[EmailMessage] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802 - the server's name for it
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = BytesParser(policy=modern).parsebytes(envelope.content)
        assert isinstance(message, EmailMessage)
        self.taken.append(message)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [each for each in self.taken if address in str(each["To"])]


@dataclass(frozen=True)
class MailPlace:
    base_url: str = "https://shop.example.com"
    smtp_url: str | None = None
    mail_from: str = "Ventas <ventas@example.com>"


@asynccontextmanager
async def receiving() -> AsyncIterator[tuple[Postbox, MailPlace]]:
    """A mail server on a free port of this machine."""
    box = Postbox()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(box, hostname="mail.example.com"), "127.0.0.1", 0)
    try:
        yield box, MailPlace(smtp_url=f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")
    finally:
        server.close()


@pytest.fixture
async def postbox() -> AsyncIterator[tuple[Postbox, MailPlace]]:
    async with receiving() as both:
        yield both


@pytest.fixture
async def shop(database: Database) -> Shop:
    return await open_shop(database)


async def run_jobs(shop: Shop, place: MailPlace, jobs: int) -> None:
    """A worker's life until that many jobs have ended."""
    worker = worker_of(shop.database, catalogue=make_catalogue(place))
    running = asyncio.create_task(worker.run())
    try:
        await settled(shop.database, jobs)
    finally:
        worker.stop()
        await asyncio.wait_for(running, 20)


async def placed(shop: Shop, quantity: int = 3) -> dict[str, Any]:
    answer = await shop.place(shop.buyer, await shop.fill(shop.buyer, (shop.product, quantity)))
    assert answer["errors"] == []
    order: dict[str, Any] = answer["order"]
    return order


async def rows(shop: Shop) -> list[Any]:
    async with shop.database.job() as session:
        return list(await session.execute(text("select * from mail_message order by created_at, id")))


async def test_the_buyer_is_told_in_their_language_as_text_and_html(
    shop: Shop, postbox: tuple[Postbox, MailPlace]
) -> None:
    box, place = postbox
    order = await placed(shop)
    await run_jobs(shop, place, 3)

    [message] = box.taken
    assert str(message["To"]) == f"{shop.buyer.name} <{shop.buyer.email}>"
    assert str(message["Subject"]) == f"Hemos recibido su pedido {order['number']}"
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and html is not None
    for part in (plain.get_content(), html.get_content()):
        assert "30,00 €" in part.replace("\xa0", " ") and "ACE-001" in part and "2 de marzo de 2026" in part
        assert f"https://shop.example.com/orders/{order['number']}" in part
    assert [(each.state, each.sent_at) for each in await rows(shop)] == [("SENT", NOW)]


async def test_confirmed_and_refused_orders_are_told(shop: Shop, postbox: tuple[Postbox, MailPlace]) -> None:
    box, place = postbox
    async with shop.database.job() as session:
        await session.execute(update(User).where(User.id == shop.buyer.user_id).values(locale="en"))
    one, two = await placed(shop), await placed(shop)
    await shop.act(shop.rep, "confirmOrder", orderId=one["id"], expectedVersion=one["version"])
    await shop.act(
        shop.rep, "refuseOrder", orderId=two["id"], expectedVersion=two["version"], reason="<b>No</b> & no"
    )
    await run_jobs(shop, place, 8)

    subjects = sorted(str(each["Subject"]) for each in box.taken)
    assert subjects == sorted([
        f"We have received your order {one['number']}", f"We have received your order {two['number']}",
        f"Your order {one['number']} is confirmed", f"We cannot accept your order {two['number']}",
    ])  # fmt: skip
    refused = next(each for each in box.taken if "cannot" in str(each["Subject"]))
    plain, html = (refused.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and html is not None
    assert "Reason: <b>No</b> & no" in plain.get_content()
    assert "&lt;b&gt;No&lt;/b&gt; &amp; no" in html.get_content() and "<b>No" not in html.get_content()


async def test_a_held_order_is_told_to_finance(shop: Shop, postbox: tuple[Postbox, MailPlace]) -> None:
    box, place = postbox
    order = await placed(shop)
    await shop.act(
        shop.rep, "holdOrder", orderId=order["id"], expectedVersion=order["version"], reason="wait"
    )
    await run_jobs(shop, place, 4)

    [message] = box.to(shop.finance.email)
    assert str(message["Subject"]) == f"El pedido {order['number']} de Bar Núñez SL espera su decisión"
    body = message.get_body(("plain",))
    assert body is not None and "Causa: alguien lo ha retenido" in body.get_content()
    assert f"https://shop.example.com/staff/orders/{order['number']}" in body.get_content()


async def test_without_a_mail_server_the_message_is_kept_and_logged_in_one_line(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    with structlog.testing.capture_logs() as lines:
        await placed(shop)
        await run_jobs(shop, MailPlace(), 3)

    [row] = await rows(shop)
    assert (row.state, row.sent_at, row.address) == ("KEPT", None, shop.buyer.email)
    kept = [each for each in lines if each["event"] == "mail kept"]
    assert kept == [
        {"event": "mail kept", "log_level": "info", "mail_id": str(row.id), "template": "order_placed"}
    ]


async def test_a_letter_seen_twice_is_sent_once(shop: Shop, postbox: tuple[Postbox, MailPlace]) -> None:
    box, place = postbox
    await placed(shop)
    catalogue = make_catalogue(place)
    async with shop.database.job() as session:
        await publish(session, catalogue, NOW)
        job_id = UUID(str(await session.scalar(text("select id from job where kind = 'mail.order_placed'"))))
    for _ in range(3):  # the worker died each time before it noted that the job is done
        run = await begin(shop.database, lambda: NOW, job_id)
        assert run is not None
        await catalogue.kinds["mail.order_placed"].handle(run)

    assert len(box.taken) == len(await rows(shop)) == 1
    assert str(box.taken[0]["Message-ID"]) == f"<{(await rows(shop))[0].id}@example.com>"


async def test_an_address_refused_for_good_is_a_dead_letter_and_for_now_is_tried_again(
    shop: Shop, postbox: tuple[Postbox, MailPlace]
) -> None:
    box, place = postbox
    box.refuse[shop.buyer.email] = "550 no such user"
    await placed(shop)
    await run_jobs(shop, place, 3)
    found = text("select state, failures, reason from job where kind = 'mail.order_placed'")
    async with shop.database.job() as session:
        dead = (await session.execute(found)).one()
    assert dead == ("FAILED", 1, "The address of this person cannot receive mail.")

    box.refuse[shop.buyer.email] = "451 later"
    await placed(shop)
    await run_jobs(shop, place, 6)
    async with shop.database.job() as session:
        assert sorted(each.failures for each in await session.execute(found)) == [1, 5]
    assert box.taken == []
    assert [each.state for each in await rows(shop)] == ["QUEUED", "QUEUED"]


async def test_names_and_texts_make_no_headers(shop: Shop, postbox: tuple[Postbox, MailPlace]) -> None:
    box, place = postbox
    async with shop.database.job() as session:
        await session.execute(
            update(User).where(User.id == shop.buyer.user_id).values(name="Eve\r\nBcc: all@example.com")
        )
    await placed(shop)
    await run_jobs(shop, place, 3)

    [message] = box.taken
    assert message["Bcc"] is None
    assert str(message["To"]) == f'"Eve Bcc: all@example.com" <{shop.buyer.email}>'


async def test_what_is_personal_can_be_erased(shop: Shop) -> None:
    await placed(shop)
    await run_jobs(shop, MailPlace(), 3)
    async with shop.database.job() as session:
        assert await erase_mail(session, MailMessage.user_id == shop.buyer.user_id) == 1

    [row] = await rows(shop)
    assert (row.address, row.recipient, row.subject, row.text_body, row.html_body) == (None, None, "", "", "")
    assert row.state == MailState.KEPT


async def test_the_house_is_kept(shop: Shop) -> None:
    """Old traces go, and a job that the queue lost comes back."""
    await placed(shop)
    await run_jobs(shop, MailPlace(), 3)
    catalogue = make_catalogue(MailPlace())
    later = NOW + timedelta(days=91)
    async with shop.database.job() as session:
        [(lost, _), (keep, _), (recover, _)] = await add_jobs(
            session, [NewJob("mail.order_placed", "lost", {"id": "x"}), NewJob("house.keep", "k", {}),
                      NewJob("house.recover", "r", {})], NOW,
        )  # fmt: skip
    for job_id, kind in ((keep, "house.keep"), (recover, "house.recover")):
        run = await begin(shop.database, lambda: later, job_id)
        assert run is not None
        await catalogue.kinds[kind].handle(run)

    async with shop.database.job() as session:
        left = set(await session.scalars(text("select id from job")))
        queued = list(await session.scalars(text("select convert_from(payload, 'UTF8') from pgqueuer")))
    assert left == {lost, keep, recover} and queued == [str(lost)]
    assert [(each.address, each.subject) for each in await rows(shop)] == [(None, "")]


PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@cache
def source_texts() -> frozenset[str]:
    found = extract_from_dir(
        HERE,
        method_map=[("**.py", "python"), ("templates/**.html", "jinja2"), ("templates/**.txt", "jinja2")],
        options_map={"templates/**": {"trimmed": "true"}},
        keywords={"_": None, "N_": None},
    )
    return frozenset(message for _, _, message, _, _ in found if isinstance(message, str))


def test_every_text_of_mail_has_its_spanish_with_the_same_values() -> None:
    assert set(texts("es")) == source_texts()
    for english, spanish in texts("es").items():
        assert set(PLACEHOLDER.findall(english)) == set(PLACEHOLDER.findall(spanish)), english


def test_each_template_is_text_and_html() -> None:
    names = {path.stem for path in Path(HERE / "templates").glob("*.txt")}
    assert names == {path.stem for path in Path(HERE / "templates").glob("*.html")}


def test_a_value_is_never_a_template() -> None:
    values = {
        "number": "{{ 7 * 7 }}", "customer": "{% raw %}", "reason": "{{ seller }}", "seller": "S", "address": "x",
        "placed_on": NOW.date(),
    }  # fmt: skip
    letter = Letter("order_refused", "We cannot accept your order %(number)s", UUID(int=1), values)

    written = write(letter, "en")
    assert written.subject == "We cannot accept your order {{ 7 * 7 }}"
    assert "Reason: {{ seller }}" in written.text


async def test_a_supplier_gets_the_order_in_its_language(
    shop: Shop, postbox: tuple[Postbox, MailPlace]
) -> None:
    box, place = postbox
    supplier = await make_supplier(shop, locale="en", supplier_sku="N-77")
    await sent(
        shop, await drafted(shop, supplier, (shop.product, 12), requestedOn="2026-03-20", note="<b>Hurry</b>")
    )
    await run_jobs(shop, place, 1)

    [message] = box.taken
    assert str(message["To"]) == "Vinos del Norte SL <pedidos@norte.example>"
    assert str(message["Subject"]) == f"Purchase order PO-2026-000001 of {shop.seller.name}"
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and html is not None
    for part in (plain.get_content(), html.get_content()):
        assert "N-77" in part and "12" in part and "€4.00" in part and "20 March 2026" in part
    assert "<b>Hurry</b>" in plain.get_content() and "&lt;b&gt;Hurry" in html.get_content()
