"""Mail: written once per cause and person, kept as a row, sent at least once under one Message-ID."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib
import structlog
from babel.dates import format_date
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from jobs.runs import Run
from models.base import new_id
from models.mails import MailMessage
from models.users import User
from rules.refusals import ErrorCode, Refusal
from rules.states import HoldReason, MailState

HERE = Path(__file__).parent
LOCALES = ("es", "en")
SEND_SECONDS = 20
# Letters that hold a secret: their texts go when they are sent, and when nothing can be done with them any more.
LINK_TEMPLATES = frozenset({"invitation", "password", "account"})
_REGION = {"es": "es_ES", "en": "en_GB"}
log = structlog.stdlib.get_logger("ventas.mail")


class MailSettings(Protocol):
    """What mail has to know of the settings."""

    @property
    def base_url(self) -> str: ...
    @property
    def smtp_url(self) -> str | None: ...
    @property
    def mail_from(self) -> str: ...


class Undelivered(Exception):
    """The mail server did not take a letter that holds a secret; its own words are not repeated."""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a letter goes to; `id` is None for somebody without an account."""

    id: UUID | None
    seller_id: UUID
    email: str
    name: str
    locale: str


@dataclass(frozen=True, slots=True)
class OneUseLink:
    """
    The link that a letter is about, made in the transaction that writes the letter: both are there, or neither.

    Args:
        base: what the secret is put behind, as "https://shop.example.com/password/".
        draw: makes the link and gives its secret; None where it would open nothing, and then nobody is written to.
        lives: a letter that is still not sent after this time gets another link.
    """

    base: str
    draw: Callable[[AsyncSession], Awaitable[str | None]]
    lives: timedelta


@dataclass(frozen=True, slots=True)
class Letter:
    """
    One message to be written: `templates/NAME.txt` and `templates/NAME.html` with these values.

    `subject` is a text of the catalogue with the same values in it, `%(name)s`. Two jobs that write of the same
    `cause` write one letter; without one, each job writes its own. Where there is a `link`, the templates get it as
    `address`.
    """

    template: str
    subject: str
    to: UUID | Person
    values: Mapping[str, Any]
    cause: str = ""
    link: OneUseLink | None = None

    def __post_init__(self) -> None:
        if (self.link is not None) != (self.template in LINK_TEMPLATES):
            raise TypeError(f"Letters with a link, and only those, are LINK_TEMPLATES: {self.template}.")


