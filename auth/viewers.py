"""From a session's token to its visit: who asks, for whom, and what they may. One statement, whoever it is."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, String, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import (
    Grants,
    Permission,
    Role,
    RowScope,
    Viewer,
    combine_grants,
    row_class_of,
)
from auth.sessions import IDLE, SEEN_EVERY, hash_of, looks_like_secret, note_use
from rules.states import SessionKind

# What a parent company may read of its subsidiaries, where the seller lets it see them. Acts stay its own.
READ_DOWNWARDS = frozenset({Permission.CUSTOMERS_READ, Permission.ORDERS_READ, Permission.SALES_HISTORY_READ})

# Read afresh at each request, so that whatever is taken away (user, role, membership, team) ends with the next one.
# A password set after the sign-in ends the session too. UNION, so that a circle of parents ends.
_READ = """
    select s.id, s.csrf_token, s.customer_id, s.last_seen_at, coalesce(s.locale, u.locale) as locale,
           u.id as user_id, u.name, u.email, u.seller_id,
           array(select r.role from staff_role r where r.user_id = u.id) as staff_roles,
           (select coalesce(jsonb_agg(jsonb_build_object(
                       'id', c.id, 'number', c.number, 'name', c.name, 'role', m.role,
                       'buyers_see_company_orders', c.buyers_see_company_orders
                   ) order by c.name_sort, c.id), '[]')
              from membership m join customer c on c.id = m.customer_id where m.user_id = u.id) as memberships,
           array(with recursive below(id) as (
                     select c.id from customer c
                      where seller.parents_see_descendants
                        and c.parent_id in (select m.customer_id from membership m
                                             where m.user_id = u.id
                                               and m.customer_id = coalesce(s.customer_id, m.customer_id))
                     union
                     select c.id from customer c join below on c.parent_id = below.id)
                 select id from below order by id) as descendants,
           array(select mate.user_id from sales_rep mate
                  where mate.sales_team_id in (
                            select me.sales_team_id from sales_rep me where me.user_id = u.id
                            union all
                            select t.id from sales_team t
                             where t.manager_id = u.id
                               and exists (select from staff_role r
                                            where r.user_id = u.id and r.role = 'SALES_MANAGER'))
                  order by mate.user_id) as rep_ids
      from user_session s
      join app_user u on u.id = s.user_id
      join seller on seller.id = u.seller_id
      left join user_credential k on k.user_id = u.id
     where {which}
       and s.revoked_at is null and s.expires_at > :now and s.last_seen_at > :idle_since
       and u.is_active and (k.changed_at is null or k.changed_at <= s.created_at)
    """


def _visits(which: str, *bound: BindParameter[Any]) -> Any:
    """The statement for sessions of one condition, which is a text of ours."""
    statement = text(_READ.replace("{which}", which)).bindparams(*bound)
    return statement.columns(
        staff_roles=ARRAY(String), memberships=JSONB, descendants=ARRAY(Uuid), rep_ids=ARRAY(Uuid)
    )


_VISIT = _visits("s.token_hash = :token_hash and s.kind = :kind", bindparam("kind", type_=String))
_VISITS = _visits("s.id = any(:session_ids)", bindparam("session_ids", type_=ARRAY(Uuid)))


@dataclass(frozen=True, slots=True)
class CustomerChoice:
    """A customer that the user may act for."""

    id: UUID
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Visit:
    """
    A valid session and what follows from it.

    `viewer` is None as long as the user has to choose one of several `customers`.
    """

    session_id: UUID
    csrf_token: str
    user_id: UUID
    name: str
    email: str
    locale: str
    viewer: Viewer | None
    customer: CustomerChoice | None
    customers: tuple[CustomerChoice, ...]
    may_act_as_staff: bool


async def load_visit(session: AsyncSession, token: str, kind: SessionKind, now: datetime) -> Visit | None:
    """
    The visit of a token; None where it opens nothing (malformed, unknown, over, of a disabled user).

    Args:
        session: of `Database.auth()`.
        kind: how the token came. A cookie's is no bearer token, nor the other way round.
    """
    if not looks_like_secret(token):
        return None
    parameters = {"token_hash": hash_of(token), "kind": kind.value, "now": now, "idle_since": now - IDLE}
    row = (await session.execute(_VISIT, parameters)).one_or_none()
    if row is None or not (row.staff_roles or row.memberships):
        return None
    if row.last_seen_at <= now - SEEN_EVERY:
        await note_use(session, row.id, now)
    return _visit(row)


async def load_viewers(
    session: AsyncSession, session_ids: Collection[UUID], now: datetime
) -> dict[UUID, Viewer]:
    """The viewers of sessions as they are now, by session; one statement, and no trace of use."""
    parameters = {"session_ids": list(session_ids), "now": now, "idle_since": now - IDLE}
    found = {}
    for row in await session.execute(_VISITS, parameters):
        viewer = _visit(row).viewer if row.staff_roles or row.memberships else None
        if viewer is not None:
            found[row.id] = viewer
    return found


def _visit(row: Any) -> Visit:
    memberships: Sequence[dict[str, Any]] = row.memberships
    customers = {
        each["id"]: CustomerChoice(UUID(each["id"]), each["number"], each["name"]) for each in memberships
    }
    acting: CustomerChoice | None = None
    if row.customer_id is not None:
        # Where this membership was taken away, nothing is assumed: the user chooses again.
        acting = customers.get(str(row.customer_id))
    elif len(customers) == 1 and not row.staff_roles:
        acting = next(iter(customers.values()))
    viewer: Viewer | None = None
    if acting is not None:
        viewer = _buyer(row, acting, [each for each in memberships if each["id"] == str(acting.id)])
    elif row.staff_roles and row.customer_id is None:
        viewer = _staff(row)
    return Visit(
        session_id=row.id,
        csrf_token=row.csrf_token,
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        locale=row.locale,
        viewer=viewer,
        customer=acting,
        customers=tuple(customers.values()),
        may_act_as_staff=bool(row.staff_roles),
    )


def _buyer(row: Any, acting: CustomerChoice, memberships: Iterable[dict[str, Any]]) -> Viewer:
    roles = frozenset(Role(each["role"]) for each in memberships)
    see_company = any(each["buyers_see_company_orders"] for each in memberships)
    below = tuple(each for each in row.descendants if each != acting.id)
    return _viewer(
        row,
        roles,
        widened(combine_grants(roles), see_company_orders=see_company, see_descendants=bool(below)),
        customer_id=acting.id,
        customer_ids=(acting.id, *below),
    )


def _staff(row: Any) -> Viewer:
    roles = frozenset(Role(each) for each in row.staff_roles)
    reps: tuple[UUID, ...] = ()
    if roles & {Role.SALES_REP, Role.SALES_MANAGER}:
        reps = (row.user_id, *(each for each in row.rep_ids if each != row.user_id))
    return _viewer(row, roles, combine_grants(roles), sales_rep_ids=reps)


def _viewer(row: Any, roles: frozenset[Role], grants: Grants, **reach: Any) -> Viewer:
    return Viewer(
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        seller_id=row.seller_id,
        row_class=row_class_of(roles),
        roles=roles,
        grants=grants,
        locale=row.locale,
        session_id=row.id,
        **reach,
    )


def widened(grants: Grants, *, see_company_orders: bool, see_descendants: bool) -> Grants:
    """A buyer's grants with what their customer and the seller allow besides."""
    wider = dict(grants)
    if see_company_orders and wider.get(Permission.ORDERS_READ) is RowScope.SELF:
        wider[Permission.ORDERS_READ] = RowScope.COMPANY
    if see_descendants:
        for permission in READ_DOWNWARDS:
            if wider.get(permission) is RowScope.COMPANY:
                wider[permission] = RowScope.DESCENDANTS
    return MappingProxyType(wider)
