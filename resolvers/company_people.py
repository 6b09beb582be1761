"""
Who belongs to a company: inviting people, their roles, and taking them out again.

The buyers' database role may read the people of its own company and write none of them, so that nothing a buyer sends
can make a person or a membership. An invitation is a row of the company and needs no more. Roles of members are
changed as the house, by the few statements of `_change_roles`, after everything was judged.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text, update

from auth.people import check_person
from auth.permissions import CUSTOMER_ROLES, ROLE_GRANTS, Permission, Role, RowScope, Viewer
from models.base import new_id
from models.customers_reads import customer_in_scope
from models.invitations import Invitation
from models.rows import by_key, columns_of, grouped
from resolvers.company import demand_member
from resolvers.context import Context, LockKind
from resolvers.customers import acting_customer, members_by_customer
from resolvers.events import record
from resolvers.house import as_house
from rules.refusals import ErrorCode, Refusal

INVITATION_DAYS = 7
PENDING_MAX = 50
_WIDTH = {scope: width for width, scope in enumerate(RowScope)}


@dataclass(frozen=True, slots=True)
class InvitationRow:
    id: UUID
    customer_id: UUID
    email: str
    name: str
    roles: list[str]
    invited_by_name: str
    created_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


async def invitations_by_customer(ctx: Context, keys: Sequence[UUID]) -> list[list[InvitationRow]]:
    """The invitations that nobody has answered or revoked, the newest first; the company's own only."""
    statement = (
        select(*columns_of(Invitation, InvitationRow))
        .where(
            customer_in_scope(ctx.user, Invitation.customer_id),
            Invitation.customer_id.in_(
                key for key in keys if ctx.user.reaches(Permission.COMPANY_MANAGE, key)
            ),
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .order_by(Invitation.id.desc())
        .limit(PENDING_MAX)
    )
    rows = (InvitationRow(*each) for each in await ctx.session.execute(statement))
    return grouped(keys, rows, "customer_id")


async def invitations_by_id(ctx: Context, keys: Sequence[UUID]) -> list[InvitationRow | None]:
    rows = await ctx.session.execute(
        select(*columns_of(Invitation, InvitationRow)).where(
            Invitation.id.in_(keys), Invitation.customer_id == ctx.user.customer_id
        )
    )
    return by_key(keys, (InvitationRow(*each) for each in rows))


def _demand_roles(viewer: Viewer, roles: Sequence[Role]) -> list[Role]:
    """Roles of customers, none of which can do more than whoever gives them."""
    wanted = sorted(set(roles))
    if not wanted:
        raise Refusal(ErrorCode.INVALID, "Choose at least one role.", ("roles",))
    if not CUSTOMER_ROLES.issuperset(wanted):
        raise Refusal(ErrorCode.INVALID, "This role cannot be held here.", ("roles",))
    if any(_exceeds(viewer, role) for role in wanted):
        text_ = "Nobody can give a role that may do more than they may themselves."
        raise Refusal(ErrorCode.NOT_PERMITTED, text_, ("roles",))
    return wanted


def _exceeds(viewer: Viewer, role: Role) -> bool:
    held: Mapping[Permission, RowScope] = viewer.grants
    return any(
        permission not in held or _WIDTH[scope] > _WIDTH[held[permission]]
        for permission, scope in ROLE_GRANTS[role].items()
    )


async def invite_user(ctx: Context, email: str, name: str, roles: Sequence[Role]) -> UUID:
    """
    Invites somebody by mail; an earlier invitation of theirs that is still open ends.

    Whether they have an account elsewhere is not looked up: they get in when they follow the link.
    """
    customer = await acting_customer(ctx)
    email, name = check_person(email, name)
    wanted = _demand_roles(ctx.user, roles)
    members = await ctx.load(members_by_customer, customer.id)
    if any(each.user.email.casefold() == email.casefold() for each in members):
        text_ = "This person belongs to your company already."
        raise Refusal(ErrorCode.ALREADY_EXISTS, text_, ("email",))
    # One admin after the other: an invitation of theirs is a row to wait for, a new one a unique index.
    ctx.locking(LockKind.DOCUMENT)
    pending = (
        Invitation.customer_id == customer.id,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
    )
    await ctx.session.execute(
        update(Invitation)
        .where(*pending, func.lower(Invitation.email) == func.lower(email))
        .values(revoked_at=ctx.now)
        .execution_options(synchronize_session=False)
    )
    count = await ctx.session.scalar(select(func.count()).select_from(Invitation).where(*pending))
    if count >= PENDING_MAX:
        text_ = "A company has {limit} open invitations at most."
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, text_, ("email",), limit=PENDING_MAX)
    invitation = Invitation(
        id=new_id(),
        seller_id=ctx.user.seller_id,
        customer_id=customer.id,
        email=email,
        name=name,
        locale=ctx.locale,
        roles=[role.value for role in wanted],
        invited_by_id=ctx.user.user_id,
        invited_by_name=ctx.user.name,
        created_at=ctx.now,
        expires_at=ctx.now + timedelta(days=INVITATION_DAYS),
    )
    ctx.session.add(invitation)
    record(
        ctx, "invitation.created", "Invitation", invitation.id, version=1, customer_id=customer.id,
        changes={"roles": [role.value for role in wanted]},
    )  # fmt: skip
    await ctx.session.flush()
    return invitation.id