@dataclass(frozen=True, slots=True)
class Written:
    subject: str
    text: str
    html: str


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a text of the catalogue that is translated later."""
    return text


HOLDS = {
    HoldReason.CREDIT: N_("the credit limit is passed"),
    HoldReason.OVERDUE: N_("an invoice is overdue"),
    HoldReason.MANUAL: N_("somebody holds it"),
}


@lru_cache(maxsize=len(LOCALES))
def texts(locale: str) -> Mapping[str, str]:
    """English text -> translation."""
    path = HERE / "locale" / locale / "LC_MESSAGES" / "mail.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {
            str(each.id): str(each.string) for each in read_po(file, locale=locale) if each.id and each.string
        }


@lru_cache(maxsize=len(LOCALES))
def _environment(locale: str) -> Environment:
    """Values are escaped in HTML and never become part of a template."""
    region = _REGION[locale]

    def gettext(text: str, **values: Any) -> str:
        return texts(locale).get(text, text)

    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.install_gettext_callables(gettext, _no_plural, newstyle=True)  # type: ignore[attr-defined]
    made.globals["lang"] = locale
    made.filters |= {
        "money": lambda amount, currency: format_currency(amount, currency, locale=region),
        "number": lambda amount: format_decimal(
            Decimal(amount).normalize(), locale=region, decimal_quantization=False
        ),
        "hold": lambda reason: gettext(HOLDS[HoldReason(reason)]),
        "day": lambda value: format_date(value, "long", locale=region),
    }
    return made


def _no_plural(one: str, many: str, number: int) -> str:
    raise TypeError("Mail has no plurals.")


def write(letter: Letter, locale: str) -> Written:
    """The letter in a language: subject on one line, plain text and HTML."""
    environment = _environment(locale if locale in LOCALES else LOCALES[0])
    subject = texts(str(environment.globals["lang"])).get(letter.subject, letter.subject) % letter.values
    values = {**letter.values, "subject": " ".join(subject.split())}
    return Written(
        values["subject"],
        environment.get_template(f"{letter.template}.txt").render(values),
        environment.get_template(f"{letter.template}.html").render(values),
    )


class Mailer:
    """Writes and sends. Without a mail server in the settings it only writes: the row stays, and a line in the log."""

    def __init__(self, settings: MailSettings) -> None:
        self.base_url = settings.base_url
        self.sender = settings.mail_from
        self.server = None if settings.smtp_url is None else urlsplit(settings.smtp_url)

    async def deliver(self, run: Run, letters: Sequence[Letter]) -> None:
        """
        Writes the letters that are not written yet, then sends those that are not sent yet.

        A run that is repeated goes on where the last one ended. Where the server took a message and the worker
        died before it could note that, it goes out twice under one Message-ID.
        """
        keys = await self._write(run, letters)
        async with run.database.job() as session:
            waiting = (
                await session.scalars(
                    select(MailMessage.id).where(
                        MailMessage.key.in_(keys), MailMessage.state == MailState.QUEUED
                    )
                )
            ).all()
        faults = []
        for message_id in waiting:
            try:
                await self._send(run, message_id)
            except Exception as fault:
                faults.append(fault)  # the others get theirs all the same
        if faults:
            # What may pass is tried again; what is final would end the job before its time.
            raise next((each for each in faults if not isinstance(each, Refusal)), faults[0])

    async def _write(self, run: Run, letters: Sequence[Letter]) -> list[str]:
        keys = []
        async with run.database.job() as session:
            people = await _people(session, [each.to for each in letters if isinstance(each.to, UUID)])
            for letter in letters:
                person = letter.to if isinstance(letter.to, Person) else people.get(letter.to)
                if person is None:
                    continue
                key = f"{letter.cause or run.job_id}:{letter.template}"
                # Of a link there is one letter, even if its reader gets an account while the job is tried again.
                keys.append(key if letter.link else f"{key}:{person.id}")
                added = await self._insert(session, keys[-1], letter, person, run.clock())
                if letter.link is not None:
                    added = await _put_link(session, keys[-1], added, letter, person.locale, run.clock())
                if added is not None and self.server is None:
                    log.info("mail kept", mail_id=str(added), template=letter.template)
        return keys

    async def _insert(
        self, session: AsyncSession, key: str, letter: Letter, person: Person, now: datetime
    ) -> UUID | None:
        """The id of the message; None where it was written before. What has a link gets its texts with the link."""
        written = Written("", "", "") if letter.link else write(letter, person.locale)
        found: UUID | None = await session.scalar(
            insert(MailMessage)
            .values(
                id=new_id(), seller_id=person.seller_id, key=key, template=letter.template, user_id=person.id,
                address=person.email, recipient=person.name, locale=person.locale, subject=written.subject,
                text_body=written.text, html_body=written.html, created_at=now,
                state=MailState.KEPT if self.server is None else MailState.QUEUED,
            )
            .on_conflict_do_nothing(index_elements=[MailMessage.key])
            .returning(MailMessage.id)
        )  # fmt: skip
        return found

    async def _send(self, run: Run, message_id: UUID) -> None:
        async with run.database.job() as session:
            row = await session.scalar(
                select(MailMessage).where(MailMessage.id == message_id).with_for_update(skip_locked=True)
            )
            if row is None or row.state != MailState.QUEUED or row.address is None:
                return
            is_secret = row.template in LINK_TEMPLATES
            try:
                await self._hand_over(self._message(row))
            except aiosmtplib.SMTPException as fault:
                if not is_secret:
                    raise
                # Servers quote what they refuse, and the fault is logged and shown.
                raise Undelivered(f"{type(fault).__name__} {getattr(fault, 'code', '')}".strip()) from None
            values: dict[str, Any] = {"state": MailState.SENT, "sent_at": run.clock()}
            await session.execute(
                update(MailMessage)
                .where(MailMessage.id == message_id)
                .values(values | (_NO_TEXTS if is_secret else {}))
            )
        log.info("mail sent", mail_id=str(message_id), template=row.template)

    def _message(self, row: MailMessage) -> EmailMessage:
        message = EmailMessage()
        host = parseaddr(self.sender)[1].rpartition("@")[2]
        try:
            message["To"] = Address(_one_line(row.recipient or ""), addr_spec=row.address or "")
        except (ValueError, HeaderParseError, IndexError) as fault:
            raise Refusal(ErrorCode.INVALID, "The address of this person cannot receive mail.") from fault
        message["From"] = self.sender
        message["Subject"] = _one_line(row.subject)
        message["Date"] = format_datetime(row.created_at)
        message["Message-ID"] = f"<{row.id}@{host}>"
        message["Content-Language"] = row.locale
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(row.text_body)
        message.add_alternative(row.html_body, subtype="html")
        return message

    async def _hand_over(self, message: EmailMessage) -> None:
        assert self.server is not None
        tls = self.server.scheme == "smtps"
        try:
            await aiosmtplib.send(
                message,
                hostname=self.server.hostname,
                port=self.server.port or (465 if tls else 587),
                username=unquote(self.server.username) if self.server.username else None,
                password=unquote(self.server.password) if self.server.password else None,
                use_tls=tls,
                timeout=SEND_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            if all(each.code >= 500 for each in refused.recipients):
                text = "The address of this person cannot receive mail."
                raise Refusal(ErrorCode.INVALID, text) from refused
            raise


def _one_line(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


async def _put_link(
    session: AsyncSession, key: str, added: UUID | None, letter: Letter, locale: str, now: datetime
) -> UUID | None:
    """
    Writes the letter's texts with its link: of a new letter, and of one that waited longer than its link works.

    Returns:
        The id of the message that was written; None where its texts stand, or where nobody is to be written to.
    """
    link = letter.link
    assert link is not None, "asked by the caller"
    if added is None:
        renewed = update(MailMessage).where(
            MailMessage.key == key,
            MailMessage.state == MailState.QUEUED,
            MailMessage.created_at <= now - link.lives,
        )
        added = await session.scalar(renewed.values(created_at=now).returning(MailMessage.id))
        if added is None:
            return None
    this = MailMessage.id == added
    secret = await link.draw(session)
    if secret is None:
        await session.execute(delete(MailMessage).where(this))
        return None
    written = write(replace(letter, values={**letter.values, "address": link.base + secret}), locale)
    await session.execute(
        update(MailMessage)
        .where(this)
        .values(subject=written.subject, text_body=written.text, html_body=written.html)
    )
    return added


async def _people(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Person]:
    """Those who may still sign in: nobody else gets mail."""
    rows = await session.execute(
        select(User.id, User.seller_id, User.email, User.name, User.locale).where(
            User.id.in_(ids), User.is_active
        )
    )
    return {row.id: Person(*row) for row in rows}


_NO_TEXTS = {"text_body": "", "html_body": ""}


async def forget_links(session: AsyncSession, before: datetime) -> None:
    """Takes the texts out of letters written before then whose link is over by now, whatever became of them."""
    await session.execute(
        update(MailMessage)
        .where(
            MailMessage.template.in_(LINK_TEMPLATES),
            MailMessage.created_at < before,
            MailMessage.text_body != "",
        )
        .values(_NO_TEXTS)
    )


async def erase_mail(session: AsyncSession, *which: Any) -> int:
    """Takes what is personal out of the messages that meet the conditions: of a person who asks, or of old ones."""
    done = await session.execute(
        update(MailMessage)
        .where(*which, MailMessage.address.is_not(None))
        .values(address=None, recipient=None, subject="", text_body="", html_body="")
        .returning(MailMessage.id)
    )
    return len(done.all())


def is_older(than: datetime) -> Any:
    """For `erase_mail`: written before, and not waiting to be sent."""
    return (MailMessage.created_at < than) & (MailMessage.state != MailState.QUEUED)
