"""API clients: the programs that get tokens by OAuth, what they may ask for, and their secrets."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from auth.client_secrets import hash_of_secret, hint_of, new_client_secret
from auth.permissions import Permission
from auth.scopes import ApiScope, grantable_scopes
from models.api_clients import (
    SECRETS_MAX,
    ApiClientRow,
    ApiClientSecretRow,
    OAuthClient,
    OAuthClientSecret,
    secrets_of_clients,
    visible_api_clients,
)
from models.base import new_id
from models.filters import Where, conditions
from models.rows import by_key, grouped
from models.users import User
from resolvers.context import Context, LockKind
from resolvers.events import record
from resolvers.paging import Page, PageArgs, SortKey, page
from rules.api_clients import ApiClientAction, checked_networks, client_actions
from rules.refusals import ErrorCode, InvalidTransition, Refusal, StaleVersion, refuse_all
from rules.states import UserKind

CLIENTS_MAX = 50
SECRET_DAYS, SECRET_DAYS_MAX = 365, 730
KEEP_HOURS, KEEP_HOURS_MAX = 24, 720
SECRET = "api client secret"  # nosec B105 - the name under which an act keeps it for its payload

COLUMNS: dict[str, Any] = {
    "name": OAuthClient.name,
    "customer": OAuthClient.customer_id,
    "is_disabled": OAuthClient.disabled_at.is_not(None),
}


async def api_clients(ctx: Context, where: Where | None, args: PageArgs) -> Page[ApiClientRow]:
    """The clients the viewer may see, newest first."""
    statement = visible_api_clients(ctx.user).where(conditions(where, COLUMNS))
    return await page(ctx, statement, [SortKey("id", OAuthClient.id, True)], args, ApiClientRow)


async def api_clients_by_id(ctx: Context, keys: Sequence[UUID]) -> list[ApiClientRow | None]:
    if not ctx.user.may(Permission.API_CLIENTS_MANAGE):  # a payload or node() may ask
        return [None] * len(keys)
    rows = await ctx.session.execute(visible_api_clients(ctx.user).where(OAuthClient.id.in_(keys)))
    return by_key(keys, (ApiClientRow(*each) for each in rows))


async def secrets_by_client(ctx: Context, keys: Sequence[UUID]) -> list[list[ApiClientSecretRow]]:
    """The secrets that are valid now, newest first."""
    rows = await ctx.session.execute(
        secrets_of_clients(ctx.user).where(
            OAuthClientSecret.client_id.in_(keys), OAuthClientSecret.expires_at > ctx.now
        )
    )
    return grouped(keys, (ApiClientSecretRow(*each) for each in rows), "client_id")


def scopes_to_give(ctx: Context) -> tuple[ApiScope, ...]:
    """What the viewer may give the clients of those they act for; never more than they may do themselves."""
    return grantable_scopes(ctx.user.permissions, of_customer=not ctx.user.is_staff)


def allowed_actions(ctx: Context, row: ApiClientRow) -> tuple[ApiClientAction, ...]:
    return client_actions(
        is_own=row.customer_id == ctx.user.customer_id, is_disabled=row.disabled_at is not None
    )


@dataclass(frozen=True, slots=True)
class ClientDraft:
    """What a client is to be; None leaves what there is."""

    name: str | None = None
    scopes: Sequence[ApiScope] | None = None
    addresses: Sequence[str] | None = None


def _checked(ctx: Context, draft: ClientDraft) -> dict[str, Any]:
    """The columns to write. Each scope must be the giver's to give, those that the client has already included."""
    values: dict[str, Any] = {}
    if draft.name is not None:
        values["name"] = draft.name.strip()
        if not 1 <= len(values["name"]) <= 200 or not values["name"].isprintable():
            raise Refusal(ErrorCode.INVALID, "A name has 1 to 200 characters.", ("name",))
    if draft.scopes is not None:
        mine = scopes_to_give(ctx)
        refuse_all(
            [
                Refusal(
                    ErrorCode.NOT_PERMITTED,
                    "You may not give the scope {scope} to this client.",
                    ("scopes", index),
                    scope=scope.value,
                )
                for index, scope in enumerate(draft.scopes)
                if scope not in mine
            ]
        )
        if not draft.scopes:
            raise Refusal(ErrorCode.INVALID, "A client needs at least one scope.", ("scopes",))
        values["scopes"] = sorted({scope.value for scope in draft.scopes})
    if draft.addresses is not None:
        values["addresses"] = checked_networks(draft.addresses)
    return values


