"""From a session's token to its visit: who asks, for whom, and what they may. One statement, whoever it is."""

import ipaddress
from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType, SimpleNamespace
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ARRAY, BindParameter, String, Uuid, bindparam, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql.asyncpg import dialect
from sqlalchemy.ext.asyncio import AsyncSession

from auth.permissions import (
    ON_BEHALF_GRANTS,
    Grants,
    OnBehalf,
    Permission,
    Role,
    RowClass,
    RowScope,
    Viewer,
    combine_grants,
    row_class_of,
)
from auth.scopes import CUSTOMER_ROLE, SELLER_ROLE, limited, machine_grants
from auth.session_secrets import hash_of, looks_like_secret
from auth.sessions import IDLE, SEEN_EVERY, note_use
from rules.states import SessionKind

# What a parent company may read of its subsidiaries, where the seller lets it see them. Acts stay its own.
READ_DOWNWARDS = frozenset(
    {
        Permission.CUSTOMERS_READ,
        Permission.DELIVERIES_READ,
        Permission.ORDERS_READ,
        Permission.SALES_HISTORY_READ,
    }
)

# Read afresh at each request, so that whatever is taken away (user, role, membership, team) ends with the next one.
# A password set after the sign-in ends the session too. UNION, so that a circle of parents ends.
_READ = """
    select s.id, s.csrf_token, s.customer_id, s.last_seen_at, coalesce(s.locale, u.locale) as locale,
           u.id as user_id, u.name, u.email, u.seller_id,
           array(select r.role from staff_role r where r.user_id = u.id) as staff_roles,
           (select coalesce(jsonb_agg(jsonb_build_object(
                       'id', c.id, 'number', c.number, 'name', c.name, 'role', m.role,
                       'buyers_see_company_orders', c.buyers_see_company_orders,
                       'buyers_see_invoices', c.buyers_see_invoices
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
                  order by mate.user_id) as rep_ids,
           s.client_id, s.scopes, o.scopes as client_scopes, o.addresses,
           s.on_behalf_reason, behalf.id as behalf_id, behalf.number as behalf_number, behalf.name as behalf_name,
           behalf.sales_rep_id as behalf_rep_id,
           array(select t.sales_rep_id from sales_rep_territory t
                  where t.territory_id = behalf.territory_id) as behalf_rep_ids,
           s.on_behalf_of_id is not null as behalf_names_person,
           person.id as behalf_person_id, person.name as behalf_person_name,
           own.id as client_customer_id, own.number as client_customer_number, own.name as client_customer_name
      from user_session s
      join app_user u on u.id = s.user_id
      join seller on seller.id = u.seller_id
      left join user_credential k on k.user_id = u.id
      left join oauth_client o on o.id = s.client_id
      left join customer behalf on behalf.id = s.customer_id and behalf.seller_id = u.seller_id
           and s.on_behalf_reason is not null
      left join app_user person on person.id = s.on_behalf_of_id and person.is_active
           and exists (select from membership m where m.user_id = person.id and m.customer_id = behalf.id)
      left join customer own on own.id = o.customer_id
     where {which}
       and s.revoked_at is null and s.expires_at > :now and s.last_seen_at > :idle_since
       and u.is_active and (k.changed_at is null or k.changed_at <= s.created_at)
       and (s.client_id is null or o.disabled_at is null and o.user_id = u.id)
    """


def _visits(which: str, *bound: BindParameter[Any]) -> Any:
    """The statement for sessions of one condition, which is a text of ours."""
    statement = text(_READ.replace("{which}", which)).bindparams(*bound)
    return statement.columns(
        staff_roles=ARRAY(String), memberships=JSONB, descendants=ARRAY(Uuid), rep_ids=ARRAY(Uuid),
        behalf_rep_ids=ARRAY(Uuid), scopes=ARRAY(String), client_scopes=ARRAY(String), addresses=ARRAY(String),
    )  # fmt: skip


_VISIT = _visits(
    "s.token_hash = :token_hash and s.kind = any (:kinds)", bindparam("kinds", type_=ARRAY(String))
)
_VISITS = _visits("s.id = any(:session_ids)", bindparam("session_ids", type_=ARRAY(Uuid)))

# An access token of an OAuth client is carried like any other bearer token.
_CARRIED = {
    SessionKind.COOKIE: [SessionKind.COOKIE.value],
    SessionKind.BEARER: [SessionKind.BEARER.value, SessionKind.CLIENT.value],
    SessionKind.CALENDAR: [SessionKind.CALENDAR.value],
}
# A calendar program asks while its telephone is on: a long holiday ends nothing.
_IDLE = {SessionKind.CALENDAR: timedelta(days=90)}

