"""Letters with a one-use link: one for each cause, whose link opens its page once, and whose secret stays nowhere."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text

from app.server import create_app
from app.settings import Settings
from auth.links import make_link, request_password
from auth.permissions import Role, Viewer
from jobs.catalogue import make_catalogue
from jobs.kinds import NewJob, add_jobs
from jobs.mails import Letter, forget_links
from jobs.outbox import publish
from jobs.runs import begin
from rules.states import LinkKind
from tests import factories as make
from tests.jobs.test_mails import MailPlace, Postbox, postbox, rows, run_jobs, shop
from tests.jobs.trials import NOW
from tests.schema.shop import Shop

__all__ = ["postbox", "shop"]
NEW = "una frase muy larga"
LINK = re.compile(r"https://shop\.example\.com(/(?:invitation|password)/[\w-]+)")


async def act(shop: Shop, viewer: Viewer, mutation: str, payload: str, **given: Any) -> None:
    name = mutation[0].upper() + mutation[1:]
    document = (
        f"mutation($input: {name}Input!) {{ {mutation}(input: $input) {{ {payload} errors {{ code }} }} }}"
    )
    assert (await shop.data(viewer, document, input=given))[mutation]["errors"] == []


async def invite(shop: Shop, email: str = "nadie@example.com", locale: str = "es") -> Viewer:
    async with shop.database.job() as session:
        admin = await make.make_user(
            session, shop.seller, shop.customer, Role.COMPANY_ADMIN, name="Alba <b>Manda</b>"
        )
    viewer = await make.viewer_of(shop.database, admin)
    document = """mutation($input: InviteUserInput!) { inviteUser(input: $input) { errors { code } } }"""
    given = {"email": email, "name": "Nuria", "roles": ["BUYER"]}
    answer = await shop.ask(viewer, document, locale=locale, input=given)
    assert answer["data"]["inviteUser"]["errors"] == []
    return viewer


async def ask_for_password(shop: Shop, email: str) -> None:
    async with shop.database.job() as session:
        await request_password(session, email, NOW)


async def add_colleague(shop: Shop, locale: str = "es") -> None:
    async with shop.database.job() as session:
        administrator = await make.make_user(session, shop.seller, roles=[Role.ADMINISTRATOR])
    await act(
        shop, await make.viewer_of(shop.database, administrator), "createUser", "user { id }",
        email="nuevo@example.com", name="Nuevo", locale=locale, roles=["SALES_REP"],
    )  # fmt: skip


def parts(message: EmailMessage) -> tuple[str, str]:
    plain, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and html is not None
    return plain.get_content(), html.get_content()


def link_of(message: EmailMessage) -> str:
    """The path of the link, the same in both parts."""
    [plain, html] = [LINK.findall(part) for part in parts(message)]
    assert plain == html and len(plain) == 1
    return str(plain[0])


@asynccontextmanager
async def browsing(shop: Shop, settings: Settings) -> AsyncIterator[AsyncClient]:
    app = create_app(settings, shop.database, lambda: NOW)
    transport = ASGITransport(app=app, client=("192.0.2.1", 50_000))
    async with AsyncClient(transport=transport, base_url=settings.base_url) as browser:
        yield browser


async def works_once(shop: Shop, settings: Settings, path: str, done: str) -> str:
    """Opens the link's page, sets a password there, and finds it closed afterwards; the page."""
    async with browsing(shop, settings) as browser:
        page = await browser.get(path)
        assert page.status_code == 200
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert token is not None
        fields = {"password": NEW, "again": NEW, "csrf_token": token[1]}
        assert (await browser.post(path, data=fields)).headers["location"] == f"/login?done={done}"
        assert (await browser.get(path)).status_code == 404
        assert (await browser.post(path, data=fields)).headers["location"] == path
    return page.text


async def links(shop: Shop) -> int:
    async with shop.database.job() as session:
        return int(await session.scalar(text("select count(*) from account_link")))


