"""
Those who run the system keep its users: who there is, our people's roles, and who may sign in.

Nothing the house's database roles may write makes a person: the acts do it as the house, by the fixed statements here,
after everything was judged. Whoever administers gives themselves nothing, and holds no role that decides on business
(SAFETY 2b, rule 4).
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from auth.people import LOCALES, check_person
from auth.permissions import STAFF_ROLES, Role
from models.base import new_id
from models.customers import Membership
from models.customers_reads import UserRow
from models.filters import Where, conditions
from models.rows import grouped
from models.users import StaffRole, User
from models.users_reads import USER_COLUMNS, PlaceRow, every_user, places, staff_roles, user_matches
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.house import as_house
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.refusals import ErrorCode, Refusal

SEARCH_MAX = 200


async def users(ctx: Context, where: Where | None, search: str | None, args: PageArgs) -> Page[UserRow]:
    """Everybody with an account, by name."""
    statement = every_user(ctx.user).where(conditions(where, USER_COLUMNS))
    if search and search.strip():
        if len(search) > SEARCH_MAX:
            raise Refusal(
                ErrorCode.LIMIT_EXCEEDED,
                "A search has {limit} characters at most.",
                ("search",),
                limit=SEARCH_MAX,
            )
        statement = statement.where(user_matches(search))
    return await page(ctx, statement, [SortKey("name", User.name), SortKey("id", User.id)], args, UserRow)


async def staff_roles_by_user(ctx: Context, keys: Sequence[UUID]) -> list[list[str]]:
    found: dict[UUID, list[str]] = {key: [] for key in keys}
    for user_id, role in await ctx.session.execute(staff_roles().where(StaffRole.user_id.in_(keys))):
        found[user_id].append(role)
    return [found[key] for key in keys]


async def places_by_user(ctx: Context, keys: Sequence[UUID]) -> list[list[PlaceRow]]:
    statement = places(ctx.user).where(Membership.user_id.in_(keys))
    return grouped(keys, (PlaceRow(*each) for each in await ctx.session.execute(statement)), "user_id")


def _demand_staff_roles(roles: Sequence[Role]) -> list[str]:
    wanted = sorted(set(roles))
    if not wanted:
        raise Refusal(ErrorCode.INVALID, "Choose at least one role.", ("roles",))
    if not STAFF_ROLES.issuperset(wanted):
        raise Refusal(ErrorCode.INVALID, "This role cannot be held here.", ("roles",))
    if Role.ADMINISTRATOR in wanted and len(wanted) > 1:
        text_ = "Whoever administers the system decides on no business: this role stands alone."
        raise Refusal(ErrorCode.INVALID, text_, ("roles",))
    return [role.value for role in wanted]


_NEW = """
    insert into app_user (id, seller_id, email, name, locale, is_active, created_at)
    select cast(:id as uuid), cast(:seller as uuid), cast(:email as text), cast(:name as text), cast(:locale as text),
        true, cast(:now as timestamptz)
    where not exists (select from app_user where lower(email) = lower(cast(:email as text)))
"""
_GIVE = """
    insert into staff_role (user_id, role) select :user, role from unnest(cast(:roles as text[])) as role
    on conflict do nothing
"""
_TAKE = "delete from staff_role where user_id = :user and role <> all (cast(:roles as text[]))"
# Administrators of the seller other than this one; locked, so that two cannot take each other out.
_OTHERS = """
    select person.id from app_user person join staff_role on staff_role.user_id = person.id
    where person.seller_id = :seller and staff_role.role = 'ADMINISTRATOR' and person.is_active
    order by person.id for update of person
"""


async def create_user(ctx: Context, email: str, name: str, locale: str, roles: Sequence[Role]) -> UUID:
    """One of our people; they set their password by the link of a mail."""
    email, name = check_person(email, name)
    if locale not in LOCALES:
        raise Refusal(ErrorCode.INVALID, "This language is not available.", ("locale",))
    wanted, user_id = _demand_staff_roles(roles), new_id()
    values = {"id": user_id, "seller": ctx.user.seller_id, "email": email, "name": name, "locale": locale,
              "now": ctx.now}  # fmt: skip
    async with as_house(ctx) as session:
        made = await session.execute(text(_NEW + " returning id"), values)
        if made.first() is None:
            text_ = "There is already a user with this email address."
            raise Refusal(ErrorCode.ALREADY_EXISTS, text_, ("email",))
        await session.execute(text(_GIVE), {"user": user_id, "roles": wanted})
    record(ctx, "user.created", "User", user_id, version=1, customer_id=None, changes={"roles": wanted})
    await ctx.session.flush()
    return user_id


async def _demand_other(ctx: Context, user_id: UUID) -> UserRow:
    """Somebody of the seller's, but not the viewer."""
    found = (await ctx.session.execute(every_user(ctx.user).where(User.id == user_id))).first()
    if found is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("userId",))
    if user_id == ctx.user.user_id:
        raise Refusal(
            ErrorCode.NOT_PERMITTED, "Nobody changes their own rights; ask a colleague.", ("userId",)
        )
    return UserRow(*found)


async def set_staff_roles(ctx: Context, user_id: UUID, roles: Sequence[Role]) -> UUID:
    """The roles of one of our people from their next request on."""
    await _demand_other(ctx, user_id)
    wanted = _demand_staff_roles(roles)
    await _administrators(ctx)
    async with as_house(ctx) as session:
        await session.execute(text(_TAKE), {"user": user_id, "roles": wanted})
        await session.execute(text(_GIVE), {"user": user_id, "roles": wanted})
    record(ctx, "user.rolesSet", "User", user_id, version=1, customer_id=None, changes={"roles": wanted})
    await ctx.session.flush()
    return user_id


async def set_active(ctx: Context, user_id: UUID, is_active: bool, reason: str) -> UUID:
    """
    Lets somebody sign in or not. Whoever may not is out with their next request: sessions and tokens end, and do
    not come back when they are let in again.
    """
    if not reason.strip() or len(reason) > 500:
        raise Refusal(ErrorCode.REASON_REQUIRED, "Give a reason.", ("reason",))
    found = await _demand_other(ctx, user_id)
    if found.is_active is is_active:
        text_ = "This account is in that state already."
        raise Refusal(ErrorCode.INVALID_TRANSITION, text_, ("userId",))
    await _administrators(ctx)
    async with as_house(ctx) as session:
        change = text("update app_user set is_active = :is_active where id = :id")
        await session.execute(change, {"is_active": is_active, "id": user_id})
    if not is_active:
        async with as_house(ctx, "auth") as session:
            end = text("update user_session set revoked_at = :now where user_id = :id and revoked_at is null")
            await session.execute(end, {"now": ctx.now, "id": user_id})
    action = "user.enabled" if is_active else "user.disabled"
    record(ctx, action, "User", user_id, version=1, customer_id=None, reason=reason.strip())
    await ctx.session.flush()
    return user_id


async def _administrators(ctx: Context) -> None:
    """
    One change of rights after the other.

    Somebody administers afterwards: the viewer, who is not changed, if they still do once the lock is theirs.
    """
    ctx.locking(LockKind.DOCUMENT)
    async with as_house(ctx) as session:
        rows = await session.execute(text(_OTHERS), {"seller": ctx.user.seller_id})
        if ctx.user.user_id not in {row.id for row in rows}:
            raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this any more.", ("userId",))