def _within(value: int, least: int, most: int, field: str) -> int:
    if not least <= value <= most:
        raise Refusal(
            ErrorCode.INVALID, "A number from {least} to {most} is needed.", (field,), least=least, most=most
        )
    return value


async def create_api_client(ctx: Context, draft: ClientDraft, secret_days: int) -> UUID:
    """
    A client of those the viewer acts for, with its machine and one secret.

    The secret is kept for the payload of this one act and is nowhere else; a dry run makes none that is told.
    """
    viewer = ctx.user
    values = _checked(ctx, draft)
    _within(secret_days, 1, SECRET_DAYS_MAX, "secretDays")
    mine = visible_api_clients(viewer).where(
        OAuthClient.customer_id == viewer.customer_id, OAuthClient.disabled_at.is_(None)
    )
    if await ctx.session.scalar(select(func.count()).select_from(mine.subquery())) >= CLIENTS_MAX:
        raise Refusal(ErrorCode.LIMIT_EXCEEDED, "There may be {limit} clients at a time.", limit=CLIENTS_MAX)
    client = OAuthClient(
        id=new_id(), seller_id=viewer.seller_id, customer_id=viewer.customer_id, user_id=new_id(),
        created_by_id=viewer.user_id, created_at=ctx.now, **values,
    )  # fmt: skip
    ctx.session.add(client)
    await ctx.session.flush()  # row security lets the machine in by its client
    ctx.session.add(
        User(
            id=client.user_id, seller_id=viewer.seller_id, kind=UserKind.MACHINE, name=client.name, is_active=True,
            # No mail arrives there (RFC 2606), and nobody signs in without a password.
            email=f"{client.id}@clients.invalid", locale=ctx.locale, created_at=ctx.now,
        )
    )  # fmt: skip
    ctx.session.add(_secret(ctx, client.id, 1, secret_days))
    _record(ctx, client, "created", {"scopes": client.scopes, "addresses": len(client.addresses)})
    await ctx.session.flush()
    return client.id


def _secret(ctx: Context, client_id: UUID, slot: int, days: int) -> OAuthClientSecret:
    """A new secret for the slot; the act's payload tells it, unless it is a dry run."""
    secret = new_client_secret()
    if not ctx.dry_run:
        ctx.kept[SECRET] = secret
    return OAuthClientSecret(
        client_id=client_id, slot=slot, secret_hash=hash_of_secret(secret), hint=hint_of(secret),
        created_at=ctx.now, expires_at=ctx.now + timedelta(days=days),
    )  # fmt: skip


async def update_api_client(ctx: Context, client_id: UUID, draft: ClientDraft, version: int) -> UUID:
    """Other name, scopes or addresses; tokens that are out lose what their client lost at the next request."""
    client = await _to_change(ctx, client_id, version, ApiClientAction.UPDATE)
    before = {"scopes": client.scopes, "addresses": len(client.addresses)}
    for name, value in _checked(ctx, draft).items():
        setattr(client, name, value)
    await ctx.session.execute(update(User).where(User.id == client.user_id).values(name=client.name))
    after = {"scopes": client.scopes, "addresses": len(client.addresses)}
    _record(ctx, client, "updated", {"before": before, "after": after})
    await ctx.session.flush()
    return client.id