async def start_job(shop: Shop, place: MailPlace) -> tuple[Any, UUID]:
    """The only job of the outbox, queued: its handler and id."""
    catalogue = make_catalogue(place)
    async with shop.database.job() as session:
        await publish(session, catalogue, NOW)
        row = (await session.execute(text("select id, kind from job"))).one()
    return catalogue.kinds[row.kind].handle, row.id


async def attempt(shop: Shop, handle: Any, job_id: UUID, now: datetime = NOW) -> None:
    """One try, after which the worker dies before it notes that the job is done."""
    run = await begin(shop.database, lambda: now, job_id)
    assert run is not None
    await handle(run)


@pytest.mark.parametrize(
    ("locale", "subject", "said"),
    [
        ("es", "Invitación a Bar Núñez SL", "El enlace sirve una sola vez, hasta el 9 de marzo de 2026."),
        ("en", "Invitation to Bar Núñez SL", "The link works once, until 9 March 2026."),
    ],
)
async def test_an_invitation_leads_a_new_person_in_once(
    shop: Shop, postbox: tuple[Postbox, MailPlace], settings: Settings, locale: str, subject: str, said: str
) -> None:
    box, place = postbox
    await invite(shop, locale=locale)
    await run_jobs(shop, place, 1)

    [message] = box.taken
    assert (str(message["To"]), str(message["Subject"])) == ("Nuria <nadie@example.com>", subject)
    plain, html = parts(message)
    assert said in plain and said in html and f'lang="{locale}"' in html
    assert "Alba <b>Manda</b>" in plain
    assert "Alba &lt;b&gt;Manda&lt;/b&gt;" in html and "<b>Manda" not in html
    assert "Bar Núñez SL" in await works_once(shop, settings, link_of(message), "invitation")
    [row] = await rows(shop)
    assert (row.user_id, row.state, row.text_body, row.html_body) == (None, "SENT", "", "")


@pytest.mark.parametrize(
    ("locale", "subject", "said"),
    [
        ("es", "Una contraseña nueva para", "solo sirve el último enlace enviado"),
        ("en", "A new password for", "only the link sent last works"),
    ],
)
async def test_a_forgotten_password_is_set_anew_once(
    shop: Shop, postbox: tuple[Postbox, MailPlace], settings: Settings, locale: str, subject: str, said: str
) -> None:
    box, place = postbox
    async with shop.database.job() as session:
        await session.execute(text("update app_user set locale = :it"), {"it": locale})
    await ask_for_password(shop, shop.buyer.email.upper())
    await run_jobs(shop, place, 1)

    [message] = box.taken
    assert str(message["To"]) == f"{shop.buyer.name} <{shop.buyer.email}>"
    assert str(message["Subject"]) == f"{subject} {shop.seller.name}"
    assert all(said in part for part in parts(message))
    assert shop.buyer.email in await works_once(shop, settings, link_of(message), "password")
    [row] = await rows(shop)
    assert (row.user_id, row.state, row.text_body, row.html_body) == (shop.buyer.user_id, "SENT", "", "")


@pytest.mark.parametrize(
    ("locale", "subject", "said"),
    [
        ("es", "Su cuenta en", "ha creado una cuenta para usted"),
        ("en", "Your account at", "has made an account"),
    ],
)
async def test_a_new_colleague_sets_their_first_password_once(
    shop: Shop, postbox: tuple[Postbox, MailPlace], settings: Settings, locale: str, subject: str, said: str
) -> None:
    box, place = postbox
    await add_colleague(shop, locale)
    await run_jobs(shop, place, 1)

    [message] = box.taken
    assert str(message["To"]) == "Nuevo <nuevo@example.com>"
    assert str(message["Subject"]) == f"{subject} {shop.seller.name}"
    for part in parts(message):
        assert said in part and "https://shop.example.com/forgotten" in part
    await works_once(shop, settings, link_of(message), "password")
    assert [(each.state, each.text_body) for each in await rows(shop)] == [("SENT", "")]