async def revoke_invitation(ctx: Context, invitation_id: UUID) -> UUID:
    """The link of the invitation opens nothing any more."""
    customer = await acting_customer(ctx)
    statement = select(Invitation).where(
        Invitation.id == invitation_id,
        Invitation.customer_id == customer.id,
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
    )
    found: Invitation | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("invitationId",))
    found.revoked_at = ctx.now
    record(
        ctx, "invitation.revoked", "Invitation", found.id, version=2, customer_id=customer.id, published=False
    )
    await ctx.session.flush()
    return found.id


async def set_membership_roles(ctx: Context, user_id: UUID, roles: Sequence[Role]) -> UUID:
    """A colleague's roles from now on: the next request of theirs is judged by them."""
    await demand_member(ctx, user_id)
    wanted = _demand_roles(ctx.user, roles)
    return await _change_roles(ctx, user_id, wanted, "member.rolesSet")


async def remove_member(ctx: Context, user_id: UUID) -> UUID:
    """
    A colleague no longer belongs to the company, whose id is returned.

    A session is judged by the memberships of its moment (auth/viewers.py), so theirs act for it no more from now on.
    """
    await demand_member(ctx, user_id)
    await _change_roles(ctx, user_id, [], "member.removed")
    return (await acting_customer(ctx)).id


_HELD = """
    select membership.user_id, membership.role, app_user.is_active,
           exists (select from staff_role where staff_role.user_id = membership.user_id) as is_staff
    from membership join app_user on app_user.id = membership.user_id
    where membership.customer_id = :customer
"""
_GIVE = """
    insert into membership (user_id, customer_id, role, created_at)
    select :user, :customer, role, :now from unnest(cast(:roles as text[])) as role
    on conflict do nothing
"""
_TAKE = """
    delete from membership where user_id = :user and customer_id = :customer
        and role <> all (cast(:roles as text[]))
"""


async def _change_roles(ctx: Context, user_id: UUID, roles: Sequence[Role], action: str) -> UUID:
    """
    Makes these the person's roles at the viewer's company, one admin after the other.

    Raises:
        NOT_PERMITTED: one of the seller's own people, or the last one who administers the company.
    """
    customer = await acting_customer(ctx)
    ctx.locking(LockKind.DOCUMENT)
    async with as_house(ctx) as session:
        await session.execute(text("select from customer where id = :id for update"), {"id": customer.id})
        held = (await session.execute(text(_HELD), {"customer": customer.id})).all()
        if any(row.is_staff for row in held if row.user_id == user_id):
            text_ = "The seller's own people are not yours to change."
            raise Refusal(ErrorCode.NOT_PERMITTED, text_, ("userId",))
        others = any(
            row.role == Role.COMPANY_ADMIN and row.is_active for row in held if row.user_id != user_id
        )
        if Role.COMPANY_ADMIN not in roles and not others:
            text_ = "Your company needs somebody who administers it; give that role to somebody else first."
            raise Refusal(ErrorCode.NOT_PERMITTED, text_, ("userId",))
        values = {"user": user_id, "customer": customer.id, "roles": [role.value for role in roles]}
        await session.execute(text(_TAKE), values)
        await session.execute(text(_GIVE), {**values, "now": ctx.now})
        if not roles:
            gone = text("delete from spend_limit where user_id = :user and customer_id = :customer")
            await session.execute(gone, {"user": user_id, "customer": customer.id})
    record(
        ctx, action, "User", user_id, version=1, customer_id=customer.id,
        changes={"roles": [role.value for role in roles]},
    )  # fmt: skip
    await ctx.session.flush()
    return user_id