_AT_ONCE = _VISIT.compile(dialect=dialect())  # type: ignore[no-untyped-call]
_AT_ONCE_TEXT = str(_AT_ONCE)


class AuthDatabase(Protocol):
    """Opens a session as the sign-in role, sends one statement as it, or acts as the house for the links of mails."""

    def auth(self) -> AbstractAsyncContextManager[AsyncSession]: ...

    async def auth_row(self, statement: str, *args: Any) -> Any: ...

    def job(self) -> AbstractAsyncContextManager[AsyncSession]: ...


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

    `viewer` is None as long as the user has to choose one of several `customers`, and where what they acted on behalf
    of is out of their reach now. `may_act_on_behalf` says that they could begin to.
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
    may_act_on_behalf: bool = False


async def load_visit(
    session: AsyncSession, token: str, kind: SessionKind, now: datetime, address: str = ""
) -> Visit | None:
    """
    The visit of a token; None where it opens nothing (malformed, unknown, over, of a disabled user or client).

    Args:
        session: of `Database.auth()`.
        kind: how the token came: COOKIE, BEARER, or CALENDAR in an address. Each is good for its own way only.
        address: the caller's; a client may have named those that its tokens are good from.
    """
    if not looks_like_secret(token):
        return None
    row = (await session.execute(_VISIT, _parameters(token, kind, now))).one_or_none()
    visit = _visit_from(row, address)
    if visit is not None and _is_worth_noting(row, now):
        await note_use(session, visit.session_id, now)
    return visit


async def find_visit(
    database: AuthDatabase, token: str, kind: SessionKind, now: datetime, address: str
) -> Visit | None:
    """As `load_visit`, by itself: the way of every request."""
    if not looks_like_secret(token):
        return None
    given = _parameters(token, kind, now)
    record = await database.auth_row(_AT_ONCE_TEXT, *(given[name] for name in _AT_ONCE.positiontup or ()))
    row = None if record is None else SimpleNamespace(**record)
    visit = _visit_from(row, address)
    if visit is not None and _is_worth_noting(row, now):
        async with database.auth() as session:
            await note_use(session, visit.session_id, now)
    return visit


def _parameters(token: str, kind: SessionKind, now: datetime) -> dict[str, Any]:
    since = now - _IDLE.get(kind, IDLE)
    return {"token_hash": hash_of(token), "kinds": _CARRIED[kind], "now": now, "idle_since": since}


def _is_worth_noting(row: Any, now: datetime) -> bool:
    """A client's tokens live for minutes: nobody asks when they were last seen."""
    return row.client_id is None and bool(row.last_seen_at <= now - SEEN_EVERY)


def _visit_from(row: Any, address: str) -> Visit | None:
    if row is None:
        return None
    if row.client_id is not None:
        return _machine_visit(row) if is_allowed_from(row.addresses, address) else None
    return _visit(row) if row.staff_roles or row.memberships else None


def is_allowed_from(networks: Sequence[str], address: str) -> bool:
    """Whether an address lies in one of the networks; no networks at all allow every address."""
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(each) for each in networks)


def _machine_visit(row: Any) -> Visit:
    """The visit of a client that acts for itself: of the seller, or of one customer and no other, not even below it."""
    of_customer = row.client_customer_id is not None
    roles = frozenset({CUSTOMER_ROLE if of_customer else SELLER_ROLE})
    grants = limited(machine_grants(of_customer=of_customer), row.client_scopes, row.scopes)
    reach: dict[str, Any] = {"client_id": row.client_id}
    acting: CustomerChoice | None = None
    if of_customer:
        acting = CustomerChoice(row.client_customer_id, row.client_customer_number, row.client_customer_name)
        reach |= {"customer_id": acting.id, "customer_ids": (acting.id,)}
    viewer = _viewer(row, roles, grants, **reach)
    return _visit_of(row, viewer, acting, () if acting is None else (acting,), not of_customer)


async def load_viewers(
    session: AsyncSession, session_ids: Collection[UUID], now: datetime
) -> dict[UUID, Viewer]:
    """The viewers of sessions as they are now, by session; one statement, and no trace of use."""
    parameters = {"session_ids": list(session_ids), "now": now, "idle_since": now - IDLE}
    found = {}
    for row in await session.execute(_VISITS, parameters):
        # Where a client may call from was looked at when its stream began.
        visit = _machine_visit(row) if row.client_id is not None else _visit_from(row, "")
        if visit is not None and visit.viewer is not None:
            found[row.id] = visit.viewer
    return found