async def test_an_invited_account_is_written_to_in_its_own_language(
    shop: Shop, postbox: tuple[Postbox, MailPlace], settings: Settings
) -> None:
    box, place = postbox
    await invite(shop, shop.stranger.email.upper(), locale="en")
    await run_jobs(shop, place, 1)

    [message] = box.taken
    assert str(message["To"]) == f"{shop.stranger.name} <{shop.stranger.email}>"
    assert str(message["Subject"]) == "Invitación a Bar Núñez SL"
    assert [each.user_id for each in await rows(shop)] == [shop.stranger.user_id]


async def test_an_unknown_address_gets_no_letter(shop: Shop, postbox: tuple[Postbox, MailPlace]) -> None:
    await ask_for_password(shop, "nadie@example.com")
    async with shop.database.job() as session:
        assert await publish(session, make_catalogue(postbox[1]), NOW) == 0
    assert await rows(shop) == []


@pytest.mark.parametrize(
    ("label", "event", "statement"),
    [
        ("taken back", "invitation", "update invitation set revoked_at = now()"),
        ("accepted", "invitation", "update invitation set accepted_at = now()"),
        ("over", "invitation", "update invitation set expires_at = '2026-03-02T10:00Z'"),
        ("by nobody who may", "invitation", "update membership set role = 'BUYER'"),
        ("to a disabled account", "own", "update app_user set is_active = false where email = 'own@example.com'"),
        ("to one of our people", "own", "insert into staff_role (user_id, role)"
         " select id, 'FINANCE' from app_user where email = 'own@example.com'"),
        ("disabled", "password", "update app_user set is_active = false"),
        ("disabled", "account", "update app_user set is_active = false"),
        ("has a password", "account", "insert into user_credential (user_id, password_hash, changed_at)"
         " select id, 'x', now() from app_user where email = 'nuevo@example.com'"),
    ],
)  # fmt: skip
async def test_nobody_is_written_to_of_a_link_that_would_open_nothing(
    shop: Shop, postbox: tuple[Postbox, MailPlace], label: str, event: str, statement: str
) -> None:
    box, place = postbox
    if event == "own":
        async with shop.database.job() as session:
            await make.make_user(session, shop.seller, shop.other, email="own@example.com")
        await invite(shop, "own@example.com")
    elif event == "invitation":
        await invite(shop)
    elif event == "password":
        await ask_for_password(shop, shop.buyer.email)
    else:
        await add_colleague(shop)
    async with shop.database.job() as session:
        await session.execute(text(statement))
    await run_jobs(shop, place, 1)

    assert (box.taken, await rows(shop), await links(shop)) == ([], [], 0), label
    async with shop.database.job() as session:
        assert await session.scalar(text("select state from job")) == "SUCCEEDED"


async def test_a_job_tried_again_sends_the_link_it_made(
    shop: Shop, postbox: tuple[Postbox, MailPlace], settings: Settings
) -> None:
    box, place = postbox
    box.refuse["nadie@example.com"] = "451 later"
    await invite(shop)
    handle, job_id = await start_job(shop, place)
    with pytest.raises(Exception, match="SMTPRecipientsRefused"):
        await attempt(shop, handle, job_id)
    [waiting] = await rows(shop)
    async with shop.database.job() as session:  # got an account meanwhile
        await make.make_user(session, shop.seller, shop.other, email="nadie@example.com", password=None)
    box.refuse.clear()
    for _ in range(3):
        await attempt(shop, handle, job_id, NOW + timedelta(minutes=2))

    [message] = box.taken
    assert link_of(message) in waiting.text_body
    assert (len(await rows(shop)), await links(shop)) == (1, 1)
    await works_once(shop, settings, link_of(message), "invitation")


async def test_a_letter_that_waited_longer_than_its_link_works_gets_another(
    shop: Shop, postbox: tuple[Postbox, MailPlace]
) -> None:
    box, place = postbox
    box.refuse[shop.buyer.email] = "451 later"
    await ask_for_password(shop, shop.buyer.email)
    handle, job_id = await start_job(shop, place)
    with pytest.raises(Exception, match="SMTPRecipientsRefused"):
        await attempt(shop, handle, job_id)
    [waiting] = await rows(shop)
    box.refuse.clear()
    await attempt(shop, handle, job_id, NOW + timedelta(hours=1))

    [message] = box.taken
    assert link_of(message) not in waiting.text_body
    async with shop.database.job() as session:
        still = await session.scalars(text("select expires_at from account_link where used_at is null"))
        assert still.all() == [NOW + timedelta(hours=2)]