async def rotate_secret(
    ctx: Context, client_id: UUID, secret_days: int, keep_hours: int, version: int
) -> UUID:
    """
    A new secret; the one before goes on for some hours, so that programs can be changed one after the other.

    Of two that are valid the older one ends at once: no more than two are valid at any time.
    """
    _within(secret_days, 1, SECRET_DAYS_MAX, "secretDays")
    _within(keep_hours, 0, KEEP_HOURS_MAX, "keepOldHours")
    client = await _to_change(ctx, client_id, version, ApiClientAction.ROTATE_SECRET)
    statement = select(
        OAuthClientSecret.slot, OAuthClientSecret.created_at, OAuthClientSecret.expires_at
    ).where(OAuthClientSecret.client_id == client.id)
    stored = {row.slot: row for row in await ctx.session.execute(ctx.locked(LockKind.LINES, statement))}
    slot = _slot_to_fill(stored, ctx.now)
    if slot in stored and stored[slot].expires_at > ctx.now:
        ctx.warn(ErrorCode.LIMIT_EXCEEDED, "The older of two valid secrets has ended now.")
    fresh = _secret(ctx, client.id, slot, secret_days)
    if slot in stored:
        columns = ("secret_hash", "hint", "created_at", "expires_at")
        await ctx.session.execute(
            update(OAuthClientSecret)
            .where(OAuthClientSecret.client_id == client.id, OAuthClientSecret.slot == slot)
            .values({name: getattr(fresh, name) for name in columns})
        )
    else:
        ctx.session.add(fresh)
    await ctx.session.execute(
        update(OAuthClientSecret)
        .where(OAuthClientSecret.client_id == client.id, OAuthClientSecret.slot != slot)
        .values(expires_at=func.least(OAuthClientSecret.expires_at, ctx.now + timedelta(hours=keep_hours)))
    )
    _record(ctx, client, "secretRotated", {"secretDays": secret_days, "keepOldHours": keep_hours})
    await ctx.session.flush()
    return client.id


def _slot_to_fill(stored: dict[int, Any], now: datetime) -> int:
    """A slot that is empty, else one whose secret is over, else that of the older secret."""
    for slot in range(1, SECRETS_MAX + 1):
        if slot not in stored or stored[slot].expires_at <= now:
            return slot
    return min(stored, key=lambda slot: (stored[slot].created_at, slot))


async def disable_api_client(ctx: Context, client_id: UUID, version: int) -> UUID:
    """The end of a client: it gets no token any more, and those it has open nothing from the next request on."""
    client = await _to_change(ctx, client_id, version, ApiClientAction.DISABLE)
    client.disabled_at = ctx.now
    _record(ctx, client, "disabled", {})
    await ctx.session.flush()
    return client.id


async def _to_change(ctx: Context, client_id: UUID, version: int, action: ApiClientAction) -> OAuthClient:
    """
    The client, locked, one version on.

    Raises, in this order: NOT_FOUND, NOT_PERMITTED, StaleVersion, InvalidTransition.
    """
    seen = visible_api_clients(ctx.user).with_only_columns(OAuthClient.id)
    statement = select(OAuthClient).where(OAuthClient.id == client_id, OAuthClient.id.in_(seen))
    client: OAuthClient | None = await ctx.session.scalar(ctx.locked(LockKind.DOCUMENT, statement))
    if client is None:
        raise Refusal(ErrorCode.NOT_FOUND, "Not found.", ("apiClientId",))
    if action not in client_actions(is_own=client.customer_id == ctx.user.customer_id, is_disabled=False):
        raise Refusal(ErrorCode.NOT_PERMITTED, "You may not do this with this client.", ("apiClientId",))
    if client.version != version:
        raise StaleVersion(client.version)
    if client.disabled_at is not None:
        raise InvalidTransition("DISABLED", action.value, ())
    client.version += 1
    return client


def _record(ctx: Context, client: OAuthClient, act: str, changes: dict[str, Any]) -> None:
    record(
        ctx, f"apiClient.{act}", "ApiClient", client.id, version=client.version or 1, customer_id=client.customer_id,
        changes=changes, published=False,
    )  # fmt: skip