def _visit(row: Any) -> Visit:
    if row.on_behalf_reason is not None:
        return _visit_on_behalf(row)
    memberships: Sequence[dict[str, Any]] = row.memberships
    customers = _choices(row)
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
    return _visit_of(row, viewer, acting, tuple(customers.values()), bool(row.staff_roles))


def _choices(row: Any) -> dict[str, CustomerChoice]:
    return {
        each["id"]: CustomerChoice(UUID(each["id"]), each["number"], each["name"]) for each in row.memberships
    }


def _visit_on_behalf(row: Any) -> Visit:
    """
    The visit of one of the seller's people in a customer's place.

    Looked at afresh each time: with the role, the territory or the person's membership it ends, and the user chooses
    again.
    """
    staff = _staff(row)
    acting: CustomerChoice | None = None
    viewer: Viewer | None = None
    lost_person = row.behalf_names_person and row.behalf_person_id is None
    if row.behalf_id is not None and not lost_person and _reaches(staff, row):
        acting = CustomerChoice(row.behalf_id, row.behalf_number, row.behalf_name)
        viewer = Viewer(
            user_id=row.user_id,
            name=row.name,
            email=row.email,
            seller_id=row.seller_id,
            row_class=RowClass.CUSTOMER,
            roles=frozenset({Role.BUYER}),
            grants=ON_BEHALF_GRANTS,
            locale=row.locale,
            session_id=row.id,
            customer_id=acting.id,
            customer_ids=(acting.id,),
            on_behalf=OnBehalf(row.on_behalf_reason, row.behalf_person_id, row.behalf_person_name or ""),
        )
    return _visit_of(row, viewer, acting, tuple(_choices(row).values()), bool(row.staff_roles))


def _reaches(staff: Viewer, row: Any) -> bool:
    """Whether a staff viewer may act for the customer of the row, as models/customers_reads.py draws its rows."""
    if not staff.may(Permission.ON_BEHALF_ACT):
        return False
    reps = {row.behalf_rep_id, *row.behalf_rep_ids}
    return staff.row_class is RowClass.STAFF or bool(reps & set(staff.sales_rep_ids))


def _visit_of(
    row: Any,
    viewer: Viewer | None,
    acting: CustomerChoice | None,
    customers: tuple[CustomerChoice, ...],
    may_act_as_staff: bool,
) -> Visit:
    return Visit(
        session_id=row.id,
        csrf_token=row.csrf_token,
        user_id=row.user_id,
        name=row.name,
        email=row.email,
        locale=row.locale,
        viewer=viewer,
        customer=acting,
        customers=customers,
        may_act_as_staff=may_act_as_staff,
        may_act_on_behalf=viewer is not None and viewer.may(Permission.ON_BEHALF_ACT),
    )


def _buyer(row: Any, acting: CustomerChoice, memberships: Iterable[dict[str, Any]]) -> Viewer:
    roles = frozenset(Role(each["role"]) for each in memberships)
    see_company = any(each["buyers_see_company_orders"] for each in memberships)
    see_invoices = any(each["buyers_see_invoices"] for each in memberships)
    below = tuple(each for each in row.descendants if each != acting.id)
    grants = widened(
        combine_grants(roles),
        see_company_orders=see_company,
        see_invoices=see_invoices,
        see_descendants=bool(below),
    )
    return _viewer(
        row,
        roles,
        # What a calendar program carries is good for less than its owner.
        grants if row.scopes is None else limited(grants, row.scopes),
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


def widened(grants: Grants, *, see_company_orders: bool, see_invoices: bool, see_descendants: bool) -> Grants:
    """A buyer's grants as their customer and the seller widen them; invoices are the company's or nobody's."""
    wider = dict(grants)
    if see_company_orders:
        for permission in (Permission.ORDERS_READ, Permission.DELIVERIES_READ):
            if wider.get(permission) is RowScope.SELF:
                wider[permission] = RowScope.COMPANY
    if wider.get(Permission.INVOICES_READ) is RowScope.SELF:
        if see_invoices:
            wider[Permission.INVOICES_READ] = RowScope.COMPANY
        else:
            del wider[Permission.INVOICES_READ]
    if see_descendants:
        for permission in READ_DOWNWARDS:
            if wider.get(permission) is RowScope.COMPANY:
                wider[permission] = RowScope.DESCENDANTS
    return MappingProxyType(wider)