async def test_of_two_letters_the_link_of_the_newer_works(
    shop: Shop, postbox: tuple[Postbox, MailPlace], settings: Settings
) -> None:
    box, place = postbox
    for count in (1, 2):
        await ask_for_password(shop, shop.buyer.email)
        await run_jobs(shop, place, count)

    first, second = (link_of(each) for each in box.taken)
    async with browsing(shop, settings) as browser:
        assert (await browser.get(first)).status_code == 404
    await works_once(shop, settings, second, "password")


async def test_links_asked_for_at_once_leave_one_that_works(shop: Shop) -> None:
    """The second waits for the first to commit, and then ends its link."""
    user_id = shop.buyer.user_id
    async with shop.database.job() as first:
        await make_link(first, LinkKind.PASSWORD, NOW, user_id=user_id)
        async with shop.database.job() as second:
            waiting = text("select 1 from app_user where id = :id for no key update skip locked")
            assert (await second.execute(waiting, {"id": user_id})).all() == []


async def test_without_a_mail_server_the_letter_is_kept_for_the_operator_and_no_line_tells_its_secret(
    shop: Shop, settings: Settings
) -> None:
    with structlog.testing.capture_logs() as lines:
        await invite(shop)
        await run_jobs(shop, MailPlace(), 1)

    [row] = await rows(shop)
    [path] = LINK.findall(row.text_body)
    assert (row.state, row.address) == ("KEPT", "nadie@example.com")
    assert [each for each in lines if each["event"] == "mail kept"] == [
        {"event": "mail kept", "log_level": "info", "mail_id": str(row.id), "template": "invitation"}
    ]
    assert path.rpartition("/")[2] not in str(lines)
    await works_once(shop, settings, path, "invitation")


class Quoting(Postbox):
    """A server that quotes the link of what it does not take, as filters do."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await super().handle_DATA(server, session, envelope)
        return f"451 listed: {link_of(self.taken[-1])}"


async def test_the_words_of_a_server_are_not_repeated(
    shop: Shop, postbox: tuple[Postbox, MailPlace], monkeypatch: pytest.MonkeyPatch
) -> None:
    box, place = postbox
    box.__class__ = Quoting
    await ask_for_password(shop, shop.buyer.email)
    with structlog.testing.capture_logs() as lines:
        await run_jobs(shop, place, 1)

    secrets = {link_of(each).rpartition("/")[2] for each in box.taken}
    async with shop.database.job() as session:
        row = (await session.execute(text("select state, failures, detail from job"))).one()
    assert row == ("FAILED", 5, "Undelivered: SMTPDataError 451")
    assert len(secrets) == 1 and secrets.pop() not in str(lines)


async def test_texts_are_forgotten_when_the_link_is_over(shop: Shop) -> None:
    await invite(shop)
    await run_jobs(shop, MailPlace(), 1)
    async with shop.database.job() as session:
        await forget_links(session, NOW)
    assert [bool(each.text_body and each.html_body) for each in await rows(shop)] == [True]
    async with shop.database.job() as session:
        [(job_id, _)] = await add_jobs(session, [NewJob("house.keep", "k", {})], NOW)
    handle = make_catalogue(MailPlace()).kinds["house.keep"].handle
    await attempt(shop, handle, job_id, NOW + timedelta(days=7, seconds=1))

    assert [(each.text_body, each.html_body, each.address) for each in await rows(shop)] == [
        ("", "", "nadie@example.com")
    ]


def test_a_letter_with_a_link_is_one_whose_texts_go() -> None:
    with pytest.raises(TypeError, match="LINK_TEMPLATES"):
        Letter("invitation", "x", UUID(int=1), {})
