"""The letters with a one-use link: into a company, to a new password, into an account that was made for somebody."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from auth.links import PASSWORD_LIFE, find_link, make_link
from jobs.mails import N_, Letter, Mailer, OneUseLink, Person
from jobs.runs import Run
from models.customers import Customer
from models.invitations import Invitation
from models.sellers import Seller
from models.users import User, UserCredential
from rules.states import LinkKind


@dataclass(frozen=True, slots=True)
class AccountMails:
    """The handlers, with what they write and send with."""

    mailer: Mailer

    async def invited(self, run: Run) -> None:
        """To the invited address, in the language of its account or else of whoever invited, while it is open."""
        now = run.clock()
        async with run.database.job() as session:
            found = await session.execute(
                select(Invitation, Customer.name, Seller.name, Seller.time_zone)
                .join(Customer, Customer.id == Invitation.customer_id)
                .join(Seller, Seller.id == Invitation.seller_id)
                .where(Invitation.id == UUID(run.arguments["id"]))
            )
            invitation, company, seller, zone = found.one()
            if invitation.accepted_at or invitation.revoked_at or invitation.expires_at <= now:
                return
            person = await _invited_person(session, invitation)
        values = {
            "company": company, "seller": seller, "by": invitation.invited_by_name,
            "until": invitation.expires_at.astimezone(ZoneInfo(zone)).date(),
        }  # fmt: skip
        link = OneUseLink(
            f"{self.mailer.base_url}/invitation/",
            _drawing(LinkKind.INVITATION, now, invitation_id=invitation.id),
            invitation.expires_at - invitation.created_at,
        )
        subject = N_("Invitation to %(company)s")
        await self.mailer.deliver(run, [Letter("invitation", subject, person, values, link=link)])

    async def password_requested(self, run: Run) -> None:
        """To whoever asked; a disabled account gets none."""
        await self._tell(run, "password", N_("A new password for %(seller)s"))

    async def created(self, run: Run) -> None:
        """To somebody of the seller's who has an account now, unless they have found to their password already."""
        user_id = UUID(run.arguments["id"])
        async with run.database.job() as session:
            if await session.scalar(select(exists().where(UserCredential.user_id == user_id))):
                return
        await self._tell(run, "account", N_("Your account at %(seller)s"))

    async def _tell(self, run: Run, template: str, subject: str) -> None:
        user_id = UUID(run.arguments["id"])
        async with run.database.job() as session:
            seller = await session.scalar(
                select(Seller.name).join(User, User.seller_id == Seller.id).where(User.id == user_id)
            )
        base_url = self.mailer.base_url
        link = OneUseLink(
            f"{base_url}/password/", _drawing(LinkKind.PASSWORD, run.clock(), user_id=user_id), PASSWORD_LIFE
        )
        values = {"seller": seller, "again": f"{base_url}/forgotten"}
        await self.mailer.deliver(run, [Letter(template, subject, user_id, values, link=link)])


def _drawing(
    kind: LinkKind, now: datetime, *, user_id: UUID | None = None, invitation_id: UUID | None = None
) -> Callable[[AsyncSession], Awaitable[str | None]]:
    async def draw(session: AsyncSession) -> str | None:
        async with session.begin_nested() as savepoint:
            secret = await make_link(session, kind, now, user_id=user_id, invitation_id=invitation_id)
            # What a link opens is decided in one place, which knows more than the letter does.
            if await find_link(session, secret, kind, now) is None:
                await savepoint.rollback()
                return None
        return secret

    return draw


async def _invited_person(session: AsyncSession, invitation: Invitation) -> Person:
    """The account of the invited address at this seller, or the address by itself."""
    found = await session.execute(
        select(User.id, User.seller_id, User.email, User.name, User.locale).where(
            func.lower(User.email) == func.lower(invitation.email), User.seller_id == invitation.seller_id
        )
    )
    row = found.one_or_none()
    if row is not None:
        return Person(*row)
    return Person(None, invitation.seller_id, invitation.email, invitation.name, invitation.locale)
